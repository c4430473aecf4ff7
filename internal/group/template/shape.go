package template

import "bytes"

// shape recognises a token with digits by its form alone; 0 when it has none of
// the known forms. has may hold more than the token's own traits, never less.
func shape(b []byte, has traits) byte {
	if classes[b[0]] == letter {
		if isHexDigit(b[0]) && isBareHex(b) {
			return maskNum
		}
	} else if isNumber(b) || isHexLiteral(b) || isBareHex(b) {
		return maskNum
	}
	if has&^hasDigit == 0 {
		return 0
	}
	switch {
	case has&hasOther != 0 && isUUID(b):
		return maskUUID
	case has&hasSlash != 0 && has&hasColon != 0 && bytes.Contains(b, []byte("://")):
		return maskURL
	case classes[b[0]] == digit && isTime(b):
		if len(b) <= 5 {
			return maskNum // "12:01" may be a duration
		}
		return maskTime
	case has&hasDot != 0 && isIPv4(b):
		return maskHost
	case has&hasColon != 0 && (isIPv6(b) || isColonList(b)), has&(hasColon|hasOther) != 0 && isMAC(b):
		return maskHost
	case has&hasAt != 0 && isEmail(b):
		return maskEmail
	case has&(hasSlash|hasBackslash) != 0 && isPath(b):
		return maskPath
	case has&hasDot != 0 && isHostName(b):
		return maskHost
	case has&hasDot != 0 && isFileName(b):
		return maskPath
	}
	return 0
}

// isNumber: a sign, digits with separators, an exponent, and a unit of at most four letters or "%".
func isNumber(b []byte) bool {
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+' || b[i] == '~') {
		i++
	}
	if i < len(b) && b[i] == '.' {
		i++
	}
	if i == len(b) || classes[b[i]] != digit {
		return false
	}
	for i < len(b) && (classes[b[i]] == digit || (b[i] == '.' || b[i] == '_') && i+1 < len(b) && classes[b[i+1]] == digit) {
		i++
	}
	if i == len(b) {
		return i < 7 || bytes.Count(b, []byte{'.'}) != 3 // four groups are an address
	}
	if b[i] == '%' {
		return i+1 == len(b)
	}
	if (b[i] == 'e' || b[i] == 'E') && i+2 < len(b) && (b[i+1] == '-' || b[i+1] == '+') && allDigits(b[i+2:]) {
		return true
	}
	return len(b)-i <= 4 && isUnit(b[i:]) || isCompoundDuration(b)
}

func isUnit(b []byte) bool {
	if n := len(b); n > 2 && (b[n-1] == 's' && b[n-2] == '/') {
		b = b[:n-2]
	}
	for _, c := range b {
		if classes[c] != letter {
			return false
		}
	}
	return true
}

// isCompoundDuration: "1h2m3.5s" as Go prints durations.
func isCompoundDuration(b []byte) bool {
	letters := 0
	for i, c := range b {
		switch c {
		case 'h', 'm', 's', 'd', 'u', 'n':
			letters++
			if i == 0 {
				return false
			}
		case '.':
		default:
			if classes[c] != digit {
				return false
			}
		}
	}
	last := b[len(b)-1]
	return letters > 0 && letters <= 5 && (last == 's' || last == 'm' || last == 'h')
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if classes[c] != digit {
			return false
		}
	}
	return len(b) > 0
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHexDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

func isHexLiteral(b []byte) bool {
	return len(b) > 2 && b[0] == '0' && (b[1] == 'x' || b[1] == 'X') && allHex(b[2:])
}

// isBareHex: at least six hexadecimal digits, among them a decimal one.
func isBareHex(b []byte) bool { return len(b) >= 6 && allHex(b) && traitsOf(b)&hasDigit != 0 }

func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isHexDigit(c) {
			return false
		}
	}
	return true
}

// isTime recognises dates, times of day, and both joined.
func isTime(b []byte) bool {
	if len(b) < 4 || len(b) > 40 {
		return false
	}
	if n := clock(b); n > 0 {
		return zoneSuffix(b[n:])
	}
	n := date(b)
	if n == 0 {
		return false
	}
	rest := b[n:]
	if len(rest) == 0 {
		return true
	}
	if rest[0] != 'T' && rest[0] != ':' && rest[0] != '-' && rest[0] != '_' && rest[0] != '.' {
		return false
	}
	c := clock(rest[1:])
	return c > 0 && zoneSuffix(rest[1+c:])
}

// date gives the length of a date of three numbers joined by one separator, or of a year, month and day run together; else 0.
func date(b []byte) int {
	var widths [3]int
	i := 0
	var sep byte
	for part := range widths {
		start := i
		for i < len(b) && (classes[b[i]] == digit || part == 1 && classes[b[i]] == letter) {
			i++
		}
		widths[part] = i - start
		if part == 2 {
			break
		}
		if i == len(b) || b[i] != '-' && b[i] != '/' && b[i] != '.' || part == 1 && b[i] != sep {
			return compactDate(b)
		}
		sep = b[i]
		i++
	}
	switch {
	case widths[0] == 4 && widths[1] <= 3 && widths[1] > 0 && (widths[2] == 2 || widths[2] == 1),
		widths[0] <= 2 && widths[0] > 0 && widths[1] <= 3 && widths[1] > 0 && (widths[2] == 4 || widths[2] == 2 && sep == '/'):
		return i
	}
	return 0
}

// compactDate: 20261123 before a separator and a time of day.
func compactDate(b []byte) int {
	if len(b) > 9 && allDigits(b[:8]) && (b[8] == 'T' || b[8] == '-') && (b[0] == '1' || b[0] == '2') {
		return 8
	}
	return 0
}

// clock gives the length of a time of day with two or three parts and an optional fraction; else 0.
func clock(b []byte) int {
	i, parts := 0, 0
	for parts < 4 {
		start := i
		for i < len(b) && classes[b[i]] == digit {
			i++
		}
		if w := i - start; w == 0 || w > 3 || w > 2 && parts < 3 || w < 2 && parts > 0 {
			return 0
		}
		parts++
		if i == len(b) || b[i] != ':' && (b[i] != '.' || parts == 1) {
			break
		}
		if b[i] == '.' {
			break
		}
		i++
	}
	if parts < 2 {
		return 0
	}
	if i < len(b) && (b[i] == '.' || b[i] == ',') {
		i++
		for i < len(b) && classes[b[i]] == digit {
			i++
		}
	}
	return i
}

// zoneSuffix: nothing, "Z", or an offset.
func zoneSuffix(b []byte) bool {
	if len(b) == 0 || len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return true
	}
	if b[0] != '+' && b[0] != '-' || len(b) < 3 || len(b) > 6 {
		return false
	}
	for _, c := range b[1:] {
		if classes[c] != digit && c != ':' {
			return false
		}
	}
	return true
}
