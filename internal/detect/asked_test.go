package detect

import (
	"strings"
	"testing"
	"time"

	"selfheal"
)

// TestAsked: whoever asks about a signature gets an answer, whatever it is.
func TestAsked(t *testing.T) {
	t.Parallel()
	f := func(name string, s *scene, want selfheal.Silence, says string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.in.Asked = []selfheal.SignatureID{"x"}
			r := s.judge()
			if len(r.Asked) != 1 || r.Asked[0].Signature != "x" {
				t.Fatalf("%d answers: %+v", len(r.Asked), r.Asked)
			}
			if a := r.Asked[0]; a.Silence != want || !strings.Contains(a.Why, says) {
				t.Errorf("silence %q, want %q; why %q", a.Silence, want, a.Why)
			}
			s.in.Asked = nil
			if unasked := s.judge(); len(unasked.Anomalies) != len(r.Anomalies) || len(unasked.SetAside) != len(r.SetAside) {
				t.Error("asking changed what is flagged")
			}
		})
	}
	line := func(s *scene) *scene {
		s.signature("x", selfheal.KindMessage, selfheal.SeverityInfo)
		return s
	}
	plain := func() *scene { return newScene(week, time.Hour).background() }
	f("flagged", plain().every("x", 0, time.Hour, time.Minute, 1), "", "never in the 7 days before")
	f("as ever", plain().every("x", -week, time.Hour, 10*time.Minute, 1), selfheal.SilenceNotSignificant, "chance explains that")
	f("not in the window", plain().every("x", -week, 0, 10*time.Minute, 1), selfheal.SilenceNotSignificant, "it does not occur in the window")
	f("once", plain().every("x", 0, time.Minute, time.Minute, 1), selfheal.SilenceTransient, "fewer than the 3")
	f("no error", line(plain()).every("x", -week, time.Hour, 10*time.Minute, 1), selfheal.SilenceNoPower, "it is no error")
	f("no error, and steady", line(plain()).every("x", -week, time.Hour, time.Minute, 1), selfheal.SilenceNotSignificant, "missing in a row would be flagged")
	f("went silent", line(plain()).every("x", -week, 0, time.Minute, 1), "", "silent for 60 min")
	f("new, and no error", line(plain()).every("x", 0, time.Hour, time.Minute, 1), selfheal.SilenceNoPower, "0 in the 7 days before")
	f("only the previous revision", half().every("x", -week, -week+time.Hour, time.Minute, 1).beside("x", 0, time.Hour, time.Minute, 1),
		selfheal.SilenceOldRevision, "only the previous revision beside it logged it: 60")
}
