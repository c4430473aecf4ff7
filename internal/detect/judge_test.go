package detect

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// deployed is when the new revision began to serve in all tests.
var deployed = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

const week = 7 * 24 * time.Hour

// scene is a small world that a test writes down by hand.
type scene struct{ in Input }

func newScene(baseline, window time.Duration) *scene {
	return &scene{Input{
		Baseline:         selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		Watched:          selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		BaselineInterval: selfheal.Interval{From: deployed.Add(-baseline), To: deployed},
		WatchedInterval:  selfheal.Interval{From: deployed, To: deployed.Add(window)},
		DeployedAt:       deployed,
		Signatures:       map[selfheal.SignatureID]*selfheal.Signature{},
	}}
}

func (s *scene) signature(id selfheal.SignatureID, kind selfheal.SignatureKind, severity selfheal.Severity) {
	s.in.Signatures[id] = &selfheal.Signature{ID: id, Kind: kind, Severity: severity, Title: string(id)}
}

// every counts n occurrences at every step-th minute in [from, to) relative to the deploy.
func (s *scene) every(id selfheal.SignatureID, from, to, step time.Duration, n int64) *scene {
	if s.in.Signatures[id] == nil {
		s.signature(id, selfheal.KindMessage, selfheal.SeverityError)
	}
	for at := from; at < to; at += step {
		counts := &s.in.Watched
		if at < 0 {
			counts = &s.in.Baseline
		}
		if counts.Series[id] == nil {
			counts.Series[id] = &selfheal.Series{}
		}
		counts.Series[id].Add(selfheal.MinuteOf(deployed.Add(at)), n)
		counts.Records += n
	}
	return s
}

// background gives the service a week of ordinary errors, so that its baseline is not empty.
func (s *scene) background() *scene {
	baseline, window := s.in.BaselineInterval.Duration(), s.in.WatchedInterval.Duration()
	return s.every("background", -baseline, window, 10*time.Minute, 1)
}

func (s *scene) judge() Result { return Judge(s.in, DefaultOptions()) }

func find(anomalies []selfheal.Anomaly, id selfheal.SignatureID) *selfheal.Anomaly {
	for i := range anomalies {
		if anomalies[i].Signature == id {
			return &anomalies[i]
		}
	}
	return nil
}

func TestNewErrorIsFlagged(t *testing.T) {
	t.Parallel()
	got := newScene(week, time.Hour).background().every("boom", 7*time.Minute, time.Hour, 2*time.Minute, 1).judge()
	a := find(got.Anomalies, "boom")
	if a == nil || len(got.Anomalies) != 1 {
		t.Fatalf("want just boom flagged, got %+v, set aside %+v", got.Anomalies, got.SetAside)
	}
	if a.Kind != selfheal.AnomalyNew || a.Observed != 27 || !a.Flagged() || a.Severity != selfheal.SeverityError {
		t.Errorf("got %+v", a)
	}
	if want := deployed.Add(7 * time.Minute); !a.Onset.Equal(want) {
		t.Errorf("onset %v, want %v", a.Onset, want)
	}
	if a.Detected.Before(deployed.Add(10*time.Minute)) || a.Detected.After(deployed.Add(20*time.Minute)) {
		t.Errorf("detected %v", a.Detected)
	}
	if a.Ratio.High != 0 || a.Ratio.Low < 100 || a.Ratio.Estimate < a.Ratio.Low {
		t.Errorf("ratio %+v: want no upper end and a large lower one", a.Ratio)
	}
	if want := "27 in 60 min, never in the 7 days before; first at 14:07, chance "; !strings.HasPrefix(a.Why, want) {
		t.Errorf("why %q, want prefix %q", a.Why, want)
	}
	if got.Tested != 2 {
		t.Errorf("tested %d, want 2", got.Tested)
	}
}

