package pipeline

import (
	"context"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage"
	"selfheal/internal/triage/agent"
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
	repository, err := git.Open(ctx, opened.Repository)
	if err != nil {
		return selfheal.Judged{}, err
	}
	change, err := triage.ReadChange(ctx, repository, assessment.Deploy.Previous, assessment.Deploy.Revision, p.Classifier)
	if err != nil {
		return selfheal.Judged{}, err
	}
	in := triage.Input{
		Repository: repository, Change: change,
		Anomalies: assessment.Anomalies, Signatures: assessment.Signatures,
		DeployedAt: assessment.Deploy.Time,
	}
	verdict, err := triage.Judge(ctx, in)
	if err == nil && p.Model != nil {
		verdict, err = agent.Judge(ctx, p.Model, agent.Input{Input: in, Verdict: verdict, Related: assessment.Related, ID: opened.ID})
	}
	if err != nil {
		return selfheal.Judged{}, err
	}
	return selfheal.Judged{Verdict: verdict, Change: abridge(change, verdict)}, nil
}

// abridge leaves out the hunks that no reader of the verdict will ask for, so
// that the journal does not hold whole histories: commits and files stay, hunks
// stay where an exhibit or the culprit points.
func abridge(c selfheal.Change, v selfheal.Verdict) selfheal.Change {
	named := map[string]bool{}
	for _, exhibit := range v.Exhibits {
		named[exhibit.Path] = true
	}
	if v.Culprit != nil {
		named[v.Culprit.Path] = true
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
