package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"selfheal"
)

// Request is what a user asks to be done about a deploy's anomalies.
type Request struct {
	Repository string // where the service's code is
	Target     string // branch that pull requests are made against
	Intent     selfheal.Intent
	Earlier    []selfheal.Deploy // that may be the cause as well, oldest first
	Part       int               // 2 and up for anomalies with another cause than the first part's; see [PartOf]
}

// PartOf is the part of an assessment that a verdict is about.
func PartOf(a selfheal.Assessment, v selfheal.Verdict) selfheal.Assessment {
	a.Anomalies = slices.DeleteFunc(slices.Clone(a.Anomalies), func(anomaly selfheal.Anomaly) bool { return !slices.Contains(v.Signatures, anomaly.Signature) })
	return a
}

// Open gives the incident for a deploy's anomalies: a new one, or the one that an
// earlier run opened. While nobody outside has seen anything of it, new findings
// replace the old ones; afterwards the incident goes on as it is.
func (p *Pipeline) Open(ctx context.Context, a selfheal.Assessment, r Request) (*selfheal.Incident, error) {
	key := a.Deploy.Key()
	if r.Part > 1 {
		key += fmt.Sprintf("-%d", r.Part)
	}
	stream := selfheal.StreamName(selfheal.StreamIncident, key)
	opened := selfheal.Opened{ID: incidentID(key), Assessment: a, Repository: r.Repository, Target: r.Target, Program: p.Version, Intent: r.Intent, Earlier: r.Earlier, Part: r.Part}
	err := p.retry(ctx, func() error {
		events, err := p.Store.Events(ctx, stream)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return p.append(ctx, stream, 0, selfheal.EventIncidentOpened, opened)
		}
		incident, err := selfheal.Fold(key, events)
		if err != nil {
			return err
		}
		kind, payload := reopening(incident, opened)
		if kind == "" {
			return nil
		}
		return p.append(ctx, stream, incident.Version, kind, payload)
	})
	if err != nil {
		return nil, err
	}
	return p.Load(ctx, key)
}

// reopening says which event, if any, brings an existing incident up to date.
func reopening(i *selfheal.Incident, opened selfheal.Opened) (selfheal.EventType, any) {
	if i.PullRequest != nil || i.Fix != nil {
		return "", nil
	}
	if !slices.Equal(flagged(i.Opened.Assessment), flagged(opened.Assessment)) ||
		i.Opened.Target != opened.Target || i.Opened.Program != opened.Program || !sameSearch(i.Opened, opened) {
		return selfheal.EventIncidentReassessed, opened
	}
	if sameIntent(i.Opened.Intent, opened.Intent) {
		return "", nil
	}
	if i.Stage == selfheal.StageOpened || i.Stage == selfheal.StageJudged || i.Stage == selfheal.StageDecided {
		return selfheal.EventIntentChanged, opened.Intent
	}
	return selfheal.EventIncidentReassessed, opened
}

// sameSearch tells whether the cause was looked for in the same places, by the same means.
func sameSearch(a, b selfheal.Opened) bool {
	same := func(x, y selfheal.Deploy) bool { return x.Key() == y.Key() && x.Time.Equal(y.Time) }
	if !slices.EqualFunc(a.Earlier, b.Earlier, same) {
		return false
	}
	if a.Intent.Prove.When != selfheal.ProveAlways && b.Intent.Prove.When != selfheal.ProveAlways && len(a.Intent.Replay)+len(b.Intent.Replay) == 0 {
		return true // nothing is run for it
	}
	return a.Intent.Prove == b.Intent.Prove && slices.Equal(a.Intent.Replay, b.Intent.Replay)
}

func sameIntent(a, b selfheal.Intent) bool {
	return a.Repair == b.Repair && a.DryRun == b.DryRun && a.Timeout == b.Timeout && a.Network == b.Network && a.Unsafe == b.Unsafe &&
		slices.Equal(a.Strategies, b.Strategies) && slices.Equal(a.Verify, b.Verify) && slices.Equal(a.Replay, b.Replay)
}

func flagged(a selfheal.Assessment) []selfheal.SignatureID {
	var ids []selfheal.SignatureID
	for _, anomaly := range a.Anomalies {
		ids = append(ids, anomaly.Signature)
	}
	slices.Sort(ids)
	return ids
}

// incidentID is the short name of an incident: SERVICE-HASH, in characters that a branch name may hold.
func incidentID(key string) string {
	parts := strings.Split(key, "/")
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, parts[len(parts)-2])
	return strings.Trim(name, "-") + "-" + parts[len(parts)-1]
}
