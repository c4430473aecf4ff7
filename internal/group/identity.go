package group

import (
	"strings"

	"selfheal"
)

// Resign gives a signature that another version of this algorithm made as this
// version makes it, by signing its sample again. A signature of this version, one
// without a sample, and one that stands for several are given back as they are.
//
// Samples are scrubbed of secrets, so a template that held one may come out
// different: then nothing in the logs has the id, and the word of a person that
// hangs on it has no effect until it is said again.
func Resign(o Options, s selfheal.Signature) selfheal.Signature {
	if strings.HasPrefix(string(s.ID), version) || s.Sample.Text == "" || s.Kind == selfheal.KindCluster || s.Kind == selfheal.KindOverflow {
		return s
	}
	o.Build = s.Kind == selfheal.KindBuild
	g := New(o)
	stream := g.Stream(s.Sample.Stream)
	none := func(*selfheal.Record, Index) {}
	if o.Build {
		record := selfheal.Record{Severity: s.Severity, Message: []byte(s.Sample.Message), Exceptions: s.Sample.Exceptions}
		stream.Write(&selfheal.Entry{Record: &record}, none)
		return resigned(g, s)
	}
	for line := range strings.Lines(s.Sample.Text) {
		stream.Write(&selfheal.Entry{Line: []byte(strings.TrimRight(line, "\r\n"))}, none)
	}
	stream.Close(none)
	return resigned(g, s)
}

// resigned gives a signature the identity of the first that a grouper found.
func resigned(g *Grouper, s selfheal.Signature) selfheal.Signature {
	if g.Len() == 0 {
		return s
	}
	today := g.Signature(0)
	s.ID, s.Kind, s.Template = today.ID, today.Kind, today.Template
	return s
}

// Title gives the title of signatures that are known by a template only.
func Title(template string) string { return clip(oneLine(template), maxTitle) }
