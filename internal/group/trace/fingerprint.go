package trace

import (
	"slices"
	"strings"

	"selfheal"
)

// maxIdentityFrames is how many in-app frames, innermost first, make the
// identity of an exception. Fewer would merge bugs that share a helper; more
// would split one bug by the callers and middleware above it.
const maxIdentityFrames = 4

// maxFallbackFrames is the same where no frame is in-app.
const maxFallbackFrames = 3

// maxName is how much of a name is looked at. Generated names can be very long.
const maxName = 300

// AppendTemplate appends the canonical text of an exception chain: for every
// exception its type, then its in-app functions, innermost first, repeats left
// out. Where nothing is in-app the innermost frames and the masked message
// stand in; where functions have only the names that a bundler gave, the message.
// mask gives the canonical text of a message.
func AppendTemplate(dst []byte, exceptions []selfheal.Exception, language Language, mask func([]byte) []byte) []byte {
	for i := range exceptions {
		e := &exceptions[i]
		if i > 0 {
			dst = append(dst, "\ncaused by "...)
		}
		dst = appendName(dst, e.Type)
		if class := goPanicClass(e, language); class != "" {
			dst = append(append(dst, ": "...), class...)
		}
		start := len(dst)
		dst = appendFrames(dst, e.Frames, own(language), maxIdentityFrames)
		if len(dst) > start && e.Type != "error" {
			continue
		}
		if len(dst) == start && !slices.ContainsFunc(e.Frames, func(f selfheal.Frame) bool { return f.InApp }) {
			dst = appendFrames(dst, e.Frames, foreign, maxFallbackFrames)
		}
		dst = append(dst, "\n  "...)
		start = len(dst)
		dst = append(dst, e.Message...) // mask reads it here, so that it need not be allocated
		dst = append(dst[:start], mask(dst[start:])...)
	}
	return dst
}

// appendFrames appends up to limit distinct functions.
func appendFrames(dst []byte, frames []selfheal.Frame, wanted func(*selfheal.Frame) bool, limit int) []byte {
	first, n := len(dst), 0
	for i := range frames {
		f := &frames[i]
		if n == limit {
			break
		}
		if !wanted(f) {
			continue
		}
		start := len(dst)
		dst = append(dst, "\n  "...)
		dst = AppendFunction(dst, f)
		if repeated(dst[first:start], dst[start:]) {
			dst = dst[:start] // recursion
			continue
		}
		n++
	}
	return dst
}

// own tells which frames name the service's functions: a bundler's names do not.
func own(language Language) func(*selfheal.Frame) bool {
	return func(f *selfheal.Frame) bool { return f.InApp && (language != JavaScript || !isMinified(f)) }
}

// foreign frames stand in where no frame is in-app.
func foreign(f *selfheal.Frame) bool { return !f.InApp }

// repeated tells whether the line (with its leading line break) is already among lines.
func repeated(lines, line []byte) bool {
	for at := 0; at+len(line) <= len(lines); at++ {
		if lines[at] == '\n' && string(lines[at:at+len(line)]) == string(line) && (at+len(line) == len(lines) || lines[at+len(line)] == '\n') {
			return true
		}
	}
	return false
}

// AppendFunction appends the normalised name of a frame's function, qualified by
// its package, module or class. What compilers number is left out: closures,
// lambdas, anonymous classes, generic instances.
func AppendFunction(dst []byte, f *selfheal.Frame) []byte {
	if f.Package != "" {
		dst = appendName(dst, f.Package)
		dst = append(dst, '.')
	}
	return appendName(dst, f.Function)
}

