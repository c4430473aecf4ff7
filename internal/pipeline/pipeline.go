// Package pipeline is the only place that knows the order of the rooms. Assess
// walks a deploy through watch, group and detect; Open turns anomalies into an
// incident; Advance moves one incident by one step through triage, decide,
// repair and verify.
//
// Every step is idempotent: it reads the incident from the journal, does its
// work, and appends one event under optimistic concurrency. A process that is
// killed between work and event leaves nothing that the next run does not find
// or make again: branches are deterministic, and pull requests carry a mark.
package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"selfheal"
	"selfheal/internal/decide"
	"selfheal/internal/detect"
	"selfheal/internal/git"
	"selfheal/internal/group"
	"selfheal/internal/repair"
	"selfheal/internal/triage"
	"selfheal/internal/triage/index"
	"selfheal/internal/watch"
)

// Pipeline holds what the steps need. All fields are required except where noted.
type Pipeline struct {
	Store   selfheal.Store
	Counts  selfheal.CountStore // may be nil where no deploy is watched live
	Forge   selfheal.Forge      // may be nil: repairs stop before the pull request
	Clock   selfheal.Clock
	Version string // of this program
	Actor   string // who the journal says did it, e.g. "selfheal check"
	Holder  string // unique name of this process, for leases

	Group      group.Options
	Detect     detect.Options
	Policy     decide.Policy
	Classifier *triage.Classifier
	Work       WorkRepositories
	Scrub      func(string) string // removes secrets from command output
	// SourceIndex gives what is remembered of the code of the repository at a
	// directory; may be nil: every judgement reads the code anew.
	SourceIndex func(repository string) *index.Cache
	Clusters    *Clusters // may be nil: messages that mean the same are not gathered
	// Progress shows what takes long; may be nil.
	Progress func(format string, args ...any)
	// Agent is the command of the strategy "command"; may be nil: that strategy fails.
	Agent *repair.Agent
	// Delegates are the coding agents elsewhere, by the strategies that ask them; a
	// strategy without one fails.
	Delegates map[string]Delegation
	// Model may be nil: the rules' verdicts stand alone.
	Model selfheal.Model
	// Fixer is the model of the strategy "agent"; may be nil: that strategy fails.
	Fixer selfheal.Model
	// Guards bound what a branch may change that somebody wrote.
	Guards repair.Guards
	// Limits are the brakes on repairing; the zero value is none.
	Limits Limits
}

// WorkRepositories gives the working copy in which repairs of a repository are
// made: never the user's own.
type WorkRepositories interface {
	// Workspace opens, or makes, the working copy for the repository at dir.
	Workspace(ctx context.Context, dir string) (*git.Workspace, error)
}

// Sources is where a deploy's logs are, and its code.
type Sources struct {
	Baseline, Watched selfheal.Source
	// Repository is a directory; empty: nobody can tell which messages the change took away on purpose.
	Repository string
}

// Assess reads both sides of a deploy and says what changed. The window is read
// first: where nobody said when the deploy was, its first record does.
func (p *Pipeline) Assess(ctx context.Context, plan watch.Plan, from Sources) (selfheal.Assessment, error) {
	read := timed("read")
	watched, err := collect(ctx, from.Watched, plan, watch.Watched, p.Group)
	if err != nil {
		return selfheal.Assessment{}, unreadable("window", err)
	}
	if plan.Deploy.Time.IsZero() {
		plan.Deploy.Time = watched.coverage.First
	}
	baseline, err := collect(ctx, from.Baseline, plan, watch.Baseline, p.Group)
	if err != nil {
		return selfheal.Assessment{}, unreadable("baseline", err)
	}
	read()
	assessment := selfheal.Assessment{Deploy: plan.Deploy, Window: watch.Attest(plan, baseline.coverage, watched.coverage)}
	if len(assessment.Window.Observability.Problems) == 0 {
		known, err := p.identify(ctx, plan.Deploy.Service, &baseline, &watched)
		if err != nil {
			return selfheal.Assessment{}, err
		}
		if err := p.detect(ctx, &assessment, detected{plan, from.Repository, baseline, watched, known}); err != nil {
			return selfheal.Assessment{}, err
		}
	}
	return assessment, p.record(ctx, assessment)
}

// timed logs for operators how long a part of the work took.
func timed(part string) (done func()) {
	start := time.Now()
	return func() { slog.Debug("took", "part", part, "seconds", time.Since(start).Seconds()) }
}

// named picks the signatures that the anomalies are about, each once, in their order.
func named(all map[selfheal.SignatureID]*selfheal.Signature, lists ...[]selfheal.Anomaly) []selfheal.Signature {
	var picked []selfheal.Signature
	seen := map[selfheal.SignatureID]bool{}
	for _, list := range lists {
		for _, anomaly := range list {
			if signature := all[anomaly.Signature]; signature != nil && !seen[anomaly.Signature] {
				seen[anomaly.Signature] = true
				picked = append(picked, *signature)
			}
		}
	}
	return picked
}

// record journals an assessment in the deploy's stream.
func (p *Pipeline) record(ctx context.Context, a selfheal.Assessment) error {
	stream := selfheal.StreamName(selfheal.StreamDeploy, a.Deploy.Key())
	return p.retry(ctx, func() error {
		events, err := p.Store.Events(ctx, stream)
		if err != nil {
			return err
		}
		return p.append(ctx, stream, len(events), selfheal.EventDeployAssessed, a)
	})
}

func (p *Pipeline) append(ctx context.Context, stream string, version int, kind selfheal.EventType, payload any) error {
	event, err := selfheal.NewEvent(p.Clock(), p.Actor, kind, payload)
	if err != nil {
		return err
	}
	if err := p.Store.Append(ctx, stream, version, event); err != nil {
		return fmt.Errorf("journal %s: %w", kind, err)
	}
	return nil
}

// retries bounds how often a step is begun again because another process was faster.
const retries = 10

// retry runs a read-then-append again when another process appended in between.
func (p *Pipeline) retry(ctx context.Context, step func() error) error {
	var err error
	for range retries {
		if err = step(); err == nil || selfheal.CodeOf(err) != selfheal.CodeConflict {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return err
}

// Load reads an incident from the journal; CodeNotFound when there is none.
func (p *Pipeline) Load(ctx context.Context, key string) (*selfheal.Incident, error) {
	return LoadIncident(ctx, p.Store, key)
}

// LoadIncident folds an incident from a store; CodeNotFound when there is none.
func LoadIncident(ctx context.Context, store selfheal.Store, key string) (*selfheal.Incident, error) {
	events, err := store.Events(ctx, selfheal.StreamName(selfheal.StreamIncident, key))
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, selfheal.NotFoundf("run selfheal incidents for a list", "no incident %s", key)
	}
	return selfheal.Fold(key, events)
}

// leaseTime is how long a crashed process keeps others from its incident. A
// living one renews its lease three times in that time.
const leaseTime = 15 * time.Second
