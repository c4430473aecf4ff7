package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/decide"
	"selfheal/internal/repair"
	"selfheal/internal/verify"
)

// Next says what becomes of an incident after a step.
type Next struct {
	Incident *selfheal.Incident
	// Done: the incident is closed.
	Done bool
	// Waiting says what the incident waits for; empty when the next step can be
	// taken at once. At is when looking again is worth it; zero when only
	// something from outside (a deploy, another command) can move it.
	Waiting string
	At      time.Time
}

// LabelOff is the label by which people end selfheal's work on a pull request.
const LabelOff = "no-selfheal"

// pollForge is how often an open pull request is looked at.
const pollForge = time.Minute

// ErrBusy says that another process works on the incident: trying again later helps.
var ErrBusy = errors.New("another process works on this incident")

// busy marks the conflicts that come from another process at the same incident,
// and not those of a forge.
func busy(err error) error {
	if selfheal.CodeOf(err) == selfheal.CodeConflict {
		return errors.Join(ErrBusy, err)
	}
	return err
}

// Advance moves an incident by one step. It holds the incident's lease while it
// works; ErrBusy says that another process has it.
func (p *Pipeline) Advance(ctx context.Context, key string) (Next, error) {
	ctx, release, err := p.lease(ctx, key)
	if err != nil {
		return Next{}, busy(err)
	}
	defer release()
	incident, err := p.Load(ctx, key)
	if err != nil {
		return Next{}, err
	}
	if incident.Stage == selfheal.StageProven && p.Limits != (Limits{}) {
		// What is counted must not change between counting and opening.
		held, giveBack, err := p.leaseOf(ctx, "pull-requests")
		if err != nil {
			return Next{}, busy(err)
		}
		defer giveBack()
		ctx = held
	}
	step, err := p.step(ctx, incident)
	if err != nil {
		return Next{}, fmt.Errorf("incident %s, %s: %w", incident.ID, incident.Stage, err)
	}
	if step.kind == "" {
		return Next{Incident: incident, Done: incident.Stage == selfheal.StageClosed, Waiting: step.waiting, At: step.at}, nil
	}
	if err := p.append(ctx, selfheal.StreamName(selfheal.StreamIncident, key), incident.Version, step.kind, step.payload); err != nil {
		return Next{}, busy(err)
	}
	if incident, err = p.Load(ctx, key); err != nil {
		return Next{}, err
	}
	return Next{Incident: incident, Done: incident.Stage == selfheal.StageClosed}, nil
}

// Run advances an incident until it is closed or has to wait.
func (p *Pipeline) Run(ctx context.Context, key string) (Next, error) {
	for {
		next, err := p.Advance(ctx, key)
		if err != nil || next.Done || next.Waiting != "" {
			return next, err
		}
	}
}

// step is the outcome of looking at an incident: an event to append, or what it waits for.
type step struct {
	kind    selfheal.EventType
	payload any
	waiting string
	at      time.Time
}

func did(kind selfheal.EventType, payload any) step { return step{kind: kind, payload: payload} }

func closed(format string, args ...any) step {
	return did(selfheal.EventIncidentClosed, selfheal.Closed{Reason: fmt.Sprintf(format, args...)})
}

func (p *Pipeline) step(ctx context.Context, i *selfheal.Incident) (step, error) {
	switch i.Stage {
	case selfheal.StageOpened:
		return p.judge(ctx, i)
	case selfheal.StageJudged:
		return p.decide(i), nil
	case selfheal.StageDecided:
		return p.act(ctx, i)
	case selfheal.StagePrepared:
		return p.prove(ctx, i)
	case selfheal.StageProven:
		return p.propose(ctx, i)
	case selfheal.StageProposed:
		return p.follow(ctx, i)
	case selfheal.StageMerged:
		return step{waiting: "the fix is merged and waits to be deployed"}, nil
	case selfheal.StageDeployed:
		outcome := verify.Judge(i.Opened.Assessment, i.Judged.Verdict.Signatures, *i.Fix)
		return did(selfheal.EventOutcomeRecorded, outcome), nil
	case selfheal.StageAnswered:
		return p.answer(ctx, i)
	case selfheal.StageClosed:
		return step{}, nil
	}
	return step{}, &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("unknown stage %q", i.Stage), Hint: "the journal may be of a newer selfheal"}
}

func (p *Pipeline) decide(i *selfheal.Incident) step {
	policy := p.Policy
	policy.FixForward = slices.ContainsFunc(i.Opened.Intent.Strategies, func(s string) bool { return p.ways()[s].forward || repair.Delegated(s) })
	decision := decide.Decide(i.Judged.Verdict, i.Judged.Change, policy)
	decision.DryRun = i.Opened.Intent.DryRun
	return did(selfheal.EventDecisionMade, decision)
}

