package template

import "bytes"

// delimiter takes a bracket, quote or separator.
func (s *Scanner) delimiter(m []byte, i int) int {
	c := m[i]
	switch c {
	case '}', ';', '|':
		s.out = append(s.out, c)
		return i + 1
	case '(', '[', '{':
		if n := len(s.out); n == 0 || s.out[n-1] != '=' {
			s.out = append(s.out, c)
			return i + 1
		}
	}
	if (c == '"' || c == '\'' || c == '`') && i != s.closing {
		if end := s.quoted(m, i); end > i {
			return end
		}
	}
	if (c == '<' || c == '>') && i+1 < len(m) && classes[m[i+1]] == digit && i > 0 && classes[m[i-1]] == space {
		return i + 1 // "<1 ms": a bound is a number too
	}
	if c == ',' && i+1 < len(m) && classes[m[i+1]] == digit && len(s.out) > 0 && s.out[len(s.out)-1] == maskTime {
		for i++; i < len(m) && classes[m[i]] == digit; i++ { // a fraction of a second, as Python and Java write it
		}
		return i
	}
	if isOpener(c) && s.isAssigned() {
		if end := wrappedEnd(m, i); end > i {
			s.mask(maskValue)
			return end
		}
	}
	if c == ']' && bytes.HasSuffix(s.out, openHost) && i+2 < len(m) && m[i+1] == ':' && classes[m[i+2]] == digit {
		return s.bracketedPort(m, i+2)
	}
	s.out = append(s.out, c)
	switch {
	case c == ')':
		s.dropRestated()
	case c == '=' && isValueEnd(m, i+1) && s.isAssigned():
		s.out = append(s.out, maskValue) // an empty value is one of the values
	}
	return i + 1
}

var openHost = []byte{'[', maskHost}

// bracketedPort takes the port at i of "[2001:db8::1]:443", which is one address.
func (s *Scanner) bracketedPort(m []byte, i int) int {
	s.out = append(s.out[:len(s.out)-len(openHost)], maskHost)
	for i < len(m) && classes[m[i]] == digit {
		i++
	}
	return i
}

// maxWrapped is the longest value in brackets that is looked at as one.
const maxWrapped = 256

// wrappedEnd gives the position after a value in brackets that begins at i: "[a, b]",
// "(null)", or "{com.acme/Main}". It gives 0 when what is in there may say what
// happened: keys of its own, or language.
func wrappedEnd(m []byte, i int) int {
	closer := m[i] + 2 // of [ and {
	if m[i] == '(' {
		closer = ')'
	}
	for k := i + 1; k < len(m) && k < i+maxWrapped; k++ {
		switch c := m[k]; {
		case c == closer:
			return k + 1
		case isOpener(c), c == '=', c == ':', c == ' ' && m[k-1] != ',', c == '"', c == '\'', c == '<':
			return 0
		}
	}
	return 0
}

func isOpener(c byte) bool { return c == '(' || c == '[' || c == '{' }

// isValueEnd tells whether no value begins at i.
func isValueEnd(m []byte, i int) bool {
	return i == len(m) || classes[m[i]] == space || m[i] == ',' || m[i] == ';' || m[i] == ')' || m[i] == ']' || m[i] == '}'
}

// dropRestated drops "(18.4 KB)" behind the number that it restates, and what
// stands in parentheses behind an address: its name, if there is one.
func (s *Scanner) dropRestated() {
	n := len(s.out)
	if n >= 4 && s.out[n-2] == '(' && s.out[n-3] == ' ' && s.out[n-4] == maskHost {
		s.out = s.out[:n-3]
		return
	}
	if n >= 5 && s.out[n-2] < maskMax && s.out[n-3] == '(' && s.out[n-4] == ' ' && s.out[n-5] == maskHost {
		s.out = s.out[:n-4]
		return
	}
	if n >= 5 && s.out[n-2] == maskNum && s.out[n-3] == '(' && s.out[n-4] == ' ' && s.out[n-5] == maskNum && s.unit {
		s.out = s.out[:n-4]
	}
}
