package sentry_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/source/sentry"
)

type sink struct {
	mu      sync.Mutex
	records []selfheal.Record
	err     error
}

func (s *sink) Take(_ context.Context, batch []selfheal.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		for _, e := range batch {
			s.records = append(s.records, *e.Record) // the receiver gives each request memory of its own
		}
	}
	return s.err
}

type bench struct {
	*sink
	receiver *sentry.Receiver
	url      string
}

func setup(t testing.TB, change ...func(*sentry.Config)) *bench {
	t.Helper()
	b := &bench{sink: &sink{}}
	config := sentry.Config{Sink: b.sink, Clock: time.Now, Service: func(project, key string) (string, bool) { return "shop", project == "7" && key == "abc" }}
	for _, f := range change {
		f(&config)
	}
	var err error
	if b.receiver, err = sentry.New(config); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.receiver.Handler())
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// post sends a body; path and headers, in pairs, as given.
func (b *bench) post(t testing.TB, path, body string, headers ...string) (reply, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Status, response.Header}, string(answer)
}

// reply is an answer whose body was read.
type reply struct {
	StatusCode int
	Status     string
	Header     http.Header
}

const withKey = "/api/7/envelope/?sentry_key=abc"

// envelope puts items, pairs of type and payload, into one.
func envelope(items ...string) string {
	text := `{"event_id":"e1"}` + "\n"
	for i := 0; i < len(items); i += 2 {
		text += fmt.Sprintf("{\"type\":%q,\"length\":%d}\n%s\n", items[i], len(items[i+1]), items[i+1])
	}
	return text
}

const failure = `{"event_id":"e1","timestamp":1772452800.25,"platform":"python","level":"fatal","logger":"shop.pay","release":"shop@1.2.3+0123abc4","environment":"prod",
"server_name":"pod-1","transaction":"POST /pay","tags":{"region":"north","n":1},"contexts":{"trace":{"trace_id":"ab01"}},"user":{"email":"x@example.com"},
"request":{"method":"POST","url":"https://shop.example.com/pay?card=1"},
"exception":{"values":[
 {"type":"KeyError","value":"'amount'","module":"builtins","stacktrace":{"frames":[{"function":"pay","module":"shop.views","filename":"shop/views.py","lineno":9,"in_app":true},{"function":"amount","module":"shop.cart","filename":"shop/cart.py","lineno":3,"in_app":true}]}},
 {"type":"PaymentError","value":"cannot pay","module":"shop.errors","stacktrace":{"frames":[{"function":"get","filename":"django/core.py","abs_path":"/x/site-packages/django/core.py","lineno":1},{"function":"pay","module":"shop.views","filename":"shop/views.py","lineno":11}]}}]}}`

func attributes(kv ...string) (all []selfheal.Attribute) {
	for i := 0; i < len(kv); i += 2 {
		all = append(all, selfheal.Attribute{Key: []byte(kv[i]), Value: []byte(kv[i+1])})
	}
	return all
}

