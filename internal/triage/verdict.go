package triage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/prove"
)

// What a blame needs, and what an acquittal needs.
const (
	minProbability = 0.80 // of the blamed commit
	maxRival       = 0.5  // probability of the next commit, as a share of the blamed one's
	minAcquittal   = 0.60 // of the outside world
	maxOtherError  = 0.85 // when it rests on a command that fails with another error
	vetoConfidence = 0.97 // when nothing of the change can run
	maxExhibits    = 12
)

// conclude turns the rankings of all symptoms into one verdict. It explains the
// symptom whose ranking is clearest; the verdict covers those that agree with it.
func (e *evidence) conclude(ctx context.Context, repo *git.Repository, rankings []ranking, trial *prove.Answer) (selfheal.Verdict, error) {
	r := primary(rankings)
	v := selfheal.Verdict{Candidates: e.candidates(r), Irrelevant: append(e.irrelevant(), irrelevantTrial(trial)...), Basis: r.basis()}
	if trial != nil {
		v.Trial = &trial.Trial
	}
	if len(r.deploys) > 1 {
		v.Deploys = presented(r.deploys)
	}
	commit, _, _, _ := r.top()
	v.Cause = causeOf(r)
	v.Confidence = r.confidence(v.Cause)
	var err error
	if v.Cause == selfheal.Caused {
		if v.Culprit, err = e.culpritOf(ctx, repo, r, commit); err != nil {
			return v, err
		}
	}
	for i := range rankings {
		if &rankings[i] == r || agrees(&rankings[i], r, v.Cause) {
			v.Signatures = append(v.Signatures, rankings[i].symptom.signature.ID)
		}
	}
	if v.Exhibits, err = verified(ctx, repo, append(e.executionExhibits(r), e.exhibits(r)...)); err != nil {
		return v, err
	}
	if err = dateTouched(ctx, repo, v.Exhibits); err != nil {
		return v, err
	}
	v.Reason, v.WouldHelp = e.reason(&v, r, commit), wouldHelp(&v, r)
	return v, nil
}

// primary gives the ranking with the most probable blame, or else the strongest anomaly's.
func primary(rankings []ranking) *ranking {
	best, top := &rankings[0], 0.0
	for i := range rankings {
		if causeOf(&rankings[i]) != selfheal.Caused {
			continue
		}
		if _, p, _, _ := rankings[i].top(); p > top {
			best, top = &rankings[i], p
		}
	}
	return best
}

func causeOf(r *ranking) selfheal.Cause {
	_, probability, second, ok := r.top()
	switch {
	case ok && probability >= minProbability && second <= maxRival*probability:
		return selfheal.Caused
	case r.external >= minAcquittal:
		return selfheal.NotCaused
	}
	return selfheal.Inconclusive
}

// agrees tells whether a verdict on the primary symptom covers another one too:
// same blame, or no answer of its own and the same commit in front.
func agrees(other, r *ranking, cause selfheal.Cause) bool {
	own := causeOf(other)
	switch cause {
	case selfheal.Caused:
		theirs, p, _, _ := other.top()
		ours, _, _, _ := r.top()
		return theirs == ours && own != selfheal.NotCaused && p >= other.external
	case selfheal.NotCaused:
		return own == selfheal.NotCaused
	}
	return own == selfheal.Inconclusive
}

// candidates lists all commits, most likely first.
func (e *evidence) candidates(r *ranking) []selfheal.Candidate {
	var out []selfheal.Candidate
	for _, i := range r.order() {
		score := max(0, r.scores[i]) // below zero it only says that there is no evidence
		c := e.change.Commits[i]
		out = append(out, selfheal.Candidate{
			Commit: c.ID, Subject: shorten(c.Subject), Score: round(score), Probability: round(r.probabilities[i]),
			Back: e.chain.back[i], Undone: c.Undone,
		})
	}
	return out
}

// confidence is the probability that a cause is right, within what its kind of
// evidence can give.
func (r *ranking) confidence(cause selfheal.Cause) float64 {
	commit, probability, _, _ := r.top()
	most := maxConfidence
	switch cause {
	case selfheal.NotCaused:
		return min(r.external, most)
	case selfheal.Inconclusive:
		return min(max(r.unknown, 1-probability), most)
	case selfheal.Caused:
		switch {
		case r.tiers[commit] == tierDirect:
		case !r.executed(commit):
			most = maxIndirect
		case r.trial.Trial.Reproduction == selfheal.ReproducedOther:
			most = maxOtherError
		}
	}
	return min(probability, most)
}

