// Package forgetest is the conformance suite of [selfheal.Forge]: what every
// forge must do, as tests that each implementation runs on itself with real git
// repositories.
package forgetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git/gittest"
)

// Server is a forge with people around it. It begins empty but for branch main,
// which is that of a given repository.
type Server interface {
	// Open gives the forge as a new process sees it.
	Open(t testing.TB) selfheal.Forge
	// Remote is what git fetches the forge's repository from.
	Remote() string
	// Merge is a person who merges a pull request by a merge commit.
	Merge(t testing.TB, number int)
	// Reject is a person who closes one.
	Reject(t testing.TB, number int)
	// Push is a person who pushes a commit of the repository at dir to a branch, by force.
	Push(t testing.TB, dir, commit, branch string)
}

// Hosted is a [Server] at which people are many, and programs check branches.
type Hosted interface {
	Server
	// URL is where it is served; OpenAt gives the forge as seen through another address.
	URL() string
	OpenAt(t testing.TB, url string) selfheal.Forge
	// Protect lets nobody push to selfheal's branches.
	Protect(t testing.TB)
	// Propose is a stranger who opens a pull request from a fork, with a branch of that name.
	Propose(t testing.TB, dir, commit string, pr selfheal.PullRequest)
	// Contribute is somebody who may write, a program perhaps: a commit is pushed to a
	// branch of the repository itself, and a pull request is opened.
	Contribute(t testing.TB, dir, commit string, pr selfheal.PullRequest) (number int)
	// Say is somebody who comments; only the user [Writer] may write to the repository.
	Say(t testing.TB, number int, who, text string)
	// Check is a program that says whether a commit is good: "success", "pending" or "failure".
	Check(t testing.TB, commit, name, state string)
	// Self is the name of the forge's user.
	Self() string
}

// The people of a [Hosted] server, besides its own user.
const (
	Writer   = "ada"     // may write; author@example.com is hers
	Stranger = "mallory" // may read
)

// Start makes a server for the repository at dir.
type Start func(t *testing.T, dir string) Server

// Run tests a forge.
func Run(t *testing.T, start Start) {
	for name, test := range cases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, start))
		})
	}
}

func cases() map[string]func(*testing.T, *bench) {
	return map[string]func(*testing.T, *bench){
		"a pull request is opened and found":              opened,
		"opening again updates the same":                  openedAgain,
		"concurrent opens make one":                       openedConcurrently,
		"pushing again succeeds":                          pushedAgain,
		"a branch moves forward":                          pushedForward,
		"a branch with other commits is a conflict":       pushedOver,
		"commits that no branch contains are pushed":      pushedUnreferenced,
		"hostile branch names are refused":                hostileBranches,
		"a rejected one is not opened again":              rejectedStays,
		"one that people rejected is not opened again":    rejectedByPeople,
		"one that people merged comes back merged":        mergedByPeople,
		"closing twice succeeds":                          closedTwice,
		"an unknown mark is not found":                    unknownMark,
		"a branch that was not pushed cannot be proposed": notPushed,
		"a branch that people moved is left alone":        movedByPeople,
		"a run cut off between push and open goes on":     cutOff,
		"merging makes a merge commit":                    merged,
		"a merged one comes back as it is":                mergedAgain,
		"a new one follows a merged one":                  afterMerged,
		"changes that do not fit are a conflict":          mergeConflicts,
		"a closed one is not merged":                      closedIsNotMerged,
		"pull requests are listed, newest first":          listed,
		"one that is known is looked at by number":        refreshed,
		"a new attempt takes the place of an old one":     replaced,
		"another branch for the same incident supersedes": superseded,
		"what people pushed is not replaced":              notReplaced,
	}
}

const (
	branch = "selfheal/shop-0123456789-limit"
	key    = "prod/shop/0123456789"
)

// bench is a repository with a repair that can be proposed, and a forge.
type bench struct {
	*gittest.Repository
	base, fix string // the deployed commit, and the repair on top of it
	server    Server
	forge     selfheal.Forge
}

