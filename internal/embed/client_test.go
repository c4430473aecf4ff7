package embed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"selfheal/internal/httpx"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

const testKey = "key-0123456789abcdef"

// newClient makes a client of a provider that does not sleep.
func newClient(p *provider, c Config) (*Client, *naps) {
	slept := &naps{}
	c.URL, c.Model, c.APIKey = p.url(), "nomic-embed-text", testKey
	return New(c, p.Client(), nil, WithSleep(slept.sleep)), slept
}

// refusedWith checks an error's code, that it says what is wanted, and that neither
// it nor its hint holds the key.
func refusedWith(t *testing.T, err error, want ...string) {
	t.Helper()
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Fatalf("code %q of %v", selfheal.CodeOf(err), err)
	}
	text := err.Error() + "\n" + selfheal.HintOf(err) + fmt.Sprintf("%+v %#v", err, err)
	if strings.Contains(text, testKey) {
		t.Errorf("the error holds the key: %s", text)
	}
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("the error lacks %q: %s", part, text)
		}
	}
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.change = func(data []map[string]any) []map[string]any { // in any order: the index counts
		slices.Reverse(data)
		return data
	}
	c, _ := newClient(p, Config{BatchSize: 2})
	texts := []string{"a", "b", "a", "c", "", "d"}
	got, err := c.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float32{vectorOf("a"), vectorOf("b"), vectorOf("a"), vectorOf("c"), vectorOf(" "), vectorOf("d")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", " ", "d"}, p.inputs()); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Usage{Requests: 3, Texts: 5, Tokens: 15}, c.Usage()); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	if _, err := c.Embed(t.Context(), []string{"d", "a"}); err != nil || p.count() != 3 || c.Usage().Cached != 2 {
		t.Errorf("what is cached was asked for again: %v, %d requests, %+v", err, p.count(), c.Usage())
	}
	if got, err := c.Embed(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
}

