package group

import (
	"bytes"

	"selfheal"
)

// maxSources is how many sources are told apart in one stream. Lines of further
// ones are read as one source, together with the lines of none.
const maxSources = 64

// sources takes apart a stream in which several sources write by turns, each line
// behind the name of its source: the output of "docker compose logs" and of
// "kubectl logs --prefix". A multi-line event never crosses sources. The zero
// value is ready.
type sources struct {
	streams map[string]*Stream
	order   []*Stream // as they were first seen, so that closing is deterministic
}

// of gives the stream of the line's source and the line without the name; nil for
// a line without one. name is that of the stream that carries them all.
func (s *sources) of(g *Grouper, name string, line []byte) (*Stream, []byte) {
	source, rest := cutSource(line)
	if source == nil {
		return nil, line
	}
	if found, ok := s.streams[string(source)]; ok {
		return found, rest
	}
	if len(s.order) == maxSources {
		return nil, rest
	}
	if s.streams == nil {
		s.streams = make(map[string]*Stream)
	}
	made := g.Stream(name + ":" + string(bytes.ToValidUTF8(source, nil)))
	s.streams[string(source)] = made
	s.order = append(s.order, made)
	return made, rest
}

// close emits the events that are still open.
func (s *sources) close(emit Emit) {
	for _, stream := range s.order {
		stream.Close(emit)
	}
}

// write takes the next line, if it names its source.
func (s *sources) write(g *Grouper, name string, e *selfheal.Entry, emit Emit) bool {
	stream, rest := s.of(g, name, e.Line)
	if stream == nil {
		return false
	}
	inner := *e
	inner.Line = rest
	stream.Write(&inner, emit)
	return true
}

// cutSource splits "api-1  | text" and "[pod/api-7d4b9c/app] text" behind the
// name of the source; nil when a line has none.
func cutSource(line []byte) (source, rest []byte) {
	if rest, ok := bytes.CutPrefix(line, []byte("[pod/")); ok {
		name, text, ok := bytes.Cut(rest[:min(len(rest), 512)], []byte{']'})
		if !ok || bytes.IndexByte(name, ' ') >= 0 {
			return nil, line
		}
		rest = rest[len(name)+1:]
		if len(text) > 0 && text[0] != ' ' {
			return nil, line
		}
		return name, bytes.TrimPrefix(rest, []byte{' '})
	}
	return cutCompose(line)
}

// cutCompose: a service and the number of its container, padded with spaces.
func cutCompose(line []byte) (source, rest []byte) {
	at := bytes.IndexByte(line[:min(len(line), 128)], '|')
	if at < 3 || line[at-1] != ' ' {
		return nil, line
	}
	name := bytes.TrimRight(line[:at], " ")
	digits := len(name)
	for digits > 0 && name[digits-1] >= '0' && name[digits-1] <= '9' {
		digits--
	}
	if digits < 2 || digits == len(name) || name[digits-1] != '-' && name[digits-1] != '_' {
		return nil, line
	}
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' && c != '_' && c != '.' {
			return nil, line
		}
	}
	rest = line[at+1:]
	if len(rest) > 0 && rest[0] != ' ' {
		return nil, line
	}
	return name, bytes.TrimPrefix(rest, []byte{' '})
}
