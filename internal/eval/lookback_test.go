package eval

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"selfheal"
)

// unrelated gives ten commits that each bring the whole service of another story
// of the same language: code with log statements, settings and errors of its own.
func unrelated(s story, all []story) []step {
	var out []step
	for _, other := range all {
		if other.name == s.name || other.ext != s.ext || len(other.files) == 0 {
			continue
		}
		st := step{subject: "another service: " + other.name}
		for i := 0; i < len(other.files); i += 2 {
			st.edits = append(st.edits, fmt.Sprintf("other%d/%s", len(out), other.files[i]), "", other.files[i+1])
		}
		if out = append(out, st); len(out) == 10 {
			break
		}
	}
	for n := 0; len(out) < 10; n++ {
		path, content := fillerOf(s.ext, 100+n)
		out = append(out, edit("one more part", path, "", content))
	}
	return out
}

// TestStoriesWithTenDeploysMore holds the demand that a wider look-back adds no
// noise: with ten unrelated deploys in front, one a day or at unknown times, as
// many culprits are first but for two of a hundred, and nobody else is blamed.
func TestStoriesWithTenDeploysMore(t *testing.T) {
	t.Parallel()
	for name, dated := range map[string]bool{"dated": true, "undated": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lookBack(t, dated)
		})
	}
}

func lookBack(t *testing.T, dated bool) {
	t.Helper()
	caused, narrow, wide, blames := 0, 0, 0, 0
	all := stories()
	for _, s := range all {
		s.before = unrelated(s, all)
		w := tell(t, s, hostile{})
		near := w.judge(t, s, w.question.Base, w.question.Head, hostile{})
		far := w.ask(t, s, w.question.Base, w.question.Head, hostile{}, w.deploys(dated))
		if len(far.Deploys) != 12 {
			t.Fatalf("%s: %d deploys", s.name, len(far.Deploys))
		}
		if far.Cause == selfheal.Caused && slices.Contains(w.service, far.Culprit.Commit) {
			blames++
			t.Logf("%s: blames %s", s.name, describe(far))
		}
		if s.cause != selfheal.Caused {
			continue
		}
		caused++
		first := func(v selfheal.Verdict) int {
			return count(len(v.Candidates) > 0 && v.Candidates[0].Commit == w.commits[s.culprit])
		}
		narrow, wide = narrow+first(near), wide+first(far)
		if first(near) != first(far) {
			t.Logf("%s: first without %d, with %d: %s", s.name, first(near), first(far), describe(far))
		}
	}
	t.Logf("culprit first: %d of %d with this deploy alone, %d with ten unrelated ones in front; %d of those blamed", narrow, caused, wide, blames)
	if 100*(narrow-wide) > 2*caused {
		t.Errorf("ten unrelated deploys cost %d of %d", narrow-wide, caused)
	}
	if blames > 0 {
		t.Errorf("%d unrelated commits are blamed", blames)
	}
}

// deploys gives the deploys before the one that is judged, a day apart when dated.
func (w told) deploys(dated bool) []selfheal.Deploy {
	var all []selfheal.Deploy
	for i := 1; i < len(w.service); i++ {
		all = append(all, selfheal.Deploy{Previous: w.service[i-1], Revision: w.service[i]})
	}
	all = append(all, selfheal.Deploy{Previous: w.earlier[0], Revision: w.earlier[1]})
	for i := range all {
		if dated {
			all[i].Time = time.Date(2026, time.March, 2+i, 9, 0, 0, 0, time.UTC)
		}
	}
	return all
}
