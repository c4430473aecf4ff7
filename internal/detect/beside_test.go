package detect

import (
	"strings"
	"testing"
	"time"

	"selfheal"
)

// canary moves a share of what the window holds to the previous revision beside it.
func (s *scene) beside(id selfheal.SignatureID, from, to, step time.Duration, n int64) *scene {
	if s.in.Concurrent == nil {
		s.in.Concurrent = &selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}
	}
	if s.in.Concurrent.Series[id] == nil {
		s.in.Concurrent.Series[id] = &selfheal.Series{}
	}
	for at := from; at < to; at += step {
		s.in.Concurrent.Series[id].Add(selfheal.MinuteOf(deployed.Add(at)), n)
		s.in.Concurrent.All.Add(selfheal.MinuteOf(deployed.Add(at)), n)
	}
	return s
}

// half serves both revisions alike.
func half() *scene {
	s := newScene(week, time.Hour).background().beside("background", 0, time.Hour, 10*time.Minute, 1)
	s.signature("get", selfheal.KindMessage, selfheal.SeverityInfo)
	s.every("get", -week, 0, time.Minute, 20).every("get", 0, time.Hour, time.Minute, 10)
	s.beside("get", 0, time.Hour, time.Minute, 10)
	for minute := range int64(60) {
		s.in.Watched.All.Add(selfheal.MinuteOf(deployed)+minute, 10)
	}
	return s
}

// rolling is half with the previous revision gone after a few minutes.
func rolling(overlap time.Duration) *scene {
	s := newScene(week, time.Hour).background()
	s.signature("get", selfheal.KindMessage, selfheal.SeverityInfo)
	s.every("get", -week, 0, time.Minute, 20).every("get", 0, overlap, time.Minute, 10).every("get", overlap, time.Hour, time.Minute, 20)
	s.beside("get", 0, overlap, time.Minute, 10)
	for minute := range int64(60) {
		s.in.Watched.All.Add(selfheal.MinuteOf(deployed)+minute, 20)
	}
	return s
}

func TestOldRevisionBeside(t *testing.T) {
	t.Parallel()
	f := func(name string, s *scene, want selfheal.Silence) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.judge()
			a := find(append(r.Anomalies, r.SetAside...), "x")
			if a == nil || a.Silence != want {
				t.Fatalf("want silence %q, got %+v", want, a)
			}
			if want != "" && !strings.Contains(a.Why, "previous revision beside it") {
				t.Errorf("why %q", a.Why)
			}
		})
	}
	f("new in the new one only", half().every("x", 0, time.Hour, time.Minute, 1), "")
	f("new in both", half().every("x", 0, time.Hour, time.Minute, 1).beside("x", 0, time.Hour, time.Minute, 1), selfheal.SilenceSharedCause)
	f("rises in the new one only", half().every("x", -week, 0, 10*time.Minute, 1).every("x", 0, time.Hour, 2*time.Minute, 1).
		beside("x", 0, time.Hour, 20*time.Minute, 1), "")
	f("rises in both", half().every("x", -week, 0, 10*time.Minute, 1).every("x", 0, time.Hour, 2*time.Minute, 1).
		beside("x", 0, time.Hour, 2*time.Minute, 1), selfheal.SilenceSharedCause)
	f("the old one leaves before it could have shown it", rolling(4*time.Minute).every("x", 0, time.Hour, 3*time.Minute, 1), "")
	f("the old one shows it, and leaves", rolling(10*time.Minute).every("x", 0, time.Hour, time.Minute, 1).
		beside("x", 0, 10*time.Minute, time.Minute, 1), selfheal.SilenceSharedCause)
}

func TestExpectationFollowsTheShare(t *testing.T) {
	t.Parallel()
	s := half().every("x", -week, 0, time.Minute, 1).every("x", 0, time.Hour, time.Minute, 3)
	a := find(s.judge().Anomalies, "x")
	if a == nil || a.Expected < 25 || a.Expected > 35 {
		t.Errorf("half of the traffic expects about 30, got %+v", a)
	}
}
