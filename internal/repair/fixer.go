package repair

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

// StrategyAgent is a fix that the built-in agent wrote.
const StrategyAgent = "agent"

// FixRole is whose models write fixes.
const FixRole = "fix"

//go:embed fixer.md
var fixerPrompt string

// Fixer is the built-in agent: a model that reads and edits the deployed revision
// by tools, and nothing else. It has no checkout of its own: every edit makes a git
// tree, so that no path can lead out of the repository, and a run that was killed
// goes on with the edits that it had made.
type Fixer struct {
	Model  selfheal.Model
	Guards Guards
}

// PrepareAgent has the agent write a fix of the deployed revision and makes one
// commit of it unless a guard refuses it. With another attempt, before is the one that
// people or checks did not like, and said is what they said: the agent goes on from
// there, and its commit comes on top. Failure says why there is no commit.
func PrepareAgent(ctx context.Context, in Input, f Fixer, before *selfheal.Repair, said []selfheal.Section) (selfheal.Repair, error) {
	if err := in.check("prepare repair"); err != nil {
		return selfheal.Repair{}, err
	}
	r := selfheal.Repair{Attempt: 1, Strategy: StrategyAgent, Base: in.deploy().Revision, Branch: in.fixBranch()}
	parent := r.Base
	if before != nil {
		r.Attempt, r.Branch, parent = before.Attempt+1, before.Branch, before.Commit
	}
	if f.Model == nil {
		r.Failure = "no model is configured that could write a fix"
		return r, nil
	}
	guards := f.Guards
	guards.Redact = in.Redact
	intent := in.Incident.Opened.Intent
	guards.Commands = append(append(guards.Commands, intent.Verify...), intent.Replay...)
	b := &bench{in: in, guards: guards, base: r.Base, parent: parent, commands: append(append([]string{}, intent.Replay...), intent.Verify...)}
	if err := b.work(ctx, f.Model, &r, said); err != nil {
		return selfheal.Repair{}, fmt.Errorf("prepare repair: %w", err)
	}
	return r, nil
}

// bench is what one run of the agent works on.
type bench struct {
	in       Input
	guards   Guards
	base     string // deployed revision
	parent   string // what the commit comes on top of
	commands []string

	desk   string // reference under which the edits are kept
	commit string // the parent with all edits so far
}

// fixed is what the agent submits.
type fixed struct {
	Summary   string `json:"summary"`
	RootCause string `json:"root_cause"`
	NotDone   string `json:"not_done"`
}

// work runs the agent and completes the repair.
func (b *bench) work(ctx context.Context, model selfheal.Model, r *selfheal.Repair, said []selfheal.Section) error {
	evidence, err := b.evidence(ctx)
	if err != nil {
		return err
	}
	task := selfheal.Task{
		ID: fmt.Sprintf("%s-fix-%d", b.in.Incident.ID, r.Attempt), Role: FixRole,
		Prompt:   fmt.Sprintf(fixerPrompt, b.guards.MaxLines, b.guards.MaxFiles),
		Evidence: append(evidence, said...), Tools: b.tools(), Submit: b.submission(),
	}
	if err := b.open(ctx, task); err != nil {
		return err
	}
	answer, err := model.Run(ctx, task)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if selfheal.CodeOf(err) == selfheal.CodeUsage && err != nil {
		return fmt.Errorf("ask the fix agent: %w", err)
	}
	r.Usage, r.Written = &answer.Usage, b.written(answer)
	switch {
	case err != nil:
		r.Failure = "no model could be asked: " + err.Error()
	case answer.Stopped != selfheal.StopSubmitted:
		r.Failure = fmt.Sprintf("the fix agent came to no fix (%s)", answer.Stopped)
	default:
		return b.accept(ctx, answer, r)
	}
	return nil
}

// written is the run as it is kept.
func (b *bench) written(answer selfheal.Answer) *selfheal.Proof {
	proof := &selfheal.Proof{
		Name: StrategyAgent, Command: "the fix agent of selfheal, with the model " + answer.Model, Revision: b.base, Want: wantPass,
		Took: answer.Usage.Time, Network: true,
	}
	if answer.Stopped != selfheal.StopSubmitted {
		proof.ExitCode = 1
	}
	return proof
}

// accept makes the commit of what was submitted. What the tool checked is checked
// again: it is the code that decides, whatever the conversation was.
func (b *bench) accept(ctx context.Context, answer selfheal.Answer, r *selfheal.Repair) error {
	var submitted fixed
	if err := json.Unmarshal(answer.JSON, &submitted); err != nil {
		r.Failure = "the fix agent's answer cannot be read"
		return nil
	}
	r.Written.Output = lastLines(b.in.Redact(submitted.told()), maxOutput)
	refusals, err := b.refusals(ctx)
	if err != nil {
		return err
	}
	if len(refusals) > 0 {
		r.Failure = strings.Replace(refused(refusals), "the command", "the fix agent", 1)
		return nil
	}
	body := strings.Replace(b.in.fixBody(), "a command that selfheal was configured to run", "the fix agent of selfheal", 1)
	tree, err := b.tree(ctx)
	if err != nil {
		return err
	}
	return commitOn(ctx, b.in, b.parent, tree, message{
		subject: b.in.fixSubject(), body: body, nothing: "the fix agent submitted and changed nothing",
	}, r)
}

