package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	t.Parallel()
	var table table
	table.row("input", "MB/s")
	table.row("é", "12")
	want := "| input | MB/s |\n|-------|-----:|\n| é     |   12 |\n\n"
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPage: every table that is made stands on the page.
func TestPage(t *testing.T) {
	t.Parallel()
	page := grouping{Machine: "machine-", StageOne: "one-", Generalised: "two-", Order: "order-", Deploy: "deploy-", Speed: "speed-", Hostile: "hostile-", Rounds: 77, Cap: 78, Development: 79}
	var text strings.Builder
	if err := template.Must(template.New("").Parse(groupingPage)).Execute(&text, page); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"machine-", "one-", "two-", "order-", "deploy-", "speed-", "hostile-", "77", "78", "79"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is not on the page", part)
		}
	}
}

func TestDeploys(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "golden.txt")
	if err := os.WriteFile(name, []byte("legend\n\nlanguage new\ngo 0\n\ndetails\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := deploys(name); err != nil || !strings.Contains(got, "```\nlegend\n\nlanguage new\ngo 0\n```\n") || strings.Contains(got, "details") {
		t.Errorf("%v:\n%s", err, got)
	}
	if got, err := deploys(name + ".missing"); err != nil || !strings.Contains(got, "NOT MEASURED") {
		t.Errorf("%v:\n%s", err, got)
	}
}

// TestSpeedWithoutData: formats are measured without the data set.
func TestSpeedWithoutData(t *testing.T) {
	t.Parallel()
	for _, j := range jobs(nil) {
		if text := j.input(0); len(text) == 0 || text[len(text)-1] != '\n' || j.repeats != 1 {
			t.Errorf("%s: %d bytes, %d times", j.name, len(text), j.repeats)
		}
	}
}
