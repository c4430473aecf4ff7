package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"selfheal"
)

// Limits are the brakes on repairing. A limit of 0 is none. What they count is in the
// journal, so that every process that shares the store brakes alike; a day is the
// last 24 hours.
type Limits struct {
	PullRequestsPerDay  int     // opened; updates do not count
	OpenPullRequests    int     // at once
	AttemptsPerIncident int     // 0 means 3: somebody has to end it
	DollarsPerDay       float64 // what models cost, triage included
	// Failures in a row (no branch although work was done, a rejected pull request, an
	// error that persists) after which nothing is begun for Pause.
	Failures int
	Pause    time.Duration
}

// Brake is one limit and how it stands.
type Brake struct {
	Name  string    `json:"name"`
	Used  float64   `json:"used"`
	Limit float64   `json:"limit"`
	On    bool      `json:"on"`
	Until time.Time `json:"until,omitzero"` // when it lets go by itself; zero when something must happen first
}

// String says which brake is on, and until when.
func (b *Brake) String() string {
	if b == nil {
		return ""
	}
	text := fmt.Sprintf("the brake %q is on: %g of %g", b.Name, b.Used, b.Limit)
	if !b.Until.IsZero() {
		return text + ", until " + b.Until.UTC().Format(time.RFC3339)
	}
	return text + ", until one of them is merged or closed"
}

// step waits for the brake; nothing for none.
func (b *Brake) step() step {
	if b == nil {
		return step{}
	}
	return step{waiting: b.String(), at: b.Until}
}

// The brakes.
const (
	BrakePerDay  = "pull requests per day"
	BrakeOpen    = "open pull requests"
	BrakeMoney   = "dollars per day"
	BrakeFailure = "failures in a row"
)

const day = 24 * time.Hour

// attempts is how often one incident's branch is made at most.
func (p *Pipeline) attempts() int { return cmp.Or(p.Limits.AttemptsPerIncident, 3) }

// Brakes tells how all limits that are set stand.
func (p *Pipeline) Brakes(ctx context.Context) ([]Brake, error) {
	return BrakesOf(ctx, p.Store, p.Limits, p.Clock())
}

// BrakesOf tells how limits stand by a journal at a time.
func BrakesOf(ctx context.Context, store selfheal.Store, l Limits, now time.Time) ([]Brake, error) {
	t, err := tallied(ctx, store, now)
	if err != nil {
		return nil, err
	}
	var all []Brake
	add := func(b Brake) {
		if b.Limit > 0 {
			all = append(all, b)
		}
	}
	perDay := Brake{Name: BrakePerDay, Used: float64(len(t.opened)), Limit: float64(l.PullRequestsPerDay)}
	if perDay.On = len(t.opened) >= l.PullRequestsPerDay; perDay.On && l.PullRequestsPerDay > 0 {
		perDay.Until = t.opened[len(t.opened)-l.PullRequestsPerDay].Add(day)
	}
	add(perDay)
	add(Brake{Name: BrakeOpen, Used: float64(t.open), Limit: float64(l.OpenPullRequests), On: t.open >= l.OpenPullRequests})
	add(t.money(l.DollarsPerDay))
	failing := Brake{Name: BrakeFailure, Used: float64(t.failures()), Limit: float64(l.Failures)}
	if until := t.lastFailure().Add(l.Pause); t.failures() >= l.Failures && until.After(now) {
		failing.On, failing.Until = true, until
	}
	add(failing)
	return all, nil
}

// brake gives the brake that keeps a repair from being begun, or a pull request from
// being opened. One that is opened already is let go on; a dry run opens nothing.
func (p *Pipeline) brake(ctx context.Context, i *selfheal.Incident) (*Brake, error) {
	if p.Limits == (Limits{}) || i.PullRequest != nil {
		return nil, nil
	}
	all, err := p.Brakes(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		opens := b.Name == BrakePerDay || b.Name == BrakeOpen
		if b.On && b.Name != BrakeMoney && (!opens || !i.Opened.Intent.DryRun) {
			return &b, nil
		}
	}
	return nil, nil
}

// moneyBrake gives the brake on what costs money.
func (p *Pipeline) moneyBrake(ctx context.Context) (*Brake, error) {
	if p.Limits.DollarsPerDay == 0 {
		return nil, nil
	}
	t, err := tallied(ctx, p.Store, p.Clock())
	if err != nil {
		return nil, err
	}
	if b := t.money(p.Limits.DollarsPerDay); b.On {
		return &b, nil
	}
	return nil, nil
}

// moneyLeft is what a day's money leaves; 0 when it is not limited.
func (p *Pipeline) moneyLeft(ctx context.Context) (float64, error) {
	if p.Limits.DollarsPerDay == 0 {
		return 0, nil
	}
	t, err := tallied(ctx, p.Store, p.Clock())
	return max(p.Limits.DollarsPerDay-t.spent(), 0.0001), err
}

