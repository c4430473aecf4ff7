package decode

import (
	"time"
)

// assignTime takes the value of a time field: a timestamp, or an epoch as a
// number of seconds, milliseconds, microseconds or nanoseconds.
func (d *Decoder) assignTime(l *Line, value []byte) bool {
	if t, width := epoch(value); width == len(value) && width > 0 {
		l.Time, l.Zone = t, "Z"
		return true
	}
	s, ok := readStamp(value)
	if !ok || !s.dated {
		return false
	}
	d.setTime(l, &s)
	return true
}

// setTime gives a stamp to the line, with the year that is nearest to now when none is written.
func (d *Decoder) setTime(l *Line, s *stamp) {
	if s.year == 0 {
		s.year = d.nearestYear(s)
	}
	l.Time = s.unix()
	l.Zone = "none"
	if s.zone != nil {
		l.Zone = d.zone(s.zone)
	}
}

// nearestYear is the latest year in which the date lies at most two days ahead of now.
func (d *Decoder) nearestYear(s *stamp) int {
	now := time.Now
	if d.Now != nil {
		now = d.Now
	}
	today := now().UTC()
	at := *s
	at.year = today.Year()
	if at.unix().After(today.AddDate(0, 0, 2)) {
		at.year--
	} else if at.month == 1 && today.Month() == time.December && today.Day() >= 30 {
		at.year++
		if at.unix().After(today.AddDate(0, 0, 2)) {
			at.year--
		}
	}
	return at.year
}

// epoch reads a number of 9 to 19 digits with an optional fraction at the
// beginning of b; its unit follows from its size. Width is 0 when there is none.
func epoch(b []byte) (t time.Time, width int) {
	if len(b) < 9 || !isDigit(b[4]) { // most of what is no epoch is a date
		return t, 0
	}
	var whole int64
	i := 0
	for i < len(b) && i < 19 && isDigit(b[i]) {
		whole = whole*10 + int64(b[i]-'0')
		i++
	}
	if i < 9 || i < len(b) && isDigit(b[i]) {
		return t, 0
	}
	var nsec int64
	digits := i
	if i+1 < len(b) && b[i] == '.' && isDigit(b[i+1]) {
		scale := int64(100_000_000)
		for i++; i < len(b) && isDigit(b[i]); i++ {
			nsec += int64(b[i]-'0') * scale
			scale /= 10
		}
	}
	switch {
	case digits <= 10:
		return time.Unix(whole, nsec).UTC(), i
	case digits <= 13:
		return time.Unix(whole/1e3, whole%1e3*1e6+nsec/1e3).UTC(), i
	case digits <= 16:
		return time.Unix(whole/1e6, whole%1e6*1e3).UTC(), i
	}
	return time.Unix(whole/1e9, whole%1e9).UTC(), i
}
