package selfheal

import (
	"context"
	"fmt"
)

// Task is one bounded piece of work for a [Model].
type Task struct {
	// ID names the work, e.g. the incident and the role: letters, digits, "-", "_" and ".".
	// The same ID with the same content goes on where a run that was killed stopped.
	ID   string
	Role string // "triage", "fix": the models that may be asked, in order
	// Prompt is trusted: instructions that the program wrote itself.
	Prompt string
	// Evidence is not: each section is scrubbed of secrets and fenced as data.
	Evidence []Section
	Tools    []Tool
	// Submit ends the task: its arguments are the answer. When its Run gives an error
	// the answer is sent back with the error's text, and the task goes on.
	Submit Tool
	// Budget limits the work; what is zero is limited as configured.
	Budget Budget
}

// Section is a titled piece of text that nobody vouches for.
type Section struct {
	Title string // one line, written by the program
	Text  string
}

// Tool is something that a model may do. After a crash the last call may run a
// second time, so that calling it twice must be as good as calling it once.
type Tool struct {
	Name        string // lower case with underscores
	Description string // trusted: says what it does, what it needs, what it gives
	Parameters  []byte // JSON Schema of the arguments, an object
	// Run takes the arguments, which are a JSON object and otherwise unchecked. An
	// error is told to the model, and the task goes on.
	Run func(ctx context.Context, arguments []byte) (string, error)
	// Again says that a run which goes on where another was killed makes the call again,
	// since its effect (an edit in a working copy) went with the process. What the first
	// call gave is what the model is shown.
	Again bool
	// Trusted says that the program wrote the result itself (a list of what is left to
	// do); every other result is fenced as data.
	Trusted bool
}

// Budget limits what one task may cost. Zero means: not limited here.
type Budget struct {
	// Turns is the most answers that the model may give.
	Turns int `yaml:"turns" json:"turns,omitempty"`
	// TokensIn is the most tokens that may be sent, over all turns: every turn sends what came before again.
	TokensIn int64 `yaml:"tokens_in" json:"tokens_in,omitempty"`
	// TokensOut is the most tokens that the model may write, over all turns.
	TokensOut int64 `yaml:"tokens_out" json:"tokens_out,omitempty"`
	// Dollars is the most money, by the prices of the models.
	Dollars float64 `yaml:"dollars" json:"dollars,omitempty"`
	// Time is the longest that the task may take.
	Time Duration `yaml:"time" json:"time,omitempty" jsonschema:"type=string"`
}

// StopReason says what ended a task.
type StopReason string

// The reasons. All but the first mean that there is no answer.
const (
	StopSubmitted StopReason = "submitted"
	StopTurns     StopReason = "turn limit"
	StopTokensIn  StopReason = "limit of tokens in"
	StopTokensOut StopReason = "limit of tokens out"
	StopDollars   StopReason = "limit of money"
	StopTime      StopReason = "time limit"
	StopSilent    StopReason = "no answer"   // it would not call a tool, though asked again
	StopRefused   StopReason = "refused"     // it, or its provider, declined
	StopFailed    StopReason = "unavailable" // no model of the role could be asked
)

// Usage is what a task has cost.
type Usage struct {
	Turns     int      `json:"turns"`
	TokensIn  int64    `json:"tokens_in"`
	TokensOut int64    `json:"tokens_out"`
	Dollars   float64  `json:"dollars"`
	Time      Duration `json:"time"`
	// Estimated says that a provider did not say how many tokens it counted.
	Estimated bool `json:"estimated,omitempty"`
}

// String puts a cost into words: "5 turns, 11500 tokens in, 350 out, $0.0133".
func (u Usage) String() string {
	about, turns := "", "turns"
	if u.Estimated {
		about = "about "
	}
	if u.Turns == 1 {
		turns = "turn"
	}
	return fmt.Sprintf("%d %s, %s%d tokens in, %d out, $%.4f", u.Turns, turns, about, u.TokensIn, u.TokensOut, u.Dollars)
}

// Answer is what came of a [Task], and what it cost.
type Answer struct {
	JSON    []byte // arguments of the accepted submission; nil unless Stopped is StopSubmitted
	Stopped StopReason
	Usage   Usage
	// Replayed is how many of Usage.Turns an earlier run paid for.
	Replayed   int
	Model      string // the configured name of the model that answered last
	Transcript string // its id; see selfheal show --transcript
}
