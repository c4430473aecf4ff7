package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

const testKey = "sk-live-4711"

// dialect is how one provider's wire looks.
type dialect struct {
	provider Provider
	path     string
	keyName  string // header
	keyValue string
	// call and done are answers: one that calls read, and one that calls submit; usage is 120 in, 30 out.
	call, done      string
	refusal, silent string
	failure         string // body of an error
}

func dialects() []dialect {
	openai := func(p Provider) dialect {
		message := func(m, finish string) string {
			return `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"` + finish + `","message":` + m + `}],"usage":{"prompt_tokens":120,"completion_tokens":30,"total_tokens":150}}`
		}
		call := func(name, arguments string) string {
			return message(`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"`+name+`","arguments":"`+arguments+`"}}]}`, "tool_calls")
		}
		d := dialect{
			provider: p, path: "/chat/completions", keyName: "Authorization", keyValue: "Bearer " + testKey,
			call: call("read", `{\"path\":\"a.go\"}`), done: call("submit", `{\"path\":\"b.go\"}`),
			refusal: message(`{"role":"assistant","content":null,"refusal":"I cannot help with that."}`, "stop"),
			silent:  message(`{"role":"assistant","content":""}`, "stop"),
			failure: `{"error":{"message":"it failed for key ` + testKey + `","type":"x","code":null}}`,
		}
		if p == Azure {
			d.keyName, d.keyValue = "Api-Key", testKey
		}
		return d
	}
	claudeAnswer := func(content, stop string) string {
		return `{"id":"m","type":"message","role":"assistant","content":[` + content + `],"stop_reason":"` + stop + `","usage":{"input_tokens":100,"cache_creation_input_tokens":15,"cache_read_input_tokens":5,"output_tokens":30}}`
	}
	geminiAnswer := func(parts, finish string) string {
		return `{"candidates":[{"content":{"role":"model","parts":[` + parts + `]},"finishReason":"` + finish + `"}],"usageMetadata":{"promptTokenCount":120,"candidatesTokenCount":20,"thoughtsTokenCount":10}}`
	}
	return []dialect{
		openai(OpenAI), openai(Azure), openai(Ollama), openai(VLLM), openai(OpenRouter),
		{
			provider: Claude, path: "/v1/messages", keyName: "X-Api-Key", keyValue: testKey,
			call:    claudeAnswer(`{"type":"text","text":"I look."},{"type":"tool_use","id":"c1","name":"read","input":{"path":"a.go"}}`, "tool_use"),
			done:    claudeAnswer(`{"type":"tool_use","id":"c2","name":"submit","input":{"path":"b.go"}}`, "tool_use"),
			refusal: claudeAnswer(``, "refusal"), silent: claudeAnswer(``, "end_turn"),
			failure: `{"type":"error","error":{"type":"overloaded_error","message":"it failed for key ` + testKey + `"}}`,
		},
		{
			provider: Gemini, path: "/models/m:generateContent", keyName: "X-Goog-Api-Key", keyValue: testKey,
			call:    geminiAnswer(`{"text":"hm","thought":true},{"functionCall":{"name":"read","args":{"path":"a.go"}},"thoughtSignature":"c2lnbmVk"}`, "STOP"),
			done:    geminiAnswer(`{"functionCall":{"name":"submit","args":{"path":"b.go"}}}`, "STOP"),
			refusal: `{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":12}}`, silent: geminiAnswer(``, "STOP"),
			failure: `[{"error":{"code":503,"message":"it failed for key ` + testKey + `","status":"UNAVAILABLE"}}]`,
		},
	}
}

// step is one answer of the fake provider.
type step struct {
	status int
	header http.Header
	body   string
	cut    bool          // the connection ends in the middle of the body
	wait   chan struct{} // answer only after it is closed
}

// server answers step by step, and keeps what it was asked.
type server struct {
	mu     sync.Mutex
	steps  []step
	bodies []string
	*httptest.Server
}

