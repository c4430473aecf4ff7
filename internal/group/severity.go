package group

import (
	"bytes"

	"selfheal"
	"selfheal/internal/group/decode"
)

// inferSeverity judges a message that states no level. The rules are few and
// precise; everything else stays unspecified.
//
//	FATAL  is what Node prints of an uncaught error, or begins with "panic:", "fatal error:", "Fatal error:", `Exception in thread "main"`, "Unhandled exception."
//	ERROR  begins with "Traceback", "Failed to", "Unable to", "Cannot", "Could not", "Uncaught", "Unhandled",
//	       or an exception's type and a colon; contains a word "error:", "failed:", "failure:", "exception:";
//	       is an access log line with status 5xx, or a record with such a status
//	WARN   begins with "Warning" or "Deprecat", also behind "PHP "
//	any    has a level word in capitals behind a prefix: "main.go:28: ERROR ...", "app | WARN ..."
func inferSeverity(m []byte) selfheal.Severity {
	if len(m) == 0 {
		return selfheal.SeverityUnspecified
	}
	switch m[0] {
	case 'p', 'f', 'F', 'E', 'U', 'T', 'C', 'W', 'D', 't', 'u', 'c', 'P':
		if s := severityOfStart(m); s != selfheal.SeverityUnspecified {
			return s
		}
	}
	if s := severityBehindPrefix(m); s != selfheal.SeverityUnspecified {
		return s
	}
	if isServerErrorAccess(m) || errorBeforeColon(m) {
		return selfheal.SeverityError
	}
	return selfheal.SeverityUnspecified
}

// maxPrefix is how far into a message a level word may stand behind a prefix.
const maxPrefix = 80

// severityBehindPrefix finds a level word in capitals behind "prefix: ", "prefix | " or "[".
func severityBehindPrefix(m []byte) selfheal.Severity {
	start := m[:min(len(m), maxPrefix)]
	for i := 1; i+5 < len(start); i++ {
		before := start[i-1]
		if before != '[' && (before != ' ' || i < 2 || start[i-2] != ':' && start[i-2] != '|' && start[i-2] != ']') {
			continue
		}
		end := i
		for end < len(start) && start[end] >= 'A' && start[end] <= 'Z' {
			end++
		}
		if end-i < 4 || end == len(start) || start[end] != ' ' && start[end] != ':' && start[end] != ']' {
			continue
		}
		if s := decode.Level(start[i:end]); s != selfheal.SeverityUnspecified {
			return s
		}
	}
	return selfheal.SeverityUnspecified
}

// severityOfStart judges the first words of a message.
func severityOfStart(m []byte) selfheal.Severity {
	for _, rule := range []struct {
		prefix   string
		severity selfheal.Severity
	}{
		{"panic: ", selfheal.SeverityFatal}, {"fatal error: ", selfheal.SeverityFatal}, {"Fatal error", selfheal.SeverityFatal},
		{"PHP Fatal error", selfheal.SeverityFatal}, {"fatal: ", selfheal.SeverityFatal}, {`Exception in thread "main"`, selfheal.SeverityFatal},
		{"Unhandled exception.", selfheal.SeverityFatal}, {"thread 'main' panicked", selfheal.SeverityFatal}, {"thread 'main' (", selfheal.SeverityFatal},
		{"thread '", selfheal.SeverityError},
		{"Exception in thread", selfheal.SeverityError}, {"Traceback (", selfheal.SeverityError}, {"Failed to ", selfheal.SeverityError}, {"failed to ", selfheal.SeverityError},
		{"Unable to ", selfheal.SeverityError}, {"unable to ", selfheal.SeverityError}, {"Cannot ", selfheal.SeverityError}, {"cannot ", selfheal.SeverityError},
		{"Could not ", selfheal.SeverityError}, {"could not ", selfheal.SeverityError}, {"Uncaught ", selfheal.SeverityError}, {"Unhandled", selfheal.SeverityError},
		{"PHP Warning: ", selfheal.SeverityWarn}, {"PHP Deprecated: ", selfheal.SeverityWarn}, {"PHP Notice: ", selfheal.SeverityInfo}, {"PHP Parse error: ", selfheal.SeverityError},
		{"Error: ", selfheal.SeverityError}, {"Warning", selfheal.SeverityWarn}, {"Deprecat", selfheal.SeverityWarn}, {"DeprecationWarning", selfheal.SeverityWarn},
	} {
		if bytes.HasPrefix(m, []byte(rule.prefix)) {
			return rule.severity
		}
	}
	return selfheal.SeverityUnspecified
}

// maxErrorColon is how far into a message a colon is looked for.
const maxErrorColon = 256

// errorBeforeColon tells of a word like "error", "failed" or "IOException" directly before a colon.
func errorBeforeColon(m []byte) bool {
	m = m[:min(len(m), maxErrorColon)]
	for i := 0; ; {
		at := bytes.IndexByte(m[i:], ':')
		if at < 0 {
			return false
		}
		i += at
		start := i
		for start > 0 && (m[start-1]|0x20 >= 'a' && m[start-1]|0x20 <= 'z') {
			start--
		}
		if isErrorWord(m[start:i]) && (i+1 == len(m) || m[i+1] == ' ') {
			return true
		}
		i++
	}
}

func isErrorWord(w []byte) bool {
	switch string(w) {
	case "error", "Error", "ERROR", "failed", "failure", "exception", "Exception", "Failure", "FAILED":
		return true
	}
	return len(w) > 6 && (bytes.HasSuffix(w, []byte("Error")) || bytes.HasSuffix(w, []byte("Exception")))
}

// isServerErrorAccess tells of an access log line with a status of 500 or more.
func isServerErrorAccess(m []byte) bool {
	at := bytes.Index(m[:min(len(m), 2048)], []byte(`" 5`))
	if at < 10 || at+6 > len(m) {
		return false
	}
	code := m[at+2 : at+5]
	version := m[max(0, at-9):at]
	return code[1] >= '0' && code[1] <= '9' && code[2] >= '0' && code[2] <= '9' && (at+5 == len(m) || m[at+5] == ' ') && bytes.Contains(version, []byte("HTTP/"))
}

// severityOf gives the severity of an assembled event. uncaught says that it is
// the last thing its process wrote.
func severityOf(l *decode.Line, exceptions []selfheal.Exception, uncaught bool) selfheal.Severity {
	s := l.Severity
	if uncaught {
		return selfheal.SeverityFatal
	}
	if s == selfheal.SeverityUnspecified {
		s = inferSeverity(l.Message)
		if s == selfheal.SeverityUnspecified && (len(exceptions) > 0 || l.Status >= 500) {
			s = selfheal.SeverityError
		}
	}
	if s < selfheal.SeverityError && len(exceptions) > 0 && exceptions[0].Type == "panic" {
		return selfheal.SeverityError
	}
	return s
}
