package pipeline

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage"
	"selfheal/internal/triage/agent"
	"selfheal/internal/triage/index"
	"selfheal/internal/triage/prove"
)

// judge examines the change that was deployed.
func (p *Pipeline) judge(ctx context.Context, i *selfheal.Incident) (step, error) {
	judged, err := p.triage(ctx, i.Opened)
	if err != nil {
		return step{}, err
	}
	return did(selfheal.EventVerdictReached, judged), nil
}

func (p *Pipeline) triage(ctx context.Context, opened selfheal.Opened) (selfheal.Judged, error) {
	defer timed("triage")()
	assessment := opened.Assessment
	deploy := assessment.Deploy
	repository, err := p.repository(ctx, opened.Repository, opened.Assessment.Deploy.Revision)
	if err != nil {
		return selfheal.Judged{}, err
	}
	change, err := triage.ReadChange(ctx, repository, deploy.Previous, deploy.Revision, p.Classifier)
	if err != nil {
		return selfheal.Judged{}, err
	}
	earlier, err := triage.ReadEarlier(ctx, repository, opened.Earlier, deploy.Previous, p.Classifier)
	if err != nil {
		return selfheal.Judged{}, err
	}
	cache := p.sourceIndex(opened.Repository)
	in := triage.Input{
		Repository: repository, Change: change, Earlier: earlier, Cache: cache,
		Anomalies: assessment.Anomalies, Signatures: assessment.Signatures,
		DeployedAt: deploy.Time, Prove: p.prover(opened), Build: assessment.Build,
	}
	verdicts, err := triage.JudgeAll(ctx, in)
	if err == nil && p.Model != nil {
		verdicts[0], err = agent.Judge(ctx, p.Model, agent.Input{Input: in, Verdict: verdicts[0], Related: assessment.Related, ID: opened.ID})
	}
	if err != nil {
		return selfheal.Judged{}, err
	}
	if err := cache.Save(); err != nil { // the next judgement takes longer, no more
		slog.Warn("the source index is not kept", "error", err)
	}
	if earlier != nil {
		change.Commits = append(earlier.Change.Commits, change.Commits...)
	}
	return selfheal.Judged{Verdict: verdicts[0], Others: verdicts[1:], Change: abridge(change, verdicts)}, nil
}

// repository opens the repository of a service, or, where that lacks a revision or is
// a shallow clone, the working copy into which the rest was fetched.
func (p *Pipeline) repository(ctx context.Context, dir, revision string) (*git.Repository, error) {
	repository, err := git.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	shallow, err := repository.IsShallow(ctx)
	if err != nil {
		return repository, err
	}
	if _, err := repository.Resolve(ctx, revision); err == nil && !shallow {
		return repository, nil
	}
	workspace, err := p.Work.Workspace(ctx, dir)
	if err != nil {
		return nil, err
	}
	if shallow, err := workspace.IsShallow(ctx); err != nil || shallow {
		return repository, err
	}
	return workspace.Repository, nil
}

// prover gives the function that tells candidates apart by running the user's
// commands; nil when nothing is to be run.
func (p *Pipeline) prover(opened selfheal.Opened) func(context.Context, prove.Question) (*prove.Answer, error) {
	intent := opened.Intent
	var commands []string
	switch intent.Prove.When {
	case selfheal.ProveAuto:
		commands = intent.Replay
	case selfheal.ProveAlways:
		commands = slices.Concat(intent.Replay, intent.Verify)
	case selfheal.ProveNever:
	}
	if len(commands) == 0 {
		return nil
	}
	return func(ctx context.Context, q prove.Question) (*prove.Answer, error) {
		if intent.Prove.When == selfheal.ProveAuto && !q.Inconclusive {
			return nil, nil
		}
		workspace, err := p.Work.Workspace(ctx, opened.Repository)
		if err != nil {
			return nil, err
		}
		shows, err := p.shows(ctx, opened.Assessment)
		if err != nil {
			return nil, err
		}
		return prove.Run(ctx, q, prove.Settings{
			Workspace: workspace, Commands: commands, Timeout: time.Duration(intent.Timeout), Network: intent.Network, Unsafe: intent.Unsafe,
			Budget: prove.Budget{Runs: intent.Prove.Runs, Time: time.Duration(intent.Prove.Time)},
			Shows:  shows, Redact: p.Scrub, Clock: p.Clock, Progress: p.Progress,
		})
	}
}

func (p *Pipeline) sourceIndex(repository string) *index.Cache {
	if p.SourceIndex == nil {
		return index.NewCache("")
	}
	return p.SourceIndex(repository)
}

// abridge leaves out the hunks that no reader of the verdict will ask for, so
// that the journal does not hold whole histories: commits and files stay, hunks
// stay where an exhibit or the culprit points.
func abridge(c selfheal.Change, verdicts []selfheal.Verdict) selfheal.Change {
	named := map[string]bool{}
	for _, v := range verdicts {
		for _, exhibit := range v.Exhibits {
			named[exhibit.Path] = true
		}
		if v.Culprit != nil {
			named[v.Culprit.Path] = true
		}
	}
	short := c
	short.Files = withoutHunks(c.Files, nil)
	short.Commits = make([]selfheal.Commit, len(c.Commits))
	for i, commit := range c.Commits {
		commit.Files = withoutHunks(commit.Files, named)
		short.Commits[i] = commit
	}
	return short
}

func withoutHunks(files []selfheal.FileChange, except map[string]bool) []selfheal.FileChange {
	short := make([]selfheal.FileChange, len(files))
	for i, f := range files {
		if len(f.Hunks) > 0 && !except[f.Path] {
			f.Hunks, f.Elided = nil, true
		}
		short[i] = f
	}
	return short
}
