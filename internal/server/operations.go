package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"selfheal"
	"selfheal/internal/report"
	"selfheal/internal/token"
)

// operation describes one operation of the API.
func operation(id, method, path, summary string, scope token.Scope) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, MaxBodyBytes: maxBody,
		BodyReadTimeout: 10 * time.Second,
		Description:     "Needs a token with the scope " + string(scope) + ".",
		Security:        []map[string][]string{{"token": {}}}, Metadata: map[string]any{"scope": scope},
	}
}

type body[T any] struct{ Body T }

type limited struct {
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"How many at most"`
}

// announced is a deploy as it is reported to the API.
type announced struct {
	ID          string         `json:"id,omitempty" maxLength:"200" doc:"Your own name of the event: the same one twice is one event"`
	Service     string         `json:"service" minLength:"1" maxLength:"200" doc:"OpenTelemetry service.name"`
	Environment string         `json:"environment" minLength:"1" maxLength:"200" doc:"OpenTelemetry deployment.environment.name"`
	Revision    string         `json:"revision" minLength:"1" maxLength:"200" doc:"Commit that was deployed"`
	Previous    string         `json:"previous,omitempty" maxLength:"200" doc:"Commit that served before; by default the last one that is known"`
	Time        time.Time      `json:"time,omitzero" doc:"When the revision began to serve; by default now"`
	Phase       selfheal.Phase `json:"phase,omitempty" enum:"serving,failed,rolled-back" default:"serving" doc:"What happened"`
	By          string         `json:"by,omitempty" maxLength:"200" doc:"Who or what deployed"`
	URL         string         `json:"url,omitempty" maxLength:"2000" format:"uri" doc:"Page of the deploy; it is shown and never opened"`
}

func (s *Server) operations() {
	backend := s.config.Backend
	huma.Register(s.api, operation("announce-deploy", http.MethodPost, "/deploys", "Report a deploy", token.Ingest), s.announce)
	huma.Register(s.api, operation("list-deploys", http.MethodGet, "/deploys", "List deploys that are or were watched", token.Read),
		func(ctx context.Context, in *limited) (*body[[]Watched], error) {
			all, err := backend.Watches(ctx, in.Limit)
			return &body[[]Watched]{present(all)}, answer(err)
		})
	huma.Register(s.api, operation("get-deploy", http.MethodGet, "/deploys/{environment}/{service}/{hash}", "What is known of a deploy", token.Read),
		func(ctx context.Context, in *struct {
			Environment string `path:"environment"`
			Service     string `path:"service"`
			Hash        string `path:"hash"`
		}) (*document, error) {
			r, err := backend.Deploy(ctx, in.Environment+"/"+in.Service+"/"+in.Hash)
			return documentOf(r, err)
		})
	huma.Register(s.api, operation("list-incidents", http.MethodGet, "/incidents", "List incidents", token.Read), s.incidents)
	huma.Register(s.api, operation("get-incident", http.MethodGet, "/incidents/{id}", "What is known of an incident", token.Read),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"300"`
		}) (*document, error) {
			r, err := backend.Incident(ctx, in.ID)
			return documentOf(r, err)
		})
	act := operation("act-on-incident", http.MethodPost, "/incidents/{id}/{action}", "Decide about an incident", token.Operate)
	act.DefaultStatus = http.StatusAccepted
	huma.Register(s.api, act, func(ctx context.Context, in *struct {
		ID     string `path:"id" maxLength:"300"`
		Action Action `path:"action" enum:"approve,dismiss"`
	}) (*struct{}, error) {
		return nil, answer(backend.Act(ctx, in.ID, in.Action, asker(ctx)))
	})
}

func (s *Server) announce(ctx context.Context, in *body[announced]) (*struct {
	Status int
	Body   Received
}, error) {
	d := in.Body
	if d.Time.IsZero() {
		d.Time = s.config.Clock()
	}
	received, err := s.config.Backend.Announce(ctx, selfheal.Announcement{
		ID: d.ID, Phase: d.Phase, From: "api",
		Deploy: selfheal.Deploy{
			Service: d.Service, Environment: d.Environment, Revision: d.Revision, Previous: d.Previous, Time: d.Time.UTC(),
			Status: selfheal.DeploySucceeded, By: d.By, URL: d.URL,
		},
	})
	if err != nil {
		return nil, answer(err)
	}
	return &struct {
		Status int
		Body   Received
	}{http.StatusAccepted, received}, nil
}

// listed is an incident in a list.
type listed struct {
	ID       string          `json:"id"`
	Key      string          `json:"key"`
	Stage    selfheal.Stage  `json:"stage"`
	Status   selfheal.Status `json:"status"`
	Deploy   selfheal.Deploy `json:"deploy"`
	Culprit  string          `json:"culprit,omitempty" doc:"Commit that caused it, where that is known"`
	PullURL  string          `json:"pull_request,omitempty"`
	Closed   string          `json:"closed,omitempty" doc:"Why it was closed"`
	Headline string          `json:"headline"`
}

func (s *Server) incidents(ctx context.Context, in *limited) (*body[[]listed], error) {
	all, err := s.config.Backend.Incidents(ctx, in.Limit)
	if err != nil {
		return nil, answer(err)
	}
	list := make([]listed, 0, len(all))
	for _, i := range all {
		entry := listed{ID: i.ID, Key: i.Key, Stage: i.Stage, Status: i.Status(), Deploy: i.Opened.Assessment.Deploy, Closed: i.Closed,
			Headline: report.New(s.config.Version, s.config.Clock(), i.Opened.Assessment, i).Headline}
		if verdict := i.Verdict(); verdict != nil && verdict.Culprit != nil {
			entry.Culprit = verdict.Culprit.Commit
		}
		if i.PullRequest != nil {
			entry.PullURL = i.PullRequest.URL
		}
		list = append(list, entry)
	}
	return &body[[]listed]{list}, nil
}

// document is a report as selfheal check --format json writes it; its schema is docs/reference/report.schema.json.
type document struct {
	ContentType string `header:"Content-Type"`
	Body        []byte `contentType:"application/json"`
}

func documentOf(r report.Report, err error) (*document, error) {
	if err != nil {
		return nil, answer(err)
	}
	text, err := report.Encoded(r)
	if err != nil {
		return nil, answer(err)
	}
	return &document{"application/json", text}, nil
}

// present makes an absent list an empty one.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
