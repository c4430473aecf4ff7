package pipeline

import (
	"context"

	"selfheal"
)

// incidentsRecalled bounds how many incidents are read: a baseline is weeks at most.
const incidentsRecalled = 200

// excluded gives the times of earlier regressions of a service, by the signatures
// that they concerned: from their onset to the fix, as far as that is known.
func (p *Pipeline) excluded(ctx context.Context, d selfheal.Deploy, known identities) (map[selfheal.SignatureID][]selfheal.Interval, error) {
	streams, err := p.Store.Streams(ctx, selfheal.StreamIncident, incidentsRecalled)
	if err != nil {
		return nil, err
	}
	all := map[selfheal.SignatureID][]selfheal.Interval{}
	for _, stream := range streams {
		events, err := p.Store.Events(ctx, stream.Name)
		if err != nil {
			return nil, err
		}
		incident, err := selfheal.Fold(stream.Name, events)
		if err != nil {
			return nil, err
		}
		if !isEarlierRegression(incident, d) {
			continue
		}
		judged := incident.Opened.Assessment
		today := p.resigned(judged.Signatures)
		for _, a := range judged.Anomalies {
			id := a.Signature
			if s, described := today[id]; described {
				id = s.ID
			}
			id = known.standsFor(id)
			all[id] = append(all[id], broken(incident, a))
		}
	}
	return all, nil
}

func isEarlierRegression(i *selfheal.Incident, d selfheal.Deploy) bool {
	earlier := i.Opened.Assessment.Deploy
	verdict := i.Verdict()
	return verdict != nil && verdict.Cause == selfheal.Caused &&
		earlier.Service == d.Service && earlier.Environment == d.Environment && earlier.Key() != d.Key() && earlier.Time.Before(d.Time)
}

// broken is when an anomaly of an incident lasted.
func broken(i *selfheal.Incident, a selfheal.Anomaly) selfheal.Interval {
	lasted := i.Opened.Assessment.Window.Watched
	if !a.Onset.IsZero() {
		lasted.From = a.Onset
	}
	if i.Fix != nil && i.Fix.Deploy.Time.After(lasted.To) {
		lasted.To = i.Fix.Deploy.Time
	}
	return lasted
}
