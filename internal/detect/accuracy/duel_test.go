package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

func TestDuel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := benchmark{seed: 5, deploys: 3, baseline: 24 * time.Hour, only: "10/min"}
	if err := b.duel([]string{"ideal"}, "3", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"### ideal world, 3 signatures, baseline 24h0m0s, 3 deploys, seed 5: at equal false alarms\n",
		"| new 10/min | 100.0, **selfheal** 100.0 (+0.0 to +0.0) | tie; in time ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "drop") {
		t.Errorf("the rival does not look for drops:\n%s", out.String())
	}
}

// TestMeet shows where the rival is met: at as many false alarms, between two points of our curve.
func TestMeet(t *testing.T) {
	t.Parallel()
	rivals, points := len(duelPoints), len(duelCurve)
	f := func(name string, rival, want float64) {
		t.Helper()
		w := weighed{alarms: make([]float64, rivals+points), found: [][]float64{make([]float64, rivals+points)}, minutes: [][]float64{make([]float64, rivals+points)}}
		w.alarms[0] = rival
		for i := range points {
			w.alarms[rivals+i] = 0.01 * float64(i+1)
			w.found[0][rivals+i] = 0.1 * float64(i+1)
		}
		if got := w.meet(0, 0).ours; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %g, want %g", name, got, want)
		}
	}
	f("none", 0, 0)
	f("fewer than ours ever has", 0.005, 0.05)
	f("as many as a point", 0.02, 0.2)
	f("between two", 0.025, 0.25)
	f("more than ours ever has", 0.9, 0.1*float64(points))
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for want, bounds := range map[string][2]float64{"selfheal": {0.01, 0.2}, "e-process": {-0.2, -0.01}, "tie": {-0.1, 0.1}} {
		if got := verdict(bounds[0], bounds[1]); got != want {
			t.Errorf("%v: got %q, want %q", bounds, got, want)
		}
	}
}
