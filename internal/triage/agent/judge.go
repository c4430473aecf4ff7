package agent

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/triage"
)

//go:embed prompt.md.tmpl
var promptText string

// Role is whose models are asked.
const Role = "triage"

// Input is what a second look needs.
type Input struct {
	triage.Input
	Verdict selfheal.Verdict // of the rules
	// Related are signatures that seem to mean the same as a flagged one.
	Related map[selfheal.SignatureID][]selfheal.Relation
	// ID names the work, so that a run that was killed is gone on with, e.g. the incident's.
	ID string
}

// court is one case that is being heard.
type court struct {
	in       Input
	accepted checked
	rejected error // why the last submission was sent back
	sentBack int
}

// Judge gives the rules' verdict, moved within bounds by what the model found. A model
// that cannot be asked, or gives nothing that stands, changes nothing and is told of
// in Verdict.Agent. Errors are those of a wrong configuration, and of an interruption.
func Judge(ctx context.Context, model selfheal.Model, in Input) (selfheal.Verdict, error) {
	v := in.Verdict
	contribution := selfheal.Contribution{Before: v.Cause, Confidence: v.Confidence}
	if why := pointless(in); why != "" {
		contribution.Effect, contribution.Text = selfheal.AgentNotAsked, why
		v.Agent = &contribution
		return v, nil
	}
	c := &court{in: in}
	task, dossier, err := c.task()
	if err != nil {
		return v, err
	}
	contribution.Dossier = dossier
	answer, err := model.Run(ctx, task)
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	if selfheal.CodeOf(err) == selfheal.CodeUsage && err != nil {
		return v, fmt.Errorf("ask the triage agent: %w", err)
	}
	contribution.Model, contribution.Stopped, contribution.Usage, contribution.Transcript = answer.Model, answer.Stopped, answer.Usage, answer.Transcript
	v = c.conclude(v, &contribution, answer, err)
	v.Agent = &contribution
	return v, nil
}

// conclude moves the verdict, or says why it stays.
func (c *court) conclude(v selfheal.Verdict, contribution *selfheal.Contribution, answer selfheal.Answer, failed error) selfheal.Verdict {
	switch {
	case failed != nil:
		contribution.Effect, contribution.Text = selfheal.AgentSilent, "no model could be asked: "+failed.Error()
	case answer.Stopped != selfheal.StopSubmitted:
		contribution.Effect, contribution.Text = selfheal.AgentSilent, fmt.Sprintf("it came to no answer (%s)", answer.Stopped)
	case c.rejected != nil:
		contribution.Effect, contribution.Text = selfheal.AgentDiscarded, "its answer did not stand up to being checked: "+clip(c.rejected.Error(), maxMechanism)
	default:
		contribution.Text = c.accepted.told()
		v, contribution.Effect = merge(v, c.accepted)
		v.Exhibits = append(v.Exhibits, c.accepted.exhibit(contribution))
	}
	return v
}

// exhibit shows what the model says beside what the rules say.
func (s checked) exhibit(contribution *selfheal.Contribution) selfheal.Exhibit {
	x := selfheal.Exhibit{Kind: selfheal.ExhibitAgent, Text: fmt.Sprintf("an agent (%s) says: %s", contribution.Model, s.told()), Observed: clip(s.log, 200)}
	switch s.Cause {
	case selfheal.Caused:
		x.Weight, x.Commit, x.Path, x.Revision, x.Line, x.Quote = s.Confidence, s.commit, s.Path, s.revisionID, s.Line, s.exact
	case selfheal.NotCaused:
		x.Weight = -s.Confidence
	}
	return x
}

// pointless says why a model could not change anything.
func pointless(in Input) string {
	switch {
	case len(in.Anomalies) == 0:
		return "there is no error to explain"
	case !in.Change.Deployable():
		return "nothing of the change runs, and no reading of it can alter that"
	case len(in.Change.Commits) == 0:
		return "no commit leads from one revision to the other"
	case hardAgainst(in.Verdict) != nil:
		return "it is certain already: " + hardAgainst(in.Verdict).Text
	case hardFor(in.Verdict) != nil:
		return "it is certain already: " + hardFor(in.Verdict).Text
	}
	return ""
}

// task puts the work together. dossier is about how many tokens the evidence has.
func (c *court) task() (task selfheal.Task, dossier int64, err error) {
	t, err := template.New("prompt").Parse(promptText)
	if err != nil {
		return task, 0, fmt.Errorf("triage prompt: %w", err)
	}
	var prompt bytes.Buffer
	err = t.Execute(&prompt, map[string]any{
		"Commits": len(c.in.Change.Commits), "Base": selfheal.ShortRevision(c.in.Change.Base), "Head": selfheal.ShortRevision(c.in.Change.Head),
	})
	if err != nil {
		return task, 0, fmt.Errorf("triage prompt: %w", err)
	}
	task = selfheal.Task{ID: taskID(c.in.ID), Role: Role, Prompt: prompt.String(), Evidence: c.dossier(), Tools: c.tools(), Submit: c.submission()}
	for _, s := range task.Evidence {
		dossier += int64(len(s.Title)+len(s.Text)) / bytesPerToken
	}
	return task, dossier, nil
}

// taskID makes a name of an incident's id, which holds whatever a service is called.
func taskID(incident string) string {
	name := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '-'
	}, incident)
	return strings.TrimLeft(name+"-"+Role, "-")
}

// submission is the tool that ends the task. An answer that does not stand is sent
// back once; the second is taken, and counts for nothing when it does not stand either.
func (c *court) submission() selfheal.Tool {
	return selfheal.Tool{
		Name: "submit_verdict", Description: "Ends the examination with your verdict. Every citation is checked.", Parameters: []byte(submissionSchema),
		Run: func(ctx context.Context, arguments []byte) (string, error) {
			accepted, err := c.check(ctx, arguments)
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			c.accepted, c.rejected = accepted, err
			if err == nil {
				return "accepted", nil
			}
			if c.sentBack++; c.sentBack > 1 {
				return "taken, and it counts for nothing", nil
			}
			return "", errors.Join(errors.New("sent back, once; correct it or submit inconclusive"), err)
		},
	}
}
