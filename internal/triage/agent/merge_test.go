package agent

import (
	"testing"

	"pgregory.net/rapid"

	"selfheal"
)

// TestBounds: whatever the rules said and a model answers, the bounds hold.
func TestBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		probability := rapid.Float64Range(0, 0.5)
		v := selfheal.Verdict{
			Signatures: []selfheal.SignatureID{"s0", "s1"},
			Cause:      rapid.SampledFrom([]selfheal.Cause{selfheal.Caused, selfheal.NotCaused, selfheal.Inconclusive}).Draw(r, "rules"),
			Confidence: rapid.Float64Range(0, 0.99).Draw(r, "confidence"),
			Candidates: []selfheal.Candidate{{Commit: "a", Probability: probability.Draw(r, "a")}, {Commit: "b", Probability: probability.Draw(r, "b")}},
		}
		if v.Cause == selfheal.Caused {
			v.Culprit = &selfheal.Culprit{Commit: "a"}
			v.Candidates[0].Probability = max(0.8, v.Confidence)
			v.Candidates[1].Probability = (1 - v.Candidates[0].Probability) / 5
		}
		s := checked{commit: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "commit"), steps: rapid.IntRange(0, 20).Draw(r, "steps"), signatures: []selfheal.SignatureID{"s1"}}
		s.Cause = rapid.SampledFrom([]selfheal.Cause{selfheal.Caused, selfheal.NotCaused, selfheal.Inconclusive}).Draw(r, "answer")
		s.Confidence = rapid.Float64Range(0, 1).Draw(r, "sure")
		after, effect := merge(v, s)
		switch {
		case (after.Cause == selfheal.Caused) != (after.Culprit != nil):
			r.Fatalf("%s with culprit %+v", after.Cause, after.Culprit)
		case v.Cause == selfheal.NotCaused && after.Cause == selfheal.Caused:
			r.Fatal("an acquittal became a blame")
		case v.Cause == selfheal.Caused && after.Cause == selfheal.NotCaused:
			r.Fatal("a blame became an acquittal")
		case v.Cause == selfheal.Caused && after.Cause == selfheal.Caused && after.Culprit.Commit != "a":
			r.Fatal("another commit took the blame")
		case v.Cause == selfheal.Inconclusive && after.Cause != selfheal.Inconclusive && after.Confidence > maxBlame:
			r.Fatalf("a model alone is %.2f sure", after.Confidence)
		case v.Cause == selfheal.Inconclusive && after.Cause == selfheal.NotCaused:
			r.Fatal("nothing spoke against the blame")
		case after.Confidence < 0 || after.Confidence > 1 || after.Cause != selfheal.Inconclusive && after.Confidence > max(v.Confidence, maxAgreed):
			r.Fatalf("confidence %.2f", after.Confidence)
		case s.Cause == selfheal.Inconclusive && (after.Cause != v.Cause || effect != selfheal.AgentConfirmed):
			r.Fatal("not to know moved the verdict")
		}
		sum := 0.0
		for _, c := range after.Candidates {
			sum += c.Probability
		}
		if sum > 1.001 {
			r.Fatalf("probabilities add up to %v", sum)
		}
	})
}

