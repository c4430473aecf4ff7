package main

import (
	"bytes"
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
		" | Mann-Whitney on minutes | forecast ceiling | **selfheal** | rate 0.1 |\n",
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
	if !strings.Contains(out.String(), "\n| 3 | ") {
		t.Errorf("no row of 3 signatures:\n%s", out.String())
	}
}
