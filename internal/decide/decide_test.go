package decide_test

import (
	"testing"

	"selfheal"
	"selfheal/internal/decide"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	change := func(body string, class selfheal.FileClass) selfheal.Change {
		return selfheal.Change{Commits: []selfheal.Commit{
			{ID: "a"}, {ID: "b", Body: body, Files: []selfheal.FileChange{{Path: "x", Class: class}}},
		}}
	}
	caused := selfheal.Verdict{Cause: selfheal.Caused, Confidence: 0.95, Culprit: &selfheal.Culprit{Commit: "b"}}
	with := func(edit func(*selfheal.Verdict)) selfheal.Verdict {
		v := caused
		edit(&v)
		return v
	}
	f := func(name string, v selfheal.Verdict, c selfheal.Change, p decide.Policy, want selfheal.Action, rules ...string) {
		t.Helper()
		got := decide.Decide(v, c, p)
		if got.Action != want || got.Reason == "" {
			t.Errorf("%s: got %q (%s), want %q", name, got.Action, got.Reason, want)
		}
		var vetoes []string
		for _, veto := range got.Vetoes {
			vetoes = append(vetoes, veto.Rule)
		}
		if len(vetoes) != len(rules) || len(rules) > 0 && vetoes[0] != rules[0] {
			t.Errorf("%s: vetoes %v, want %v", name, vetoes, rules)
		}
	}
	policy := decide.DefaultPolicy()
	f("sure", caused, change("", selfheal.ClassRuntime), policy, selfheal.ActionRevert)
	f("unsure", with(func(v *selfheal.Verdict) { v.Confidence = 0.79 }), change("", selfheal.ClassRuntime), policy, selfheal.ActionHold)
	f("inconclusive", selfheal.Verdict{Cause: selfheal.Inconclusive}, change("", selfheal.ClassRuntime), policy, selfheal.ActionHold)
	f("no culprit", with(func(v *selfheal.Verdict) { v.Culprit = nil }), change("", selfheal.ClassRuntime), policy, selfheal.ActionHold)
	f("not caused", selfheal.Verdict{Cause: selfheal.NotCaused, Confidence: 1}, change("", selfheal.ClassRuntime), policy, selfheal.ActionTell)
	f("migration", caused, change("", selfheal.ClassMigration), policy, selfheal.ActionTell, "migration-in-commit")
	f("exempted", caused, change("why\n\nNO-SELFHEAL: true\n", selfheal.ClassRuntime), policy, selfheal.ActionTell, "exempted")
	f("exempted, the other spelling", caused, change("NOAUTOREVERT=true", selfheal.ClassRuntime), policy, selfheal.ActionTell, "exempted")
	f("not exempted", caused, change("we had NO-SELFHEAL once", selfheal.ClassRuntime), policy, selfheal.ActionRevert)
	undone := change("", selfheal.ClassRuntime)
	undone.Commits[1].Undone = true
	f("taken away", caused, undone, policy, selfheal.ActionTell, "taken-away")
	forward := policy
	forward.FixForward = true
	f("migration, with something that can write a fix", caused, change("", selfheal.ClassMigration), forward, selfheal.ActionFixForward, "migration-in-commit")
	f("exempted from every remedy", caused, change("NO-SELFHEAL", selfheal.ClassRuntime), forward, selfheal.ActionTell, "exempted")
	f("sure, with something that can write a fix", caused, change("", selfheal.ClassRuntime), forward, selfheal.ActionRevert)
	f("not allowed", caused, change("", selfheal.ClassRuntime), decide.Policy{MinConfidence: 0.8}, selfheal.ActionTell, "policy")
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	if err := decide.DefaultPolicy().Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range []float64{0, 0.49, 1.01, -1} {
		if (decide.Policy{MinConfidence: p}).Validate() == nil {
			t.Errorf("accepted a confidence of %v", p)
		}
	}
}
