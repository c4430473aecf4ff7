package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
	"selfheal/internal/watch"
)

// CheckRequest is one deploy to be judged from files.
type CheckRequest struct {
	Command              string // who the journal says asked, e.g. "check"
	Repository           string
	Base, Head           string        // revisions, in any spelling that git knows
	Baseline, Window     []string      // patterns of log files; "-" is Stdin
	BuildLog             string        // output of a build that failed; then there is no Baseline and no Window
	DeployedAt           time.Time     // zero: first record of the window
	Planned              time.Duration // how long the deploy is going to be watched, where Window ends before that
	Why                  []string      // ids of signatures of which it must be said why they count or do not
	Service, Environment string        // empty: from the configuration
	Repair, DryRun       bool
	Verify, Replay       []string // empty: from the configuration
	Timeout              time.Duration
	Network, Unsafe      bool // of the commands of Verify and Replay
	Stdin                io.Reader
}

// Check judges a deploy and does about it what the request allows.
func (a *App) Check(ctx context.Context, r CheckRequest) (report.Report, error) {
	plan, err := a.plan(ctx, r)
	if err != nil {
		return report.Report{}, err
	}
	p, err := a.Pipeline(ctx, r.Command)
	if err != nil {
		return report.Report{}, err
	}
	assessment, err := a.assess(ctx, p, plan, r)
	if err != nil {
		return report.Report{}, err
	}
	var incident *selfheal.Incident
	if len(assessment.Anomalies) > 0 {
		if incident, err = a.handle(ctx, p, assessment, r); err != nil {
			return report.Report{}, err
		}
	}
	return a.report(assessment, incident), nil
}

func (a *App) assess(ctx context.Context, p *pipeline.Pipeline, plan watch.Plan, r CheckRequest) (selfheal.Assessment, error) {
	if r.BuildLog != "" {
		plan.Deploy.Status = selfheal.DeployBuildFailed
		a.settings.Progress("reading the build log")
		failure, err := a.readBuildLog(ctx, r)
		if err != nil {
			return selfheal.Assessment{}, err
		}
		return p.AssessBuild(ctx, plan, a.placed(ctx, plan.Deploy.Revision, failure, nil))
	}
	from := pipeline.Sources{Repository: a.repository.Directory()}
	var err error
	if from.Baseline, err = logSource(r.Baseline, r.Stdin); err != nil {
		return selfheal.Assessment{}, err
	}
	if from.Watched, err = logSource(r.Window, r.Stdin); err != nil {
		return selfheal.Assessment{}, err
	}
	a.settings.Progress("reading logs")
	return p.Assess(ctx, plan, from)
}

// handle takes an incident as far as it goes without the outside world.
func (a *App) handle(ctx context.Context, p *pipeline.Pipeline, assessment selfheal.Assessment, r CheckRequest) (*selfheal.Incident, error) {
	target, err := a.target(ctx)
	if err != nil {
		return nil, err
	}
	incident, err := p.Open(ctx, assessment, pipeline.Request{
		Repository: a.repository.Directory(), Target: target, Intent: a.intent(r),
	})
	if err != nil {
		return nil, err
	}
	next, err := a.run(ctx, p, incident.Key)
	return next.Incident, err
}

func (a *App) intent(r CheckRequest) selfheal.Intent {
	intent := selfheal.Intent{Repair: r.Repair, DryRun: r.DryRun, Verify: r.Verify, Replay: r.Replay, Timeout: selfheal.Duration(r.Timeout),
		Network: r.Network || a.config.Repair.Network, Unsafe: r.Unsafe}
	if len(intent.Verify) == 0 {
		intent.Verify = a.config.Repair.Verify
	}
	if len(intent.Replay) == 0 {
		intent.Replay = a.config.Repair.Replay
	}
	if intent.Timeout == 0 {
		intent.Timeout = a.config.Repair.Timeout
	}
	return intent
}

func (a *App) target(ctx context.Context) (string, error) {
	if a.config.Target != "" {
		return a.config.Target, nil
	}
	return a.repository.DefaultBranch(ctx)
}

// patience is how long a command waits for another process that works on the same incident.
const patience = 2 * time.Minute

// run advances an incident as far as it goes. Where another process is at it,
// this one waits, and then finds its work done.
func (a *App) run(ctx context.Context, p *pipeline.Pipeline, key string) (pipeline.Next, error) {
	deadline := time.Now().Add(patience)
	for {
		next, err := p.Run(ctx, key)
		if !errors.Is(err, pipeline.ErrBusy) || time.Now().After(deadline) {
			return next, err
		}
		a.settings.Progress("waiting for another selfheal that works on this incident")
		select {
		case <-ctx.Done():
			return pipeline.Next{}, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// plan resolves what the request names, and refuses what cannot be a deploy.
func (a *App) plan(ctx context.Context, r CheckRequest) (watch.Plan, error) {
	base, err := a.repository.Resolve(ctx, r.Base)
	if err != nil {
		return watch.Plan{}, err
	}
	head, err := a.repository.Resolve(ctx, r.Head)
	if err != nil {
		return watch.Plan{}, err
	}
	if err := a.ordered(ctx, r, base, head); err != nil {
		return watch.Plan{}, err
	}
	plan := watch.Plan{
		Deploy: selfheal.Deploy{
			Service: a.service(r), Environment: a.environment(r),
			Revision: head, Previous: base, Time: r.DeployedAt, Status: selfheal.DeploySucceeded,
		},
		Names: []string{r.Head}, PreviousNames: []string{r.Base}, Planned: r.Planned, Asked: r.Why,
	}
	if dirty, err := a.repository.IsDirty(ctx); err == nil && dirty {
		plan.Notes = append(plan.Notes, selfheal.Problem{Code: selfheal.ProblemDirtyTree,
			Detail: "the working tree has uncommitted changes; only commits are examined"})
	}
	return plan, nil
}

// ordered refuses a base that is not an ancestor of head: what was deployed
// would not be the difference between the two.
func (a *App) ordered(ctx context.Context, r CheckRequest, base, head string) error {
	ok, err := a.repository.IsAncestor(ctx, base, head)
	if err != nil || ok {
		return err
	}
	if swapped, err := a.repository.IsAncestor(ctx, head, base); err == nil && swapped {
		return selfheal.Usagef("swap --base and --head", "%s is newer than %s, not older", r.Base, r.Head)
	}
	if shallow, err := a.repository.IsShallow(ctx); err == nil && shallow {
		return selfheal.Usagef("deepen the clone with: git fetch --unshallow", "the history between %s and %s is missing from this shallow clone", r.Base, r.Head)
	}
	hint := "give the revision that really served before"
	if common, err := a.repository.MergeBase(ctx, base, head); err == nil && common != "" {
		hint += ", or the last common commit: --base " + selfheal.ShortRevision(common)
	}
	return selfheal.Usagef(hint, "%s is not an ancestor of %s", r.Base, r.Head)
}

func (a *App) service(r CheckRequest) string {
	if r.Service != "" {
		return r.Service
	}
	if a.config.Service != "" {
		return a.config.Service
	}
	return filepath.Base(a.repository.Directory())
}

func (a *App) environment(r CheckRequest) string {
	if r.Environment != "" {
		return r.Environment
	}
	return a.config.Environment
}
