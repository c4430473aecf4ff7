package triage

import (
	"fmt"
	"selfheal/internal/triage/index"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func textSymptom(text string) symptom {
	return readSymptom(selfheal.Anomaly{}, selfheal.Signature{Sample: selfheal.Sample{Text: text}})
}

func TestFramesAreReadFromText(t *testing.T) {
	t.Parallel()
	f := func(name, text, message string, want ...string) {
		t.Helper()
		s := textSymptom(text)
		var got []string
		for _, frame := range s.frames {
			got = append(got, fmt.Sprintf("%s:%d %s", frame.file, frame.line, plainFunction(frame.function)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: frames:\n%s", name, diff)
		}
		if s.message != message {
			t.Errorf("%s: message %q, want %q", name, s.message, message)
		}
	}
	f("go", "panic: boom\n\ngoroutine 1 [running]:\npanic({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:860 +0x1\nexample.com/shop/cart.(*Cart).Add(0x0, {0x1})\n\t/src/cart/cart.go:12 +0x2f\nmain.main.func1()\n\t/src/main.go:9 +0x1\n",
		"panic: boom", "/usr/local/go/src/runtime/panic.go:860 ", "/src/cart/cart.go:12 Add", "/src/main.go:9 main")
	f("escaped go", `level=INFO msg="http: panic serving" stack="goroutine 1 [running]:\nexample.com/a.F()\n\t/src/a.go:3 +0x1"`,
		`level=INFO msg="http: panic serving" stack="goroutine 1 [running]: example.com/a.F() /src/a.go:3 +0x1"`, "/src/a.go:3 ")
	f("python", "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    run()\n  File \"/app/shop/cart.py\", line 7, in run\n    x = None.y\n        ^^^^^^\nAttributeError: 'NoneType' object has no attribute 'y'\n",
		"Traceback (most recent call last): AttributeError: 'NoneType' object has no attribute 'y'", "/app/shop/cart.py:7 run", "/app/main.py:3 ")
	f("node", "/app/cart.js:12\n  const j = 1; j++\n               ^\n\nTypeError: Assignment to constant variable.\n    at Cart.add (/app/cart.js:12:5)\n    at process (node:internal/x:1:2)\n",
		"/app/cart.js:12 TypeError: Assignment to constant variable.", "/app/cart.js:12 ", "node:internal/x:1 ")
	f("prose after stack", "see docs/x.go:7 for more\nboom\n    at run (/app/cart.js:3:1)\n", "see docs/x.go:7 for more boom", "/app/cart.js:3 ")
	f("java", "java.lang.IllegalStateException: no\n\tat com.acme.shop.Cart.add(Cart.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:1)\n",
		"java.lang.IllegalStateException: no", "com/acme/shop/Cart.java:12 add", "Thread.java:1 ")
	f("logger", "level=error caller=cart/cart.go:77 msg=\"cannot add\"", "level=error caller=cart/cart.go:77 msg=\"cannot add\"", "cart/cart.go:77 ")
}

func TestDecodedFramesComeInnermostCauseFirst(t *testing.T) {
	t.Parallel()
	s := readSymptom(selfheal.Anomaly{}, selfheal.Signature{Sample: selfheal.Sample{
		Text: "wrapped\n",
		Exceptions: []selfheal.Exception{
			{Type: "Outer", Message: "outer failed", Frames: []selfheal.Frame{{Function: "handle", File: "web.py", Line: 1}}},
			{Type: "Inner", Message: "no such tenant", Frames: []selfheal.Frame{{Function: "find", File: "db.py", Line: 2}, {Function: "load", File: "db.py", Line: 9}}},
		},
	}})
	var got []string
	for _, frame := range s.frames {
		got = append(got, fmt.Sprintf("%s:%d", frame.file, frame.line))
	}
	if diff := cmp.Diff([]string{"db.py:2", "db.py:9", "web.py:1"}, got); diff != "" {
		t.Error(diff)
	}
	if s.message != "wrapped outer failed no such tenant" {
		t.Errorf("message = %q", s.message)
	}
}

func TestPlainFunction(t *testing.T) {
	t.Parallel()
	f := func(printed, want string) {
		t.Helper()
		if got := plainFunction(printed); got != want {
			t.Errorf("plainFunction(%q) = %q, want %q", printed, got, want)
		}
	}
	f("example.com/a/b.(*T).Run", "Run")
	f("example.com/a/b.Run.func1", "Run")
	f("example.com/a/b.(*T).Run.func2.1", "Run")
	f("example.com/a/b.Map[...]", "Map")
	f("(*Cors).Handler-fm", "Handler")
	f("main.init", "")
	f("<module>", "")
	f("Cart.<anonymous>", "")
	f("file_upload", "file_upload")
	f("", "")
}

func TestSpecificity(t *testing.T) {
	t.Parallel()
	order := []string{"1234567", "lookup", "TENANT", "tenant_id"}
	for i := 1; i < len(order); i++ {
		if specificity(order[i-1]) >= specificity(order[i]) {
			t.Errorf("specificity(%q) = %v, specificity(%q) = %v", order[i-1], specificity(order[i-1]), order[i], specificity(order[i]))
		}
	}
	for _, w := range []string{"a", "0xdeadbeef01", "20261123", "9f86d081884c", strings.Repeat("x", 100)} {
		if specificity(w) != 0 {
			t.Errorf("specificity(%q) = %v, want 0", w, specificity(w))
		}
	}
}

func TestPhraseMatches(t *testing.T) {
	t.Parallel()
	f := func(literal, message string, want bool) {
		t.Helper()
		p, ok := index.PhraseOf(literal)
		got := false
		if ok {
			_, _, got = p.Match(message)
		}
		if got != want {
			t.Errorf("%q in %q: %v, want %v", literal, message, got, want)
		}
	}
	f("tenant %q is not known", `error: tenant "acme" is not known`, true)
	f("tenant {} is not known", "tenant acme is not known", true)
	f("tenant ${id} is not known", "tenant acme is not known", true)
	f("cannot load tenant", "web: cannot load tenant: timeout", true)
	f("cannot load tenant", "cannot load tenant id=7", true)
	f("cannot load tenant", "cannot load tenant settings of acme", false) // the text goes on
	f("cannot load tenant ", "cannot load tenant settings of acme", true) // joined by the program
	f("cannot load tenant", "cannot load tenants", false)
	f("load tenant from cache %s and disk", "load tenant from cache x", false) // a long piece is missing
	f("tenant", "tenant is not known", false)                                  // too short
	f("configuration", "configuration is bad", false)                          // one plain word
	f("%s: %d", "a: 1", false)
}

func TestEveryKnownSpellingOfExternalCausesIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"dial tcp: lookup db.internal: no such host", "connect ECONNREFUSED 127.0.0.1:5432", "read: connection reset by peer",
		"dial tcp 10.0.0.1:443: i/o timeout", "x509: certificate has expired or is not yet valid", "429 Too Many Requests",
		"upstream returned 503 Service Unavailable", "write /data/x: no space left on device", "fork: Cannot allocate memory", "accept: too many open files",
		"FATAL: the database system is starting up", "403 Forbidden",
	} {
		if len(against(textSymptom(text), symptom{}.anomaly.Onset)) == 0 {
			t.Errorf("%q: no word of an external cause", text)
		}
	}
	for _, text := range []string{"tenant acme is not known", "nil pointer dereference", "invalid argument: build.id"} {
		if len(against(textSymptom(text), symptom{}.anomaly.Onset)) != 0 {
			t.Errorf("%q: taken for an external cause", text)
		}
	}
}

func FuzzReadSymptom(f *testing.F) {
	f.Add("panic: x\n\ngoroutine 1 [running]:\na.b(0x0)\n\t/x/y.go:1 +0x1\n")
	f.Add("Traceback (most recent call last):\n  File \"x\", line 99999999999999999999, in y\n")
	f.Add("at (((((")
	f.Add("\xff\xfe\\n\\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := textSymptom(text)
		if len(s.frames) > maxFrames || len(s.words) > maxWords {
			t.Errorf("%d frames, %d words", len(s.frames), len(s.words))
		}
		for _, frame := range s.frames {
			if frame.line < 0 {
				t.Errorf("line %d", frame.line)
			}
		}
		for _, w := range s.words {
			if p, ok := index.PhraseOf(w.text); ok {
				p.Match(s.message)
			}
		}
	})
}