// TestRequest: the body has the members that OpenAI documents, and that Ollama and vLLM read.
func TestRequest(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	c, _ := newClient(p, Config{})
	if _, err := c.Embed(t.Context(), []string{"user <num> not found"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"model": "nomic-embed-text", "input": []any{"user <num> not found"}, "encoding_format": "float"}
	if diff := cmp.Diff(want, p.requests[0]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	h := p.headers[0]
	if h.Get("Authorization") != "Bearer "+testKey || h.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", h)
	}
	open := New(Config{URL: p.url() + "/embeddings/", Model: "m"}, nil, nil)
	if _, err := open.Embed(t.Context(), []string{"x"}); err != nil {
		t.Errorf("a url that names the path: %v", err)
	}
	if got := p.headers[1].Values("Authorization"); len(got) > 0 {
		t.Errorf("without a key: %v", got)
	}
}

func TestTextsAreScrubbedAndCut(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	c, _ := newClient(p, Config{MaxTextBytes: 40})
	texts := []string{
		"login failed: password=hunter2-is-not-safe for ann@example.com",
		strings.Repeat("x", 30) + " postgres://shop:s3cr3tpass@db/shop", // the cut must not hide the secret from the rules
		strings.Repeat("é", 40),
	}
	if _, err := c.Embed(t.Context(), texts); err != nil {
		t.Fatal(err)
	}
	for _, sent := range p.inputs() {
		if len(sent) > 40 || strings.ContainsRune(sent, '\uFFFD') {
			t.Errorf("not cut: %q", sent)
		}
		for _, secret := range []string{"hunter2", "ann@", "s3cr"} {
			if strings.Contains(sent, secret) {
				t.Errorf("%q was sent", sent)
			}
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	c, _ := newClient(p, Config{BatchSize: 2, MaxTexts: 3})
	got, err := c.Embed(t.Context(), []string{"a", "b", "c", "d", "a", "e"})
	refusedWith(t, err, "2 of them were not sent", "max_texts")
	if !errors.Is(err, ErrBudget) {
		t.Errorf("not ErrBudget: %v", err)
	}
	want := [][]float32{vectorOf("a"), vectorOf("b"), vectorOf("c"), nil, vectorOf("a"), nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := c.Embed(t.Context(), []string{"c", "a"}); err != nil {
		t.Errorf("what is known costs nothing: %v", err)
	}
	if _, err := c.Embed(t.Context(), []string{"f"}); !errors.Is(err, ErrBudget) || len(p.inputs()) != 3 {
		t.Errorf("got %v after %q", err, p.inputs())
	}
}

// TestBudgetHolds: whatever is asked, and however often, no more is sent.
func TestBudgetHolds(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	rapid.Check(t, func(t *rapid.T) {
		start := len(p.inputs())
		limit := rapid.IntRange(1, 12).Draw(t, "max_texts")
		c, _ := newClient(p, Config{MaxTexts: limit, BatchSize: rapid.IntRange(1, 5).Draw(t, "batch")})
		for _, texts := range rapid.SliceOfN(rapid.SliceOf(rapid.StringMatching(`[a-f]{1,2}`)), 1, 4).Draw(t, "calls") {
			vectors, err := c.Embed(t.Context(), texts)
			for i, v := range vectors {
				if v == nil && !errors.Is(err, ErrBudget) || v != nil && !slices.Equal(v, vectorOf(texts[i])) {
					t.Fatalf("%q has %v, %v", texts[i], v, err)
				}
			}
		}
		if sent := len(p.inputs()) - start; sent > limit || sent != c.Usage().Texts {
			t.Fatalf("%d texts were sent, %d counted, %d allowed", sent, c.Usage().Texts, limit)
		}
	})
}

func TestBusyProvider(t *testing.T) {
	t.Parallel()
	f := func(status int, header string, times, wantRequests int, wantNaps ...time.Duration) error {
		t.Helper()
		p := newProvider(t)
		p.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > times {
				return false
			}
			if header != "" {
				w.Header().Set("Retry-After", header)
			}
			refuse(w, status, "rate_limit_exceeded", "Rate limit reached")
			return true
		}
		c, slept := newClient(p, Config{})
		WithClock(func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) })(&c.endpoint.settings)
		_, err := c.Embed(t.Context(), []string{"a"})
		if p.count() != wantRequests || !slices.Equal(slept.all, wantNaps) {
			t.Errorf("%d %q: %d requests, slept %v", status, header, p.count(), slept.all)
		}
		return err
	}
	const half = 500 * time.Millisecond
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	ok(f(429, "", 1, 2, half))
	ok(f(503, "", 3, 4, half, 2*half, 4*half))
	ok(f(500, "garbage", 1, 2, half))
	ok(f(429, "7", 1, 2, 7*time.Second))
	ok(f(429, "0", 1, 2, half))
	ok(f(429, "-3", 1, 2, half))
	ok(f(503, "Mon, 23 Nov 2026 12:00:09 GMT", 1, 2, 9*time.Second))
	ok(f(503, "Mon, 23 Nov 2026 11:00:00 GMT", 1, 2, half))
	refusedWith(t, f(429, "", 9, 4, half, 2*half, 4*half), "429", "Rate limit reached")
	refusedWith(t, f(429, "3600", 9, 1), "wait for 1h0m0s")
	refusedWith(t, f(429, "99999999999999999999", 9, 4, half, 2*half, 4*half), "429")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := func(status int, body string, want ...string) {
		t.Helper()
		p := newProvider(t)
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
			return true
		}
		c, slept := newClient(p, Config{})
		got, err := c.Embed(t.Context(), []string{"a"})
		refusedWith(t, err, want...)
		if p.count() != 1 || len(slept.all) != 0 || len(got) != 1 || got[0] != nil {
			t.Errorf("%d: %d requests, slept %v, got %v", status, p.count(), slept.all, got)
		}
		if strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	}
	f(401, `{"error":{"message":"Incorrect API key provided: `+testKey+`.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, "401", "Incorrect API key provided", "check api_key")
	f(404, `{"error":{"message":"model \"nomic-embed-text\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`, "404", "try pulling it first", "ollama pull")
	f(400, `{"object":"error","message":"This model's maximum context length is 512 tokens.","type":"BadRequestError","param":null,"code":400}`, "400", "maximum context length")
	f(400, `{"error":"input must be a string\nor an \u001b[31marray"}`, "input must be a string or an")
	f(429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, "current quota", "no credit left")
	f(400, `<html>`+strings.Repeat("x", 1<<20), "answered 400")
	f(400, `{"error":{"message":"`+strings.Repeat("y", 5000)+`"}}`, "yyy…")
	f(304, ``, "304")
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	f := func(body string, want ...string) {
		t.Helper()
		p := newProvider(t)
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, body); return true }
		c, _ := newClient(p, Config{})
		got, err := c.Embed(t.Context(), []string{"a", "b"})
		refusedWith(t, err, want...)
		if len(got) != 2 || got[0] != nil || got[1] != nil {
			t.Errorf("%s: kept %v", body, got)
		}
	}
	const one = `{"index":0,"embedding":[1,2]}`
	f(`{"data":[`+one+`]}`, "1 embeddings for 2 texts")
	f(`{"data":[`+one+`,`+one+`]}`, "indexes")
	f(`{"data":[`+one+`,{"index":2,"embedding":[1,2]}]}`, "indexes")
	f(`{"data":[`+one+`,{"index":-1,"embedding":[1,2]}]}`, "indexes")
	f(`{"data":[`+one+`,{"embedding":[1,2]}]}`, "indexes")
	f(`{"data":[`+one+`,{"index":1,"embedding":[1,2,3]}]}`, "3 dimensions among those of 2")
	f(`{"data":[`+one+`,{"index":1,"embedding":[]}]}`, "0 dimensions")
	f(`{"data":[`+one+`,{"index":1}]}`, "array of finite numbers")
	f(`{"data":[`+one+`,{"index":1,"embedding":[1,null]}]}`, "array of finite numbers")
	f(`{"data":[`+one+`,{"index":1,"embedding":[1,1e300]}]}`, "array of finite numbers")
	f(`{"data":[`+one+`,{"index":1,"embedding":"AACAPwAAAEA="}]}`, "array of finite numbers")
	f(`{"data":[`+one+`,{"index":1,"embedding":[1,NaN]}]}`, "not what this API gives")
	f(`{"data":[`+one+`,{"index":1,"embedding":[1,Infinity]}]}`, "not what this API gives")
	f(`{}`, "0 embeddings for 2 texts")
	f(`null`, "0 embeddings for 2 texts")
	f(`<!doctype html><title>Welcome</title>`, "not what this API gives")
	f(``, "not what this API gives")
	f(`{"data":[`+strings.Repeat(one+",", 100)+one+`]}`, "101 embeddings for 2 texts")
}

func TestDimensionsStayTheSame(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	c, _ := newClient(p, Config{BatchSize: 1})
	p.change = func(data []map[string]any) []map[string]any {
		if p.count() == 2 {
			data[0]["embedding"] = []float32{1, 2}
		}
		return data
	}
	got, err := c.Embed(t.Context(), []string{"a", "b", "c"})
	refusedWith(t, err, "2 dimensions among those of 4")
	if diff := cmp.Diff([][]float32{vectorOf("a"), nil, nil}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTooLargeAnAnswer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprint(w, strings.Repeat(" ", 3<<10))
		return true
	}
	c, _ := newClient(p, Config{})
	c.endpoint.most = 2 << 10
	_, err := c.Embed(t.Context(), []string{"a"})
	refusedWith(t, err, "larger than 2 KiB")
}

func TestSlowProvider(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.before = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done() // until the client has gone
		return true
	}
	c, _ := newClient(p, Config{Timeout: 20 * time.Millisecond})
	_, err := c.Embed(t.Context(), []string{"a"})
	refusedWith(t, err, "no answer within 20ms", "raise timeout")
	if p.count() > 1 {
		t.Errorf("%d requests", p.count())
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		cancel()
		refuse(w, 503, "", "busy")
		return true
	}
	c, _ := newClient(p, Config{})
	_, err := c.Embed(ctx, []string{"a"})
	refusedWith(t, err, "interrupted")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := sleep(t.Context(), time.Hour); err != nil || time.Since(start) != time.Hour {
			t.Errorf("slept for %s: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("slept for %s although interrupted: %v", time.Since(start), err)
		}
	})
}

