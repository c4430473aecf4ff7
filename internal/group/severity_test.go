package group

import (
	"testing"

	"selfheal"
)

func TestInferSeverity(t *testing.T) {
	t.Parallel()
	f := func(want selfheal.Severity, messages ...string) {
		t.Helper()
		for _, m := range messages {
			if got := inferSeverity([]byte(m)); got != want {
				t.Errorf("%q: got %s, want %s", m, got, want)
			}
		}
	}

	f(selfheal.SeverityFatal, "panic: lost", "fatal error: deadlock", `Exception in thread "main" a.B: lost`, "Unhandled exception. System.X: lost", "thread 'main' panicked at a.rs:1:1:")
	f(selfheal.SeverityError, "Traceback (most recent call last):", "Failed to load", "cannot load", "Could not load", "Unable to load", "Uncaught TypeError: x",
		"TypeError: x", "java.io.IOException: gone", "shop: error: lost", "rpc error: code = Internal", "upload failed: gone", "main.go:28: shop: ERROR order lost", "[ERROR] lost",
		`10.0.0.1 - - [x] "GET / HTTP/1.1" 500 12`, `10.0.0.1 - - [x] "GET / HTTP/2.0" 503 12 "-" "curl"`)
	f(selfheal.SeverityWarn, "Warning: old", "PHP Warning:  old", "DeprecationWarning: old", "web | WARN slow")
	f(selfheal.SeverityUnspecified, "", "ready", "0 errors found", "error rate is low", "failed logins: 3", "no exception here", "server is up INFO", "the WARN level is off",
		`10.0.0.1 - - [x] "GET / HTTP/1.1" 404 12`, `took "GET" 500 ms`)
}