func serve(t *testing.T, d dialect, steps ...step) *server {
	t.Helper()
	s := &server{steps: steps}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		n := len(s.bodies)
		s.bodies = append(s.bodies, string(body))
		s.mu.Unlock()
		if r.URL.Path != d.path || r.Header.Get(d.keyName) != d.keyValue || strings.Contains(r.URL.String(), testKey) || d.keyName != "Authorization" && r.Header.Get("Authorization") != "" {
			t.Errorf("%s: asked %s with %v", d.provider, r.URL, r.Header)
		}
		if n >= len(steps) {
			t.Errorf("%s: asked once too often", d.provider)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		answer := steps[n]
		if answer.wait != nil {
			<-answer.wait
		}
		maps.Copy(w.Header(), answer.header)
		if answer.cut {
			w.Header().Set("Content-Length", fmt.Sprint(len(answer.body)))
			answer.body = answer.body[:len(answer.body)/2]
		}
		if answer.status != 0 {
			w.WriteHeader(answer.status)
		}
		_, _ = io.WriteString(w, answer.body)
	}))
	t.Cleanup(s.Close)
	return s
}

// asking is a bench whose only model speaks to the server.
func asking(t *testing.T, d dialect, s *server) *bench {
	t.Helper()
	b := newBench(t)
	b.config.Models = []ModelConfig{{Name: "m", Provider: d.provider, Model: "m", URL: s.URL, APIKey: testKey, Prices: &Prices{Input: 1, Output: 10}}}
	b.config.Roles["triage"] = []string{"m"}
	return b
}

func eachDialect(t *testing.T, f func(t *testing.T, d dialect)) {
	t.Helper()
	for _, d := range dialects() {
		t.Run(string(d.provider), func(t *testing.T) {
			t.Parallel()
			f(t, d)
		})
	}
}

func TestProvidersWorkOnATask(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		s := serve(t, d, step{body: d.call}, step{body: d.done})
		b := asking(t, d, s)
		var calls []string
		answer, err := b.harness().Run(t.Context(), work(&calls))
		if err != nil || answer.Stopped != selfheal.StopSubmitted || string(answer.JSON) != `{"path":"b.go"}` || fmt.Sprint(calls) != `[{"path":"a.go"}]` {
			t.Fatalf("%+v, %v, %v", answer, err, calls)
		}
		if u := answer.Usage; u.TokensIn != 240 || u.TokensOut != 60 || u.Estimated {
			t.Errorf("usage %+v", u)
		}
		for _, body := range s.bodies {
			if strings.Contains(body, "hunter2") || !json.Valid([]byte(body)) {
				t.Errorf("sent %s", body)
			}
		}
		// The second request carries the whole conversation: the call with its result.
		for _, want := range []string{`"read"`, "a.go", "result of read", "content of a.go"} {
			if !strings.Contains(s.bodies[1], want) {
				t.Errorf("%q is missing in %s", want, s.bodies[1])
			}
		}
		text, err := os.ReadFile(TranscriptPath(b.config.Dir, answer.Transcript))
		if err != nil || strings.Contains(string(text), testKey) {
			t.Errorf("the transcript holds the key, or: %v", err)
		}
	})
}

