package pipeline

import (
	"context"
	"fmt"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/repair"
)

// workbench gives what the repair room works on.
func (p *Pipeline) workbench(ctx context.Context, i *selfheal.Incident) (repair.Input, *git.Workspace, error) {
	workspace, err := p.Work.Workspace(ctx, i.Opened.Repository)
	if err != nil {
		return repair.Input{}, nil, err
	}
	shows, err := p.shows(ctx, i.Opened.Assessment)
	if err != nil {
		return repair.Input{}, nil, err
	}
	in := repair.Input{
		Workspace: workspace, Incident: i, Redact: p.Scrub, Agent: p.Agent, Guards: p.Guards,
		Shows: func(output string) bool { return len(shows(output)) > 0 },
	}
	in.Guards.Classify = func(path string, content []byte) selfheal.FileClass {
		class, _ := p.Classifier.Classify(path, content)
		return class
	}
	return in, workspace, nil
}

// prove runs the commands. A branch on which one of them fails is not proposed,
// and the next strategy is tried;
// an error that could not be reproduced on the deployed revision is no fault of
// the branch, and only keeps the pull request a draft.
func (p *Pipeline) prove(ctx context.Context, i *selfheal.Incident) (step, error) {
	in, _, err := p.workbench(ctx, i)
	if err != nil {
		return step{}, err
	}
	proven, err := repair.Prove(ctx, in, *i.Repair)
	if err != nil {
		return step{}, err
	}
	for _, proof := range proven.Proofs {
		if proof.Revision == proven.Commit && !proof.AsExpected() {
			proven.Failure = fmt.Sprintf("on the branch the command %q does not succeed", proof.Command)
			if i.PullRequest != nil {
				return p.answerFeedback(ctx, i, *i.PullRequest, "Another attempt was made and is not proposed: "+proven.Failure+".")
			}
			return p.next(ctx, i, proven)
		}
	}
	return did(selfheal.EventRepairProven, proven), nil
}

// pullRequest describes the proven branch, and gives the repository that holds it.
func (p *Pipeline) pullRequest(ctx context.Context, i *selfheal.Incident) (selfheal.PullRequest, string, error) {
	in, workspace, err := p.workbench(ctx, i)
	if err != nil {
		return selfheal.PullRequest{}, "", err
	}
	title, body := repair.Describe(in, *i.Repair)
	paths, blamed, err := p.reviewable(ctx, i)
	if err != nil {
		return selfheal.PullRequest{}, "", err
	}
	return selfheal.PullRequest{
		Mark: selfheal.Mark(i.Key), Title: title, Body: body, Paths: paths, Blamed: blamed,
		Source: i.Repair.Branch, Target: i.Opened.Target, Commit: i.Repair.Commit,
		Draft: !i.Repair.Proven(), Labels: []string{"selfheal"},
	}, workspace.Directory(), nil
}