func (p *Pipeline) act(ctx context.Context, i *selfheal.Incident) (step, error) {
	switch i.Decision.Action {
	case selfheal.ActionTell:
		return closed("told: %s", i.Decision.Reason), nil
	case selfheal.ActionHold:
		return step{waiting: "held: " + i.Decision.Reason}, nil
	}
	if !i.Opened.Intent.Repair {
		return step{waiting: "no repair was asked for; run again with --repair revert"}, nil
	}
	if on, err := p.brake(ctx, i); err != nil || on != nil {
		return on.step(), err
	}
	return p.prepare(ctx, i)
}

// propose pushes the branch and opens the pull request. Both can be repeated:
// the branch is the same commit again, and the forge knows the mark.
func (p *Pipeline) propose(ctx context.Context, i *selfheal.Incident) (step, error) {
	if i.Opened.Intent.DryRun {
		return step{waiting: "dry run: the branch was proven and not pushed"}, nil
	}
	if p.Forge == nil {
		return step{waiting: "no forge is configured: the branch was proven and not pushed"}, nil
	}
	if i.PullRequest == nil { // others may have been faster since the branch was made
		if on, err := p.brake(ctx, i); err != nil || on != nil {
			return on.step(), err
		}
	}
	request, dir, err := p.pullRequest(ctx, i)
	if err != nil {
		return step{}, err
	}
	if i.PullRequest != nil { // a later attempt: people may have answered the earlier one meanwhile
		current, err := p.look(ctx, *i.PullRequest)
		if err != nil || current.State != selfheal.PullRequestOpen {
			return ended(current), err
		}
	}
	err = p.push(ctx, i, dir)
	if i.PullRequest != nil && selfheal.CodeOf(err) == selfheal.CodeConflict {
		return p.answerFeedback(ctx, i, *i.PullRequest, "Another attempt was made and is not pushed: somebody else works on the branch.")
	}
	if err != nil {
		return step{}, err
	}
	opened, err := p.Forge.OpenPullRequest(ctx, request)
	if selfheal.CodeOf(err) == selfheal.CodeRefused {
		return did(selfheal.EventPullRequestRejected, request), nil
	}
	if err != nil {
		return step{}, err
	}
	p.replaceContribution(ctx, i, &opened)
	return did(selfheal.EventPullRequestOpened, opened), nil
}

// follow looks how a pull request fares.
func (p *Pipeline) follow(ctx context.Context, i *selfheal.Incident) (step, error) {
	if p.Forge == nil {
		return step{waiting: "the pull request's forge is not configured"}, nil
	}
	current, err := p.look(ctx, *i.PullRequest)
	if err != nil {
		return step{}, err
	}
	if current.State != selfheal.PullRequestOpen {
		return ended(current), nil
	}
	if slices.Contains(current.Labels, LabelOff) {
		return step{waiting: "pull request " + current.URL + " has the label " + LabelOff + ": it is left to people", at: p.Clock().Add(pollForge)}, nil
	}
	if i.Feedback != nil && i.Feedback.Answer == "" && i.Feedback.Commit == current.Commit {
		return p.revise(ctx, i, current)
	}
	heard, err := p.feedback(ctx, i, current)
	if err != nil || heard != nil {
		return did(selfheal.EventFeedbackReceived, heard), err
	}
	return step{waiting: "pull request " + current.URL + " waits for review", at: p.Clock().Add(pollForge)}, nil
}

// ended journals that people merged or closed a pull request.
func ended(pr selfheal.PullRequest) step {
	if pr.State == selfheal.PullRequestMerged {
		return did(selfheal.EventPullRequestMerged, pr)
	}
	return did(selfheal.EventPullRequestRejected, pr)
}

// answer closes an incident whose end is known.
func (p *Pipeline) answer(ctx context.Context, i *selfheal.Incident) (step, error) {
	switch {
	case i.Outcome != nil:
		if err := p.supersede(ctx, i); err != nil {
			return step{}, err
		}
		return closed("%s: %s", i.Outcome.State, i.Outcome.Reason), nil
	case i.PullRequest != nil:
		return closed("rejected: the pull request was closed without being merged"), nil
	}
	return closed("no repair: %s", i.Repair.Failure), nil
}

// lease takes the incident's lease and keeps it until release. The context that
// it returns ends when the lease is lost.
func (p *Pipeline) lease(ctx context.Context, key string) (context.Context, func(), error) {
	return p.leaseOf(ctx, selfheal.StreamName(selfheal.StreamIncident, key))
}

func (p *Pipeline) leaseOf(ctx context.Context, name string) (context.Context, func(), error) {
	giveBack, err := p.Store.Lease(ctx, name, p.Holder, leaseTime)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.renew(ctx, name, cancel)
	}()
	return ctx, func() {
		cancel(nil)
		<-stopped
		// Failing to give it back costs the next process leaseTime, no more.
		_ = giveBack(context.WithoutCancel(ctx))
	}, nil
}

func (p *Pipeline) renew(ctx context.Context, name string, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(leaseTime / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := p.Store.Lease(ctx, name, p.Holder, leaseTime); err != nil && ctx.Err() == nil {
				lost(errors.Join(errors.New("lost the incident's lease"), err))
				return
			}
		}
	}
}