// ledger is what the journal says of all repairs.
type ledger struct {
	opened  []time.Time // in the last day, oldest first
	open    int
	costs   map[string]cost // of the last day, by transcript
	results []result        // in the order of time
}

type cost struct {
	dollars float64
	at      time.Time
}

type result struct {
	at     time.Time
	failed bool
}

func tallied(ctx context.Context, store selfheal.Store, now time.Time) (ledger, error) {
	t := ledger{costs: map[string]cost{}}
	streams, err := store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return t, fmt.Errorf("count repairs: %w", err)
	}
	for _, s := range streams {
		events, err := store.Events(ctx, s.Name)
		if err != nil {
			return t, fmt.Errorf("count repairs: %w", err)
		}
		incident, err := selfheal.Fold(s.Name, events)
		if err != nil {
			return t, err
		}
		if err := t.add(incident, now.Add(-day)); err != nil {
			return t, err
		}
	}
	slices.SortFunc(t.opened, time.Time.Compare)
	slices.SortStableFunc(t.results, func(a, b result) int { return a.at.Compare(b.at) })
	return t, nil
}

func (t *ledger) add(i *selfheal.Incident, since time.Time) error {
	if i.Stage == selfheal.StageProposed || i.PullRequest != nil && i.PullRequest.State == selfheal.PullRequestOpen && i.Stage != selfheal.StageClosed {
		t.open++
	}
	opened := false
	for _, e := range i.Events {
		switch e.Type {
		case selfheal.EventPullRequestOpened:
			if !opened && e.Time.After(since) {
				t.opened = append(t.opened, e.Time)
			}
			if !opened {
				t.results = append(t.results, result{e.Time, false})
			}
			opened = true
		case selfheal.EventPullRequestRejected:
			t.results = append(t.results, result{e.Time, true})
		case selfheal.EventOutcomeRecorded:
			outcome, err := selfheal.Decode[selfheal.Outcome](e)
			if err != nil {
				return err
			}
			if outcome.State != selfheal.OutcomeUnknown {
				t.results = append(t.results, result{e.Time, outcome.State == selfheal.OutcomePersisting})
			}
		case selfheal.EventVerdictReached:
			judged, err := selfheal.Decode[selfheal.Judged](e)
			if err != nil {
				return err
			}
			if a := judged.Verdict.Agent; a != nil && e.Time.After(since) {
				t.pay(a.Transcript, a.Usage, e.Time)
			}
		case selfheal.EventFeedbackAnswered:
			said, err := selfheal.Decode[selfheal.Feedback](e)
			if err != nil {
				return err
			}
			if said.Agent != nil && e.Time.After(since) {
				t.pay(said.Agent.Transcript, said.Agent.Usage, e.Time)
			}
		case selfheal.EventRepairPrepared, selfheal.EventRepairFailed:
			made, err := selfheal.Decode[selfheal.Repair](e)
			if err != nil {
				return err
			}
			t.repair(made, e, since)
		}
	}
	return nil
}

// repair counts what a repair cost, and whether it failed after work was done.
func (t *ledger) repair(r selfheal.Repair, e selfheal.Event, since time.Time) {
	worked := r.Commit != ""
	for _, a := range append([]selfheal.Tried{{Strategy: r.Strategy, Agent: r.Agent}}, r.Tried...) {
		worked = worked || a.Agent != nil || selfheal.Repair{Strategy: a.Strategy}.Authored()
		if a.Agent != nil && e.Time.After(since) {
			t.pay(a.Agent.Transcript, a.Agent.Usage, e.Time)
		}
	}
	if e.Type == selfheal.EventRepairFailed && worked {
		t.results = append(t.results, result{e.Time, true})
	}
}

// pay counts each piece of work once, at its first mention.
func (t *ledger) pay(transcript string, u selfheal.Usage, at time.Time) {
	if _, counted := t.costs[transcript]; !counted && transcript != "" {
		t.costs[transcript] = cost{u.Dollars, at}
	}
}

func (t ledger) spent() float64 {
	sum := 0.0
	for _, c := range t.costs {
		sum += c.dollars
	}
	return sum
}

// money is the brake on what costs: it lets go when the oldest costs are a day old
// and what is left is below the limit.
func (t ledger) money(limit float64) Brake {
	b := Brake{Name: BrakeMoney, Used: t.spent(), Limit: limit, On: t.spent() >= limit}
	if !b.On || limit == 0 {
		return b
	}
	var all []cost
	for _, c := range t.costs {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b cost) int { return a.at.Compare(b.at) })
	left := b.Used
	for _, c := range all {
		if left -= c.dollars; left < limit {
			b.Until = c.at.Add(day)
			break
		}
	}
	return b
}

// failures are those since the last success.
func (t ledger) failures() int {
	n := 0
	for _, r := range slices.Backward(t.results) {
		if !r.failed {
			break
		}
		n++
	}
	return n
}

// lastFailure is when the last result came; the breaker counts its pause from there.
func (t ledger) lastFailure() time.Time {
	if n := len(t.results); n > 0 {
		return t.results[n-1].at
	}
	return time.Time{}
}
