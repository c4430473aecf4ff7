package triage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
)

// Input is what a judgement needs.
type Input struct {
	Repository *git.Repository
	Change     selfheal.Change // from ReadChange
	// Anomalies, strongest first. Those that were set aside are ignored.
	Anomalies []selfheal.Anomaly
	// Signatures of the anomalies, with their samples.
	Signatures []selfheal.Signature
	DeployedAt time.Time // zero when unknown
	// Build is what a failing build's output says; nil when the anomalies are not of a build.
	Build *selfheal.BuildFailure
}

// maxSymptoms is how many anomalies are examined.
const maxSymptoms = 12

// Judge says whether the change caused the anomalies, which commit did, and
// which line of it. Errors are those of reading the repository.
func Judge(ctx context.Context, in Input) (selfheal.Verdict, error) {
	symptoms := symptomsOf(in)
	if len(symptoms) == 0 {
		return selfheal.Verdict{
			Cause: selfheal.Inconclusive, Reason: "There is no anomaly to explain.",
			Candidates: unscored(in.Change), WouldHelp: "an anomaly with a sample of its log text",
		}, nil
	}
	in.Change = partOfBuild(in.Change, in.Build)
	if !in.Change.Deployable() {
		return nothingRuns(in.Change, symptoms), nil
	}
	evidence, err := gather(ctx, in, symptoms)
	if err != nil {
		return selfheal.Verdict{}, fmt.Errorf("triage: %w", err)
	}
	rankings := make([]ranking, len(symptoms))
	for i, s := range symptoms {
		rankings[i] = evidence.examine(s, in.DeployedAt)
	}
	blendSiblings(rankings)
	weighCoMovement(rankings)
	verdict, err := evidence.conclude(ctx, in.Repository, rankings)
	if err != nil {
		return selfheal.Verdict{}, fmt.Errorf("triage: %w", err)
	}
	return verdict, nil
}

// symptomsOf reads the flagged anomalies whose signature is known.
func symptomsOf(in Input) []symptom {
	signatures := map[selfheal.SignatureID]selfheal.Signature{}
	for _, s := range in.Signatures {
		signatures[s.ID] = s
	}
	var symptoms []symptom
	for _, a := range in.Anomalies {
		s, ok := signatures[a.Signature]
		if ok && a.Flagged() && len(symptoms) < maxSymptoms {
			symptoms = append(symptoms, readSymptom(a, s))
		}
	}
	return symptoms
}

// examine collects everything for and against for one symptom and weighs it.
func (e *evidence) examine(s symptom, deployedAt time.Time) ranking {
	b := &bench{evidence: e, symptom: s}
	b.frames = e.locateFrames(s.frames, s.message)
	b.sites = b.findSites()
	b.anchors = b.findAnchors()
	var findings []finding
	for _, rule := range []func() []finding{
		b.frameRule, b.literalRule, b.siteRule, b.hopRule, b.nameRule, b.dependencyRule, b.lexiconRule, b.settingRule, b.valueRule,
		b.flowRule, b.constraintRule, b.buildRule,
	} {
		findings = append(findings, rule()...)
	}
	for i := range findings {
		findings[i].exhibit.Signature = s.signature.ID
		findings[i].exhibit.Commit = e.change.Commits[findings[i].commit].ID
	}
	sortFindings(findings)
	counters := append(b.outsideBuild(), e.counted(against(s, deployedAt))...)
	return rank(s, findings, append(counters, b.intended(findings)...), e.touched)
}

// maxAnchors bounds the functions from which calls are followed.
const maxAnchors = 40

// findAnchors lists the functions that the error has to do with: those of its
// frames and of the statements that print it, and with less weight the ones
// that these call.
func (b *bench) findAnchors() []anchor {
	var anchors []anchor
	seen := map[*Function]bool{}
	add := func(a anchor) {
		if a.function != nil && !seen[a.function] && len(anchors) < maxAnchors {
			seen[a.function] = true
			anchors = append(anchors, a)
		}
	}
	for _, f := range b.frames {
		a := anchor{path: f.path, function: b.functionOf(f), weight: f.weight, observed: f.quote, traced: f.kind == frameStack && b.knowsCallers(), hander: f.hander}
		if !f.stale {
			a.line = f.line
		}
		add(a)
	}
	for _, s := range b.sites {
		add(anchor{path: s.path, function: s.function, weight: s.quality, observed: s.observed, line: s.literal.Start})
	}
	b.readers = slices.Clone(anchors)
	for _, a := range anchors {
		for _, callee := range b.callees(a) {
			add(callee)
		}
	}
	return anchors
}

// knowsCallers tells whether the error comes with a stack of at least two named functions.
func (b *bench) knowsCallers() bool {
	named := 0
	for _, f := range b.symptom.frames {
		if f.kind == frameStack && f.function != "" {
			named++
		}
	}
	return named > 1
}

// onStack tells whether a function of that name is on the stack.
func (b *bench) onStack(name string) bool {
	return slices.ContainsFunc(b.symptom.frames, func(f stackFrame) bool { return plainFunction(f.function) == name || f.function == name })
}

// callees gives the functions beside an anchor's file that it calls by a rare name.
func (b *bench) callees(a anchor) []anchor {
	var out []anchor
	for _, path := range b.besides[dirOf(a.path)] {
		s := b.sources[path]
		for i := range s.Functions {
			f := &s.Functions[i]
			if f.Declaration || f == a.function || !a.function.Uses[f.Name] || b.nameRarity(f.Name) < 0.4 {
				continue
			}
			out = append(out, anchor{path: path, function: f, weight: factorSecondHop * a.weight, observed: a.observed})
		}
	}
	return out
}

// sortFindings puts the strongest first, in an order that does not depend on chance.
func sortFindings(findings []finding) {
	sort.SliceStable(findings, func(i, j int) bool {
		a, b := findings[i], findings[j]
		if a.exhibit.Weight != b.exhibit.Weight {
			return a.exhibit.Weight > b.exhibit.Weight
		}
		if a.commit != b.commit {
			return a.commit < b.commit
		}
		return exhibitKey(a.exhibit) < exhibitKey(b.exhibit)
	})
}

func exhibitKey(x selfheal.Exhibit) string {
	return strings.Join([]string{string(x.Kind), x.Path, fmt.Sprintf("%08d", x.Line), x.Text, x.Observed}, "\x00")
}
