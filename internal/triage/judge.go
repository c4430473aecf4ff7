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
	"selfheal/internal/triage/index"
	"selfheal/internal/triage/prove"
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
	// Cache remembers what was read of the repository's code; nil: everything is read anew.
	Cache *index.Cache
	// Earlier are deploys before that one which may be the cause as well; may be nil.
	Earlier *Earlier
	// Prove, where given, is asked to tell the candidates apart by running something.
	// It gives nil when nothing was run.
	Prove func(ctx context.Context, q prove.Question) (*prove.Answer, error)
	// Build is what a failing build's output says; nil when the anomalies are not of a build.
	Build *selfheal.BuildFailure
}

// maxSymptoms is how many anomalies are examined.
const maxSymptoms = 12

// Judge says whether the change caused the anomalies, which commit did, and
// which line of it. Errors are those of reading the repository.
func Judge(ctx context.Context, in Input) (selfheal.Verdict, error) {
	verdicts, err := JudgeAll(ctx, in)
	if err != nil {
		return selfheal.Verdict{}, err
	}
	return verdicts[0], nil
}

// JudgeAll gives the verdict of [Judge] first, and then one for each further
// commit that caused other anomalies of the same deploy.
func JudgeAll(ctx context.Context, in Input) ([]selfheal.Verdict, error) {
	symptoms := symptomsOf(in)
	if len(symptoms) == 0 {
		return []selfheal.Verdict{{
			Cause: selfheal.Inconclusive, Reason: "There is no anomaly to explain.",
			Candidates: unscored(in.Change), WouldHelp: "an anomaly with a sample of its log text",
		}}, nil
	}
	in.Change = partOfBuild(in.Change, in.Build)
	if !in.Change.Deployable() && (in.Earlier == nil || !in.Earlier.Change.Deployable()) {
		return []selfheal.Verdict{nothingRuns(in.Change, symptoms)}, nil
	}
	verdicts, err := in.weigh(ctx, symptoms)
	if err != nil {
		return nil, fmt.Errorf("triage: %w", err)
	}
	return verdicts, nil
}

func (in Input) weigh(ctx context.Context, symptoms []symptom) ([]selfheal.Verdict, error) {
	evidence, err := gather(ctx, in, symptoms)
	if err != nil {
		return nil, err
	}
	rankings := make([]ranking, len(symptoms))
	for i, s := range symptoms {
		rankings[i] = evidence.examine(s, evidence.emitters[i], exposures(in, s.anomaly.Onset))
	}
	blendSiblings(rankings)
	weighCoMovement(rankings)
	trial, err := evidence.prove(ctx, in, rankings)
	if err != nil {
		return nil, err
	}
	var verdicts []selfheal.Verdict
	for len(rankings) > 0 && len(verdicts) < maxVerdicts {
		v, err := evidence.conclude(ctx, in.Repository, rankings, trial)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, v)
		rankings = slices.DeleteFunc(rankings, func(r ranking) bool {
			return slices.Contains(v.Signatures, r.symptom.signature.ID) || causeOf(&r) != selfheal.Caused
		})
		trial = nil
	}
	return verdicts, nil
}

// maxVerdicts is how many commits of one deploy may be blamed.
const maxVerdicts = 4

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
func (e *evidence) examine(s symptom, emitters []index.Emitter, deploys []selfheal.Exposure) ranking {
	b := &bench{evidence: e, symptom: s}
	b.symptom.said = withoutFilledIn(s.message, emitters)
	b.symptom.words = wordsOf(runtimeWords.ReplaceAllString(b.symptom.said, " . "))
	b.frames = e.locateFrames(s.frames, s.message)
	b.sites = b.findSites(emitters)
	b.anchors = b.findAnchors()
	b.measureReach()
	var findings []finding
	for _, rule := range b.rules() {
		for _, f := range rule.find() {
			if f.tie == 0 {
				f.tie = rule.tie
			}
			findings = append(findings, f)
		}
	}
	findings = b.withoutIdle(findings)
	b.weighReach(findings)
	for i := range findings {
		findings[i].exhibit.Signature = s.signature.ID
		findings[i].exhibit.Commit = e.change.Commits[findings[i].commit].ID
	}
	sortFindings(findings)
	counters := append(b.outsideBuild(), e.counted(against(s, servingSince(deploys)))...)
	around := b.surround()
	counters = append(append(counters, b.intended(findings)...), b.untouched(around, findings)...)
	r := rank(s, findings, counters, e.touched)
	r.distance(b.unreachedCommits(around))
	r.deploys = deploys
	r.expose(e.chain.logPriors(deploys))
	return r
}

// maxAnchors bounds the functions from which calls are followed.
const maxAnchors = 40

// findAnchors lists the functions that the error has to do with: those of its
// frames and of the statements that print it, and with less weight the ones
// that these call.
func (b *bench) findAnchors() []anchor {
	var anchors []anchor
	seen := map[*index.Function]bool{}
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
