package decode

import (
	"encoding/binary"
	"time"
)

// stamp is a timestamp read from the beginning of a text.
type stamp struct {
	year, month, day int // year 0: not written
	sec, nsec        int64
	zone             []byte // as written, nil when absent
	width            int    // bytes read
	dated            bool   // false for a time of day alone
}

// unix gives the time; a stamp without a zone is read as UTC.
func (s *stamp) unix() time.Time {
	return time.Unix(daysFromCivil(s.year, s.month, s.day)*86400+s.sec-offsetSeconds(s.zone), s.nsec).UTC()
}

// daysFromCivil counts days since the Unix epoch in the proleptic Gregorian
// calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
func daysFromCivil(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era*146097 + doe - 719468)
}

// offsetSeconds reads "+02:00", "+0200", "+02"; anything else is UTC.
func offsetSeconds(zone []byte) int64 {
	if len(zone) < 3 || zone[0] != '+' && zone[0] != '-' {
		return 0
	}
	hours, _ := fixed(zone, 1, 2)
	minutes := 0
	if len(zone) >= 5 {
		minutes, _ = fixed(zone, len(zone)-2, 2)
	}
	seconds := int64(hours*3600 + minutes*60)
	if zone[0] == '-' {
		return -seconds
	}
	return seconds
}

