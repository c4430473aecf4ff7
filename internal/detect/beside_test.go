package detect

import (
	"fmt"
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

// TestCapFollowsTheShare shows that an outage that hits both revisions alike is not cut down more in one of them.
func TestCapFollowsTheShare(t *testing.T) {
	t.Parallel()
	m := model{cap: 21}
	if newer, older := m.capOf(0.1), m.capOf(0.9); newer != 3 || older != 19 {
		t.Errorf("caps %g and %g", newer, older)
	}
	if rare := (&model{cap: 1}); rare.capOf(0.1) != 1 {
		t.Error("a minute of a rare signature counts once")
	}
}

// TestNoiseBeside shows that a message that only a small new revision logs needs less to stand out from noise, and
// as much as ever when the previous one is gone.
func TestNoiseBeside(t *testing.T) {
	t.Parallel()
	s := half()
	for i := range 40 {
		at := -week + time.Duration(i)*4*time.Hour
		s.every(selfheal.SignatureID(fmt.Sprintf("noise%02d", i)), at, at+time.Duration(10+i/2)*time.Minute, 2*time.Minute, 1)
	}
	j := NewMonitor(s.in, DefaultOptions()).j
	j.beside.whole = 0.12
	x := &subject{concurrent: bet{most: agreement}}
	alone, _ := j.noiseOf(x).later.least()
	x.concurrent.alone = 1
	left, _ := j.noiseOf(x).later.least()
	x.concurrent.alone, x.concurrent.most = 0, 1
	alike, _ := j.noiseOf(x).later.least()
	if alone >= left || left != alike {
		t.Errorf("it takes %d minutes in the new one alone, %d after the previous one left, %d while they are alike", alone, left, alike)
	}
}
