package app

import (
	"context"
	"io"
	"strings"

	"selfheal"
	"selfheal/internal/inspect"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
)

// OverrideRequest is what a person says about one of a service's signatures.
type OverrideRequest struct {
	Action  selfheal.OverrideAction
	ID      string // of the signature, or the beginning of it
	Into    string // of a merge, likewise
	Title   string // of a rename
	Reason  string
	Service string   // empty: from the configuration
	Logs    []string // where to look for the signature instead of in the deploys that were judged; "-" is Stdin
	Stdin   io.Reader
}

// Override keeps what a person says. It gives the signature that was meant.
func (a *App) Override(ctx context.Context, r OverrideRequest) (selfheal.Signature, error) {
	p, err := a.Pipeline(ctx, "signatures")
	if err != nil {
		return selfheal.Signature{}, err
	}
	service := a.service(CheckRequest{Service: r.Service})
	known, err := a.knownSignatures(ctx, p, service, r)
	if err != nil {
		return selfheal.Signature{}, err
	}
	o := selfheal.Override{Action: r.Action, Title: r.Title, Reason: r.Reason}
	if o.Signature, err = pick(known, r.ID); err != nil {
		return selfheal.Signature{}, err
	}
	if r.Action == selfheal.OverrideMerge {
		into, err := pick(known, r.Into)
		if err != nil {
			return selfheal.Signature{}, err
		}
		if into.ID == o.Signature.ID {
			return selfheal.Signature{}, selfheal.Usagef("name two different signatures", "%s is itself", into.ID)
		}
		o.Into = &into
	}
	return o.Signature, p.Override(ctx, service, o)
}

// deploysSearched is how many deploys are looked through for a signature.
const deploysSearched = 200

// knownSignatures gathers what a person may mean: the signatures of files that
// are named, else those of the service's newest deploys and those spoken of before.
func (a *App) knownSignatures(ctx context.Context, p *pipeline.Pipeline, service string, r OverrideRequest) ([]selfheal.Signature, error) {
	var all []selfheal.Signature
	if len(r.Logs) > 0 {
		own, err := a.modules(ctx)
		if err != nil {
			return nil, err
		}
		table, err := inspect.Table(ctx, inspect.Request{Files: r.Logs, Modules: own, Stdin: r.Stdin, Clock: a.settings.Clock}, inspect.View{})
		for _, row := range table.Rows {
			all = append(all, row.Signature)
		}
		return all, err
	}
	identities, err := p.Identities(ctx, service)
	if err != nil {
		return nil, err
	}
	for _, o := range identities.Overrides() {
		all = append(all, o.Signature)
	}
	assessments, err := a.assessments(ctx, service)
	for _, assessment := range assessments {
		all = append(all, assessment.Signatures...)
	}
	return all, err
}

// assessments gives the newest assessment of each of a service's deploys, newest deploy first.
func (a *App) assessments(ctx context.Context, service string) ([]selfheal.Assessment, error) {
	streams, err := a.store.Streams(ctx, selfheal.StreamDeploy, 0)
	if err != nil {
		return nil, err
	}
	var all []selfheal.Assessment
	for _, stream := range streams {
		key := strings.TrimPrefix(stream.Name, selfheal.StreamName(selfheal.StreamDeploy, ""))
		if parts := strings.Split(key, "/"); len(parts) < 3 || parts[len(parts)-2] != service || len(all) == deploysSearched {
			continue
		}
		events, err := a.store.Events(ctx, stream.Name)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			continue
		}
		assessment, err := selfheal.Decode[selfheal.Assessment](events[len(events)-1])
		if err != nil {
			return nil, err
		}
		all = append(all, assessment)
	}
	return all, nil
}

// pick finds the one signature whose id begins with what was given.
func pick(known []selfheal.Signature, id string) (selfheal.Signature, error) {
	var found *selfheal.Signature
	for i := range known {
		s := &known[i]
		if id == "" || !strings.HasPrefix(string(s.ID), id) {
			continue
		}
		if found != nil && found.ID != s.ID {
			return selfheal.Signature{}, selfheal.Usagef("give more of it", "%s and %s both begin with %q", found.ID, s.ID, id)
		}
		if found == nil {
			found = s
		}
	}
	if found == nil {
		return selfheal.Signature{}, selfheal.Usagef("name the logs that show it: --logs FILE", "no deploy of this service has shown a signature %q", id)
	}
	return *found, nil
}

// Identities gives what is known of a service's signatures, with their titles.
func (a *App) Identities(ctx context.Context, service string) (report.Identities, error) {
	p, err := a.Pipeline(ctx, "signatures")
	if err != nil {
		return report.Identities{}, err
	}
	service = a.service(CheckRequest{Service: service})
	known, err := p.Identities(ctx, service)
	if err != nil {
		return report.Identities{}, err
	}
	return report.Identities{Service: service, Overrides: known.Overrides(), Aliases: known.Aliases(), Patterns: known.Patterns}, nil
}
