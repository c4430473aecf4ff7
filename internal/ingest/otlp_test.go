package ingest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/ingest"
	"selfheal/internal/source/otlp"
	"selfheal/internal/source/sentry"
)

// TestFromTheWire: what clients send by different protocols is counted together.
func TestFromTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	receiver, err := otlp.New(otlp.Config{Sink: b, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	events, err := sentry.New(sentry.Config{Sink: b, Clock: time.Now, Service: func(string, string) (string, bool) { return "shop", true }})
	if err != nil {
		t.Fatal(err)
	}
	send := func(h http.Handler, path, kind, body string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		h.ServeHTTP(w, r)
		return w.Code
	}
	const stack = `Traceback (most recent call last):\n  File \"/app/shop/pay.py\", line 12, in charge\n    x()\nValueError: no amount`
	log := fmt.Sprintf(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"service.version","value":{"stringValue":"r1"}},
{"key":"deployment.environment.name","value":{"stringValue":"prod"}}]},"scopeLogs":[{"logRecords":[
{"timeUnixNano":"%d","severityNumber":17,"body":{"stringValue":"charge"},"attributes":[{"key":"exception.stacktrace","value":{"stringValue":"%s"}}]},
{"timeUnixNano":"%[1]d","severityNumber":9,"body":{"stringValue":"order 17 placed"}}]}]}]}`, noon.UnixNano(), stack)
	event := fmt.Sprintf(`{"timestamp":%d,"level":"info","release":"r1","environment":"prod","message":"order 18 placed"}`, noon.Unix())
	const envelope = "/api/1/envelope/?sentry_key=x"
	if code := send(receiver.Handler(), otlp.Path, "application/json", log); code != http.StatusOK {
		t.Fatalf("status %d", code)
	}
	if code := send(events.Handler(), envelope, "", "{}\n{\"type\":\"event\"}\n"+event); code != http.StatusOK {
		t.Fatalf("status %d", code)
	}
	b.flush()
	b.want(shop, "r1 +0 ValueError: no amount in pay.charge 1", "r1 +0 order <num> placed 2")

	b.clock.pass(ingest.DefaultMaxUnflushed + time.Second)
	if code := send(receiver.Handler(), otlp.Path, "application/json", log); code != http.StatusServiceUnavailable {
		t.Errorf("nothing was flushed for long: status %d", code)
	}
	if code := send(events.Handler(), envelope, "", "{}\n{\"type\":\"event\"}\n"+event); code != http.StatusTooManyRequests {
		t.Errorf("nothing was flushed for long: status %d", code)
	}
	all, _ := b.store.Counted(t.Context(), shop, selfheal.Interval{})
	if len(all) != 1 || all[0].Coverage.Records != 3 || all[0].Coverage.Streams != 2 {
		t.Errorf("counted %+v", all)
	}
}