func TestProvidersFail(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		f := func(name string, want selfheal.StopReason, slept string, steps ...step) {
			t.Helper()
			s := serve(t, d, steps...)
			b := asking(t, d, s)
			var calls []string
			answer, err := b.harness().Run(t.Context(), work(&calls))
			if answer.Stopped != want || (err != nil) != (want == selfheal.StopFailed) {
				t.Errorf("%s: %s, %v", name, answer.Stopped, err)
			}
			if fmt.Sprint(b.slept) != slept {
				t.Errorf("%s: slept %v, want %s", name, b.slept, slept)
			}
			if err != nil && (selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "") {
				t.Errorf("%s: error %v has no code or hint", name, err)
			}
			text, _ := os.ReadFile(TranscriptPath(b.config.Dir, answer.Transcript))
			if strings.Contains(fmt.Sprint(err), testKey) || strings.Contains(string(text), testKey) {
				t.Errorf("%s: the key is told: %v", name, err)
			}
			if len(s.bodies) != len(steps) {
				t.Errorf("%s: asked %d times, want %d", name, len(s.bodies), len(steps))
			}
		}
		done := step{body: d.done}
		after := http.Header{"Retry-After": {"9"}}
		f("wrong key", selfheal.StopFailed, "[]", step{status: 401, body: d.failure})
		f("no such model", selfheal.StopFailed, "[]", step{status: 404, body: d.failure})
		f("wrong request", selfheal.StopFailed, "[]", step{status: 400, body: d.failure})
		f("busy", selfheal.StopSubmitted, "[1s 9s]", step{status: 503, body: d.failure}, step{status: 429, header: after, body: d.failure}, done)
		f("overloaded", selfheal.StopSubmitted, "[1s]", step{status: 529, body: d.failure}, done)
		f("broken for good", selfheal.StopFailed, "[1s 2s 4s]", step{status: 500}, step{status: 500}, step{status: 502, body: "<html>"}, step{status: 500})
		f("busy for an hour", selfheal.StopFailed, "[]", step{status: 429, header: http.Header{"Retry-After": {"3600"}}})
		f("no credit", selfheal.StopFailed, "[]", step{status: 429, body: `{"error":{"message":"x","code":"insufficient_quota"}}`})
		f("cut off", selfheal.StopSubmitted, "[1s]", step{body: d.call, cut: true}, done)
		f("malformed", selfheal.StopSubmitted, "[1s]", step{body: `{"choices": [`}, done)
		f("another API", selfheal.StopFailed, "[1s 2s 4s]", step{body: "<html>hello"}, step{body: "<html>"}, step{body: "<html>"}, step{body: "<html>"})
		f("redirects", selfheal.StopFailed, "[]", step{status: 302, header: http.Header{"Location": {"http://192.0.2.1/"}}})
		f("declines", selfheal.StopRefused, "[]", step{body: d.refusal})
		f("says nothing once", selfheal.StopSubmitted, "[]", step{body: d.silent}, done)
		f("says nothing", selfheal.StopSilent, "[]", step{body: d.silent}, step{body: d.silent}, step{body: d.silent})
	})
}

func TestWhatFailedIsPaid(t *testing.T) {
	t.Parallel()
	// A cut off answer may have been charged: its input counts, by the estimate.
	d := dialects()[0]
	s := serve(t, d, step{body: d.call, cut: true}, step{body: d.done})
	var calls []string
	answer, err := asking(t, d, s).harness().Run(t.Context(), work(&calls))
	if err != nil || answer.Usage.TokensIn <= 200 || !answer.Usage.Estimated || answer.Usage.Turns != 1 {
		t.Errorf("%+v, %v", answer.Usage, err)
	}
}

func TestNoUsageIsEstimated(t *testing.T) {
	t.Parallel()
	d := dialects()[3] // vLLM
	s := serve(t, d, step{body: strings.Replace(d.done, `"usage"`, `"unused"`, 1)})
	var calls []string
	answer, err := asking(t, d, s).harness().Run(t.Context(), work(&calls))
	if err != nil || answer.Usage.TokensIn < 100 || answer.Usage.TokensOut == 0 || !answer.Usage.Estimated {
		t.Errorf("%+v, %v", answer.Usage, err)
	}
}

func TestSlowProvider(t *testing.T) {
	t.Parallel()
	d := dialects()[5] // Claude
	wait := make(chan struct{})
	s := serve(t, d, step{body: d.call, wait: wait}, step{body: d.done})
	b := asking(t, d, s)
	b.config.Models[0].Timeout = 50 * time.Millisecond
	b.sleepDone = func() { close(wait) }
	var calls []string
	answer, err := b.harness().Run(t.Context(), work(&calls))
	if err != nil || answer.Stopped != selfheal.StopSubmitted {
		t.Errorf("%+v, %v", answer, err)
	}
}

// TestWire pins what each provider is sent, which a change of Eino or of this package may alter.
func TestWire(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		s := serve(t, d, step{body: d.call}, step{body: d.done})
		var calls []string
		if _, err := asking(t, d, s).harness().Run(t.Context(), work(&calls)); err != nil {
			t.Fatal(err)
		}
		var sent map[string]any
		if err := json.Unmarshal([]byte(s.bodies[1]), &sent); err != nil {
			t.Fatal(err)
		}
		roles, limit := shape(d.provider, sent)
		want := map[Provider]string{Claude: "user assistant user", Gemini: "user model user"}[d.provider]
		if want == "" {
			want = "system user assistant tool"
		}
		if diff := cmp.Diff(want, roles); diff != "" || limit != DefaultMaxOutput {
			t.Errorf("limit %v, roles:\n%s", limit, diff)
		}
		if d.provider == Gemini && !strings.Contains(s.bodies[1], `"thoughtSignature":"c2lnbmVk"`) {
			t.Error("the thought signature did not come back")
		}
	})
}

