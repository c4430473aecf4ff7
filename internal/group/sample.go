package group

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/group/template"
	"selfheal/internal/group/trace"
	"selfheal/internal/redact"
)

// Caps on samples. Together they stay below half of Options.MaxBytes: in the
// upper half of that, samples shrink to spareSample; beyond it, to their place.
const (
	maxSample   = 8 << 10 // bytes of one sample, its stack trace included
	spareSample = 192
	frameCost   = 96  // of a frame besides its texts
	maxTitle    = 200 // characters
)

// sample is one occurrence, as it was written; it is scrubbed when read out.
type sample struct {
	kept       bool
	serious    bool // of severity WARN or above, or with a stack trace
	time       time.Time
	line       int64
	stream     string
	buf        []byte // the event's text, and behind it the message where that is no part of the text
	exceptions []selfheal.Exception
	revision   string
	trace      int32 // bytes of the exceptions
	text       int32 // length of the text in buf
	from, to   int32 // the message in buf
}

// keepSample makes an occurrence the sample of its signature if it serves better.
// Which one is kept does not depend on the order in which they come: of serious
// ones the newest, because that is what an engineer wants to read; if there are
// none the oldest, because they are many and this one need not be replaced.
func (g *Grouper) keepSample(e *entry, r *selfheal.Record) {
	s := &e.sample
	serious := r.Severity >= selfheal.SeverityWarn || len(r.Exceptions) > 0
	if s.kept {
		if s.serious && !serious {
			return
		}
		if s.serious == serious && (compareSamples(r.Time, s.time, r.Stream, s.stream, r.Number, s.line) < 0) == serious {
			return
		}
	}
	g.samples -= s.cost()
	s.kept, s.serious = true, serious
	s.time, s.revision, s.stream, s.line = r.Time, r.Revision, r.Stream, r.Number
	g.fillSample(s, r)
	g.samples += s.cost()
}

// compareSamples orders occurrences by time, then by place.
func compareSamples(a, b time.Time, aStream, bStream string, aLine, bLine int64) int {
	if order := a.Compare(b); order != 0 {
		return order
	}
	if aStream != bStream {
		return strings.Compare(aStream, bStream)
	}
	return cmp.Compare(aLine, bLine)
}

// fillSample copies the texts of an occurrence as far as the caps allow.
func (g *Grouper) fillSample(s *sample, r *selfheal.Record) {
	limit := maxSample
	switch budget := g.options.MaxBytes / 2; {
	case g.samples+2*maxSample > budget:
		limit = min(spareSample, max(0, budget-g.samples)/2)
	case g.samples > budget/2:
		limit = spareSample
	}
	raw, message := r.Raw[:min(len(r.Raw), limit)], r.Message[:min(len(r.Message), limit)]
	size := len(raw)
	at := bytes.Index(raw, message)
	if at < 0 {
		at = len(raw)
		size += len(message)
	}
	if cap(s.buf) < size || cap(s.buf) > size+spareSample {
		s.buf = make([]byte, 0, size)
	}
	s.buf = append(s.buf[:0], raw...)
	if size > len(raw) {
		s.buf = append(s.buf, message...)
	}
	s.text, s.from, s.to = int32(len(raw)), int32(at), int32(at+len(message))
	old := s.exceptions
	s.exceptions, s.trace = nil, 0
	if limit == maxSample {
		s.keepTrace(r.Exceptions, limit, old)
	}
}

func (s *sample) cost() int { return cap(s.buf) + int(s.trace) }

// keepTrace copies exceptions with their innermost frames, room bytes in all, into
// the memory of old ones where it fits: errors that go on are sampled again and again.
func (s *sample) keepTrace(exceptions []selfheal.Exception, room int, old []selfheal.Exception) {
	kept := 0
	if len(old) == len(exceptions) {
		s.exceptions = old[:0]
	}
	for i, x := range exceptions {
		cost := frameCost + len(x.Type) + len(x.Message)
		if kept += cost; kept > room {
			break
		}
		frames := 0
		for frames < len(x.Frames) {
			f := &x.Frames[frames]
			if cost = frameCost + len(f.Function) + len(f.Package) + len(f.File); kept+cost > room {
				break
			}
			kept += cost
			frames++
		}
		if i < len(old) && len(old[i].Frames) == frames {
			x.Frames = append(old[i].Frames[:0], x.Frames[:frames]...)
		} else {
			x.Frames = slices.Clone(x.Frames[:frames])
		}
		s.exceptions = append(s.exceptions, x)
		s.trace = int32(kept)
	}
}

