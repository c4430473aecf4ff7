package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func testDecoder() *Decoder {
	return &Decoder{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }}
}

// show writes what was decoded in one line: only what is there.
func show(l *Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", l.Format, l.Severity)
	if !l.Time.IsZero() {
		fmt.Fprintf(&b, " %s %s", l.Time.Format("2006-01-02T15:04:05.999999999"), l.Zone)
	}
	fmt.Fprintf(&b, " %q", l.Message)
	for _, f := range []struct {
		name  string
		value []byte
	}{{"error", l.Error}, {"type", l.ErrorType}, {"stack", l.Stack}, {"service", l.Service}, {"revision", l.Revision}, {"instance", l.Instance}, {"trace", l.TraceID}} {
		if len(f.value) > 0 {
			fmt.Fprintf(&b, " %s=%q", f.name, f.value)
		}
	}
	if l.Status != 0 {
		fmt.Fprintf(&b, " status=%d", l.Status)
	}
	return b.String()
}

func TestLoggers(t *testing.T) {
	t.Parallel()
	f := func(line, want string) {
		t.Helper()
		var l Line
		testDecoder().Decode([]byte(line), &l)
		if diff := cmp.Diff(want, show(&l)); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", line, diff)
		}
	}

	// JSON, as each logger writes it.
	f(`{"time":"2026-11-23T09:10:13.359+01:00","level":"ERROR","msg":"lost","err":"gone","version":"1.4.0"}`, // log/slog
		`json ERROR 2026-11-23T08:10:13.359 +01:00 "lost" error="gone" revision="1.4.0"`)
	f(`{"time":"2026-11-23T09:10:13Z","level":"ERROR+2","msg":"lost"}`, `json ERROR 2026-11-23T09:10:13 Z "lost"`)
	f(`{"time":"2026-11-23T09:10:13Z","level":"DEBUG-2","msg":"lost"}`, `json TRACE 2026-11-23T09:10:13 Z "lost"`)
	f(`{"level":"error","ts":1795423410.25,"caller":"a/b.go:1","msg":"lost","error":"gone","stacktrace":"main.f\n\t/x/main.go:3"}`, // zap
		`json ERROR 2026-11-23T08:43:30.25 Z "lost" error="gone" stack="main.f\n\t/x/main.go:3"`)
	f(`{"level":"error","error":"gone","time":"2026-11-23T09:10:13Z","message":"lost"}`, // zerolog
		`json ERROR 2026-11-23T09:10:13 Z "lost" error="gone"`)
	f(`{"level":50,"time":1795423410250,"pid":7,"hostname":"web-1","err":{"type":"TypeError","message":"gone","stack":"TypeError: gone\n    at f (/a.js:1:2)"},"msg":"lost"}`, // pino
		`json ERROR 2026-11-23T08:43:30.25 Z "lost" error="gone" type="TypeError" stack="TypeError: gone\n    at f (/a.js:1:2)" instance="web-1"`)
	f(`{"name":"shop","hostname":"web-1","pid":7,"level":40,"msg":"slow","time":"2026-11-23T09:10:13.359Z","v":0}`, // bunyan
		`json WARN 2026-11-23T09:10:13.359 Z "slow" instance="web-1"`)
	f(`{"level":"warn","message":"slow","timestamp":"2026-11-23 09:10:13"}`, // winston
		`json WARN 2026-11-23T09:10:13 none "slow"`)
	f(`{"event": "lost", "level": "error", "timestamp": "2026-11-23T09:10:13.123456Z", "exception": "Traceback (most recent call last):\nKeyError: 1"}`, // structlog
		`json ERROR 2026-11-23T09:10:13.123456 Z "lost" stack="Traceback (most recent call last):\nKeyError: 1"`)
	f(`{"asctime": "2026-11-23 09:10:13,359", "levelname": "CRITICAL", "message": "lost", "exc_info": "Traceback"}`, // python-json-logger
		`json FATAL 2026-11-23T09:10:13.359 none "lost" stack="Traceback"`)
	f(`{"@timestamp":"2026-11-23T09:10:13.359+01:00","@version":"1","message":"lost","logger_name":"a.B","level":"ERROR","stack_trace":"java.lang.X\n\tat a.B.c(B.java:1)"}`, // logstash-logback
		`json ERROR 2026-11-23T08:10:13.359 +01:00 "lost" stack="java.lang.X\n\tat a.B.c(B.java:1)"`)
	f(`{"@t":"2026-11-23T09:10:13.3590000Z","@mt":"lost {Id}","@l":"Error","@x":"System.Exception: gone\n   at A.B()","Id":7}`, // Serilog
		`json ERROR 2026-11-23T09:10:13.359 Z "lost {Id}" stack="System.Exception: gone\n   at A.B()"`)
	f(`{"@timestamp":"2026-11-23T09:10:13Z","log.level":"error","message":"lost","service.name":"shop","service.version":"1.4.0","error.type":"E","error.message":"gone","trace.id":"abc"}`, // ECS
		`json ERROR 2026-11-23T09:10:13 Z "lost" error="gone" type="E" service="shop" revision="1.4.0" trace="abc"`)
	f(`{"@timestamp":"2026-11-23T09:10:13Z","log":{"level":"warn"},"message":"slow","service":{"name":"shop","version":"1.4.0"},"trace":{"id":"abc"},"host":{"name":"web-1"}}`,
		`json WARN 2026-11-23T09:10:13 Z "slow" service="shop" revision="1.4.0" instance="web-1" trace="abc"`)
	f(`{"version":"1.1","host":"web-1","short_message":"lost","timestamp":1795423410.25,"level":3}`, // GELF
		`json ERROR 2026-11-23T08:43:30.25 Z "lost" instance="web-1"`)
	f(`{"timeUnixNano":"1795423410250000000","severityNumber":17,"severityText":"","body":{"stringValue":"lost"},"traceId":"abc"}`, // OpenTelemetry
		`json ERROR 2026-11-23T08:43:30.25 Z "lost" trace="abc"`)
	f(`{"severityNumber":"SEVERITY_NUMBER_ERROR2","body":{"stringValue":"lost"},"traceId":"00000000000000000000000000000000"}`, `json ERROR "lost"`)
	f(`{"Severity":13,"Body":{"Type":"STRING","Value":"slow"}}`, `json WARN "slow"`)
	f(`{"level":"error","msg":"lost","trace":"E: gone\n    at f (/a.js:1:2)"}`, `json ERROR "lost" stack="E: gone\n    at f (/a.js:1:2)"`)
	f(`{"short_message":"lost","full_message":"lost\nE: gone","level":3,"_trace_id":"abc","_service_version":"1.4.0"}`, `json ERROR "lost" stack="lost\nE: gone" revision="1.4.0" trace="abc"`)
	f(`{"level":400,"level_name":"ERROR","message":"lost"}`, `json ERROR "lost"`) // Monolog
	f(`{"level":"error","msg":"handled request","status":502}`, `json ERROR "handled request" status=502`)
	f(`{"level":"info","msg":"done","res":{"statusCode":201}}`, `json INFO "done" status=201`)
	f(`{"a":1,"b":"two","c":null,"d":[1,{"e":"}"}]}`, `json UNSPECIFIED "a=1 b=two d=[1,{\"e\":\"}\"}]"`)
	f(`{"msg":"tab\tquote\"back\\slash\u00e9\ud83d\ude00\ud83d"}`, `json UNSPECIFIED "tab\tquote\"back\\slashé😀�"`)

	// What only looks like JSON is text.
	f(`{"msg":"cut`, `plain UNSPECIFIED "{\"msg\":\"cut"`)
	f(`{not json}`, `plain UNSPECIFIED "{not json}"`)
	f(`{"a":1} tail`, `plain UNSPECIFIED "{\"a\":1} tail"`)

	// logfmt.
	f(`time="2026-11-23T09:10:13Z" level=error msg="cannot \"load\"" error="gone"`, `logfmt ERROR 2026-11-23T09:10:13 Z "cannot \"load\"" error="gone"`) // logrus
	f(`ts=2026-11-23T09:10:13.359Z caller=main.go:1 level=warn component=x msg=slow`, `logfmt WARN 2026-11-23T09:10:13.359 Z "slow"`)                    // go-kit
	f(`level=info a=b c=d`, `logfmt INFO "a=b c=d"`)
	f(`a=b c=d`, `plain UNSPECIFIED "a=b c=d"`)
	f(`level=info and words`, `plain UNSPECIFIED "level=info and words"`)

	f(`level=error error='it''s' msg=lost`, `logfmt ERROR "lost" error="'it''s'"`)
	f(`a=1 b=2 c=3 d='4 5'`, `logfmt UNSPECIFIED "a=1 b=2 c=3 d=4 5"`)

	// Fields behind a message, when one of them is a logger's.
	f(`2026-11-23 09:10:13 ERROR order lost error="no owner" id=7 version=1.4.0 trace_id=abc`, `plain ERROR 2026-11-23T09:10:13 none "order lost" error="no owner" revision="1.4.0" trace="abc"`)
	f(`2026-11-23 09:10:13 ERROR failed login; uid=0 euid=0`, `plain ERROR 2026-11-23T09:10:13 none "failed login; uid=0 euid=0"`)
	f(`2026-11-23 09:10:13 ERROR a=b is not c=d error=gone`, `plain ERROR 2026-11-23T09:10:13 none "a=b is not" error="gone"`)
	f(`2026-11-23 09:10:13 order lost error=gone`, `plain UNSPECIFIED 2026-11-23T09:10:13 none "order lost error=gone"`)
	f(`2026-11-23 09:10:13 ERROR order lost {"error":"gone"}`, `plain ERROR 2026-11-23T09:10:13 none "order lost" error="gone"`)
	f(`2026-11-23 09:10:13 ERROR order {"id":7} lost`, `plain ERROR 2026-11-23T09:10:13 none "order {\"id\":7} lost"`)
	f(`2026-11-23 09:10:13 INFO Parameters: {"id"=>"1"}`, `plain INFO 2026-11-23T09:10:13 none "Parameters: {\"id\"=>\"1\"}"`)
	f(`2026-11-23 09:10:13 ERROR list [1] {}`, `plain ERROR 2026-11-23T09:10:13 none "list [1]"`)

	// klog, glog.
	f(`E1123 09:10:13.359000    1234 server.go:12] "order \"7\" lost" err="gone" traceID="abc"`, `klog ERROR 2026-11-23T09:10:13.359 none "order \"7\" lost" error="gone" trace="abc"`)
	f(`E1123 09:10:13.359000    1234 server.go:12] "quoted": lost`, `klog ERROR 2026-11-23T09:10:13.359 none "\"quoted\": lost"`)
	f(`E1123 09:10:13.359000    1234 server.go:12] lost`, `klog ERROR 2026-11-23T09:10:13.359 none "lost"`)
	f(`I1224 09:10:13.359000    1234 server.go:12] of last year`, `klog INFO 2025-12-24T09:10:13.359 none "of last year"`)

	// syslog.
	f(`<11>Nov 23 09:10:13 web-1 shop[77]: lost`, `syslog ERROR 2026-11-23T09:10:13 none "lost" service="shop" instance="web-1"`)
	f(`Nov  3 09:10:13 web-1 sshd[77]: session opened`, `syslog UNSPECIFIED 2026-11-03T09:10:13 none "session opened" service="sshd" instance="web-1"`)
	f(`<165>1 2026-11-23T09:10:13.003Z web-1 shop 77 ID47 [x@1 a="b]"] lost`, `syslog INFO 2026-11-23T09:10:13.003 Z "lost" service="shop" instance="web-1"`)
	f(`<34>1 2026-11-23T09:10:13Z - - - - - lost`, `syslog FATAL 2026-11-23T09:10:13 Z "lost"`)
	f(`<tag> is text`, `plain UNSPECIFIED "<tag> is text"`)

	// Plain lines.
	f(`2026-11-23 09:10:13,359 ERROR [main] a.B - lost`, `plain ERROR 2026-11-23T09:10:13.359 none "a.B - lost"`)
	f(`2026-11-23T09:10:13.359+02:00 WARN slow`, `plain WARN 2026-11-23T07:10:13.359 +02:00 "slow"`)
	f(`[2026-11-23 09:10:13 +0000] [7] [INFO] ready`, `plain INFO 2026-11-23T09:10:13 +0000 "ready"`)
	f(`2026/11/23 09:10:13 lost`, `plain UNSPECIFIED 2026-11-23T09:10:13 none "lost"`)
	f(`2026/11/23 09:10:13 [error] 7#7: *1 connect() failed`, `plain ERROR 2026-11-23T09:10:13 none "connect() failed"`)
	f(`23 Nov 09:42:09 - DEBUG: numStats: 3`, `plain DEBUG 2026-11-23T09:42:09 none "numStats: 3"`)
	f(`Mon Nov 23 09:42:09 2026 lost`, `plain UNSPECIFIED 2026-11-23T09:42:09 none "lost"`)
	f(`Mon, 23 Nov 2026 09:42:09 GMT lost`, `plain UNSPECIFIED 2026-11-23T09:42:09 Z "lost"`)
	f(`Nov 23, 2026 1:42:09 PM Shop run`, `plain UNSPECIFIED 2026-11-23T13:42:09 none "Shop run"`)
	f(`1795423410.250 lost`, `plain UNSPECIFIED 2026-11-23T08:43:30.25 Z "lost"`)
	f(`09:10:13.359 WARN slow`, `plain WARN "slow"`)
	f(`ERROR: lost`, `plain ERROR "lost"`)
	f(`[WARN] slow`, `plain WARN "slow"`)
	f(`INFO[0001] ready`, `plain INFO "ready"`)
	f(`Error: lost`, `plain ERROR "Error: lost"`)
	f(`2026-11-23T09:10:13Z app[web.1]: {"level":"error","msg":"lost"}`, `plain UNSPECIFIED 2026-11-23T09:10:13 Z "app[web.1]: {\"level\":\"error\",\"msg\":\"lost\"}"`)
	f(`2026-11-23T09:10:13Z {"level":"error","msg":"lost"}`, `json ERROR 2026-11-23T09:10:13 Z "lost"`)
	f(`10.0.0.1 - - [23/Nov/2026:09:10:13 +0100] "GET / HTTP/1.1" 500 1`, `plain UNSPECIFIED 2026-11-23T08:10:13 +0100 "10.0.0.1 - - [23/Nov/2026:09:10:13 +0100] \"GET / HTTP/1.1\" 500 1"`)
	f(`2026-11-23 09:10:13 - shop - ERROR - lost`, `plain ERROR 2026-11-23T09:10:13 none "lost"`)
	f(`2026-11-23 09:10:13 shop - lost - ERROR`, `plain UNSPECIFIED 2026-11-23T09:10:13 none "shop - lost - ERROR"`)
	f(`2026-11-23 09:10:13 7 [Warning] slow`, `plain WARN 2026-11-23T09:10:13 none "slow"`)
	f(`2026-11-23 09:10:13.5 CET [7] u@d FATAL:  lost`, `plain FATAL 2026-11-23T08:10:13.5 +01:00 "lost"`)
	f(`2026-11-23 09:10:13 IST lost`, `plain UNSPECIFIED 2026-11-23T09:10:13 none "IST lost"`) // three zones are called so
	f(`[Mon Nov 23 09:10:13.5 2026] [core:error] [pid 7:tid 8] lost`, `plain ERROR 2026-11-23T09:10:13.5 none "lost"`)
	f(`E, [2026-11-23T09:10:13.5 #7] ERROR -- : lost: gone`, `plain ERROR 2026-11-23T09:10:13.5 none "lost: gone"`)
	f(`7:M 23 Nov 2026 09:10:13.5 # slow`, `plain WARN 2026-11-23T09:10:13.5 none "slow"`)
	f(`fail: Shop.Orders[0]`, `plain ERROR "Shop.Orders[0]"`)
	f(`2026-11-23T09:10:13Z ERROR 7 --- [shop] [main] [4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7] a.B : lost`,
		`plain ERROR 2026-11-23T09:10:13 Z "lost" trace="4bf92f3577b34da6a3ce929d0e0e4736"`)
	f("2026-11-23T09:10:13Z\tERROR\tshop\ta/b.go:7\tlost\t{\"error\": \"gone\"}", `plain ERROR 2026-11-23T09:10:13 Z "lost" error="gone"`)
	f(`2026-11-23 09:10:13 | ERROR | a.b:f:7 - lost`, `plain ERROR 2026-11-23T09:10:13 none "lost"`)
	f(`ERROR: 127.0.0.1:8080 - refused`, `plain ERROR "127.0.0.1:8080 - refused"`)
	f(`just words`, `plain UNSPECIFIED "just words"`)
	f(`Information about errors`, `plain UNSPECIFIED "Information about errors"`)
	f(`12 apples`, `plain UNSPECIFIED "12 apples"`)
	f(`http: TLS handshake error`, `plain UNSPECIFIED "http: TLS handshake error"`)
}

