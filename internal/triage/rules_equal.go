package triage

import (
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// Some edits leave a program what it was: another style of quotes, hints of types,
// a local variable with another name, a function at another place. They are no
// evidence of anything and are left out.

// runs gives the ranges of a hunk's lines that lie between lines of context.
func runs(hunk *selfheal.Hunk) (spans [][2]int) {
	start := -1
	for n, l := range hunk.Lines {
		switch {
		case l.Op != selfheal.LineContext && start < 0:
			start = n
		case l.Op == selfheal.LineContext && start >= 0:
			spans, start = append(spans, [2]int{start, n}), -1
		}
	}
	if start >= 0 {
		spans = append(spans, [2]int{start, len(hunk.Lines)})
	}
	return spans
}

// markRestyled marks lines that were replaced by others which read the same to
// the language: other quotes, semicolons at line ends, hints of types in Python.
func markRestyled(lang *index.Language, hunk *selfheal.Hunk, trivial []bool) {
	for _, span := range runs(hunk) {
		var before, after []string
		for n := span[0]; n < span[1]; n++ {
			l := hunk.Lines[n]
			switch {
			case trivial[n]:
			case l.Op == selfheal.LineDeleted:
				before = append(before, unstyled(lang, l.Text))
			default:
				after = append(after, unstyled(lang, l.Text))
			}
		}
		if len(before) == 0 || !slices.Equal(before, after) {
			continue
		}
		for n := span[0]; n < span[1]; n++ {
			trivial[n] = true
		}
	}
}

var (
	pythonHeader = regexp.MustCompile(`^(\s*(?:async\s+)?def\s+\w+\()(.*)\)\s*(?:->\s*[^:]+)?:\s*$`)
	pythonHint   = regexp.MustCompile(`^(\s+\w+)\s*:\s*[A-Za-z_][\w.\[\], |]*?(\s*=[^=])`)
	mayBeNull    = regexp.MustCompile(`^(\s*[A-Za-z_][\w.<>\[\], ]*)\?(\s+\w+\s*=[^=])`)
	plainQuotes  = regexp.MustCompile(`'([^'"\\` + "`" + `]*)'|"([^'"\\` + "`" + `]*)"`)
)

// unstyled reduces a line to what its language makes of it. Python's indentation stays.
func unstyled(lang *index.Language, line string) string {
	text := strings.TrimSuffix(strings.TrimRight(line, " \t\r"), ";")
	switch lang.Name {
	case "javascript":
		return squeeze(plainQuotes.ReplaceAllString(text, `"$1$2"`))
	case "python":
		text = plainQuotes.ReplaceAllString(text, `"$1$2"`)
		if m := pythonHeader.FindStringSubmatch(text); m != nil {
			parameters := arguments(m[2])
			for i, p := range parameters {
				name, rest, _ := strings.Cut(p, ":")
				if _, value, ok := strings.Cut(rest, "="); ok {
					name += "=" + strings.TrimSpace(value)
				}
				parameters[i] = strings.ReplaceAll(name, " ", "")
			}
			text = m[1] + strings.Join(parameters, ", ") + "):"
		}
		text = pythonHint.ReplaceAllString(text, "$1$2")
		return strings.Repeat(" ", index.Indentation(text)) + squeeze(text)
	}
	return squeeze(mayBeNull.ReplaceAllString(line, "$1$2"))
}

// leaveOut takes the edits out for which the condition holds.
func (e *evidence) leaveOut(drop func(i int) bool) {
	kept := e.edits[:0:0]
	for i, edit := range e.edits {
		if !drop(i) {
			kept = append(kept, edit)
		}
	}
	e.edits, e.editsAt = kept, map[string][]int{}
	for i, edit := range e.edits {
		if edit.near.line > 0 {
			e.editsAt[edit.near.path] = append(e.editsAt[edit.near.path], i)
		}
	}
}

// leaveOutRenames takes out hunks that only give local variables other names,
// unless an error has such a name.
func (e *evidence) leaveOutRenames(symptoms []symptom) {
	renamed := map[int]bool{}
	for start := 0; start < len(e.edits); {
		end := start
		for end < len(e.edits) && e.edits[end].group == e.edits[start].group {
			end++
		}
		names := renamedLocals(e.edits[start:end])
		renamed[e.edits[start].group] = len(names) > 0 && !slices.ContainsFunc(symptoms, func(s symptom) bool {
			return slices.ContainsFunc(names, func(name string) bool { return hasWord(s.message, name) })
		})
		start = end
	}
	e.leaveOut(func(i int) bool { return renamed[e.edits[i].group] })
}

// token matches a word, or any other character that is no white space.
var token = regexp.MustCompile(`\w+|[^\w\s]`)

// maxRenamed is how many lines of a hunk are compared.
const maxRenamed = 60

// renamedLocals gives the names, old and new, by which the two sides of a hunk
// differ if nothing else tells them apart; nil otherwise, and when one of them
// may be seen from outside of its function.
func renamedLocals(hunk []edit) []string {
	var before, after []string
	for _, e := range hunk[:min(len(hunk), maxRenamed+1)] {
		tokens := append(token.FindAllString(e.text, -1), "\n")
		if e.op == selfheal.LineDeleted {
			before = append(before, tokens...)
		} else {
			after = append(after, tokens...)
		}
	}
	if len(hunk) > maxRenamed || len(before) == 0 || len(before) != len(after) {
		return nil
	}
	to, from, declared := map[string]string{}, map[string]string{}, false
	for i, old := range before {
		now := after[i]
		if known, ok := to[old]; ok && known != now || from[now] != "" && from[now] != old {
			return nil
		}
		to[old], from[now] = now, old
		if old == now {
			continue
		}
		if !isWord(old) || !isWord(now) || old[0] <= '9' || now[0] <= '9' || seenOutside(before, i) {
			return nil
		}
		declared = declared || i > 0 && isWord(before[i-1]) && i+1 < len(before) && strings.Contains(",)=:", before[i+1])
	}
	if !declared {
		return nil
	}
	var names []string
	for old, now := range to {
		if old != now {
			names = append(names, old, now)
		}
	}
	return names
}

// seenOutside tells whether a token is a member, a function, or within quotes.
func seenOutside(tokens []string, i int) bool {
	if i > 0 && strings.Contains(`.>:'"`+"`$@", tokens[i-1]) || i+1 < len(tokens) && strings.Contains(`('"`+"`", tokens[i+1]) {
		return true
	}
	quotes := 0
	for n := i - 1; n >= 0 && tokens[n] != "\n"; n-- {
		if tokens[n] == `"` || tokens[n] == "'" || tokens[n] == "`" {
			quotes++
		}
	}
	return quotes%2 == 1
}

// leaveOutMoved takes out functions that stand at another place as they were.
func (e *evidence) leaveOutMoved() {
	whole := map[int]bool{}
	texts := map[string]bool{}
	for path, at := range e.editsAt {
		s := e.sources[path]
		if s == nil {
			continue
		}
		for i := range s.Functions {
			f := &s.Functions[i]
			if f.Declaration {
				continue
			}
			inside := e.movedWhole(s, f, at)
			for _, n := range inside {
				whole[n] = true
				texts[squeeze(e.edits[n].text)] = true
			}
		}
	}
	if len(whole) == 0 {
		return
	}
	e.leaveOut(func(i int) bool {
		return whole[i] || e.edits[i].op == selfheal.LineDeleted && e.edits[i].moved && texts[squeeze(e.edits[i].text)]
	})
}

// onlyExtracted tells whether edits only gave statements that were there before
// another function around them.
func (e *evidence) onlyExtracted(edits []int) bool {
	moved := false
	for _, i := range edits {
		text := e.edits[i].text
		if e.edits[i].moved {
			moved = true
		} else if e.edits[i].op == selfheal.LineDeleted || !signedLine.MatchString(text) && !bareLine.MatchString(text) && !plainReturn.MatchString(text) {
			return false
		}
	}
	return moved
}

// plainReturn matches what ends a function without a value of its own.
var plainReturn = regexp.MustCompile(`^\s*return(?:\s+(?:nil|None|null|true|false|True|False|Ok\(\(\)\)))?\s*;?\s*$`)

// minMovedLines is how many lines a function needs to be told from others.
const minMovedLines = 3

// movedWhole gives the edits that brought a function, when all of its lines that
// say something were taken from one other place in their order; nil otherwise.
func (e *evidence) movedWhole(s *source, f *index.Function, at []int) []int {
	var inside, deleted []int
	for _, i := range at {
		if n := e.edits[i].near.line; n >= f.Start && n <= f.End {
			if e.edits[i].op == selfheal.LineDeleted {
				return nil
			}
			inside = append(inside, i)
		}
	}
	var said []string
	for _, line := range s.code(f) {
		if len(squeeze(line)) > minTelling {
			said = append(said, squeeze(line))
		}
	}
	if len(inside) < minMovedLines || len(said) < minMovedLines {
		return nil
	}
	commit, first := e.edits[inside[0]].commit, squeeze(e.edits[inside[0]].text)
	for i, d := range e.edits {
		if d.commit == commit && d.op == selfheal.LineDeleted && squeeze(d.text) == first {
			deleted = append(deleted, i)
		}
	}
	for _, from := range deleted {
		if e.followed(from, said) {
			return inside
		}
	}
	return nil
}

// followed tells whether deleted lines from an edit on are these, leaving out those that say little.
func (e *evidence) followed(from int, lines []string) bool {
	n := 0
	for i := from; i < len(e.edits) && n < len(lines) && e.edits[i].group == e.edits[from].group; i++ {
		text := squeeze(e.edits[i].text)
		if e.edits[i].op != selfheal.LineDeleted || len(text) <= minTelling {
			continue
		}
		if text != lines[n] {
			return false
		}
		n++
	}
	return n == len(lines)
}
