package repair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/sandbox"
)

// maxOutput is how much of a command's output is kept with a proof, in bytes.
const maxOutput = 8 << 10

// The names of proofs, and what they want.
const (
	proofVerify = "verify"
	proofReplay = "replay"
	wantPass    = "pass"
	wantFail    = "fail"
)

// Prove runs the user's commands and gives the repair with the proofs: replay
// commands must fail on the deployed revision and pass on the branch, verify
// commands must pass on the branch. A verify command that the deployed revision
// fails as well says nothing about the branch; it becomes a note, unless tests fail
// there that passed before. Where no replay reproduced the error, tests that somebody
// added on the branch must: on the deployed code they fail by that error. Without
// commands there are no proofs, nor where commands cannot be confined: a note says why.
func Prove(ctx context.Context, in Input, r selfheal.Repair) (selfheal.Repair, error) {
	if err := in.check("prove repair"); err != nil {
		return r, err
	}
	intent := in.Incident.Opened.Intent
	r.Proofs = nil
	if len(intent.Verify)+len(intent.Replay) == 0 || r.Commit == "" {
		return r, nil
	}
	p := &prover{in: in, written: r.Authored(), timeout: time.Duration(intent.Timeout), deployed: site{revision: r.Base}, repaired: site{revision: r.Commit}}
	err := p.all(ctx, intent)
	if selfheal.CodeOf(err) == selfheal.CodeRefused {
		p.proofs, p.notes, err = nil, append(p.notes, notRun(err)), nil
	}
	if err = errors.Join(err, p.deployed.close(), p.repaired.close(), p.tests.close()); err != nil {
		return r, fmt.Errorf("prove repair: %w", err)
	}
	r.Proofs, r.Notes = p.proofs, append(r.Notes, p.notes...)
	if r.Written == nil || r.Written.Unconfined == "" { // else it is noted already
		r.Notes = append(r.Notes, unconfined(p.proofs)...)
	}
	return r, nil
}

// notRun says that commands were not executed, since they would not have been confined.
func notRun(err error) string {
	return fmt.Sprintf("No command was executed, so nothing is proven: %s. To change that: %s, or accept that the repository's code runs as you with --unsafe-no-sandbox.",
		err, selfheal.HintOf(err))
}

// unconfined says that commands ran without confinement, and why.
func unconfined(proofs []selfheal.Proof) []string {
	for _, p := range proofs {
		if p.Unconfined != "" {
			return []string{"The commands were not confined: " + p.Unconfined + "."}
		}
	}
	return nil
}

// prover runs commands on two revisions.
type prover struct {
	in       Input
	timeout  time.Duration
	deployed site
	repaired site
	tests    site // the deployed code with the tests that the branch adds
	written  bool // by somebody: then it matters why a replay fails
	proofs   []selfheal.Proof
	notes    []string
}

// site is a revision, checked out when the first command needs it.
type site struct {
	revision string
	tree     *git.Worktree
}

func (s *site) open(ctx context.Context, w *git.Workspace) (dir string, err error) {
	if s.tree == nil {
		if s.tree, err = w.Add(ctx, s.revision); err != nil {
			return "", err
		}
	}
	return s.tree.Dir, nil
}

func (s *site) close() error {
	if s.tree == nil {
		return nil
	}
	return s.tree.Close()
}

func (p *prover) all(ctx context.Context, intent selfheal.Intent) error {
	for _, command := range intent.Replay {
		if err := p.replay(ctx, command); err != nil {
			return err
		}
	}
	for _, command := range intent.Verify {
		if err := p.verify(ctx, command); err != nil {
			return err
		}
	}
	if p.written && !p.reproduced() {
		return p.reproduce(ctx, intent.Verify)
	}
	return nil
}

// reproduced tells whether the error was seen to be there, and to be gone.
func (p *prover) reproduced() bool {
	return slices.ContainsFunc(p.proofs, func(proof selfheal.Proof) bool { return proof.Want == wantFail && proof.AsExpected() })
}

func (p *prover) replay(ctx context.Context, command string) error {
	before, err := p.run(ctx, &p.deployed, proofReplay, command, wantFail)
	if err != nil {
		return err
	}
	if p.written && before.AsExpected() && p.in.Shows != nil && !p.in.Shows(before.Output) {
		before.Unlike = "nothing that it prints shows the error that broke production"
	}
	after, err := p.run(ctx, &p.repaired, proofReplay, command, wantPass)
	p.proofs = append(p.proofs, before, after)
	return err
}

func (p *prover) verify(ctx context.Context, command string) error {
	after, err := p.run(ctx, &p.repaired, proofVerify, command, wantPass)
	if err != nil || after.AsExpected() {
		p.proofs = append(p.proofs, after)
		return err
	}
	before, err := p.run(ctx, &p.deployed, proofVerify, command, wantPass)
	if err != nil {
		return err
	}
	if before.AsExpected() {
		p.proofs = append(p.proofs, after)
		return nil
	}
	if fresh := newFailures(before.Output, after.Output); len(fresh) > 0 {
		after.Unlike = broke(fresh)
		p.proofs = append(p.proofs, after)
		return nil
	}
	p.notes = append(p.notes, fmt.Sprintf("The command %q failed before too (on the deployed revision: %s; on the branch: %s), so it says nothing about the branch.",
		shorten(p.in.Redact(command), 200), ended(before), ended(after)))
	return nil
}

// ended says in words how a command ended.
func ended(p selfheal.Proof) string {
	if p.Exceeded != "" {
		return "stopped beyond its limit on " + p.Exceeded
	}
	if p.TimedOut {
		return "stopped after " + rounded(p.Took)
	}
	return fmt.Sprintf("exit code %d", p.ExitCode)
}

func rounded(d selfheal.Duration) string {
	if took := time.Duration(d); took >= time.Second {
		return took.Round(100 * time.Millisecond).String()
	}
	return time.Duration(d).Round(time.Millisecond).String()
}

func (p *prover) run(ctx context.Context, where *site, name, command, want string) (selfheal.Proof, error) {
	dir, err := where.open(ctx, p.in.Workspace)
	if err != nil {
		return selfheal.Proof{}, err
	}
	result, err := p.execute(ctx, dir, command)
	if err != nil {
		return selfheal.Proof{}, err
	}
	return selfheal.Proof{
		Name: name, Command: p.in.Redact(command), Revision: where.revision, Want: want,
		ExitCode: result.ExitCode, TimedOut: result.TimedOut, Took: selfheal.Duration(result.Took),
		Output:      lastLines(p.in.Redact(stripped(result.Output, dir)), maxOutput),
		Confinement: result.Confinement, Unconfined: result.Unconfined, Network: result.Network, Exceeded: result.Exceeded,
	}, nil
}

func (p *prover) execute(ctx context.Context, dir, command string) (sandbox.Result, error) {
	intent := p.in.Incident.Opened.Intent
	policy := sandbox.Require
	if intent.Unsafe {
		policy = sandbox.Unsafe
	}
	return sandbox.Run(ctx, sandbox.Command{Dir: dir, Shell: command, Timeout: p.timeout, Policy: policy, Network: intent.Network})
}

// stripped is an output without the name of the folder in which a command ran.
func stripped(output, dir string) string { return strings.ReplaceAll(output, dir, ".") }

// lastLines keeps the end of a text, from the start of a line where one is near.
func lastLines(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	text = text[len(text)-limit:]
	if _, rest, found := strings.Cut(text, "\n"); found && len(rest) > limit/2 {
		text = rest
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
