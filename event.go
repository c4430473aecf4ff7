package selfheal

import (
	"encoding/json"
	"fmt"
	"time"
)

// StreamKind is what a stream of the journal is about.
type StreamKind string

// The kinds of streams. A stream's name is its kind, a colon, and the key.
const (
	StreamDeploy   StreamKind = "deploy"
	StreamIncident StreamKind = "incident"
	StreamIdentity StreamKind = "identity" // of a service's signatures
	StreamClusters StreamKind = "clusters" // of a service's signatures that mean the same
	StreamNotice   StreamKind = "notice"   // what people are told, once
	StreamReading  StreamKind = "reading"  // what was read of a service's logs, where they can be read again
)

// StreamName is the journal's name of the stream about a key.
func StreamName(kind StreamKind, key string) string { return string(kind) + ":" + key }

// Stream is one stream of the journal, as a listing shows it.
type Stream struct {
	Name    string
	Version int // number of events
	Updated time.Time
}

// Event is one entry of the append-only journal: who did what, when.
type Event struct {
	Seq     int64           `json:"seq"`     // position in the whole journal, set by the store
	Version int             `json:"version"` // position in its stream, from 1, set by the store
	Time    time.Time       `json:"time"`
	Actor   string          `json:"actor"` // "selfheal check", a person, a webhook
	Type    EventType       `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// EventType names what happened, in the past tense.
type EventType string

// The events of a deploy's stream, of a service's identities, then those of an incident's.
const (
	EventDeployAssessed EventType = "deploy.assessed" // Assessment
	EventWatchStarted   EventType = "watch.started"   // WatchStarted
	EventWatchEnded     EventType = "watch.ended"     // WatchEnded

	EventSourceRead EventType = "source.read" // SourceRead

	EventNoticeDue     EventType = "notice.due"     // Notice
	EventNoticeTold    EventType = "notice.told"    // NoticeTold
	EventThreadStarted EventType = "thread.started" // ThreadStarted, in the notice stream of its key

	EventIdentitiesLearned   EventType = "identities.learned"   // Learned
	EventSignatureOverridden EventType = "signature.overridden" // Override
	EventClustersFound       EventType = "clusters.found"       // of the room group: new clusters and those that grew

	EventIncidentOpened      EventType = "incident.opened"       // Opened
	EventIncidentReassessed  EventType = "incident.reassessed"   // Opened; what was concluded from the last assessment is void
	EventIntentChanged       EventType = "intent.changed"        // Intent
	EventVerdictReached      EventType = "verdict.reached"       // Judged
	EventDecisionMade        EventType = "decision.made"         // Decision
	EventRepairPrepared      EventType = "repair.prepared"       // Repair, before anything was executed
	EventRepairProven        EventType = "repair.proven"         // Repair, with its proofs
	EventRepairFailed        EventType = "repair.failed"         // Repair, with Failure
	EventPullRequestOpened   EventType = "pull_request.opened"   // PullRequest
	EventFeedbackReceived    EventType = "feedback.received"     // Feedback
	EventFeedbackAnswered    EventType = "feedback.answered"     // Feedback, with Answer; the pull request stays as it is
	EventPullRequestMerged   EventType = "pull_request.merged"   // PullRequest
	EventPullRequestRejected EventType = "pull_request.rejected" // PullRequest
	EventFixDeployed         EventType = "fix.deployed"          // FixDeployed
	EventOutcomeRecorded     EventType = "outcome.recorded"      // Outcome
	EventIncidentClosed      EventType = "incident.closed"       // Closed
)

// Opened is the payload of [EventIncidentOpened].
type Opened struct {
	ID         string     `json:"id"` // short name for people and branches, e.g. "shop-3f9c2a1b7d"
	Assessment Assessment `json:"assessment"`
	Repository string     `json:"repository"` // where the service's code is
	Target     string     `json:"target"`     // branch that a pull request is made against
	Program    string     `json:"program"`    // version of selfheal that opened it: another one may judge better
	Intent     Intent     `json:"intent"`
	// Earlier are the deploys of the same service and environment that may be the
	// cause as well, oldest first.
	Earlier []Deploy `json:"earlier,omitempty"`
	// Part is 0 for all anomalies of a deploy; 2 and up for those that turned out to
	// have another cause than the first part's.
	Part int `json:"part,omitempty"`
}

// Intent is what the user asked for when the incident was opened. It is kept
// with the incident so that a run that is cut off can be finished by another.
type Intent struct {
	Repair  bool     `json:"repair"`            // false: stop at the verdict
	DryRun  bool     `json:"dry_run"`           // do everything but what others would see
	Verify  []string `json:"verify"`            // shell commands that must pass on the repaired tree
	Replay  []string `json:"replay"`            // shell commands that must fail on the deployed tree and pass on the repaired one
	Timeout Duration `json:"timeout"`           // of each command
	Network bool     `json:"network,omitempty"` // the commands may use the machine's network
	Unsafe  bool     `json:"unsafe,omitempty"`  // the commands are not confined
	Prove   Proving  `json:"prove,omitzero"`
	// Strategies are the ways to repair in the order in which they are tried; none means "revert" alone.
	Strategies []string `json:"strategies,omitempty"`
}

// Proving says when the cause is looked for by running the commands, and at what cost.
type Proving struct {
	When ProveWhen `json:"when"`
	Runs int       `json:"runs"` // of commands, at most
	Time Duration  `json:"time"` // no run begins later
}

// ProveWhen says when commands are run to find the cause.
type ProveWhen string

// The policies of proof by execution.
const (
	ProveAuto   ProveWhen = "auto" // when there is a command and the evidence does not decide
	ProveNever  ProveWhen = "never"
	ProveAlways ProveWhen = "always" // when there is a command
)

// Judged is the payload of [EventVerdictReached].
type Judged struct {
	Verdict Verdict `json:"verdict"`
	// Change is without hunks of files that no exhibit names. Its commits include
	// those of earlier deploys that were examined.
	Change Change `json:"change"`
	// Others are the verdicts on anomalies that have another cause than Verdict's.
	Others []Verdict `json:"others,omitempty"`
}

// FixDeployed is the payload of [EventFixDeployed].
type FixDeployed struct {
	Deploy Deploy `json:"deploy"`
	// Counts is what was logged since the fix began to serve: occurrences per signature.
	Counts  map[SignatureID]int64 `json:"counts"`
	Window  Window                `json:"window"`
	Records int64                 `json:"records"`
}

// Closed is the payload of [EventIncidentClosed].
type Closed struct {
	Reason string `json:"reason"`
}

// NewEvent makes an event; payload must be of the type that the constant's comment names.
func NewEvent(at time.Time, actor string, kind EventType, payload any) (Event, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return Event{Time: at.UTC(), Actor: actor, Type: kind, Payload: raw}, nil
}

// Decode reads the payload of an event.
func Decode[T any](e Event) (T, error) {
	var payload T
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		return payload, fmt.Errorf("decode %s (event %d): %w", e.Type, e.Seq, err)
	}
	return payload, nil
}

// NoticeTold is the payload of [EventNoticeTold].
type NoticeTold struct {
	// Channels is what became of the notice on each channel that wants it.
	Channels map[string]string `json:"channels,omitempty"`
}

// ThreadStarted is the payload of [EventThreadStarted]: later notices go below the first.
type ThreadStarted struct {
	ID string `json:"id"` // of the channel's own
}
