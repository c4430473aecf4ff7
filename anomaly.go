package selfheal

import "time"

// AnomalyKind says in which way a signature changed.
type AnomalyKind string

// The kinds of anomalies.
const (
	AnomalyNew     AnomalyKind = "new"     // did not occur in the baseline
	AnomalyRise    AnomalyKind = "rise"    // occurs more often than the baseline explains
	AnomalyDrop    AnomalyKind = "drop"    // should be there and went silent
	AnomalyShift   AnomalyKind = "shift"   // became the most frequent of the errors that mean the same
	AnomalyBuild   AnomalyKind = "build"   // an error of a build that failed
	AnomalyMonitor AnomalyKind = "monitor" // a configured monitor crossed its bound
)

// Anomaly is one signature that was looked at, with the numbers; it is flagged
// when Silence is empty, and otherwise Silence says why it was set aside.
type Anomaly struct {
	Signature SignatureID `json:"signature"`
	Kind      AnomalyKind `json:"kind"`
	Severity  Severity    `json:"severity"`
	Observed  int64       `json:"observed"` // occurrences in the window
	Expected  float64     `json:"expected"` // occurrences the baseline predicts for a window of this exposure
	Ratio     Ratio       `json:"ratio"`    // of the rates, window over baseline
	PValue    float64     `json:"p_value"`  // probability of evidence this extreme, at any look, with no change
	QValue    float64     `json:"q_value"`  // smallest false-discovery rate at which it would be flagged
	Onset     time.Time   `json:"onset"`    // first minute of the excess; zero when undated
	Detected  time.Time   `json:"detected"` // when it was flagged, at the first look that could; zero when undated or never
	Why       string      `json:"why"`      // one sentence: the numbers in words
	Silence   Silence     `json:"silence,omitempty"`
	Chart     Chart       `json:"chart"`

	// EValue is the evidence for a change as the payoff of a fair bet against it: 4,000 means
	// 4,000 to 1, and with no change it is 20 or more at most once in 20 deploys, at whatever look.
	EValue float64 `json:"e_value,omitempty"`
	// Retracted is when a flag was taken back, since later minutes explained it; zero when none was.
	Retracted time.Time `json:"retracted,omitzero"`
	// Instances and Traces are on how many hosts, pods or processes, and in how many requests, it
	// occurred; 0 where its records do not say. Serving is how many instances logged at all.
	Instances int64 `json:"instances,omitempty"`
	Traces    int64 `json:"traces,omitempty"`
	Serving   int64 `json:"serving,omitempty"`
	// Priority says how soon a person should look; empty when it is not flagged.
	Priority Priority `json:"priority,omitempty"`
}

// Priority is how soon a person should look at an anomaly.
type Priority string

// The priorities, most urgent first.
const (
	PriorityPage   Priority = "page"   // now, whoever sleeps
	PriorityTicket Priority = "ticket" // today
	PriorityNote   Priority = "note"   // when there is time
)

// Flagged tells whether the anomaly counts against the deploy.
func (a Anomaly) Flagged() bool { return a.Silence == "" }

// Ratio is a rate ratio with its 95 % confidence interval. High is 0 when the interval has no upper end.
type Ratio struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high,omitempty"`
}

// Silence is the reason why a signature that was looked at was not flagged.
type Silence string

// The fixed vocabulary of silences.
const (
	SilenceNotNew         Silence = "not-new"
	SilenceTransient      Silence = "transient"       // too few occurrences, or all in a moment
	SilenceNoBaseline     Silence = "no-baseline"     // nothing to compare with
	SilenceNotSignificant Silence = "not-significant" // chance explains it
	SilenceSharedCause    Silence = "shared-cause"    // moves with signatures that this change cannot reach
	SilenceUsual          Silence = "usual"           // the baseline shows the same by itself, without a deploy
	SilenceNoPower        Silence = "no-power"        // this window could not have shown it
	SilenceOldRevision    Silence = "old-revision"    // only the previous revision logged it
	SilenceIntended       Silence = "intended"        // the change itself added this message, or took it away
	SilenceIgnored        Silence = "ignored"         // the user said so
	SilenceTraffic        Silence = "traffic"         // went silent with the traffic as a whole
)

// Chart is what a reader sees of an anomaly: evenly spaced buckets of
// occurrences, baseline and window side by side, each with its own step.
type Chart struct {
	Baseline ChartSpan `json:"baseline"`
	Watched  ChartSpan `json:"watched"`
}

// ChartSpan is one evenly bucketed stretch of time.
type ChartSpan struct {
	From    time.Time `json:"from"`
	Step    Duration  `json:"step"`
	Buckets []int64   `json:"buckets,omitempty"`
}

// Assessment is what detection says about one deploy, before anybody is blamed.
type Assessment struct {
	Deploy    Deploy    `json:"deploy"`
	Window    Window    `json:"window"`
	Anomalies []Anomaly `json:"anomalies"`       // flagged, strongest first
	SetAside  []Anomaly `json:"set_aside"`       // looked at and silenced, strongest first, capped
	Asked     []Anomaly `json:"asked,omitempty"` // what was asked about, flagged or not
	Tested    int       `json:"tested"`          // signatures that were compared
	Power     string    `json:"power"`           // what this window could and could not have shown
	// TellsNew is how long after the deploy a new error of 1 per minute is told from chance in 95 of 100 windows; zero where it is not.
	TellsNew   Duration    `json:"tells_new,omitempty"`
	Signatures []Signature `json:"signatures"` // of all anomalies above
	// Related are signatures that seem to mean the same as a flagged one, most similar first.
	Related map[SignatureID][]Relation `json:"related,omitempty"`
	// Build is what the builder's output says, when it is a build that failed.
	Build *BuildFailure `json:"build,omitempty"`
}

// Status is the answer about one deploy.
type Status string

// The statuses, and with them the exit codes of every command that judges a deploy.
const (
	StatusClean         Status = "clean"          // 0: seen, and nothing changed for the worse
	StatusNotCaused     Status = "not_caused"     // 0: something is wrong, and this deploy is not the cause
	StatusRegression    Status = "regression"     // 10: this deploy made errors appear or rise
	StatusInconclusive  Status = "inconclusive"   // 11: something changed, and the evidence does not say why
	StatusCannotObserve Status = "cannot_observe" // 12: no judgement is possible, Observability.Problems says why
)

// ExitCode is the process exit code for a status.
func (s Status) ExitCode() int {
	switch s {
	case StatusClean, StatusNotCaused:
		return 0
	case StatusRegression:
		return 10
	case StatusInconclusive:
		return 11
	case StatusCannotObserve:
		return 12
	}
	return 1
}
