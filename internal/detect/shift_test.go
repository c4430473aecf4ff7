package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"selfheal"
	"selfheal/internal/detect"
)

// mixed makes counts of a cluster of two members: total gives the mean per minute, share that of "b" in it.
func mixed(random *rand.Rand, total, share func(minute int64) float64) (detect.Input, [][]selfheal.SignatureID) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in := detect.Input{
		BaselineInterval: selfheal.Interval{From: at.Add(-7 * 24 * time.Hour), To: at}, WatchedInterval: selfheal.Interval{From: at, To: at.Add(time.Hour)},
		DeployedAt: at, Signatures: map[selfheal.SignatureID]*selfheal.Signature{},
		Baseline: selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{"a": {}, "b": {}}},
		Watched:  selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{"a": {}, "b": {}}},
	}
	for id := range in.Baseline.Series {
		in.Signatures[id] = &selfheal.Signature{ID: id, Kind: selfheal.KindMessage, Severity: selfheal.SeverityError, Title: "title of " + string(id)}
	}
	deploy := selfheal.MinuteOf(at)
	for minute := int64(-7 * 24 * 60); minute < 60; minute++ {
		counts := &in.Baseline
		if minute >= 0 {
			counts = &in.Watched
		}
		n := distuv.Poisson{Lambda: total(minute), Src: random}.Rand()
		for range int(n) {
			id := selfheal.SignatureID("a")
			if random.Float64() < share(minute) {
				id = "b"
			}
			counts.Series[id].Add(deploy+minute, 1)
		}
	}
	return in, [][]selfheal.SignatureID{{"a", "b"}}
}

func TestShifts(t *testing.T) {
	t.Parallel()
	always := func(x float64) func(int64) float64 { return func(int64) float64 { return x } }
	from := func(at int64, before, after float64) func(int64) float64 {
		return func(minute int64) float64 {
			if minute >= at {
				return after
			}
			return before
		}
	}
	f := func(name string, total, share func(int64) float64, want bool) {
		t.Helper()
		in, clusters := mixed(rand.New(rand.NewPCG(1, 2)), total, share)
		found := detect.Shifts(in, clusters, detect.DefaultOptions())
		if (len(found) == 1) != want || len(found) > 1 {
			t.Fatalf("%s: %+v, want a shift: %v", name, found, want)
		}
		if !want {
			return
		}
		a := found[0]
		if a.Signature != "b" || a.Kind != selfheal.AnomalyShift || !a.Flagged() || a.Ratio.Low > a.Ratio.Estimate || a.Ratio.High < a.Ratio.Estimate || a.EValue < 60 {
			t.Errorf("%s: %+v", name, a)
		}
		if delay := a.Detected.Sub(in.DeployedAt); delay > 40*time.Minute {
			t.Errorf("%s: told after %v", name, delay)
		}
	}
	f("nothing changed", always(0.5), always(0.1), false)
	f("another one dominates", always(0.5), from(0, 0.1, 0.9), true)
	f("the same while there are fewer", from(0, 1, 0.3), from(0, 0.1, 0.9), true)
	f("ten times as many of both", from(0, 0.2, 2), always(0.1), false)
	f("more, and still the smaller part", always(1), from(0, 0.1, 0.35), false)
	f("not twice its part", always(2), from(0, 0.4, 0.7), false)
	f("it was like that for some hours", always(0.5), func(minute int64) float64 {
		if minute >= 0 || minute > -5000 && minute < -4700 {
			return 0.95
		}
		return 0.1
	}, false)
	f("hardly a baseline", func(minute int64) float64 {
		if minute >= 0 {
			return 1
		}
		return 0.0005
	}, from(0, 0.1, 0.9), false)
}

// TestSharesThatVaryAreNoShift: where the share wanders from hour to hour by itself, few clean deploys show a shift.
func TestSharesThatVaryAreNoShift(t *testing.T) {
	t.Parallel()
	const deploys = 400
	alarms := 0
	for i := range uint64(deploys) {
		random := rand.New(rand.NewPCG(i, 7))
		hours := map[int64]float64{}
		in, clusters := mixed(random, func(int64) float64 { return 0.6 }, func(minute int64) float64 {
			hour := (minute + 7*24*60) / 60
			if _, drawn := hours[hour]; !drawn {
				hours[hour] = distuv.Beta{Alpha: 1.2, Beta: 4, Src: random}.Rand()
			}
			return hours[hour]
		})
		alarms += len(detect.Shifts(in, clusters, detect.DefaultOptions()))
	}
	if limit := int(deploys * detect.DefaultOptions().FalseDiscoveryRate); alarms > limit {
		t.Errorf("%d of %d clean deploys show a shift, %d are allowed", alarms, deploys, limit)
	}
}

func TestShiftIsToldWhileItIsWatched(t *testing.T) {
	t.Parallel()
	share := func(minute int64) float64 {
		if minute >= 0 {
			return 0.9
		}
		return 0.1
	}
	in, clusters := mixed(rand.New(rand.NewPCG(3, 4)), func(int64) float64 { return 1 }, share)
	whole := detect.Shifts(in, clusters, detect.DefaultOptions())
	if len(whole) != 1 {
		t.Fatalf("%+v", whole)
	}
	in.Planned = time.Hour
	for minutes := 1; minutes <= 60; minutes++ {
		in.WatchedInterval.To = in.WatchedInterval.From.Add(time.Duration(minutes) * time.Minute)
		found := detect.Shifts(in, clusters, detect.DefaultOptions())
		told := !in.WatchedInterval.To.Before(whole[0].Detected)
		if (len(found) == 1) != told {
			t.Fatalf("after %d min: %+v; the whole window tells at %v", minutes, found, whole[0].Detected)
		}
		if told && !found[0].Detected.Equal(whole[0].Detected) {
			t.Errorf("after %d min: told at %v, by the whole window at %v", minutes, found[0].Detected, whole[0].Detected)
		}
	}
}

func TestShiftsWithoutTimes(t *testing.T) {
	t.Parallel()
	in, clusters := mixed(rand.New(rand.NewPCG(1, 2)), func(int64) float64 { return 1 }, func(minute int64) float64 { return float64(min(max(minute, 0), 1)) })
	in.BaselineInterval, in.WatchedInterval = selfheal.Interval{}, selfheal.Interval{}
	if found := detect.Shifts(in, clusters, detect.DefaultOptions()); len(found) > 0 {
		t.Errorf("%v", fmt.Sprint(found))
	}
}
