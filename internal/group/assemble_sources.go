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
// a line without one. s carries them all.
func (f *sources) of(s *Stream, line []byte) (*Stream, []byte) {
	source, rest := cutSource(line)
	if source == nil {
		return nil, line
	}
	if found, ok := f.streams[string(source)]; ok {
		return found, rest
	}
	if len(f.order) == maxSources {
		return nil, line
	}
	if f.streams == nil {
		f.streams = make(map[string]*Stream)
	}
	made := s.g.Stream(s.name)
	made.inner, made.instance = true, string(bytes.ToValidUTF8(source, nil))
	f.streams[string(source)] = made
	f.order = append(f.order, made)
	return made, rest
}

// write takes the next line of s, if it names its source.
func (f *sources) write(s *Stream, line []byte, number int64, emit Emit) bool {
	stream, rest := f.of(s, line)
	if stream == nil {
		return false
	}
	s.flush(emit) // what no source had begun is over
	stream.Write(&selfheal.Entry{Stream: s.name, Line: rest, Number: number, Time: s.from.time, Origin: s.from.known()}, emit)
	return true
}

// each visits the streams of all sources as they were first seen.
func (f *sources) each(visit func(*Stream)) {
	for _, stream := range f.order {
		visit(stream)
	}
}

// cutSource splits "api-1  | text" and "[pod/api-7d4b9c/app] text" behind the
// name of the source; nil when a line has none.
func cutSource(line []byte) (source, rest []byte) {
	if len(line) == 0 || line[0] != '[' && (line[0] < 'a' || line[0] > 'z') && (line[0] < '0' || line[0] > '9') {
		return nil, line
	}
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
