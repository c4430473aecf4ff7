package docker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"selfheal"
)

// maxLine is the length in bytes at which a line is cut.
const maxLine = 1 << 20

// errFraming marks an answer that is not framed as the engine does.
var errFraming = errors.New("the logs are cut off, or not framed as the Docker Engine does")

// reader takes the lines out of an answer.
type reader struct {
	name     string
	origin   *selfheal.Origin
	interval selfheal.Interval
	yield    func(*selfheal.Entry) error

	parts [3]part // of standard output and error
}

// part is a line that the engine has given only the beginning of: it splits lines at 16 KiB.
type part struct {
	at        time.Time
	text      []byte
	truncated bool
}

// all reads a whole answer. Without a terminal each piece has a header: the stream
// (1 standard output, 2 standard error), three zeros, and its size in four bytes
// (https://docs.docker.com/reference/api/engine/, attach to a container).
func (r *reader) all(body []byte, tty bool) error {
	if tty {
		for line := range bytes.Lines(body) {
			if err := r.piece(1, line); err != nil {
				return err
			}
		}
		return r.rest()
	}
	for len(body) > 0 {
		if len(body) < 8 || body[0] == 0 || body[0] > 2 || body[1]|body[2]|body[3] != 0 {
			return errFraming
		}
		size := int(binary.BigEndian.Uint32(body[4:]))
		if size > len(body)-8 {
			return errFraming
		}
		for line := range bytes.Lines(body[8 : 8+size]) {
			if err := r.piece(int(body[0]), line); err != nil {
				return err
			}
		}
		body = body[8+size:]
	}
	return r.rest()
}

// piece takes "TIME text", which is a whole line if it ends as one.
func (r *reader) piece(stream int, text []byte) error {
	stamped, text, ok := bytes.Cut(text, []byte{' '})
	at, err := time.Parse(time.RFC3339Nano, string(bytes.TrimRight(stamped, "\r\n")))
	if err != nil {
		return errFraming
	}
	p := &r.parts[stream]
	if p.at.IsZero() {
		p.at = at
	}
	whole := !ok || bytes.HasSuffix(text, []byte{'\n'})
	text = bytes.TrimRight(text, "\r\n")
	if room := maxLine - len(p.text); len(text) > room {
		text, p.truncated = text[:room], true
	}
	p.text = append(p.text, text...)
	if whole {
		return r.line(stream)
	}
	return nil
}

func (r *reader) line(stream int) error {
	p := r.parts[stream]
	r.parts[stream] = part{}
	if p.at.Before(r.interval.From) || !p.at.Before(r.interval.To) {
		return nil
	}
	name := r.name + "/stdout"
	if stream == 2 {
		name = r.name + "/stderr"
	}
	return r.yield(&selfheal.Entry{Stream: name, Line: p.text, Time: p.at, Truncated: p.truncated, Origin: r.origin})
}

// rest gives lines that have no end yet.
func (r *reader) rest() error {
	for stream, p := range r.parts {
		if !p.at.IsZero() {
			if err := r.line(stream); err != nil {
				return err
			}
		}
	}
	return nil
}
