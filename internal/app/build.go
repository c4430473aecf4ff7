package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
	"selfheal/internal/watch"
)

// BuildRequest is one build that was run, and what may be done about it.
type BuildRequest struct {
	CheckRequest          // of which Repository, Base, Service, Environment, Repair and what belongs to it are read
	Args         []string // of the command that was run
	Checkout     Checkout // as it was when the build began
	Took         time.Duration
	Output       []byte // what was kept of the output
	Failure      selfheal.BuildFailure
}

// Checkout is what stood in the working tree when a build began.
type Checkout struct {
	Revision string   // full commit id; empty when there is none
	Folder   string   // where the build runs, below the repository's root; empty for the root itself
	Dirty    []string // paths with changes that are in no commit
}

// BuildReport is what is known of a build that failed.
type BuildReport struct {
	Report      report.Report
	Failure     selfheal.BuildFailure
	Quote       []string        // the instruction that failed, as it stands in the repository
	Since       *selfheal.Built // the last green build; nil when none is known
	Base        string          // full commit id that the change is counted from; empty when none is known
	Rebuilt     bool            // the same revision was built before, without a failure
	Unchanged   bool            // no commit lies between Base and what was built
	Uncommitted []string        // files that the errors name and that have changes in no commit
	Output      string          // file that holds the output
	diverged    []selfheal.Problem
}

// ReadCheckout looks at the working tree of a repository without opening anything
// else: a build is about to start and must not wait.
func ReadCheckout(ctx context.Context, dir string) (Checkout, error) {
	repository, err := git.Open(ctx, dir)
	if err != nil {
		return Checkout{}, err
	}
	revision, err := repository.Resolve(ctx, "HEAD")
	if err != nil {
		return Checkout{}, err
	}
	c := Checkout{Revision: revision}
	if repository.IsBare() {
		return c, nil
	}
	prefix, err := repository.Run(ctx, "rev-parse", "--show-prefix")
	if err != nil {
		return c, err
	}
	c.Folder = strings.Trim(strings.TrimSpace(string(prefix)), "/")
	status, err := repository.Run(ctx, "status", "--porcelain", "-z", "--untracked-files=no")
	if err != nil {
		return c, err
	}
	for entry := range strings.SplitSeq(string(status), "\x00") {
		if len(entry) > 3 {
			c.Dirty = append(c.Dirty, entry[3:])
		}
	}
	return c, nil
}

