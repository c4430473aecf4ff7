package forgetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"selfheal"
)

// proxy stands between a forge's client and its server, and breaks what passes.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	fault func(n int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) // n counts from 0; nil: none
	seen  int
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	through := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = to.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/moved"); ok {
			r.URL.Path, r.URL.RawPath = rest, strings.TrimPrefix(r.URL.RawPath, "/moved")
			through.ServeHTTP(w, r)
			return
		}
		p.mu.Lock()
		fault, n := p.fault, p.seen
		p.seen++
		p.mu.Unlock()
		if fault == nil {
			through.ServeHTTP(w, r)
			return
		}
		fault(n, w, r, func(w http.ResponseWriter) { through.ServeHTTP(w, r) })
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) set(fault func(n int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter))) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.seen = fault, 0
}

// cut closes the connection without an answer.
func cut() { panic(http.ErrAbortHandler) }

// isGit tells git's requests from those to the API.
func isGit(r *http.Request) bool { return strings.Contains(r.URL.Path, ".git/") }

// opens tells the request that opens a pull request.
func opens(r *http.Request) bool {
	return r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/pulls") || strings.HasSuffix(r.URL.Path, "/merge_requests"))
}

// receives tells the request that carries pushed objects.
func receives(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-receive-pack")
}

// fault is one thing that goes wrong, and what comes of it.
type fault struct {
	name string
	// hits tells which requests; nil for all.
	hits func(*http.Request) bool
	// times is how often; 0 for always.
	times int
	do    func(w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter))
	// code of the error; empty: it is got over.
	code selfheal.Code
	says string // a part of the error
}

func drop(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) { cut() }

// late lets the request do its work and loses the answer.
func late(_ http.ResponseWriter, _ *http.Request, forward func(http.ResponseWriter)) {
	forward(httptest.NewRecorder())
	cut()
}

// half hands on half of what a request carries, and breaks off.
func half(_ http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body[:len(body)/2])), int64(len(body)/2)
		r.TransferEncoding = nil
		forward(httptest.NewRecorder())
	}
	cut()
}

func toMoved(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
	w.Header().Set("Location", "/moved"+r.URL.RequestURI())
	w.WriteHeader(http.StatusMovedPermanently)
}

func api(r *http.Request) bool { return !isGit(r) }