func TestRiseIsFlagged(t *testing.T) {
	t.Parallel()
	got := newScene(week, time.Hour).background().
		every("slow", -week, 0, 30*time.Minute, 1).
		every("slow", 20*time.Minute, time.Hour, time.Minute, 2).judge()
	a := find(got.Anomalies, "slow")
	if a == nil || a.Kind != selfheal.AnomalyRise {
		t.Fatalf("want a rise of slow, got %+v, set aside %+v", got.Anomalies, got.SetAside)
	}
	if a.Expected < 1.5 || a.Expected > 2.5 {
		t.Errorf("expected %v, want about 2", a.Expected)
	}
	if r := a.Ratio; r.Estimate < 25 || r.Estimate > 45 || r.Low > r.Estimate || r.High < r.Estimate {
		t.Errorf("ratio %+v, want about 40", r)
	}
	if want := deployed.Add(20 * time.Minute); !a.Onset.Equal(want) {
		t.Errorf("onset %v, want %v", a.Onset, want)
	}
	if want := "80 in 60 min where the 7 days before predict 2 (x40, at least x"; !strings.HasPrefix(a.Why, want) {
		t.Errorf("why %q, want prefix %q", a.Why, want)
	}
}

func TestSilences(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	f := func(name string, s *scene, id selfheal.SignatureID, want selfheal.Silence) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.judge()
			if a := find(got.Anomalies, id); a != nil {
				t.Fatalf("flagged: %s", a.Why)
			}
			a := find(got.SetAside, id)
			if a == nil {
				t.Fatalf("not set aside: %+v", got.SetAside)
			}
			if a.Silence != want || a.Flagged() || a.Why == "" {
				t.Errorf("got %s (%s), want %s", a.Silence, a.Why, want)
			}
		})
	}
	typical := func() *scene { return newScene(week, hour).background() }
	f("twice only", typical().every("x", minutes(5), minutes(15), minutes(5), 1), "x", selfheal.SilenceTransient)
	f("one moment", typical().every("x", minutes(5), minutes(6), minutes(1), 500), "x", selfheal.SilenceTransient)
	f("rollout blip", typical().every("x", 0, minutes(4), minutes(1), 20), "x", selfheal.SilenceTransient)
	f("the baseline did it too", typical().
		every("x", -week, 0, 2*hour, 1).
		every("x", -50*hour, -49*hour, minutes(1), 2).
		every("x", 0, hour, minutes(1), 2), "x", selfheal.SilenceUsual)
	f("chance", typical().
		every("x", -week, 0, minutes(20), 1).
		every("x", 0, hour, minutes(10), 1), "x", selfheal.SilenceNotSignificant)
	f("began before the deploy", typical().
		every("x", -week, -24*hour, 6*hour, 1).
		every("x", -minutes(30), hour, minutes(1), 3), "x", selfheal.SilenceSharedCause)
	f("baseline as long as the window", newScene(hour, hour).background().
		every("x", minutes(5), hour, minutes(20), 1), "x", selfheal.SilenceNotSignificant)
	f("no baseline", newScene(week, hour).every("x", 0, hour, minutes(1), 1), "x", selfheal.SilenceNoBaseline)
}

func TestUnknownMessagesRaiseTheBar(t *testing.T) {
	t.Parallel()
	s := newScene(week, time.Hour).background()
	for hour := 4; hour < 160; hour += 8 {
		at := -time.Duration(hour) * time.Hour
		s.every(selfheal.SignatureID("noise-"+at.String()), at, at+10*time.Minute, 2*time.Minute, 1)
	}
	got := s.every("x", 10*time.Minute, 20*time.Minute, 2*time.Minute, 1).judge()
	if a := find(got.SetAside, "x"); a == nil || a.Silence != selfheal.SilenceUsual {
		t.Fatalf("a cluster like the others was not set aside as usual: %+v", got)
	}
	got = s.every("y", 10*time.Minute, 40*time.Minute, 2*time.Minute, 1).judge()
	if find(got.Anomalies, "y") == nil {
		t.Fatalf("a lasting new error was missed: %+v", got.SetAside)
	}
}

