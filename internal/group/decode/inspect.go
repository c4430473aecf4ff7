package decode

// inspected reads an object as Node prints it to a console, which is what
// OpenTelemetry's console exporter does: keys without quotes, strings in single
// quotes and joined by "+", undefined. False when it is none.
func (d *Decoder) inspected(b []byte, l *Line) bool {
	l.reset()
	w := rewriter{in: b, out: l.scratch}
	ok := w.rewrite()
	l.scratch = w.out
	return ok && d.json(w.out, l)
}

// rewriter makes JSON of a JavaScript literal.
type rewriter struct {
	in, out []byte
	at      int
}

// rewrite goes over the whole text; false when a string does not end.
func (w *rewriter) rewrite() bool {
	for w.at < len(w.in) {
		switch c := w.in[w.at]; {
		case c == '\'' || c == '"' || c == '`':
			if !w.text() {
				return false
			}
		case isLetter(c) || c == '_' || c == '$':
			w.word()
		default:
			w.out = append(w.out, c)
			w.at++
		}
	}
	return true
}

// text rewrites a string and those that are joined to it.
func (w *rewriter) text() bool {
	w.out = append(w.out, '"')
	for {
		quote := w.in[w.at]
		for w.at++; ; w.at++ {
			if w.at >= len(w.in) {
				return false
			}
			c := w.in[w.at]
			if c == quote {
				break
			}
			w.char(c)
		}
		w.at++
		next := skipSpace(w.in, w.at)
		if next >= len(w.in) || w.in[next] != '+' {
			break
		}
		next = skipSpace(w.in, next+1)
		if next >= len(w.in) || w.in[next] != '\'' && w.in[next] != '"' && w.in[next] != '`' {
			break
		}
		w.at = next
	}
	w.out = append(w.out, '"')
	return true
}

// char rewrites one character of a string, or one escape.
func (w *rewriter) char(c byte) {
	switch {
	case c == '\n':
		w.out = append(w.out, '\\', 'n')
	case c == '"':
		w.out = append(w.out, '\\', '"')
	case c != '\\' || w.at+1 >= len(w.in):
		w.out = append(w.out, c)
	case w.in[w.at+1] == '\'' || w.in[w.at+1] == '`':
		w.at++
		w.out = append(w.out, w.in[w.at])
	case w.in[w.at+1] == 'x':
		w.at++
		w.out = append(w.out, `\u00`...)
	default:
		w.at++
		w.out = append(w.out, '\\', w.in[w.at])
	}
}

// word rewrites a key or a bare value.
func (w *rewriter) word() {
	start := w.at
	for w.at < len(w.in) && (isWord(w.in[w.at]) || w.in[w.at] == '$') {
		w.at++
	}
	word := w.in[start:w.at]
	key := w.at < len(w.in) && w.in[w.at] == ':'
	switch {
	case !key && string(word) == "undefined":
		w.out = append(w.out, "null"...)
	case !key && (string(word) == "true" || string(word) == "false" || string(word) == "null"):
		w.out = append(w.out, word...)
	default:
		w.out = append(append(append(w.out, '"'), word...), '"')
	}
}