func faults(elsewhere, secret string) []fault {
	const unavailable = selfheal.CodeUnavailable
	answer := func(status int, headers ...string) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
		return func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"message":"services repeat what they were sent: %s"}`, secret)
		}
	}
	return []fault{
		{name: "the token is wrong", do: answer(401), code: unavailable, says: "token"},
		{name: "the API says 401", hits: api, do: answer(401), code: unavailable, says: "401"},
		{name: "the API says 403", hits: api, do: answer(403), code: unavailable, says: "403"},
		{name: "git is told 403", hits: isGit, do: answer(403), code: unavailable, says: "token"},
		{name: "git is told 404", hits: isGit, do: answer(404), code: unavailable, says: "no such repository"},
		{name: "opening is refused as wrong", hits: opens, do: answer(422), code: unavailable, says: "422"},
		{name: "429 once", hits: api, times: 1, do: answer(429, "Retry-After", "1")},
		{name: "429 once, for opening", hits: opens, times: 1, do: answer(429, "Retry-After", "1")},
		{name: "429 for an hour", hits: api, do: answer(429, "Retry-After", "3600"), code: unavailable, says: "limits"},
		{name: "the primary limit of GitHub, soon over", hits: api, times: 1, do: answer(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1")},
		{name: "the secondary limit of GitHub", hits: opens, times: 1, do: answer(403, "Retry-After", "30")},
		{name: "500 once", hits: api, times: 1, do: answer(500)},
		{name: "502 twice", times: 2, do: answer(502)},
		{name: "503 always", do: answer(503), code: unavailable},
		{name: "503 with a time", hits: opens, times: 1, do: answer(503, "Retry-After", "2")},
		{name: "502 for opening, which was not done", hits: opens, times: 1, do: answer(502), code: unavailable, says: "502"},
		{name: "opening was done and its answer lost", hits: opens, times: 1, do: late},
		{name: "every answer is lost once", hits: api, times: 1, do: late},
		{name: "a push breaks off before it arrives", hits: receives, times: 1, do: drop},
		{name: "a push was done and its answer lost", hits: receives, times: 1, do: late},
		{name: "half of a push arrives", hits: receives, times: 1, do: half},
		{name: "half of a push arrives, and no more ever", hits: receives, do: half, code: unavailable},
		{name: "a push breaks off always", hits: receives, do: drop, code: unavailable},
		{name: "the connection breaks always", do: drop, code: unavailable},
		{name: "what is read has moved", hits: func(r *http.Request) bool { return api(r) && r.Method == http.MethodGet }, do: toMoved},
		{name: "the repository has moved for writes", hits: opens, do: toMoved, code: selfheal.CodeUsage, says: "moved"},
		{name: "the repository has moved for git", hits: isGit, do: toMoved, code: selfheal.CodeUsage, says: "moved"},
		{name: "the API redirects to another host", hits: api, code: unavailable, says: "another host", do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("Location", elsewhere+r.URL.RequestURI())
			w.WriteHeader(http.StatusFound)
		}},
		{name: "git is redirected to another host", hits: isGit, code: selfheal.CodeUsage, do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("Location", elsewhere+r.URL.RequestURI())
			w.WriteHeader(http.StatusFound)
		}},
		{name: "what comes is no JSON", hits: opens, do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			fmt.Fprint(w, "<html>sign in</html>")
		}, code: unavailable},
	}
}

// RunFaults breaks the way to a server in every manner of a table: each is got
// over or reported, without the secret; afterwards a second run finishes the work,
// and there is one pull request.
func RunFaults(t *testing.T, secret string, start StartHosted) {
	var strayed []string
	var mu sync.Mutex
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		strayed = append(strayed, r.URL.Path)
	}))
	t.Cleanup(func() {
		elsewhere.Close()
		if len(strayed) > 0 {
			t.Errorf("requests went to another host: %v", strayed)
		}
	})
	for _, f := range faults(elsewhere.URL, secret) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.run(t, secret, start)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		b, server := startFaulty(t, start)
		gone := httptest.NewServer(nil)
		gone.Close()
		b.forge = server.OpenAt(t, gone.URL)
		wantCode(t, b.again(t), selfheal.CodeUnavailable)
		_, err := b.forge.OpenPullRequest(t.Context(), b.request())
		wantCode(t, err, selfheal.CodeUnavailable)
	})
	t.Run("the forge does not answer in time", func(t *testing.T) {
		t.Parallel()
		slow(t, start)
	})
	t.Run("somebody else's branch of that name is there", func(t *testing.T) {
		t.Parallel()
		b, server := startFaulty(t, start)
		server.Push(t, b.Dir, b.Commit("by somebody", "other.txt", "b\n"), branch)
		wantCode(t, b.again(t), selfheal.CodeConflict)
		all, err := b.forge.(selfheal.PullRequestLister).PullRequests(t.Context(), 0)
		check(t, err)
		same(t, len(all), 0)
	})
	for _, f := range endings(secret) {
		t.Run("closing: "+f.name, func(t *testing.T) {
			t.Parallel()
			f.runClosing(t, secret, start)
		})
		t.Run("bringing in: "+f.name, func(t *testing.T) {
			t.Parallel()
			f.runContributed(t, secret, start)
		})
	}
	t.Run("the branch is protected", func(t *testing.T) {
		t.Parallel()
		b, server := startFaulty(t, start)
		server.Protect(t)
		err := b.forge.Push(t.Context(), b.Dir, b.fix, branch)
		wantCode(t, err, selfheal.CodeUnavailable)
		if !strings.Contains(err.Error(), "refuses the branch") {
			t.Errorf("the error does not say why: %v", err)
		}
	})
}

func startFaulty(t *testing.T, start StartHosted) (*bench, Hosted) {
	t.Helper()
	var server Hosted
	b := newBench(t, func(t *testing.T, dir string) Server {
		server = start(t, dir, "none")
		return server
	})
	return b, server
}

// again does what a run does: push, then open.
func (b *bench) again(t *testing.T) error {
	t.Helper()
	if err := b.forge.Push(t.Context(), b.Dir, b.fix, branch); err != nil {
		return err
	}
	_, err := b.forge.OpenPullRequest(t.Context(), b.request())
	return err
}

func (f fault) run(t *testing.T, secret string, start StartHosted) {
	b, server := startFaulty(t, start)
	p := newProxy(t, server.URL())
	b.forge = server.OpenAt(t, p.URL)
	var hits atomic.Int64
	p.set(func(_ int, w http.ResponseWriter, r *http.Request, forward func(http.ResponseWriter)) {
		// Requests come one after the other: the table's faults hit no concurrent ones.
		hit := (f.hits == nil || f.hits(r)) && (f.times == 0 || hits.Load() < int64(f.times))
		if hit {
			hits.Add(1)
		}
		if hit {
			f.do(w, r, forward)
			return
		}
		forward(w)
	})
	err := b.again(t)
	switch {
	case hits.Load() == 0:
		t.Fatal("the fault hit nothing")
	case f.code == "" && err != nil:
		t.Fatalf("not got over: %v", err)
	case f.code != "":
		wantCode(t, err, f.code)
		told := err.Error() + selfheal.HintOf(err)
		if !strings.Contains(told, f.says) {
			t.Errorf("the error does not say %q: %v", f.says, told)
		}
		if strings.Contains(told, secret) {
			t.Errorf("the error holds the secret: %v", told)
		}
	}
	p.set(nil)
	check(t, b.again(t))
	b.wantOne(t)
}

// wantOne makes sure that there is one pull request, and that it is whole.
func (b *bench) wantOne(t *testing.T) {
	t.Helper()
	all, err := b.server.Open(t).(selfheal.PullRequestLister).PullRequests(t.Context(), 0)
	check(t, err)
	if len(all) != 1 || all[0].State != selfheal.PullRequestOpen {
		t.Fatalf("pull requests: %+v", all)
	}
	same(t, all[0].Labels, []string{"selfheal"})
	same(t, all[0].Commit, b.fix)
	same(t, all[0].Draft, true)
}

// RunKills kills a run at each of its requests, before and after the request took
// effect; a second run ends where an unkilled one does.
func RunKills(t *testing.T, start StartHosted) {
	b, server := startFaulty(t, start)
	p := newProxy(t, server.URL())
	b.forge = server.OpenAt(t, p.URL)
	check(t, b.again(t))
	p.mu.Lock()
	total := p.seen
	p.mu.Unlock()
	if total < 6 {
		t.Fatalf("only %d requests: the test does not see them", total)
	}
	for at := range total {
		for _, afterwards := range []bool{false, true} {
			t.Run(fmt.Sprintf("request %d, late %t", at, afterwards), func(t *testing.T) {
				t.Parallel()
				b, server := startFaulty(t, start)
				p := newProxy(t, server.URL())
				b.forge = server.OpenAt(t, p.URL)
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
				_ = b.again(t) // it dies; nobody learns of how
				p.set(nil)
				b.forge = server.OpenAt(t, p.URL)
				check(t, b.again(t))
				b.wantOne(t)
			})
		}
	}
}
