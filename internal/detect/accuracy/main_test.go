package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTablesRepeat(t *testing.T) {
	t.Parallel()
	run := func() string {
		var out bytes.Buffer
		b := benchmark{seed: 5, deploys: 4, baseline: 24 * time.Hour, only: "new"}
		if err := b.all([]string{"ideal", "typical"}, "10", "0.1", "", "0.5", &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := run()
	if second := run(); first != second {
		t.Errorf("the same seed gave two tables:\n%s\n%s", first, second)
	}
	for _, want := range []string{
		"### ideal world, 10 signatures, baseline 24h0m0s, 4 deploys, seed 5, canary of 50 %\n",
		"### typical world",
		" | Mann-Whitney on minutes | forecast ceiling | e-process | **selfheal** | rate 0.1 |\n",
		"| new 10/min: % found (minutes: median, 90 %) | 100.0 (60, 60) | 100.0 (5, ",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q in:\n%s", want, first)
		}
	}
}

func TestUnknownProfile(t *testing.T) {
	t.Parallel()
	if err := (benchmark{}).worlds([]string{"real"}, &bytes.Buffer{}); err == nil {
		t.Error("no error")
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	if got, err := numbers("0.1,1e-3"); err != nil || len(got) != 2 || got[1] != 0.001 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := numbers("much"); err == nil {
		t.Error("no error for what is no number")
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	benchmark{seed: 5, baseline: 24 * time.Hour}.cost(&out, 3)
	if !strings.Contains(out.String(), "\n| 3 | ") || !strings.Contains(out.String(), "\n| 1,000 deploys x 1,000 signatures | ") {
		t.Errorf("no row of 3 signatures:\n%s", out.String())
	}
}

func TestCurve(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run([]string{"-curve", "-profiles", "ideal", "-signatures", "3", "-deploys", "2", "-baseline", "24h", "-only", "10/min", "-rivals", "e-process"}, &out, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| e-process | x0.0625 | x0.25 | x0.5 | **x1, the knee** | x2 | x4 |\n", "| new 10/min: % found (minutes: median, 90 %) | 100.0 ("} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// TestPrototypeNamesScenarios shows that no point of the prototype is lost to a scenario that was renamed.
func TestPrototypeNamesScenarios(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{alarmsRow: true, calmRow: true, flagsRow: true}
	for _, s := range scenarios {
		rows[s.name] = true
	}
	for name := range prototype {
		if !rows[name] {
			t.Errorf("no row %q", name)
		}
	}
}

func TestTablesGoIntoThePage(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	before := "# Page\n\n<!-- begin ideal -->\nold\n<!-- end ideal -->\n\nkept\n"
	if err := os.WriteFile(page, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	var progress bytes.Buffer
	f := func(part string) error {
		return run([]string{"-profiles", "ideal", "-signatures", "3", "-deploys", "2", "-baseline", "24h", "-rivals", "none", "-clean", "-into", page, "-part", part}, &bytes.Buffer{}, &progress)
	}
	if err := f("ideal"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(got); strings.Contains(text, "old") || !strings.Contains(text, "### ideal world, 3 signatures") || !strings.HasSuffix(text, "<!-- end ideal -->\n\nkept\n") {
		t.Errorf("got %s", text)
	}
	if !strings.Contains(progress.String(), "ideal world, 3 signatures: 2 of 2 deploys after ") {
		t.Errorf("progress %q", progress.String())
	}
	if err := f("nasty"); err == nil || !strings.Contains(err.Error(), `no marker "<!-- begin nasty -->"`) {
		t.Errorf("got %v for a part that the page does not have", err)
	}
}
