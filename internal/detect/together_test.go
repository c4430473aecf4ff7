package detect

import (
	"strings"
	"testing"
	"time"

	"selfheal"
)

// swell makes some signatures rise less than in an outage: once every third minute.
func (s *scene) swell(first, last int, from, to time.Duration) *scene {
	for i := first; i <= last; i++ {
		s.every(signatureOf(i), from, to, 3*time.Minute, 1)
	}
	return s
}

func TestCompanyRisesTogether(t *testing.T) {
	t.Parallel()
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	f := func(name string, s *scene, want selfheal.Silence, reason string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.judge()
			a := find(append(got.Anomalies, got.SetAside...), "s0")
			if a == nil {
				t.Fatal("not looked at")
			}
			if a.Silence != want || !strings.Contains(a.Why, reason) {
				t.Errorf("silence %q, want %q because %q: %s", a.Silence, want, reason, a.Why)
			}
		})
	}
	const company = "5 other signatures rose with it from 14:2"
	f("a little each", withOutages(6).surge(0, 0, minutes(20), minutes(50)).swell(1, 5, minutes(20), minutes(50)), selfheal.SilenceSharedCause, company)
	f("a little each, of others", withOutages(4).surge(0, 0, minutes(20), minutes(50)).swell(4, 8, minutes(20), minutes(50)), "", "")
	f("a little each, with the deploy", withOutages(6).surge(0, 0, 0, minutes(60)).swell(1, 5, 0, minutes(60)), "", "")
	f("a little each, later", withOutages(6).surge(0, 0, 0, minutes(60)).swell(1, 5, minutes(40), minutes(60)), "", "")
	f("without precedent, very many", withOutages(0).surge(0, 7, minutes(20), minutes(50)), selfheal.SilenceSharedCause, "7 other signatures rose with it from 14:20 on")
	f("without precedent, many", withOutages(0).surge(0, 5, minutes(20), minutes(50)), "", "")
	f("without precedent, soon after the deploy", withOutages(0).surge(0, 7, minutes(4), minutes(50)), "", "")
	f("without precedent, before the deploy", withOutages(0).surge(1, 7, minutes(-5), minutes(50)).surge(0, 0, 0, minutes(50)), selfheal.SilenceSharedCause, "7 other signatures rose")
}

func TestDailyJobIsUsual(t *testing.T) {
	t.Parallel()
	f := func(name string, days int, perMinute int64, want selfheal.Silence) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(week, time.Hour).background().every("job", -week, time.Hour, 7*time.Minute, 1)
			for day := 1; day <= days; day++ {
				at := -time.Duration(day) * 24 * time.Hour
				s.every("job", at+20*time.Minute, at+30*time.Minute, time.Minute, 8)
			}
			got := s.every("job", 20*time.Minute, 30*time.Minute, time.Minute, perMinute).judge()
			a := find(append(got.Anomalies, got.SetAside...), "job")
			if a == nil || a.Silence != want {
				t.Errorf("want %q, got %+v", want, a)
			}
		})
	}
	f("as every day", 6, 8, selfheal.SilenceUsual)
	f("larger than ever", 6, 11, selfheal.SilenceUsual)
	f("on no day before", 0, 11, "")
}
