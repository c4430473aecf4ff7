package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/detect"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadCounts(t *testing.T) {
	t.Parallel()
	history, err := readCounts(write(t, "a.csv", "timestamp,value\n2015-02-26 21:42:00,104\n2015-02-26 21:47:00,0\n2015-02-26 21:52:00,3.0\n"))
	if err != nil {
		t.Fatal(err)
	}
	first := selfheal.MinuteOf(time.Date(2015, 2, 26, 21, 42, 0, 0, time.UTC))
	early, late := int64(0), int64(0)
	for _, c := range history.Counts.All.Counts {
		switch {
		case c.Minute >= first && c.Minute < first+5:
			early += c.N
		case c.Minute >= first+10 && c.Minute < first+15:
			late += c.N
		default:
			t.Errorf("%d in minute %d", c.N, c.Minute-first)
		}
	}
	if early != 104 || late != 3 || len(history.Counts.All.Counts) < 6 {
		t.Errorf("%d and %d in %d minutes", early, late, len(history.Counts.All.Counts))
	}
	for _, bad := range []string{"timestamp,value\n", "timestamp,value\nyesterday,1\n2015-02-26 21:47:00,1\n", "timestamp,value\n2015-02-26 21:42:00,-1\n2015-02-26 21:47:00,1\n"} {
		if _, err := readCounts(write(t, "bad.csv", bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestStreamsSeeAStep: what never flags anything would look best.
func TestStreamsSeeAStep(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for at := start; at.Before(start.Add(72 * time.Hour)); at = at.Add(time.Minute) {
		log.WriteString(at.Format(time.RFC3339) + " INFO order placed\n")
		if at.After(start.Add(48*time.Hour)) && at.Before(start.Add(49*time.Hour)) {
			log.WriteString(at.Format(time.RFC3339) + " ERROR no price for sku " + at.Format("150405") + "\n")
		}
	}
	history, err := readLog(write(t, "a.log", log.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(history.Signatures) != 2 || history.Counts.All.Total() != 72*60+59 {
		t.Fatalf("%d signatures, %d records", len(history.Signatures), history.Counts.All.Total())
	}
	for _, method := range methods {
		got, err := alarmsOf(t.Context(), &history, method, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if method != detect.MethodMannWhitney && got.flagged == 0 || got.flagged > 3 || got.deploys < 40 {
			t.Errorf("%s: %+v", method, got)
		}
	}
}
