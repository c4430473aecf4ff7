// Package repair makes the remedy for an incident and shows that it works.
//
// In goes a judged incident, out comes a branch that takes the culprit commit
// back on top of the deployed revision ([Prepare]), or that a command of the
// user's or an agent wrote ([PrepareCommand], [Desk]) and no guard refuses ([Guards]), what the user's
// commands say about it ([Prove]), and the pull request's text ([Describe]). Nothing here
// pushes, and the user's repository is not touched.
//
// Every step may be repeated: the same incident gives the same commit id, so a
// run that was killed is finished by doing it again.
package repair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/git"
)

// The strategies of a repair.
const (
	StrategyRevert      = "revert"       // the whole commit is taken back
	StrategyRevertHunks = "revert-hunks" // only what later commits did not change again
	StrategyRevertFile  = "revert-file"  // only what the commit did to the blamed file
)

// maxPatch is how much of the branch's difference is kept with the incident.
const maxPatch = 256 << 10

// Input is what the steps work on. All fields are required but where noted.
type Input struct {
	// Workspace is where the branch is made; it knows the service's history.
	Workspace *git.Workspace
	// Incident has a verdict: its deploy says which revision is repaired, its
	// intent which commands prove it.
	Incident *selfheal.Incident
	// Redact removes secrets from what commands print.
	Redact func(string) string
	// Agent is the command of [PrepareCommand]; nil where none is configured.
	Agent *Agent
	// Guards bound what a branch may change that somebody wrote.
	Guards Guards
	// Round is the earlier attempt that this one follows; nil for the first.
	Round *Round
	// Shows tells whether the output of a command shows one of the errors; may be nil: nobody can tell.
	Shows func(output string) bool
}

func (in Input) check(op string) error {
	if in.Workspace == nil || in.Incident == nil || in.Incident.Judged == nil || in.Redact == nil {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: op, Message: "needs a workspace, a judged incident and a redactor"}
	}
	return nil
}

func (in Input) deploy() selfheal.Deploy   { return in.Incident.Opened.Assessment.Deploy }
func (in Input) verdict() selfheal.Verdict { return in.Incident.Judged.Verdict }
func (in Input) change() selfheal.Change   { return in.Incident.Judged.Change }

// commit finds a commit of the change.
func (in Input) commit(id string) (selfheal.Commit, bool) {
	commits := in.change().Commits
	at := slices.IndexFunc(commits, func(c selfheal.Commit) bool { return c.ID == id })
	if id == "" || at < 0 {
		return selfheal.Commit{}, false
	}
	return commits[at], true
}

// Prepare makes the commit that takes the culprit back. When it refuses to, or
// when there is nothing left to take back, Failure says why in one sentence, and
// the error is nil; errors are failures to work at all.
func Prepare(ctx context.Context, in Input) (selfheal.Repair, error) {
	if err := in.check("prepare repair"); err != nil {
		return selfheal.Repair{}, err
	}
	r := selfheal.Repair{Attempt: 1, Strategy: StrategyRevert, Base: in.deploy().Revision}
	culprit, reason := in.revertible()
	if reason != "" {
		r.Failure = reason
		return r, nil
	}
	r.Branch, r.Reverts = branchName(in.Incident.ID, "revert", culprit.Subject), []string{culprit.ID}
	made, err := takeBack(ctx, in, culprit)
	if err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair: %w", err)
	}
	r.Strategy, r.Notes, r.Failure = made.strategy, made.notes, made.failure
	if r.Failure != "" {
		return r, nil
	}
	if err := commitTo(ctx, in, culprit, made, &r); err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair: %w", err)
	}
	return r, nil
}

// revert is the tree in which a commit is taken back, or why there is none.
type revert struct {
	tree     string
	strategy string
	notes    []string
	failure  string
}

// takeBack reverts the commit as a whole where git can, else what of it is left.
func takeBack(ctx context.Context, in Input, culprit selfheal.Commit) (made revert, err error) {
	head := in.deploy().Revision
	worktree, err := in.Workspace.Add(ctx, head)
	if err != nil {
		return revert{}, err
	}
	defer func() { err = errors.Join(err, worktree.Close()) }()
	mainline := 0
	if len(culprit.Parents) > 1 {
		mainline = 1
		made.notes = append(made.notes, "The commit is a merge: everything that it merged is taken back, and merging the same branch again will not bring it back.")
	}
	conflicts, err := worktree.Revert(ctx, culprit.ID, mainline)
	if err != nil {
		return revert{}, err
	}
	if len(conflicts) > 0 {
		parts, err := takeBackParts(ctx, in, culprit, "")
		parts.notes = append(made.notes, parts.notes...)
		return parts, err
	}
	made.strategy = StrategyRevert
	if made.tree, err = worktree.WriteTree(ctx); err != nil {
		return revert{}, err
	}
	return made, nil
}

// message is what a commit says of itself; nothing is why there is none when it
// would change nothing.
type message struct{ subject, body, nothing string }

// author is who the commits are by.
func author() git.Identity { return git.Identity{Name: "selfheal", Email: "selfheal@localhost"} }

// commitTo turns the tree in which a commit is taken back into a commit.
func commitTo(ctx context.Context, in Input, culprit selfheal.Commit, made revert, r *selfheal.Repair) error {
	return commitAs(ctx, in, made.tree, message{
		subject: revertSubject(culprit.Subject), body: commitBody(in, culprit, made.strategy),
		nothing: "taking the commit back changes nothing: the deployed revision does not contain its lines any more",
	}, r)
}

// commitAs turns a tree into a commit and completes the repair. A later round is a
// commit on top of the earlier one, so that reviewers see what it changed. The date is
// that of the parent and a second more: the clock would make every
// attempt another commit.
func commitAs(ctx context.Context, in Input, tree string, text message, r *selfheal.Repair) error {
	w := in.Workspace
	changes, err := w.TreeChanges(ctx, r.Base, tree)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		r.Failure = text.nothing
		return nil
	}
	parent := r.Base
	if in.Round != nil && r.Authored() {
		parent = in.from()
	}
	at, err := w.CommitTime(ctx, parent)
	if err != nil {
		return err
	}
	spec := git.CommitSpec{
		Tree: tree, Parents: []string{parent}, Time: at.Add(time.Second),
		Author: author(), Subject: text.subject, Body: text.body,
		Trailers: []git.Trailer{
			{Key: "Selfheal-Incident", Value: in.Incident.Key},
			{Key: "Signed-off-by", Value: author().Name + " <" + author().Email + ">"},
		},
	}
	if r.Commit, err = w.CommitTree(ctx, spec); err != nil {
		return err
	}
	// A reference keeps the commit when somebody tidies the workspace up.
	if _, err := w.Run(ctx, "update-ref", "refs/selfheal/"+in.Incident.ID, r.Commit); err != nil {
		return fmt.Errorf("keep the branch: %w", err)
	}
	var cut bool
	if r.Patch, cut, err = w.PatchText(ctx, r.Base, r.Commit, maxPatch); err != nil {
		return err
	}
	if cut {
		r.Notes = append(r.Notes, "The difference is too long to be kept with the incident; the branch has all of it.")
	}
	return nil
}