// basis is how the probability is spread.
func (r *ranking) basis() *selfheal.Basis {
	commit, leading, _, ok := r.top()
	var evidence selfheal.EvidenceTier
	if ok {
		evidence = r.evidenceFor(commit)
	}
	return &selfheal.Basis{
		Evidence: evidence,
		Leading:  round(leading), Others: round(max(0, 1-leading-r.external-r.unknown)), Outside: round(r.external), Unknown: round(r.unknown),
	}
}

// evidenceFor gives the tier of the evidence for a commit, of which execution is the highest.
func (r *ranking) evidenceFor(commit int) selfheal.EvidenceTier {
	switch {
	case r.executed(commit):
		return selfheal.EvidenceExecuted
	case r.tiers[commit] == tierDirect:
		return selfheal.EvidenceDirect
	case r.tiers[commit] == tierIndirect:
		return selfheal.EvidenceIndirect
	}
	return selfheal.EvidenceCircumstantial
}

func presented(deploys []selfheal.Exposure) []selfheal.Exposure {
	out := slices.Clone(deploys)
	for i := range out {
		out[i].Prior = round(out[i].Prior)
	}
	return out
}

// round keeps four digits: more would only claim a precision that is not there.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// exhibits lists what speaks for the leading commit and against the blame,
// the strongest of each kind and place first.
func (e *evidence) exhibits(r *ranking) []selfheal.Exhibit {
	var out []selfheal.Exhibit
	for _, c := range r.counters {
		out = append(out, c.exhibit)
	}
	leading, _, _, ok := r.top()
	if x, unreached := r.unreached[leading]; ok && unreached {
		out = append(out, x)
	}
	perKind := map[selfheal.ExhibitKind]int{}
	told := map[string]bool{}
	for _, f := range r.findings {
		if !ok || f.commit != leading || r.excused(f) || f.exhibit.Quote == "" && f.exhibit.Path != "" || perKind[f.exhibit.Kind] >= 3 || len(out) >= maxExhibits {
			continue
		}
		// What one frame or phrase has shown once, it shows no better a second time.
		key := fmt.Sprintf("%d %s", f.family, f.exhibit.Observed)
		if told[key] {
			continue
		}
		told[key] = true
		perKind[f.exhibit.Kind]++
		x := f.exhibit
		x.Weight = round(x.Weight)
		out = append(out, x)
	}
	return out
}

// verified keeps the exhibits whose quotes can be read back.
func verified(ctx context.Context, repo *git.Repository, exhibits []selfheal.Exhibit) ([]selfheal.Exhibit, error) {
	names := make([]string, len(exhibits))
	for i, x := range exhibits {
		names[i] = x.Revision + ":" + x.Path
	}
	var kept []selfheal.Exhibit
	err := repo.ReadBlobs(ctx, names, maxBlob*16, func(i int, content []byte, ok bool) error {
		x := exhibits[i]
		if x.Path == "" || ok && lineIs(content, x.Line, x.Quote) {
			kept = append(kept, x)
		}
		return nil
	})
	return kept, err
}

// irrelevant says what was looked at and ruled out.
func (e *evidence) irrelevant() []string {
	quiet, cosmetic := 0, 0
	edited := map[int]bool{}
	for _, edit := range e.edits {
		edited[edit.commit] = true
	}
	for i, n := range e.touched {
		switch {
		case n == 0:
			quiet++
		case !edited[i]:
			cosmetic++
		}
	}
	var out []string
	if quiet > 0 {
		out = append(out, fmt.Sprintf("%s only docs, tests, CI or comments", commits(quiet, "touches", "touch")))
	}
	if cosmetic > 0 {
		out = append(out, fmt.Sprintf("%s no line of text that could run", commits(cosmetic, "changes", "change")))
	}
	return out
}

// irrelevantTrial says that a command was tried which shows nothing.
func irrelevantTrial(trial *prove.Answer) []string {
	if trial == nil || trial.Likelihoods != nil {
		return nil
	}
	return []string{fmt.Sprintf("the command %q says nothing: %s", shorten(trial.Trial.Command), trial.Trial.Ended)}
}

func commits(n int, one, many string) string {
	if n == 1 {
		return "1 commit " + one
	}
	return fmt.Sprintf("%d commits %s", n, many)
}

