package hook

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

func TestTimeline(t *testing.T) {
	t.Parallel()
	f := func(name string, want []string, announcements ...selfheal.Announcement) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var line Timeline
			for _, a := range announcements {
				line.Add(a)
			}
			var got []string
			for _, w := range line.Watches() {
				text := fmt.Sprintf("%s after %q", w.Deploy.Revision, w.Deploy.Previous)
				if w.Rollback {
					text += " rollback"
				}
				if !w.Ended.IsZero() {
					text += fmt.Sprintf(" until %d %s", int(w.Ended.Sub(received).Minutes()), w.End)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	f("nothing", nil)
	f("one", []string{`a after ""`}, said(1, serving, "a", ""))
	f("building begins nothing", nil, said(1, selfheal.PhaseBuilding, "a", ""), said(2, selfheal.PhaseDeploying, "a", ""), said(3, selfheal.PhaseBuildFail, "a", ""))
	f("two", []string{`a after "" until 5 superseded`, `b after "a"`}, said(1, serving, "a", ""), said(5, serving, "b", ""))
	f("what the payload says of before holds", []string{`a after "" until 5 superseded`, `b after "x"`}, said(1, serving, "a", ""), said(5, serving, "b", "x"))
	f("a payload that names itself as before", []string{`a after "" until 5 superseded`, `b after "a"`}, said(1, serving, "a", ""), said(5, serving, "b", "b"))
	f("the same twice", []string{`a after ""`}, said(1, serving, "a", ""), said(1, serving, "a", ""), said(3, serving, "a", ""))
	f("abbreviated, by another sender", []string{full + ` after ""`}, said(1, serving, full[:7], ""), said(2, serving, full, ""))
	f("late", []string{`a after "" until 3 superseded`, `b after "a" until 5 superseded`, `c after "b"`}, said(1, serving, "a", ""), said(5, serving, "c", ""), said(3, serving, "b", ""))
	f("a late end of an older one", []string{`a after "" until 5 superseded`, `b after "a"`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(7, rolledBack, "a", ""))
	f("a newer one fails before it serves", []string{`a after ""`}, said(1, serving, "a", ""), said(5, failed, "b", ""))
	f("it fails after it served", []string{`a after "" until 5 superseded`, `b after "a" until 6 failed`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(6, failed, "b", ""))
	f("a rollback", []string{`a after "" until 5 superseded`, `b after "a" until 9 superseded`, `a after "b" rollback`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(9, serving, "a", ""))
	f("a rollback that is announced twice over", []string{`a after "" until 5 superseded`, `b after "a" until 8 rolled-back`, `a after "b" rollback`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(8, rolledBack, "b", ""), said(9, serving, "a", ""))
	f("the other way round", []string{`a after "" until 5 superseded`, `b after "a" until 8 superseded`, `a after "b" rollback`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(8, serving, "a", ""), said(9, rolledBack, "b", ""))
	f("at one moment", []string{`a after "" until 5 superseded`, `b after "a" until 8 rolled-back`, `a after "b" rollback`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(8, serving, "a", ""), said(8, rolledBack, "b", ""))
	f("again after it was taken out", []string{`a after "" until 5 superseded`, `b after "a" until 8 rolled-back`, `b after "a"`}, said(1, serving, "a", ""), said(5, serving, "b", ""), said(8, rolledBack, "b", ""), said(9, serving, "b", ""))
	f("no revision", nil, said(1, serving, "", ""))
}

func announcements(t *rapid.T) []selfheal.Announcement {
	revisions := []string{"a", "b", "c", "1234567", full, full[:8], full[:12]}
	phases := []selfheal.Phase{serving, serving, serving, failed, rolledBack, selfheal.PhaseBuilding, selfheal.PhaseOther}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) selfheal.Announcement {
		return said(rapid.IntRange(0, 20).Draw(t, "minute"), rapid.SampledFrom(phases).Draw(t, "phase"),
			rapid.SampledFrom(revisions).Draw(t, "revision"), rapid.SampledFrom([]string{"", "a", "c"}).Draw(t, "previous"))
	}), 0, 30).Draw(t, "announcements")
}

// TestOrderDoesNotMatter: in whichever order events come, and however often, what
// follows from them is the same; and what follows makes sense.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := announcements(t)
		// One ID is one event: the sender says the same under it every time.
		seen := map[string]selfheal.Announcement{}
		for i, a := range all {
			if first, ok := seen[a.ID]; ok {
				all[i] = first
			} else {
				seen[a.ID] = a
			}
		}
		var first, second Timeline
		for _, a := range all {
			first.Add(a)
		}
		again := append(rapid.Permutation(all).Draw(t, "order"), all...)
		for _, a := range again {
			second.Add(a)
		}
		if diff := cmp.Diff(first.Watches(), second.Watches()); diff != "" {
			t.Fatalf("another order gives something else:\n%s", diff)
		}
		sane(t, first.Watches())
	})
}

func sane(t *rapid.T, watches []Watch) {
	for i, w := range watches {
		last := i == len(watches)-1
		if w.Ended.IsZero() && !last {
			t.Fatalf("two serve at once: %+v", watches)
		}
		if w.Ended.IsZero() != (w.End == "") || !w.Ended.IsZero() && w.Ended.Before(w.Deploy.Time) {
			t.Fatalf("ended before it began, or without a reason: %+v", w)
		}
		if !last && watches[i+1].Deploy.Time.Before(w.Ended) {
			t.Fatalf("two overlap: %+v", watches)
		}
		if SameRevision(w.Deploy.Previous, w.Deploy.Revision) {
			t.Fatalf("replaces itself: %+v", w)
		}
	}
}

// TestMemoryIsBounded: of more events than are remembered, the newest count, in any order.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var up, down Timeline
	for i := range 3 * maxAnnouncements {
		up.Add(said(i, serving, fmt.Sprintf("r%d", i), ""))
		down.Add(said(3*maxAnnouncements-1-i, serving, fmt.Sprintf("r%d", 3*maxAnnouncements-1-i), ""))
	}
	if len(up.events) != maxAnnouncements || len(up.ids) != maxAnnouncements {
		t.Errorf("%d events, %d ids", len(up.events), len(up.ids))
	}
	if diff := cmp.Diff(up.Watches(), down.Watches()); diff != "" {
		t.Error(diff)
	}
}

func TestFoldSortsByScope(t *testing.T) {
	t.Parallel()
	other := said(2, serving, "b", "")
	other.Deploy.Environment = "staging"
	all := Fold([]selfheal.Announcement{said(1, serving, "a", ""), other})
	production, _ := all[selfheal.Scope{Service: "shop", Environment: "production"}].Current()
	staging, _ := all[selfheal.Scope{Service: "shop", Environment: "staging"}].Current()
	if len(all) != 2 || production.Deploy.Revision != "a" || staging.Deploy.Revision != "b" {
		t.Errorf("%+v %+v", production, staging)
	}
}

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