func newBench(t *testing.T, start Start) *bench {
	t.Helper()
	b := &bench{Repository: gittest.New(t)}
	b.Commit("begin", "limit.txt", "10\n", "other.txt", "a\n")
	b.base = b.Commit("set the limit", "limit.txt", "0\n")
	b.Git("checkout", "--quiet", "-b", "work")
	b.fix = b.Commit("Revert \"set the limit\"", "limit.txt", "10\n")
	b.Git("checkout", "--quiet", "main")
	b.server = start(t, b.Dir)
	b.forge = b.server.Open(t)
	return b
}

func (b *bench) request() selfheal.PullRequest {
	return selfheal.PullRequest{
		Mark: selfheal.Mark(key), Title: "Revert \"set the limit\"", Body: "Why.\n\n" + selfheal.Mark(key) + "\n",
		Source: branch, Target: "main", Commit: b.fix, Draft: true, Labels: []string{"selfheal"},
	}
}

// propose pushes the repair and opens its pull request.
func (b *bench) propose(t *testing.T) selfheal.PullRequest {
	t.Helper()
	check(t, b.forge.Push(t.Context(), b.Dir, b.fix, branch))
	pr, err := b.forge.OpenPullRequest(t.Context(), b.request())
	check(t, err)
	return pr
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want selfheal.Code) {
	t.Helper()
	if err == nil || selfheal.CodeOf(err) != want {
		t.Fatalf("error %v, want code %q", err, want)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not as wanted (-want +got):\n%s", diff)
	}
}

func opened(t *testing.T, b *bench) {
	pr := b.propose(t)
	want := b.request()
	want.Number, want.URL, want.State, want.Time = pr.Number, pr.URL, selfheal.PullRequestOpen, pr.Time
	pr.Reviewers = nil // are tested elsewhere
	same(t, tidy(pr), tidy(want))
	if pr.Number < 1 || pr.URL == "" || pr.Time.IsZero() {
		t.Fatalf("number %d, address %q, time %v", pr.Number, pr.URL, pr.Time)
	}
	found, err := b.server.Open(t).PullRequest(t.Context(), pr.Mark)
	check(t, err)
	found.Reviewers = nil
	same(t, tidy(found), tidy(pr))
}

// tidy leaves out what forges may do to the end of a text.
func tidy(pr selfheal.PullRequest) selfheal.PullRequest {
	pr.Body = strings.TrimSpace(pr.Body)
	return pr
}

func openedAgain(t *testing.T, b *bench) {
	first := b.propose(t)
	request := b.request()
	request.Title, request.Draft = "better", false
	second, err := b.server.Open(t).OpenPullRequest(t.Context(), request)
	check(t, err)
	same(t, second.Number, first.Number)
	same(t, second.Title, "better")
	same(t, second.Draft, false)
	same(t, second.Time, first.Time)
}

func openedConcurrently(t *testing.T, b *bench) {
	var group sync.WaitGroup
	numbers := make([]int, 4)
	for i := range numbers {
		forge := b.server.Open(t)
		group.Go(func() {
			if err := forge.Push(t.Context(), b.Dir, b.fix, branch); err != nil {
				t.Error(err)
				return
			}
			pr, err := forge.OpenPullRequest(t.Context(), b.request())
			if err != nil {
				t.Error(err)
			}
			numbers[i] = pr.Number
		})
	}
	group.Wait()
	// Whoever made a double did not see the first; from now on everybody does.
	for range numbers {
		pr, err := b.server.Open(t).OpenPullRequest(t.Context(), b.request())
		check(t, err)
		if !slices.Contains(numbers, pr.Number) {
			t.Errorf("number %d, while %v were made", pr.Number, numbers)
		}
	}
	lister, ok := b.forge.(selfheal.PullRequestLister)
	if !ok {
		return
	}
	all, err := lister.PullRequests(t.Context(), 0)
	check(t, err)
	all = slices.DeleteFunc(all, func(pr selfheal.PullRequest) bool { return pr.State != selfheal.PullRequestOpen })
	same(t, len(all), 1)
}

