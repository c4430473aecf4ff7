package selfheal

import (
	"strings"
	"time"
)

// Repair is one attempt at a remedy.
type Repair struct {
	Attempt  int      `json:"attempt"`  // 1 for the first
	Strategy string   `json:"strategy"` // "revert", "revert-hunks", "revert-file", "command", "agent", "open-swe", "github-copilot"
	Branch   string   `json:"branch"`   // selfheal/<incident>-<slug>
	Base     string   `json:"base"`     // full commit id the branch starts from
	Commit   string   `json:"commit"`   // full commit id of the branch's tip; empty until prepared
	Reverts  []string `json:"reverts,omitempty"`
	Patch    string   `json:"patch,omitempty"` // unified diff from Base to Commit
	Notes    []string `json:"notes,omitempty"` // what was not done, or not as usual
	Proofs   []Proof  `json:"proofs,omitempty"`
	Failure  string   `json:"failure,omitempty"` // why there is no branch
	// Written is the run of the command that wrote the branch; nil when selfheal took a commit back.
	Written *Proof `json:"written,omitempty"`
	// Agent is what the built-in agent did; nil when another strategy was at work.
	Agent *Authorship `json:"agent,omitempty"`
	Tried []Tried     `json:"tried,omitempty"` // what was given up before, oldest first
	// Contribution is the pull request of another program that the branch was made
	// from, and that it takes the place of; nil when there is none.
	Contribution *PullRequest `json:"contribution,omitempty"`
}

// Authored tells whether somebody wrote the branch. A revert is not: it holds
// nothing that people have not seen before.
func (r Repair) Authored() bool {
	return r.Written != nil || r.Agent != nil || r.Strategy != "" && !strings.HasPrefix(r.Strategy, "revert")
}

// Authorship is what the built-in agent did about an incident, in its own words
// (hostile text) and in numbers.
type Authorship struct {
	Summary      string     `json:"summary,omitempty"`
	RootCause    string     `json:"root_cause,omitempty"`
	Reproduction string     `json:"reproduction,omitempty"` // how it says that it reproduced the error
	NotDone      string     `json:"not_done,omitempty"`
	Refused      []string   `json:"refused,omitempty"` // what guards refused on the way: "GUARD: why"
	Stopped      StopReason `json:"stopped,omitempty"`
	Model        string     `json:"model,omitempty"`
	Usage        Usage      `json:"usage"`
	Transcript   string     `json:"transcript,omitempty"`
}

// Tried is a strategy that came to nothing.
type Tried struct {
	Strategy string `json:"strategy"`
	Reason   string `json:"reason"`
	// Agent is what the built-in agent did and cost, where it was the one.
	Agent *Authorship `json:"agent,omitempty"`
}

// Proven tells whether something was executed and everything executed came out as
// expected. What somebody wrote must besides have been seen to make a failure
// pass: that the checks pass says nothing of the error.
func (r Repair) Proven() bool {
	reproduced := false
	for _, p := range r.Proofs {
		if !p.AsExpected() {
			return false
		}
		reproduced = reproduced || p.Want == "fail"
	}
	return len(r.Proofs) > 0 && (reproduced || !r.Authored())
}

// Proof is one command that was executed on one revision, and how it ended.
type Proof struct {
	Name     string   `json:"name"`     // "verify", "replay", "reproduction" (tests of the branch on the deployed code)
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
	// Unlike says that the command failed as it should, and why that is not the
	// failure in question.
	Unlike string `json:"unlike,omitempty"`
}

// AsExpected tells whether the command ended as the proof requires.
func (p Proof) AsExpected() bool {
	if p.TimedOut || p.Exceeded != "" || p.Unlike != "" {
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
	// Reviewers are the people who were asked to review it, by the names that the forge has for them.
	Reviewers []string `json:"reviewers,omitempty"`
	// Paths are the files that it changes, and Blamed the commits whose authors know
	// its lines, the likeliest first: from these a forge finds who should review.
	Paths  []string `json:"paths,omitempty"`
	Blamed []string `json:"blamed,omitempty"`
	// Notes say what the forge did otherwise than it was asked.
	Notes []string `json:"notes,omitempty"`
}

// Checks is what a forge's own checks (status checks, pipelines) say of a commit.
type Checks struct {
	State  CheckState `json:"state"`
	Commit string     `json:"commit"`           // full commit id
	Failed []Check    `json:"failed,omitempty"` // those that failed
}

// Check is one check.
type Check struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
	Text string `json:"text,omitempty"` // what it says of itself
}

// CheckState is how the checks of a commit stand, taken together.
type CheckState string

// The states of checks. One that failed makes all of them failed.
const (
	ChecksNone    CheckState = "none" // there are no checks
	ChecksPending CheckState = "pending"
	ChecksPassed  CheckState = "passed"
	ChecksFailed  CheckState = "failed"
)

// Review is what somebody wrote about a pull request.
type Review struct {
	ID     string    `json:"id"` // unique within the forge
	Author string    `json:"author"`
	Time   time.Time `json:"time"`
	Text   string    `json:"text"`           // as it was written: hostile
	Path   string    `json:"path,omitempty"` // of the file that it is about
	Line   int       `json:"line,omitempty"`
	// Writer: the author may write to the repository. What anybody else says is never acted on.
	Writer bool `json:"writer"`
	// Addressed: it speaks to selfheal by its name on the forge, or by "/selfheal".
	Addressed bool `json:"addressed"`
	// Rejects: it is a review that asks for changes.
	Rejects bool `json:"rejects,omitempty"`
}

// PullRequestState is where a pull request stands.
type PullRequestState string

// The states of a pull request.
const (
	PullRequestOpen   PullRequestState = "open"
	PullRequestMerged PullRequestState = "merged"
	PullRequestClosed PullRequestState = "closed" // rejected, or superseded
)

// Feedback is what a forge's checks and people said of an open pull request, and
// what came of it.
type Feedback struct {
	Commit  string   `json:"commit"` // of the branch, when it was said
	Checks  *Checks  `json:"checks,omitempty"`
	Reviews []Review `json:"reviews,omitempty"` // by writers, addressed to selfheal
	// Answer is what selfheal said to it; empty while it has not answered.
	Answer string `json:"answer,omitempty"`
	// Agent is what the built-in agent did about it to no avail, and what that cost.
	Agent *Authorship `json:"agent,omitempty"`
}

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
