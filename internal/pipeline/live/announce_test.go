package live_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/pipeline/live"
)

func announced(revision, previous string, at time.Time) selfheal.Announcement {
	return selfheal.Announcement{Phase: selfheal.PhaseServing, From: "test", Deploy: selfheal.Deploy{
		Service: "shop", Environment: "production", Revision: revision, Previous: previous, Time: at,
	}}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	at := deployed
	going := &selfheal.Watch{Started: selfheal.WatchStarted{Deploy: announced("b", "a", at).Deploy}}
	over := &selfheal.Watch{Started: going.Started, Ended: &selfheal.WatchEnded{Status: selfheal.StatusClean}}
	f := func(name string, last *selfheal.Watch, a selfheal.Announcement, starts, ends string) {
		t.Helper()
		step := live.Decide(last, a, time.Hour)
		got, gotEnd := "", ""
		if step.Start != nil {
			got = fmt.Sprintf("%s after %s", step.Start.Deploy.Revision, step.Start.Deploy.Previous)
			if !step.Start.BaselineEnd.IsZero() {
				got += " by " + step.Start.BaselineEnd.Format("15:04:05")
			}
		}
		for _, end := range []*selfheal.WatchEnded{step.End, step.AtOnce} {
			if end != nil {
				gotEnd += end.Reason
			}
		}
		if got != starts || !strings.HasPrefix(gotEnd, ends) || ends == "" && gotEnd != "" || step.Start == nil && step.Reason == "" {
			t.Errorf("%s: starts %q, ends %q, reason %q; want %q, %q", name, got, gotEnd, step.Reason, starts, ends)
		}
	}
	later := at.Add(10 * time.Minute)
	f("nothing is known", nil, announced("b", "a", at), "b after a", "")
	f("nothing is known, not even what was before", nil, announced("b", "", at), "b after b", "the revision that served before is not known")
	f("the next, by what is known", over, announced("c", "", later), "c after b", "")
	f("the next, as it is said", over, announced("c", "x", later), "c after x", "")
	f("the same again", over, announced("b", "a", later), "", "")
	f("an older one", going, announced("z", "", at.Add(-time.Minute)), "", "")
	f("in the middle of another's window", going, announced("c", "b", later), "c after a by 12:00:20", "c took its place after 10m0s")
	f("back again in the middle", going, announced("a", "b", later), "a after b by 12:00:20", "a took its place")

	back := announced("b", "", later)
	back.Phase, back.Detail = selfheal.PhaseRolledBack, "by a person"
	f("rolled back", going, back, "", "it was rolled back: by a person")
	f("rolled back after the end", over, back, "", "")
	back.Phase = selfheal.PhaseBuilding
	f("not there yet", going, back, "", "")
}

// Whatever order events come in, and however often: the newest deploy is the one that
// is watched in the end, and saying it all again changes nothing.
func TestDecideInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "deploys")
		var all []selfheal.Announcement
		for i := range n {
			all = append(all, announced(fmt.Sprint("r", i), "", deployed.Add(time.Duration(i)*time.Minute)))
		}
		said := append(rapid.SliceOfN(rapid.SampledFrom(all), 0, 12).Draw(t, "repeated"), rapid.Permutation(all).Draw(t, "order")...)
		var last *selfheal.Watch
		for _, a := range said {
			last = apply(last, live.Decide(last, a, time.Hour))
		}
		if last == nil || last.Started.Deploy.Revision != fmt.Sprint("r", n-1) {
			t.Fatalf("the last is %+v", last)
		}
		for _, a := range said {
			if step := live.Decide(last, a, time.Hour); step.Start != nil || step.End != nil {
				t.Fatalf("saying %s again does %+v", a.Deploy.Revision, step)
			}
		}
	})
}

func apply(last *selfheal.Watch, s live.Step) *selfheal.Watch {
	if s.Start != nil {
		return &selfheal.Watch{Started: *s.Start, Ended: s.AtOnce}
	}
	if s.End != nil {
		last.Ended = s.End
	}
	return last
}