// shape gives who speaks in a request, and the limit of its answer.
func shape(p Provider, sent map[string]any) (roles string, limit float64) {
	key, limitKey := "messages", "max_tokens"
	switch p {
	case OpenAI, Azure:
		limitKey = "max_completion_tokens"
	case Gemini:
		key = "contents"
		config, _ := sent["generationConfig"].(map[string]any)
		limit, _ = config["maxOutputTokens"].(float64)
	}
	if p != Gemini {
		limit, _ = sent[limitKey].(float64)
	}
	messages, _ := sent[key].([]any)
	var all []string
	for _, m := range messages {
		role, _ := m.(map[string]any)["role"].(string)
		all = append(all, role)
	}
	return strings.Join(all, " "), limit
}

func TestProbe(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		s := serve(t, d, step{body: d.silent}, step{status: 401, body: d.failure})
		h := asking(t, d, s).harness()
		used, err := h.Probe(t.Context(), "m")
		if err != nil || used.TokensIn != 120 || used.Dollars <= 0 || used.Dollars > 0.01 {
			t.Errorf("%+v, %v", used, err)
		}
		if _, err := h.Probe(t.Context(), "m"); selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
			t.Errorf("a refused key: %v", err)
		}
	})
	b := newBench(t, "- say: x")
	if used, err := b.harness().Probe(t.Context(), "m0"); err != nil || used.Turns != 0 {
		t.Errorf("a script is only read: %+v, %v", used, err)
	}
	if _, err := b.harness().Probe(t.Context(), "m9"); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("%v", err)
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	f := func(m ModelConfig, want string) {
		t.Helper()
		err := Config{Models: []ModelConfig{m}, Roles: map[string][]string{"triage": {m.Name}}, Budget: DefaultBudget()}.Validate()
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", m, err, want)
		}
		if err != nil && strings.Contains(fmt.Sprintf("%v %v %+v %#v", err, m.APIKey, m.APIKey, m.APIKey), testKey) {
			t.Errorf("the key is told: %v", err)
		}
	}
	free := &Prices{}
	f(ModelConfig{Name: "a", Provider: OpenAI, Model: "m", Prices: free, APIKey: testKey}, "")
	f(ModelConfig{Name: "a", Provider: Ollama, Model: "m"}, "")
	f(ModelConfig{Name: "a", Provider: OpenAI, Model: "m"}, "has no prices")
	f(ModelConfig{Name: "a", Provider: VLLM, Model: "m", Prices: free}, "url is missing")
	f(ModelConfig{Name: "a", Provider: Azure, Model: "m", Prices: free, URL: "http://api.example.com"}, "in clear")
	f(ModelConfig{Name: "a", Provider: OpenAI, Model: "m", Prices: free, URL: "https://x:" + testKey + "@h/v1"}, "url has a password")
	f(ModelConfig{Name: "a", Provider: OpenAI, Model: "m", Prices: free, APIKey: testKey + "\n"}, "characters that no key has")
	f(ModelConfig{Name: "a b", Provider: Claude, Model: "m", Prices: free}, "not a name")
	f(ModelConfig{Name: "a", Provider: "clod", Model: "m", Prices: free}, "no such provider")
	f(ModelConfig{Name: "a", Provider: Gemini, Prices: free}, "model is missing")
	f(ModelConfig{Name: "a", Provider: Gemini, Model: "m", Prices: &Prices{Input: -1}}, "must not be negative")
	f(ModelConfig{Name: "a", Provider: Script}, "path is missing")
	f(ModelConfig{Name: "a", Provider: Script, Path: "x"}, "")
	err := Config{Roles: map[string][]string{"fix": {"gone"}}, Budget: selfheal.Budget{Turns: -1}}.Validate()
	if err == nil || !strings.Contains(err.Error(), `no model "gone"`) || !strings.Contains(err.Error(), "negative") {
		t.Error(err)
	}
	if _, err := New(Config{}, strings.ToLower); err != nil {
		t.Errorf("no models at all: %v", err)
	}
	h, _ := New(Config{}, strings.ToLower)
	var calls []string
	if _, err := h.Run(t.Context(), work(&calls)); selfheal.CodeOf(err) != selfheal.CodeUsage || errors.Unwrap(err) != nil {
		t.Errorf("a role without models: %v", err)
	}
}
