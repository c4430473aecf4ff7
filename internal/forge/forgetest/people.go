package forgetest

import (
	"testing"

	"selfheal"
)

func rejectedByPeople(t *testing.T, b *bench) {
	pr := b.propose(t)
	b.server.Reject(t, pr.Number)
	found, err := b.server.Open(t).PullRequest(t.Context(), pr.Mark)
	check(t, err)
	same(t, found.State, selfheal.PullRequestClosed)
	_, err = b.server.Open(t).OpenPullRequest(t.Context(), b.request())
	wantCode(t, err, selfheal.CodeRefused)
	check(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "superseded"))
}

func mergedByPeople(t *testing.T, b *bench) {
	pr := b.propose(t)
	b.server.Merge(t, pr.Number)
	found, err := b.server.Open(t).PullRequest(t.Context(), pr.Mark)
	check(t, err)
	same(t, found.State, selfheal.PullRequestMerged)
	b.pullMain(t, found.Merged)
	same(t, b.Git("show", "FETCH_HEAD:limit.txt"), "10")

	again, err := b.server.Open(t).OpenPullRequest(t.Context(), b.request())
	check(t, err)
	same(t, again.Number, pr.Number)
	same(t, again.State, selfheal.PullRequestMerged)
	wantCode(t, b.forge.ClosePullRequest(t.Context(), pr.Mark, "x"), selfheal.CodeConflict)
}

func movedByPeople(t *testing.T, b *bench) {
	b.propose(t)
	b.Git("checkout", "--quiet", b.fix)
	theirs := b.Commit("by hand", "limit.txt", "20\n")
	b.server.Push(t, b.Dir, theirs, branch)
	_, err := b.server.Open(t).OpenPullRequest(t.Context(), b.request())
	wantCode(t, err, selfheal.CodeConflict)
	wantCode(t, b.forge.Push(t.Context(), b.Dir, b.fix, branch), selfheal.CodeConflict)
	same(t, b.remoteTip(), theirs)
}

func listed(t *testing.T, b *bench) {
	lister, ok := b.forge.(selfheal.PullRequestLister)
	if !ok {
		t.Skip("SKIPPED: this forge does not list")
	}
	first := b.propose(t)
	request := b.request()
	request.Source, request.Mark = "selfheal/shop-9999999999-other", selfheal.Mark("prod/shop/9999999999")
	request.Body = "Another.\n\n" + request.Mark + "\n"
	check(t, b.forge.Push(t.Context(), b.Dir, b.fix, request.Source))
	second, err := b.forge.OpenPullRequest(t.Context(), request)
	check(t, err)
	all, err := lister.PullRequests(t.Context(), 0)
	check(t, err)
	var numbers []int
	for _, pr := range all {
		numbers = append(numbers, pr.Number)
	}
	same(t, numbers, []int{second.Number, first.Number})
	same(t, all[1].Mark, first.Mark)
	one, err := lister.PullRequests(t.Context(), 1)
	check(t, err)
	same(t, len(one), 1)
}

func refreshed(t *testing.T, b *bench) {
	refresher, ok := b.forge.(selfheal.PullRequestRefresher)
	if !ok {
		t.Skip("SKIPPED: this forge finds pull requests by their mark only")
	}
	pr := b.propose(t)
	found, err := refresher.RefreshPullRequest(t.Context(), pr)
	check(t, err)
	same(t, tidy(found), tidy(pr))
	other := pr
	other.Mark = selfheal.Mark("prod/shop/8888888888")
	_, err = refresher.RefreshPullRequest(t.Context(), other)
	wantCode(t, err, selfheal.CodeNotFound)
}

func replacer(t *testing.T, b *bench) selfheal.BranchReplacer {
	t.Helper()
	r, ok := b.forge.(selfheal.BranchReplacer)
	if !ok {
		t.Skip("SKIPPED: this forge does not replace branches")
	}
	return r
}

func replaced(t *testing.T, b *bench) {
	b.propose(t)
	b.Git("checkout", "--quiet", b.base)
	second := b.Commit("another way", "limit.txt", "11\n")
	check(t, replacer(t, b).ReplaceBranch(t.Context(), b.Dir, second, branch, []string{b.base, b.fix}))
	same(t, b.remoteTip(), second)
	request := b.request()
	request.Commit = second
	pr, err := b.forge.OpenPullRequest(t.Context(), request)
	check(t, err)
	same(t, pr.Commit, second)
}

func notReplaced(t *testing.T, b *bench) {
	b.propose(t)
	b.Git("checkout", "--quiet", b.fix)
	theirs := b.Commit("by hand", "limit.txt", "20\n")
	b.server.Push(t, b.Dir, theirs, branch)
	b.Git("checkout", "--quiet", b.base)
	second := b.Commit("another way", "limit.txt", "11\n")
	wantCode(t, replacer(t, b).ReplaceBranch(t.Context(), b.Dir, second, branch, []string{b.fix}), selfheal.CodeConflict)
	same(t, b.remoteTip(), theirs)
	wantCode(t, replacer(t, b).ReplaceBranch(t.Context(), b.Dir, second, "main", []string{b.base}), selfheal.CodeRefused)
}

// superseded proposes another branch for the incident: the earlier pull request
// is the same one, changed, or it is closed; never are two open.
func superseded(t *testing.T, b *bench) {
	first := b.propose(t)
	request := b.request()
	request.Source += "-2"
	for range 2 {
		b.forge = b.server.Open(t)
		check(t, b.forge.Push(t.Context(), b.Dir, b.fix, request.Source))
		second, err := b.forge.OpenPullRequest(t.Context(), request)
		check(t, err)
		same(t, second.Source, request.Source)
		same(t, second.State, selfheal.PullRequestOpen)
	}
	lister, ok := b.forge.(selfheal.PullRequestLister)
	if !ok {
		return
	}
	all, err := lister.PullRequests(t.Context(), 0)
	check(t, err)
	open := 0
	for _, pr := range all {
		if pr.State == selfheal.PullRequestOpen {
			open++
		} else {
			same(t, pr.Number, first.Number)
		}
	}
	same(t, open, 1)
}
