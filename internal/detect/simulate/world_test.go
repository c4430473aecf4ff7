package simulate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/detect"
)

func TestSameSeedSameWorld(t *testing.T) {
	t.Parallel()
	for _, p := range []Profile{Ideal(5), Typical(5), Nasty(5)} {
		a, b := New(p, 3), New(p, 3)
		if diff := cmp.Diff(a.Input, b.Input); diff != "" {
			t.Errorf("%s: the same seed gave two worlds:\n%s", p.Name, diff)
		}
		if diff := cmp.Diff(a.Input, New(p, 4).Input); diff == "" {
			t.Errorf("%s: two seeds gave the same world", p.Name)
		}
	}
}

func TestCountsLieInTheirIntervals(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		w := New(Nasty(20), seed)
		check := func(counts selfheal.Counts, i selfheal.Interval) {
			for id, series := range counts.Series {
				last := int64(-1)
				for _, c := range series.Counts {
					if !i.Contains(selfheal.MinuteTime(c.Minute)) || c.N <= 0 || c.Minute <= last {
						t.Fatalf("seed %d: %s has %+v after minute %d in %v", seed, id, c, last, i)
					}
					last = c.Minute
				}
				if w.Input.Signatures[id] == nil {
					t.Fatalf("seed %d: %s is not described", seed, id)
				}
			}
		}
		check(w.Input.Baseline, w.Input.BaselineInterval)
		check(w.Input.Watched, w.Input.WatchedInterval)
	}
}

func TestIdealRatesAreKept(t *testing.T) {
	t.Parallel()
	w := New(Ideal(100), 1)
	var got, want float64
	for _, s := range w.sources {
		got += float64(w.Input.Baseline.Of(s.id).Total())
		want += s.perHour * 7 * 24
	}
	if got < 0.98*want || got > 1.02*want {
		t.Errorf("%.0f occurrences, want about %.0f", got, want)
	}
}

func TestForkLeavesTheWorldAlone(t *testing.T) {
	t.Parallel()
	w, untouched := New(Typical(10), 1), New(Typical(10), 1)
	fork := w.Fork()
	fork.InjectNew(10, 0)
	if _, ok := fork.InjectRise(10, 0, 1000, 0); !ok {
		t.Error("no signature to make rise")
	}
	if diff := cmp.Diff(untouched.Input.Watched.Series, w.Input.Watched.Series); diff != "" {
		t.Errorf("the fork changed its origin:\n%s", diff)
	}
	if fork.Input.Watched.Of(Injected).Total() < 500 {
		t.Errorf("10 per minute became %d in an hour", fork.Input.Watched.Of(Injected).Total())
	}
}

func TestBlipEnds(t *testing.T) {
	t.Parallel()
	w := New(Ideal(1), 1)
	w.InjectBlip(20, 4)
	series := w.Input.Watched.Of(Injected)
	if all, early := series.Total(), series.Between(w.Deployed(), w.Deployed()+4); all == 0 || all != early {
		t.Errorf("%d of %d occurrences in the first four minutes", early, all)
	}
}

func TestNothingToRise(t *testing.T) {
	t.Parallel()
	if id, ok := New(Ideal(3), 1).InjectRise(3, 1e6, 1e7, 0); ok {
		t.Errorf("%s rose, and none has such a rate", id)
	}
}

// TestJudgeOnSimulatedDeploys keeps the promise of the default options, with the
// slack that 30 deploys need: the expected numbers are about 1 and 30.
func TestJudgeOnSimulatedDeploys(t *testing.T) {
	t.Parallel()
	const deploys = 30
	alarmed, found := 0, 0
	for seed := range uint64(deploys) {
		p := Typical(40)
		p.Baseline, p.Lines = 3*24*time.Hour, 2
		w := New(p, 100+seed)
		if len(w.Judge(detect.DefaultOptions()).Anomalies) > 0 {
			alarmed++
		}
		id := w.InjectNew(1, 0)
		for _, a := range w.Judge(detect.DefaultOptions()).Anomalies {
			if a.Signature == id {
				found++
			}
		}
	}
	if alarmed > 5 {
		t.Errorf("%d of %d clean deploys raised an alarm", alarmed, deploys)
	}
	if found < deploys-1 {
		t.Errorf("a new error of 1 per minute was found in %d of %d deploys", found, deploys)
	}
}

func TestCanarySplitsTheWindow(t *testing.T) {
	t.Parallel()
	w, whole := New(Typical(10), 1), New(Typical(10), 1)
	w.Canary(0.25)
	var newer, older, all int64
	for id, series := range whole.Input.Watched.Series {
		all += series.Total()
		newer += w.Input.Watched.Of(id).Total()
		older += w.Input.Concurrent.Of(id).Total()
	}
	if newer+older != all || newer < all/5 || newer > all/3 {
		t.Errorf("%d and %d of %d", newer, older, all)
	}
}

func TestDropSilencesALine(t *testing.T) {
	t.Parallel()
	w := New(Typical(10), 1)
	id, ok := w.InjectDrop(false, 20)
	series := w.Input.Watched.Of(id)
	if !ok || series.Total() == 0 || series.Between(w.Deployed()+20, w.Deployed()+60) > 0 {
		t.Errorf("%s: %v", id, series.Counts)
	}
}

func TestKnownBlipEnds(t *testing.T) {
	t.Parallel()
	w, before := New(Ideal(50), 1), New(Ideal(50), 1)
	id, ok := w.InjectKnownBlip(50, 10, 300, 4)
	from := w.Deployed()
	if !ok || w.Input.Watched.Of(id).Between(from, from+4) <= before.Input.Watched.Of(id).Between(from, from+4) {
		t.Errorf("%s did not rise", id)
	}
	if w.Input.Watched.Of(id).Between(from+4, from+60) != before.Input.Watched.Of(id).Between(from+4, from+60) {
		t.Errorf("%s rose beyond the blip", id)
	}
}