// fixed reads exactly n digits at i.
func fixed(b []byte, i, n int) (int, bool) {
	if i+n > len(b) {
		return 0, false
	}
	v := 0
	for _, c := range b[i : i+n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// pair is fixed for two digits, which most numbers in a timestamp have.
func pair(b []byte, i int) (int, bool) {
	if i+2 > len(b) {
		return 0, false
	}
	tens, ones := b[i]-'0', b[i+1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// readStamp reads a timestamp in any of the usual shapes from the beginning of b.
func readStamp(b []byte) (s stamp, ok bool) {
	if len(b) < 8 {
		return s, false
	}
	if isDigit(b[0]) {
		switch {
		case isDigit(b[1]) && isDigit(b[2]) && isDigit(b[3]):
			return yearFirst(b)
		case b[2] == ':' || b[1] == ':':
			return timeOnly(b)
		}
		return dayFirst(b)
	}
	if b[0] == ' ' || b[0] < 'A' || b[0] > 'Z' {
		return s, false
	}
	return nameFirst(b)
}

// yearFirst: 2006-01-02T15:04:05.999Z07:00 and its spellings with "/", ".", " ", "_" and ",".
func yearFirst(b []byte) (s stamp, ok bool) {
	if len(b) < 19 || b[4] != '-' && b[4] != '/' && b[4] != '.' || b[7] != b[4] {
		return s, false
	}
	if c := b[10]; c != 'T' && c != ' ' && c != '_' && c != 't' && c != '-' {
		return s, false
	}
	var okY, okM, okD bool
	s.year, okY = fixed(b, 0, 4)
	s.month, okM = pair(b, 5)
	s.day, okD = pair(b, 8)
	if !okY || !okM || !okD || !s.validDate() {
		return s, false
	}
	at := 11
	for at < len(b) && b[at] == ' ' && at < 13 {
		at++
	}
	return s.clock(b, at, true)
}

// validDate checks ranges, loosely for the day: a 31st of June becomes the 1st of July.
func (s *stamp) validDate() bool {
	s.dated = true
	return s.month >= 1 && s.month <= 12 && s.day >= 1 && s.day <= 31
}

// clock reads 15:04:05, an optional fraction and, when asked, an optional zone.
func (s *stamp) clock(b []byte, i int, zone bool) (stamp, bool) {
	hour, okH := pair(b, i)
	if !okH && i+1 < len(b) && b[i+1] == ':' { // 9:04:05
		hour, okH = fixed(b, i, 1)
		i--
	}
	if !okH || i+5 > len(b) || b[i+2] != ':' && b[i+2] != '.' {
		return *s, false
	}
	sep := b[i+2]
	minute, okM := pair(b, i+3)
	if !okM || hour > 24 || minute > 59 {
		return *s, false
	}
	second := 0
	i += 5
	if i+2 < len(b) && b[i] == sep {
		var okS bool
		if second, okS = pair(b, i+1); !okS || second > 60 {
			return *s, false
		}
		i += 3
	} else if s.dated && !zone {
		return *s, false
	}
	s.sec = int64(hour*3600 + minute*60 + second)
	i = s.fraction(b, i)
	if zone {
		i = s.readZone(b, i)
	}
	s.width = i
	return *s, i == len(b) || !isWord(b[i])
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// fraction reads ".999", ",999" or ":999" and gives the position after it.
func (s *stamp) fraction(b []byte, i int) int {
	if i+1 >= len(b) || b[i] != '.' && b[i] != ',' && b[i] != ':' || !isDigit(b[i+1]) {
		return i
	}
	start := i + 1
	i = start
	if i+8 <= len(b) {
		if n, ok := eightDigits(b[i:]); ok { // as Go and Java write them
			s.nsec, i = n, i+8
		}
	}
	for ; i < len(b) && isDigit(b[i]); i++ {
		if i < start+9 {
			s.nsec = s.nsec*10 + int64(b[i]-'0')
		}
	}
	s.nsec *= nanosPer[min(i-start, 9)]
	return i
}

// eightDigits reads eight digits at once (D. Lemire, "Quickly parsing eight digits",
// 2018): neighbours are added up to numbers of two, of four, and of eight digits.
func eightDigits(b []byte) (int64, bool) {
	const each = 0x0101010101010101
	x := binary.LittleEndian.Uint64(b)
	if (x&(0xf0*each))|((x+0x06*each)&(0xf0*each))>>4 != 0x33*each {
		return 0, false
	}
	x = x & (0x0f * each) * (1 + 10<<8) >> 8
	x = x & 0x00ff00ff00ff00ff * (1 + 100<<16) >> 16
	x = x & 0x0000ffff0000ffff * (1 + 10_000<<32) >> 32
	return int64(x), true
}

// nanosPer has the nanoseconds in a unit of the last digit of a fraction, by its digits.
var nanosPer = [...]int64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1}

// readZone reads "Z", "+02:00", " +0200", " UTC" and gives the position after it.
func (s *stamp) readZone(b []byte, i int) int {
	at := i
	if at < len(b) && b[at] == ' ' {
		at++
	}
	if at >= len(b) {
		return i
	}
	rest := b[at:]
	switch {
	case at == i && (rest[0] == 'Z' || rest[0] == 'z') && (len(rest) == 1 || !isWord(rest[1])):
		s.zone = rest[:1]
	case rest[0] == '+' || rest[0] == '-':
		s.zone = readOffset(rest)
	case rest[0] >= 'A' && rest[0] <= 'Z':
		if zone, width := namedZone(rest); width > 0 {
			s.zone = zone
			return at + width
		}
	}
	if s.zone == nil {
		return i
	}
	return at + len(s.zone)
}

// namedZone reads an abbreviation that means one offset only: those of RFC 5322,
// section 4.3, and of Europe. Others, such as IST, belong to several zones.
func namedZone(b []byte) (zone []byte, width int) {
	for width < len(b) && width < 5 && isWord(b[width]) {
		width++
	}
	switch string(b[:width]) {
	case "UTC", "GMT":
		return []byte("Z"), width
	case "WEST", "CET":
		return []byte("+01:00"), width
	case "CEST", "EET":
		return []byte("+02:00"), width
	case "EEST", "MSK":
		return []byte("+03:00"), width
	case "EDT":
		return []byte("-04:00"), width
	case "EST", "CDT":
		return []byte("-05:00"), width
	case "CST", "MDT":
		return []byte("-06:00"), width
	case "MST", "PDT":
		return []byte("-07:00"), width
	case "PST":
		return []byte("-08:00"), width
	}
	return nil, 0
}

// readOffset reads "+02:00", "+0200" or "+02"; nil when there is none.
func readOffset(b []byte) []byte {
	if _, ok := fixed(b, 1, 2); !ok {
		return nil
	}
	if len(b) > 3 && b[3] == ':' {
		if _, ok := fixed(b, 4, 2); ok {
			return b[:6]
		}
		return nil
	}
	if _, ok := fixed(b, 3, 2); ok {
		return b[:5]
	}
	if len(b) > 3 && isWord(b[3]) {
		return nil
	}
	return b[:3]
}

// timeOnly: 15:04:05, without a date.
func timeOnly(b []byte) (s stamp, ok bool) {
	s, ok = s.clock(b, 0, false)
	if s.width < 7 {
		return s, false
	}
	return s, ok
}

// dayFirst: 02/Jan/2006:15:04:05 -0700, 23 Nov 2026 09:42:09, 23 Nov 09:42:09, 01/02/2006 15:04:05.
func dayFirst(b []byte) (s stamp, ok bool) {
	width := 2
	if s.day, ok = fixed(b, 0, 2); !ok {
		width = 1
		if s.day, ok = fixed(b, 0, 1); !ok {
			return s, false
		}
	}
	sep := b[width]
	if sep != '/' && sep != ' ' && sep != '-' && sep != '.' {
		return s, false
	}
	i := width + 1
	if s.month = monthNumber(b[i:]); s.month > 0 {
		i += 3
	} else if s.month, ok = fixed(b, i, 2); ok && sep != ' ' {
		i += 2
		if s.month > 12 || sep == '/' && s.day <= 12 {
			s.day, s.month = s.month, s.day // month first, as written in the United States
		}
	} else {
		return s, false
	}
	if i+6 > len(b) || b[i] != sep {
		return s, false
	}
	i++
	if s.year, ok = fixed(b, i, 4); ok {
		i += 4
		if b[i] == ',' && i+1 < len(b) {
			i++
		}
		if b[i] != ' ' && b[i] != ':' && b[i] != 'T' {
			return s, false
		}
		i++
	} else if sep != ' ' {
		return s, false
	}
	if !s.validDate() {
		return s, false
	}
	return s.clock(b, i, true)
}

// nameFirst: Jan _2 15:04:05 [2006], Mon Jan _2 15:04:05 [MST] 2006, Mon, 02 Jan 2006 15:04:05 GMT.
func nameFirst(b []byte) (s stamp, ok bool) {
	i := 0
	if isWeekday(b) {
		i = 3
		if b[i] == ',' {
			i++
		}
		if b[i] != ' ' {
			return s, false
		}
		i++
		if isDigit(b[i]) {
			s, ok = dayFirst(padded(b[i:]))
			s.width += i
			return s, ok
		}
	}
	if s.month = monthNumber(b[i:]); s.month == 0 || len(b) < i+15 || b[i+3] != ' ' {
		return s, false
	}
	i += 4
	if b[i] == ' ' {
		i++
	}
	start := i
	for i < len(b) && i < start+2 && isDigit(b[i]) {
		s.day = s.day*10 + int(b[i]-'0')
		i++
	}
	if i+1 < len(b) && b[i] == ',' { // Nov 23, 2026 9:42:11 AM
		i++
	}
	if i == start || i >= len(b) || b[i] != ' ' || !s.validDate() {
		return s, false
	}
	i++
	if s.year, ok = fixed(b, i, 4); ok && i+5 < len(b) && b[i+4] == ' ' { // Nov 23 2026 09:42:11 GMT+0000
		if s, ok = s.clock(b, i+5, true); ok {
			s.halfDay(b)
		}
		return s, ok
	}
	s.year = 0
	if s, ok = s.clock(b, i, false); !ok {
		return s, false
	}
	return s.trailingYear(b), true
}

// padded guards readers that look a fixed distance ahead.
func padded(b []byte) []byte {
	if len(b) < 8 {
		return append(append([]byte(nil), b...), "        "...)
	}
	return b
}

// halfDay reads " AM" or " PM".
func (s *stamp) halfDay(b []byte) {
	rest := b[s.width:]
	if len(rest) < 3 || rest[0] != ' ' || rest[2] != 'M' || len(rest) > 3 && isWord(rest[3]) {
		return
	}
	switch hour := s.sec / 3600; {
	case rest[1] == 'A' && hour == 12:
		s.sec -= 12 * 3600
	case rest[1] == 'P' && hour < 12:
		s.sec += 12 * 3600
	case rest[1] != 'A' && rest[1] != 'P':
		return
	}
	s.width += 3
}

// trailingYear: "... 15:04:05 2006" or "... 15:04:05 UTC 2006".
func (s stamp) trailingYear(b []byte) stamp {
	i := s.width
	if i+4 < len(b) && b[i] == ' ' && b[i+1] >= 'A' && b[i+1] <= 'Z' && b[i+4] == ' ' {
		i += 4
	}
	if i < len(b) && b[i] == ' ' {
		if year, ok := fixed(b, i+1, 4); ok && year > 1970 && year < 2200 && (i+5 == len(b) || !isWord(b[i+5]) && b[i+5] != '.') {
			s.year, s.width = year, i+5
		}
	}
	return s
}