func TestUnreachableProvider(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.Close()
	c, slept := newClient(p, Config{})
	_, err := c.Embed(t.Context(), []string{"a"})
	refusedWith(t, err, "cannot be reached", "check that the provider runs at 127.0.0.1:")
	if len(slept.all) > 0 {
		t.Errorf("a report waits for who is not there: %v", slept.all)
	}
	bad := New(Config{URL: "http://[::1", Model: "m"}, nil, nil)
	_, err = bad.Embed(t.Context(), []string{"a"})
	refusedWith(t, err, "url cannot be used")
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	t.Cleanup(stranger.Close)
	p := newProvider(t)
	to := stranger.URL + "/v1/embeddings"
	p.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n > 1 {
			return false
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		return true
	}
	c, _ := newClient(p, Config{})
	_, err := c.Embed(t.Context(), []string{"a"})
	refusedWith(t, err, "redirects to another host")

	same := newProvider(t)
	same.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			http.Redirect(w, r, "/v1/embeddings", http.StatusTemporaryRedirect)
		}
		return n == 1
	}
	c, _ = newClient(same, Config{})
	if _, err := c.Embed(t.Context(), []string{"a"}); err != nil || same.count() != 2 {
		t.Errorf("on the same host: %v", err)
	}
	same.before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "/v1/embeddings", http.StatusTemporaryRedirect)
		return true
	}
	_, err = c.Embed(t.Context(), []string{"b"})
	refusedWith(t, err, "redirects")
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	c := Config{URL: "http://localhost:1/v1", Model: "m", APIKey: testKey}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%q", c.APIKey), string(encoded), fmt.Sprintf("%v", &c)} {
		if strings.Contains(text, testKey) || !strings.Contains(text, "[secret]") {
			t.Error(text)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(c Config, want ...string) {
		t.Helper()
		err := c.Validate()
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%+v: %v", c, err)
			}
			return
		}
		if err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" && !strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("%+v: %v", c, err)
			return
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error lacks %q: %v", part, err)
			}
		}
	}
	f(Config{URL: "http://localhost:11434/v1", Model: "m"})
	f(Config{URL: "https://api.openai.com/v1", Model: "m", APIKey: testKey, MaxTexts: 10, BatchSize: 8, Timeout: time.Second, MaxTextBytes: 100})
	for _, host := range []string{"localhost:1", "ollama", "127.0.0.1:1", "[::1]:1", "10.0.0.7:8000", "vllm.internal", "a.ns.svc"} {
		f(Config{URL: "http://" + host + "/v1", Model: "m", APIKey: testKey})
	}
	f(Config{URL: "http://api.openai.com/v1", Model: "m", APIKey: testKey}, "in clear")
	f(Config{URL: "http://8.8.8.8/v1", Model: "m", APIKey: testKey}, "in clear")
	f(Config{}, "url is missing", "model is missing")
	f(Config{URL: "localhost:11434/v1", Model: "m"}, "not an http")
	f(Config{URL: "ftp://a/v1", Model: "m"}, "not an http")
	f(Config{URL: "http://", Model: "m"}, "not an http")
	f(Config{URL: "http://a b", Model: "m"}, "not an http")
	f(Config{URL: "https://user:" + testKey + "@a.example/v1", Model: "m"}, "password")
	f(Config{URL: "https://a.example/v1?key=" + testKey, Model: "m"}, "query")
	f(Config{URL: "https://a.example/v1", Model: "m", APIKey: "a\nb"}, "characters that no key has")
	f(Config{URL: "https://a.example/v1", Model: "m", MaxTexts: -1}, "max_texts is -1")
	f(Config{URL: "https://a.example/v1", Model: "m", Timeout: time.Hour, BatchSize: 5000, MaxTextBytes: 1 << 20}, "timeout is 1h0m0s", "batch_size", "max_text_bytes")
	if err := (LabelerConfig{URL: "ollama", MaxClusters: -1, MaxTokens: 1 << 20}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not everything is said: %v", err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	key := func(n byte) Key { return Key{Text: [32]byte{n}} }
	m := NewMemory(2)
	m.Put(key(1), []float32{1})
	m.Put(key(2), []float32{2})
	m.Put(key(1), []float32{11})
	m.Put(key(3), []float32{3}) // 2 was used longest ago
	f := func(n byte, want []float32) {
		t.Helper()
		if got, ok := m.Get(key(n)); !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("%d: got %v, %v", n, got, ok)
		}
	}
	f(2, nil)
	f(1, []float32{11})
	f(3, []float32{3})
	if v, _ := m.Get(key(1)); v != nil {
		v[0] = 99
	}
	f(1, []float32{11})
	if len(m.byKey) != m.order.Len() || m.order.Len() != 2 {
		t.Errorf("%d keys, %d vectors", len(m.byKey), m.order.Len())
	}
}

// TestSharedCache: a cache outlives the budget of one run, and knows providers and models apart.
func TestSharedCache(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	cache := NewMemory(10)
	f := func(model string, wantRequests int) {
		t.Helper()
		c := New(Config{URL: p.url(), Model: model}, nil, nil, WithCache(cache))
		if _, err := c.Embed(t.Context(), []string{"a"}); err != nil || p.count() != wantRequests {
			t.Errorf("%s: %v, %d requests", model, err, p.count())
		}
	}
	f("m", 1)
	f("m", 1)
	f("other", 2)
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023064255,-0.009327292]}],"model":"text-embedding-ada-002","usage":{"prompt_tokens":8,"total_tokens":8}}`,
		`{"data":[{"index":0,"embedding":[1e-45]}]}`, `{"data":[{"index":0.5}]}`, `[]`, `{"usage":{"total_tokens":-9}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c := New(Config{URL: "http://localhost/v1", Model: "m"}, nil, nil)
		httpx.ModelComplaint(text)
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		vectors, err := c.vectors(a, 1)
		if err == nil && (len(vectors) != 1 || len(vectors[0]) == 0) {
			t.Errorf("accepted %q as %v", text, vectors)
		}
	})
}
