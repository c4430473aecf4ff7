package group

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"selfheal/internal/group/template"
)

// Caps on what is aligned: the work is the product of both lengths.
const (
	maxAlignedMessage  = 2048 // characters
	maxAlignedTemplate = 1280 // characters and masks
)

// valuePlace stands for a place in which signatures of one error differ.
const valuePlace = "<*>"

// cutEnd is how a template ends that was cut at its cap.
const cutEnd = "…"

// Piece is a part of a message beside the part of the template that it was taken for.
type Piece struct {
	Template string // literal text or a mask; "" for text that the template leaves out
	Text     string // of the message, spaces collapsed; "" for template text that the message lacks
	Mask     bool   // Template is a mask, "<*>", or the "…" of a template that was cut
}

// Align lays a message beside its template, as cheaply as an edit distance
// allows (Wagner and Fischer, 1974): literal text costs nothing, what a mask
// swallows costs a little, what fits nowhere costs much. So any two texts have an
// alignment, and for a message and its own template it says what each mask stood
// for. Of very long texts the beginning is aligned.
func Align(template, message string) []Piece {
	elements, text := parseTemplate(template), visibleText(message)
	a := alignment{elements: elements, text: text, steps: make([]step, (len(elements)+1)*(len(text)+1))}
	a.fill()
	return a.pieces()
}

// element is one character or one mask of a template.
type element struct {
	literal rune
	mask    string
}

