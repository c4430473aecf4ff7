package selfheal_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func same(s selfheal.Signature) selfheal.SignatureID { return s.ID }

func said(t *testing.T, action selfheal.OverrideAction, id, into selfheal.SignatureID) selfheal.Event {
	t.Helper()
	o := selfheal.Override{Action: action, Signature: selfheal.Signature{ID: id}, Title: "title of " + string(id)}
	if into != "" {
		o.Into = &selfheal.Signature{ID: into}
	}
	return event(t, selfheal.EventSignatureOverridden, o)
}

func learned(t *testing.T, pairs ...selfheal.SignatureID) selfheal.Event {
	t.Helper()
	var l selfheal.Learned
	for i := 0; i < len(pairs); i += 2 {
		l.Aliases = append(l.Aliases, selfheal.Alias{From: pairs[i], To: pairs[i+1], Why: "test"})
	}
	return event(t, selfheal.EventIdentitiesLearned, l)
}

func event(t *testing.T, kind selfheal.EventType, payload any) selfheal.Event {
	t.Helper()
	e, err := selfheal.NewEvent(time.Unix(0, 0), "test", kind, payload)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	f := func(name string, id, pattern, want selfheal.SignatureID, events ...selfheal.Event) {
		t.Helper()
		known, err := selfheal.FoldIdentities(events, same)
		if err != nil {
			t.Fatal(err)
		}
		if got := known.Of(id, pattern); got != want {
			t.Errorf("%s: %s stands for %s, want %s", name, got, id, want)
		}
		if known.Version != len(events) {
			t.Errorf("%s: version %d of %d events", name, known.Version, len(events))
		}
	}
	const merge, split, reset = selfheal.OverrideMerge, selfheal.OverrideSplit, selfheal.OverrideReset
	f("nothing known", "a", "", "a")
	f("reads like a pattern", "b", "a", "a")
	f("alias", "b", "", "a", learned(t, "b", "a"))
	f("alias of an alias", "c", "", "a", learned(t, "b", "a"), learned(t, "c", "b"))
	f("learned the other way round later", "c", "", "a", learned(t, "c", "b"), learned(t, "b", "a"))
	f("a circle is not made", "a", "", "a", learned(t, "b", "a", "a", "b"))
	f("the pattern's signature was merged", "c", "b", "a", learned(t, "b", "a"))
	f("merged by a person", "b", "", "a", said(t, merge, "b", "a"))
	f("merged by a person, over what was learned", "b", "", "z", learned(t, "b", "a"), said(t, merge, "b", "z"))
	f("what it was learned to be was merged", "b", "", "z", learned(t, "b", "a"), said(t, merge, "a", "z"))
	f("split off an alias", "b", "", "b", learned(t, "b", "a"), said(t, split, "b", ""))
	f("split off a pattern", "b", "a", "b", said(t, split, "b", ""))
	f("all split that reads like it", "b", "a", "b", said(t, split, "a", ""))
	f("all split that was merged into it", "b", "", "b", learned(t, "b", "a"), said(t, split, "a", ""))
	f("split later than merged", "b", "", "b", said(t, merge, "b", "a"), said(t, split, "b", ""))
	f("merged later than split", "b", "", "a", said(t, split, "b", ""), said(t, merge, "b", "a"))
	f("learned after it was split", "b", "", "b", said(t, split, "b", ""), learned(t, "b", "a"))
	f("taken back", "b", "", "a", learned(t, "b", "a"), said(t, split, "b", ""), said(t, reset, "b", ""))
	f("merged in a circle", "a", "", "b", said(t, merge, "a", "b"), said(t, merge, "b", "a"))
}

func TestIgnoredAndRenamed(t *testing.T) {
	t.Parallel()
	known, err := selfheal.FoldIdentities([]selfheal.Event{
		said(t, selfheal.OverrideIgnore, "b", ""), said(t, selfheal.OverrideRename, "b", ""), learned(t, "b", "a"),
		said(t, selfheal.OverrideIgnore, "c", ""), said(t, selfheal.OverrideReset, "c", ""),
	}, same)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[selfheal.SignatureID]bool{"a": true}, known.Ignored()); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[selfheal.SignatureID]string{"a": "title of b"}, known.Titles()); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]selfheal.Alias{{From: "b", To: "a", Why: "test"}}, known.Aliases()); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

// TestOverridesSurviveAnotherAlgorithm: what a person said about a signature
// holds for the id that a newer algorithm gives it.
func TestOverridesSurviveAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	known, err := selfheal.FoldIdentities([]selfheal.Event{said(t, selfheal.OverrideMerge, "g0-b", "g0-a"), said(t, selfheal.OverrideIgnore, "g2-c", "")},
		func(s selfheal.Signature) selfheal.SignatureID {
			return "g2" + s.ID[2:]
		})
	if err != nil {
		t.Fatal(err)
	}
	if got := known.Of("g2-b", ""); got != "g2-a" {
		t.Errorf("merged into %s", got)
	}
	if !known.Ignored()["g2-c"] {
		t.Error("an id of today's algorithm was changed")
	}
}

// TestIdentitiesAreAnEquivalence: whatever is learned, each signature has one
// that stands for it, which stands for itself; and what was one stays one.
func TestIdentitiesAreAnEquivalence(t *testing.T) {
	t.Parallel()
	ids := []selfheal.SignatureID{"a", "b", "c", "d", "e", "f"}
	rapid.Check(t, func(rt *rapid.T) {
		known := &selfheal.Identities{}
		one := map[[2]selfheal.SignatureID]bool{}
		for range rapid.IntRange(0, 12).Draw(rt, "events") {
			alias := selfheal.Alias{From: rapid.SampledFrom(ids).Draw(rt, "from"), To: rapid.SampledFrom(ids).Draw(rt, "to")}
			known.Learn(selfheal.Learned{Aliases: []selfheal.Alias{alias}})
			one[[2]selfheal.SignatureID{alias.From, alias.To}] = true
			for _, id := range ids {
				if root := known.Of(id, ""); known.Of(root, "") != root {
					rt.Fatalf("%s stands for %s, but not for itself", root, id)
				}
			}
			for _, pair := range slices.Collect(maps.Keys(one)) {
				if known.Of(pair[0], "") != known.Of(pair[1], "") {
					rt.Fatalf("%v came apart", pair)
				}
			}
		}
	})
}
