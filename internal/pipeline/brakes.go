package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"selfheal"
)

// Brakes bound what is done by itself, over all incidents of the store. Zero is no bound.
type Brakes struct {
	PerDay   int           // pull requests that are opened in 24 hours
	Open     int           // pull requests that wait for people at a time
	Attempts int           // at one incident
	Dollars  float64       // for models, in 24 hours
	Failures int           // repairs in a row that came to nothing; then there is a pause
	Pause    time.Duration // how long it is
}

// Spent is what the journal says of what was done by itself.
type Spent struct {
	Opened  []time.Time // pull requests of the last 24 hours, oldest first
	Open    []string    // incidents whose pull request waits for people
	Dollars float64     // for models, in the last 24 hours
	// Failures are the ends of the last repairs that came to nothing, newest first,
	// up to the first that did not.
	Failures []time.Time
	// oldest is when the first of the money was spent.
	oldest time.Time
}

// Braked says that something is not done now.
type Braked struct {
	Brake  string    // per_day, open, dollars or failures, as the settings call them
	Reason string    // one sentence without its full stop
	Until  time.Time // when to look again
}

const day = 24 * time.Hour

// Spent reads what was done by itself.
func (p *Pipeline) Spent(ctx context.Context) (Spent, error) {
	streams, err := p.Store.Streams(ctx, selfheal.StreamIncident, incidentsRecalled)
	if err != nil {
		return Spent{}, err
	}
	now := p.Clock()
	var s Spent
	var ends []ending
	for _, stream := range streams {
		events, err := p.Store.Events(ctx, stream.Name)
		if err != nil {
			return Spent{}, err
		}
		incident, err := selfheal.Fold(stream.Name, events)
		if err != nil {
			return Spent{}, err
		}
		if incident.Stage == selfheal.StageProposed {
			s.Open = append(s.Open, incident.ID)
		}
		if err := s.add(events, now); err != nil {
			return Spent{}, err
		}
		ends = append(ends, endings(events)...)
	}
	slices.SortFunc(s.Opened, time.Time.Compare)
	slices.SortFunc(ends, func(a, b ending) int { return b.at.Compare(a.at) })
	for _, end := range ends {
		if !end.failed {
			break
		}
		s.Failures = append(s.Failures, end.at)
	}
	return s, nil
}

// add takes in what one incident has cost in the last 24 hours.
func (s *Spent) add(events []selfheal.Event, now time.Time) error {
	for _, e := range events {
		if now.Sub(e.Time) >= day {
			continue
		}
		var usage selfheal.Usage
		switch e.Type {
		case selfheal.EventPullRequestOpened:
			s.Opened = append(s.Opened, e.Time)
		case selfheal.EventVerdictReached:
			judged, err := selfheal.Decode[selfheal.Judged](e)
			if err != nil {
				return err
			}
			if judged.Verdict.Agent != nil {
				usage = judged.Verdict.Agent.Usage
			}
		case selfheal.EventRepairPrepared, selfheal.EventRepairFailed:
			made, err := selfheal.Decode[selfheal.Repair](e)
			if err != nil {
				return err
			}
			if made.Usage != nil {
				usage = *made.Usage
			}
		}
		if s.Dollars += usage.Dollars; usage.Dollars > 0 && (s.oldest.IsZero() || e.Time.Before(s.oldest)) {
			s.oldest = e.Time
		}
	}
	return nil
}

// ending is how a repair ended.
type ending struct {
	at     time.Time
	failed bool
}

// endings are the repairs of an incident that are over. That people reject one
// counts as a failure, as does that an error goes on.
func endings(events []selfheal.Event) []ending {
	var all []ending
	for _, e := range events {
		switch e.Type {
		case selfheal.EventRepairFailed, selfheal.EventPullRequestRejected:
			all = append(all, ending{e.Time, true})
		case selfheal.EventPullRequestMerged:
			all = append(all, ending{e.Time, false})
		case selfheal.EventOutcomeRecorded:
			if outcome, err := selfheal.Decode[selfheal.Outcome](e); err == nil {
				all = append(all, ending{e.Time, outcome.State == selfheal.OutcomePersisting})
			}
		}
	}
	return all
}

// openAgain is how soon it is looked again whether people closed a pull request.
const openAgain = 10 * time.Minute

// Check says which brake holds; nil when none does.
func (b Brakes) Check(s Spent, now time.Time) *Braked {
	if n := len(s.Failures); b.Failures > 0 && n >= b.Failures && now.Sub(s.Failures[0]) < b.Pause {
		return &Braked{"failures", fmt.Sprintf("the last %d repairs came to nothing, so there is a pause of %s", n, b.Pause), s.Failures[0].Add(b.Pause)}
	}
	if b.PerDay > 0 && len(s.Opened) >= b.PerDay {
		free := s.Opened[len(s.Opened)-b.PerDay].Add(day)
		return &Braked{"per_day", fmt.Sprintf("%d pull requests were opened within 24 hours, which is the limit", len(s.Opened)), free}
	}
	if b.Open > 0 && len(s.Open) >= b.Open {
		return &Braked{"open", fmt.Sprintf("%d pull requests wait for people, which is the limit", len(s.Open)), now.Add(openAgain)}
	}
	if b.Dollars > 0 && s.Dollars >= b.Dollars {
		return &Braked{"dollars", fmt.Sprintf("models have cost $%.2f within 24 hours, which is the limit", s.Dollars), s.oldest.Add(day)}
	}
	return nil
}

// braked lets an incident wait while a brake holds. A dry run shows nobody
// anything, so that only money holds it.
func (p *Pipeline) braked(ctx context.Context, i *selfheal.Incident) (*step, error) {
	if i.PullRequest != nil {
		return nil, nil // another attempt at what is open already
	}
	spent, err := p.Spent(ctx)
	if err != nil {
		return nil, err
	}
	held := p.Brakes.Check(spent, p.Clock())
	if held == nil || i.Opened.Intent.DryRun && held.Brake != "dollars" {
		return nil, nil
	}
	return &step{waiting: fmt.Sprintf("brake %s: %s; next look at %s", held.Brake, held.Reason, held.Until.UTC().Format("2006-01-02 15:04 UTC")), at: held.Until}, nil
}

// labelExempt on a pull request leaves it to people.
const labelExempt = "no-selfheal"
