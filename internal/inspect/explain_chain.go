package inspect

import (
	"strings"

	"selfheal"
	"selfheal/internal/group/trace"
	"selfheal/internal/report"
)

// explainedChain says of each frame of the newest record whether it belongs to
// the identity, which is the signature's template: for each exception its type
// and below it the functions that count.
func explainedChain(s *selfheal.Signature) []report.ExplainedException {
	if s.Kind != selfheal.KindException {
		return nil
	}
	sections := strings.Split(s.Template, "\ncaused by ")
	var chain []report.ExplainedException
	for i := range s.Sample.Exceptions {
		e := &s.Sample.Exceptions[i]
		identity := map[string]bool{}
		if i < len(sections) {
			for line := range strings.SplitSeq(sections[i], "\n") {
				identity[strings.TrimSpace(line)] = true
			}
		}
		chain = append(chain, report.ExplainedException{Type: e.Type, Frames: explainedFrames(e.Frames, identity)})
	}
	return chain
}

func explainedFrames(frames []selfheal.Frame, identity map[string]bool) []report.ExplainedFrame {
	anyInApp := false
	for i := range frames {
		anyInApp = anyInApp || frames[i].InApp
	}
	var all []report.ExplainedFrame
	used := map[string]bool{}
	for i := range frames {
		f := &frames[i]
		function := string(trace.AppendFunction(nil, f))
		x := report.ExplainedFrame{Function: function, Place: placeOf(f)}
		switch {
		case anyInApp && !f.InApp:
			x.Why = "not the service's own code"
		case identity[function] && !used[function]:
			x.Identity, x.Why = true, "the service's own code"
			if !f.InApp {
				x.Why = "no frame is the service's own code: the innermost stand in"
			}
		case used[function]:
			x.Why = "the same function again"
		default:
			x.Why = "further out than the identity looks"
		}
		used[function] = used[function] || x.Identity
		all = append(all, x)
	}
	return all
}