func parseTemplate(s string) []element {
	var all []element
	for rest := s; rest != "" && len(all) < maxAlignedTemplate; {
		if mask := maskAt(rest); mask != "" {
			all = append(all, element{mask: mask})
			rest = rest[len(mask):]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		all = append(all, element{literal: r})
		rest = rest[size:]
	}
	return all
}

// maskAt gives the mask that a template continues with, or "".
func maskAt(s string) string {
	if s == cutEnd {
		return cutEnd
	}
	if s[0] != '<' {
		return ""
	}
	end := strings.IndexByte(s[:min(len(s), len("<email>")+1)], '>')
	if end < 0 {
		return ""
	}
	switch mask := s[:end+1]; mask {
	case "<num>", "<uuid>", "<host>", "<url>", "<path>", "<time>", "<str>", "<email>", "<bool>", "<value>", valuePlace:
		return mask
	}
	return ""
}

// visibleText is a message the way a template spells text: valid, without
// invisible characters, every run of white space one space.
func visibleText(message string) []rune {
	var text []rune
	for _, r := range strings.ToValidUTF8(message, "\uFFFD") {
		switch {
		case unicode.IsSpace(r) || r < ' ' || r == 0x7f:
			if n := len(text); n == 0 || text[n-1] == ' ' {
				continue
			}
			r = ' '
		case template.Invisible(r):
			continue
		}
		if text = append(text, r); len(text) == maxAlignedMessage {
			break
		}
	}
	if n := len(text); n > 0 && text[n-1] == ' ' {
		text = text[:n-1]
	}
	return text
}

// step is how a cell of the table was reached.
type step uint8

const (
	both          step = iota // one character of the message for one element of the template
	message                   // a further character of the message
	templateAlone             // an element of the template alone
)

// The costs of one step. A mask never spans more than it must, prefers whole
// words, and is emptied only for want of anything else.
const (
	costSwallow = 1
	costSpace   = 2
	costInWord  = 3
	costEmpty   = 6
	costOther   = 12
)

type alignment struct {
	elements []element
	text     []rune
	steps    []step // rows of len(text)+1
}

func (a *alignment) fill() {
	width := len(a.text) + 1
	above, row := make([]int, width), make([]int, width)
	for j := 1; j < width; j++ {
		above[j], a.steps[j] = j*costOther, message
	}
	for i, e := range a.elements {
		steps := a.steps[(i+1)*width:][:width]
		row[0], steps[0] = above[0]+e.costMissing(), templateAlone
		for j := 1; j < width; j++ {
			row[j], steps[j] = a.cell(e, j, above, row)
		}
		above, row = row, above
	}
}

// cell gives the cheapest way to a cell from its three neighbours.
func (a *alignment) cell(e element, j int, above, row []int) (int, step) {
	r := a.text[j-1]
	diagonal, left := math.MaxInt, row[j-1]+costOther
	switch {
	case e.mask != "":
		swallow := costSwallow
		if r == ' ' {
			swallow = costSpace
		}
		diagonal, left = above[j-1]+swallow, row[j-1]+swallow
		if j > 1 && isWordRune(r) && isWordRune(a.text[j-2]) {
			diagonal += costInWord
		}
	case e.literal == r:
		diagonal = above[j-1]
	}
	up := above[j] + e.costMissing()
	switch {
	case diagonal <= left && diagonal <= up:
		return diagonal, both
	case left <= up:
		return left, message
	}
	return up, templateAlone
}

func (e element) costMissing() int {
	switch e.mask {
	case "":
		return costOther
	case "<value>", cutEnd: // an empty value is a value
		return costSwallow
	}
	return costEmpty
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// pieces walks the table backwards.
func (a *alignment) pieces() []Piece {
	width := len(a.text) + 1
	var reversed []pieceRun
	for i, j := len(a.elements), len(a.text); i > 0 || j > 0; {
		s := a.steps[i*width+j]
		run := pieceRun{element: i - 1}
		if s != templateAlone {
			j--
			run.text, run.hasText = a.text[j], true
		}
		if i == 0 || s == message && a.elements[i-1].mask == "" {
			run.element = -1
		}
		if s == both && a.elements[i-1].mask != "" || s != message {
			i--
		}
		reversed = append(reversed, run)
	}
	slices.Reverse(reversed)
	return a.join(reversed)
}

// pieceRun is one character of the message, one element of the template, or both.
type pieceRun struct {
	element int // -1: none
	text    rune
	hasText bool
}

// join makes pieces of neighbours of one kind.
func (a *alignment) join(runs []pieceRun) []Piece {
	var all []Piece
	last := -1 // the mask that the last piece stands for
	for _, run := range runs {
		p := Piece{}
		if run.element >= 0 {
			e := a.elements[run.element]
			p.Template, p.Mask = e.mask, e.mask != ""
			if !p.Mask {
				p.Template = string(e.literal)
			}
		}
		if run.hasText {
			p.Text = string(run.text)
		}
		switch n := len(all); {
		case n > 0 && p.Mask && last == run.element:
			all[n-1].Text += p.Text
		case n > 0 && !p.Mask && !all[n-1].Mask && (p.Template == "") == (all[n-1].Template == "") && (p.Text == "") == (all[n-1].Text == ""):
			all[n-1].Template += p.Template
			all[n-1].Text += p.Text
		default:
			all = append(all, p)
		}
		if last = -1; p.Mask {
			last = run.element
		}
	}
	return all
}

// maxFolds is how many templates of another shape are laid beside the first.
const maxFolds = 64

// Common gives the text that the templates of one error share, "<*>" in the
// places where they differ. Of one template it is the template.
func Common(templates []string) string {
	if len(templates) == 0 {
		return ""
	}
	pattern := splitTemplate(templates[0])
	folds := 0
	for _, t := range templates[1:] {
		words := splitTemplate(t)
		if inPlace(pattern, words) {
			continue
		}
		if folds++; folds > maxFolds {
			break
		}
		pattern = fold(pattern, words)
	}
	text := strings.Join(pattern, "")
	for twice := valuePlace + " " + valuePlace; strings.Contains(text, twice); {
		text = strings.ReplaceAll(text, twice, valuePlace)
	}
	return text
}

// maxWords bounds the work for one template.
const maxWords = 512

// splitTemplate splits a template into masks, words, and single separators.
func splitTemplate(s string) []string {
	const separators = " \t()[]{}<>\"'`,;=|:"
	var words []string
	for s != "" && len(words) < maxWords {
		n := len(maskAt(s))
		if n == 0 {
			if n = strings.IndexAny(s, separators); n < 0 {
				n = len(s)
			}
			n = max(n, 1)
		}
		words, s = append(words, s[:n]), s[n:]
	}
	return words
}

// inPlace marks the places in which words differ from a pattern of the same
// shape; false, and nothing is marked, when the shapes differ.
func inPlace(pattern, words []string) bool {
	if len(pattern) != len(words) {
		return false
	}
	isSeparator := func(w string) bool { return len(w) == 1 && !isWordRune(rune(w[0])) }
	for i, w := range words {
		if w != pattern[i] && (isSeparator(w) || isSeparator(pattern[i])) {
			return false
		}
	}
	for i, w := range words {
		if w != pattern[i] {
			pattern[i] = valuePlace
		}
	}
	return true
}

// fold keeps the longest common subsequence of two texts, with one place for
// values wherever either has more.
func fold(a, b []string) []string {
	width := len(b) + 1
	longest := make([]int, (len(a)+1)*width) // of a[i:] and b[j:]
	for i, ours := range slices.Backward(a) {
		for j, theirs := range slices.Backward(b) {
			if ours == theirs {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	var pattern []string
	differ := func() {
		if n := len(pattern); n == 0 || pattern[n-1] != valuePlace {
			pattern = append(pattern, valuePlace)
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == valuePlace:
			differ()
			i++
		case a[i] == b[j]:
			pattern = append(pattern, a[i])
			i, j = i+1, j+1
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			differ()
			i++
		default:
			differ()
			j++
		}
	}
	if i < len(a) || j < len(b) {
		differ()
	}
	return pattern
}

// IsMask tells whether a text is one mask of a template, as "<num>", and nothing else.
func IsMask(text string) bool { return text != "" && maskAt(text) == text }
