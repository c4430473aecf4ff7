package group

import (
	"fmt"
	"regexp"

	"selfheal"
)

// buildError is the type of the exceptions by which errors of a build are known.
const buildError = "build error"

// BuildRecord makes the record of an error of a build: what it says is the
// message, where it points to is the one frame.
func BuildRecord(e selfheal.BuildError) selfheal.Record {
	message := e.Message
	if e.Code != "" {
		message = e.Code + ": " + message
	}
	x := selfheal.Exception{Type: buildError, Message: message}
	text := message
	if e.File != "" {
		frame := selfheal.Frame{File: e.File, Line: e.Line, InApp: true}
		x.Frames = []selfheal.Frame{frame}
		text = placeOf(e) + ": " + message
	}
	return selfheal.Record{
		Severity: selfheal.SeverityError, Message: []byte(message), Exceptions: []selfheal.Exception{x},
		Stream: "build", Number: e.At, Raw: []byte(text),
	}
}

// placeOf writes a place as compilers do.
func placeOf(e selfheal.BuildError) string {
	switch {
	case e.Line == 0:
		return e.File
	case e.Column == 0:
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}

// workDirectories matches what builds put before a path, and name anew each time.
var workDirectories = regexp.MustCompile(`^(?:/(?:private/)?(?:var/)?tmp|/var/folders|/dev/shm|\$WORK|/home/runner/work/_temp)/(?:[^/]*/)*?[^/]*[-_.]?[0-9a-zA-Z]*\d[^/]*/`)

// signBuild identifies an error of a build by the file and the masked message.
func (g *Grouper) signBuild(e *selfheal.Exception) Index {
	g.scratch = append(g.scratch[:0], buildError...)
	for i := range e.Frames {
		g.scratch = append(append(g.scratch, "\n  "...), workDirectories.ReplaceAllString(e.Frames[i].File, "<tmp>/")...)
	}
	g.scratch = append(append(g.scratch, "\n  "...), g.mask([]byte(e.Message))...)
	hash := g.table.hash(kindBuild, g.scratch)
	if i, ok := g.table.find(hash, kindBuild, g.scratch); ok {
		return i
	}
	return g.add(hash, kindBuild, g.scratch, []byte(e.Message))
}
