package selfheal

import "time"

// Cause is the answer to "did the change do it?".
type Cause string

// The causes.
const (
	Caused       Cause = "caused"
	NotCaused    Cause = "not_caused"
	Inconclusive Cause = "inconclusive"
)

// Verdict says whether the change caused the anomalies, and which line of it.
type Verdict struct {
	Cause      Cause         `json:"cause"`
	Confidence float64       `json:"confidence"` // probability that Cause, and the culprit if there is one, is right
	Reason     string        `json:"reason"`     // one or two sentences that stand on their own
	Culprit    *Culprit      `json:"culprit,omitempty"`
	Signatures []SignatureID `json:"signatures"` // the anomalies that it covers
	Exhibits   []Exhibit     `json:"exhibits"`   // for and against, strongest first
	Candidates []Candidate   `json:"candidates"` // every commit of the change, most likely first
	Irrelevant []string      `json:"irrelevant,omitempty"`
	WouldHelp  string        `json:"would_help,omitempty"` // what would change the mind
	// Agent says what a model contributed; nil when none was asked.
	Agent *Contribution `json:"agent,omitempty"`
	// Deploys are those whose commits were examined, newest first, when it was more than one.
	Deploys []Exposure `json:"deploys,omitempty"`
	// Trial is what running a reproduction showed; nil when nothing was run.
	Trial *Trial `json:"trial,omitempty"`
	// Basis is how the probability is spread over the explanations.
	Basis *Basis `json:"basis,omitempty"`
}

// Basis is what a confidence is made of. The shares add up to 1.
type Basis struct {
	Leading float64 `json:"leading"` // the most likely commit
	Others  float64 `json:"others"`  // all other commits together
	Outside float64 `json:"outside"` // the world outside the program
	Unknown float64 `json:"unknown"` // something that was not looked at
	// Evidence says how far the evidence for the most likely commit licenses a blame; empty without commits.
	Evidence EvidenceTier `json:"evidence,omitempty"`
}

// EvidenceTier says how far evidence licenses a blame.
type EvidenceTier string

// The tiers, from the weakest.
const (
	EvidenceCircumstantial EvidenceTier = "circumstantial" // near the error, or words in common: never enough for a blame
	EvidenceIndirect       EvidenceTier = "indirect"       // on a way that leads to the error
	EvidenceDirect         EvidenceTier = "direct"         // the failing statement itself is new, or the error names what was changed
	EvidenceExecuted       EvidenceTier = "executed"       // a command fails with the commit and passes right before it
)

// Exposure is one deploy that was considered as the cause.
type Exposure struct {
	Revision string    `json:"revision"`
	Time     time.Time `json:"time"`    // when it began to serve; zero when unknown
	Back     int       `json:"back"`    // 0 for the deploy in question, 1 for the one before it, ...
	Commits  int       `json:"commits"` // that it brought and that still serve
	// Prior is how likely the deploy is by its time alone, as a share of the likeliest one's (1).
	Prior float64 `json:"prior"`
	// Excluded says why it cannot be the cause; Prior is 0 then.
	Excluded string `json:"excluded,omitempty"`
}

// Contribution is what a model did to a verdict that rules had reached, within
// bounds that code keeps, and what that cost.
type Contribution struct {
	Effect     AgentEffect `json:"effect"`
	Text       string      `json:"text"`   // one or two sentences: what it says, or why it counts for nothing
	Before     Cause       `json:"before"` // of the rules
	Confidence float64     `json:"confidence_before"`
	Model      string      `json:"model,omitempty"`
	Stopped    StopReason  `json:"stopped,omitempty"`
	Dossier    int64       `json:"dossier_tokens,omitempty"` // about; of what it was shown unasked
	Usage      Usage       `json:"usage"`
	Transcript string      `json:"transcript,omitempty"`
}

// AgentEffect says which way a model moved a verdict.
type AgentEffect string

// The effects.
const (
	AgentRaised    AgentEffect = "raised"    // the blame is more probable than by the rules alone
	AgentLowered   AgentEffect = "lowered"   // less probable
	AgentConfirmed AgentEffect = "confirmed" // it says the same, and could not add to it
	AgentDiscarded AgentEffect = "discarded" // what it said did not stand up to being checked
	AgentSilent    AgentEffect = "silent"    // it came to no answer
	AgentNotAsked  AgentEffect = "not asked" // it could not change anything
)

// Culprit is the place that is blamed. Quote is the exact text of line Start of
// Path at Revision: code has checked that it is there.
type Culprit struct {
	Commit   string `json:"commit"`
	Path     string `json:"path,omitempty"` // empty when only the commit is known
	Revision string `json:"revision"`       // the deployed revision for an added line, the previous one for a deleted line
	Start    int    `json:"start,omitempty"`
	End      int    `json:"end,omitempty"`
	Quote    string `json:"quote,omitempty"`
	// Within is the commit that wrote the line, where Commit is the merge that brought it.
	Within string `json:"within,omitempty"`
}

// Candidate is one commit with what speaks for it.
type Candidate struct {
	Commit      string  `json:"commit"`
	Subject     string  `json:"subject"`
	Score       float64 `json:"score"`
	Probability float64 `json:"probability"`
	Back        int     `json:"back,omitempty"`   // which deploy brought it: 0 the one in question, 1 the one before it, ...
	Undone      bool    `json:"undone,omitempty"` // the deploy took it away
}

// ExhibitKind names a rule that ties an anomaly to a change, or speaks against it.
type ExhibitKind string

