package selfheal

import (
	"context"
	"time"
)

// Scope is whose counts they are: one service in one environment.
type Scope struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
}

// Tally is what one writer counted of one minute. What different writers say adds
// up; what one says again replaces what it said before, so that saying it twice is
// saying it once.
type Tally struct {
	Scope
	Revision string // as the records state it; empty where they do not
	Minute   int64  // since the Unix epoch
	// Writer is who counted: the start of a process that took the records in, or a
	// source that can be read again.
	Writer   string
	Counts   map[SignatureID]Tallied
	Coverage Coverage // of the minute; Signatures and Revisions are not kept
}

// Tallied is how often one signature occurred in one minute, and where.
type Tallied struct {
	N     int64
	Reach *Reach // nil where nobody looked
}

// Counted is the sum of the tallies of one revision.
type Counted struct {
	Revision string
	Counts   Counts
	Coverage Coverage
}

// CountStore keeps what was counted, for as long as it is a baseline.
type CountStore interface {
	// PutTallies keeps tallies, each in the place of what its writer said of that
	// minute and revision before, and describes their signatures; all or nothing.
	// Descriptions of a signature that is known are merged with what is known: its
	// first and last time span both, the newer sample stays.
	//
	// A tally of a minute that was compacted is CodeConflict, since what its writer
	// said of it before could not be replaced any more. So whoever calls Compact leaves
	// writers the time to say their last, and a writer leaves out what comes later than
	// that. A Tally without a Writer is a defect of the caller.
	PutTallies(ctx context.Context, tallies []Tally, signatures map[Scope][]Signature) error
	// Counted gives the sums of the minutes of an interval, by revision, ascending.
	// A zero end is open; the minute in which the interval ends is left out. What was
	// compacted is at the first minute of its hour, and has no Reach. Streams is the
	// most that were there in one minute; Reach of all records counts instances only.
	Counted(ctx context.Context, scope Scope, interval Interval) ([]Counted, error)
	// Signatures describes all signatures of a scope that Counted may name. Of one that
	// was counted and never described, only the id is known.
	Signatures(ctx context.Context, scope Scope) (map[SignatureID]*Signature, error)
	// Scopes lists the scopes that have counts.
	Scopes(ctx context.Context) ([]Scope, error)
	// Compact merges, before a time, all writers and the minutes of each hour; errors
	// ([Signature.IsError]) and the number of all records keep their minutes. What is
	// before keep is forgotten, with the signatures that nothing names any more. Both
	// are rounded down to the hour. Several machines may compact at once, and one that
	// is killed loses nothing.
	Compact(ctx context.Context, before, keep time.Time) error
}

// Sink takes in records that are pushed rather than read.
type Sink interface {
	// Take takes a batch in: with nil all of it counts, also after a crash that comes
	// later than the flush interval. Nothing of the batch may be kept after Take
	// returns, unless copied. CodeUnavailable asks to come back later.
	Take(ctx context.Context, batch []Entry) error
}

// Prober is the optional ability of a [Source] to say whether it answers, and how
// far behind it is, without reading what is in it.
type Prober interface {
	// Probe asks the backend something small, with the credentials and the query that
	// Read uses. An error is as of Read.
	Probe(ctx context.Context) error
}

// Volumer is the optional ability of a [Source] to count where the logs are.
type Volumer interface {
	// Volume gives the number of entries of any severity per step, each at its first
	// minute. A step is a whole number of minutes.
	Volume(ctx context.Context, q Query, step time.Duration) (Series, error)
}

// Clocked is the optional ability of a [Source] to compare its backend's clock with ours.
type Clocked interface {
	// Skew is how far the backend's clock is ahead of ours, negative when it is behind,
	// to about a second. It asks the backend something small; an error is as of Read.
	Skew(ctx context.Context) (time.Duration, error)
}

// Announcement says that something happened to a deploy.
type Announcement struct {
	// ID is the sender's own name of the event: the same one twice is one event.
	ID     string `json:"id"`
	Deploy Deploy `json:"deploy"`
	// Phase is how far the deploy is.
	Phase Phase `json:"phase"`
	// From is what announced it, e.g. "github deployment_status".
	From string `json:"from"`
	// Detail is what the sender says about it, one line, for people.
	Detail string `json:"detail,omitempty"`
}

// Phase is how far a deploy is by what was announced.
type Phase string

// The phases. Only the first three begin or end the watching of a deploy.
const (
	PhaseServing    Phase = "serving"     // the revision takes traffic, or is about to be all there is
	PhaseFailed     Phase = "failed"      // built, but never became healthy
	PhaseRolledBack Phase = "rolled-back" // the revision was taken out of service
	PhaseBuilding   Phase = "building"
	PhaseDeploying  Phase = "deploying"
	PhaseBuildFail  Phase = "build-failed"
	PhaseOther      Phase = "other" // nothing that concerns a deploy; kept out of everything
)

// StreamEvent is an event of the journal, with the stream that it is in.
type StreamEvent struct {
	Event
	Stream string `json:"stream"`
}

// JournalReader is the optional ability of a [Store] to give the journal as a whole.
type JournalReader interface {
	// Since gives the events after a position, by their Seq, at most limit. An event
	// that was appended is never before a position that was given out already.
	Since(ctx context.Context, seq int64, limit int) ([]StreamEvent, error)
}
