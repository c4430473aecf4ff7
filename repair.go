package selfheal

import "time"

// Repair is one attempt at a remedy.
type Repair struct {
	Attempt  int      `json:"attempt"`  // 1 for the first
	Strategy string   `json:"strategy"` // "revert", "revert-hunks"
	Branch   string   `json:"branch"`   // selfheal/<incident>-<slug>
	Base     string   `json:"base"`     // full commit id the branch starts from
	Commit   string   `json:"commit"`   // full commit id of the branch's tip; empty until prepared
	Reverts  []string `json:"reverts,omitempty"`
	Patch    string   `json:"patch,omitempty"` // unified diff from Base to Commit
	Notes    []string `json:"notes,omitempty"` // what was not done, or not as usual
	Proofs   []Proof  `json:"proofs,omitempty"`
	Failure  string   `json:"failure,omitempty"` // why there is no branch
}

// Proven tells whether something was executed and everything executed came out as expected.
func (r Repair) Proven() bool {
	for _, p := range r.Proofs {
		if !p.AsExpected() {
			return false
		}
	}
	return len(r.Proofs) > 0
}

// Proof is one command that was executed on one revision, and how it ended.
type Proof struct {
	Name     string   `json:"name"`     // "verify", "replay"
	Command  string   `json:"command"`  // as given by the user, run by the shell
	Revision string   `json:"revision"` // full commit id of the tree it ran in
	Want     string   `json:"want"`     // "pass" or "fail"
	ExitCode int      `json:"exit_code"`
	TimedOut bool     `json:"timed_out,omitempty"`
	Took     Duration `json:"took"`
	Output   string   `json:"output"` // the last lines, scrubbed of secrets
	// Confinement says how the command was confined, "none" when it was not;
	// Unconfined says why it was not, Exceeded the limit for which it was killed.
	Confinement string `json:"confinement,omitempty"`
	Unconfined  string `json:"unconfined,omitempty"`
	Network     bool   `json:"network,omitempty"` // it could use the machine's network
	Exceeded    string `json:"exceeded,omitempty"`
}

// AsExpected tells whether the command ended as the proof requires.
func (p Proof) AsExpected() bool {
	if p.TimedOut || p.Exceeded != "" {
		return false
	}
	return (p.Want == "pass") == (p.ExitCode == 0)
}

// PullRequest is a proposed change on a forge.
type PullRequest struct {
	Mark   string           `json:"mark"` // fingerprint mark, unique among open pull requests; see [Mark]
	Number int              `json:"number"`
	URL    string           `json:"url"`
	Title  string           `json:"title"`
	Body   string           `json:"body"` // Markdown; contains Mark
	Source string           `json:"source"`
	Target string           `json:"target"`
	Commit string           `json:"commit"` // full commit id of the source branch
	Draft  bool             `json:"draft"`
	Labels []string         `json:"labels,omitempty"`
	State  PullRequestState `json:"state"`
	Merged string           `json:"merged,omitempty"` // full commit id of the merge
	Time   time.Time        `json:"time"`             // opened
}

// PullRequestState is where a pull request stands.
type PullRequestState string

// The states of a pull request.
const (
	PullRequestOpen   PullRequestState = "open"
	PullRequestMerged PullRequestState = "merged"
	PullRequestClosed PullRequestState = "closed" // rejected, or superseded
)

// Mark is the line that ties a pull request or comment to an incident, and by
// which an existing one is found again.
func Mark(incidentKey string) string { return "<!-- selfheal-incident: " + incidentKey + " -->" }

// OutcomeState is how an incident ended in production.
type OutcomeState string

// The outcomes.
const (
	OutcomeHealed     OutcomeState = "healed"
	OutcomePersisting OutcomeState = "persisting"
	OutcomeUnknown    OutcomeState = "unknown" // too little was seen after the repair to say
	OutcomeRejected   OutcomeState = "rejected"
	OutcomeSuperseded OutcomeState = "superseded"
)

// Outcome is whether the repair worked in production, with the numbers.
type Outcome struct {
	State      OutcomeState `json:"state"`
	Reason     string       `json:"reason"`
	Watched    Interval     `json:"watched"`
	Signatures []Recovery   `json:"signatures,omitempty"`
}

// Recovery compares one signature's rate while it was broken with its rate after the repair.
type Recovery struct {
	Signature SignatureID `json:"signature"`
	Before    int64       `json:"before"`   // occurrences in the window that was broken
	After     int64       `json:"after"`    // occurrences since the repair
	Expected  float64     `json:"expected"` // occurrences since the repair, had nothing changed
	PValue    float64     `json:"p_value"`  // probability of so few with no change
	Healed    bool        `json:"healed"`
	Drop      bool        `json:"drop,omitempty"` // it had gone silent: healed is when it is back, and PValue is of so many
}
