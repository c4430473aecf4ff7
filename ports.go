package selfheal

import (
	"context"
	"time"
)

// Query selects what a [Source] reads.
type Query struct {
	Service     string
	Environment string
	Interval    Interval // zero ends are open
	// Least allows a source to leave out entries that it knows to be less severe,
	// where the backend can tell: it then reads less. Zero wants all.
	Least Severity
}

// Source gives log entries.
type Source interface {
	// Read calls yield for every entry of the query, per stream in the order it
	// was written, and stops at the first error of yield. A source that cannot
	// be reached, or that lost data midway, returns an [Error] with
	// CodeUnavailable: an empty result means that there was nothing.
	Read(ctx context.Context, q Query, yield func(*Entry) error) error
}

// StreamSource is the optional ability of a [Source] to be read one stream at a
// time, and so by several goroutines.
type StreamSource interface {
	// Streams lists what Read would read, in its order.
	Streams(ctx context.Context, q Query) ([]SourceStream, error)
}

// SourceStream is one stream of a [StreamSource].
type SourceStream struct {
	Name string
	// Read gives the stream's entries under the contract of [Source].
	Read func(ctx context.Context, yield func(*Entry) error) error
}

// PartSource is the optional ability of a [Source] that a single large stream can
// be read by several goroutines.
type PartSource interface {
	// Parts lists what Read would read, in its order, each stream as its
	// consecutive parts. A part that is not the first begins with a line of which
	// begins says so, given the line before it. Lines are numbered from 1 in every part.
	Parts(ctx context.Context, q Query, begins func(previous, line []byte) bool) ([][]SourceStream, error)
}

// Platform is where services run and deploys happen.
type Platform interface {
	// Deploys lists the deploys of a service since a time, oldest first.
	Deploys(ctx context.Context, service, environment string, since time.Time) ([]Deploy, error)
	// Running gives the revision that serves now; CodeNotFound when none does.
	Running(ctx context.Context, service, environment string) (string, error)
	// BuildLog gives the entries of a deploy's build, oldest first.
	BuildLog(ctx context.Context, d Deploy, yield func(*Entry) error) error
	// RollBack puts the deploy's previous revision back into service.
	RollBack(ctx context.Context, d Deploy) error
}

// Forge is where branches are pushed and pull requests are opened.
type Forge interface {
	// Push publishes commit of the repository at dir under a branch name.
	// Pushing what is there already succeeds; a branch with other commits is CodeConflict.
	Push(ctx context.Context, dir, commit, branch string) error
	// OpenPullRequest creates the pull request, or updates the open one with the
	// same Mark; it never makes a second. One that was closed unmerged is
	// CodeRefused: somebody rejected it.
	OpenPullRequest(ctx context.Context, pr PullRequest) (PullRequest, error)
	// PullRequest finds the newest pull request with a mark; CodeNotFound when there is none.
	PullRequest(ctx context.Context, mark string) (PullRequest, error)
	// ClosePullRequest closes it unmerged, with a comment that says why.
	ClosePullRequest(ctx context.Context, mark, reason string) error
}

// PullRequestLister is the optional ability of a [Forge] to list what was proposed.
type PullRequestLister interface {
	// PullRequests lists the pull requests that carry a mark, newest first, at most limit (0: all that are found).
	PullRequests(ctx context.Context, limit int) ([]PullRequest, error)
}

// PullRequestRefresher is the optional ability of a [Forge] to look again at one
// pull request that it once gave, without searching for its mark.
type PullRequestRefresher interface {
	// RefreshPullRequest gives the pull request with this number and mark as it
	// stands; CodeNotFound when it carries another mark now.
	RefreshPullRequest(ctx context.Context, pr PullRequest) (PullRequest, error)
}

// BranchReplacer is the optional ability of a [Forge] to put a new attempt in the place of an old one.
type BranchReplacer interface {
	// ReplaceBranch moves a branch whose tip is one of ours to commit, whatever
	// its history; a tip that is none of them is CodeConflict: somebody works on it.
	ReplaceBranch(ctx context.Context, dir, commit, branch string, ours []string) error
}

// Commenter is the optional ability of a [Forge] to carry comments.
type Commenter interface {
	// Comment says something (Markdown) below a pull request. Saying the same twice says it once.
	Comment(ctx context.Context, pr PullRequest, text string) error
}

