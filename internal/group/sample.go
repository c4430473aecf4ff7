package group

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/group/template"
	"selfheal/internal/group/trace"
)

// Caps on samples.
const (
	maxSample      = 8 << 10  // bytes of one sample
	maxSamples     = 16 << 20 // bytes of all samples together; beyond, samples shrink to spareSample
	spareSample    = 256
	maxSampleTrace = 64 // frames kept with one sample
	frameCost      = 160
	maxTitle       = 200 // characters
)

// sample is the newest occurrence, as it was written; it is scrubbed when read out.
type sample struct {
	kept       bool
	time       time.Time
	text       []byte
	message    []byte
	exceptions []selfheal.Exception
	frames     []selfheal.Frame
	revision   string
	stream     string
	line       int64
}

// keepSample replaces the sample by a newer occurrence. Of signatures below WARN
// without a stack trace the first occurrence is kept: they are many and nobody
// asks for their newest one.
func (g *Grouper) keepSample(e *entry, r *selfheal.Record) {
	s := &e.sample
	if s.kept && (r.Severity < selfheal.SeverityWarn && len(r.Exceptions) == 0 || r.Time.Before(s.time)) {
		return
	}
	limit := maxSample
	if g.samples > maxSamples {
		limit = spareSample
	}
	g.samples -= s.cost()
	s.kept = true
	s.time, s.revision, s.stream, s.line = r.Time, r.Revision, r.Stream, r.Number
	s.text = append(s.text[:0], r.Raw[:min(len(r.Raw), limit)]...)
	s.message = append(s.message[:0], r.Message[:min(len(r.Message), limit)]...)
	s.exceptions, s.frames = s.exceptions[:0], s.frames[:0]
	if limit == maxSample {
		s.keepTrace(r.Exceptions)
	}
	g.samples += s.cost()
}

func (s *sample) cost() int { return cap(s.text) + cap(s.message) + cap(s.frames)*frameCost }

func (s *sample) keepTrace(exceptions []selfheal.Exception) {
	for _, x := range exceptions {
		room := maxSampleTrace - len(s.frames)
		start := len(s.frames)
		s.frames = append(s.frames, x.Frames[:min(len(x.Frames), room)]...)
		x.Frames = s.frames[start:len(s.frames):len(s.frames)]
		s.exceptions = append(s.exceptions, x)
	}
}

// Signature gives a copy of one signature, its texts scrubbed of secrets.
func (g *Grouper) Signature(i Index) *selfheal.Signature {
	e := &g.entries[i]
	scrub := g.options.Redactor.String
	title := e.title
	if title == "" {
		title = e.template
	}
	sig := &selfheal.Signature{
		ID: e.id, Kind: e.kind, Severity: e.severity, First: e.first, Last: e.last,
		Title:    clip(scrub(oneLine(title)), maxTitle),
		Template: scrub(e.template),
		Frames:   trace.Functions(e.sample.exceptions),
		Sample: selfheal.Sample{
			Time: e.sample.time, Text: scrub(readable(e.sample.text)), Message: scrub(readable(e.sample.message)), Revision: e.sample.revision,
			Stream: e.sample.stream, Line: e.sample.line,
		},
	}
	for _, x := range e.sample.exceptions {
		x.Frames = slices.Clone(x.Frames)
		x.Message = scrub(x.Message)
		sig.Sample.Exceptions = append(sig.Sample.Exceptions, x)
	}
	return sig
}

// Signatures gives copies of all signatures, by index.
func (g *Grouper) Signatures() []selfheal.Signature {
	all := make([]selfheal.Signature, len(g.entries))
	for i := range g.entries {
		all[i] = *g.Signature(Index(i))
	}
	return all
}

// MergeSignatures adds the signatures of another Grouper to dst: the earlier
// first and later last occurrence, the newer sample and the higher severity stay.
func MergeSignatures(dst map[selfheal.SignatureID]*selfheal.Signature, src []selfheal.Signature) {
	for i := range src {
		from := src[i]
		to, ok := dst[from.ID]
		if !ok {
			dst[from.ID] = &from
			continue
		}
		to.Severity = max(to.Severity, from.Severity)
		if to.First.IsZero() || !from.First.IsZero() && from.First.Before(to.First) {
			to.First = from.First
		}
		if from.Last.After(to.Last) {
			to.Last = from.Last
		}
		if newerSample(&from.Sample, &to.Sample) {
			to.Sample, to.Frames = from.Sample, from.Frames
		}
	}
}

// newerSample orders samples by time, then by place, so that the order of merging does not matter.
func newerSample(a, b *selfheal.Sample) bool {
	if !a.Time.Equal(b.Time) {
		return a.Time.After(b.Time)
	}
	if a.Stream != b.Stream {
		return a.Stream > b.Stream
	}
	return a.Line > b.Line
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