func pushedAgain(t *testing.T, b *bench) {
	for range 2 {
		check(t, b.server.Open(t).Push(t.Context(), b.Dir, b.fix, branch))
	}
}

func pushedForward(t *testing.T, b *bench) {
	check(t, b.forge.Push(t.Context(), b.Dir, b.base, branch))
	check(t, b.forge.Push(t.Context(), b.Dir, b.fix, branch))
	request := b.request()
	request.Commit = ""
	pr, err := b.forge.OpenPullRequest(t.Context(), request)
	check(t, err)
	same(t, pr.Commit, b.fix)
}

func pushedOver(t *testing.T, b *bench) {
	check(t, b.forge.Push(t.Context(), b.Dir, b.fix, branch))
	wantCode(t, b.forge.Push(t.Context(), b.Dir, b.base, branch), selfheal.CodeConflict)
	b.Git("checkout", "--quiet", "-b", "another", b.base)
	wantCode(t, b.forge.Push(t.Context(), b.Dir, b.Commit("another", "x", "x"), branch), selfheal.CodeConflict)
	same(t, b.remoteTip(), b.fix)
	_, err := b.forge.OpenPullRequest(t.Context(), b.request()) // says that the branch is where it was
	check(t, err)
}

func pushedUnreferenced(t *testing.T, b *bench) {
	b.Git("branch", "--quiet", "-D", "work")
	b.propose(t)
}

func hostileBranches(t *testing.T, b *bench) {
	for _, name := range []string{
		"", "-x", "--upload-pack=touch x", "a..b", "a b", "a\nb", "a\x00b", "../../etc/passwd", "/a", "a/", "a//b", ".a", "a/.b",
		"a.lock", "a.lock/b", "a:b", "a~1", "a^", "a?", "a*", "a[b", `a\b`, "@", "a@{1}", "HEAD", "refs/heads/main", "\xff", strings.Repeat("a", 300),
	} {
		err := b.forge.Push(t.Context(), b.Dir, b.fix, name)
		if selfheal.CodeOf(err) != selfheal.CodeRefused {
			t.Errorf("push to %q: %v", name, err)
		}
		request := b.request()
		request.Source = name
		if _, err := b.forge.OpenPullRequest(t.Context(), request); selfheal.CodeOf(err) != selfheal.CodeRefused {
			t.Errorf("pull request from %q: %v", name, err)
		}
	}
	for _, commit := range []string{"", "main", "--all", b.fix[:10], strings.Repeat("0", 40)} {
		if err := b.forge.Push(t.Context(), b.Dir, commit, branch); err == nil {
			t.Errorf("pushed commit %q", commit)
		}
	}
}

func rejectedStays(t *testing.T, b *bench) {
	pr := b.propose(t)
	check(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "we prefer to fix forward"))
	found, err := b.server.Open(t).PullRequest(t.Context(), pr.Mark)
	check(t, err)
	same(t, found.State, selfheal.PullRequestClosed)
	_, err = b.server.Open(t).OpenPullRequest(t.Context(), b.request())
	wantCode(t, err, selfheal.CodeRefused)
}

func closedTwice(t *testing.T, b *bench) {
	pr := b.propose(t)
	for range 2 {
		check(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "superseded"))
	}
}

func unknownMark(t *testing.T, b *bench) {
	mark := selfheal.Mark("prod/other/1")
	_, err := b.forge.PullRequest(t.Context(), mark)
	wantCode(t, err, selfheal.CodeNotFound)
	wantCode(t, b.forge.ClosePullRequest(t.Context(), mark, "x"), selfheal.CodeNotFound)
}

func notPushed(t *testing.T, b *bench) {
	_, err := b.forge.OpenPullRequest(t.Context(), b.request())
	wantCode(t, err, selfheal.CodeNotFound)
}

