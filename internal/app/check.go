package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	Strategies           []string // of the repair, in order; empty: from the configuration
	CommandRequest
	CauseRequest
	Stdin io.Reader
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
	if len(assessment.Anomalies) == 0 {
		return a.report(assessment), nil
	}
	incidents, err := a.handle(ctx, p, assessment, r)
	if err != nil {
		return report.Report{}, err
	}
	return a.report(assessment, incidents...), nil
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

// handle takes the incidents of a deploy as far as they go without the outside
// world: one, and one more for each further commit that caused other anomalies.
func (a *App) handle(ctx context.Context, p *pipeline.Pipeline, assessment selfheal.Assessment, r CheckRequest) ([]*selfheal.Incident, error) {
	request := pipeline.Request{Repository: a.repository.Directory()}
	var err error
	if request.Target, err = a.target(ctx); err != nil {
		return nil, err
	}
	if request.Intent, err = a.intent(r.CommandRequest, r.CauseRequest); err != nil {
		return nil, err
	}
	request.Intent.Repair, request.Intent.DryRun = r.Repair, r.DryRun
	if request.Intent.Strategies, err = a.strategies(ctx, r); err != nil {
		return nil, err
	}
	if request.Earlier, err = a.earlier(ctx, assessment, r.CauseRequest); err != nil {
		return nil, err
	}
	first, err := a.take(ctx, p, assessment, request)
	if err != nil || first.Judged == nil {
		return []*selfheal.Incident{first}, err
	}
	incidents := []*selfheal.Incident{first}
	for n, other := range first.Judged.Others {
		request.Part = n + 2
		next, err := a.take(ctx, p, pipeline.PartOf(assessment, other), request)
		if err != nil {
			return nil, err
		}
		incidents = append(incidents, next)
	}
	return incidents, nil
}

func (a *App) take(ctx context.Context, p *pipeline.Pipeline, assessment selfheal.Assessment, request pipeline.Request) (*selfheal.Incident, error) {
	incident, err := p.Open(ctx, assessment, request)
	if err != nil {
		return nil, err
	}
	next, err := a.run(ctx, p, incident.Key)
	return next.Incident, err
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
	base, head, err := a.revisions(ctx, r.Base, r.Head)
	if err != nil {
		return watch.Plan{}, err
	}
	diverged, err := a.ordered(ctx, r, base, head)
	if err != nil {
		return watch.Plan{}, err
	}
	plan := watch.Plan{
		Deploy: selfheal.Deploy{
			Service: a.service(r), Environment: a.environment(r),
			Revision: head, Previous: base, Time: r.DeployedAt, Status: selfheal.DeploySucceeded,
		},
		Names: []string{r.Head}, PreviousNames: []string{r.Base}, Planned: r.Planned, Asked: r.Why,
	}
	plan.Notes = append(plan.Notes, diverged...)
	if dirty, err := a.repository.IsDirty(ctx); err == nil && dirty {
		plan.Notes = append(plan.Notes, selfheal.Problem{Code: selfheal.ProblemDirtyTree,
			Detail: "the working tree has uncommitted changes; only commits are examined"})
	}
	return plan, nil
}

// revisions gives the full ids of both revisions. What a shallow clone lacks is
// fetched into the working copy of selfheal's own.
func (a *App) revisions(ctx context.Context, base, head string) (baseID, headID string, err error) {
	resolve := func() error {
		var baseErr, headErr error
		headID, headErr = a.history.Load().Resolve(ctx, head)
		baseID, baseErr = a.history.Load().Resolve(ctx, base)
		return cmp.Or(baseErr, headErr)
	}
	err = resolve()
	shallow, shallowErr := a.history.Load().IsShallow(ctx)
	if shallowErr != nil || !shallow {
		return baseID, headID, err
	}
	if err == nil {
		if _, err := a.history.Load().MergeBase(ctx, baseID, headID); err == nil {
			return baseID, headID, nil
		}
	}
	if deepenErr := a.deepen(ctx); deepenErr != nil {
		if err == nil {
			err = selfheal.Usagef("deepen the clone with: git fetch --unshallow", "the history between %s and %s is missing from this shallow clone", base, head)
		}
		return "", "", err
	}
	if headID == "" { // a name such as HEAD or a local branch is the user's own
		headID, _ = a.repository.Resolve(ctx, head)
	}
	if headID != "" {
		head = headID
	}
	if baseID != "" {
		base = baseID
	}
	return baseID, headID, resolve()
}

// deepen completes the history of a shallow clone, without touching the clone.
func (a *App) deepen(ctx context.Context) error {
	a.settings.Progress("fetching the history that this shallow clone lacks")
	workspace, err := a.workRepositories().Workspace(ctx, a.repository.Directory())
	if err != nil {
		return err
	}
	if err := workspace.Deepen(ctx, a.repository); err != nil {
		return err
	}
	a.history.Store(workspace.Repository)
	return nil
}

// ordered refuses a base that is newer than head or has nothing in common with
// it: what was deployed would not be the difference between the two. A base that
// is no ancestor (a force push, another branch) is noted.
func (a *App) ordered(ctx context.Context, r CheckRequest, base, head string) ([]selfheal.Problem, error) {
	ok, err := a.history.Load().IsAncestor(ctx, base, head)
	if err != nil || ok {
		return nil, err
	}
	if swapped, err := a.history.Load().IsAncestor(ctx, head, base); err == nil && swapped {
		return nil, selfheal.Usagef("swap --base and --head", "%s is newer than %s, not older", r.Base, r.Head)
	}
	common, err := a.history.Load().MergeBase(ctx, base, head)
	if err != nil {
		return nil, err
	}
	return []selfheal.Problem{{
		Code: selfheal.ProblemDiverged,
		Detail: fmt.Sprintf("%s is not an ancestor of %s: commits since %s that only the former has count as taken away",
			r.Base, r.Head, selfheal.ShortRevision(common)),
		Hint: "give the revision that really served before, if it was another",
	}}, nil
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
