package triage

import (
	"regexp"
	"slices"

	"selfheal"
)

// withoutIdle takes out what rests on edits alone that cannot have brought the
// error about: statements that only log, and limits of the error's kind that were
// raised.
func (b *bench) withoutIdle(findings []finding) []finding {
	idle := make([]bool, len(b.edits))
	some := false
	for i := range b.edits {
		idle[i] = b.logsOnly(i) || b.raised(i)
		some = some || idle[i]
	}
	if !some {
		return findings
	}
	return slices.DeleteFunc(findings, func(f finding) bool {
		if len(f.lines) == 0 {
			return false
		}
		return !slices.ContainsFunc(f.lines, func(p pointer) bool { return !idle[p.edit] })
	})
}

var (
	// statesLog matches a statement that is a call of a logger and nothing else.
	statesLog = regexp.MustCompile(`(?i)^\s*(?:await\s+)?(?:(?:this|self|s|c|h)\.|\$this->|@)?_?(?:log|logger|logging|slog|console|tracing|zap|klog|logrus)\b(?:\.\w+|::\w+!?|->\w+)+\(.*\)\s*;?\s*$`)
	// loggedBlock matches calls within the arguments, which may fail or do something.
	loggedBlock = regexp.MustCompile(`\(.*\w\(.*\(|\(.*=>|\+\+|--|\(.*\w\s?=\s?\w`)
)

// logsOnly tells whether an edit adds a statement that only logs, on whose line
// the error does not show.
func (b *bench) logsOnly(i int) bool {
	e := b.edits[i]
	if e.op != selfheal.LineAdded || !statesLog.MatchString(e.text) || loggedBlock.MatchString(e.text) {
		return false
	}
	if _, replaces := b.replaced(i); replaces {
		return false
	}
	if slices.ContainsFunc(b.frames, func(f located) bool { return f.path == e.near.path && f.line == e.near.line }) {
		return false
	}
	return !slices.ContainsFunc(b.sites, func(s site) bool {
		return s.path == e.near.path && s.literal.Start <= e.near.line && s.literal.End >= e.near.line
	})
}

// raised tells whether an edit is a side of one that raised a limit of the
// error's kind.
func (b *bench) raised(i int) bool {
	for _, kind := range limited {
		if !kind.message.MatchString(b.symptom.message) || !kind.line.MatchString(b.edits[i].text) || !bounds.MatchString(b.edits[i].text) {
			continue
		}
		before, after := i, i
		var ok bool
		if b.edits[i].op == selfheal.LineAdded {
			before, ok = b.replaced(i)
		} else {
			after, ok = b.replacementOf(i)
		}
		if ok && sameButNumbers(b.edits[before].text, b.edits[after].text) && lowered(b.edits[after].text, b.edits[before].text) {
			return true
		}
	}
	return false
}

// bounds matches names of what bounds others. A size that was raised may be what
// is too large for another bound.
var bounds = regexp.MustCompile(`(?i)time_?out|deadline|wait|time\.(?:Second|Minute|Millisecond)|max|limit|capacity|pool|queue|bound`)

// sameButNumbers tells whether two lines differ in numbers and units only.
func sameButNumbers(a, b string) bool {
	bare := func(line string) string { return squeeze(numeral.ReplaceAllString(line, "0")) }
	return bare(a) == bare(b)
}
