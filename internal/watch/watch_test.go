package watch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/watch"
)

const (
	newRevision = "8c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d"
	oldRevision = "1111111111111111111111111111111111111111"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func plan(deployed time.Time) watch.Plan {
	return watch.Plan{
		Deploy:        selfheal.Deploy{Service: "shop", Environment: "production", Revision: newRevision, Previous: oldRevision, Time: deployed},
		Names:         []string{"v1.5.0"},
		PreviousNames: []string{"v1.4.0"},
	}
}

// side feeds records at minutes relative to noon; a revision of "" states none.
func side(p watch.Plan, s watch.Side, revision string, minutes ...int) selfheal.Coverage {
	tap := watch.NewTap(p, s)
	for _, m := range minutes {
		tap.See(&selfheal.Record{Time: noon.Add(time.Duration(m) * time.Minute), Zone: "Z", Revision: revision, Raw: []byte("x")})
	}
	return tap.Coverage()
}

func undated(p watch.Plan, s watch.Side, n int) selfheal.Coverage {
	tap := watch.NewTap(p, s)
	for range n {
		tap.See(&selfheal.Record{Raw: []byte("x")})
	}
	return tap.Coverage()
}

func codes(problems []selfheal.Problem) []selfheal.ProblemCode {
	var all []selfheal.ProblemCode
	for _, p := range problems {
		all = append(all, p.Code)
	}
	slices.Sort(all)
	return all
}

func TestAttest(t *testing.T) {
	t.Parallel()
	p := plan(noon)
	week := []int{-10080, -5000, -1}
	f := func(name string, p watch.Plan, baseline, watched selfheal.Coverage, problems, notes []selfheal.ProblemCode) {
		t.Helper()
		w := watch.Attest(p, baseline, watched)
		if diff := cmp.Diff(problems, codes(w.Observability.Problems)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(notes, codes(w.Observability.Notes)); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
	type list = []selfheal.ProblemCode
	f("all is well", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, newRevision, 0, 5, 59), nil, nil)
	f("abbreviated revision", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, newRevision[:7], 0, 5), nil, nil)
	f("tag without its v", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, "1.5.0", 0, 5), nil, nil)
	f("nobody states a revision", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, "", 0, 5), nil, list{selfheal.ProblemUnrevisioned})
	f("only the old revision", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, oldRevision, 0, 5), list{selfheal.ProblemRevisionMissing}, nil)
	f("both revisions", p, side(p, watch.Baseline, "", week...),
		watch.Merge(side(p, watch.Watched, newRevision, 0, 5), side(p, watch.Watched, oldRevision, 0)), nil, list{selfheal.ProblemOldRevision})
	f("empty baseline", p, selfheal.Coverage{}, side(p, watch.Watched, newRevision, 0), list{selfheal.ProblemNoBaseline}, nil)
	f("empty window", p, side(p, watch.Baseline, "", week...), selfheal.Coverage{}, list{selfheal.ProblemNoWindow}, nil)
	f("swapped", p, side(p, watch.Baseline, "", 1, 2), side(p, watch.Watched, newRevision, 0), list{selfheal.ProblemWindowBefore}, nil)
	f("window all before", p, side(p, watch.Baseline, "", week...), side(p, watch.Watched, newRevision, -5), list{selfheal.ProblemNoWindow}, nil)
	f("swapped, beside records without a time", p, watch.Merge(side(p, watch.Baseline, "", 1, 2), undated(p, watch.Baseline, 5)),
		side(p, watch.Watched, newRevision, 0), list{selfheal.ProblemWindowBefore}, list{selfheal.ProblemUndated})
	f("short baseline", p, side(p, watch.Baseline, "", -60, -1), side(p, watch.Watched, newRevision, 0), nil, list{selfheal.ProblemShortBaseline})
	f("baseline reaches into the window", p, side(p, watch.Baseline, "", append(week, 3)...), side(p, watch.Watched, newRevision, 0), nil, list{selfheal.ProblemOverlap})
	f("no times", plan(time.Time{}), undated(p, watch.Baseline, 9), undated(p, watch.Watched, 3), nil, list{selfheal.ProblemUnrevisioned, selfheal.ProblemUndated})
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	p := plan(noon)
	w := watch.Attest(p, side(p, watch.Baseline, "", -60, -1, 30), side(p, watch.Watched, newRevision, 2, 9))
	want := selfheal.Window{
		Baseline: selfheal.Interval{From: noon.Add(-time.Hour), To: noon},
		Watched:  selfheal.Interval{From: noon, To: noon.Add(10 * time.Minute)},
	}
	if w.Baseline != want.Baseline || w.Watched != want.Watched {
		t.Errorf("got %v and %v, want %v and %v", w.Baseline, w.Watched, want.Baseline, want.Watched)
	}
}

func TestWhatRecordsCountAs(t *testing.T) {
	t.Parallel()
	p := plan(noon)
	f := func(s watch.Side, revision string, minute int, want watch.Part) {
		t.Helper()
		tap := watch.NewTap(p, s)
		got := tap.See(&selfheal.Record{Time: noon.Add(time.Duration(minute) * time.Minute), Revision: revision})
		if got != want {
			t.Errorf("side %d, revision %q, minute %d: counts as %d", s, revision, minute, got)
		}
	}
	f(watch.Watched, newRevision, 1, watch.Counted)
	f(watch.Watched, "", 1, watch.Counted)
	f(watch.Watched, "v9", 1, watch.Counted)
	f(watch.Watched, oldRevision, 1, watch.Control)
	f(watch.Watched, "1.4.0", 1, watch.Control)
	f(watch.Watched, oldRevision, -1, watch.Outside)
	f(watch.Watched, newRevision, -1, watch.Outside)
	f(watch.Baseline, oldRevision, -1, watch.Counted)
	f(watch.Baseline, oldRevision, 0, watch.Outside)
}

func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	p := plan(time.Time{})
	if got := side(p, watch.Baseline, "", 0, 5, 4, 5, 6, 0).OutOfOrder; got != 2 {
		t.Errorf("got %d records out of order, want 2", got)
	}
}

// TestMergeIsOrderless: the account must not depend on which reader finished first.
func TestMergeIsOrderless(t *testing.T) {
	t.Parallel()
	p := plan(noon)
	rapid.Check(t, func(t *rapid.T) {
		var parts []selfheal.Coverage
		for i := range rapid.IntRange(1, 5).Draw(t, "parts") {
			minutes := rapid.SliceOfN(rapid.IntRange(-100, 100), 0, 5).Draw(t, "minutes")
			parts = append(parts, side(p, watch.Watched, fmt.Sprint("revision-", i%3), minutes...))
		}
		forward, backward := parts[0], parts[len(parts)-1]
		for i := 1; i < len(parts); i++ {
			forward = watch.Merge(forward, parts[i])
			backward = watch.Merge(backward, parts[len(parts)-1-i])
		}
		slices.Sort(forward.Zones)
		slices.Sort(backward.Zones)
		if diff := cmp.Diff(forward, backward); diff != "" {
			t.Fatalf("order matters:\n%s", diff)
		}
	})
}

func TestHostileRevisionsAreBounded(t *testing.T) {
	t.Parallel()
	tap := watch.NewTap(plan(noon), watch.Watched)
	for i := range 10_000 {
		tap.See(&selfheal.Record{Time: noon, Zone: fmt.Sprint(i), Revision: fmt.Sprint("revision-", i)})
	}
	if c := tap.Coverage(); len(c.Revisions) > 64 || len(c.Zones) > 16 {
		t.Errorf("kept %d revisions and %d zones", len(c.Revisions), len(c.Zones))
	}
}