// nothingRuns is the verdict on a change that cannot have caused anything.
func nothingRuns(change selfheal.Change, symptoms []symptom) selfheal.Verdict {
	v := selfheal.Verdict{
		Cause: selfheal.NotCaused, Confidence: vetoConfidence, Candidates: unscored(change),
		Exhibits:  []selfheal.Exhibit{{Kind: selfheal.ExhibitNothingRuns, Weight: -10, Text: "the change holds nothing that runs: " + classCounts(change.Files)}},
		WouldHelp: "a file that is classified wrongly; set its class in the configuration",
	}
	v.Reason = fmt.Sprintf("The change touches %s; none of it runs in production.", classCounts(change.Files))
	if len(change.Files) == 0 {
		v.Reason = "Both revisions have the same content, so the deploy changed nothing that runs."
		v.Exhibits[0].Text = "the revisions have the same content"
	}
	for _, s := range symptoms {
		v.Signatures = append(v.Signatures, s.signature.ID)
	}
	if n := len(change.Commits); n > 0 {
		v.Irrelevant = []string{fmt.Sprintf("%s nothing that runs", commits(n, "touches", "touch"))}
	}
	return v
}

func unscored(change selfheal.Change) []selfheal.Candidate {
	var out []selfheal.Candidate
	for _, c := range slices.Backward(change.Commits) {
		out = append(out, selfheal.Candidate{Commit: c.ID, Subject: shorten(c.Subject)})
	}
	return out
}

// classCounts renders "2 docs and 1 test files".
func classCounts(files []selfheal.FileChange) string {
	counts := map[selfheal.FileClass]int{}
	for _, f := range files {
		counts[f.Class]++
	}
	var parts []string
	for _, class := range []selfheal.FileClass{selfheal.ClassDocs, selfheal.ClassTest, selfheal.ClassCI} {
		if n := counts[class]; n > 0 {
			name := string(class)
			if class == selfheal.ClassCI {
				name = "CI"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	noun := " files"
	if len(files) == 1 {
		noun = " file"
	}
	switch len(parts) {
	case 0:
		return "no" + noun
	case 1:
		return parts[0] + noun
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1] + noun
}

// reason puts the verdict into one or two sentences.
func (e *evidence) reason(v *selfheal.Verdict, r *ranking, commit int) string {
	switch v.Cause {
	case selfheal.Caused:
		for _, x := range v.Exhibits {
			if x.Weight > 0 {
				return fmt.Sprintf("Commit %s is the likely cause: %s.", short(v.Culprit.Commit), x.Text)
			}
		}
		return fmt.Sprintf("Commit %s is the likely cause.", short(v.Culprit.Commit))
	case selfheal.NotCaused:
		for _, x := range v.Exhibits {
			if x.Weight < 0 {
				return fmt.Sprintf("%s, and nothing that was changed explains it.", capital(x.Text))
			}
		}
	}
	order := r.order()
	switch {
	case len(order) == 0:
		return "The revisions differ, but no commit leads from one to the other, so none can be blamed."
	case r.scores[commit] < scoreUnknown:
		return "Nothing in the error points to any of the changed lines."
	case len(order) > 1 && r.probabilities[order[1]] > maxRival*r.probabilities[commit]:
		return fmt.Sprintf("The evidence points to %s and %s alike.", short(e.change.Commits[order[0]].ID), short(e.change.Commits[order[1]].ID))
	}
	if r.evidenceFor(commit) == selfheal.EvidenceCircumstantial {
		return fmt.Sprintf("Commit %s is the best candidate, but it only lies near the error, or has words in common with it: too weak for a blame.", short(e.change.Commits[commit].ID))
	}
	return fmt.Sprintf("Commit %s is the best candidate, but the evidence is too weak for a blame.", short(e.change.Commits[commit].ID))
}

// wouldHelp says what would change the mind.
func wouldHelp(v *selfheal.Verdict, r *ranking) string {
	switch {
	case v.Cause == selfheal.Caused && v.Trial != nil && v.Trial.Decided:
		return "the same error in production at a revision without the commit would acquit it"
	case v.Cause == selfheal.Caused:
		return "the same error at a revision without the commit would acquit it"
	case v.Cause == selfheal.NotCaused:
		return "the error going away with the previous revision would show that the change caused it"
	case v.Trial != nil:
		return afterTrial(v.Trial)
	case len(r.symptom.frames) == 0:
		return "a stack trace, or a command that fails with the error, run on both revisions (--prove --replay COMMAND)"
	}
	return "a command that fails with the error, run on both revisions (--prove --replay COMMAND)"
}

// afterTrial says what would help when a trial did not decide.
func afterTrial(t *selfheal.Trial) string {
	switch t.Reproduction {
	case selfheal.ReproducedNot:
		return "a command that runs at the deployed revision; this one could not"
	case selfheal.ReproducedNever:
		return "a command that fails at the deployed revision; this one passes there"
	case selfheal.ReproducedOther:
		return "a command that prints the error itself; this one fails with another"
	case selfheal.ReproducedSame:
	}
	return "more runs of the command: " + t.Ended
}

func short(id string) string { return id[:min(len(id), 10)] }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