func TestOneCrashIsEnough(t *testing.T) {
	t.Parallel()
	f := func(name string, s *scene, kind selfheal.SignatureKind, severity selfheal.Severity, want bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.signature("crash", kind, severity)
			got := s.every("crash", 9*time.Minute, 10*time.Minute, time.Minute, 1).judge()
			if a := find(got.Anomalies, "crash"); (a != nil) != want {
				t.Errorf("flagged %v, want %v", a != nil, want)
			}
		})
	}
	f("fatal", newScene(week, time.Hour).background(), selfheal.KindMessage, selfheal.SeverityFatal, true)
	f("fatal, short baseline", newScene(time.Hour, time.Hour).background(), selfheal.KindException, selfheal.SeverityFatal, true)
	f("error", newScene(week, time.Hour).background(), selfheal.KindException, selfheal.SeverityError, false)
	f("build error", newScene(week, time.Hour).background(), selfheal.KindBuild, selfheal.SeverityError, true)
	f("build error without a build before", newScene(0, 0), selfheal.KindBuild, selfheal.SeverityError, true)
	f("build warning", newScene(week, time.Hour).background(), selfheal.KindBuild, selfheal.SeverityWarn, false)
	f("fatal seen before", newScene(week, time.Hour).background().
		every("crash", -50*time.Hour, -49*time.Hour, time.Hour, 1), selfheal.KindMessage, selfheal.SeverityFatal, false)
}

func TestInfoIsExposureOnly(t *testing.T) {
	t.Parallel()
	s := newScene(week, time.Hour).background()
	s.signature("hello", selfheal.KindMessage, selfheal.SeverityInfo)
	got := s.every("hello", 0, time.Hour, time.Minute, 50).judge()
	if len(got.Anomalies)+len(got.SetAside) != 0 || got.Tested != 1 {
		t.Errorf("an info line was judged: %+v", got)
	}
}

func TestTrafficExplainsARise(t *testing.T) {
	t.Parallel()
	rising := func(trafficAfter int64) Result {
		s := newScene(week, time.Hour).background()
		for _, id := range []selfheal.SignatureID{"get", "post", "put"} {
			s.signature(id, selfheal.KindMessage, selfheal.SeverityInfo)
			s.every(id, -week, 0, time.Minute, 10).every(id, 0, time.Hour, time.Minute, trafficAfter)
		}
		return s.every("x", -week, 0, time.Minute, 1).every("x", 0, time.Hour, time.Minute, 5).judge()
	}
	if find(rising(10).Anomalies, "x") == nil {
		t.Errorf("a fivefold rise at equal traffic was missed")
	}
	if find(rising(50).Anomalies, "x") != nil {
		t.Errorf("a fivefold rise at fivefold traffic was flagged")
	}
}

func TestWorseAfterTheDeployCounts(t *testing.T) {
	t.Parallel()
	got := newScene(week, time.Hour).background().
		every("x", -week, -24*time.Hour, 6*time.Hour, 1).
		every("x", -30*time.Minute, 0, 3*time.Minute, 1).
		every("x", 0, time.Hour, time.Minute, 3).judge()
	if find(got.Anomalies, "x") == nil {
		t.Errorf("a rise that the deploy made ninefold was set aside: %+v", got.SetAside)
	}
}

func TestUndatedLogsCompareByRecords(t *testing.T) {
	t.Parallel()
	in := newScene(0, 0).in
	in.Baseline.Records, in.Watched.Records = 10_000, 5_200
	in.BaselineInterval, in.WatchedInterval, in.DeployedAt = selfheal.Interval{}, selfheal.Interval{}, time.Time{}
	in.Signatures["x"] = &selfheal.Signature{ID: "x", Severity: selfheal.SeverityError}
	in.Signatures["y"] = &selfheal.Signature{ID: "y", Severity: selfheal.SeverityError}
	in.Watched.Series["x"] = &selfheal.Series{Undated: 40}
	in.Watched.Series["y"] = &selfheal.Series{Undated: 50}
	in.Baseline.Series["y"] = &selfheal.Series{Undated: 100}
	got := Judge(in, DefaultOptions())
	a := find(got.Anomalies, "x")
	if a == nil || len(got.Anomalies) != 1 {
		t.Fatalf("want x flagged alone, got %+v", got)
	}
	if !a.Onset.IsZero() || !a.Detected.IsZero() || len(a.Chart.Watched.Buckets) != 0 {
		t.Errorf("undated logs got times: %+v", a)
	}
	if want := "40 in 5,200 records, never in the 10,000 records before"; !strings.HasPrefix(a.Why, want) {
		t.Errorf("why %q, want prefix %q", a.Why, want)
	}
	if !strings.Contains(got.Power, "records") {
		t.Errorf("power %q does not speak of records", got.Power)
	}
}

