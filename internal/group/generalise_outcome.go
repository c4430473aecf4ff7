package group

import (
	"strings"

	"selfheal/internal/group/template"
)

// saysWhat tells whether the word at i is announced as what failed, or how:
// after "code", "status", "errno" and the like.
func (t *text) saysWhat(i int) bool {
	quoted := false
	for i--; i >= 0 && len(t.words[i]) == 1 && !isLetter(t.words[i][0]); i-- {
		quoted = quoted || strings.Contains("\"'`", t.words[i])
	}
	if i < 0 {
		return false
	}
	before := strings.ToLower(strings.TrimRight(t.words[i], ":"))
	if template.IsProgramNoun(before) && (quoted || !isHolder(before)) {
		return true
	}
	switch before {
	case "code", "status", "errno", "signal", "sqlstate", "reason", "cause", "error", "err", "state", "http":
		return true
	}
	return false
}

// namesFailure tells of a word that names a kind of failure. A number that is not
// masked is a code.
func namesFailure(w string) bool {
	for i := range len(w) {
		if isDigit(w[i]) {
			return true
		}
	}
	w = trimEnd(w)
	return isConstant(w) || isErrorType(w) || isStatusCode(w)
}

// isConstant tells of the names of error numbers, signals, and other constants of
// programs: ECONNREFUSED, SIGKILL, PERMISSION_DENIED.
func isConstant(w string) bool {
	joined := false
	for i := range len(w) {
		c := w[i]
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
		joined = joined || c == '_' && i > 0
	}
	return len(w) >= 3 && (joined || w[0] == 'E' || strings.HasPrefix(w, "SIG"))
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
// the second is another event. A name of several parts ("orders.cancelled") is none.
func isOutcome(w string) bool {
	if strings.IndexByte(w, '.') >= 0 {
		return false
	}
	w = strings.ToLower(w)
	for _, prefix := range [...]string{"un", "in", "dis", "not_", "non-"} {
		if rest, ok := strings.CutPrefix(w, prefix); ok && len(rest) > 3 && isOutcomeWord(rest) {
			return true
		}
	}
	return isOutcomeWord(w)
}

func isOutcomeWord(w string) bool {
	for _, ending := range [...]string{"ed", "able", "ible"} {
		if len(w) > len(ending)+2 && strings.HasSuffix(w, ending) {
			return true
		}
	}
	if stem, ok := strings.CutSuffix(w, "ing"); ok && len(stem) > 2 {
		last := len(stem) - 1
		return isEventWord(stem) || isEventWord(stem+"e") || stem[last] == stem[last-1] && isEventWord(stem[:last])
	}
	return isEventWord(w) || len(w) > 4 && isEventWord(strings.TrimSuffix(w, "s"))
}

// isEventWord lists what no ending gives away: verbs, and what they lead to.
func isEventWord(w string) bool {
	switch w {
	case "open", "close", "start", "stop", "begin", "end", "enter", "exit", "up", "down", "on", "off", "in", "out", "yes", "no", "not", "ok",
		"read", "write", "send", "receive", "sent", "recv", "get", "set", "put", "post", "patch", "head", "options", "load", "store", "save", "fetch",
		"create", "select", "drop", "truncate", "merge", "execute", "call", "delete", "remove", "add", "insert",
		"update", "lock", "unlock", "acquire", "release", "connect", "disconnect", "accept", "reject", "bind", "listen", "allow", "deny", "enable", "disable",
		"active", "busy", "idle", "ready", "lost", "found", "gone", "dead", "alive", "valid", "full", "empty", "stale", "corrupt", "stuck", "slow", "fast",
		"success", "successful", "successfully", "fail", "failure", "error", "fatal", "warning", "info", "debug", "timeout", "refuse", "reset", "abort", "cancel",
		"retry", "commit", "rollback", "login", "logout", "attach", "detach", "mount", "pass", "skip", "done", "broken", "overflow", "underflow", "join", "leave", "left",
		"before", "after", "above", "below", "over", "under", "first", "last", "new", "old", "higher", "lower", "high", "low", "too", "more", "less", "minimum", "maximum",
		"healthy", "online", "offline", "primary", "secondary", "client", "server", "request", "response", "ingress", "egress", "source", "destination", "input", "output",
		"begun", "began", "hit", "miss", "critical", "normal":
		return true
	}
	return false
}
