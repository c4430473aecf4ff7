package buildlog

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	vertexLine  = regexp.MustCompile(`^#(\d{1,6}) (.*)$`)
	vertexTime  = regexp.MustCompile(`^(?:DONE|CACHED)\b`)
	vertexNoise = regexp.MustCompile(`^(?:sha256:[0-9a-f]{64}\b|\.\.\.$|transferring |resolve |extracting |exporting |writing |naming |preparing |pushing )`)
	secondsLine = regexp.MustCompile(`^\d{1,7}\.\d{1,3} ?`)
	// stepName is how BuildKit numbers what stands in a Dockerfile: "[build 3/4] RUN make".
	stepName   = regexp.MustCompile(`^\[(?:[^\]]* )?\d+/\d+\] (.*)$`)
	anyName    = regexp.MustCompile(`^\[[^\]]+\] (.*)$`)
	repeatName = regexp.MustCompile(`^ > (\[[^\]]+\].*?):?\s*$`)
	exitCode   = regexp.MustCompile(`(?:exit code:?|exit status|exit value|non-zero code:|exited with(?: code)?) (\d{1,3})\b`)
)

// buildKit reads a line of BuildKit's plain output: "#8 36.30 ./main.go:6:2: declared and not used: x".
func (r *Reader) buildKit(l line) bool {
	if !strings.HasPrefix(l.text, "#") {
		return false
	}
	m := vertexLine.FindStringSubmatch(l.text)
	if m == nil {
		return false
	}
	text := m[2]
	known := r.steps[m[1]]
	if known == nil && r.current != nil { // a step of another builder prints what reads like it
		return false
	}
	if known == nil && !anyName.MatchString(text) && r.builder != builderBuildKit {
		return false
	}
	if r.builder == "" {
		r.builder = builderBuildKit
	}
	s := r.step(m[1])
	switch {
	case s.name == "" && !vertexTime.MatchString(text):
		s.call(text)
	case strings.HasPrefix(text, "ERROR: "):
		r.fail(s, line{strings.TrimPrefix(text, "ERROR: "), l.number})
	case strings.HasPrefix(text, "CANCELED"), vertexTime.MatchString(text):
		s.finish()
	case text == s.name || vertexNoise.MatchString(text):
	default:
		s.add(line{withoutSeconds(text), l.number})
	}
	return true
}

// call gives a step its name.
func (s *step) call(name string) {
	s.name = name
	if m := stepName.FindStringSubmatch(name); m != nil {
		s.command = m[1]
	}
}

// withoutSeconds drops the time since the step began: "36.30 text".
func withoutSeconds(text string) string {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return text
	}
	return text[len(secondsLine.FindString(text)):]
}

var (
	// solved is how docker, buildx and buildctl begin the last thing they say.
	solved = regexp.MustCompile(`^(?:ERROR: |error: |Error: )?(?:failed to build: )?(?:failed to solve(?: with frontend [\w./-]+)?: |failed to compute cache key: |executor failed running |process ")`)
	// onTerminal is what BuildKit shows on a terminal instead of steps and their output.
	onTerminal = regexp.MustCompile(`^(?:\[\+\] Building \d| => (?:ERROR |CACHED |CANCELED )?\[)`)
	separator  = regexp.MustCompile(`^-{4,}$`)
	sourceAt   = regexp.MustCompile(`^([^\s:]{1,300}):(\d{1,6})$`)
	quoted     = regexp.MustCompile(`^ *(\d{1,6}) \| (>>> |    )(.*)$`)
)

// trailer reads what follows the steps of BuildKit: the output of the failing one
// again, the instruction with the lines around it, and the error.
func (r *Reader) trailer(l line) bool {
	if r.current == nil && r.builder == "" && onTerminal.MatchString(l.text) {
		r.builder = builderBuildKit
		return true
	}
	if r.current != nil || r.builder != builderBuildKit && !mayEnd(l.text) {
		return false
	}
	switch {
	case r.excerpt:
		r.excerptLine(l)
	case separator.MatchString(l.text):
		r.excerpt, r.pending, r.repeat = r.pending.file != "", place{}, nil
	case repeatName.MatchString(l.text):
		r.repeated(repeatName.FindStringSubmatch(l.text)[1])
	case solved.MatchString(l.text):
		r.repeat = nil
		r.verdict = l
		if r.builder == "" {
			r.builder = builderBuildKit
		}
	case sourceAt.MatchString(l.text):
		m := sourceAt.FindStringSubmatch(l.text)
		r.pending = place{file: m[1], line: number(m[2])}
		if r.place.file == "" {
			r.place.file, r.place.line = r.pending.file, r.pending.line
		}
	default:
		r.pending = place{}
		return false
	}
	return true
}

// mayEnd tells of lines that a builder of this family ends with even where none of its steps was seen.
func mayEnd(text string) bool {
	return solved.MatchString(text) && strings.Contains(text, "failed to solve")
}

// repeated begins the block that shows the failing step's output once more. It
// counts where the output itself was not shown, as on a terminal.
func (r *Reader) repeated(name string) {
	r.repeat = &step{}
	for _, s := range r.order {
		if s.name != name {
			continue
		}
		r.blamed = s
		if len(s.pending)+len(s.tail) == 0 {
			s.done = false
			r.repeat = s
		}
		return
	}
	r.repeat.call(name)
	r.blamed = r.repeat
}

// excerptLine reads one line of the quoted Dockerfile; ">>>" marks those of the instruction.
func (r *Reader) excerptLine(l line) {
	if separator.MatchString(l.text) {
		r.excerpt = false
		return
	}
	m := quoted.FindStringSubmatch(l.text)
	if m == nil || strings.TrimSpace(m[2]) == "" || r.place.text != "" {
		return
	}
	r.place.line, r.place.text = number(m[1]), m[3]
}

// exitCodeIn reads the exit code that a builder reports; 0 when it reports none.
func exitCodeIn(text string) int {
	if all := exitCode.FindAllStringSubmatch(text, -1); len(all) > 0 {
		return number(all[len(all)-1][1])
	}
	return 0
}

// number reads a short run of digits.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
