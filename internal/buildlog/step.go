package buildlog

import (
	"slices"
	"strings"
)

// Bounds of what is kept of one step, and of how many.
const (
	maxPending = 512      // lines that wait to be parsed
	lookahead  = 40       // lines of which one error may consist
	maxTail    = 60       // last lines
	maxFound   = 60       // errors
	maxSteps   = 128      // steps that are not done
	maxBytes   = 96 << 10 // of the lines that wait
)

// step is one step of a build, or all of the output that belongs to none.
type step struct {
	name     string
	command  string // the instruction, without the number
	exitCode int
	failure  string // what the builder said of it
	at       int64  // line of the output where it did
	done     bool

	pending []line
	bytes   int
	tail    []line
	found   []found
}

// add takes a line that the step printed. Lines are parsed when too many of them
// wait, so that an error is found however much is printed after it.
func (s *step) add(l line) {
	if s.done {
		return
	}
	if len(l.text) > maxParsed {
		l.text = strings.ToValidUTF8(l.text[:maxParsed], "")
	}
	s.pending = append(s.pending, l)
	s.bytes += len(l.text)
	if len(s.pending) >= maxPending || s.bytes > maxBytes {
		s.parse(lookahead)
	}
}

// finish drops what a step printed that did not fail.
func (s *step) finish() {
	s.done, s.pending, s.tail, s.found, s.bytes = true, nil, nil, nil, 0
}

// parse reads errors out of the lines that wait, but for the last keep ones: an
// error that begins there may not be complete.
func (s *step) parse(keep int) {
	n := max(0, len(s.pending)-keep)
	if n == 0 && s.bytes > maxBytes {
		n = len(s.pending)
	}
	for i := 0; i < n; {
		f, length := parseError(s.pending[i:])
		if length > 0 {
			s.note(f)
		}
		i += max(1, length)
		n = max(n, min(i, len(s.pending)))
	}
	s.tail = append(s.tail, s.pending[:n]...)
	s.tail = slices.Clone(s.tail[max(0, len(s.tail)-maxTail):])
	s.pending = slices.Clone(s.pending[n:])
	s.bytes = 0
	for _, l := range s.pending {
		s.bytes += len(l.text)
	}
}

// note keeps an error, once. Errors that name nothing make room for those that do.
func (s *step) note(f found) {
	for _, known := range s.found {
		if known.same(f) {
			return
		}
	}
	if len(s.found) < maxFound {
		s.found = append(s.found, f)
		return
	}
	if f.weak {
		return
	}
	if at := slices.IndexFunc(s.found, func(known found) bool { return known.weak }); at >= 0 {
		s.found = append(slices.Delete(s.found, at, at+1), f)
	}
}

// lines gives the last lines of the step.
func (s *step) lines() []line {
	all := slices.Concat(s.tail, s.pending)
	return all[max(0, len(all)-maxTail):]
}
