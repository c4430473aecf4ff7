package hook

import (
	"fmt"
	"testing"
	"time"

	"selfheal"
)

// said is an announcement at so many minutes.
func said(minute int, phase selfheal.Phase, revision, previous string) selfheal.Announcement {
	return selfheal.Announcement{
		ID: fmt.Sprintf("%d/%s/%s", minute, phase, revision), Phase: phase, From: "test",
		Deploy: selfheal.Deploy{Service: "shop", Environment: "production", Revision: revision, Previous: previous, Time: received.Add(time.Duration(minute) * time.Minute)},
	}
}

const (
	serving    = selfheal.PhaseServing
	failed     = selfheal.PhaseFailed
	rolledBack = selfheal.PhaseRolledBack
	full       = "2f1c9d0b7a6e4f5d8c3b2a190807f6e5d4c3b2a1"
)

func TestSameRevision(t *testing.T) {
	t.Parallel()
	f := func(a, b string, want bool) {
		t.Helper()
		if SameRevision(a, b) != want || SameRevision(b, a) != want {
			t.Errorf("%q and %q: %t", a, b, !want)
		}
	}
	f(full, full, true)
	f(full, full[:7], true)
	f(full, full[:6], false)
	f(full, "", false)
	f("v1.2", "v1.2.3", false)
	f("1234567", "12345678", false)
	f(full, "2f1c9d1", false)
}