// tree is what the edits have made of the repository.
func (b *bench) tree(ctx context.Context) (string, error) {
	out, err := b.in.Workspace.Run(ctx, "rev-parse", b.commit+"^{tree}")
	return strings.TrimSpace(string(out)), err
}

// refusals are what the guards say of all edits, those of earlier attempts included.
func (b *bench) refusals(ctx context.Context) ([]Refusal, error) {
	tree, err := b.tree(ctx)
	if err != nil {
		return nil, err
	}
	return b.guards.Check(ctx, b.in.Workspace, b.base, tree)
}

func (f fixed) told() string {
	text := "What was changed: " + f.Summary + "\nWhy it broke: " + f.RootCause
	if strings.TrimSpace(f.NotDone) != "" {
		text += "\nWhat was not done: " + f.NotDone
	}
	return text
}

// evidence is what the agent is told of the incident: narrow, and nothing that
// anybody vouches for.
func (b *bench) evidence(ctx context.Context) ([]selfheal.Section, error) {
	in := b.in
	d := &dossier{redact: in.Redact}
	deploy := in.deploy()
	fmt.Fprintf(&d.text, "Revision %s was deployed over %s: %s.\n", deploy.Revision, deploy.Previous, in.extent())
	d.errors(in)
	d.blame(in)
	sections := []selfheal.Section{{Title: "What broke, and what is to blame", Text: d.text.String()}}
	var listed strings.Builder
	for i, command := range b.commands {
		kind := "has to succeed"
		if i < len(in.Incident.Opened.Intent.Replay) {
			kind = "fails now and has to succeed"
		}
		fmt.Fprintf(&listed, "%d (%s): %s\n", i+1, kind, command)
	}
	if listed.Len() > 0 {
		sections = append(sections, selfheal.Section{Title: "Commands that check the repair", Text: listed.String()})
	}
	for _, name := range guides {
		content, err := in.Workspace.File(ctx, deploy.Revision, name)
		if err != nil && selfheal.CodeOf(err) == selfheal.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		sections = append(sections, selfheal.Section{Title: name + " of the deployed revision", Text: string(content[:min(len(content), maxDossierGuide)])})
	}
	return sections, nil
}

// open takes up the edits of a run that was killed, by the task that they belong to.
func (b *bench) open(ctx context.Context, task selfheal.Task) error {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00%s", task.ID, task.Prompt, b.parent)
	for _, section := range task.Evidence {
		fmt.Fprintf(sum, "\x00%s\x00%s", section.Title, section.Text)
	}
	b.desk = "refs/selfheal-desks/" + b.in.Incident.ID + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
	kept, err := b.in.Workspace.Resolve(ctx, b.desk)
	switch {
	case err == nil:
		b.commit = kept
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		b.commit = b.parent
	}
	return nil
}

// put makes the edits' next state.
func (b *bench) put(ctx context.Context, path string, entry git.TreeEntry) error {
	w := b.in.Workspace
	tree, err := w.EditTree(ctx, b.commit, map[string]git.TreeEntry{path: entry})
	if err != nil {
		return err
	}
	at, err := w.CommitTime(ctx, b.parent)
	if err != nil {
		return err
	}
	commit, err := w.CommitTree(ctx, git.CommitSpec{Tree: tree, Parents: []string{b.parent}, Time: at, Author: author(), Subject: "Edits of the fix agent"})
	if err != nil {
		return err
	}
	if _, err := w.Run(ctx, "update-ref", b.desk, commit); err != nil {
		return fmt.Errorf("keep the edits: %w", err)
	}
	b.commit = commit
	return nil
}

// submission ends the work. What a guard refuses, or what does not change anything, is sent back.
func (b *bench) submission() selfheal.Tool {
	return selfheal.Tool{
		Name: "submit_fix", Description: "Ends the work. The edits are checked by guards, then by the commands; what they refuse is sent back to you.",
		Parameters: []byte(`{"type":"object","required":["summary","root_cause"],"properties":{
			"summary":{"type":"string","description":"what you changed, in one or two sentences"},
			"root_cause":{"type":"string","description":"why the error occurred"},
			"not_done":{"type":"string","description":"what you could not do or verify"}}}`),
		Run: func(ctx context.Context, arguments []byte) (string, error) {
			if err := json.Unmarshal(arguments, new(fixed)); err != nil {
				return "", fmt.Errorf("the arguments do not fit: %w", err)
			}
			changes, err := b.in.Workspace.TreeChanges(ctx, b.parent, b.commit)
			if err != nil {
				return "", err
			}
			if len(changes) == 0 {
				return "", errors.New("nothing was changed: edit the code first")
			}
			refusals, err := b.refusals(ctx)
			if err != nil {
				return "", err
			}
			if len(refusals) > 0 {
				return "", errors.New(strings.Replace(refused(refusals), "the command", "you", 1))
			}
			return "accepted", nil
		},
	}
}
