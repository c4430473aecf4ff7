package selfheal

import (
	"context"
	"strings"
	"time"
)

// Assignment is a repair that is asked of a coding agent elsewhere. Its ID is
// all that ties a run there to the incident: the same assignment finds the same run.
type Assignment struct {
	ID       string // ENVIRONMENT/SERVICE/HASH, the deployed revision and the attempt
	Revision string // full commit id that is deployed and broken
	Target   string // branch that the pull request is made against
	Branch   string // that the agent is asked to work on; not every agent obeys
	Title    string // one line
	// Task is what is to be done, in Markdown: scrubbed, and with everything that
	// nobody vouches for fenced.
	Task string
}

// Mark is the line by which what was made for an assignment is found again.
func (a Assignment) Mark() string { return "Selfheal-Assignment: " + a.ID }

// Carries tells whether a text, which may be hostile, has the mark on a line of its own.
func (a Assignment) Carries(text string) bool {
	for line := range strings.Lines(text) {
		if strings.Trim(strings.TrimSpace(line), "`") == a.Mark() {
			return true
		}
	}
	return false
}

// Delegated is what came of an assignment: a pull request, or the reason why there is none.
type Delegated struct {
	PullRequest PullRequest // as its forge has it; Number is 0 where there is none
	Run         string      // what the agent calls its run, for people
	URL         string      // where people can watch the run; may be empty
	Took        time.Duration
	Said        string // the agent's last words: hostile
	Failure     string // why there is no pull request, in one sentence; empty when there is one
}

// Delegate is a coding agent elsewhere that answers with a pull request. What it
// proposes is checked by the caller like anything else.
type Delegate interface {
	// Work has an assignment worked on and waits for the end. Asking again for the
	// same assignment finds the run that was begun, whatever process began it, and
	// never begins a second. A run that ends without a pull request is no error:
	// Failure says why. An agent that cannot be reached or refuses the secret is
	// CodeUnavailable; asking again goes on.
	Work(ctx context.Context, a Assignment) (Delegated, error)
}

// Contributions is the optional ability of a [Forge] to bring in what others
// than selfheal proposed on branches of the same repository.
type Contributions interface {
	// Contribution gives one by its number. CodeNotFound when there is none;
	// CodeRefused when it comes from another repository, so from a stranger perhaps.
	Contribution(ctx context.Context, number int) (PullRequest, error)
	// Contributed lists those that were opened at or after a time, newest first.
	Contributed(ctx context.Context, since time.Time) ([]PullRequest, error)
	// FetchContribution brings its commits and those of its target into the
	// repository at dir, and gives the tips of both.
	FetchContribution(ctx context.Context, dir string, pr PullRequest) (tip, target string, err error)
	// CloseContribution closes it unmerged, with a comment that says why. One that
	// is closed or merged already stays as it is.
	CloseContribution(ctx context.Context, pr PullRequest, reason string) error
}
