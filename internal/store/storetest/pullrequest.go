package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"selfheal"
)

// RunPullRequests tests a store of pull requests. open gives a new, empty store
// that is closed by the test's cleanup.
func RunPullRequests(t *testing.T, open func(t *testing.T) selfheal.PullRequestStore) {
	cases := map[string]func(*testing.T, selfheal.PullRequestStore){
		"a pull request comes back as it was":  pullRequestComesBack,
		"number 0 replaces the open one":       numberZeroReplaces,
		"the newest of a mark is found":        newestIsFound,
		"closed and merged are final":          finalStatesStay,
		"one open pull request per mark":       oneOpenPerMark,
		"numbers are per forge":                numbersArePerForge,
		"concurrent saves make one":            concurrentSavesMakeOne,
		"an unknown mark is not found":         unknownMarkIsNotFound,
		"a number belongs to one mark forever": numberBelongsToMark,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

const forge = "local"

func pullRequest(key string) selfheal.PullRequest {
	return selfheal.PullRequest{
		Mark: selfheal.Mark("prod/shop/" + key), Title: "Revert \"x\"", Body: "'); DROP TABLE x;--\n```",
		Source: "selfheal/shop-1", Target: "main", Commit: "0123456789abcdef0123456789abcdef01234567",
		State: selfheal.PullRequestOpen, Time: time.Date(2026, 3, 1, 12, 0, 0, 7, time.UTC),
	}
}

func save(t *testing.T, store selfheal.PullRequestStore, pr selfheal.PullRequest) selfheal.PullRequest {
	t.Helper()
	saved, err := store.SavePullRequest(t.Context(), forge, pr)
	check(t, err)
	return saved
}

func pullRequestComesBack(t *testing.T, store selfheal.PullRequestStore) {
	pr := pullRequest("a")
	pr.URL, pr.Draft, pr.Labels, pr.Merged = "file:///x", true, []string{"selfheal", "a,b"}, "abc"
	saved := save(t, store, pr)
	pr.Number = 1
	same(t, saved, pr)
	found, err := store.PullRequestByMark(t.Context(), forge, pr.Mark)
	check(t, err)
	same(t, found, pr)
	list, err := store.PullRequests(t.Context(), forge)
	check(t, err)
	same(t, list, []selfheal.PullRequest{pr})
}

func numberZeroReplaces(t *testing.T, store selfheal.PullRequestStore) {
	save(t, store, pullRequest("a"))
	again := pullRequest("a")
	again.Title = "better"
	saved := save(t, store, again)
	same(t, saved.Number, 1)
	list, err := store.PullRequests(t.Context(), forge)
	check(t, err)
	same(t, list, []selfheal.PullRequest{saved})
}

func newestIsFound(t *testing.T, store selfheal.PullRequestStore) {
	first := save(t, store, pullRequest("a"))
	first.State = selfheal.PullRequestMerged
	save(t, store, first)
	other := save(t, store, pullRequest("b"))
	second := save(t, store, pullRequest("a"))
	same(t, second.Number, 3)
	found, err := store.PullRequestByMark(t.Context(), forge, first.Mark)
	check(t, err)
	same(t, found, second)
	list, err := store.PullRequests(t.Context(), forge)
	check(t, err)
	same(t, list, []selfheal.PullRequest{second, other, first})
}

func finalStatesStay(t *testing.T, store selfheal.PullRequestStore) {
	for _, state := range []selfheal.PullRequestState{selfheal.PullRequestClosed, selfheal.PullRequestMerged} {
		pr := save(t, store, pullRequest(string(state)))
		pr.State = state
		save(t, store, pr)
		pr.Merged = "later detail"
		save(t, store, pr)
		for _, other := range []selfheal.PullRequestState{selfheal.PullRequestOpen, selfheal.PullRequestClosed, selfheal.PullRequestMerged} {
			if other == state {
				continue
			}
			pr.State = other
			_, err := store.SavePullRequest(t.Context(), forge, pr)
			wantCode(t, err, selfheal.CodeConflict)
		}
	}
}

func oneOpenPerMark(t *testing.T, store selfheal.PullRequestStore) {
	pr := save(t, store, pullRequest("a"))
	pr.Number++
	_, err := store.SavePullRequest(t.Context(), forge, pr)
	wantCode(t, err, selfheal.CodeConflict)
}

func numbersArePerForge(t *testing.T, store selfheal.PullRequestStore) {
	save(t, store, pullRequest("a"))
	saved, err := store.SavePullRequest(t.Context(), "other", pullRequest("a"))
	check(t, err)
	same(t, saved.Number, 1)
	list, err := store.PullRequests(t.Context(), "third")
	check(t, err)
	same(t, len(list), 0)
}

func concurrentSavesMakeOne(t *testing.T, store selfheal.PullRequestStore) {
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			pr := pullRequest("a")
			pr.Title = fmt.Sprint(n)
			if saved, err := store.SavePullRequest(t.Context(), forge, pr); err != nil || saved.Number != 1 {
				t.Errorf("saved as number %d, error %v", saved.Number, err)
			}
		})
	}
	group.Wait()
	list, err := store.PullRequests(t.Context(), forge)
	check(t, err)
	same(t, len(list), 1)
}

func unknownMarkIsNotFound(t *testing.T, store selfheal.PullRequestStore) {
	_, err := store.PullRequestByMark(t.Context(), forge, "no such mark")
	wantCode(t, err, selfheal.CodeNotFound)
}

func numberBelongsToMark(t *testing.T, store selfheal.PullRequestStore) {
	pr := save(t, store, pullRequest("a"))
	pr.Mark = selfheal.Mark("prod/shop/b")
	_, err := store.SavePullRequest(t.Context(), forge, pr)
	wantCode(t, err, selfheal.CodeConflict)
}