func wantFailure() selfheal.Record {
	return selfheal.Record{
		Time: time.Unix(1772452800, 250_000_000).UTC(), Zone: "Z", Severity: selfheal.SeverityFatal, Message: []byte("shop.errors.PaymentError: cannot pay"),
		Service: "shop", Environment: "prod", Revision: "0123abc4", Instance: "pod-1", Stream: "pod-1", TraceID: "ab01",
		Attributes: attributes("region", "north", "logger", "shop.pay", "transaction", "POST /pay", "request.method", "POST", "request.url", "https://shop.example.com/pay"),
		Exceptions: []selfheal.Exception{
			{Type: "shop.errors.PaymentError", Message: "cannot pay", Frames: []selfheal.Frame{
				{Function: "pay", Package: "shop.views", File: "shop/views.py", Line: 11, InApp: true}, {Function: "get", File: "django/core.py", Line: 1}}},
			{Type: "KeyError", Message: "'amount'", Frames: []selfheal.Frame{
				{Function: "amount", Package: "shop.cart", File: "shop/cart.py", Line: 3, InApp: true}, {Function: "pay", Package: "shop.views", File: "shop/views.py", Line: 9, InApp: true}}},
		},
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	b := setup(t)
	logs := `{"items":[{"timestamp":1772452800,"trace_id":"ab02","level":"warn","severity_number":13,"body":"slow query","attributes":{"sentry.release":{"value":"1.2.3","type":"string"},
"sentry.environment":{"value":"prod"},"server.address":{"value":"pod-2"},"table":{"value":"orders"},"took":{"value":3.5},"user.email":{"value":"x@example.com"}}}]}`
	text := envelope("event", failure, "transaction", `{"spans":[]}`, "log", logs, "attachment", "any\nbytes\x00", "transaction", "{}")
	text += "{\"type\":\"event\"}\n" + `{"message":{"formatted":"hello there"},"level":"info","timestamp":"2026-03-02T12:00:00.5Z","exception":null,"tags":[["a","b"]]}` // no length, no end of line
	response, answer := b.post(t, withKey, text)
	if response.StatusCode != http.StatusOK || answer != "{\"id\":\"e1\"}\n" {
		t.Fatalf("%s %s", response.Status, answer)
	}
	want := []selfheal.Record{
		wantFailure(),
		{Time: time.Unix(1772452800, 0).UTC(), Zone: "Z", Severity: selfheal.SeverityWarn, Message: []byte("slow query"), Service: "shop", Environment: "prod", Revision: "1.2.3",
			Instance: "pod-2", Stream: "pod-2", TraceID: "ab02", Attributes: attributes("table", "orders", "took", "3.5")},
		{Time: time.Unix(1772452800, 500_000_000).UTC(), Zone: "Z", Severity: selfheal.SeverityInfo, Message: []byte("hello there"), Service: "shop", Stream: "sentry", Attributes: attributes("a", "b")},
	}
	if diff := cmp.Diff(want, b.records, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"transaction": 2, "attachment": 1}, b.receiver.Ignored()); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
}

// TestSynthetic: the stack that an SDK adds to a message makes no exception of it.
func TestSynthetic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, withKey, envelope("event", `{"level":"warning","exception":{"values":[{"value":"the queue is long","mechanism":{"synthetic":true},"stacktrace":{"frames":[{"function":"main"}]}}]}}`))
	want := []selfheal.Record{{Service: "shop", Stream: "sentry", Severity: selfheal.SeverityWarn, Message: []byte("the queue is long")}}
	if diff := cmp.Diff(want, b.records, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if response, answer := b.post(t, "/api/7/store/", failure, "X-Sentry-Auth", "Sentry sentry_version=7, sentry_key=abc"); response.StatusCode != http.StatusOK || answer != "{\"id\":\"e1\"}\n" {
		t.Fatalf("%s %s", response.Status, answer)
	}
	if diff := cmp.Diff([]selfheal.Record{wantFailure()}, b.records); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	f := func(want int, path, text string, headers ...string) {
		t.Helper()
		b := setup(t)
		response, answer := b.post(t, path, text, headers...)
		if response.StatusCode != want || (len(b.records) == 1) != (want == http.StatusOK) {
			t.Errorf("%s %q: %s %s", path, headers, response.Status, answer)
		}
	}
	text := envelope("event", failure)
	f(200, "/api/7/envelope/", text, "X-Sentry-Auth", "Sentry sentry_key=abc, sentry_version=7")
	f(200, "/api/7/envelope", text, "Authorization", "sentry sentry_version=7,sentry_key=abc")
	f(200, "/api/7/envelope/", strings.Replace(text, `"e1"`, `"e1","dsn":"https://abc@example.com/7"`, 1))
	f(403, "/api/7/envelope/", text)
	f(403, "/api/7/envelope/", strings.Replace(text, `"e1"`, `"e1","dsn":"https://other@example.com/7"`, 1))
	f(403, "/api/7/envelope/?sentry_key=other", text)
	f(403, "/api/8/envelope/?sentry_key=abc", text)
	f(403, "/api/7/store/", failure)
	f(404, "/api/7/minidump/", text)
}

func TestPacked(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *sentry.Config) { c.MaxBody = 8 << 10 })
	text := envelope("event", failure)
	for encoding, open := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	} {
		for want, body := range map[int]string{200: text, 413: strings.Repeat("x", 20<<10)} {
			var packed bytes.Buffer
			z := open(&packed)
			_, _ = io.WriteString(z, body)
			_ = z.Close()
			if response, answer := b.post(t, withKey, packed.String(), "Content-Encoding", encoding); response.StatusCode != want {
				t.Errorf("%s: %s %s", encoding, response.Status, answer)
			}
		}
	}
	if response, _ := b.post(t, withKey, text, "Content-Encoding", "br"); response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("br: %s", response.Status)
	}
}