func TestChartHasWholeBucketsOnly(t *testing.T) {
	t.Parallel()
	f := func(baseline, window time.Duration, wantBefore, wantAfter int) {
		t.Helper()
		got := newScene(baseline, window).every("x", -baseline, window, time.Minute, 1).
			every("x", 0, window, time.Minute, 30).judge()
		all := append(got.Anomalies, got.SetAside...)
		if len(all) != 1 {
			t.Fatalf("%v/%v: got %d anomalies", baseline, window, len(all))
		}
		chart := all[0].Chart
		if len(chart.Baseline.Buckets) != wantBefore || len(chart.Watched.Buckets) != wantAfter {
			t.Errorf("%v/%v: %d and %d buckets, want %d and %d", baseline, window,
				len(chart.Baseline.Buckets), len(chart.Watched.Buckets), wantBefore, wantAfter)
		}
		end := chart.Baseline.From.Add(time.Duration(chart.Baseline.Step) * time.Duration(len(chart.Baseline.Buckets)))
		if chart.Baseline.From.Before(deployed.Add(-baseline)) || end.After(deployed) {
			t.Errorf("%v: baseline chart %v to %v", baseline, chart.Baseline.From, end)
		}
		for _, n := range chart.Baseline.Buckets {
			if want := int64(time.Duration(chart.Baseline.Step) / time.Minute); n != want {
				t.Errorf("%v: bucket of %d, want %d", baseline, n, want)
			}
		}
	}
	f(week, time.Hour, 56, 60)
	f(100*time.Minute, 7*time.Minute, 50, 7)
	f(24*time.Hour, 61*time.Minute, 55, 30)
}

func TestPowerIsComputed(t *testing.T) {
	t.Parallel()
	s := newScene(week, time.Hour).background().
		every("often", -week, time.Hour, time.Minute, 3).
		every("seldom", -week, time.Hour, 24*time.Hour, 1)
	got := s.judge().Power
	want := "A new error of 1 per 6.7 min would have been seen, one of 1 per min within 9 min. " +
		"A threefold rise would have been seen for 2 of 3 known error signatures."
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("power (-want +got):\n%s", diff)
	}
	short := newScene(10*time.Minute, 10*time.Minute).background().judge().Power
	if strings.Contains(short, "at least 3 occurrences") {
		t.Errorf("a baseline of ten minutes claims %q", short)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	if err := DefaultOptions().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	f := func(name string, spoil func(*Options)) {
		t.Helper()
		o := DefaultOptions()
		spoil(&o)
		err := o.Validate()
		if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), name) || selfheal.HintOf(err) == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	f("false_discovery_rate", func(o *Options) { o.FalseDiscoveryRate = 0 })
	f("minimum_ratio", func(o *Options) { o.MinimumRatio = 0.5 })
	f("minimum_count", func(o *Options) { o.MinimumCount = 0 })
	f("minimum_minutes", func(o *Options) { o.MinimumMinutes = -1 })
	f("noise_clusters", func(o *Options) { o.NoiseClusters = 2 })
}

func TestResultEncodesAsJSON(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Result{
		"empty":    Judge(Input{}, Options{}),
		"ordinary": newScene(week, time.Hour).background().every("x", 0, time.Hour, time.Minute, 1).judge(),
	} {
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
