package inspect

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/group/decode"
)

// ParseMoment reads a point in time as people write it: RFC 3339, a date, a date
// and a time of day (both UTC), or how long ago it was: "90s", "2h", "7d", "1d12h".
func ParseMoment(flag, text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if ago, ok := parseAgo(text); ok {
		return now.Add(-ago).UTC(), nil
	}
	return time.Time{}, selfheal.Usagef("e.g. "+flag+" 2026-11-23T14:05:00Z, "+flag+" 2026-11-23, or "+flag+" 2h for two hours ago",
		"%s is neither a time nor a duration: %q", flag, text)
}

// maxDays keeps durations inside what a time.Duration holds.
const maxDays = 100_000

// parseAgo reads a Go duration that may begin with a number of days.
func parseAgo(text string) (time.Duration, bool) {
	var days int
	if number, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || n > maxDays {
			return 0, false
		}
		if days = int(n); rest == "" {
			rest = "0s"
		}
		text = rest
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, false
	}
	ago := time.Duration(days)*24*time.Hour + d
	return ago, ago >= d // else it does not fit
}

// placed says where a line lies with regard to an interval.
type placed int

const (
	placedInside placed = iota
	placedOutside
	placedNowhere // neither the line nor one before it states a time
)

// intervalFilter places the lines of one stream in time. A line without a time
// of its own, as those of a stack trace, is as old as the line before it.
type intervalFilter struct {
	interval selfheal.Interval
	decoder  decode.Decoder
	line     decode.Line
	framing  decode.Line
	plain    []byte
	last     time.Time
}

// newIntervalFilter gives nil, which lets everything through, for an interval that is open at both ends.
func newIntervalFilter(i selfheal.Interval, clock selfheal.Clock) *intervalFilter {
	if i.From.IsZero() && i.To.IsZero() {
		return nil
	}
	return &intervalFilter{interval: i, decoder: decode.Decoder{Now: clock}}
}

func (f *intervalFilter) place(e *selfheal.Entry) placed {
	if f == nil {
		return placedInside
	}
	if at := f.when(e); !at.IsZero() {
		f.last = at
	}
	switch {
	case f.last.IsZero():
		return placedNowhere
	case f.last.Before(f.interval.From), !f.interval.To.IsZero() && !f.last.Before(f.interval.To):
		return placedOutside
	}
	return placedInside
}

// when gives the time that a line states, else the one at which the transport
// says it was written; zero when neither does.
func (f *intervalFilter) when(e *selfheal.Entry) time.Time {
	if e.Record != nil && !e.Record.Time.IsZero() {
		return e.Record.Time
	}
	at, line := e.Time, f.uncolored(e.Line)
	var frame decode.Frame
	if f.decoder.Unframe(line, &f.framing, &frame) {
		at, line = frame.Time, frame.Payload
	}
	f.decoder.Decode(line, &f.line)
	if !f.line.Time.IsZero() {
		return f.line.Time
	}
	return at
}

// uncolored removes the control sequences of ECMA-48 ("ESC [ 32 m") by which programs colour their output.
func (f *intervalFilter) uncolored(line []byte) []byte {
	if bytes.IndexByte(line, 0x1b) < 0 {
		return line
	}
	f.plain = f.plain[:0]
	for len(line) > 0 {
		if line[0] != 0x1b || len(line) == 1 || line[1] != '[' {
			f.plain, line = append(f.plain, line[0]), line[1:]
			continue
		}
		end := bytes.IndexFunc(line[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e })
		if end < 0 {
			break
		}
		line = line[2+end+1:]
	}
	return f.plain
}
