package inspect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/redact"
	"selfheal/internal/report"
	"selfheal/internal/suggest"
)

// Caps on an explanation.
const (
	explainLines     = 5        // records shown
	explainKept      = 20       // messages kept of each signature, all different
	explainBytes     = 16 << 20 // of all kept messages together
	explainMessage   = 1 << 10  // bytes of one of them
	explainAligned   = 50       // messages laid beside the pattern
	explainMembers   = 200      // templates laid beside the pattern
	explainValues    = 12       // different values shown of one mask
	explainNearest   = 3
	explainNearWords = 0.5 // least share of words that near signatures have in common
)

// Explain says why the records of one signature are one. id may be the
// beginning of an id, and may be that of a signature that was put together with
// others. Unknown is CodeNotFound, ambiguous CodeUsage.
func Explain(ctx context.Context, r Request, id string) (report.SignatureExplanation, error) {
	in := newLogReader(&r)
	var counts tally
	var kept messages
	err := in.read(ctx, r.Files, func(record *selfheal.Record, i group.Index) error {
		counts.note(record, i)
		kept.note(record, i)
		return nil
	})
	if err != nil {
		return report.SignatureExplanation{}, err
	}
	signatures := in.grouper.Signatures()
	x := explainer{counts: &counts, kept: &kept, all: finals(signatures, r.generalise(signatures)), redactor: redact.New()}
	class, err := x.find(id)
	if err != nil {
		return report.SignatureExplanation{}, err
	}
	return x.explain(class), nil
}

// messages keeps a few different messages of each signature, the earliest.
type messages struct {
	of    [][]message
	bytes int
}

type message struct {
	text string
	file string
	line int64
}

func (m *messages) note(r *selfheal.Record, i group.Index) {
	for int(i) >= len(m.of) {
		m.of = append(m.of, nil)
	}
	if len(m.of[i]) >= explainKept || m.bytes >= explainBytes {
		return
	}
	text := r.Message
	if n := len(r.Exceptions); n > 0 { // what the root cause said: the message is often the same
		text = []byte(r.Exceptions[n-1].Type + ": " + r.Exceptions[n-1].Message)
	}
	text = text[:min(len(text), explainMessage)]
	for _, earlier := range m.of[i] {
		if earlier.text == string(text) {
			return
		}
	}
	m.of[i] = append(m.of[i], message{text: string(text), file: r.Stream, line: r.Number})
	m.bytes += len(text)
}

// explainer has everything at hand that an explanation quotes.
type explainer struct {
	counts   *tally
	kept     *messages
	all      *finalSignatures
	redactor *redact.Redactor
}

// find gives the class whose signature, or one put together with it, has an id that begins so.
func (x *explainer) find(id string) (int, error) {
	const list = "run selfheal group on the same files for the list"
	want := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(id), "…"))
	if want == "" {
		return 0, selfheal.Usagef(list, "the id is empty")
	}
	found := map[int]bool{}
	var ids []string
	for i := range x.all.signatures {
		whole := string(x.all.signatures[i].ID)
		_, digits, _ := strings.Cut(whole, "-")
		if whole == want {
			return x.all.class[i], nil
		}
		if strings.HasPrefix(whole, want) || strings.HasPrefix(digits, want) {
			found[x.all.class[i]] = true
			ids = append(ids, whole)
		}
	}
	switch {
	case len(found) == 0:
		return 0, x.unknown(id, list)
	case len(found) > 1:
		slices.Sort(ids)
		return 0, selfheal.Usagef("give more of it: "+strings.Join(ids[:min(len(ids), 5)], ", "), "%d signatures begin with %q", len(found), id)
	}
	for class := range found {
		return class, nil
	}
	return 0, nil
}

// unknown hints at the id that is typed most alike.
func (x *explainer) unknown(id, hint string) error {
	const near = 6
	best, distance := "", near+1
	for i := range x.all.signatures {
		whole := string(x.all.signatures[i].ID)
		if d := suggest.Distance(id, whole[:min(len(whole), max(len(id), 1))]); d < distance && d < len(id)/2 {
			best, distance = whole, d
		}
	}
	if best != "" {
		hint = "did you mean " + best + "? " + hint
	}
	return selfheal.NotFoundf(hint, "no signature in these files has the id %q", id)
}

func (x *explainer) explain(class int) report.SignatureExplanation {
	e := report.SignatureExplanation{Row: x.row(class), Pattern: x.all.common(class)}
	e.Chain = explainedChain(&e.Row.Signature)
	if members := x.all.members[class]; len(members) > 1 {
		e.Members = x.members(members)
	}
	if e.Row.Signature.Kind == selfheal.KindMessage {
		x.align(&e, class)
	} else {
		x.quote(&e, class)
	}
	x.nearest(&e, class)
	return e
}

func (x *explainer) row(class int) report.SignatureRow {
	return x.all.row(classSum{class: class, sum: x.all.sum(class, x.counts)}, x.counts)
}

