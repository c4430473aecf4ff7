package buildlog

import (
	"strings"
	"testing"

	"selfheal"
)

// FuzzParsers gives every parser the same hostile lines: none may panic, claim
// more lines than there are, or find what is not there.
func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		"main.go:1:2: x\n\ty", "--- FAIL: T (0s)\n    --- FAIL: T/a", "error[E1]: x\n --> a:1:2", "thread 'x' panicked at a:1:2:\ny", "[ERROR] a.java:[1,2] x", "* What went wrong:\nx",
		"ERROR in ./a 1:2\nx\n @ ./b 1:2", "✘ [ERROR] x\n\n    a.ts:1:2:", "npm error code E\nnpm error x", "Error: x\n    at y (/a.js:1:2)", "/a.js:1\nx\n^\nSyntaxError: y",
		"FAIL a.js\n  ● b", "Traceback (most recent call last):\n  File \"a\", line 1\nX: y", "  × x\n  ╰─▶ y", "error: Failed to fetch: x\n  Caused by: y", "a.cs(1,2): error CS1: x [y]",
		"CMake Error at a:1 (b):\n  c", "E: x", "Err:1 x\n  Could not resolve y", "ERROR: unable to select packages:\n  x", "make: *** [a:1: b] Error 1", "sh: 1: x: not found", "cp: y: Permission denied",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		var lines []line
		for l := range strings.SplitSeq(text, "\n") {
			lines = append(lines, line{clean([]byte(l)), int64(len(lines) + 1)})
		}
		for i := range tools {
			for at := range lines {
				e, n := tools[i].parse(lines[at:])
				if n < 0 || n > len(lines)-at {
					t.Fatalf("parser %d takes %d of %d lines", i, n, len(lines)-at)
				}
				if n > 0 && !hasAny(lines[at].text, tools[i].marks) {
					t.Fatalf("parser %d reads %q, which holds none of its marks", i, lines[at].text)
				}
				if n > 0 && (e.Line < 0 || e.Column < 0) {
					t.Fatalf("parser %d: %+v", i, e)
				}
			}
		}
	})
}

func TestWhatMakesTheClass(t *testing.T) {
	t.Parallel()
	f := func(output string, want selfheal.BuildClass) {
		t.Helper()
		if got := Parse([]byte(output), 1); got.Class != want {
			t.Errorf("%q: %s, want %s (%+v)", output, got.Class, want, got.Errors)
		}
	}
	// A compiler's error is there whatever went wrong before it.
	f("npm warn retry ECONNRESET\ncurl: (6) Could not resolve host: example.com\nmain.go:3:1: undefined: x\n", selfheal.BuildCompile)
	// What a compiler quotes is no condition of the machine.
	f("main.go:3:1: undefined: connectionRefused\n", selfheal.BuildCompile)
	f("a.ts(1,2): error TS1005: 'ECONNREFUSED' expected.\n", selfheal.BuildCompile)
	// What it reports of the machine is.
	f("a.c:1:1: fatal error: error writing to /tmp/cc1.s: No space left on device\n", selfheal.BuildDisk)
	f("g++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated.\n", selfheal.BuildKilled)
	f("compile: signal: killed\n", selfheal.BuildKilled)
	f("fatal: unable to access 'https://example.com/a.git/': The requested URL returned error: 503\n", selfheal.BuildRegistry)
	f("curl: (22) The requested URL returned error: 404\n", selfheal.BuildDependency)
	f("pull access denied for shop/base, repository does not exist or may require 'docker login': denied: requested access to the resource is denied\nERROR: failed to solve: shop/base: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed\n", selfheal.BuildDependency)
	f("line 429 of the report\nerror: broken\n", selfheal.BuildUnknown)
}

// TestMarksHoldForWhatPatternsMatch: a condition is not missed because its marks are too narrow.
func TestMarksHoldForWhatPatternsMatch(t *testing.T) {
	t.Parallel()
	texts := []string{
		"error: 503", "status 503", "HTTP 502 Bad Gateway", "unexpected status: 500", "npm error 502", "HTTP/1.1 500", "internal server error", "Hash Sum mismatch", "no basic auth credentials", "code 429", "429 Too Many",
		"ENOSPC", "No space left on device", "disk quota exceeded", "not enough space on the disk", "OutOfMemoryError", "Cannot allocate memory", "OOMKilled", "Killed", "signal: killed", "received signal TERM", "signal: terminated",
		"i/o timeout", "timed out", "ETIMEDOUT", "context deadline exceeded", "no such host", "Couldn't resolve host", "EAI_AGAIN", "connection reset by peer", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "unexpected EOF", "SSL: x", "x509: certificate", "broken pipe", "EPIPE", "Unknown host", "failed to fetch",
		"permission denied", "EACCES", "EPERM", "Access is denied", "ENOENT", "x: not found", "command not found", "cannot stat 'x'", "can't open 'x'", "does not exist", "cannot find the path",
	}
	for _, conditions := range [][]condition{exhausted, unreachable, absent} {
		for _, c := range conditions {
			matched := 0
			for _, text := range texts {
				if !c.pattern.MatchString(text) {
					continue
				}
				matched++
				if !hasAny(strings.ToLower(text), c.marks) {
					t.Errorf("%s: %q matches and holds no mark", c.class, text)
				}
			}
			if matched < 2 {
				t.Errorf("%s: only %d texts match", c.class, matched)
			}
		}
	}
}
