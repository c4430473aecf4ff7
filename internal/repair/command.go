package repair

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/sandbox"
)

// StrategyCommand is a fix that a command of the user's wrote, e.g. a coding agent.
const StrategyCommand = "command"

// DossierVariable names the file that tells the command what to repair.
const DossierVariable = "SELFHEAL_DOSSIER"

// maxShownRefusals is how many refusals of guards a failure lists.
const maxShownRefusals = 5

// Agent is a command that changes the code in the directory where it runs.
type Agent struct {
	Run     string        // for the shell; reads the dossier from standard input or DossierVariable
	Timeout time.Duration // of the run
	Network bool          // it may use the machine's network
	Env     []string      // "NAME=value": all that it gets of the caller's environment beyond what every command gets
	Random  io.Reader     // where the nonce of the dossier's fences comes from
}

// attempt is a run of the command. It is kept as a commit of the workspace before
// anything is concluded from it, so that a run that was paid is not paid again.
type attempt struct {
	Run  selfheal.Proof `json:"run"`
	Fail string         `json:"fail,omitempty"` // why there is no tree
	tree string
}

// PrepareCommand lets the agent change the deployed revision in a working copy of
// its own, and makes one commit of what it changed unless a guard refuses it.
// Failure says why there is no commit.
func PrepareCommand(ctx context.Context, in Input) (selfheal.Repair, error) {
	if err := in.check("prepare repair"); err != nil {
		return selfheal.Repair{}, err
	}
	r := in.begin(StrategyCommand)
	if in.Agent == nil {
		r.Failure = "no command is configured that could write a fix"
		return r, nil
	}
	made, err := in.attempt(ctx)
	if selfheal.CodeOf(err) == selfheal.CodeRefused {
		r.Failure = fmt.Sprintf("the command was not run: %v (%s)", err, selfheal.HintOf(err))
		return r, nil
	}
	if err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair: %w", err)
	}
	r.Written = &made.Run
	r.Notes = unconfined([]selfheal.Proof{made.Run})
	if r.Failure = made.Fail; r.Failure != "" {
		return r, nil
	}
	refusals, err := in.accept(ctx, made.tree, "the command succeeded and changed nothing", &r)
	if err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair: %w", err)
	}
	if len(refusals) > 0 {
		r.Failure = "what the command changed is refused by " + Refused(refusals)
	}
	return r, nil
}

// accept makes the commit of a tree, unless a guard refuses it; nothing is why there
// is none when the tree is what it was made of.
func (in Input) accept(ctx context.Context, tree, nothing string, r *selfheal.Repair) ([]Refusal, error) {
	same, err := in.Workspace.TreeChanges(ctx, in.from(), tree)
	if err != nil {
		return nil, err
	}
	if len(same) == 0 {
		r.Failure = nothing
		return nil, nil
	}
	guards := in.guards()
	intent := in.Incident.Opened.Intent
	guards.Commands = append(append(guards.Commands, intent.Verify...), intent.Replay...)
	refusals, allowed, err := guards.Check(ctx, in.Workspace, r.Base, tree)
	if err != nil || len(refusals) > 0 {
		return refusals, err
	}
	for _, a := range allowed {
		r.Notes = append(r.Notes, "Let through by repair.guards.allow_paths: "+a.String()+".")
	}
	return nil, commitAs(ctx, in, tree, message{subject: in.fixSubject(), body: in.fixBody(r.Strategy), nothing: nothing}, r)
}

// guards are the settings, with what must not show.
func (in Input) guards() Guards {
	guards := in.Guards
	guards.Redact = in.scrub()
	return guards
}

// Refused says in one sentence which guards refused a difference.
func Refused(refusals []Refusal) string {
	var texts []string
	shown, left := atMost(refusals, maxShownRefusals)
	for _, r := range shown {
		texts = append(texts, r.String())
	}
	text := strings.Join(texts, "; ")
	if left > 0 {
		text += fmt.Sprintf("; and %d more", left)
	}
	return text
}

// scrub removes what the command was given from texts, besides what looks like a secret.
func (a *Agent) scrub(redact func(string) string) func(string) string {
	var pairs []string
	for _, pair := range a.Env {
		if _, value, _ := strings.Cut(pair, "="); len(value) >= 6 {
			pairs = append(pairs, value, "[redacted:environment]")
		}
	}
	replacer := strings.NewReplacer(pairs...)
	return func(text string) string { return redact(replacer.Replace(text)) }
}

// attempt gives the run of the command: the one that is kept, or a new one.
func (in Input) attempt(ctx context.Context) (attempt, error) {
	key, err := in.dossier(ctx, "")
	if err != nil {
		return attempt{}, err
	}
	// With another key, or more time, a command that failed may succeed.
	asked := []string{in.from(), in.Agent.Run, fmt.Sprint(in.Agent.Network, in.Agent.Timeout), strings.Join(in.Agent.Env, "\x00"), key}
	hash := sha256.Sum256([]byte(strings.Join(asked, "\x00")))
	reference := "refs/selfheal-attempts/" + in.Incident.ID + "-" + hex.EncodeToString(hash[:8])
	kept, found, err := in.keptAttempt(ctx, reference)
	if err != nil || found {
		return kept, err
	}
	made, err := in.runAgent(ctx)
	if err != nil {
		return attempt{}, err
	}
	return made, in.keepAttempt(ctx, reference, made)
}

