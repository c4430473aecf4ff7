package triage

import (
	"path"
	"strings"
)

// glob tells whether a slash-separated path matches a pattern. "**" stands for
// any number of whole segments, none included; the rest is as in path.Match,
// within one segment. A malformed pattern matches nothing.
func glob(pattern, name string) bool {
	for {
		segment, rest, more := strings.Cut(pattern, "/")
		if segment == "**" {
			return !more || globAnywhere(rest, name)
		}
		head, tail, deeper := strings.Cut(name, "/")
		if !matchSegment(segment, head) {
			return false
		}
		if !more || !deeper {
			return more == deeper
		}
		pattern, name = rest, tail
	}
}

// globAnywhere matches the pattern against the name and each of its suffixes of whole segments.
func globAnywhere(pattern, name string) bool {
	first, _, deeper := strings.Cut(pattern, "/")
	if !deeper { // the usual case: only the last segment can match
		return pattern == "**" || matchSegment(pattern, name[strings.LastIndexByte(name, '/')+1:])
	}
	if !strings.ContainsAny(first, meta) && !strings.Contains(name, first) {
		return false // most rows of a table end here
	}
	for {
		if glob(pattern, name) {
			return true
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return false
		}
		name = rest
	}
}

// meta are the characters that path.Match gives a meaning.
const meta = `*?[\`

// matchSegment is path.Match with short cuts for the usual shapes: the whole
// table of classes is tried on every file of a repository.
func matchSegment(pattern, segment string) bool {
	switch i := strings.IndexAny(pattern, meta); {
	case i < 0:
		return pattern == segment
	case pattern[i] == '*' && i == len(pattern)-1:
		return strings.HasPrefix(segment, pattern[:i])
	case pattern[i] == '*' && i == 0 && !strings.ContainsAny(pattern[1:], meta):
		return strings.HasSuffix(segment, pattern[1:])
	}
	ok, err := path.Match(pattern, segment)
	return err == nil && ok
}
