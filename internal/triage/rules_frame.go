package triage

import (
	"fmt"
	"strings"

	"selfheal"
)

// locateFrames maps the frames of a symptom to files of the head and weighs them:
// the innermost counts most.
func (e *evidence) locateFrames(frames []stackFrame) []located {
	var found []located
	seen := map[place]bool{}
	for _, f := range frames {
		path := e.locator.find(f.file)
		if path == "" || f.kind == frameLogger && f.line == 0 {
			continue
		}
		if at := (place{path, f.line}); seen[at] {
			continue
		} else {
			seen[at] = true
		}
		weight := 1 / (1 + frameDecay*float64(len(found)))
		if f.kind == frameLogger {
			weight *= factorLogger
		}
		found = append(found, located{stackFrame: f, path: path, index: len(found), weight: weight})
	}
	return found
}

// frameRule finds what was changed at, around and in the file of each frame.
func (b *bench) frameRule() []finding {
	var out []finding
	for _, f := range b.frames {
		out = append(out, b.frameLine(f)...)
		out = append(out, b.frameFunction(f)...)
		out = append(out, b.frameFile(f)...)
	}
	return out
}

func (b *bench) frameLine(f located) []finding {
	var out []finding
	for commit, edits := range b.byCommit(b.editsIn(f.path, f.line, f.line)) {
		kind, text := selfheal.ExhibitFrameInHunk, "a stack frame lies on a line that this commit changed"
		switch f.kind {
		case frameBuilder:
			kind, text = selfheal.ExhibitBuildLine, "the compiler points at a line that this commit changed"
		case frameLogger:
			text = "the line that logs the error was changed by this commit"
		}
		x := selfheal.Exhibit{Kind: kind, Weight: weightFrameLine * f.weight, Text: text, Observed: shorten(f.quote)}
		b.quoteEdit(&x, edits[0])
		finding := finding{family: familyFrame, commit: commit, exhibit: x}
		for _, i := range edits {
			strength := 10 * f.weight
			if b.edits[i].op == selfheal.LineDeleted {
				strength *= 0.6
			}
			finding.lines = append(finding.lines, pointer{i, strength})
		}
		out = append(out, finding)
	}
	return out
}

func (b *bench) frameFunction(f located) []finding {
	function := b.functionOf(f)
	if function == nil {
		return nil
	}
	var out []finding
	for commit, edits := range b.byCommit(b.editsIn(f.path, function.Start, function.End)) {
		closest, near := edits[0], 0.0
		var lines []pointer
		for _, i := range edits {
			p := 0.5
			if f.line > 0 {
				p = proximity(b.edits[i].near.line, f.line)
			}
			if p > near {
				closest, near = i, p
			}
			lines = append(lines, pointer{i, 4 * f.weight * p})
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitFrameInFunction, Weight: weightFrameFunction * f.weight * (0.6 + 0.4*near),
			Text: fmt.Sprintf("a stack frame lies in %s, which this commit changed", function.Name), Observed: shorten(f.quote),
		}
		b.quoteEdit(&x, closest)
		out = append(out, finding{familyFrame, commit, x, lines})
	}
	return out
}

// functionOf gives the function that a frame lies in, by its line or else by its name.
func (b *bench) functionOf(f located) *Function {
	s := b.sources[f.path]
	if s == nil {
		return nil
	}
	if f.line > 0 {
		return s.functionAt(f.line)
	}
	_, name, _ := cutLast(strings.TrimRight(f.function, "()"), ".")
	if found := s.functionNamed(name); len(found) == 1 {
		return found[0]
	}
	return nil
}

func (b *bench) frameFile(f located) []finding {
	var out []finding
	for commit, edits := range b.byCommit(b.editsAt[f.path]) {
		closest, near := edits[0], 0.0
		var lines []pointer
		for _, i := range edits {
			p := 0.0
			if n := b.edits[i].near.line; n > 0 && f.line > 0 {
				p = proximity(n, f.line)
			}
			if p > near {
				closest, near = i, p
			}
			lines = append(lines, pointer{i, 2 * f.weight * p})
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitFrameInFile, Weight: max(weightFrameFile, 3*near) * f.weight,
			Text: "a stack frame lies in a file that this commit changed", Observed: shorten(f.quote),
		}
		b.quoteEdit(&x, closest)
		out = append(out, finding{familyFrame, commit, x, lines})
	}
	return out
}
