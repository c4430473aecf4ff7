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
		if ok, err := path.Match(segment, head); err != nil || !ok {
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
	if !strings.Contains(pattern, "/") { // the usual case: only the last segment can match
		ok, err := path.Match(pattern, path.Base(name))
		return err == nil && ok || pattern == "**"
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
