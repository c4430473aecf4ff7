package group

import "strings"

// isHolder tells of words that the name of somebody or something follows.
func isHolder(w string) bool {
	switch w {
	case "user", "users", "account", "login", "username", "tenant", "customer", "owner", "group", "client", "host", "node", "member", "organization", "team", "project",
		"service", "application", "app", "component", "module", "plugin", "worker", "job", "task", "handler", "container", "pod", "deployment", "namespace", "cluster",
		"queue", "topic", "channel", "stream", "exchange", "table", "collection", "database", "schema", "index", "bucket", "volume", "device", "interface", "disk",
		"file", "directory", "folder", "key", "flag", "feature", "region", "zone", "locale", "language", "country", "currency", "product", "provider", "repository", "branch":
		return true
	}
	return false
}

// mayBeName tells a name from the second half of a compound ("user session") and
// from what has happened ("user locked").
func mayBeName(w string) bool {
	w = trimEnd(w)
	if strings.ContainsAny(w, "._-/") {
		return true
	}
	for _, ending := range []string{"ed", "ion", "ions", "ment", "ance", "ence"} {
		if len(w) > len(ending)+2 && strings.HasSuffix(w, ending) {
			return false
		}
	}
	switch w {
	case "agent", "and", "are", "as", "at", "by", "cache", "capacity", "check", "config", "controller", "count", "data", "depth", "does", "field", "for", "from", "group", "handle", "handler", "has",
		"health", "id", "ids", "in", "index", "input", "is", "key", "keys", "length", "limit", "list", "lock", "lookup", "manager", "map", "metadata", "mode", "name", "names", "of", "offset", "or",
		"path", "policy", "pool", "process", "profile", "proxy", "quota", "rate", "record", "records", "replica", "role", "roles", "schema", "scope", "service", "session", "sessions",
		"settings", "size", "space", "state", "status", "system", "table", "that", "the", "thread", "to", "token", "tokens", "type", "usage", "user", "value", "version", "was", "with", "worker":
		return false
	}
	return true
}

// isNamed tells of a word that can only be a name: "invalid user test" is not about a test.
func (t *text) isNamed(i int) bool {
	if i < 2 || !isHolder(strings.ToLower(t.words[i-1])) {
		return false
	}
	switch strings.ToLower(t.words[i-2]) {
	case "invalid", "illegal", "unknown", "nonexistent":
	default:
		return false
	}
	switch t.words[i] {
	case "agent", "input", "id", "name", "error", "data", "type", "value", "key", "token":
		return false
	}
	return true
}