// Overflow gives the signature that counts everything beyond the caps, without
// any occurrence. It has the same id everywhere.
func Overflow() selfheal.Signature {
	return selfheal.Signature{ID: identify(selfheal.KindOverflow, ""), Kind: selfheal.KindOverflow, Title: overflowText, Template: overflowText}
}

// Signature gives a copy of one signature, its texts scrubbed of secrets.
func (g *Grouper) Signature(i Index) *selfheal.Signature {
	e := g.table.at(i)
	s := &e.sample
	canonical, title := e.template(), oneLine(string(e.title))
	if e.kind == kindOverflow {
		canonical = overflowText
	}
	if title == "" {
		title = oneLine(canonical)
	}
	scrub := scrubber{redactor: g.options.Redactor}
	sig := &selfheal.Signature{
		ID: g.ID(i), Kind: e.kind.name(), Severity: e.severity, First: e.first, Last: e.last,
		Template: scrub.text(canonical),
		Title:    clip(scrub.text(title), maxTitle),
		Frames:   trace.Functions(s.exceptions),
		Sample: selfheal.Sample{
			Time: s.time, Text: scrub.text(readable(s.buf[:s.text])), Message: scrub.text(readable(s.buf[s.from:s.to])),
			Revision: s.revision, Stream: s.stream, Line: s.line,
		},
	}
	if at := strings.Index(sig.Sample.Text, sig.Sample.Message); at >= 0 { // one copy in memory is enough
		sig.Sample.Message = sig.Sample.Text[at : at+len(sig.Sample.Message)]
	}
	for _, x := range s.exceptions {
		x.Frames = slices.Clone(x.Frames)
		x.Message = scrub.text(x.Message)
		sig.Sample.Exceptions = append(sig.Sample.Exceptions, x)
	}
	return sig
}

// scrubber scrubs texts of which one is often the same as the one before it: the
// title of a message is its template, and its text may be nothing but the message.
type scrubber struct {
	redactor       *redact.Redactor
	last, scrubbed string
}

func (s *scrubber) text(text string) string {
	if text != s.last {
		s.last, s.scrubbed = text, s.redactor.String(text)
	}
	return s.scrubbed
}

// Signatures gives copies of all signatures, by index.
func (g *Grouper) Signatures() []selfheal.Signature {
	all := make([]selfheal.Signature, g.Len())
	for i := range all {
		all[i] = *g.Signature(Index(i))
	}
	return all
}

// MergeSignatures adds the signatures of another Grouper to dst: the earlier
// first and later last occurrence, the better sample and the higher severity stay.
func MergeSignatures(dst map[selfheal.SignatureID]*selfheal.Signature, src []selfheal.Signature) {
	for i := range src {
		from := src[i]
		to, ok := dst[from.ID]
		if !ok {
			dst[from.ID] = &from
			continue
		}
		if betterSample(to, &from) {
			to.Sample, to.Frames = from.Sample, from.Frames
		}
		to.Severity = max(to.Severity, from.Severity)
		if to.First.IsZero() || !from.First.IsZero() && from.First.Before(to.First) {
			to.First = from.First
		}
		if from.Last.After(to.Last) {
			to.Last = from.Last
		}
	}
}

// betterSample tells whether the sample of b serves better than that of a, by the
// rule of keepSample: a signature that was ever serious has a serious sample.
func betterSample(a, b *selfheal.Signature) bool {
	serious := isSerious(b)
	if isSerious(a) != serious {
		return serious
	}
	x, y := &a.Sample, &b.Sample
	order := compareSamples(y.Time, x.Time, y.Stream, x.Stream, y.Line, x.Line)
	return order > 0 && serious || order < 0 && !serious
}

func isSerious(s *selfheal.Signature) bool {
	return s.Severity >= selfheal.SeverityWarn || s.Kind == selfheal.KindException || s.Kind == selfheal.KindBuild || len(s.Sample.Exceptions) > 0
}

// readable makes hostile bytes fit to be shown: valid UTF-8 without invisible
// characters other than line breaks and tabs.
func readable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && template.Invisible(r) {
			return -1
		}
		return r
	}, string(bytes.ToValidUTF8(b, []byte("\uFFFD"))))
}

func oneLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// clip cuts a text at n characters.
func clip(s string, n int) string {
	count := 0
	for i := range s {
		if count == n-1 && len(s)-i > 1 {
			if rest := s[i:]; len([]rune(rest)) > 1 {
				return s[:i] + "…"
			}
		}
		count++
	}
	return s
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	return line
}
