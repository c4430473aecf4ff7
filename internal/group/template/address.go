package template

import "bytes"

// isIPv4: four groups of digits, and an optional port or prefix length, after an optional slash.
func isIPv4(b []byte) bool {
	if len(b) > 0 && b[0] == '/' {
		b = b[1:]
	}
	groups, width := 1, 0
	i := 0
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case classes[c] == digit:
			if width++; width > 3 {
				return false
			}
			continue
		case c == '.' && width > 0 && groups < 4:
			groups, width = groups+1, 0
			continue
		}
		break
	}
	if groups != 4 || width == 0 {
		return false
	}
	return i == len(b) || (b[i] == ':' || b[i] == '/') && allDigits(b[i+1:])
}

// isIPv6: groups of at most four hexadecimal digits between at least two colons, one of them doubled or seven in all.
func isIPv6(b []byte) bool {
	colons, width, doubled, digits := 0, 0, false, false
	for i, c := range b {
		switch {
		case c == ':':
			if colons++; i > 0 && b[i-1] == ':' {
				doubled = true
			}
			width = 0
		case isHexDigit(c):
			if width++; width > 4 {
				return false
			}
			digits = digits || classes[c] == digit
		case c == '%' || c == '/':
			return digits && (doubled || colons == 7)
		default:
			return false
		}
	}
	return digits && colons >= 2 && colons <= 8 && (doubled || colons == 7)
}

// isMAC: six or eight pairs of hexadecimal digits.
func isMAC(b []byte) bool {
	if len(b) != 17 && len(b) != 23 {
		return false
	}
	for i, c := range b {
		if i%3 == 2 {
			if c != ':' && c != '-' {
				return false
			}
		} else if !isHexDigit(c) {
			return false
		}
	}
	return true
}

// isColonList: at least five groups of letters and digits joined by colons: an address of some hardware.
func isColonList(b []byte) bool {
	colons := 0
	for _, c := range b {
		if c == ':' {
			colons++
		} else if classes[c] != digit && classes[c] != letter {
			return false
		}
	}
	return colons >= 4
}

// isHostName: at least three labels of lower-case letters, digits and hyphens,
// joined by dots, with a number in one of them or a top-level domain at the end, or
// in front as in the name of a package. Names of settings, metrics and topics look
// the same but for that, and say what a line is about.
func isHostName(b []byte) bool {
	dots, first, last, digits := 0, 0, 0, false
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c == '-' && i > 0:
		case classes[c] == digit:
			digits = true
		case c == '.' && i > 0 && i+1 < len(b) && b[i-1] != '.':
			if dots++; dots == 1 {
				first = i
			}
			last = i
		default:
			return false
		}
	}
	return dots >= 2 && classes[b[len(b)-1]] == letter && (digits || isTopDomain(b[last+1:]) || isTopDomain(b[:first]))
}

func isEmail(b []byte) bool {
	at := bytes.IndexByte(b, '@')
	if at < 1 || bytes.IndexByte(b, '/') >= 0 || bytes.IndexByte(b, ':') >= 0 {
		return false
	}
	dot := bytes.LastIndexByte(b[at:], '.')
	return dot > 1 && at+dot+2 < len(b) && classes[b[len(b)-1]] == letter
}

// isPath: a rooted path, a relative one with at least two separators or with the extension of a file, or a Windows one.
func isPath(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	if b[0] == '/' {
		return classes[b[1]] != joiner || b[1] == '.' || b[1] == '_' || b[1] == '-' || b[1] == '~' || b[1] == '%' || b[1] == ':' || b[1] == '@'
	}
	if b[0] == '\\' && b[1] == '\\' || len(b) > 3 && b[1] == ':' && b[2] == '\\' {
		return true
	}
	if b[0] == '.' && (b[1] == '/' || b[1] == '.' && len(b) > 2 && b[2] == '/') || b[0] == '~' && b[1] == '/' {
		return true
	}
	slashes := bytes.Count(b, []byte{'/'})
	if slashes == 0 {
		return bytes.Count(b, []byte{'\\'}) >= 2
	}
	return (slashes >= 2 || isFileIn(b)) && bytes.IndexByte(b, ':') < 0
}

// isFileIn: a folder and a file name with an extension, as "receipts/oak.jsonl",
// against "text/plain" and "net/http.Client".
func isFileIn(b []byte) bool {
	slash, dot := bytes.IndexByte(b, '/'), bytes.LastIndexByte(b, '.')
	if slash < 1 || dot < slash+2 {
		return false
	}
	extension := b[dot+1:]
	letters := 0
	for _, c := range extension {
		switch {
		case c >= 'a' && c <= 'z':
			letters++
		case classes[c] != digit:
			return false
		}
	}
	return letters > 0 && (len(extension) <= 5 || isLongExtension(extension))
}

// isFileName: letters, digits, hyphens and underscores, and the extension of a file
// that holds data: "orders-2026.csv", "config.yaml". Files of source code are what
// an error is about, and stay.
func isFileName(b []byte) bool {
	dot := bytes.LastIndexByte(b, '.')
	if dot < 1 || classes[b[0]] == joiner || !isDataExtension(b[dot+1:]) {
		return false
	}
	for _, c := range b[:dot] {
		if classes[c] != letter && classes[c] != digit && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
