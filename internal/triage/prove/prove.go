// Package prove finds out by execution which step of a change brought a fault.
//
// In goes a chain of steps, each with the revision that it led to and the
// probability that evidence gives it, and commands of the user that may show the
// fault. Out comes, for every step, how well it explains what the runs showed,
// with every run on record.
//
// First a command must fail at the newest revision, better with the very error
// that is asked about. Then it is run where a run is expected to tell most, again
// and again, until one step stands out or the budget is used up (noisy bisection:
// how often the command fails with and without the fault is estimated on the way,
// so that one odd run decides nothing). The posterior is exact for Beta-Bernoulli
// runs: P(step | runs) is proportional to the prior times the two marginal
// likelihoods of the runs before and after the step.
//
// Commands run only in the sandbox, on trees of selfheal's own.
package prove

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/sandbox"
)

// Step is one commit of a chain.
type Step struct {
	Commit   string  // full id
	Revision string  // whose tree the step led to; not Commit where the step takes a commit away
	Prior    float64 // probability that it brought the fault, by the evidence so far
}

// Question is what is to be decided.
type Question struct {
	Base  string // revision before the first step
	Steps []Step // oldest first; their priors leave room for "none of them"
	// Inconclusive says that the evidence so far does not decide.
	Inconclusive bool
	Signature    selfheal.SignatureID // of the error that is asked about
}

// Answer is what the runs say.
type Answer struct {
	Trial selfheal.Trial
	// Likelihoods gives for each step, and last for none of them, the logarithm of
	// the probability of the runs, had it brought the fault. Nil when the runs say nothing.
	Likelihoods []float64
	// BaseFails says that the fault was seen at the revision before the first step.
	BaseFails bool
}

// Budget bounds a trial.
type Budget struct {
	Runs int           // at most, over all revisions
	Time time.Duration // no run begins later than this
}

// Settings say how commands are run.
type Settings struct {
	Workspace *git.Workspace
	Commands  []string      // of the user; the first one that shows the error is used
	Timeout   time.Duration // of one run
	Network   bool          // the commands may use the machine's network
	Unsafe    bool          // the commands are not confined
	Budget    Budget
	// Shows tells which of the errors that are asked about an output shows.
	Shows func(output string) []selfheal.SignatureID
	// Redact removes secrets from what is kept.
	Redact func(string) string
	Clock  selfheal.Clock
	// Progress may be nil.
	Progress func(format string, args ...any)
}

// Run decides a question. Errors are those of the sandbox and of git, and the context's.
func Run(ctx context.Context, q Question, s Settings) (answer *Answer, err error) {
	if len(s.Commands) == 0 || len(q.Steps) == 0 {
		return nil, nil
	}
	trees := &trees{workspace: s.Workspace}
	defer func() { err = errors.Join(err, trees.close()) }()
	t := &trial{
		Question: q, Settings: s, began: s.Clock(), posterior: newPosterior(q.Steps), unusable: map[int]bool{},
		run: func(ctx context.Context, revision, command string, timeout time.Duration) (selfheal.TrialRun, error) {
			return execute(ctx, s, trees, revision, command, timeout)
		},
	}
	err = t.decide(ctx)
	if selfheal.CodeOf(err) == selfheal.CodeRefused {
		return notRun(s, err), nil
	}
	if err != nil {
		return nil, fmt.Errorf("prove by execution: %w", err)
	}
	return t.answer(), nil
}

// notRun is the answer where the command would not have been confined: none, with the reason.
func notRun(s Settings, err error) *Answer {
	return &Answer{Trial: selfheal.Trial{
		Command: s.Redact(s.Commands[0]), Reproduction: selfheal.ReproducedNot,
		Ended: fmt.Sprintf("%s; %s, or give --unsafe-no-sandbox if you trust the code", err, selfheal.HintOf(err)),
	}}
}

// maxOutput is how much of a run's output is kept, in bytes.
const maxOutput = 2 << 10

// execute runs a command in a revision's tree.
func execute(ctx context.Context, s Settings, all *trees, revision, command string, timeout time.Duration) (selfheal.TrialRun, error) {
	tree, err := all.at(ctx, revision)
	if err != nil {
		return selfheal.TrialRun{}, err
	}
	policy := sandbox.Require
	if s.Unsafe {
		policy = sandbox.Unsafe
	}
	result, err := sandbox.Run(ctx, sandbox.Command{Dir: tree, Shell: command, Timeout: timeout, Policy: policy, Network: s.Network})
	if err != nil {
		return selfheal.TrialRun{}, err
	}
	return selfheal.TrialRun{
		Revision: revision, ExitCode: result.ExitCode, TimedOut: result.TimedOut, Exceeded: result.Exceeded,
		Took: selfheal.Duration(result.Took), Output: strings.ReplaceAll(result.Output, tree, "."),
		Confinement: result.Confinement, Unconfined: result.Unconfined, Network: result.Network,
	}, nil
}

// maxTrees is how many revisions are checked out at a time.
const maxTrees = 4

// trees keeps the revisions that were used last checked out.
type trees struct {
	workspace *git.Workspace
	open      []openTree // least recently used first
}

type openTree struct {
	revision string
	tree     *git.Worktree
}

func (t *trees) at(ctx context.Context, revision string) (dir string, err error) {
	for i, o := range t.open {
		if o.revision == revision {
			t.open = append(append(t.open[:i:i], t.open[i+1:]...), o)
			return o.tree.Dir, nil
		}
	}
	if len(t.open) == maxTrees {
		oldest := t.open[0]
		t.open = t.open[1:]
		if err := oldest.tree.Close(); err != nil {
			return "", err
		}
	}
	tree, err := t.workspace.Add(ctx, revision)
	if err != nil {
		return "", err
	}
	t.open = append(t.open, openTree{revision, tree})
	return tree.Dir, nil
}

func (t *trees) close() error {
	var all []error
	for _, o := range t.open {
		all = append(all, o.tree.Close())
	}
	return errors.Join(all...)
}

// lastLines keeps the end of a text, from the start of a line where one is near.
func lastLines(text string, limit int) string {
	if len(text) > limit {
		text = text[len(text)-limit:]
		if _, rest, found := strings.Cut(text, "\n"); found && len(rest) > limit/2 {
			text = rest
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
