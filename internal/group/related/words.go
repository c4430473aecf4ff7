package related

import "strings"

// meaning gives what a word stands for, as words between spaces: nothing for a
// word that every log is full of, the long form of an abbreviation, the words of
// strerror(3) for the name of an error number. It knows only what holds in any
// program.
func meaning(word string) (words string, known bool) {
	switch word {
	case "a", "an", "the", "this", "that", "these", "it", "its", "we", "you", "our", "your", "i",
		"of", "to", "in", "on", "at", "by", "for", "from", "with", "without", "as", "into", "via", "per", "and", "or", "but", "if", "so",
		"is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "do", "does", "did", "will", "would", "can", "could", "should", "may",
		"not", "cannot", "unable", "couldn", "didn", "doesn", "isn", "wasn", "won", "after", "before", "while", "during", "when", "because", "due", "out",
		"error", "errors", "err", "fail", "fails", "failed", "failing", "failure", "failures", "exception", "exceptions", "fatal", "warning", "warn", "info", "debug",
		"caused", "caught", "uncaught", "unhandled", "occurred", "encountered", "raised", "thrown", "throwing", "trying", "tried", "attempting", "attempt",
		"panic", "runtime", "goroutine", "message", "code", "status", "reason", "got", "com", "org", "io", "main", "java", "lang", "util", "module", "anonymous", "object":
		return "", true
	case "econnrefused":
		return "connection refused", true
	case "econnreset":
		return "connection reset", true
	case "econnaborted":
		return "connection aborted", true
	case "etimedout", "timedout", "timed", "timeout", "timeouts", "deadline":
		return "timeout", true
	case "enoent":
		return "no such file", true
	case "enotfound":
		return "host found", true
	case "ehostunreach", "enetunreach":
		return "host unreachable", true
	case "eacces", "eperm":
		return "permission denied", true
	case "epipe":
		return "broken pipe", true
	case "eaddrinuse":
		return "address already use", true
	case "enospc":
		return "no space left device", true
	case "emfile", "enfile":
		return "too many open files", true
	case "enomem", "oom":
		return "memory", true
	case "eexist":
		return "file exists", true
	case "nil", "null", "none", "nullptr":
		return "null", true
	}
	long, known := abbreviation(word)
	return long, known
}

// abbreviation gives the long form.
func abbreviation(word string) (string, bool) {
	switch word {
	case "db", "dbs":
		return "database", true
	case "conn", "conns":
		return "connection", true
	case "auth", "authn", "authentication", "authenticate", "authenticated", "authenticating":
		return "auth", true
	case "cfg", "conf", "config", "configs", "configuration":
		return "config", true
	case "req", "reqs":
		return "request", true
	case "resp", "res":
		return "response", true
	case "msg", "msgs":
		return "", true
	case "svc":
		return "service", true
	case "addr":
		return "address", true
	case "dir", "directory", "directories", "folder":
		return "dir", true
	case "param", "params", "parameters":
		return "parameter", true
	case "arg", "args", "arguments":
		return "argument", true
	case "tx", "txn":
		return "transaction", true
	case "cert", "certs", "certificates":
		return "certificate", true
	case "mem":
		return "memory", true
	case "perm", "perms":
		return "permission", true
	case "init", "initialise", "initialize", "initialised", "initialized", "initialising", "initializing", "initialisation", "initialization":
		return "init", true
	case "repo", "repos":
		return "repository", true
	case "env":
		return "environment", true
	case "stmt":
		return "statement", true
	case "pkg":
		return "package", true
	case "exec":
		return "execute", true
	case "iface":
		return "interface", true
	}
	return "", false
}

// endings that English puts on a stem, longest first.
func endings() []string {
	return []string{"ation", "ating", "ated", "ment", "ate", "ion", "ing", "ure", "ied", "ed", "er", "or", "al", "e"}
}

// leastStem is how many bytes must remain of a word.
const leastStem = 4

// stem cuts the ending off a lower-case English word, so that "connect",
// "connected" and "connection" are one. It need not give a word, and what it does
// to other languages only has to be the same every time.
func stem(word string) string {
	word = singular(word)
	for _, ending := range endings() {
		if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) >= leastStem {
			word = rest
			if ending == "ied" {
				word += "y"
			}
			break
		}
	}
	if n := len(word); n > leastStem && word[n-1] == word[n-2] && !strings.ContainsAny(word[n-1:], "0123456789") {
		word = word[:n-1]
	}
	return word
}

func singular(word string) string {
	n := len(word)
	if n <= leastStem || word[n-1] != 's' || strings.ContainsAny(word[n-2:n-1], "sui") {
		return word
	}
	if rest, ok := strings.CutSuffix(word, "ies"); ok {
		return rest + "y"
	}
	for _, ending := range []string{"sses", "shes", "ches", "xes"} {
		if strings.HasSuffix(word, ending) {
			return word[:n-2]
		}
	}
	return word[:n-1]
}