// appendName appends a name without type arguments, parentheses, hashes, and the
// numbers that compilers give to unnamed things ("func1.2", "lambda$run$3", "Foo$1").
func appendName(dst []byte, name string) []byte {
	name = name[:min(len(name), maxName)]
	depth := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		if depth == 0 && isPlainInName[c] {
			start := i
			for i+1 < len(name) && isPlainInName[name[i+1]] {
				i++
			}
			dst = append(dst, name[start:i+1]...)
			continue
		}
		switch {
		case c == '[' || c == '<' && i > 0 && isWordByte(name[i-1]):
			depth++
		case (c == ']' || c == '>') && depth > 0:
			depth--
		case depth > 0 || c == '(' || c == ')' || c == '*':
		case c < ' ':
			dst = append(dst, ' ')
		case c >= '0' && c <= '9':
			if !dropsNumber(name, i) {
				dst = append(dst, c)
				continue
			}
			for i+1 < len(name) && name[i+1] >= '0' && name[i+1] <= '9' {
				i++
			}
			dst = trimSeparator(dst)
		case c == '@' || c == 0x60:
			return dst
		case c == '$' && i+1 < len(name) && name[i+1] == '$':
			return dst // proxies and enhancers: "Foo$$EnhancerBySpring$$1a2b"
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// isPlainInName has the bytes that stay as they are wherever they stand in a name:
// most names are nothing else.
var isPlainInName = makePlainInName()

func makePlainInName() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && (c < '0' || c > '9')
	}
	for _, c := range "[]<>()*@`$" {
		t[c] = false
	}
	return t
}

// dropsNumber tells whether the digits at i were given by a compiler.
func dropsNumber(name string, i int) bool {
	start := i
	for start > 0 && isWordByte(name[start-1]) && name[start-1] != '$' {
		start--
	}
	switch word := name[start:i]; word {
	case "func", "gowrap", "deferwrap", "range", "closure", "lambda", "anon", "block":
		return true
	case "":
		return start > 0 && (name[start-1] == '.' || name[start-1] == '$' || name[start-1] == '-' || name[start-1] == '#')
	}
	return false
}

// trimSeparator drops the separator that only led to a number.
func trimSeparator(dst []byte) []byte {
	if n := len(dst); n > 0 && (dst[n-1] == '.' || dst[n-1] == '$' || dst[n-1] == '-') {
		return dst[:n-1]
	}
	return dst
}

// goPanicClass gives the class of a runtime error: all Go panics have one type,
// and two of different class in one function are two bugs.
func goPanicClass(e *selfheal.Exception, language Language) string {
	if language != Go {
		return ""
	}
	return firstOf(e.Message, "nil pointer dereference", "index out of range", "slice bounds out of range", "integer divide by zero",
		"assignment to entry in nil map", "close of closed channel", "close of nil channel", "send on closed channel", "interface conversion",
		"hash of unhashable type", "comparing uncomparable type", "makeslice", "stack overflow", "concurrent map", "all goroutines are asleep", "negative shift amount",
		"out of memory", "negative WaitGroup counter", "unlock of unlocked")
}

// IsRuntimePanic tells whether the message of a panic was written by the runtime
// or the standard library of Go or Rust rather than by the service.
func IsRuntimePanic(message string) bool {
	return goPanicClass(&selfheal.Exception{Message: message}, Go) != "" ||
		firstOf(message, "called `Option::", "called `Result::", "index out of bounds", "attempt to ", "already borrowed", "already mutably borrowed",
			"out of range for slice", "range end index", "range start index", "slice index starts at", "is not a char boundary", "entered unreachable code",
			"not yet implemented", "not implemented", "assertion ", "explicit panic", "byte index", "PoisonError", "capacity overflow") != ""
}

// firstOf gives the first of some parts that a text has, "" when it has none.
func firstOf(text string, parts ...string) string {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

// Functions lists the normalised in-app functions of all exceptions, innermost
// first, those of the last (root) cause first; of all frames when none is in-app.
func Functions(exceptions []selfheal.Exception) []string {
	for _, inApp := range []bool{true, false} {
		var names []string
		for _, e := range slices.Backward(exceptions) {
			for k := range e.Frames {
				if f := &e.Frames[k]; f.InApp == inApp && len(names) < maxFrames {
					names = append(names, string(AppendFunction(nil, f)))
				}
			}
		}
		if len(names) > 0 {
			return names
		}
	}
	return nil
}
