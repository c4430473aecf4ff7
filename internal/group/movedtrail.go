package group

import (
	"fmt"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/group/template"
	"selfheal/internal/group/trace"
)

// trail is what of an exception is compared across a deploy.
type trail struct {
	id      selfheal.SignatureID
	key     string // types, masked messages, and the name of the function that failed
	generic bool   // the runtime raised it: type and message say nothing about the place
	links   []link // of the chain; the last is the root cause
	root    selfheal.Frame
}

// link is one exception of a chain: its in-app functions, innermost first, each
// once, however often they recurse.
type link struct {
	names     []string // without package, class and closure; those without a name left out, unless innermost
	qualified []string // as in the identity, of the same frames
	cut       bool     // there were more
}

// maxTrail is how many functions of one exception are compared: further out stand
// the frames that all exceptions of a service share.
const maxTrail = 24

// trailReader reads trails; it remembers the names of functions, which come again and again.
type trailReader struct {
	scanner   template.Scanner
	functions map[[2]string]functionName // by package and function
}

// functionName is how a function is compared.
type functionName struct{ name, qualified string }

func newTrailReader() *trailReader {
	return &trailReader{functions: make(map[[2]string]functionName)}
}

func (r *trailReader) function(f *selfheal.Frame) functionName {
	key := [2]string{f.Package, f.Function}
	n, ok := r.functions[key]
	if !ok {
		n = functionName{trace.FunctionName(f), string(trace.AppendFunction(nil, f))}
		r.functions[key] = n
	}
	return n
}

// read gives nil for an exception without in-app frames at its root: what such
// a one is identified by does not move with the service's code.
func (r *trailReader) read(s *selfheal.Signature) *trail {
	exceptions := s.Sample.Exceptions
	if len(exceptions) == 0 {
		return nil
	}
	t := &trail{id: s.ID, links: make([]link, len(exceptions))}
	var key strings.Builder
	for i := range exceptions {
		e := &exceptions[i]
		t.links[i] = r.link(e.Frames)
		fmt.Fprintf(&key, "%s\x00%s\x00", trace.TypeName(e.Type), template.Text(r.scanner.Scan(firstLine([]byte(withoutVariable(e))))))
	}
	root := &exceptions[len(exceptions)-1]
	at := slices.IndexFunc(root.Frames, func(f selfheal.Frame) bool { return f.InApp })
	if at < 0 {
		return nil
	}
	t.root = root.Frames[at]
	t.generic = isRaisedByRuntime(root)
	key.WriteString(t.links[len(t.links)-1].names[0])
	t.key = key.String()
	return t
}

// withoutVariable gives the message without the part in which the JVM names the
// expression that was null: renaming a local variable changes it.
func withoutVariable(e *selfheal.Exception) string {
	if strings.HasSuffix(e.Type, "NullPointerException") {
		message, _, _ := strings.Cut(e.Message, " because ")
		return message
	}
	return e.Message
}

func (r *trailReader) link(frames []selfheal.Frame) link {
	var l link
	for i := range frames {
		f := &frames[i]
		if !f.InApp {
			continue
		}
		n := r.function(f)
		if len(l.names) > 0 && (saysNothing(n.name) || slices.Contains(l.names, n.name)) {
			continue
		}
		if len(l.names) == maxTrail {
			l.cut = true
			break
		}
		l.names = append(l.names, n.name)
		l.qualified = append(l.qualified, n.qualified)
	}
	return l
}

// saysNothing tells of the functions that are on every stack.
func saysNothing(name string) bool {
	switch name {
	case "", "main", "<module>", "<main>", "{main}", "run", "invoke", "invokeSuspend", "call", "apply":
		return true
	}
	return false
}