func TestLevel(t *testing.T) {
	t.Parallel()
	f := func(want selfheal.Severity, words ...string) {
		t.Helper()
		for _, w := range words {
			if got := Level([]byte(w)); got != want {
				t.Errorf("Level(%q) = %s, want %s", w, got, want)
			}
		}
	}

	f(selfheal.SeverityTrace, "trace", "TRACE", "Verbose")
	f(selfheal.SeverityDebug, "debug", "DBG")
	f(selfheal.SeverityInfo, "info", "Information", "NOTICE")
	f(selfheal.SeverityWarn, "warn", "WARNING")
	f(selfheal.SeverityError, "error", "ERR", "Severe")
	f(selfheal.SeverityFatal, "fatal", "CRITICAL", "panic", "emerg")
	f(selfheal.SeverityUnspecified, "", "errors", "inform", "a", "http", "verylongword")
}

// TestTimes checks the calendar arithmetic against the standard library.
func TestTimes(t *testing.T) {
	t.Parallel()
	for at := time.Date(1969, 12, 30, 23, 59, 59, 0, time.UTC); at.Year() < 2101; at = at.Add(941*time.Hour + 59*time.Minute + 7*time.Second) {
		text := at.Format("2006-01-02T15:04:05Z")
		s, ok := readStamp([]byte(text))
		if got := s.unix(); !ok || !got.Equal(at) {
			t.Fatalf("%s was read as %s", text, got)
		}
	}
}

