package inspect_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

// logOf writes n records of each message over some minutes and gives the file's name.
func logOf(t *testing.T, minutes int, dated bool, counts map[string]int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.log")
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var lines []string
	add := func(at time.Duration, message string) {
		if dated {
			message = start.Add(at).Format(time.RFC3339) + " ERROR " + message
		}
		lines = append(lines, message)
	}
	length := time.Duration(minutes) * time.Minute
	for message, n := range counts {
		for i := range n {
			at := length * time.Duration(i) / time.Duration(n)
			if i == n-1 {
				at = length
			}
			add(at, message)
		}
	}
	slices.Sort(lines)
	write(t, name, strings.Join(lines, "\n")+"\n")
	return name
}

func diffOf(t *testing.T, before, after string) report.SignatureDiff {
	t.Helper()
	got, err := inspect.Diff(t.Context(), inspect.Request{Clock: now}, inspect.View{}, before, after)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func changesOf(changes []report.SignatureChange) []string {
	all := []string{}
	for _, c := range changes {
		all = append(all, fmt.Sprintf("%d %d %s", c.Before, c.After, c.Signature.Title))
	}
	return all
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before := map[string]int{"steady": 200, "gone": 50, "rising": 20, "falling": 200, "same rate": 100, "once": 1}
	after := map[string]int{"steady": 100, "fresh": 30, "rising": 60, "falling": 20, "same rate": 52}
	f := func(per string, got report.SignatureDiff) {
		t.Helper()
		if got.Per != per {
			t.Errorf("per %s, want %s", got.Per, per)
		}
		lists := [][]string{changesOf(got.New), changesOf(got.Gone), changesOf(got.More), changesOf(got.Less)}
		want := [][]string{{"0 30 fresh"}, {"50 0 gone", "1 0 once"}, {"20 60 rising"}, {"200 20 falling"}}
		if diff := cmp.Diff(want, lists); diff != "" {
			t.Errorf("per %s (-want +got):\n%s", per, diff)
		}
		if got.Unchanged != (report.HiddenSignatures{Signatures: 2, Records: 452}) {
			t.Errorf("per %s: unchanged %+v", per, got.Unchanged)
		}
	}

	f("time", diffOf(t, logOf(t, 60, true, before), logOf(t, 30, true, after)))
	f("records", diffOf(t, logOf(t, 60, false, before), logOf(t, 30, false, after)))
	f("records", diffOf(t, logOf(t, 60, true, before), logOf(t, 30, false, after)))

	got := diffOf(t, logOf(t, 60, true, before), logOf(t, 30, true, after))
	if r := got.More[0].Ratio; r < 5.9 || r > 6.1 {
		t.Errorf("rising: ratio %g, want 6", r)
	}
	if once := got.Gone[1]; once.Q < 0.5 {
		t.Errorf("one record that is gone has q %g", once.Q)
	}
	if c := got.New[0]; c.Chance > 1e-9 || c.Ratio != 0 {
		t.Errorf("fresh: chance %g, ratio %g", c.Chance, c.Ratio)
	}
}

// TestDiffGeneralisesTogether: neither input alone shows that the name is a
// value; another name in the second is not a new error.
func TestDiffGeneralisesTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all := strangers(15)
	before, after := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
	write(t, before, strings.Join(all[:8], "\n"))
	write(t, after, strings.Join(all[8:], "\n"))
	got := diffOf(t, before, after)
	if len(got.New)+len(got.Gone) != 0 || got.Unchanged != (report.HiddenSignatures{Signatures: 1, Records: 15}) {
		t.Errorf("new %q, gone %q, unchanged %+v", changesOf(got.New), changesOf(got.Gone), got.Unchanged)
	}
}

func TestDiffOfNothing(t *testing.T) {
	t.Parallel()
	empty := logOf(t, 1, true, nil)
	got := diffOf(t, empty, empty)
	if got.Per != "records" || len(got.New)+len(got.Gone)+len(got.More)+len(got.Less) != 0 {
		t.Errorf("%+v", got)
	}
	some := logOf(t, 1, true, map[string]int{"x": 3})
	if got := diffOf(t, empty, some); len(got.New) != 1 {
		t.Errorf("new %q", changesOf(got.New))
	}
	_, err := inspect.Diff(t.Context(), inspect.Request{Clock: now}, inspect.View{}, some, some+".missing")
	if selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("got %v", err)
	}
}
