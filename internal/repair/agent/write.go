package agent

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"

	"selfheal"
	"selfheal/internal/repair"
)

//go:embed prompt.md.tmpl
var promptText string

// Role is whose models are asked.
const Role = "fix"

// The guards of the tools and of the submission, beside those of the room repair.
const (
	GuardOutside     = "outside-workspace"   // a path that is not in the working copy
	GuardPlaceholder = "placeholder-written" // the mark of a secret would get into a file
	GuardUnchanged   = "nothing-changed"     // a fix without a change
	GuardUnproven    = "checks-failed"       // a check fails on the branch
	GuardUnshown     = "not-reproduced"      // nothing shows that the error was there and is gone
)

// maxRefused is how many refusals are kept with a repair.
const maxRefused = 20

// Input is what the agent needs.
type Input struct {
	repair.Input
	Model selfheal.Model // nil where none is configured
	// Budget bounds the work below what is configured, e.g. what is left of a day's money.
	Budget selfheal.Budget
	// Symbols tells where a name is defined and used in a revision; may be nil.
	Symbols func(ctx context.Context, revision, name string) (string, error)
}

// Prepare lets the agent write a fix, in a working copy of the deployed revision or
// of the attempt that people answered. Failure says why there is no commit. A run that
// was killed is gone on with by its transcript: its edits are made again, and what was
// paid is not paid again.
func Prepare(ctx context.Context, in Input) (_ selfheal.Repair, err error) {
	desk, done, err := repair.OpenDesk(ctx, in.Input, repair.StrategyAgent)
	if err != nil {
		return selfheal.Repair{}, err
	}
	defer func() { err = errors.Join(err, done()) }()
	r := desk.Plain()
	if in.Model == nil {
		r.Failure = "no model has the role fix (agent.roles.fix in selfheal.yaml)"
		return r, nil
	}
	root, err := os.OpenRoot(desk.Dir)
	if err != nil {
		return r, fmt.Errorf("open the working copy: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	b := &bench{in: in, desk: desk, root: root}
	task, err := b.task(ctx)
	if err != nil {
		return r, err
	}
	answer, err := in.Model.Run(ctx, task)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil && selfheal.CodeOf(err) == selfheal.CodeUsage {
		return r, fmt.Errorf("ask the fix agent: %w", err)
	}
	return b.conclude(r, answer, err), nil
}

// bench is one piece of work.
type bench struct {
	in        Input
	desk      *repair.Desk
	root      *os.Root
	refused   []string
	unshown   bool // it was told once that nothing reproduces the error
	accepted  *selfheal.Repair
	submitted submission
}

func (b *bench) task(ctx context.Context) (selfheal.Task, error) {
	sections, err := b.in.Sections(ctx)
	if err != nil {
		return selfheal.Task{}, err
	}
	prompt, err := template.New("prompt").Parse(promptText)
	if err != nil {
		return selfheal.Task{}, fmt.Errorf("prompt of the fix agent: %w", err)
	}
	what := "the deployed revision"
	if b.in.Round != nil {
		what = "an earlier attempt at the repair, of which checks or reviewers said something"
	}
	var text bytes.Buffer
	if err := prompt.Execute(&text, map[string]any{"What": what, "MaxLines": b.in.Guards.MaxLines, "MaxFiles": b.in.Guards.MaxFiles}); err != nil {
		return selfheal.Task{}, fmt.Errorf("prompt of the fix agent: %w", err)
	}
	return selfheal.Task{
		ID: fmt.Sprintf("%s-fix-%d", b.in.Incident.ID, b.desk.Plain().Attempt), Role: Role, Prompt: text.String(),
		Evidence: sections, Tools: b.tools(), Submit: b.submitTool(), Budget: b.in.Budget,
	}, nil
}

// conclude is the repair with what the agent did, or why there is none.
func (b *bench) conclude(r selfheal.Repair, answer selfheal.Answer, failed error) selfheal.Repair {
	switch {
	case failed != nil:
		r.Failure = "no model could be asked: " + failed.Error()
	case answer.Stopped != selfheal.StopSubmitted:
		r.Failure = fmt.Sprintf("the agent came to no fix (%s)", answer.Stopped)
		if n := len(b.refused); n > 0 {
			r.Failure += "; the last that was refused to it: " + b.refused[n-1]
		}
	case b.submitted.GiveUp != "":
		r.Failure = "the agent gave up: " + oneLine(b.in.Redact(b.submitted.GiveUp), 300)
	default:
		r = *b.accepted
		r.Proofs = nil // they are made again by whoever proposes the branch
	}
	scrub := func(text string) string { return oneLine(b.in.Redact(text), 1200) }
	r.Agent = &selfheal.Authorship{
		Summary: scrub(b.submitted.Summary), RootCause: scrub(b.submitted.RootCause), Reproduction: scrub(b.submitted.Reproduction), NotDone: scrub(b.submitted.NotDone),
		Refused: b.refused, Stopped: answer.Stopped, Model: answer.Model, Usage: answer.Usage, Transcript: answer.Transcript,
	}
	return r
}

// refuse remembers what was refused, by the guard's name, and tells the model.
func (b *bench) refuse(guard, format string, args ...any) error {
	text := guard + ": " + fmt.Sprintf(format, args...)
	if len(b.refused) < maxRefused {
		b.refused = append(b.refused, oneLine(b.in.Redact(text), 400))
	}
	return errors.New(text)
}

type submission struct {
	Summary      string `json:"summary"`
	RootCause    string `json:"root_cause"`
	Reproduction string `json:"reproduction"`
	NotDone      string `json:"not_done"`
	GiveUp       string `json:"give_up"`
}

func (b *bench) submitTool() selfheal.Tool {
	return tool("submit_fix", "Ends the work. Code then guards and proves what the working copy holds; what does not hold is sent back. To give up, say why in give_up.",
		`"summary":{"type":"string","description":"what was changed, in one or two sentences"},"root_cause":{"type":"string"},"reproduction":{"type":"string","description":"how the error was reproduced"},"not_done":{"type":"string","description":"what was not done, or is not sure"},"give_up":{"type":"string"}`,
		"summary", b.submit)
}

// submit accepts what no guard refuses and no check contradicts. That nothing
// reproduces the error is said once; then the branch is a draft.
func (b *bench) submit(ctx context.Context, s submission) (string, error) {
	if strings.TrimSpace(s.GiveUp) != "" {
		b.submitted = s
		return "accepted", nil
	}
	r, refusals, err := b.desk.Attempt(ctx)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	switch {
	case err != nil:
		return "", b.refuse(GuardUnproven, "it could not be looked at: %v", err)
	case len(refusals) > 0:
		return "", b.refuse(refusals[0].Guard, "what was changed is refused by %s", repair.Refused(refusals))
	case r.Failure != "":
		return "", b.refuse(GuardUnchanged, "%s", r.Failure)
	}
	for _, p := range r.Proofs {
		if p.Revision == r.Commit && !p.AsExpected() {
			return "", b.refuse(GuardUnproven, "%q does not succeed (exit code %d) %s\n%s", p.Command, p.ExitCode, p.Unlike, p.Output)
		}
	}
	if !r.Proven() && !b.unshown {
		b.unshown = true
		return "", b.refuse(GuardUnshown, "the checks pass, and nothing shows that the error was there and is gone: %s. Add a test that fails without the change by the very error, or submit again: then the pull request stays a draft", unshown(r))
	}
	b.submitted, b.accepted = s, &r
	return "accepted", nil
}

// unshown says why a repair is not proven.
func unshown(r selfheal.Repair) string {
	for _, p := range r.Proofs {
		if !p.AsExpected() {
			return fmt.Sprintf("%q on the deployed code: %s", p.Command, p.Unlike)
		}
	}
	if n := len(r.Notes); n > 0 {
		return r.Notes[n-1]
	}
	return "no test was added, and there is no replay"
}

// oneLine puts a text on one line of at most n characters.
func oneLine(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}