// TestRefusals: broken requests count nothing, and clients hold back while the sink fails.
func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, text := range []string{"", "{", "{}\n{", "{}\n{\"type\":\"event\",\"length\":99}\n{}", "{}\n{\"type\":\"event\"}\n[]", envelope("event", failure, "log", "{"),
		"{}\n" + strings.Repeat("{\"type\":\"session\"}\n{}\n", 1001)} {
		if response, answer := b.post(t, withKey, text); response.StatusCode != http.StatusBadRequest || !strings.HasPrefix(answer, `{"detail":"malformed`) {
			t.Errorf("%.40q: %s %s", text, response.Status, answer)
		}
	}
	if len(b.records) > 0 {
		t.Errorf("%d records", len(b.records))
	}
	b.err = &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the store is down"}
	response, _ := b.post(t, withKey, envelope("event", failure))
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "10" || !strings.HasPrefix(response.Header.Get("X-Sentry-Rate-Limits"), "10::organization") {
		t.Errorf("%s %v", response.Status, response.Header)
	}
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	f := func(release, want string) {
		t.Helper()
		b := setup(t)
		b.post(t, withKey, envelope("event", fmt.Sprintf(`{"message":"x","release":%q}`, release)))
		if len(b.records) != 1 || b.records[0].Revision != want {
			t.Errorf("%q: %+v, want %q", release, b.records, want)
		}
	}
	f("app@1.2.3+0123abc", "0123abc")
	f("app@1.2.3+17", "1.2.3")
	f("app@1.2.3", "1.2.3")
	f("0123abc0123abc0123abc0123abc0123abc01234", "0123abc0123abc0123abc0123abc0123abc01234")
	f("@scope/app@2.0.0", "2.0.0")
	f("", "")
}

// FuzzEnvelope: whatever comes is answered, and what is accepted is bounded text.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(envelope("event", failure, "log", `{"items":[{"body":"x"}]}`)))
	f.Add([]byte("{}\n{\"type\":\"event\"}\n{\"tags\":[[\"a\"]],\"exception\":[{}],\"message\":{\"params\":[]}}"))
	b := &sink{}
	receiver, err := sentry.New(sentry.Config{Sink: b, Clock: time.Now, Service: func(string, string) (string, bool) { return "shop", true }})
	if err != nil {
		f.Fatal(err)
	}
	handler := receiver.Handler()
	f.Fuzz(func(t *testing.T, text []byte) {
		b.records = nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, withKey, bytes.NewReader(text)))
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("status %d", w.Code)
		}
		for _, r := range b.records {
			if len(r.Message) > 8<<10+300 || len(r.Exceptions) > 16 {
				t.Fatalf("%d bytes, %d exceptions", len(r.Message), len(r.Exceptions))
			}
		}
	})
}

// TestJavaScriptSDK: what Sentry's SDK for Node really sends.
func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SELFHEAL_OTEL_CLIENTS")
	if dir == "" {
		t.Skip("SELFHEAL_OTEL_CLIENTS names no folder: run `make otel-clients`, which says how to run this test")
	}
	b := setup(t)
	command := exec.CommandContext(t.Context(), "node", "sentry.mjs", strings.Replace(b.url, "http://", "http://abc@", 1)+"/7")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	g := group.New(group.Options{})
	var got []string
	for i := range b.records {
		r := &b.records[i]
		if r.Service != "shop" || r.Environment != "prod" || r.Revision != "0123456789abcdef0123456789abcdef01234567" || r.Instance != "pod-1" || r.Time.IsZero() || r.TraceID == "" {
			t.Errorf("got %+v", r)
		}
		g.Stream("").Write(&selfheal.Entry{Record: r}, func(r *selfheal.Record, i group.Index) {
			got = append(got, r.Severity.String()+" "+g.Signature(i).Title)
		})
	}
	slices.Sort(got)
	want := []string{"ERROR TypeError: no amount in sentry.charge", "ERROR lost the queue", "INFO order placed", "WARN the queue is long"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if b.receiver.Ignored()["transaction"]+b.receiver.Ignored()["span"] == 0 {
		t.Errorf("ignored %v, want the trace", b.receiver.Ignored())
	}
}