func TestKnownFormatsDoNotAllocate(t *testing.T) {
	d := testDecoder()
	for _, line := range []string{
		`{"time":"2026-11-23T09:10:13.359+01:00","level":"ERROR","msg":"a \"b\"","err":"gone","version":"1.4.0","n":{"a":[1]}}`,
		`ts=2026-11-23T09:10:13.359Z level=warn msg="slow \"x\"" a=b`,
		`E1123 09:10:13.359000    1234 server.go:12] lost`,
		`2026-11-23 09:10:13,359 ERROR [main] a.B - lost`,
		`<11>Nov 23 09:10:13 web-1 shop[77]: lost`,
		`E1123 09:10:13.359000    1234 server.go:12] "lost" err="a \"b\"" n=1`,
		`2026-11-23 09:10:13 INFO lost {"error":"gone"} []`,
		`2026-11-23 09:10:13 INFO lost error="a \"b\"" trace_id=abc`,
		`{"log":"{\"level\":\"error\",\"msg\":\"lost\"}\n","time":"2026-11-23T09:10:13Z"}`,
		`{"body":{"stringValue":"lost"},"attributes":[{"key":"a","value":{"intValue":"1"}}],"severityNumber":17}`,
		`{"message":"lost","throwable":{"className":"E","message":"gone","stepArray":[{"className":"A","methodName":"m","fileName":"A.java","lineNumber":1}]}}`,
	} {
		b := []byte(line)
		var l Line
		d.Decode(b, &l)
		if n := testing.AllocsPerRun(100, func() { d.Decode(b, &l) }); n != 0 {
			t.Errorf("%v allocations for %s", n, line)
		}
	}
}
