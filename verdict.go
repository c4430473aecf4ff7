package selfheal

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
}

// Candidate is one commit with what speaks for it.
type Candidate struct {
	Commit      string  `json:"commit"`
	Subject     string  `json:"subject"`
	Score       float64 `json:"score"`
	Probability float64 `json:"probability"`
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
