package pipeline

import (
	"context"

	"selfheal"
)

// push publishes the branch. Where an earlier attempt of this incident is there,
// which the journal knows by its commit, the new one takes its place; anything
// else on the branch is somebody's work.
func (p *Pipeline) push(ctx context.Context, i *selfheal.Incident, dir string) error {
	err := p.Forge.Push(ctx, dir, i.Repair.Commit, i.Repair.Branch)
	replacer, able := p.Forge.(selfheal.BranchReplacer)
	if selfheal.CodeOf(err) != selfheal.CodeConflict || !able {
		return err
	}
	earlier, decodeErr := attempts(i)
	if decodeErr != nil {
		return decodeErr
	}
	return replacer.ReplaceBranch(ctx, dir, i.Repair.Commit, i.Repair.Branch, earlier)
}

// attempts are the commits that were prepared for an incident, whatever came of them.
func attempts(i *selfheal.Incident) ([]string, error) {
	var commits []string
	for _, e := range i.Events {
		if e.Type != selfheal.EventRepairPrepared {
			continue
		}
		made, err := selfheal.Decode[selfheal.Repair](e)
		if err != nil {
			return nil, err
		}
		commits = append(commits, made.Commit)
	}
	return commits, nil
}

// look gives a pull request as it stands: by its number where the forge can.
func (p *Pipeline) look(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	if refresher, able := p.Forge.(selfheal.PullRequestRefresher); able {
		return refresher.RefreshPullRequest(ctx, pr)
	}
	return p.Forge.PullRequest(ctx, pr.Mark)
}

// supersede closes a pull request that nobody needs any more: production healed
// without it. One that was merged meanwhile stays as it is.
func (p *Pipeline) supersede(ctx context.Context, i *selfheal.Incident) error {
	if p.Forge == nil || i.PullRequest == nil || i.PullRequest.State != selfheal.PullRequestOpen || i.Outcome.State != selfheal.OutcomeHealed {
		return nil
	}
	current, err := p.look(ctx, *i.PullRequest)
	if err != nil || current.State != selfheal.PullRequestOpen {
		return err
	}
	contained, err := p.contains(ctx, i)
	if err != nil || contained {
		return err // it was deployed from the branch, and waits to be merged
	}
	reason := "superseded: the error is gone since revision " + selfheal.ShortRevision(i.Fix.Deploy.Revision) + " was deployed, which does not hold this branch"
	err = p.Forge.ClosePullRequest(ctx, current.Mark, reason)
	if code := selfheal.CodeOf(err); err != nil && (code == selfheal.CodeConflict || code == selfheal.CodeNotFound) {
		return nil // merged or gone in this very moment
	}
	return err
}

// contains tells whether what was deployed as the fix holds the branch.
func (p *Pipeline) contains(ctx context.Context, i *selfheal.Incident) (bool, error) {
	_, workspace, err := p.workbench(ctx, i)
	if err != nil {
		return false, err
	}
	if _, err := workspace.Resolve(ctx, i.Fix.Deploy.Revision); err != nil {
		return true, nil // nobody here knows the revision: leave the pull request to people
	}
	return workspace.IsAncestor(ctx, i.Repair.Commit, i.Fix.Deploy.Revision)
}

// maxBlamed is how many commits a forge is told of, to find reviewers.
const maxBlamed = 8

// reviewable says which files the branch changes, and which commits' authors know
// its lines: the culprit's, and those of the lines that stood there before.
func (p *Pipeline) reviewable(ctx context.Context, i *selfheal.Incident) (paths, blamed []string, err error) {
	_, workspace, err := p.workbench(ctx, i)
	if err != nil {
		return nil, nil, err
	}
	changes, err := workspace.TreeChanges(ctx, i.Repair.Base, i.Repair.Commit)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range changes {
		paths = append(paths, c.Path)
	}
	culprit := i.Judged.Verdict.Culprit
	if culprit == nil || culprit.Commit == "" {
		return paths, nil, nil
	}
	blamed = []string{culprit.Commit}
	if culprit.Path == "" || culprit.Start == 0 {
		return paths, blamed, nil
	}
	// The file may be new, or have had another name: then only the culprit is known.
	lines, err := workspace.Blame(ctx, "", culprit.Commit+"^", culprit.Path, max(1, culprit.Start-blameContext), culprit.Start+blameContext)
	if err != nil {
		return paths, blamed, nil
	}
	for _, line := range lines {
		if len(blamed) < maxBlamed && line.Commit != blamed[len(blamed)-1] {
			blamed = append(blamed, line.Commit)
		}
	}
	return paths, blamed, nil
}

// blameContext is how many lines around the blamed one are asked about.
const blameContext = 3