// The kinds of exhibits.
const (
	ExhibitFrameInHunk     ExhibitKind = "frame-in-hunk"     // a stack frame lies on a changed line
	ExhibitFrameInFunction ExhibitKind = "frame-in-function" // a stack frame lies in a changed function
	ExhibitFrameInFile     ExhibitKind = "frame-in-file"     // a stack frame lies in a changed file
	ExhibitLiteralChanged  ExhibitKind = "literal-changed"   // the message's text stands on a changed line
	ExhibitLogSite         ExhibitKind = "log-site"          // the statement that logs the message stands in a changed function
	ExhibitCallHop         ExhibitKind = "call-hop"          // the failing code calls changed code, or is called by it
	ExhibitIdentifier      ExhibitKind = "identifier"        // a rare name stands both in the error and on a changed line
	ExhibitDependency      ExhibitKind = "dependency"        // a dependency that the error names was changed
	ExhibitConfiguration   ExhibitKind = "configuration"     // a setting that the error names was changed
	ExhibitBuildLine       ExhibitKind = "build-line"        // the compiler points at a changed line
	ExhibitExecution       ExhibitKind = "execution"         // it was run: fails with the change, passes without
	ExhibitAgent           ExhibitKind = "agent"             // a model says so; every line that it cites was read again by code

	ExhibitNothingRuns   ExhibitKind = "nothing-deployable" // against: the change holds nothing that runs
	ExhibitExternalWords ExhibitKind = "external-cause"     // against: the message speaks of the outside world
	ExhibitCoMovement    ExhibitKind = "co-movement"        // against: signatures out of the change's reach moved too
	ExhibitEarlyOnset    ExhibitKind = "onset-before-deploy"
	ExhibitSeenBefore    ExhibitKind = "seen-before" // against: occurred in the baseline without this change
	ExhibitUnreached     ExhibitKind = "unreached"   // against: no calls and no names lead from the commit to the failing code
	ExhibitUntouched     ExhibitKind = "untouched"   // against: the statement that fails, its function and its callers are older than the change
	ExhibitIntended      ExhibitKind = "intended"    // against: the change only gave an old failure new words
)

// Exhibit is one piece of evidence, with where it was seen on both sides.
type Exhibit struct {
	Kind      ExhibitKind `json:"kind"`
	Weight    float64     `json:"weight"` // positive supports the blame, negative speaks against it
	Signature SignatureID `json:"signature,omitempty"`
	Text      string      `json:"text"`               // one sentence
	Observed  string      `json:"observed,omitempty"` // quote from the error
	Commit    string      `json:"commit,omitempty"`
	Path      string      `json:"path,omitempty"`
	Revision  string      `json:"revision,omitempty"` // where Path:Line can be read
	Line      int         `json:"line,omitempty"`     // 1-based
	Quote     string      `json:"quote,omitempty"`    // exact text of that line
}

// Reproduction says how well a command shows the error that is asked about.
type Reproduction string

// The grades of a reproduction.
const (
	ReproducedSame  Reproduction = "same-error"     // it fails, and prints the error at the deployed revision
	ReproducedOther Reproduction = "another-error"  // it fails at the deployed revision, and what it prints is not the error
	ReproducedNever Reproduction = "not-reproduced" // it does not fail at the deployed revision
	ReproducedNot   Reproduction = "not-runnable"   // it could not be run to its end at the deployed revision
)

// Trial is the proof by execution: a command was run at the deployed revision
// and at the candidates, as often as it took to tell them apart.
type Trial struct {
	Command      string        `json:"command"`
	Reproduction Reproduction  `json:"reproduction"`
	Signatures   []SignatureID `json:"signatures,omitempty"` // that its output showed at the deployed revision
	Decided      bool          `json:"decided"`              // it fails at one candidate and passes at its parent, at 95 % or more
	Ended        string        `json:"ended"`                // why no more was run
	// FailureRate and FlakeRate are how often the command is estimated to fail
	// with the fault, and without it.
	FailureRate float64    `json:"failure_rate"`
	FlakeRate   float64    `json:"flake_rate"`
	Runs        []TrialRun `json:"runs"` // in the order they were made
	Took        Duration   `json:"took"`
}

// TrialOutcome is what one run of a command says.
type TrialOutcome string

// The outcomes of a run.
const (
	TrialFails   TrialOutcome = "fails" // with the error, or with another where none of the runs shows it
	TrialPasses  TrialOutcome = "passes"
	TrialAnother TrialOutcome = "another" // it fails, but not with the error that it shows at the deployed revision: says nothing
	TrialSkipped TrialOutcome = "skipped" // it could not be run here: exit code 125 to 127, its time was over, or a limit stopped it
)

// TrialRun is one run at one revision.
type TrialRun struct {
	Revision string       `json:"revision"` // full commit id of the tree it ran in
	Outcome  TrialOutcome `json:"outcome"`
	ExitCode int          `json:"exit_code"`
	TimedOut bool         `json:"timed_out,omitempty"`
	Exceeded string       `json:"exceeded,omitempty"` // limit for which it was stopped
	Took     Duration     `json:"took"`
	Output   string       `json:"output"` // the last lines, scrubbed of secrets
	// Confinement says how the command was confined, "none" when it was not, and Unconfined why not.
	Confinement string `json:"confinement,omitempty"`
	Unconfined  string `json:"unconfined,omitempty"`
	Network     bool   `json:"network,omitempty"`
}
