package selfheal

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Deploy is one revision of a service reaching one environment.
type Deploy struct {
	Service     string       `json:"service"`     // OpenTelemetry service.name
	Environment string       `json:"environment"` // OpenTelemetry deployment.environment.name
	Revision    string       `json:"revision"`    // full commit id that was deployed
	Previous    string       `json:"previous"`    // full commit id that was active before
	Time        time.Time    `json:"time"`        // when the revision began to serve; zero when unknown
	Status      DeployStatus `json:"status"`
	By          string       `json:"by,omitempty"`  // who or what deployed
	URL         string       `json:"url,omitempty"` // page of the deploy on its platform
}

// DeployStatus says how far the deploy itself came.
type DeployStatus string

// The statuses of a deploy.
const (
	DeploySucceeded   DeployStatus = "succeeded"
	DeployBuildFailed DeployStatus = "build_failed"
	DeployFailed      DeployStatus = "failed" // built, but never became healthy
)

// Key is the stable identity ENVIRONMENT/SERVICE/HASH of the deploy, where HASH
// stands for the pair of revisions. The same pair deployed twice has one key: it
// has the same bugs.
func (d Deploy) Key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{d.Environment, d.Service, d.Previous, d.Revision}, "\x00")))
	return d.Environment + "/" + d.Service + "/" + hex.EncodeToString(sum[:5])
}

// ShortRevision abbreviates a commit id to the ten characters people recognise it by.
func ShortRevision(id string) string {
	if len(id) > 10 {
		return id[:10]
	}
	return id
}

// Interval is the half-open time range [From, To).
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Duration of the interval; zero when either end is unknown.
func (i Interval) Duration() time.Duration {
	if i.From.IsZero() || i.To.IsZero() {
		return 0
	}
	return i.To.Sub(i.From)
}

// Contains tells whether t lies in [From, To).
func (i Interval) Contains(t time.Time) bool {
	return !t.Before(i.From) && t.Before(i.To)
}

// Window is the watched interval after a deploy, the baseline it is compared
// with, and what is known of how well both could be observed.
type Window struct {
	Baseline      Interval      `json:"baseline"`
	Watched       Interval      `json:"watched"`
	Observability Observability `json:"observability"`
}

// Observability is the proof, or the missing proof, that the window could be seen.
// A deploy is clean only when Problems is empty.
type Observability struct {
	Baseline Coverage  `json:"baseline"`
	Watched  Coverage  `json:"watched"`
	Problems []Problem `json:"problems,omitempty"` // reasons why nothing can be said
	Notes    []Problem `json:"notes,omitempty"`    // limits of what is said that do not forbid saying it
}

// Coverage counts what was received from a source for one interval.
type Coverage struct {
	Streams    int              `json:"streams"`              // files, containers, ...
	Bytes      int64            `json:"bytes"`                // decoded bytes of log text
	Records    int64            `json:"records"`              // events after multi-line assembly
	Undated    int64            `json:"undated"`              // records without a time of their own
	OutOfOrder int64            `json:"out_of_order"`         // records at least a minute older than one before them in their stream
	Outside    int64            `json:"outside"`              // records whose time lies outside the interval, left out
	Unparsed   int64            `json:"unparsed"`             // records with bytes that are not text, kept as they are
	Truncated  int64            `json:"truncated"`            // lines that were longer than the source's cap, cut there
	First      time.Time        `json:"first"`                // oldest time seen
	Last       time.Time        `json:"last"`                 // newest time seen
	Zones      []string         `json:"zones,omitempty"`      // UTC offsets that occurred; "none" for times without one (read as UTC)
	Revisions  map[string]int64 `json:"revisions,omitempty"`  // records per revision, where records say theirs
	Signatures int              `json:"signatures"`           // distinct signatures
	Overflowed int64            `json:"overflowed,omitempty"` // records counted in the overflow signature because a cap was hit
}

// Problem is one thing that limits what could be seen.
type Problem struct {
	Code   ProblemCode `json:"code"`
	Detail string      `json:"detail"` // one sentence with the figures
	Hint   string      `json:"hint,omitempty"`
}

// ProblemCode is the fixed vocabulary of [Problem].
type ProblemCode string

// The problems. The first group forbids a judgement, the second only qualifies it.
const (
	ProblemNoBaseline      ProblemCode = "no-baseline"
	ProblemNoWindow        ProblemCode = "no-window"
	ProblemWindowBefore    ProblemCode = "window-before-baseline"
	ProblemRevisionMissing ProblemCode = "revision-not-seen"
	ProblemSourceDown      ProblemCode = "source-down"
	ProblemVolume          ProblemCode = "too-few-records"
	ProblemLag             ProblemCode = "logs-behind"

	ProblemShortBaseline ProblemCode = "short-baseline"
	ProblemUndated       ProblemCode = "undated-records"
	ProblemOutOfOrder    ProblemCode = "out-of-order"
	ProblemMixedZones    ProblemCode = "mixed-zones"
	ProblemBinary        ProblemCode = "binary-content"
	ProblemTruncated     ProblemCode = "truncated"
	ProblemOverlap       ProblemCode = "overlapping-intervals"
	ProblemOverflow      ProblemCode = "signature-overflow"
	ProblemUnrevisioned  ProblemCode = "revision-not-stated"
	ProblemOldRevision   ProblemCode = "old-revision"
	ProblemDirtyTree     ProblemCode = "dirty-tree"
	ProblemDiverged      ProblemCode = "diverged-history"
	ProblemUnclustered   ProblemCode = "clusters-not-judged"
	ProblemSkew          ProblemCode = "clock-skew"
	ProblemPartial       ProblemCode = "errors-only"
)
