package triage

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// limited are the kinds of errors that a limit causes which was set too low.
var limited = []struct {
	message, line *regexp.Regexp
	what          string
}{
	{
		regexp.MustCompile(`(?i)time[d]?[ -]?out|deadline|too slow`),
		regexp.MustCompile(`(?i)time_?out|deadline|wait|expir|time\.(?:Second|Minute|Millisecond)|Duration|_ms\b`), "time limit",
	},
	{
		regexp.MustCompile(`(?i)too (?:large|long|many|big)|(?:larger|longer|bigger|more) than|exceed|limit|exhausted|\bfull\b|\bbusy\b|no free\b`),
		regexp.MustCompile(`(?i)max|limit|size|capacity|pool|buffer|batch|queue|bound`), "limit",
	},
}

// limitRule finds limits of the error's kind that a commit lowered in a function
// which the failing code calls, or which it is itself.
func (b *bench) limitRule() []finding {
	var out []finding
	for _, kind := range limited {
		if !kind.message.MatchString(b.symptom.message) {
			continue
		}
		for i, e := range b.edits {
			if e.op != selfheal.LineAdded || e.moved || !kind.line.MatchString(e.text) {
				continue
			}
			d, ok := b.replaced(i)
			if !ok || !lowered(b.edits[d].text, e.text) {
				continue
			}
			out = append(out, b.limits(i, kind.what)...)
		}
	}
	return out
}

func (b *bench) limits(i int, what string) []finding {
	e := b.edits[i]
	s := b.sources[e.near.path]
	if s == nil {
		return nil
	}
	function := s.FunctionAt(e.near.line)
	var out []finding
	for _, a := range b.readers {
		if function == nil || function != a.function && !b.calls(a, function, e.near.path) {
			continue
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitCallHop, Weight: weightLowered * a.weight, Observed: shorten(a.observed),
			Text: fmt.Sprintf("this commit lowered a %s in %s, and the error of %s is of that kind", what, function.Name, a.function.Name),
		}
		if function != a.function {
			x.Text = fmt.Sprintf("this commit lowered a %s in %s, which %s calls, and its error is of that kind", what, function.Name, a.function.Name)
		}
		b.quoteEdit(&x, i)
		out = append(out, finding{family: familyArgument, commit: e.commit, exhibit: x, lines: []pointer{{i, 4}}})
	}
	return out
}

// calls tells whether an anchor mentions a function by a name that can only be
// the one in the file at path: by its package, or because no other has the name.
func (b *bench) calls(a anchor, function *index.Function, path string) bool {
	if !a.function.Mentions(function.Name) {
		return false
	}
	if len(b.index.Defining(function.Name)) == 1 || dirOf(path) == dirOf(a.path) {
		return true
	}
	source := b.sources[a.path]
	if source == nil {
		return false
	}
	call := packageOf(path) + "." + function.Name
	return slices.ContainsFunc(source.code(a.function), func(line string) bool { return strings.Contains(line, call) })
}

// units are the words for magnitudes, in seconds or bytes.
var units = []struct {
	word  *regexp.Regexp
	value float64
}{
	{regexp.MustCompile(`(?i)nano`), 1e-9},
	{regexp.MustCompile(`(?i)micro`), 1e-6},
	{regexp.MustCompile(`(?i)milli|\d\s*ms\b|_ms\b`), 1e-3},
	{regexp.MustCompile(`(?i)minute|\d\s*m\b`), 60},
	{regexp.MustCompile(`(?i)hour|\d\s*h\b`), 3600},
	{regexp.MustCompile(`(?i)\bkb\b|kib`), 1 << 10},
	{regexp.MustCompile(`(?i)\bmb\b|mib`), 1 << 20},
	{regexp.MustCompile(`(?i)\bgb\b|gib`), 1 << 30},
}

// lowered tells whether a line differs from another in a number or its unit
// only, and says less than it.
func lowered(before, after string) bool {
	was, ok := magnitude(before)
	now, known := magnitude(after)
	return ok && known && now < was
}

// magnitude reads the product of a line's numbers with the unit it names; ok is
// false when there is none.
func magnitude(line string) (value float64, ok bool) {
	value = 1
	line = shift.ReplaceAllStringFunc(line, func(s string) string {
		exponent, _ := strconv.Atoi(strings.TrimLeft(s, "< \t"))
		value *= math.Pow(2, float64(min(exponent, 100)))
		return ""
	})
	for _, n := range numeral.FindAllString(line, 4) {
		v, err := strconv.ParseFloat(strings.ReplaceAll(n, "_", ""), 64)
		if err != nil {
			return 0, false
		}
		value *= v
		ok = true
	}
	for _, u := range units {
		if u.word.MatchString(line) {
			value *= u.value
			break
		}
	}
	return value, ok
}

// shift matches the shift of a size, whose number is an exponent.
var shift = regexp.MustCompile(`<<\s*\d+`)
