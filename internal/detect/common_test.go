package detect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"selfheal"
)

// withOutages makes ten signatures that come every ten minutes. The first few of them
// have had three outages of half an hour, the last of them at 14:00 two days before.
func withOutages(affected int) *scene {
	s := newScene(week, time.Hour)
	for i := range 10 {
		id := signatureOf(i)
		s.every(id, -week+time.Duration(i)*time.Minute, time.Hour, 10*time.Minute, 1)
		for _, ago := range []time.Duration{131 * time.Hour, 77 * time.Hour, 48 * time.Hour} {
			if i < affected {
				s.every(id, -ago, -ago+30*time.Minute, time.Minute, 3)
			}
		}
	}
	return s
}

func signatureOf(i int) selfheal.SignatureID { return selfheal.SignatureID(fmt.Sprintf("s%d", i)) }

// surge makes some signatures rise as far as in an outage, and further.
func (s *scene) surge(first, last int, from, to time.Duration) *scene {
	for i := first; i <= last; i++ {
		s.every(signatureOf(i), from, to, time.Minute, 4)
	}
	return s
}

func TestCommonCause(t *testing.T) {
	t.Parallel()
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	f := func(name string, s *scene, want selfheal.Silence) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.judge()
			a := find(append(got.Anomalies, got.SetAside...), "s0")
			if a == nil {
				t.Fatal("not looked at")
			}
			if a.Silence != want {
				t.Errorf("silence %q, want %q: %s", a.Silence, want, a.Why)
			}
			if reason := "5 other signatures rose in the same minutes, as in the outage of Nov 21 14:00"; want != "" && !strings.Contains(a.Why, reason) {
				t.Errorf("why %q, want it to contain %q", a.Why, reason)
			}
		})
	}
	f("the outage is back", withOutages(6).surge(0, 5, minutes(20), minutes(50)), selfheal.SilenceSharedCause)
	f("until the end", withOutages(6).surge(0, 5, minutes(30), minutes(60)), selfheal.SilenceSharedCause)
	f("it began before the deploy", withOutages(6).surge(1, 5, minutes(-30), minutes(60)).surge(0, 0, 0, minutes(60)), selfheal.SilenceSharedCause)
	f("begun with the deploy, and over", withOutages(6).surge(0, 5, 0, minutes(30)), selfheal.SilenceSharedCause)
	f("begun with the deploy, and lasting", withOutages(6).surge(0, 5, 0, minutes(60)), "")
	f("begun with the deploy, lasting with a lull", withOutages(6).surge(0, 5, 0, minutes(20)).surge(0, 5, minutes(30), minutes(60)), "")
	f("alone", withOutages(6).surge(0, 0, minutes(20), minutes(50)), "")
	f("with signatures that had no outages", withOutages(6).surge(0, 0, minutes(20), minutes(50)).surge(6, 9, minutes(20), minutes(50)), "")
	f("without any outage before", withOutages(0).surge(0, 5, minutes(20), minutes(50)), "")
	f("risen before the others, too", withOutages(6).surge(0, 0, 0, minutes(60)).surge(1, 5, minutes(30), minutes(50)), "")
}

func TestUsualNamesThePeak(t *testing.T) {
	t.Parallel()
	got := newScene(week, time.Hour).background().
		every("x", -week, time.Hour, 15*time.Minute, 1).
		every("x", -48*time.Hour, -47*time.Hour, 6*time.Minute, 1).
		every("x", 0, time.Hour, 10*time.Minute, 1).judge()
	a := find(got.SetAside, "x")
	if a == nil || a.Silence != selfheal.SilenceUsual {
		t.Fatalf("want x usual, got %+v", got)
	}
	if want := "the 7 days before show the same without this deploy: up to 14 in 60 min, Nov 21 14:00"; !strings.HasSuffix(a.Why, want) {
		t.Errorf("why %q, want suffix %q", a.Why, want)
	}
}
