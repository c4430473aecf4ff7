package group

import "strings"

// saysWhat tells whether the word at i is announced as what failed, or how:
// after "code", "status", "errno" and the like.
func (t *text) saysWhat(i int) bool {
	for i--; i >= 0 && len(t.words[i]) == 1 && !isLetter(t.words[i][0]); i-- {
	}
	if i < 0 {
		return false
	}
	switch strings.ToLower(strings.TrimRight(t.words[i], ":")) {
	case "code", "status", "errno", "signal", "sqlstate", "reason", "cause", "error", "err", "state", "http":
		return true
	}
	return false
}

// tellsFailure tells of a word that names a kind of failure or an outcome, so that
// it is never taken for a value, whatever the evidence.
func tellsFailure(w string) bool {
	w = strings.TrimRight(w, ".:!?")
	return isConstant(w) || isErrorType(w) || isStatusCode(w) || isOutcome(w)
}

// isConstant tells of the names of error numbers, signals, and other constants of
// programs: ECONNREFUSED, SIGKILL, PERMISSION_DENIED.
func isConstant(w string) bool {
	joined := false
	for i := range len(w) {
		c := w[i]
		if (c < 'A' || c > 'Z') && !isDigit(c) && c != '_' {
			return false
		}
		joined = joined || c == '_' && i > 0
	}
	return len(w) >= 4 && (joined || w[0] == 'E' || strings.HasPrefix(w, "SIG"))
}

// isErrorType tells of the names of exceptions.
func isErrorType(w string) bool {
	for _, ending := range [...]string{"Exception", "Error", "Failure", "Timeout", "Fault", "Err", "Warning"} {
		if strings.HasSuffix(w, ending) {
			return true
		}
	}
	return false
}

// isStatusCode tells of the canonical codes of gRPC, in any spelling.
func isStatusCode(w string) bool {
	if len(w) > 20 {
		return false
	}
	switch strings.ToLower(strings.ReplaceAll(w, "_", "")) {
	case "canceled", "cancelled", "unknown", "invalidargument", "deadlineexceeded", "notfound", "alreadyexists", "permissiondenied", "resourceexhausted",
		"failedprecondition", "aborted", "outofrange", "unimplemented", "internal", "unavailable", "dataloss", "unauthenticated":
		return true
	}
	return false
}

// isOutcome tells of the words for what was done, and how it ended: by their ending
// most of them, the others by name. They come in pairs ("opened", "closed") of which
// the second is another event.
func isOutcome(w string) bool {
	w = strings.ToLower(w)
	for _, prefix := range [...]string{"un", "in", "dis", "not_", "non-"} {
		if rest, ok := strings.CutPrefix(w, prefix); ok && len(rest) > 3 && isOutcomeWord(rest) {
			return true
		}
	}
	return isOutcomeWord(w)
}

func isOutcomeWord(w string) bool {
	if len(w) > 4 && (strings.HasSuffix(w, "ed") || strings.HasSuffix(w, "ing")) {
		return true
	}
	switch w {
	case "open", "close", "start", "stop", "begin", "end", "enter", "exit", "up", "down", "on", "off", "in", "out", "yes", "no", "not", "ok",
		"read", "write", "send", "receive", "sent", "recv", "get", "set", "put", "load", "store", "save", "fetch", "create", "delete", "remove", "add", "insert",
		"update", "lock", "unlock", "acquire", "release", "connect", "disconnect", "accept", "reject", "bind", "listen", "allow", "deny", "enable", "disable",
		"active", "inactive", "busy", "idle", "ready", "lost", "found", "gone", "dead", "alive", "valid", "invalid", "full", "empty",
		"success", "successful", "successfully", "fail", "failure", "error", "fatal", "warning", "info", "debug", "timeout", "refuse", "reset", "abort", "cancel",
		"retry", "commit", "rollback", "login", "logout", "attach", "detach", "mount", "unmount", "pass", "skip", "done", "broken", "unreachable", "overflow",
		"underflow", "join", "leave", "left", "before", "after", "first", "last", "new", "old", "higher", "lower", "high", "low", "too", "more", "less",
		"minimum", "maximum", "healthy", "unhealthy", "online", "offline", "primary", "secondary", "client", "server", "request", "response", "ingress", "egress",
		"source", "destination", "input", "output", "begun", "began", "hit", "miss", "granted", "critical", "normal":
		return true
	}
	return false
}
