package detect

import (
	"strings"
	"testing"
	"time"

	"selfheal"
)

// line lets an info line come every so often, from the baseline's start to a time after the deploy.
func (s *scene) line(id selfheal.SignatureID, step, until time.Duration) *scene {
	s.signature(id, selfheal.KindMessage, selfheal.SeverityInfo)
	return s.every(id, -s.in.BaselineInterval.Duration(), until, step, 1)
}

// lines are three that never stop, so that traffic is known.
func (s *scene) lines() *scene {
	for _, id := range []selfheal.SignatureID{"get", "post", "put"} {
		s.line(id, time.Minute, time.Hour)
	}
	return s
}

func TestDrops(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	// f gives what was found of "placed", and when.
	f := func(name string, s *scene, o Options, want selfheal.Silence, flaggedAfter time.Duration) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Judge(s.in, o)
			a := find(append(r.Anomalies, r.SetAside...), "placed")
			if a == nil {
				if want != "none" {
					t.Fatalf("placed was not looked at: %+v", r)
				}
				return
			}
			if a.Kind != selfheal.AnomalyDrop || a.Silence != want {
				t.Fatalf("%s, silence %q: %s", a.Kind, a.Silence, a.Why)
			}
			if flaggedAfter > 0 && !a.Detected.Equal(deployed.Add(flaggedAfter)) {
				t.Errorf("detected %v: %s", a.Detected, a.Why)
			}
			if a.Flagged() && (a.EValue < 1 || a.Priority == "" || a.Ratio.Estimate > 1) {
				t.Errorf("%+v", a)
			}
		})
	}
	typical := func() *scene { return newScene(week, hour).background().lines() }
	o := DefaultOptions()
	off, all := o, o
	off.Drops, all.Drops = DropsOff, DropsAll
	f("silent from the deploy on", typical().line("placed", time.Minute, 0), o, "", 8*time.Minute)
	f("silent from minute 20 on", typical().line("placed", time.Minute, 20*time.Minute), o, "", 28*time.Minute)
	f("switched off", typical().line("placed", time.Minute, 0), off, "none", 0)
	f("goes on", typical().line("placed", time.Minute, hour), o, "none", 0)
	f("came back", typical().line("placed", time.Minute, 0).every("placed", 30*time.Minute, hour, time.Minute, 1), o, selfheal.SilenceTransient, 0)
	f("comes seldom", typical().line("placed", 5*time.Minute, 0), o, "none", 0)
	f("a job of every other hour", typical().line("placed", time.Minute, -week).
		every("placed", -week, time.Minute, 2*hour, 160), o, "none", 0)
	f("a job of every half hour that does not run any more", typical().line("placed", time.Minute, -week).
		every("placed", -week, 0, 30*time.Minute, 40), o, "", 0)
	f("with all traffic", newScene(week, hour).background().line("get", time.Minute, 0).line("post", time.Minute, 0).
		line("put", time.Minute, 0).line("placed", time.Minute, 0), o, selfheal.SilenceTraffic, 0)
	f("silent before", typical().line("placed", time.Minute, -20*time.Minute), o, selfheal.SilenceSharedCause, 0)
	f("an error that stops", typical().every("placed", -week, 0, time.Minute, 1), o, "none", 0)
	f("an error that stops, asked for", typical().every("placed", -week, 0, time.Minute, 1), all, "", 8*time.Minute)
	f("counted by the hour", typical().line("placed", time.Minute, -week).every("placed", -week, 0, time.Hour, 60), o, "", 60*time.Minute)
}

func TestDropSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newScene(week, time.Hour).background().lines().line("placed", time.Minute, 0).judge()
	a := find(r.Anomalies, "placed")
	if a == nil || len(r.Anomalies) != 1 {
		t.Fatalf("got %+v", r)
	}
	if want := "silent for 60 min since 14:00, where the 7 days before predict 60; "; !strings.HasPrefix(a.Why, want) {
		t.Errorf("why %q, want prefix %q", a.Why, want)
	}
	if a.Priority != selfheal.PriorityTicket {
		t.Errorf("priority %q", a.Priority)
	}
	if want := "Of 4 lines that should keep coming, 4 would have been missed"; !strings.Contains(r.Power, want) {
		t.Errorf("power %q, want %q", r.Power, want)
	}
}

// TestHoursAreSpread shows that lines counted by the hour tell traffic as well as those counted by the minute.
func TestHoursAreSpread(t *testing.T) {
	t.Parallel()
	s := &selfheal.Series{Counts: []selfheal.Count{{Minute: 600, N: 90}, {Minute: 660, N: 7}}}
	got := spread(s, minutes{630, 690})
	if n := got.Between(630, 660); n != 90 || got.Between(630, 640) != 30 {
		t.Errorf("%d of 90 in the first half hour: %v", n, got.Counts)
	}
	if got.Total() != 97 {
		t.Errorf("total %d", got.Total())
	}
}
