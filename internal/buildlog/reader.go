package buildlog

import (
	"bytes"
	"slices"
	"strings"

	"selfheal"
)

// Names of builders.
const (
	builderDocker   = "docker" // the classic builder
	builderBuildKit = "buildkit"
	builderBuildah  = "buildah" // and podman
	builderMake     = "make"
)

// Reader reads the output of a build as it is printed. The zero value is not
// usable; see [New]. It is used by one goroutine.
type Reader struct {
	splitter splitter
	json     map[string]*splitter // of the vertexes of rawjson, whose output comes in pieces

	builder string
	steps   map[string]*step // of BuildKit, by number or digest
	order   []*step
	current *step // of the builders that take one step after the other
	whole   *step // what belongs to no step
	repeat  *step // the step whose output is being repeated at the end

	place   place // where the failing instruction stands, as the builder says it
	pending place // may be that
	excerpt bool  // lines of the Dockerfile are being quoted
	verdict line  // the last thing that the builder says
	blamed  *step // named by the builder as the one that failed
}

// place is an instruction of a Dockerfile.
type place struct {
	file, text string
	line       int
}

// New makes a Reader.
func New() *Reader {
	return &Reader{steps: map[string]*step{}, json: map[string]*splitter{}, whole: &step{}}
}

// Write takes output as it comes, in pieces of any size. It never fails.
func (r *Reader) Write(p []byte) (int, error) {
	r.splitter.write(p, r.read)
	return len(p), nil
}

// Line takes one line without its line ending.
func (r *Reader) Line(p []byte) {
	r.splitter.hold(p)
	r.splitter.flush(r.read)
}

// Lines is how many lines were read.
func (r *Reader) Lines() int64 { return r.splitter.number }

// read takes one line as it was written.
func (r *Reader) read(raw []byte, number int64) {
	if r.rawJSON(raw, number) {
		return
	}
	l := line{withoutClock(clean(raw)), number}
	for _, dialect := range []func(line) bool{r.buildKit, r.trailer, r.classic, r.buildah} {
		if dialect(l) {
			return
		}
	}
	switch {
	case r.repeat != nil:
		r.repeat.add(line{withoutSeconds(l.text), number})
	case r.current != nil:
		r.current.add(l)
	default:
		r.whole.add(l)
	}
}

// withoutClock drops the time that CI systems write before every line.
func withoutClock(text string) string {
	if len(text) < 21 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' {
		return text
	}
	if stamp, rest, ok := strings.Cut(text, " "); ok && len(stamp) <= 36 && strings.HasSuffix(stamp, "Z") {
		return rest
	}
	return text
}

// step gives the step with a key, and makes it where there is none. Beyond the
// cap, the output of further steps counts to none.
func (r *Reader) step(key string) *step {
	if s := r.steps[key]; s != nil {
		return s
	}
	if len(r.steps) >= maxSteps {
		r.forget()
	}
	if len(r.steps) >= maxSteps {
		return r.whole
	}
	s := &step{}
	r.steps[key] = s
	r.order = append(r.order, s)
	return s
}

// forget drops the steps that are done.
func (r *Reader) forget() {
	for key, s := range r.steps {
		if s.done && s != r.blamed {
			delete(r.steps, key)
			delete(r.json, key)
		}
	}
	kept := r.order[:0]
	for _, s := range r.order {
		if !s.done || s == r.blamed {
			kept = append(kept, s)
		}
	}
	r.order = kept
}

// begin starts a step of a builder that takes one after the other.
func (r *Reader) begin(builder, name, command string) {
	r.builder = builder
	r.current = &step{name: name, command: command}
}

// fail notes what the builder says of the step that failed.
func (r *Reader) fail(s *step, l line) {
	s.failure, s.at, s.done = l.text, l.number, false
	if code := exitCodeIn(l.text); code != 0 {
		s.exitCode = code
	}
	if r.blamed == nil || canceled(r.blamed.failure) {
		r.blamed = s
	}
}

func canceled(failure string) bool {
	return strings.Contains(failure, "context canceled") || strings.HasPrefix(failure, "CANCELED")
}

// Failure ends reading and says what is known of the failure. exitCode is that
// of the builder; 0 when it is not known.
func (r *Reader) Failure(exitCode int) selfheal.BuildFailure {
	r.splitter.end(r.read)
	for key, s := range r.json {
		s.end(func(raw []byte, _ int64) { r.step(key).add(line{clean(raw), r.splitter.number}) })
	}
	s := r.failed()
	f := selfheal.BuildFailure{Builder: r.builder, Step: s.name, Command: s.command, ExitCode: s.exitCode}
	if f.ExitCode == 0 {
		f.ExitCode = exitCode
	}
	f.Dockerfile, f.Line = r.place.file, r.place.line
	if f.Command == "" {
		f.Command = r.place.text
	}
	all := r.errors(s)
	f.Errors, f.Class = conclude(all, f.ExitCode)
	r.target(&f, all)
	for _, l := range r.tail(s) {
		f.Tail = append(f.Tail, l.text)
	}
	if len(f.Errors) == 0 {
		f.Errors = []selfheal.BuildError{lastResort(r.tail(s), f)}
		f.Class = f.Errors[0].Class
	}
	if f.Line == 0 {
		f.Line = lineOfParseError(f.Errors)
	}
	return f
}

// failed gives the step that failed: the one of which the builder says so, else
// the one that was at work when the output ended, else the whole output.
func (r *Reader) failed() *step {
	if r.blamed != nil {
		return r.blamed
	}
	if r.current != nil && !r.current.done {
		return r.current
	}
	for _, s := range slices.Backward(r.order) {
		if !s.done && len(s.pending)+len(s.tail) > 0 {
			return s
		}
	}
	return r.whole
}

// errors collects what the step printed, and what the builder says of it.
func (r *Reader) errors(s *step) []found {
	s.parse(0)
	all := append([]found(nil), s.found...)
	for _, said := range []line{{s.failure, s.at}, r.verdict} {
		if said.text == "" || said.number != s.at && s.failure != "" && strings.Contains(said.text, s.failure) {
			continue // nothing, or the same again
		}
		if f, ok := builderError(said.text); ok {
			f.At = said.number
			if !contains(all, f) {
				all = append(all, f)
			}
		}
	}
	if s != r.whole && len(strongest(all)) == 0 {
		r.whole.parse(0)
		all = append(all, r.whole.found...)
	}
	return all
}

// tail gives the last lines of the step; where it printed none, those of the whole output.
func (r *Reader) tail(s *step) []line {
	lines := trimmed(s.lines())
	if s.failure != "" {
		lines = append(lines, line{s.failure, s.at})
	}
	if len(lines) == 0 || s == r.whole && r.verdict.text != "" {
		lines = trimmed(r.whole.lines())
		if r.verdict.text != "" {
			lines = append(lines, r.verdict)
		}
	}
	return lines[max(0, len(lines)-maxTail):]
}

// trimmed leaves out the empty lines at both ends.
func trimmed(lines []line) []line {
	empty := func(l line) bool { return strings.TrimSpace(l.text) == "" }
	for len(lines) > 0 && empty(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && empty(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// Parse reads a complete output.
func Parse(output []byte, exitCode int) selfheal.BuildFailure {
	r := New()
	for part := range bytes.SplitAfterSeq(output, []byte{'\n'}) {
		_, _ = r.Write(part) // never fails
	}
	return r.Failure(exitCode)
}
