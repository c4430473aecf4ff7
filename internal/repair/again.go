package repair

import (
	"context"
	"fmt"

	"selfheal"
)

// PrepareAgain makes another attempt where checks or people did not like the one
// that was proposed: only what the culprit did to the blamed file is taken back,
// which leaves alone what else the commit brought and others may build on. Failure
// says why there is none; there is one such attempt.
func PrepareAgain(ctx context.Context, in Input, before selfheal.Repair) (selfheal.Repair, error) {
	if err := in.check("prepare repair again"); err != nil {
		return selfheal.Repair{}, err
	}
	r := selfheal.Repair{Attempt: before.Attempt + 1, Strategy: StrategyRevertFile, Base: before.Base, Branch: before.Branch, Reverts: before.Reverts}
	culprit, reason := in.revertible()
	blamed := in.verdict().Culprit
	switch {
	case before.Authored():
		r.Failure = "somebody wrote the branch, so that there is no less of it to take back"
	case reason != "":
		r.Failure = reason
	case before.Strategy == StrategyRevertFile:
		r.Failure = "no other way is left to take the commit back"
	case blamed == nil || blamed.Path == "":
		r.Failure = "no file is blamed, so that less than the whole commit cannot be taken back"
	}
	if r.Failure != "" {
		return r, nil
	}
	made, err := takeBackParts(ctx, in, culprit, blamed.Path)
	if err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair again: %w", err)
	}
	made.strategy = StrategyRevertFile
	r.Notes, r.Failure = made.notes, made.failure
	if r.Failure != "" {
		return r, nil
	}
	same, err := in.Workspace.TreeChanges(ctx, before.Commit, made.tree)
	if err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair again: %w", err)
	}
	if len(same) == 0 {
		r.Failure = "the commit changed the blamed file only: taking back less of it would be the same again"
		return r, nil
	}
	r.Notes = append(r.Notes, "Only what the commit did to "+blamed.Path+" is taken back: taking back all of it was proposed before.")
	if err := commitTo(ctx, in, culprit, made, &r); err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair again: %w", err)
	}
	return r, nil
}