func (in Input) keptAttempt(ctx context.Context, reference string) (attempt, bool, error) {
	out, err := in.Workspace.Run(ctx, "for-each-ref", "--format=%(tree) %(contents:body)", reference)
	if err != nil {
		return attempt{}, false, fmt.Errorf("look for an earlier run: %w", err)
	}
	tree, body, found := strings.Cut(string(out), " ")
	var kept attempt
	if !found || json.Unmarshal([]byte(body), &kept) != nil {
		return attempt{}, false, nil
	}
	kept.tree = tree
	return kept, true, nil
}

func (in Input) keepAttempt(ctx context.Context, reference string, made attempt) error {
	body, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	base := in.from()
	at, err := in.Workspace.CommitTime(ctx, base)
	if err != nil {
		return err
	}
	tree := made.tree
	if tree == "" {
		tree = base + "^{tree}"
	}
	commit, err := in.Workspace.CommitTree(ctx, git.CommitSpec{
		Tree: tree, Parents: []string{base}, Time: at, Author: author(), Subject: "A run of a command", Body: string(body),
	})
	if err == nil {
		_, err = in.Workspace.Run(ctx, "update-ref", reference, commit)
	}
	if err != nil {
		return fmt.Errorf("keep the run: %w", err)
	}
	return nil
}

// runAgent runs the command in a fresh working copy and takes what it changed.
func (in Input) runAgent(ctx context.Context) (made attempt, err error) {
	w := in.Workspace
	tree, err := w.Add(ctx, in.from())
	if err != nil {
		return attempt{}, err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	desk, err := os.MkdirTemp(filepath.Dir(w.Directory()), "dossier-*")
	if err != nil {
		return attempt{}, fmt.Errorf("write the dossier: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(desk)) }()
	dossier, err := in.writeDossier(ctx, desk)
	if err != nil {
		return attempt{}, err
	}
	result, err := in.execute(ctx, tree.Dir, dossier)
	if err != nil {
		return attempt{}, err
	}
	made = attempt{Run: in.ran(result, tree.Dir), Fail: in.unfinished(result)}
	if made.Fail != "" {
		return made, nil
	}
	if made.tree, err = snapshot(ctx, w, tree.Dir, in.from(), desk); err != nil {
		if ctx.Err() != nil {
			return attempt{}, err
		}
		made.Fail = "what the command left behind cannot be read as a tree: " + shorten(in.Redact(oneLine(err.Error())), maxQuote)
	}
	return made, nil
}

func (in Input) execute(ctx context.Context, dir, dossier string) (sandbox.Result, error) {
	policy := sandbox.Require
	if in.Incident.Opened.Intent.Unsafe {
		policy = sandbox.Unsafe
	}
	return sandbox.Run(ctx, sandbox.Command{
		Dir: dir, Shell: `exec <"$` + DossierVariable + "\"\n" + in.Agent.Run,
		Timeout: in.Agent.Timeout, Network: in.Agent.Network, Policy: policy,
		Env: append([]string{DossierVariable + "=" + dossier}, in.Agent.Env...), ReadOnly: []string{filepath.Dir(dossier)},
		Limits: sandbox.Limits{Disk: 2 << 30},
	})
}

// ran is the run as it is kept.
func (in Input) ran(result sandbox.Result, dir string) selfheal.Proof {
	scrub := in.Agent.scrub(in.Redact)
	return selfheal.Proof{
		Name: StrategyCommand, Command: scrub(in.Agent.Run), Revision: in.deploy().Revision, Want: wantPass,
		ExitCode: result.ExitCode, TimedOut: result.TimedOut, Took: selfheal.Duration(result.Took),
		Output:      lastLines(scrub(strings.ReplaceAll(result.Output, dir, ".")), maxOutput),
		Confinement: result.Confinement, Unconfined: result.Unconfined, Network: result.Network, Exceeded: result.Exceeded,
	}
}

// unfinished says why nothing is taken of a run: half of a fix is none.
func (in Input) unfinished(result sandbox.Result) string {
	switch {
	case result.TimedOut:
		return "the command was stopped: it took longer than " + in.Agent.Timeout.String()
	case result.Exceeded != "":
		return "the command was stopped beyond its limit on " + result.Exceeded
	case result.ExitCode != 0:
		return fmt.Sprintf("the command gave up with exit code %d", result.ExitCode)
	}
	return ""
}

// snapshot gives the tree of what lies in a directory, whether it was committed
// or not; what the repository ignores is left out unless it was tracked. The
// directory's own .git is not looked at: the command may have written anything there.
func snapshot(ctx context.Context, w *git.Workspace, dir, base, desk string) (string, error) {
	options := git.Options{Directory: dir, Env: []string{
		"GIT_DIR=" + w.Directory(), "GIT_WORK_TREE=" + dir, "GIT_INDEX_FILE=" + filepath.Join(desk, "index"),
	}}
	run := func(args ...string) (string, error) {
		out, err := w.RunWith(ctx, options, append([]string{"-c", "core.bare=false", "-c", "core.fileMode=true", "-c", "core.autocrlf=false", "-c", "core.attributesFile=/dev/null"}, args...)...)
		return strings.TrimSpace(string(out)), err
	}
	if _, err := run("read-tree", base); err != nil {
		return "", err
	}
	if _, err := run("add", "--all", "."); err != nil {
		return "", err
	}
	return run("write-tree")
}
