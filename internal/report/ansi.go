package report

import (
	"fmt"
	"strconv"
	"strings"
)

// This file reads the text that a program wrote for a terminal: text between
// SGR ("select graphic rendition") sequences, ECMA-48 section 8.3.117. All
// other sequences are dropped, as nothing moves in a picture.

// pen is how text is drawn. Colours are CSS; empty is the terminal's own.
type pen struct {
	Fore, Back                             string
	Bold, Faint, Italic, Underline, Invert bool
}

// run is visible text of one pen.
type run struct {
	Text string
	Pen  pen
}

// parseANSI gives the lines of a terminal text. What is not a complete
// sequence is text, and as such made visible.
func parseANSI(s string) [][]run {
	var lines [][]run
	var line []run
	var current pen
	write := func(text string) {
		for at, part := range strings.Split(Visible(text), "\n") {
			if at > 0 {
				lines, line = append(lines, line), nil
			}
			if part != "" {
				line = append(line, run{part, current})
			}
		}
	}
	for s != "" {
		text, rest, found := strings.Cut(s, "\x1b")
		write(text)
		if !found {
			break
		}
		length, parameters, isSGR := sequence(rest)
		switch {
		case length == 0:
			write("\x1b")
		case isSGR:
			current = current.apply(parameters)
		}
		s = rest[length:]
	}
	if line != nil {
		lines = append(lines, line)
	}
	return lines
}

// sequence measures the control sequence that s, which follows an ESC, starts
// with; 0 when it is none that is complete.
func sequence(s string) (length int, parameters string, isSGR bool) {
	if s == "" {
		return 0, "", false
	}
	switch s[0] {
	case '[':
		return controlSequence(s)
	case ']', 'P', 'X', '^', '_':
		return controlString(s), "", false
	}
	return 0, "", false
}

// controlSequence is "[", parameter bytes, intermediate bytes and one final byte.
func controlSequence(s string) (length int, parameters string, isSGR bool) {
	at := 1
	for at < len(s) && s[at] >= 0x30 && s[at] <= 0x3f {
		at++
	}
	parameters = s[1:at]
	intermediate := at
	for at < len(s) && s[at] >= 0x20 && s[at] <= 0x2f {
		at++
	}
	if at == len(s) || s[at] < 0x40 || s[at] > 0x7e {
		return 0, "", false
	}
	isSGR = s[at] == 'm' && intermediate == at && !strings.ContainsAny(parameters, "<=>?")
	return at + 1, parameters, isSGR
}

// controlString runs to BEL or to the string terminator ESC \, on the same line.
func controlString(s string) int {
	for at := 1; at < len(s) && s[at] != '\n'; at++ {
		switch {
		case s[at] == '\a':
			return at + 1
		case s[at] == '\x1b' && at+1 < len(s) && s[at+1] == '\\':
			return at + 2
		}
	}
	return 0
}

// apply gives the pen after the parameters of one SGR sequence.
func (p pen) apply(parameters string) pen {
	groups := strings.Split(parameters, ";") // no parameter at all is one empty group, which counts as 0
	for len(groups) > 0 {
		fields := strings.Split(groups[0], ":")
		groups = groups[1:]
		if fields[0] != "38" && fields[0] != "48" {
			p = p.set(number(fields[0]))
			continue
		}
		if len(fields) == 1 { // the usual spelling of an extended colour: 38;5;n, 38;2;r;g;b
			taken := extendedLength(groups)
			fields = append(fields, groups[:taken]...)
			groups = groups[taken:]
		}
		color := extendedColor(fields[1:])
		if fields[0] == "38" {
			p.Fore = color
		} else {
			p.Back = color
		}
	}
	return p
}

// set applies one parameter of a single number; unknown ones change nothing.
func (p pen) set(code int) pen {
	switch {
	case code == 0:
		return pen{}
	case code == 1:
		p.Bold = true
	case code == 2:
		p.Faint = true
	case code == 3:
		p.Italic = true
	case code == 4:
		p.Underline = true
	case code == 7:
		p.Invert = true
	case code == 22:
		p.Bold, p.Faint = false, false
	case code == 23:
		p.Italic = false
	case code == 24:
		p.Underline = false
	case code == 27:
		p.Invert = false
	case code == 39:
		p.Fore = ""
	case code == 49:
		p.Back = ""
	case 30 <= code && code <= 37:
		p.Fore = indexedColor(code - 30)
	case 40 <= code && code <= 47:
		p.Back = indexedColor(code - 40)
	case 90 <= code && code <= 97:
		p.Fore = indexedColor(code - 90 + 8)
	case 100 <= code && code <= 107:
		p.Back = indexedColor(code - 100 + 8)
	}
	return p
}

// extendedLength is how many parameters belong to the 38 or 48 before them.
func extendedLength(groups []string) int {
	wanted := 0
	if len(groups) > 0 {
		switch groups[0] {
		case "5":
			wanted = 2
		case "2":
			wanted = 4
		}
	}
	return min(wanted, len(groups))
}

// extendedColor reads 5:n or 2:r:g:b, which may have a colour space before r; empty when incomplete.
func extendedColor(fields []string) string {
	switch {
	case len(fields) >= 2 && fields[0] == "5":
		return indexedColor(number(fields[1]))
	case len(fields) >= 4 && fields[0] == "2":
		rgb := fields[len(fields)-3:]
		return cssColor(number(rgb[0]), number(rgb[1]), number(rgb[2]))
	}
	return ""
}

// number reads a parameter; missing or absurd ones are 0, as terminals have it.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// indexedColor is colour n of the 256: sixteen of the theme, a 6x6x6 cube, 24 greys.
func indexedColor(n int) string {
	theme := [16]string{
		"#3b4252", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#d0d7de",
		"#6e7681", "#ffa198", "#aff5b4", "#f2cc60", "#a5d6ff", "#e2c5ff", "#b3f0ff", "#ffffff",
	}
	switch {
	case n < 0 || n > 255:
		return ""
	case n < 16:
		return theme[n]
	case n >= 232:
		grey := 8 + (n-232)*10
		return cssColor(grey, grey, grey)
	}
	level := [6]int{0, 95, 135, 175, 215, 255}
	n -= 16
	return cssColor(level[n/36], level[n/6%6], level[n%6])
}

func cssColor(r, g, b int) string {
	return fmt.Sprintf("#%02x%02x%02x", min(r, 255), min(g, 255), min(b, 255))
}
