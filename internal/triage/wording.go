package triage

import (
	"regexp"
	"selfheal/internal/triage/index"
	"strings"
)

// wording is a text of the program, ready to be found in templates of signatures.
type wording struct {
	pattern *regexp.Regexp
	static  int    // letters and digits that are constant
	words   int    // constant words
	open    bool   // the text ends in a place for a value
	key     string // its longest constant stretch on one line of one literal, for searching
}

var (
	templateMask = regexp.MustCompile(`<[a-z*]+>`)
	// maskable marks what templates may have replaced by a mask even where it is constant.
	maskable = regexp.MustCompile("[0-9/@'\"`]|^\\W*(?:true|false|null|nil|none)\\W*$")
	anyWord  = regexp.MustCompile(`[\pL\pN_]+`)
)

// The shortest wording that is looked for, and from when on it may stand for a
// part of a template only.
const (
	minWhole  = 4               // constant letters of a text that is the whole template
	minPart   = index.MinStatic // of one that the template has more than
	minPhrase = 2               // words of such a text
)

// wordingOf prepares a text; ok is false when too little of it is constant.
func wordingOf(t index.Text) (w wording, ok bool) {
	const edge = `[^\pL\pN_]`
	joined := t.Joined[:min(len(t.Joined), index.MaxText)]
	var body strings.Builder
	rest := joined
	for rest != "" {
		gap := nextHole(rest)
		w.addPiece(&body, rest[:gap.from])
		if gap.from < len(rest) {
			body.WriteString(`(.*?)`)
		}
		w.open = gap.to == len(rest) && gap.from < gap.to
		rest = rest[gap.to:]
	}
	w.key = longestKey(t.Parts)
	if w.static < minWhole || len(w.key) < minWhole {
		return w, false
	}
	pattern, err := regexp.Compile(`(?s)^(|.*?` + edge + `)` + body.String() + `((?:` + edge + `.*)?)$`)
	if err != nil { // too large
		return w, false
	}
	w.pattern = pattern
	return w, true
}

// hole is a stretch of bytes that a value takes the place of.
type hole struct{ from, to int }

// nextHole gives where the next place for a value is; at the end when there is none.
func nextHole(s string) hole {
	if m := index.Placeholders.FindStringIndex(s); m != nil {
		if i := strings.Index(s[:m[0]], index.Joint); i >= 0 {
			return hole{i, i + 1}
		}
		return hole{m[0], m[1]}
	}
	if i := strings.Index(s, index.Joint); i >= 0 {
		return hole{i, i + 1}
	}
	return hole{len(s), len(s)}
}

// addPiece adds a constant stretch to the pattern.
func (w *wording) addPiece(body *strings.Builder, piece string) {
	fields := strings.Fields(piece)
	if len(fields) == 0 {
		if piece != "" {
			body.WriteString(`\s*`)
		}
		return
	}
	if strings.TrimLeft(piece, " \t") != piece {
		body.WriteString(`\s*`)
	}
	for i, field := range fields {
		if i > 0 {
			body.WriteString(`\s+`)
		}
		if maskable.MatchString(strings.ToLower(field)) {
			body.WriteString(`(?:` + regexp.QuoteMeta(field) + `|\S*<[a-z*]+>\S*)`)
			continue
		}
		body.WriteString(regexp.QuoteMeta(field))
		for _, word := range anyWord.FindAllString(field, -1) {
			w.static += len(word)
			w.words++
		}
	}
	if strings.TrimRight(piece, " \t") != piece {
		body.WriteString(`\s*`)
	}
}

// longestKey gives the longest stretch of constant text that source code holds
// as it is, within one line of one literal.
func longestKey(parts []string) string {
	key := ""
	for _, part := range parts {
		for _, piece := range index.Placeholders.Split(part, -1) {
			for _, run := range strings.FieldsFunc(piece, func(r rune) bool { return r < ' ' || strings.ContainsRune("\\\"'`", r) }) {
				if run = strings.TrimSpace(run); len(run) > len(key) {
					key = run
				}
			}
		}
	}
	return key
}

// fit is how a wording stands in a template.
type fit struct {
	// absorbed counts the words of the template that the wording does not give:
	// before and after it, and in its places for values.
	absorbed int
	static   int // constant letters and digits of the wording
}

// better tells whether a fit says more than another.
func (f fit) better(other fit) bool {
	if (f.absorbed == 0) != (other.absorbed == 0) {
		return f.absorbed == 0
	}
	return f.static > other.static
}

// fits finds the wording in a template. A short one must be all of it; a longer
// one may follow the words of a wrapper, and be followed by a value.
func (w *wording) fits(template string) (fit, bool) {
	m := w.pattern.FindStringSubmatchIndex(template)
	if m == nil {
		return fit{}, false
	}
	f := fit{static: w.static}
	for i := 2; i+1 < len(m); i += 2 {
		if m[i] >= 0 {
			f.absorbed += len(anyWord.FindAllString(templateMask.ReplaceAllString(template[m[i]:m[i+1]], " "), -1))
		}
	}
	if f.absorbed == 0 {
		return f, true
	}
	suffix := m[len(m)-2]
	if w.static < minPart || w.words < minPhrase || !wraps(template[:m[3]]) || !w.open && !index.EndsAt(template, suffix) {
		return f, false
	}
	return f, true
}

// wraps tells whether a text before another can be what a wrapper or a log
// format put there: it ends in punctuation or in the name of a level.
func wraps(prefix string) bool {
	prefix = strings.TrimRight(prefix, " \t\n")
	if prefix == "" || !index.IsWordByte(prefix[len(prefix)-1]) {
		return true
	}
	return index.LevelName.MatchString(index.LastWord([]byte(prefix)))
}
