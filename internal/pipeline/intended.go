package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/triage"
)

// judgedAtMost bounds how many signatures are looked for in the change's statements.
const judgedAtMost = 5000

// edits finds what the change did to the statements that log the flagged
// signatures, and those that only one side shows.
func (p *Pipeline) edits(ctx context.Context, d detected, found []selfheal.Anomaly) (map[selfheal.SignatureID]triage.StatementEdit, error) {
	deploy := d.plan.Deploy
	if len(found) == 0 || d.repository == "" || deploy.Previous == "" || deploy.Previous == deploy.Revision {
		return nil, nil
	}
	defer timed("statements")()
	repository, err := p.repository(ctx, d.repository, d.plan.Deploy.Revision)
	if err != nil {
		return nil, err
	}
	change, err := triage.ReadChange(ctx, repository, deploy.Previous, deploy.Revision, p.Classifier)
	if err != nil {
		return nil, err
	}
	return triage.Intended(ctx, repository, change, d.oneSided(found))
}

// oneSided gives the flagged signatures, and then those that only the baseline or only the window shows, most frequent first.
func (d detected) oneSided(found []selfheal.Anomaly) []*selfheal.Signature {
	all := union(d.baseline, d.watched)
	flagged := map[selfheal.SignatureID]bool{}
	var first, rest []*selfheal.Signature
	for _, a := range found {
		if s := all[a.Signature]; s != nil && !flagged[a.Signature] {
			flagged[a.Signature] = true
			first = append(first, s)
		}
	}
	count := func(s *selfheal.Signature) int64 {
		return max(d.baseline.counts.Of(s.ID).Total(), d.watched.counts.Of(s.ID).Total())
	}
	for id, s := range all {
		if before, after := d.baseline.counts.Of(id).Total(), d.watched.counts.Of(id).Total(); !flagged[id] && (before == 0) != (after == 0) {
			rest = append(rest, s)
		}
	}
	slices.SortFunc(rest, func(a, b *selfheal.Signature) int {
		return cmp.Or(cmp.Compare(count(b), count(a)), cmp.Compare(a.ID, b.ID))
	})
	both := append(first, rest...)
	return both[:min(len(both), judgedAtMost)]
}

// reworded gives the signatures that are one message in other words: the change
// wrote the statement anew at a level as grave, and nothing but constant text tells the two apart.
func reworded(edits map[selfheal.SignatureID]triage.StatementEdit) []selfheal.Alias {
	var aliases []selfheal.Alias
	for _, id := range slices.Sorted(maps.Keys(edits)) {
		e := edits[id]
		if e.Kind == triage.StatementReworded && !e.Gone && e.Whole && e.Counterpart != "" && edits[e.Counterpart].Whole &&
			grave(e.Before.Level) == grave(e.After.Level) {
			aliases = append(aliases, selfheal.Alias{From: id, To: e.Counterpart, Why: fmt.Sprintf("reworded in %s:%d", e.After.Path, e.After.Line)})
		}
	}
	return aliases
}

func grave(s selfheal.Severity) bool { return s >= selfheal.SeverityWarn }

// learn journals aliases and counts both sides by them.
func (p *Pipeline) learn(ctx context.Context, d *detected, aliases []selfheal.Alias) error {
	service := d.plan.Deploy.Service
	err := p.retry(ctx, func() error {
		folded, err := p.Identities(ctx, service)
		if err != nil {
			return err
		}
		unknown := slices.DeleteFunc(slices.Clone(aliases), func(a selfheal.Alias) bool { return folded.Of(a.From, "") == folded.Of(a.To, "") })
		d.known.Identities = folded
		if len(unknown) == 0 {
			return nil
		}
		learned := selfheal.Learned{Aliases: unknown}
		if err := p.append(ctx, identityStream(service), folded.Version, selfheal.EventIdentitiesLearned, learned); err != nil {
			return err
		}
		folded.Learn(learned)
		return nil
	})
	if err != nil {
		return err
	}
	d.baseline.identify(d.known)
	d.watched.identify(d.known)
	return nil
}

// excuse sets aside what the change did on purpose, as far as somebody can tell how.
func excuse(found *detect.Result, how func(selfheal.Anomaly) string) {
	excused := func(a selfheal.Anomaly) (selfheal.Anomaly, bool) {
		reason := ""
		if a.Flagged() {
			reason = how(a)
		}
		if reason != "" {
			a.Silence, a.Priority = selfheal.SilenceIntended, ""
			a.Why += "; " + reason
		}
		return a, reason != ""
	}
	kept := found.Anomalies[:0:0]
	for _, a := range found.Anomalies {
		if b, ok := excused(a); ok {
			found.SetAside = append([]selfheal.Anomaly{b}, found.SetAside...)
			continue
		}
		kept = append(kept, a)
	}
	found.Anomalies = kept
	for i, a := range found.Asked {
		found.Asked[i], _ = excused(a)
	}
}

// intention says what the change did to the statement of an anomaly, where that
// explains it: a line that it took away, or wrote at another level. New words
// alone excuse no error: behind them may be a new failure.
func intention(a selfheal.Anomaly, edits map[selfheal.SignatureID]triage.StatementEdit) string {
	e, ok := edits[a.Signature]
	if !ok || !e.Explains(a.Kind) || a.Kind != selfheal.AnomalyDrop && !e.Whole {
		return ""
	}
	at := e.After
	if at == nil || e.Gone {
		at = e.Before
	}
	words := map[triage.EditKind]string{
		triage.StatementRemoved: "took away", triage.StatementReworded: "reworded", triage.StatementReleveled: "gave another level to", triage.StatementIntroduced: "added",
	}[e.Kind]
	by := "the change"
	if e.Commit != "" {
		by = "commit " + selfheal.ShortRevision(e.Commit)
	}
	return fmt.Sprintf("%s %s the statement that logs it, %s:%d", by, words, at.Path, at.Line)
}

func dropped(all []selfheal.Anomaly) (ids []selfheal.SignatureID) {
	for _, a := range all {
		if a.Kind == selfheal.AnomalyDrop {
			ids = append(ids, a.Signature)
		}
	}
	return ids
}

const (
	// A line that nobody logged before takes the place of one that went silent when it has about
	// as many of its words, and comes between 1/succession and succession times as often.
	successorWords = 0.5
	succession     = 2
)

// successor says which new line took the place of one that went silent, as a
// dependency or a statement that is put together elsewhere may have brought it.
func (d detected) successor(a selfheal.Anomaly, alike []selfheal.Relation) string {
	if a.Kind != selfheal.AnomalyDrop {
		return ""
	}
	due := a.Expected - float64(a.Observed)
	for _, r := range alike {
		s := d.watched.signatures[r.Signature]
		if s == nil || s.IsError() || r.Similarity < successorWords || d.baseline.counts.Of(r.Signature).Total() > 0 {
			continue
		}
		if n := float64(d.watched.counts.Of(r.Signature).Total()); n >= due/succession && n <= due*succession {
			return fmt.Sprintf("a new line as frequent and with words alike took its place: %s", s.Title)
		}
	}
	return ""
}
