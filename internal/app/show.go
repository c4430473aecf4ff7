package app

import (
	"context"
	"fmt"
	"strings"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
)

// report puts a report together, with the places a reader may go on to. Of
// several incidents the first is the one that the report is about.
func (a *App) report(assessment selfheal.Assessment, incidents ...*selfheal.Incident) report.Report {
	var first *selfheal.Incident
	if len(incidents) > 0 {
		first = incidents[0]
	}
	r := report.New(a.settings.Version, a.settings.Clock(), assessment, first)
	for i, incident := range incidents {
		if i > 0 {
			r.Further = append(r.Further, incident)
		}
		if incident.PullRequest != nil {
			r.Places = append(r.Places, report.Place{Label: "pull request", Path: incident.PullRequest.URL})
		}
	}
	if id := transcriptOf(first); id != "" {
		r.Places = append(r.Places, report.Place{Label: "transcript", Path: agent.TranscriptPath(a.transcripts(), id)})
	}
	r.Places = append(r.Places, report.Place{Label: "store", Path: a.StorePath()})
	return r
}

// Incidents lists what the store knows, newest first, at most limit (0: all).
func (a *App) Incidents(ctx context.Context, limit int) ([]*selfheal.Incident, error) {
	streams, err := a.store.Streams(ctx, selfheal.StreamIncident, limit)
	if err != nil {
		return nil, err
	}
	incidents := make([]*selfheal.Incident, 0, len(streams))
	for _, stream := range streams {
		incident, err := pipeline.LoadIncident(ctx, a.store, strings.TrimPrefix(stream.Name, selfheal.StreamName(selfheal.StreamIncident, "")))
		if err != nil {
			return nil, err
		}
		incidents = append(incidents, incident)
	}
	return incidents, nil
}

// Show reports one incident by its id, its key, or the unambiguous beginning of either.
func (a *App) Show(ctx context.Context, id string) (report.Report, error) {
	incident, err := a.incident(ctx, id)
	if err != nil {
		return report.Report{}, err
	}
	return a.report(incident.Opened.Assessment, incident), nil
}

// incident finds one by its id, its key, or the unambiguous beginning of either.
func (a *App) incident(ctx context.Context, id string) (*selfheal.Incident, error) {
	incidents, err := a.Incidents(ctx, 0)
	if err != nil {
		return nil, err
	}
	var found []*selfheal.Incident
	for _, incident := range incidents {
		if incident.ID == id || incident.Key == id {
			return incident, nil
		}
		if id != "" && (strings.HasPrefix(incident.ID, id) || strings.HasPrefix(incident.Key, id)) {
			found = append(found, incident)
		}
	}
	switch len(found) {
	case 0:
		return nil, selfheal.Usagef("run selfheal incidents for a list", "no incident %q", id)
	case 1:
		return found[0], nil
	}
	var ids []string
	for _, incident := range found {
		ids = append(ids, incident.ID)
	}
	return nil, selfheal.Usagef("give more of it: "+strings.Join(ids, ", "), "%s", fmt.Sprintf("%d incidents begin with %q", len(found), id))
}
