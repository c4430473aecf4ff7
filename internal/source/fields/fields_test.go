package fields

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func TestImageRevision(t *testing.T) {
	t.Parallel()
	f := func(image, want string) {
		t.Helper()
		if got := ImageRevision(image); got != want {
			t.Errorf("ImageRevision(%q) = %q, want %q", image, got, want)
		}
	}
	f("shop:1.4.0", "1.4.0")
	f("registry:5000/team/shop:abc", "abc")
	f("registry:5000/team/shop", "")
	f("shop:latest", "")
	f("shop", "")
	f("", "")
	f("shop:1.4.0@sha256:"+strings.Repeat("ab", 32), "1.4.0")
	f("shop@sha256:"+strings.Repeat("ab", 32), "abababababab")
}

func TestEntry(t *testing.T) {
	t.Parallel()
	f := func(names Names, own, labels map[string]string, want string, origin selfheal.Origin) {
		t.Helper()
		e := Mapper{names}.Entry(Document{Stream: "s", Time: time.Unix(1, 0), Fields: own, Labels: labels})
		if string(e.Line) != want {
			t.Errorf("got %s, want %s", e.Line, want)
		}
		if diff := cmp.Diff(&origin, e.Origin); diff != "" {
			t.Errorf("%s: origin (-want +got):\n%s", want, diff)
		}
	}
	type m = map[string]string
	f(Names{}, m{"message": "lost\n"}, nil, "lost", selfheal.Origin{})
	f(Names{}, m{"message": ""}, nil, "{}", selfheal.Origin{})
	f(Names{}, m{"a": "1"}, nil, `{"a":"1"}`, selfheal.Origin{})
	f(Names{}, m{"message": "lost", "other": "1"}, m{"level": "warn"}, "lost", selfheal.Origin{Severity: selfheal.SeverityWarn})
	f(Names{}, m{"message": "lost", "level": "error", "z": "1", "a": "2"}, nil, `{"level":"error","message":"lost","a":"2","z":"1"}`, selfheal.Origin{Severity: selfheal.SeverityError})
	f(Names{}, m{"message": "lost", "err": "gone"}, m{"pod": "p"}, `{"exception.message":"gone","message":"lost"}`, selfheal.Origin{Instance: "p"})
	f(Names{Message: "text", Level: "sev", Revision: "sha"}, m{"text": "lost", "message": "no", "sev": "17", "sha": "abc", "commit": "no"}, nil,
		`{"level":"17","message":"lost","commit":"no"}`[:len(`{"level":"17","message":"lost","commit":"no"`)]+`,"message":"no"}`, selfheal.Origin{Severity: selfheal.SeverityError, Revision: "abc"})
}

// TestEntriesAreObjects: whatever the documents hold, what is no line is JSON, and bounded.
func TestEntriesAreObjects(t *testing.T) {
	t.Parallel()
	e := Mapper{}.Entry(Document{Fields: map[string]string{"level": "error", "message": strings.Repeat("\x00<\xff", 1<<20), "a": "b"}})
	if !json.Valid(e.Line) || !e.Truncated || len(e.Line) > 8*maxLine {
		t.Errorf("%d bytes, truncated %t, JSON %t", len(e.Line), e.Truncated, json.Valid(e.Line))
	}
	e = Mapper{}.Entry(Document{Fields: map[string]string{"message": strings.Repeat("x", maxLine+1)}})
	if len(e.Line) != maxLine || !e.Truncated {
		t.Errorf("a line of %d bytes, truncated %t", len(e.Line), e.Truncated)
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	f := func(want selfheal.Severity, names ...string) {
		t.Helper()
		for _, name := range names {
			if got := Severity(name); got != want {
				t.Errorf("Severity(%q) = %s, want %s", name, got, want)
			}
		}
	}
	f(selfheal.SeverityError, "error", "ERROR", "Err", " error ", "ERROR2", "17", "20", "severe")
	f(selfheal.SeverityFatal, "fatal", "critical", "CRIT", "emerg", "panic", "21", "24", "alert")
	f(selfheal.SeverityWarn, "warn", "Warning", "13")
	f(selfheal.SeverityInfo, "info", "INFORMATION", "notice", "9")
	f(selfheal.SeverityDebug, "debug", "5")
	f(selfheal.SeverityTrace, "trace", "verbose", "1")
	f(selfheal.SeverityUnspecified, "", "unknown", "0", "25", "-1", "loud")
	for _, name := range Below(selfheal.SeverityFatal) {
		if s := Severity(name); s == selfheal.SeverityUnspecified || s >= selfheal.SeverityFatal {
			t.Errorf("%q is left out below fatal, and is %s", name, s)
		}
	}
	if Below(selfheal.SeverityUnspecified) != nil || Below(selfheal.SeverityTrace) != nil {
		t.Error("something is below everything")
	}
}

func TestFlatten(t *testing.T) {
	t.Parallel()
	got, err := Flatten([]byte(`{"a":{"b":{"c":"x"}},"n":7,"t":true,"z":null,"l":[1,"2"],"e":{},"é\n":"\u0000"}`))
	want := map[string]string{"a.b.c": "x", "n": "7", "t": "true", "l": `[1,"2"]`, "é\n": "\x00"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "null", "7", "[]", `{"a":`, `"a"`} {
		if got, err := Flatten([]byte(text)); err == nil {
			t.Errorf("%q gave %v", text, got)
		}
	}
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	if got, err := Flatten([]byte(deep)); err != nil || len(got) != 1 {
		t.Errorf("a deep object: %d fields, %v", len(got), err)
	}
}

func FuzzFlatten(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":null}]},"level":"error","message":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		document, err := Flatten(text)
		if err != nil {
			return
		}
		if e := (Mapper{}).Entry(Document{Fields: document}); len(e.Line) > 0 && e.Line[0] == '{' && len(document) > 0 && !json.Valid(e.Line) && e.Origin.Severity != 0 {
			t.Errorf("%q gave %q", text, e.Line)
		}
	})
}
