package decode

import (
	"bytes"
	"time"
)

// Frame is what a container runtime wrapped around a line.
type Frame struct {
	Payload []byte
	Time    time.Time
	Partial bool // the line goes on in the next frame of the same output
}

// Unframe takes off Docker's json-file or Kubernetes' CRI framing; false when
// the line has neither. l is used for its scratch memory.
func (d *Decoder) Unframe(line []byte, l *Line, f *Frame) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == '{' {
		return d.docker(line, l, f)
	}
	return isDigit(line[0]) && cri(line, f)
}

// docker reads {"log":"...\n","stream":"stdout","time":"..."}.
func (d *Decoder) docker(line []byte, l *Line, f *Frame) bool {
	const head = `{"log":"`
	if len(line) < len(head) || string(line[:len(head)]) != head {
		return false
	}
	payload, escaped, next, ok := quoted(line, len(head)-1)
	if !ok || !bytes.Contains(line[next:], []byte(`"stream":"`)) {
		return false
	}
	if escaped {
		l.scratch = l.scratch[:0]
		payload = l.unescape(payload)
	}
	*f = Frame{Payload: payload, Partial: true}
	if n := len(payload); n > 0 && payload[n-1] == '\n' {
		f.Payload, f.Partial = bytes.TrimSuffix(payload[:n-1], []byte{'\r'}), false
	}
	if _, after, ok := bytes.Cut(line[next:], []byte(`"time":"`)); ok {
		if s, ok := readStamp(after); ok && s.dated {
			f.Time = s.unix()
		}
	}
	return true
}

// cri reads "2006-01-02T15:04:05.999999999Z stdout F message".
func cri(line []byte, f *Frame) bool {
	if len(line) < 30 || line[4] != '-' || line[10] != 'T' {
		return false
	}
	at := bytes.IndexByte(line[:min(len(line), 40)], ' ')
	if at < 20 || len(line) < at+10 {
		return false
	}
	tail := line[at+1:]
	if string(tail[:3]) != "std" || tail[6] != ' ' || tail[7] != 'F' && tail[7] != 'P' || len(tail) > 8 && tail[8] != ' ' {
		return false
	}
	s, ok := readStamp(line)
	if !ok || !s.dated || s.year == 0 {
		return false
	}
	*f = Frame{Time: s.unix(), Partial: tail[7] == 'P'}
	if len(tail) > 9 {
		f.Payload = tail[9:]
	}
	return true
}
