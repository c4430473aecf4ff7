package sentryapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// fake answers as Sentry does: newest first, three at a time.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/0/organizations/") {
		fmt.Fprint(w, `{"slug":"acme"}`)
		return
	}
	from, _ := time.Parse(timeFormat, r.FormValue("start"))
	to, _ := time.Parse(timeFormat, r.FormValue("end"))
	skip, _ := strconv.Atoi(r.FormValue("cursor"))
	found := []any{}
	for i, line := range slices.Backward(f) {
		if !line.Time.Before(from) && !line.Time.After(to) {
			found = append(found, map[string]any{"eventID": fmt.Sprint(i), "dateCreated": line.Time, "message": line.Text})
		}
	}
	end := min(len(found), skip+3)
	w.Header().Set("Link", fmt.Sprintf(`<u>; rel="previous"; results="false"; cursor="0:0:1", <u>; rel="next"; results="%t"; cursor="%d"`, end < len(found), end))
	_ = json.NewEncoder(w).Encode(found[min(skip, len(found)):end])
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	c.Token, c.Organization = "token", "acme"
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store: func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		New:   func(t *testing.T, c backend.Connection) selfheal.Source { return open(t, Config{Connection: c}) },
	})
}

const full = `{"eventID":"1","dateCreated":"2026-11-23T09:10:00Z","title":"ValueError: no","platform":"python","release":{"version":"1.4.0"},
"tags":[{"key":"level","value":"error"},{"key":"environment","value":"production"},{"key":"server_name","value":"web-1"}],"contexts":{"trace":{"trace_id":"ab"}},
"entries":[{"type":"breadcrumbs","data":{}},{"type":"exception","data":{"values":[
{"type":"KeyError","value":"'x'","stacktrace":{"frames":[{"function":"main","filename":"app.py","lineNo":9,"inApp":true},{"function":"get","module":"dict","filename":"dict.py","lineNo":3,"inApp":false}]}},
{"type":"ValueError","value":"no","stacktrace":null}]}}]}`

func TestEvent(t *testing.T) {
	t.Parallel()
	item, environment, err := itemOf(json.RawMessage(full))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	want := &selfheal.Record{
		Time: at, Zone: "Z", Severity: selfheal.SeverityError, Message: []byte("ValueError: no"), Raw: []byte("ValueError: no"),
		Environment: "production", Revision: "1.4.0", Instance: "web-1", TraceID: "ab",
		Exceptions: []selfheal.Exception{{Type: "ValueError", Message: "no"}, {Type: "KeyError", Message: "'x'", Frames: []selfheal.Frame{
			{Function: "get", Package: "dict", File: "dict.py", Line: 3}, {Function: "main", File: "app.py", Line: 9, InApp: true},
		}}},
	}
	if diff := cmp.Diff(want, item.Entry.Record); diff != "" || environment != "production" {
		t.Errorf("environment %q (-want +got):\n%s", environment, diff)
	}
	for _, raw := range []string{`{}`, `{"eventID":"1"}`, `7`, `{"eventID":"1","dateCreated":"2026-11-23T09:10:00Z","entries":[{"type":"exception","data":[]}]}`} {
		if _, _, err := itemOf(json.RawMessage(raw)); err == nil {
			t.Errorf("%s is taken for an event", raw)
		}
	}
}

func TestOtherEnvironmentsAreLeftOut(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", `<u>; rel="next"; results="false"; cursor="1"`)
		fmt.Fprintf(w, "[%s]", full)
	})})
	f := func(environment string, want int) {
		t.Helper()
		n := 0
		err := s.Read(t.Context(), selfheal.Query{Service: "shop", Environment: environment, Interval: selfheal.Interval{To: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}},
			func(*selfheal.Entry) error { n++; return nil })
		if err != nil || n != want {
			t.Errorf("%q: %d events, %v, want %d", environment, n, err, want)
		}
	}
	f("production", 1)
	f("staging", 0)
	f("", 1)
}

func TestLinksAreNeeded(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") })})
	if err := s.Read(t.Context(), selfheal.Query{Service: "shop"}, func(*selfheal.Entry) error { return nil }); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("without a Link header: %v", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if item, _, err := itemOf(raw); err == nil && (item.Entry.Record == nil || item.Key == "") {
			t.Errorf("%q gave %+v", raw, item)
		}
	})
}