// Checker is the optional ability of a [Forge] to tell what its checks say of a pull request.
type Checker interface {
	// Checks gives the state of the checks of the branch's tip.
	Checks(ctx context.Context, pr PullRequest) (Checks, error)
}

// ReviewReader is the optional ability of a [Forge] to tell what people say of a pull request.
type ReviewReader interface {
	// Reviews lists what others wrote at or after a time, oldest first.
	Reviews(ctx context.Context, pr PullRequest, since time.Time) ([]Review, error)
}

// Merger is the optional ability of a [Forge] to merge by itself.
type Merger interface {
	// MergePullRequest merges an open pull request and gives it back merged.
	MergePullRequest(ctx context.Context, mark, by string) (PullRequest, error)
}

// Model answers tasks through the agent harness. It sees evidence and proposes; it never gates.
type Model interface {
	// Run works on one task within its budget; what it answers is checked by the
	// caller. An end without a submission is no error: Answer.Stopped says what ended
	// it. When no configured model can be asked, it is CodeUnavailable; what was spent
	// until then is in the Answer that comes with the error.
	Run(ctx context.Context, task Task) (Answer, error)
}

// Embedder gives texts a place in a space where near means similar.
type Embedder interface {
	// Embed gives one vector per text, all of one length. A provider that cannot
	// be reached, or a budget that is spent, is CodeUnavailable.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Notice is something that people are told.
type Notice struct {
	Time     time.Time  `json:"time"`
	Kind     NoticeKind `json:"kind"`
	Severity Severity   `json:"severity"`
	Incident string     `json:"incident,omitempty"` // key of the incident; empty when about a deploy
	Deploy   Deploy     `json:"deploy"`
	Title    string     `json:"title"` // plain text
	Text     string     `json:"text"`  // Markdown
	URL      string     `json:"url,omitempty"`
}

// NoticeKind is the occasion of a [Notice].
type NoticeKind string

// The occasions.
const (
	NoticeRegression    NoticeKind = "regression"     // a deploy broke something
	NoticePullRequest   NoticeKind = "pull-request"   // a repair waits for people
	NoticeRolledBack    NoticeKind = "rolled-back"    // the previous revision serves again
	NoticeHealed        NoticeKind = "healed"         // production shows that the repair worked
	NoticeCannotObserve NoticeKind = "cannot-observe" // nothing can be said of a deploy
	NoticeInconclusive  NoticeKind = "inconclusive"   // something changed, and it is open what did it
	NoticeSummary       NoticeKind = "summary"        // how many notices were held back
)

// Key is what a notice says of what: two with one key tell people nothing new.
func (n Notice) Key() string {
	subject := n.Incident
	if subject == "" {
		subject = n.Deploy.Key()
	}
	return string(n.Kind) + " " + subject + " " + n.URL
}

// Channel tells people.
type Channel interface {
	// Notify delivers one notice; retry says whether a failure may pass by itself.
	Notify(ctx context.Context, n Notice) (retry bool, err error)
}

// Store keeps the journal and the leases. Appending is the only way to change
// anything: state is a fold over events.
type Store interface {
	// Append adds events to a stream, whose current version (number of events)
	// must be version; else CodeConflict, and nothing is added. The events get
	// their Seq and Version. What was appended survives a crash.
	Append(ctx context.Context, stream string, version int, events ...Event) error
	// Events lists a stream's events, oldest first; none when the stream does not exist.
	Events(ctx context.Context, stream string) ([]Event, error)
	// Streams lists the streams of a kind, most recently changed first, at most limit (0: all).
	Streams(ctx context.Context, kind StreamKind, limit int) ([]Stream, error)
	// Lease gives holder the name for ttl, or renews it; CodeConflict while another holds it.
	// The returned function gives it back.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (release func(context.Context) error, err error)
}

// PullRequestStore is what a forge without a server of its own keeps its pull requests in.
type PullRequestStore interface {
	// SavePullRequest creates or replaces the pull request with this mark. Number 0 asks for the next free one.
	SavePullRequest(ctx context.Context, forge string, pr PullRequest) (PullRequest, error)
	// PullRequestByMark finds it; CodeNotFound when there is none.
	PullRequestByMark(ctx context.Context, forge, mark string) (PullRequest, error)
	// PullRequests lists all of a forge, newest first.
	PullRequests(ctx context.Context, forge string) ([]PullRequest, error)
}

// Clock tells the time; injected so that tests own it.
type Clock func() time.Time
