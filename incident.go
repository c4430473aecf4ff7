package selfheal

import "fmt"

// Stage is how far an incident has come through the rooms.
type Stage string

// The stages, in order. An incident moves forward only; "repairing" may lead to "told".
const (
	StageOpened   Stage = "opened"   // anomalies are known; the change is not examined yet
	StageJudged   Stage = "judged"   // there is a verdict
	StageDecided  Stage = "decided"  // there is a remedy to carry out
	StagePrepared Stage = "prepared" // the repair exists as a commit; nothing was executed
	StageProven   Stage = "proven"   // everything that proves it was executed; the result is in the repair
	StageProposed Stage = "proposed" // a pull request waits for people
	StageMerged   Stage = "merged"   // merged, not deployed
	StageDeployed Stage = "deployed" // the fix serves; production has not answered yet
	StageAnswered Stage = "answered" // the outcome is known
	StageClosed   Stage = "closed"
)

// Incident is the folder that is carried through all rooms: a deploy's related
// anomalies and everything that happened to them. It is a fold over the events
// of its stream and is never stored itself.
type Incident struct {
	Key         string       `json:"key"` // ENVIRONMENT/SERVICE/HASH
	ID          string       `json:"id"`  // short name for people
	Stage       Stage        `json:"stage"`
	Version     int          `json:"version"` // of its stream
	Opened      Opened       `json:"opened"`
	Judged      *Judged      `json:"judged,omitempty"`
	Decision    *Decision    `json:"decision,omitempty"`
	Repair      *Repair      `json:"repair,omitempty"`
	PullRequest *PullRequest `json:"pull_request,omitempty"`
	Proposed    *Repair      `json:"-"`                  // what the pull request holds, while Repair may be a later attempt
	Feedback    *Feedback    `json:"feedback,omitempty"` // the last
	Fix         *FixDeployed `json:"fix,omitempty"`
	Outcome     *Outcome     `json:"outcome,omitempty"`
	Closed      string       `json:"closed,omitempty"` // why it was closed
	Events      []Event      `json:"-"`
}

// Verdict gives the verdict, or nil while there is none.
func (i *Incident) Verdict() *Verdict {
	if i.Judged == nil {
		return nil
	}
	return &i.Judged.Verdict
}

// Fold rebuilds an incident from all events of its stream.
func Fold(key string, events []Event) (*Incident, error) {
	incident := &Incident{Key: key}
	for _, e := range events {
		if err := incident.Apply(e); err != nil {
			return nil, fmt.Errorf("incident %s: %w", key, err)
		}
	}
	return incident, nil
}

// Apply moves the incident on by one event. Events of unknown type are kept and
// change nothing: a newer program may have written them.
func (i *Incident) Apply(e Event) error {
	if err := i.apply(e); err != nil {
		return err
	}
	i.Version++
	i.Events = append(i.Events, e)
	return nil
}

func (i *Incident) apply(e Event) error {
	switch e.Type {
	case EventIncidentOpened:
		return fold(e, StageOpened, i, func(p Opened) { i.Opened, i.ID = p, p.ID })
	case EventIncidentReassessed:
		return fold(e, StageOpened, i, func(p Opened) { i.Opened, i.Judged, i.Decision, i.Repair, i.Closed = p, nil, nil, nil, "" })
	case EventIntentChanged:
		return fold(e, i.Stage, i, func(p Intent) { i.Opened.Intent = p })
	case EventVerdictReached:
		return fold(e, StageJudged, i, func(p Judged) { i.Judged = &p })
	case EventDecisionMade:
		return fold(e, StageDecided, i, func(p Decision) { i.Decision = &p })
	case EventRepairPrepared:
		return fold(e, StagePrepared, i, func(p Repair) { i.Repair = &p })
	case EventRepairProven:
		return fold(e, StageProven, i, func(p Repair) { i.Repair = &p })
	case EventRepairFailed:
		return fold(e, StageAnswered, i, func(p Repair) { i.Repair = &p })
	case EventPullRequestOpened:
		return fold(e, StageProposed, i, func(p PullRequest) { i.PullRequest, i.Proposed = &p, i.Repair })
	case EventFeedbackReceived:
		return fold(e, StageProposed, i, func(p Feedback) { i.Feedback = &p })
	case EventFeedbackAnswered:
		return fold(e, StageProposed, i, func(p Feedback) { i.Feedback, i.Repair = &p, i.Proposed })
	case EventPullRequestMerged:
		return fold(e, StageMerged, i, func(p PullRequest) { i.PullRequest = &p })
	case EventPullRequestRejected:
		return fold(e, StageAnswered, i, func(p PullRequest) { i.PullRequest = &p })
	case EventFixDeployed:
		return fold(e, StageDeployed, i, func(p FixDeployed) { i.Fix = &p })
	case EventOutcomeRecorded:
		return fold(e, StageAnswered, i, func(p Outcome) { i.Outcome = &p })
	case EventIncidentClosed:
		return fold(e, StageClosed, i, func(p Closed) { i.Closed = p.Reason })
	}
	return nil
}

func fold[T any](e Event, stage Stage, i *Incident, set func(T)) error {
	payload, err := Decode[T](e)
	if err != nil {
		return err
	}
	set(payload)
	i.Stage = stage
	return nil
}

// Status is the answer about the deploy, as far as the incident has come.
func (i *Incident) Status() Status {
	verdict := i.Verdict()
	if verdict == nil {
		return StatusInconclusive
	}
	switch verdict.Cause {
	case Caused:
		return StatusRegression
	case NotCaused:
		return StatusNotCaused
	}
	return StatusInconclusive
}