// cutOff begins a proposal in one process and ends it in the next.
func cutOff(t *testing.T, b *bench) {
	check(t, b.forge.Push(t.Context(), b.Dir, b.fix, branch))
	_, err := b.server.Open(t).PullRequest(t.Context(), selfheal.Mark(key))
	wantCode(t, err, selfheal.CodeNotFound)
	b.forge = b.server.Open(t)
	pr := b.propose(t)
	same(t, pr.State, selfheal.PullRequestOpen)
}

func merger(t *testing.T, b *bench) selfheal.Merger {
	t.Helper()
	m, ok := b.forge.(selfheal.Merger)
	if !ok {
		t.Skip("SKIPPED: this forge does not merge by itself")
	}
	return m
}

func merged(t *testing.T, b *bench) {
	pr := b.propose(t)
	ahead := b.Commit("meanwhile", "other.txt", "b\n")
	check(t, b.forge.Push(t.Context(), b.Dir, ahead, "main"))
	got, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Reviewer <a@b>\nForged: yes")
	check(t, err)
	same(t, got.State, selfheal.PullRequestMerged)

	b.pullMain(t, got.Merged)
	same(t, b.Git("rev-parse", "FETCH_HEAD^1", "FETCH_HEAD^2"), ahead+"\n"+b.fix)
	same(t, b.Git("show", "FETCH_HEAD:limit.txt", "FETCH_HEAD:other.txt"), "10\nb")
	if message := b.Git("log", "-1", "--format=%B", "FETCH_HEAD"); strings.Contains(message, "\nForged:") {
		t.Errorf("a name forged a trailer:\n%s", message)
	}
}

// remoteTip is where the branch is on the forge; empty when it is not there.
func (b *bench) remoteTip() string {
	id, _, _ := strings.Cut(b.Git("ls-remote", b.server.Remote(), "refs/heads/"+branch), "\t")
	return id
}

// pullMain fetches a commit that the forge's main is said to be at.
func (b *bench) pullMain(t *testing.T, want string) {
	t.Helper()
	b.Git("fetch", "--quiet", b.server.Remote(), "main")
	same(t, b.Git("rev-parse", "FETCH_HEAD"), want)
}

func mergedAgain(t *testing.T, b *bench) {
	pr := b.propose(t)
	first, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Ada")
	check(t, err)
	b.forge = b.server.Open(t)
	second, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Ada")
	check(t, err)
	same(t, second, first)
	// A run that was killed before it heard of its own pull request proposes it again.
	third := b.propose(t)
	same(t, third, first)
	wantCode(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "x"), selfheal.CodeConflict)
}

func afterMerged(t *testing.T, b *bench) {
	pr := b.propose(t)
	_, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Ada")
	check(t, err)
	b.Git("checkout", "--quiet", b.fix)
	next := b.Commit("again", "limit.txt", "11\n")
	check(t, b.forge.Push(t.Context(), b.Dir, next, branch))
	request := b.request()
	request.Commit = next
	second, err := b.forge.OpenPullRequest(t.Context(), request)
	check(t, err)
	if second.Number == pr.Number || second.State != selfheal.PullRequestOpen {
		t.Fatalf("number %d, %s, after number %d was merged", second.Number, second.State, pr.Number)
	}
}

func mergeConflicts(t *testing.T, b *bench) {
	pr := b.propose(t)
	ahead := b.Commit("same line", "limit.txt", "5\n")
	check(t, b.forge.Push(t.Context(), b.Dir, ahead, "main"))
	_, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Ada")
	wantCode(t, err, selfheal.CodeConflict)
	if !strings.Contains(fmt.Sprint(err), "limit.txt") {
		t.Errorf("the error does not name the file: %v", err)
	}
	found, err := b.forge.PullRequest(t.Context(), pr.Mark)
	check(t, err)
	same(t, found.State, selfheal.PullRequestOpen)
	b.pullMain(t, ahead)
}

func closedIsNotMerged(t *testing.T, b *bench) {
	pr := b.propose(t)
	check(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "no"))
	_, err := merger(t, b).MergePullRequest(t.Context(), pr.Mark, "Ada")
	wantCode(t, err, selfheal.CodeRefused)
}
