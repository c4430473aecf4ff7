// Package server is the HTTP side of the running process: the API with its OpenAPI
// description, the journal as server-sent events, health, metrics, and the doors
// through which deploys, logs and the answers of people come in.
//
// In go requests, out come answers; what is done about them is a [Backend]'s.
// Every request is authorised by a token with scopes, of which only the hash is
// known here; bodies, headers and slow clients are bounded. A request never says
// where anything is sent, read from or executed: that is in the configuration.
package server

import (
	"context"
	"net/http"
	"time"

	"selfheal"
	"selfheal/internal/report"
	"selfheal/internal/token"
)

// Backend does what the API asks for. Errors are [selfheal.Error]s: their codes
// become the status of the answer.
type Backend interface {
	// Announce takes in what is said about a deploy; saying it twice is saying it once.
	Announce(ctx context.Context, a selfheal.Announcement) (Received, error)
	// Watches lists deploys that are or were watched, newest first, at most limit.
	Watches(ctx context.Context, limit int) ([]Watched, error)
	// Deploy gives what is known of one deploy; CodeNotFound when it is not known.
	Deploy(ctx context.Context, key string) (report.Report, error)
	// Incidents lists incidents, most recently changed first, at most limit.
	Incidents(ctx context.Context, limit int) ([]*selfheal.Incident, error)
	// Incident gives what is known of one incident; CodeNotFound when it is not known.
	Incident(ctx context.Context, id string) (report.Report, error)
	// Act does what a person decided about an incident.
	Act(ctx context.Context, incident string, action Action, by string) error
	// Since gives the journal's events after a position, oldest first, at most limit.
	Since(ctx context.Context, seq int64, limit int) ([]selfheal.StreamEvent, error)
	// Ready says why the process cannot work at present; nil when it can.
	Ready(ctx context.Context) error
}

// Received says what came of an announcement.
type Received struct {
	Deploy string `json:"deploy,omitempty" doc:"Key of the deploy: ENVIRONMENT/SERVICE/HASH"`
	Watch  bool   `json:"watch" doc:"Whether the deploy is watched now"`
	Reason string `json:"reason,omitempty" doc:"Why it is not"`
}

// Watched is a deploy that is or was watched.
type Watched struct {
	Key      string               `json:"key" doc:"ENVIRONMENT/SERVICE/HASH"`
	Deploy   selfheal.Deploy      `json:"deploy"`
	Window   selfheal.Duration    `json:"window"`
	Ended    *selfheal.WatchEnded `json:"ended,omitempty" doc:"Absent while it is being watched"`
	Headline string               `json:"headline,omitempty" doc:"What was last seen"`
}

// Action is what a person may decide about an incident.
type Action string

// The actions.
const (
	ActionApprove Action = "approve" // carry out the remedy that is held or was not asked for
	ActionDismiss Action = "dismiss" // it is none, or nothing is to be done
)

// Config is what a server is made of. Backend, Tokens and Clock are required.
type Config struct {
	Backend Backend
	Tokens  token.Tokens
	Clock   selfheal.Clock
	Version string
	Metrics *Metrics // may be nil: there are none
	// OpenMetrics serves the metrics without a token.
	OpenMetrics bool
	// Doors are further handlers by their pattern, each with the scope that a token
	// needs; with an empty scope the handler checks by itself who asks.
	Doors []Door
	// Poll is how often the journal is looked at for events; a second by default.
	Poll time.Duration
}

// Door is a handler that is none of the API: webhooks, log receivers.
type Door struct {
	Pattern string // as of [http.ServeMux]
	Scope   token.Scope
	Handler http.Handler
}
