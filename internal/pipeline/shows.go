package pipeline

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/group"
)

// shows gives the function that tells which of an assessment's errors the output
// of a command shows: it has the same signature, or it has a line with the
// error's constant words in their order (a test prints what a logger wraps), for
// an exception together with the innermost function of the service.
func (p *Pipeline) shows(ctx context.Context, a selfheal.Assessment) (func(output string) []selfheal.SignatureID, error) {
	known, err := p.Identities(ctx, a.Deploy.Service)
	if err != nil {
		return nil, err
	}
	var looked []wanted
	for _, s := range a.Signatures {
		if slices.ContainsFunc(a.Anomalies, func(anomaly selfheal.Anomaly) bool { return anomaly.Signature == s.ID }) {
			looked = append(looked, wantedOf(s))
		}
	}
	return func(output string) []selfheal.SignatureID {
		printed := p.signaturesIn(output, identities{Identities: known})
		var shown []selfheal.SignatureID
		for _, w := range looked {
			if printed[w.id] || w.reads(output) {
				shown = append(shown, w.id)
			}
		}
		return shown
	}, nil
}

// signaturesIn groups an output as logs are, and as the output of a builder is.
func (p *Pipeline) signaturesIn(output string, known identities) map[selfheal.SignatureID]bool {
	printed := map[selfheal.SignatureID]bool{}
	for _, build := range []bool{false, true} {
		options := p.Group
		options.Build = build
		g := group.New(options)
		stream := g.Stream("output")
		emit := func(*selfheal.Record, group.Index) {}
		for line := range strings.SplitSeq(output, "\n") {
			stream.Write(&selfheal.Entry{Stream: "output", Line: []byte(line)}, emit)
		}
		stream.Close(emit)
		found := g.Signatures()
		of := group.Generalise(found, known.Patterns).Of
		for _, s := range found {
			printed[s.ID], printed[known.Of(s.ID, of[s.ID])] = true, true
		}
	}
	return printed
}

// wanted is an error as an output is searched for it.
type wanted struct {
	id       selfheal.SignatureID
	phrases  [][]string // constant pieces, each of which is found after the one before
	function string     // of an exception: the service's innermost one must be there too
}

// Limits of what identifies an error by its words alone.
const (
	minWhole = 12 // constant bytes of a whole message
	minPart  = 16 // of the part behind a colon
	minPiece = 3
)

// varying matches the parts of a message that differ from one occurrence to the next.
var varying = regexp.MustCompile(`<\w+>|[0-9]+|"[^"]*"|'[^']*'`)

func wantedOf(s selfheal.Signature) wanted {
	w := wanted{id: s.ID}
	text := s.Template
	if chain := s.Sample.Exceptions; len(chain) > 0 {
		text = chain[len(chain)-1].Message
		if len(s.Frames) > 0 {
			w.function = s.Frames[0][strings.LastIndexByte(s.Frames[0], '.')+1:]
		}
	}
	text, _, _ = strings.Cut(text, "\n")
	w.add(text, minWhole)
	for rest := text; ; {
		_, after, found := strings.Cut(rest, ": ")
		if !found {
			return w
		}
		w.add(after, minPart)
		rest = after
	}
}

// add takes a phrase unless it is too short to identify anything.
func (w *wanted) add(text string, least int) {
	var pieces []string
	total := 0
	for _, piece := range varying.Split(text, -1) {
		if piece = strings.TrimSpace(piece); len(piece) >= minPiece {
			pieces, total = append(pieces, piece), total+len(piece)
		}
	}
	if total >= least {
		w.phrases = append(w.phrases, pieces)
	}
}

func (w *wanted) reads(output string) bool {
	if !strings.Contains(output, w.function) {
		return false
	}
	for line := range strings.SplitSeq(output, "\n") {
		if slices.ContainsFunc(w.phrases, func(pieces []string) bool { return inOrder(line, pieces) }) {
			return true
		}
	}
	return false
}

func inOrder(line string, pieces []string) bool {
	for _, piece := range pieces {
		_, rest, found := strings.Cut(line, piece)
		if !found {
			return false
		}
		line = rest
	}
	return true
}
