package repair

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/sandbox"
)

// StrategyAgent is a fix that the built-in agent wrote.
const StrategyAgent = "agent"

// Round is an attempt that was proposed, and what checks and people said of it.
type Round struct {
	Before selfheal.Repair
	Said   selfheal.Feedback
}

// from is the commit that an author starts at: the deployed revision, or what was
// proposed before.
func (in Input) from() string {
	if in.Round != nil {
		return in.Round.Before.Commit
	}
	return in.deploy().Revision
}

// begin is a repair of which nothing is made yet.
func (in Input) begin(strategy string) selfheal.Repair {
	r := selfheal.Repair{Attempt: 1, Strategy: strategy, Base: in.deploy().Revision, Branch: in.fixBranch()}
	if in.Round != nil {
		r.Attempt, r.Branch = in.Round.Before.Attempt+1, in.Round.Before.Branch
	}
	return r
}

// Desk is where an author works: a working copy of its own, in which nothing is
// ever executed. What is executed, is so in a copy of that copy.
type Desk struct {
	Dir string // root of the working copy
	// From is the commit that the copy was made of.
	From string

	in    Input
	own   string // folder beside the working copy, for the index
	plain selfheal.Repair
}

// OpenDesk makes a working copy. Close removes it.
func OpenDesk(ctx context.Context, in Input, strategy string) (desk *Desk, done func() error, err error) {
	if err := in.check("open a working copy"); err != nil {
		return nil, nil, err
	}
	tree, err := in.Workspace.Add(ctx, in.from())
	if err != nil {
		return nil, nil, err
	}
	own, err := os.MkdirTemp(filepath.Dir(in.Workspace.Directory()), "desk-*")
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open a working copy: %w", err), tree.Close())
	}
	done = func() error { return errors.Join(tree.Close(), os.RemoveAll(own)) }
	return &Desk{Dir: tree.Dir, From: in.from(), in: in, own: own, plain: in.begin(strategy)}, done, nil
}

// Plain is the repair of which nothing is made yet.
func (d *Desk) Plain() selfheal.Repair { return d.plain }

// Snapshot gives the tree of the working copy as it is now.
func (d *Desk) Snapshot(ctx context.Context) (string, error) {
	return snapshot(ctx, d.in.Workspace, d.Dir, d.From, d.own)
}

// Commands are those that check the repair: replays first.
func (d *Desk) Commands() []string {
	intent := d.in.Incident.Opened.Intent
	return append(append([]string(nil), intent.Replay...), intent.Verify...)
}

// Execute runs a command, confined, in a copy of the working copy as it is now. The
// output is scrubbed.
func (d *Desk) Execute(ctx context.Context, command string) (result sandbox.Result, err error) {
	tree, err := d.Snapshot(ctx)
	if err != nil {
		return result, err
	}
	commit, err := passing(ctx, d.in.Workspace, tree, d.From)
	if err != nil {
		return result, err
	}
	p := &prover{in: d.in, timeout: time.Duration(d.in.Incident.Opened.Intent.Timeout)}
	where := site{revision: commit}
	dir, err := where.open(ctx, d.in.Workspace)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, where.close()) }()
	result, err = p.execute(ctx, dir, command)
	result.Output = d.in.scrub()(stripped(result.Output, dir))
	return result, err
}

// Attempt makes the commit of what the working copy holds, and proves it. Refusals
// are those of the guards: then there is no commit.
func (d *Desk) Attempt(ctx context.Context) (selfheal.Repair, []Refusal, error) {
	r := d.plain
	tree, err := d.Snapshot(ctx)
	if err != nil {
		return r, nil, err
	}
	refusals, err := d.in.accept(ctx, tree, "nothing was changed", &r)
	if err != nil || len(refusals) > 0 || r.Failure != "" {
		return r, refusals, err
	}
	r, err = Prove(ctx, d.in, r)
	return r, nil, err
}

// passing makes a commit that nobody is going to see, to check a tree out.
func passing(ctx context.Context, w *git.Workspace, tree, parent string) (string, error) {
	at, err := w.CommitTime(ctx, parent)
	if err != nil {
		return "", err
	}
	return w.CommitTree(ctx, git.CommitSpec{Tree: tree, Parents: []string{parent}, Time: at, Author: author(), Subject: "A working copy"})
}

// scrub removes secrets, and what a command is given.
func (in Input) scrub() func(string) string {
	if in.Agent == nil {
		return in.Redact
	}
	return in.Agent.scrub(in.Redact)
}
