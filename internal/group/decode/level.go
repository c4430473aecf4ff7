package decode

import (
	"bytes"

	"selfheal"
)

// Level gives the severity that a level word means; unspecified for other words.
func Level(b []byte) selfheal.Severity {
	if len(b) == 0 || len(b) > 11 {
		return selfheal.SeverityUnspecified
	}
	var lower [11]byte
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(b)]) {
	case "trace", "trc", "trac", "verbose", "vrb":
		return selfheal.SeverityTrace
	case "debug", "dbg", "debu", "dbug":
		return selfheal.SeverityDebug
	case "info", "inf", "information", "notice":
		return selfheal.SeverityInfo
	case "warn", "warning", "wrn":
		return selfheal.SeverityWarn
	case "error", "err", "eror", "erro", "severe":
		return selfheal.SeverityError
	case "fatal", "fata", "ftl", "critical", "crit", "crt", "panic", "dpanic", "pnc", "emerg", "emergency", "alert":
		return selfheal.SeverityFatal
	}
	return selfheal.SeverityUnspecified
}

// assignLevel takes the value of a level field: a word, slog's word with an
// offset, or a number in the scale of the logger that writes such numbers.
func assignLevel(l *Line, value []byte, text bool) bool {
	if s := Level(value); s != selfheal.SeverityUnspecified {
		l.Severity = s
		return true
	}
	if at := bytes.IndexAny(value, "+-"); at > 0 && text {
		if n, ok := integer(value[at+1:]); ok {
			l.Severity = offset(Level(value[:at]), n, value[at] == '-')
			return l.Severity != selfheal.SeverityUnspecified
		}
	}
	if l.Severity = rareLevel(value); l.Severity != selfheal.SeverityUnspecified {
		return true
	}
	n, ok := integer(value)
	switch {
	case !ok && len(value) == 1:
		l.Severity = letterLevel(value[0])
	case !ok:
	case n >= 1000: // logback
		l.Severity = stepLevel(n/1000 + 10)
	case n >= 100:
		l.Severity = monologLevel(n)
	case n >= 10: // bunyan, pino
		l.Severity = stepLevel(n)
	default: // GELF
		l.Severity = priorityLevel(n)
	}
	return l.Severity != selfheal.SeverityUnspecified
}

// rareLevel knows level words that are too common in sentences to be looked for outside a level field.
func rareLevel(b []byte) selfheal.Severity {
	switch string(b) {
	case "finest", "FINEST", "finer", "FINER", "silly":
		return selfheal.SeverityTrace
	case "fine", "FINE", "config", "CONFIG", "Verbose":
		return selfheal.SeverityDebug
	case "http", "log", "LOG", "success", "SUCCESS", "default", "DEFAULT", "ok", "OK", "note":
		return selfheal.SeverityInfo
	case "fail", "FAIL", "failure":
		return selfheal.SeverityError
	}
	return selfheal.SeverityUnspecified
}

// offset moves a slog level by n of its units, four of which lie between two names.
func offset(s selfheal.Severity, n int, down bool) selfheal.Severity {
	steps := n / 4
	if down {
		steps = -((n + 3) / 4)
	}
	moved := int(s) + 4*steps
	return selfheal.Severity(max(int(selfheal.SeverityTrace), min(moved, int(selfheal.SeverityFatal))))
}

// stepLevel reads the scale of bunyan and pino: 10 trace, 20 debug, ... 60 fatal.
func stepLevel(n int) selfheal.Severity {
	switch {
	case n >= 60:
		return selfheal.SeverityFatal
	case n >= 50:
		return selfheal.SeverityError
	case n >= 40:
		return selfheal.SeverityWarn
	case n >= 30:
		return selfheal.SeverityInfo
	case n >= 20:
		return selfheal.SeverityDebug
	}
	return selfheal.SeverityTrace
}

// monologLevel reads Monolog's scale: 100 debug, 200 info, 250 notice, 300 warning, 400 error, 500 critical.
func monologLevel(n int) selfheal.Severity {
	switch {
	case n >= 500:
		return selfheal.SeverityFatal
	case n >= 400:
		return selfheal.SeverityError
	case n >= 300:
		return selfheal.SeverityWarn
	case n >= 200:
		return selfheal.SeverityInfo
	}
	return selfheal.SeverityDebug
}

// priorityLevel reads syslog's scale, RFC 5424 section 6.2.1.
func priorityLevel(n int) selfheal.Severity {
	switch {
	case n < 0:
		return selfheal.SeverityUnspecified
	case n <= 2:
		return selfheal.SeverityFatal
	case n == 3:
		return selfheal.SeverityError
	case n == 4:
		return selfheal.SeverityWarn
	case n <= 6:
		return selfheal.SeverityInfo
	}
	return selfheal.SeverityDebug
}

// letterLevel reads the one-letter levels of klog and Android.
func letterLevel(c byte) selfheal.Severity {
	switch c {
	case 'V', 'T':
		return selfheal.SeverityTrace
	case 'D':
		return selfheal.SeverityDebug
	case 'I':
		return selfheal.SeverityInfo
	case 'W':
		return selfheal.SeverityWarn
	case 'E':
		return selfheal.SeverityError
	case 'F', 'A', 'C':
		return selfheal.SeverityFatal
	}
	return selfheal.SeverityUnspecified
}

// assignLevelNumber takes a field whose scale its name tells; a level word, when there is one too, stays.
func assignLevelNumber(l *Line, r role, value []byte) bool {
	if l.Severity != selfheal.SeverityUnspecified {
		return false
	}
	n, ok := integer(value)
	if !ok {
		name := bytes.TrimRight(bytes.TrimPrefix(value, []byte("SEVERITY_NUMBER_")), "234") // protobuf may name it
		return r == roleSeverityNumber && assignLevel(l, name, true)
	}
	switch r {
	case rolePythonLevel:
		l.Severity = stepLevel(n + 10) // the same steps, one lower
	case rolePriority:
		l.Severity = priorityLevel(n)
	default:
		if n >= 1 && n <= 24 {
			l.Severity = selfheal.Severity((n-1)/4*4 + 1)
		}
	}
	return l.Severity != selfheal.SeverityUnspecified
}

// integer reads a whole value of at most nine digits.
func integer(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
