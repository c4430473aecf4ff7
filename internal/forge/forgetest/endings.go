package forgetest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"selfheal"
)

// slow gives up waiting where the caller does, whatever hangs; the next run
// finishes the work.
func slow(t *testing.T, start StartHosted) {
	for _, hangs := range []func(*http.Request) bool{api, isGit, opens} {
		b, server := startFaulty(t, start)
		p := newProxy(t, server.URL())
		b.forge = server.OpenAt(t, p.URL)
		ended := make(chan struct{})
		p.set(func(_ int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) {
			if hangs(r) {
				<-ended
				cut()
			}
			forward(w)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		err := b.forge.Push(ctx, b.Dir, b.fix, branch)
		if err == nil {
			_, err = b.forge.OpenPullRequest(ctx, b.request())
		}
		cancel()
		close(ended)
		if err == nil {
			t.Fatal("it did not hang")
		}
		p.set(nil)
		check(t, b.again(t))
		b.wantOne(t)
	}
}

// endings are what goes wrong while a pull request is closed, or one of others is brought in.
func endings(secret string) []fault {
	answer := func(status int) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
		return func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"message":"services repeat what they were sent: %s"}`, secret)
		}
	}
	const unavailable = selfheal.CodeUnavailable
	return []fault{
		{name: "401", do: answer(401), code: unavailable},
		{name: "403", do: answer(403), code: unavailable},
		{name: "500 once for reading", hits: func(r *http.Request) bool { return r.Method == http.MethodGet && api(r) }, times: 1, do: answer(500)},
		{name: "502 always", do: answer(502), code: unavailable},
		{name: "the connection breaks always", do: drop, code: unavailable},
	}
}

// through puts the fault between a forge and its server.
func (f fault) through(t *testing.T, server Hosted) (forge selfheal.Forge, p *proxy, hits *atomic.Int64) {
	t.Helper()
	p, hits = newProxy(t, server.URL()), &atomic.Int64{}
	p.set(func(_ int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) {
		if (f.hits == nil || f.hits(r)) && (f.times == 0 || hits.Load() < int64(f.times)) {
			hits.Add(1)
			f.do(w, r, forward)
			return
		}
		forward(w)
	})
	return server.OpenAt(t, p.URL), p, hits
}

// told makes sure that an error is the one that the fault gives, without the secret.
func (f fault) told(t *testing.T, err error, secret string, hits *atomic.Int64) {
	t.Helper()
	switch {
	case hits.Load() == 0:
		t.Fatal("the fault hit nothing")
	case f.code == "":
		check(t, err)
	default:
		wantCode(t, err, f.code)
		if told := err.Error() + selfheal.HintOf(err); strings.Contains(told, secret) {
			t.Errorf("the error holds the secret: %v", told)
		}
	}
}

func (f fault) runClosing(t *testing.T, secret string, start StartHosted) {
	b, server := startFaulty(t, start)
	pr := b.propose(t)
	forge, p, hits := f.through(t, server)
	f.told(t, forge.ClosePullRequest(t.Context(), pr.Mark, "healed"), secret, hits)
	p.set(nil)
	check(t, forge.ClosePullRequest(t.Context(), pr.Mark, "healed"))
	found, err := b.forge.PullRequest(t.Context(), pr.Mark)
	check(t, err)
	same(t, found.State, selfheal.PullRequestClosed)
}

func (f fault) runContributed(t *testing.T, secret string, start StartHosted) {
	b, server := startFaulty(t, start)
	hb := &hostedBench{bench: b, server: server}
	number := server.Contribute(t, b.Dir, b.fix, hb.theirs())
	forge, p, hits := f.through(t, server)
	bring := func() error {
		c := forge.(selfheal.Contributions)
		pr, err := c.Contribution(t.Context(), number)
		if err != nil {
			return err
		}
		_, _, err = c.FetchContribution(t.Context(), b.Dir, pr)
		return err
	}
	f.told(t, bring(), secret, hits)
	p.set(nil)
	check(t, bring())
}

// RunClosingKills kills a run that closes a pull request at each of its requests;
// a second run ends where an unkilled one does.
func RunClosingKills(t *testing.T, start StartHosted) {
	for _, afterwards := range []bool{false, true} {
		t.Run(fmt.Sprintf("late %t", afterwards), func(t *testing.T) {
			t.Parallel()
			b, server := startFaulty(t, start)
			p := newProxy(t, server.URL())
			forge := server.OpenAt(t, p.URL)
			mark := b.request().Mark
			for at, total := 0, 1; at < total; at++ { // each time another pull request, on the same server
				p.set(nil)
				request := b.request()
				request.Source = fmt.Sprintf("%s-%d", branch, at)
				request.Mark = selfheal.Mark(fmt.Sprintf("%s%d", key, at))
				request.Body = strings.ReplaceAll(request.Body, mark, request.Mark)
				check(t, forge.Push(t.Context(), b.Dir, b.fix, request.Source))
				_, err := forge.OpenPullRequest(t.Context(), request)
				check(t, err)
				var seen atomic.Int64
				p.set(func(n int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) {
					switch {
					case n < at:
						forward(w)
					case n == at && afterwards:
						late(w, r, forward)
					default:
						cut()
					}
				})
				if forge.ClosePullRequest(t.Context(), request.Mark, "healed") == nil && !afterwards {
					t.Errorf("killed at request %d, and nobody noticed", at)
				}
				seen.Store(0)
				p.set(func(_ int, w http.ResponseWriter, _ *http.Request, forward func(http.ResponseWriter)) {
					seen.Add(1)
					forward(w)
				})
				check(t, forge.ClosePullRequest(t.Context(), request.Mark, "healed"))
				found, err := b.forge.PullRequest(t.Context(), request.Mark)
				check(t, err)
				same(t, found.State, selfheal.PullRequestClosed)
				if at == 0 {
					if total = int(seen.Load()); total < 4 {
						t.Fatalf("only %d requests: the test does not see them", total)
					}
				}
			}
		})
	}
}