func (x *explainer) members(indexes []int) []report.SignatureMember {
	var all []report.SignatureMember
	for _, i := range indexes {
		s := &x.all.signatures[i]
		all = append(all, report.SignatureMember{ID: s.ID, Template: s.Template, Count: x.counts.entries[i].count})
	}
	slices.SortStableFunc(all, func(a, b report.SignatureMember) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// align lays messages beside the pattern, and the templates that were put together.
func (x *explainer) align(e *report.SignatureExplanation, class int) {
	values := placeValues{}
	aligned := 0
	for round := 0; round < explainKept && aligned < explainAligned; round++ { // one of each member before a second of any
		for _, i := range x.all.members[class] {
			if round >= len(x.kept.of[i]) || aligned == explainAligned {
				continue
			}
			aligned++
			m := &x.kept.of[i][round]
			pieces := group.Align(e.Pattern, x.redactor.String(m.text))
			values.note(pieces)
			if len(e.Lines) < explainLines {
				e.Lines = append(e.Lines, x.line(m, pieces))
			}
		}
	}
	if members := x.all.members[class]; len(members) > 1 {
		for _, i := range members[:min(len(members), explainMembers)] {
			values.note(group.Align(e.Pattern, x.all.signatures[i].Template))
		}
	}
	e.Places, e.Aligned = values.places, aligned
}

func (x *explainer) line(m *message, pieces []group.Piece) report.ExplainedLine {
	l := report.ExplainedLine{File: m.file, Line: m.line}
	for _, p := range pieces {
		l.Pieces = append(l.Pieces, report.ExplainedPiece(p))
	}
	return l
}

// quote shows messages that are not part of the identity.
func (x *explainer) quote(e *report.SignatureExplanation, class int) {
	for _, i := range x.all.members[class] {
		for k := range x.kept.of[i] {
			if len(e.Lines) < explainLines {
				m := &x.kept.of[i][k]
				e.Lines = append(e.Lines, x.line(m, []group.Piece{{Text: x.redactor.String(strings.ToValidUTF8(m.text, "\uFFFD"))}}))
			}
		}
	}
}

// placeValues gathers what stood in each place of a pattern.
type placeValues struct {
	places []report.ExplainedPlace
}

func (v *placeValues) note(pieces []group.Piece) {
	at := 0
	for _, p := range pieces {
		if !p.Mask {
			continue
		}
		if at == len(v.places) {
			v.places = append(v.places, report.ExplainedPlace{Mask: p.Template, Values: []string{}})
		}
		place := &v.places[at]
		at++
		switch {
		case slices.Contains(place.Values, p.Text), group.IsMask(p.Text):
		case len(place.Values) == explainValues:
			place.More = true
		default:
			place.Values = append(place.Values, p.Text)
		}
	}
}

// nearest finds the signatures of the same kind that share most words, and where each first differs.
func (x *explainer) nearest(e *report.SignatureExplanation, class int) {
	here := wordsOf(e.Pattern)
	for other := range x.all.members {
		s := &x.all.signatures[x.all.members[other][0]]
		if other == class || s.Kind != e.Row.Signature.Kind || s.Kind == selfheal.KindOverflow {
			continue
		}
		e.Compared++
		there := wordsOf(s.Template)
		similarity := shareOfWords(here, there)
		if similarity < explainNearWords {
			continue
		}
		n := report.NearSignature{ID: s.ID, Similarity: similarity}
		n.Here, n.There = firstDifference(here, there)
		e.Nearest = append(e.Nearest, n)
		slices.SortStableFunc(e.Nearest, func(a, b report.NearSignature) int {
			return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.ID, b.ID))
		})
		e.Nearest = e.Nearest[:min(len(e.Nearest), explainNearest)]
	}
	for k := range e.Nearest {
		n := &e.Nearest[k]
		for other, members := range x.all.members {
			if x.all.signatures[members[0]].ID == n.ID {
				row := x.row(other)
				n.Title, n.Count = row.Signature.Title, row.Count
			}
		}
	}
}

// wordsOf splits a template at spaces; the lines of an exception are a word each.
func wordsOf(template string) []string {
	if strings.Contains(template, "\n") {
		return strings.Split(template, "\n")
	}
	return strings.Fields(template)
}

// shareOfWords is the part of all words that both have, each as often as it occurs.
func shareOfWords(a, b []string) float64 {
	seen := make(map[string]int, len(a))
	for _, w := range a {
		seen[w]++
	}
	both := 0
	for _, w := range b {
		if seen[w] > 0 {
			seen[w]--
			both++
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 0
}

// firstDifference gives the words where two texts part, with the word before
// them; "" where one of them ends.
func firstDifference(a, b []string) (here, there string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	at := func(words []string) string {
		if i == len(words) {
			return ""
		}
		return strings.TrimSpace(strings.Join(words[i:min(len(words), i+2)], " "))
	}
	return at(a), at(b)
}

// placeOf says where a frame is in the source, as far as it is known.
func placeOf(f *selfheal.Frame) string {
	if f.File == "" || f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}
