package group

import (
	"fmt"
	"testing"

	"selfheal"
)

func signBuildErrors(errors ...selfheal.BuildError) []selfheal.Signature {
	o := testGrouper().options
	o.Build = true
	g := New(o)
	stream := g.Stream("build")
	for _, e := range errors {
		record := BuildRecord(e)
		stream.Write(&selfheal.Entry{Record: &record}, func(*selfheal.Record, Index) {})
	}
	stream.Close(func(*selfheal.Record, Index) {})
	var all []selfheal.Signature
	for i := range g.Len() {
		all = append(all, *g.Signature(Index(i)))
	}
	return all
}

func TestBuildErrorsAreSigned(t *testing.T) {
	t.Parallel()
	f := func(e selfheal.BuildError, want string) {
		t.Helper()
		s := signBuildErrors(e)[0]
		got := string(s.Kind) + " " + s.Severity.String() + " " + s.Title
		for _, x := range s.Sample.Exceptions {
			for _, frame := range x.Frames {
				got += fmt.Sprintf(" @ %s:%d", frame.File, frame.Line)
			}
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(selfheal.BuildError{File: "main.go", Line: 6, Column: 2, Message: "declared and not used: x"}, "build ERROR declared and not used: x @ main.go:6")
	f(selfheal.BuildError{File: "src/app.ts", Line: 3, Code: "TS2345", Message: "Argument of type 'string' is wrong."}, "build ERROR TS2345: Argument of type 'string' is wrong. @ src/app.ts:3")
	f(selfheal.BuildError{Message: "\"/nosuch.txt\": not found"}, "build ERROR \"/nosuch.txt\": not found")
}

// TestBuildIdentity: what differs from one build to the next is not in the identity.
func TestBuildIdentity(t *testing.T) {
	t.Parallel()
	f := func(a, b selfheal.BuildError, same bool) {
		t.Helper()
		if got := len(signBuildErrors(a, b)) == 1; got != same {
			t.Errorf("%v and %v are one: %v", a, b, got)
		}
	}
	at := func(file string, line int, message string) selfheal.BuildError {
		return selfheal.BuildError{File: file, Line: line, Message: message}
	}
	f(at("main.go", 6, "undefined: x"), at("main.go", 60, "undefined: x"), true)
	f(at("main.go", 6, "undefined: x"), at("main.go", 6, "undefined: y"), false)
	f(at("main.go", 6, "undefined: x"), at("other.go", 6, "undefined: x"), false)
	f(at("/tmp/pip-req-build-k3x91a/setup.py", 1, "no version"), at("/tmp/pip-req-build-9zz10b/setup.py", 2, "no version"), true)
	f(at("", 0, "write /tmp/go-build123456/b001/_pkg_.a: no space left on device"), at("", 0, "write /tmp/go-build987/b001/_pkg_.a: no space left on device"), true)
	f(at("", 0, "container 68cb2c4abe58f0c1d2e3 exited after 12.5s"), at("", 0, "container 99054b3e500ba0c1d2e3 exited after 3.1s"), true)
	f(at("", 0, "object at 0x7fdc439f0390"), at("", 0, "object at 0x7f8521f74650"), true)
}

// TestBuildSignaturesAreSignedAgain: what an older program journalled finds its signature.
func TestBuildSignaturesAreSignedAgain(t *testing.T) {
	t.Parallel()
	today := signBuildErrors(selfheal.BuildError{File: "main.go", Line: 6, Message: "undefined: x"})[0]
	old := today
	old.ID = "g1-0000000000000000"
	if again := Resign(testGrouper().options, old); again.ID != today.ID || again.Kind != selfheal.KindBuild {
		t.Errorf("%s %s, want %s", again.Kind, again.ID, today.ID)
	}
}

func TestRuntimeLogIsNoBuildLog(t *testing.T) {
	t.Parallel()
	f := func(line string) {
		t.Helper()
		g := testGrouper()
		readAll(g, []byte(line))
		if s := g.Signature(0); s.Kind == selfheal.KindBuild {
			t.Errorf("%s is of kind %s", line, s.Kind)
		}
	}
	f("2026/11/23 09:00:00 main.go:12: listening")
	f(`{"level":"error","msg":"x","error":{"type":"build error","message":"main.go:6: y","stack":"build error: y\n    at f (a.js:1:2)"}}`)
}
