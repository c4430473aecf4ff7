package pipeline

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/markdown"
	"selfheal/internal/repair"
)

// feedback gives what checks and people said that was not heard before; nil when
// there is nothing, or when the forge tells of neither.
func (p *Pipeline) feedback(ctx context.Context, i *selfheal.Incident, pr selfheal.PullRequest) (*selfheal.Feedback, error) {
	heard, err := heardBefore(i)
	if err != nil {
		return nil, err
	}
	said := selfheal.Feedback{Commit: pr.Commit}
	if checker, able := p.Forge.(selfheal.Checker); able {
		checks, err := checker.Checks(ctx, pr)
		if err != nil {
			return nil, err
		}
		if checks.State == selfheal.ChecksFailed && !heard.failed[checks.Commit] {
			said.Checks = &checks
		}
	}
	if reader, able := p.Forge.(selfheal.ReviewReader); able {
		reviews, err := reader.Reviews(ctx, pr, heard.since(pr.Time))
		if err != nil {
			return nil, err
		}
		for _, r := range reviews {
			// What anybody may say who happens to read it moves nothing.
			if r.Addressed && r.Writer && !heard.reviews[r.ID] {
				r.Text = p.Scrub(r.Text)
				said.Reviews = append(said.Reviews, r)
			}
		}
	}
	if said.Checks == nil && len(said.Reviews) == 0 {
		return nil, nil
	}
	return &said, nil
}

// heard is what the journal knows of checks and comments.
type heard struct {
	failed  map[string]bool // commits
	reviews map[string]bool // ids
	last    time.Time       // of the newest review
}

func (h heard) since(opened time.Time) time.Time {
	if h.last.After(opened) {
		return h.last
	}
	return opened
}

func heardBefore(i *selfheal.Incident) (heard, error) {
	h := heard{failed: map[string]bool{}, reviews: map[string]bool{}}
	for _, e := range i.Events {
		if e.Type != selfheal.EventFeedbackReceived {
			continue
		}
		said, err := selfheal.Decode[selfheal.Feedback](e)
		if err != nil {
			return heard{}, err
		}
		if said.Checks != nil {
			h.failed[said.Checks.Commit] = true
		}
		for _, r := range said.Reviews {
			h.reviews[r.ID] = true
			if r.Time.After(h.last) {
				h.last = r.Time
			}
		}
	}
	return h, nil
}

// order is a line by which a writer tells selfheal what to do. Everything else
// that people write is for people.
var order = regexp.MustCompile(`(?mi)^\s*/selfheal\s+(close|retry)\b`)

// revise answers feedback by what it asks for: another attempt, within the
// budget, or the end. What it cannot do, it says once.
func (p *Pipeline) revise(ctx context.Context, i *selfheal.Incident, pr selfheal.PullRequest) (step, error) {
	way := p.wayOf(*i.Repair)
	again := i.Feedback.Checks != nil || way.prose && len(i.Feedback.Reviews) > 0
	for _, r := range i.Feedback.Reviews {
		match := order.FindStringSubmatch(r.Text)
		switch {
		case match == nil:
		case strings.EqualFold(match[1], "close"):
			if err := p.Forge.ClosePullRequest(ctx, pr.Mark, "asked for by "+markdown.Code(r.Author)+"."); err != nil {
				return step{}, err
			}
			pr.State = selfheal.PullRequestClosed
			return did(selfheal.EventPullRequestRejected, pr), nil
		default:
			again = true
		}
	}
	if !again {
		return p.answerFeedback(ctx, i, pr, "I read comments that begin with `/selfheal`: `/selfheal retry` makes another attempt, `/selfheal close` ends this one. Everything else is left to people.")
	}
	if way.prose && pr.Commit != i.Repair.Commit {
		return p.answerFeedback(ctx, i, pr, "Somebody else works on the branch: it is left to people.")
	}
	made, err := p.prepareAgain(ctx, i)
	if err != nil {
		return step{}, err
	}
	if made.Failure != "" {
		heard := *i.Feedback
		heard.Agent = made.Agent
		i.Feedback = &heard
		return p.answerFeedback(ctx, i, pr, reacted(i.Feedback)+"No other attempt is made: "+made.Failure+".")
	}
	return did(selfheal.EventRepairPrepared, made), nil
}

// prepareAgain makes another attempt: a narrower revert, or a commit on top by whoever
// wrote the first, with what was said as evidence.
func (p *Pipeline) prepareAgain(ctx context.Context, i *selfheal.Incident) (selfheal.Repair, error) {
	if limit := p.attempts(); i.Repair.Attempt >= limit {
		return selfheal.Repair{Failure: fmt.Sprintf("%d were made, which is the limit", i.Repair.Attempt)}, nil
	}
	in, _, err := p.workbench(ctx, i)
	if err != nil {
		return selfheal.Repair{}, err
	}
	if !p.wayOf(*i.Repair).prose {
		return repair.PrepareAgain(ctx, in, *i.Repair)
	}
	in.Round = &repair.Round{Before: *i.Repair, Said: *i.Feedback}
	return p.by(ctx, i.Repair.Strategy, in)
}

// reacted says what an answer is about.
func reacted(f *selfheal.Feedback) string {
	if f.Checks == nil {
		return ""
	}
	var names []string
	for _, c := range f.Checks.Failed[:min(len(f.Checks.Failed), 5)] {
		names = append(names, markdown.Code(c.Name))
	}
	slices.Sort(names)
	return "Checks failed: " + strings.Join(names, ", ") + ". "
}

// answerFeedback says something below the pull request, where the forge carries
// comments, and leaves it as it is.
func (p *Pipeline) answerFeedback(ctx context.Context, i *selfheal.Incident, pr selfheal.PullRequest, text string) (step, error) {
	if commenter, able := p.Forge.(selfheal.Commenter); able {
		if err := commenter.Comment(ctx, pr, text); err != nil {
			return step{}, err
		}
	}
	answered := selfheal.Feedback{Answer: text}
	if i.Feedback != nil {
		answered = *i.Feedback
		answered.Answer = text
	}
	return did(selfheal.EventFeedbackAnswered, answered), nil
}