// BuildSucceeded journals a green build, so that the next failure is compared with it.
func (a *App) BuildSucceeded(ctx context.Context, r BuildRequest) error {
	if r.Checkout.Revision == "" {
		return nil
	}
	now := a.settings.Clock()
	event, err := selfheal.NewEvent(now, "selfheal build", selfheal.EventBuildSucceeded, selfheal.Built{
		Revision: r.Checkout.Revision, Time: now.UTC(), Command: a.redactor.String(strings.Join(r.Args, " ")),
		Took: selfheal.Duration(r.Took), Dirty: len(r.Checkout.Dirty) > 0,
	})
	if err != nil {
		return err
	}
	stream := a.buildStream(r)
	for {
		events, err := a.store.Events(ctx, stream)
		if err != nil {
			return err
		}
		err = a.store.Append(ctx, stream, len(events), event)
		if selfheal.CodeOf(err) != selfheal.CodeConflict || err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func (a *App) buildStream(r BuildRequest) string {
	return selfheal.StreamName(selfheal.StreamBuilds, a.environment(r.CheckRequest)+"/"+a.service(r.CheckRequest))
}

// BuildFailed says what a failed build's output means, which change did it, and
// goes as far towards a repair as the request allows.
func (a *App) BuildFailed(ctx context.Context, r BuildRequest) (BuildReport, error) {
	b := BuildReport{Failure: a.placed(ctx, r.Checkout.Revision, r.Failure, dockerfilesOf(r.Args, r.Checkout.Folder))}
	b.Quote = a.quote(ctx, r.Checkout.Revision, b.Failure)
	b.Uncommitted = uncommitted(r.Checkout.Dirty, b.Failure)
	var problems error
	b.Output, problems = a.keepOutput(r)
	p, err := a.Pipeline(ctx, "build")
	if err != nil {
		return b, errors.Join(problems, err)
	}
	if err := a.since(ctx, r, &b); err != nil {
		return b, errors.Join(problems, err)
	}
	b.Report, err = a.judgeBuild(ctx, p, r, b)
	return b, errors.Join(problems, err)
}

// judgeBuild assesses the failure, and examines the change where one is known.
func (a *App) judgeBuild(ctx context.Context, p *pipeline.Pipeline, r BuildRequest, b BuildReport) (report.Report, error) {
	plan := watch.Plan{Deploy: selfheal.Deploy{
		Service: a.service(r.CheckRequest), Environment: a.environment(r.CheckRequest),
		Revision: r.Checkout.Revision, Previous: b.Base, Status: selfheal.DeployBuildFailed,
	}}
	if len(r.Checkout.Dirty) > 0 {
		plan.Notes = append(plan.Notes, selfheal.Problem{Code: selfheal.ProblemDirtyTree,
			Detail: "the working tree has uncommitted changes; only commits are examined"})
	}
	plan.Notes = append(plan.Notes, b.diverged...)
	assessment, err := p.AssessBuild(ctx, plan, b.Failure)
	if err != nil {
		return report.Report{}, err
	}
	if b.Base == "" || b.Unchanged || len(assessment.Anomalies) == 0 {
		return a.report(assessment), nil
	}
	a.settings.Progress("examining the change")
	incidents, err := a.handle(ctx, p, assessment, r.CheckRequest)
	if err == nil {
		return a.report(assessment, incidents...), nil
	}
	if known, loadErr := p.Load(ctx, assessment.Deploy.Key()); loadErr == nil { // how far it came is worth telling
		return a.report(assessment, known), err
	}
	return a.report(assessment), err
}

// since finds what the change is counted from: what the request names, else the
// newest green build that the failed revision descends from.
func (a *App) since(ctx context.Context, r BuildRequest, b *BuildReport) error {
	if r.Checkout.Revision == "" {
		return nil
	}
	if r.Base != "" {
		base, err := a.repository.Resolve(ctx, r.Base)
		if err != nil {
			return err
		}
		b.Base, b.Unchanged = base, base == r.Checkout.Revision
		b.diverged, err = a.ordered(ctx, CheckRequest{Base: r.Base, Head: "HEAD"}, base, r.Checkout.Revision)
		return err
	}
	built, err := a.lastGreen(ctx, r)
	if built != nil {
		b.Since, b.Base = built, built.Revision
		b.Unchanged = built.Revision == r.Checkout.Revision
		b.Rebuilt = b.Unchanged && !built.Dirty && len(r.Checkout.Dirty) == 0
	}
	return err
}

// maxGreen is how many green builds are looked at for one that the failed revision descends from.
const maxGreen = 50

// lastGreen gives the newest green build of a revision that the failed one
// descends from; of a clean tree where there is one. Nil when there is none.
func (a *App) lastGreen(ctx context.Context, r BuildRequest) (*selfheal.Built, error) {
	events, err := a.store.Events(ctx, a.buildStream(r))
	if err != nil {
		return nil, err
	}
	var dirty *selfheal.Built
	for i, e := range slices.Backward(events) {
		if e.Type != selfheal.EventBuildSucceeded || len(events)-i > maxGreen {
			continue
		}
		built, err := selfheal.Decode[selfheal.Built](e)
		if err != nil {
			return nil, err
		}
		ok, err := a.repository.IsAncestor(ctx, built.Revision, r.Checkout.Revision)
		if err != nil || !ok {
			continue // of another branch, or no longer in the clone
		}
		if !built.Dirty {
			return &built, nil
		}
		if dirty == nil {
			dirty = &built
		}
	}
	return dirty, nil
}

// uncommitted lists the changed files that the errors or the failed step name.
func uncommitted(dirty []string, f selfheal.BuildFailure) []string {
	var named []string
	for _, p := range dirty {
		for _, file := range append(filesOf(f), f.Dockerfile) {
			if file != "" && (strings.HasSuffix("/"+file, "/"+p) || strings.HasSuffix("/"+p, "/"+file)) && !slices.Contains(named, p) {
				named = append(named, p)
			}
		}
	}
	return named
}

func filesOf(f selfheal.BuildFailure) []string {
	var files []string
	for _, e := range f.Errors {
		files = append(files, e.File)
	}
	return files
}