// isDistinctive tells whether a function's name is hardly given twice: it has
// two words or more ("ownerName", "last_line"), and is none of those that
// classes of one interface share.
func isDistinctive(name string) bool {
	words := 0
	for i, c := range name {
		lower := i > 0 && name[i-1] != '_' && (name[i-1] < 'A' || name[i-1] > 'Z')
		if c >= 'A' && c <= 'Z' && lower || i > 0 && i < len(name)-1 && c == '_' {
			words++
		}
	}
	if words == 0 {
		return false
	}
	lower := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	for _, prefix := range []string{"handle", "process", "execute", "on", "do", "serve", "invoke", "perform", "tostring", "compareto", "hashcode", "getvalue", "getname", "getid"} {
		if strings.HasPrefix(lower, prefix) {
			return false
		}
	}
	return true
}

// isRaisedByRuntime tells of errors that no code of the service has written: a
// nil dereference looks alike wherever it happens.
func isRaisedByRuntime(e *selfheal.Exception) bool {
	if strings.Trim(e.Message, " \t\n") == "" {
		return true
	}
	switch trace.TypeName(e.Type) {
	case "panic", "fatal error", "SIGSEGV":
		return trace.IsRuntimePanic(e.Message)
	case "NullPointerException", "IndexOutOfBoundsException", "ArrayIndexOutOfBoundsException", "StringIndexOutOfBoundsException", "ClassCastException",
		"ArithmeticException", "NumberFormatException", "NoSuchElementException", "ConcurrentModificationException", "StackOverflowError", "OutOfMemoryError",
		"NullReferenceException", "IndexOutOfRangeException", "ArgumentOutOfRangeException", "InvalidCastException", "KeyNotFoundException", "DivideByZeroException", "FormatException",
		"TypeError", "ReferenceError", "RangeError", "SyntaxError", "AttributeError", "IndexError", "KeyError", "NameError", "UnboundLocalError", "ZeroDivisionError", "RecursionError",
		"AssertionError", "ValueError", "UnicodeDecodeError", "NoMethodError", "ArgumentError", "FrozenError", "ArgumentCountError", "DivisionByZeroError",
		"FunctionClauseError", "CaseClauseError", "MatchError", "BadMapError", "ArithmeticError", "UndefinedFunctionError", "NoSuchMethodError", "badmatch", "badarg", "badarith", "function_clause":
		return true
	}
	return false
}

// why says in plain words what changed.
func (t *trail) why(now *trail) string {
	a, b := t.last(), now.last()
	name := a.names[0]
	if name == "" {
		name = "the same unnamed function"
	}
	text := "same exception in " + name
	if a.qualified[0] != b.qualified[0] {
		text += ", which moved from " + placeName(&t.root, &now.root) + " to " + placeName(&now.root, &t.root)
	}
	if added := missing(now.allNames(maxTrail/2), t.allNames(maxTrail)); added != "" {
		text += ", now called through " + added
	}
	if dropped := missing(t.allNames(maxTrail/2), now.allNames(maxTrail)); dropped != "" {
		text += ", no longer called through " + dropped
	}
	return clip(readable([]byte(text)), maxTitle)
}

// allNames lists the functions of the whole chain, those of the root cause first;
// where a stack was cut, no more than limit of it.
func (t *trail) allNames(limit int) []string {
	var names []string
	for _, l := range slices.Backward(t.links) {
		if l.cut {
			names = append(names, l.names[:limit]...)
		} else {
			names = append(names, l.names...)
		}
	}
	return names
}

// placeName names a frame's file, or its package where the file has kept its name.
func placeName(f, other *selfheal.Frame) string {
	if file := shortPath(f.File); file != "" && file != shortPath(other.File) {
		return file
	}
	if f.Package != "" && f.Package != other.Package {
		return f.Package
	}
	return string(trace.AppendFunction(nil, f))
}

// shortPath is the end of a path that tells one file of a service from another.
func shortPath(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// missing lists up to three names that are in one list only.
func missing(in, notIn []string) string {
	var names []string
	for _, name := range in {
		if name == "" || slices.Contains(notIn, name) || slices.Contains(names, name) {
			continue
		}
		if len(names) == 3 {
			return strings.Join(names, ", ") + " and others"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
