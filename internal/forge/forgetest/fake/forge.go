package fake

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
)

// Token is what the forges of this package take as the secret of their user.
const Token = "secret-token-4711"

// Bot is the name of their user.
const Bot = "heal-bot"

// Pull is a pull request.
type Pull struct {
	Number                      int
	Title, Body, Source, Target string
	Author                      string
	Draft, Closed, Foreign      bool
	Merged                      string
	Commit                      string // of a closed one, of a merged one, and of a stranger's
	Labels, Reviewers           []string
	Created                     time.Time
	MergedAt                    *time.Time
}

// Remark is a comment.
type Remark struct {
	ID     int64
	Pull   int
	Author string
	Text   string
	Time   time.Time
}

// Status is what a check says.
type Status struct{ Commit, Name, State string }

// Forge is the memory of a forge, and its people.
type Forge struct {
	sync.Mutex
	Pulls    []*Pull
	Remarks  []Remark
	Statuses []Status
	Now      time.Time // moves a second at each look

	Path       string // owner/name
	server     *httptest.Server
	repository *repository
	open       func(t testing.TB, url string) selfheal.Forge
}

var _ forgetest.Hosted = (*Forge)(nil)

// Start serves a forge that begins with main of the repository at dir. api answers
// what is not git, with the memory locked; open makes the client.
func Start(t *testing.T, dir, path string, api func(*Forge) http.Handler, open func(t testing.TB, url string) selfheal.Forge) *Forge {
	t.Helper()
	f := &Forge{Path: path, open: open, Now: time.Now().UTC().Truncate(time.Second).Add(-time.Hour), repository: newRepository(t, dir, path)}
	handler := api(f)
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/"+path+".git/") {
			if _, password, _ := r.BasicAuth(); password != Token {
				w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			f.repository.backend.ServeHTTP(w, r)
			return
		}
		f.Lock()
		defer f.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(f.server.Close)
	return f
}

// Tick gives the time, a second later at each look, so that things have an order.
func (f *Forge) Tick() time.Time {
	f.Now = f.Now.Add(time.Second)
	return f.Now
}

// Open implements [forgetest.Server].
func (f *Forge) Open(t testing.TB) selfheal.Forge { return f.open(t, f.server.URL) }

// OpenAt implements [forgetest.Hosted].
func (f *Forge) OpenAt(t testing.TB, url string) selfheal.Forge { return f.open(t, url) }

// URL implements [forgetest.Hosted].
func (f *Forge) URL() string { return f.server.URL }

// Remote implements [forgetest.Server].
func (f *Forge) Remote() string { return f.repository.dir }

// Self implements [forgetest.Hosted].
func (f *Forge) Self() string { return Bot }

// Tip is where a branch is; empty when there is none.
func (f *Forge) Tip(branch string) string { return f.repository.tip(branch) }

// File is a file of a branch; ok tells whether there is one.
func (f *Forge) File(branch, path string) (text string, ok bool) {
	out, err := f.repository.try(f.repository.dir, "show", "refs/heads/"+branch+":"+path)
	return out, err == nil
}

// AuthorOf is the address of a commit's author; empty when there is no such commit.
func (f *Forge) AuthorOf(commit string) string {
	out, err := f.repository.try(f.repository.dir, "log", "-1", "--format=%ae", commit, "--")
	if err != nil {
		return ""
	}
	return out
}

// Head is the commit that a pull request proposes.
func (f *Forge) Head(p *Pull) string {
	if p.Commit != "" {
		return p.Commit
	}
	return f.Tip(p.Source)
}

// Find gives a pull request by number, nil when there is none.
func (f *Forge) Find(number int) *Pull {
	at := slices.IndexFunc(f.Pulls, func(p *Pull) bool { return p.Number == number })
	if at < 0 {
		return nil
	}
	return f.Pulls[at]
}

// OpenOf gives the open pull request of a branch of the repository itself.
func (f *Forge) OpenOf(source string) *Pull {
	at := slices.IndexFunc(f.Pulls, func(p *Pull) bool { return !p.Foreign && p.Source == source && !p.Closed && p.Merged == "" })
	if at < 0 {
		return nil
	}
	return f.Pulls[at]
}

// Add opens a pull request.
func (f *Forge) Add(p *Pull) *Pull {
	p.Number, p.Created = len(f.Pulls)+1, f.Tick()
	f.Pulls = append(f.Pulls, p)
	return p
}

// Knows tells whether somebody is a user.
func (f *Forge) Knows(name string) bool {
	return slices.Contains([]string{Bot, forgetest.Writer, forgetest.Stranger}, name)
}

// Users are all people, in the order of their numbers, from 1.
func (f *Forge) Users() []string { return []string{Bot, forgetest.Writer, forgetest.Stranger} }

// WriterEmail is the address of forgetest.Writer.
const WriterEmail = "author@example.com"

// Merge implements [forgetest.Server].
func (f *Forge) Merge(t testing.TB, number int) {
	t.Helper()
	f.Lock()
	defer f.Unlock()
	p := f.Find(number)
	p.Commit = f.Head(p)
	p.Merged = f.repository.merge(t, p.Commit, p.Target)
	at := f.Tick()
	p.MergedAt = &at
}

// Reject implements [forgetest.Server].
func (f *Forge) Reject(_ testing.TB, number int) {
	f.Lock()
	defer f.Unlock()
	f.Close(f.Find(number))
}

// Close closes a pull request unmerged.
func (f *Forge) Close(p *Pull) { p.Commit, p.Closed = f.Head(p), true }

// Push implements [forgetest.Server].
func (f *Forge) Push(t testing.TB, dir, commit, branch string) {
	t.Helper()
	f.repository.git(t, dir, "push", "--quiet", "--force", f.repository.dir, commit+":refs/heads/"+branch)
}

// Protect implements [forgetest.Hosted].
func (f *Forge) Protect(t testing.TB) { f.repository.protect(t) }

// Propose implements [forgetest.Hosted].
func (f *Forge) Propose(_ testing.TB, _, commit string, pr selfheal.PullRequest) {
	f.Lock()
	defer f.Unlock()
	f.Add(&Pull{Title: pr.Title, Body: pr.Body, Source: pr.Source, Target: pr.Target, Author: forgetest.Stranger, Foreign: true, Commit: commit})
}

// Contribute implements [forgetest.Hosted].
func (f *Forge) Contribute(t testing.TB, dir, commit string, pr selfheal.PullRequest) int {
	t.Helper()
	f.Push(t, dir, commit, pr.Source)
	f.Lock()
	defer f.Unlock()
	return f.Add(&Pull{Title: pr.Title, Body: pr.Body, Source: pr.Source, Target: pr.Target, Author: forgetest.Writer, Draft: pr.Draft}).Number
}

// Say implements [forgetest.Hosted].
func (f *Forge) Say(_ testing.TB, number int, who, text string) {
	f.Lock()
	defer f.Unlock()
	f.Remark(number, who, text)
}

// Remark adds a comment.
func (f *Forge) Remark(number int, who, text string) Remark {
	r := Remark{ID: int64(len(f.Remarks) + 1), Pull: number, Author: who, Text: text, Time: f.Tick()}
	f.Remarks = append(f.Remarks, r)
	return r
}

// Check implements [forgetest.Hosted].
func (f *Forge) Check(_ testing.TB, commit, name, state string) {
	f.Lock()
	defer f.Unlock()
	f.Statuses = slices.DeleteFunc(f.Statuses, func(s Status) bool { return s.Commit == commit && s.Name == name })
	f.Statuses = append(f.Statuses, Status{commit, name, state})
}