func TestMergeMoves(t *testing.T) {
	t.Parallel()
	rules := func(cause selfheal.Cause, confidence, a, b float64, exhibits ...selfheal.Exhibit) selfheal.Verdict {
		v := selfheal.Verdict{Signatures: []selfheal.SignatureID{"s0", "s1"}, Cause: cause, Confidence: confidence, Candidates: []selfheal.Candidate{{Commit: "a", Probability: a}, {Commit: "b", Probability: b}}, Exhibits: exhibits}
		if cause == selfheal.Caused {
			v.Culprit = &selfheal.Culprit{Commit: "a", Path: "x.go", Start: 3}
		}
		return v
	}
	says := func(cause selfheal.Cause, commit string, steps int) checked {
		return checked{submission: submission{Cause: cause, Confidence: 1, Path: "y.go", Line: 7, Mechanism: "m"}, commit: commit, steps: steps, signatures: []selfheal.SignatureID{"s1", "s2"}}
	}
	f := func(name string, v selfheal.Verdict, s checked, cause selfheal.Cause, effect selfheal.AgentEffect) {
		t.Helper()
		after, got := merge(v, s)
		if after.Cause != cause || got != effect {
			t.Errorf("%s: %s (%s, %.2f), want %s (%s)", name, after.Cause, got, after.Confidence, cause, effect)
		}
	}
	soft := selfheal.Exhibit{Kind: selfheal.ExhibitExternalWords, Weight: -1}
	f("finds it", rules(selfheal.Inconclusive, 0.9, 0.03, 0.01), says(selfheal.Caused, "a", 2), selfheal.Caused, selfheal.AgentRaised)
	f("finds it, and shows no steps", rules(selfheal.Inconclusive, 0.9, 0.03, 0.01), says(selfheal.Caused, "a", 0), selfheal.Inconclusive, selfheal.AgentRaised)
	f("blames what cannot be", rules(selfheal.Inconclusive, 0.9, 0.03, 0), says(selfheal.Caused, "b", 9), selfheal.Inconclusive, selfheal.AgentConfirmed)
	f("the rules prefer another", rules(selfheal.Inconclusive, 0.5, 0.5, 0.01), says(selfheal.Caused, "b", 0), selfheal.Inconclusive, selfheal.AgentLowered)
	f("acquits on its own", rules(selfheal.Inconclusive, 0.9, 0.03, 0.01), says(selfheal.NotCaused, "", 2), selfheal.Inconclusive, selfheal.AgentLowered)
	f("acquits with a rule", rules(selfheal.Inconclusive, 0.9, 0.03, 0.01, soft), says(selfheal.NotCaused, "", 2), selfheal.NotCaused, selfheal.AgentLowered)
	f("agrees", rules(selfheal.Caused, 0.85, 0.85, 0.05), says(selfheal.Caused, "a", 0), selfheal.Caused, selfheal.AgentRaised)
	f("acquits the blamed", rules(selfheal.Caused, 0.85, 0.85, 0.05), says(selfheal.NotCaused, "", 2), selfheal.Inconclusive, selfheal.AgentLowered)
	f("blames another", rules(selfheal.Caused, 0.85, 0.85, 0.05), says(selfheal.Caused, "b", 2), selfheal.Inconclusive, selfheal.AgentLowered)
	f("doubts an acquittal", rules(selfheal.NotCaused, 0.7, 0.2, 0.01), says(selfheal.Caused, "a", 2), selfheal.Inconclusive, selfheal.AgentRaised)
	f("cannot doubt it", rules(selfheal.NotCaused, 0.99, 0.001, 0.001), says(selfheal.Caused, "a", 0), selfheal.NotCaused, selfheal.AgentConfirmed)
	elsewhere := says(selfheal.Caused, "a", 2)
	elsewhere.signatures = []selfheal.SignatureID{"s7"}
	f("finds something else", rules(selfheal.Inconclusive, 0.9, 0.03, 0.01), elsewhere, selfheal.Inconclusive, selfheal.AgentRaised)
	if after, _ := merge(rules(selfheal.Inconclusive, 0.9, 0.03, 0.01), says(selfheal.Caused, "a", 2)); len(after.Signatures) != 1 || after.Signatures[0] != "s1" {
		t.Errorf("it covers %v", after.Signatures)
	}
	after, _ := merge(rules(selfheal.Caused, 0.85, 0.85, 0.05), says(selfheal.Caused, "a", 0))
	if after.Culprit.Path != "y.go" || after.Culprit.Start != 7 {
		t.Errorf("the line of an agreed commit: %+v", after.Culprit)
	}
}
