package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// parseAt reads the traces whose frames begin with "at": the JVM's, V8's and .NET's.
func (p *Parser) parseAt(b []byte, language Language) {
	var head []byte  // last line that may name an exception
	suppressed := -1 // indentation of a suppressed exception, which is no cause: it is skipped with all below it
	for raw := range bytes.Lines(b) {
		line := bytes.TrimRight(raw, "\r\n")
		trimmed := bytes.TrimSpace(line)
		indent := len(line) - len(bytes.TrimLeft(line, " \t"))
		if suppressed >= 0 && indent >= suppressed {
			continue
		}
		suppressed = -1
		if hasPrefix(trimmed, "Suppressed: ") {
			suppressed = indent
			continue
		}
		frame, ok := cutAt(line)
		switch {
		case ok && !p.isHead(frame, language):
			if head != nil || len(p.exceptions) == 0 {
				p.openAt(head, language)
				head = nil
			}
			p.atFrame(frame, language)
		case p.isHead(trimmed, language):
			if head != nil && (isCauseMark(head) || isCauseMark(trimmed)) {
				p.openAt(head, language)
			}
			head = trimmed
		case hasPrefix(trimmed, "--- End of inner exception"):
			p.target = max(0, p.target-1) // .NET prints the cause's frames first
		}
	}
	if head != nil && (len(p.exceptions) == 0 || isCauseMark(head)) {
		p.openAt(head, language)
	}
}

// isCauseMark tells of the lines that open a further exception of the chain.
func isCauseMark(line []byte) bool {
	return hasPrefix(line, "Caused by: ") || hasPrefix(line, "[cause]: ") || hasPrefix(line, " ---> ") || hasPrefix(line, "---> ")
}

// isHead tells whether a line names an exception.
func (p *Parser) isHead(line []byte, language Language) bool {
	typ, _ := atHead(line, language)
	return typ != nil
}

// openAt begins the exception that a line names.
func (p *Parser) openAt(line []byte, language Language) {
	typ, message := atHead(line, language)
	if typ == nil {
		typ, message = []byte("Error"), line
	}
	p.begin(typ, message)
}

// atHead splits the line that names an exception into type and message; nil when
// it names none. Behind the words by which runtimes introduce an exception any
// name is a type; elsewhere it must look like one.
func atHead(line []byte, language Language) (typ, message []byte) {
	marked := false
	for _, mark := range []string{"Caused by: ", "[cause]: ", "---> ", "Unhandled exception. ", "Unhandled Exception: ", "Uncaught ", "Wrapped by: "} {
		if rest, ok := bytes.CutPrefix(line, []byte(mark)); ok {
			line, marked = rest, true
		}
	}
	if hasPrefix(line, "Exception in thread ") {
		if at := bytes.Index(line, []byte("\" ")); at > 0 {
			line, marked = line[at+2:], true
		}
	}
	line = bytes.TrimPrefix(line, []byte("(in promise) "))
	typ, message, _ = bytes.Cut(line, []byte(": "))
	typ = bytes.TrimSuffix(typ, []byte{':'})
	if name, _, ok := bytes.Cut(typ, []byte(" [")); ok && typ[len(typ)-1] == ']' {
		typ = name // Node's "TypeError [ERR_X]"
	}
	if !isTypeName(typ, language, marked) {
		return nil, nil
	}
	return typ, message
}

// isTypeName tells of the names that runtimes give exceptions: on the JVM and
// .NET a dotted name, elsewhere a word ending in one of the customary words.
func isTypeName(b []byte, language Language, marked bool) bool {
	if len(b) < 3 || len(b) > 200 {
		return false
	}
	for _, c := range b {
		if !isWordByte(c) && c != '.' && c != '$' && c != '/' && c != '`' && c != '+' && c < 0x80 {
			return false
		}
	}
	base := b[bytes.LastIndexByte(b, '.')+1:]
	if at := bytes.LastIndexByte(base, '$'); at >= 0 {
		base = base[at+1:]
	}
	if len(base) == 0 || base[0] < 'A' || base[0] > 'Z' {
		return false
	}
	if marked {
		return true
	}
	for _, suffix := range []string{"Error", "Exception", "Throwable", "Failure", "Fault", "Timeout", "Interrupt", "Rejection", "Abort"} {
		if hasSuffix(base, suffix) {
			return true
		}
	}
	return language != JavaScript && bytes.Count(b, []byte{'.'}) >= 2 && !bytes.Contains(b, []byte("/"))
}

// atFrame adds a frame in the form of its language.
func (p *Parser) atFrame(b []byte, language Language) {
	switch language {
	case Java:
		p.javaFrame(b)
	case CSharp:
		p.csharpFrame(b)
	default:
		p.javaScriptFrame(b)
	}
}

// isJavaFrame: "java.base/a.b.C.m(C.java:12)", "(Native Method)", "(Unknown Source)", "(<generated>)".
func isJavaFrame(b []byte) bool {
	open := bytes.LastIndexByte(b, '(')
	end := bytes.LastIndexByte(b, ')')
	if open < 1 || end < open || bytes.IndexByte(b[:open], ' ') >= 0 {
		return false
	}
	inside := b[open+1 : end]
	if bytes.Equal(inside, []byte("Native Method")) || bytes.Equal(inside, []byte("Unknown Source")) || bytes.Equal(inside, []byte("<generated>")) {
		return true
	}
	file, _, _ := cutLine(inside)
	for _, ext := range []string{".java", ".kt", ".scala", ".groovy", ".clj"} {
		if hasSuffix(file, ext) {
			return true
		}
	}
	return false
}

func (p *Parser) javaFrame(b []byte) {
	open := bytes.LastIndexByte(b, '(')
	end := bytes.LastIndexByte(b, ')')
	if open < 1 || end < open {
		return
	}
	name := b[:open]
	if at := bytes.LastIndexByte(name, '/'); at >= 0 && bytes.IndexByte(name[at:], '.') > 0 && !bytes.Contains(name, []byte("$$Lambda")) {
		name = name[at+1:] // class loader and module
	}
	file, line, ok := cutLine(b[open+1 : end])
	if !ok {
		file, line = nil, 0
	}
	class, method := name, []byte(nil)
	if dot := bytes.LastIndexByte(name, '.'); dot >= 0 {
		class, method = name[:dot], name[dot+1:]
	}
	f := selfheal.Frame{Function: text(method), Package: text(class), File: slashes(file), Line: line}
	f.InApp = p.javaInApp(f.Package)
	p.frame(f)
}

// javaInApp: neither the JDK, nor a customary framework, nor generated code.
func (p *Parser) javaInApp(class string) bool {
	if p.hasModule(class) {
		return true
	}
	if strings.Contains(class, "$$Lambda") || strings.Contains(class, "GeneratedMethodAccessor") {
		return false
	}
	for _, prefix := range []string{"java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "org.springframework.", "org.apache.", "org.hibernate.",
		"io.netty.", "reactor.", "kotlin.", "kotlinx.", "scala.", "akka.", "com.zaxxer.", "org.eclipse.", "org.jboss.", "ch.qos.", "org.slf4j.",
		"com.fasterxml.", "com.google.", "io.grpc.", "io.micrometer.", "okhttp3.", "okio.", "retrofit2.", "org.postgresql.", "com.mysql.", "org.h2.",
		"oracle.", "com.microsoft.", "com.amazonaws.", "software.amazon.", "org.junit.", "org.gradle.", "org.codehaus.", "groovy.", "io.undertow.",
		"io.quarkus.", "io.vertx.", "io.micronaut.", "io.smallrye.", "redis.clients.", "io.lettuce.", "org.mongodb.", "com.mongodb.", "feign.", "net.bytebuddy.", "javassist.", "rx.", "io.reactivex."} {
		if strings.HasPrefix(class, prefix) {
			return false
		}
	}
	return class != ""
}

// isJavaScriptFrame: "f (file:1:2)", "file:1:2", "async f (...)", "<anonymous>".
func isJavaScriptFrame(b []byte) bool {
	inside := b
	if open := bytes.LastIndexByte(b, '('); open >= 0 {
		end := bytes.LastIndexByte(b, ')')
		if end < open {
			return false
		}
		inside = b[open+1 : end]
	}
	if bytes.Equal(inside, []byte("<anonymous>")) || bytes.Equal(inside, []byte("native")) || hasPrefix(inside, "index ") {
		return true
	}
	_, _, ok := cutLine(inside)
	return ok
}

func (p *Parser) javaScriptFrame(b []byte) {
	b = bytes.TrimRight(b, " {")
	function, place := []byte(nil), b
	if open := bytes.LastIndex(b, []byte(" (")); open >= 0 && hasSuffix(b, ")") {
		function, place = b[:open], b[open+2:len(b)-1]
	}
	path, line, ok := cutLine(place)
	if !ok {
		path, line = nil, 0
	}
	if at := bytes.LastIndex(function, []byte(" [as ")); at > 0 {
		function = function[:at]
	}
	function = bytes.TrimPrefix(bytes.TrimPrefix(bytes.TrimPrefix(function, []byte("async ")), []byte("new ")), []byte("Object."))
	path = bytes.TrimPrefix(path, []byte("async "))
	path = bytes.TrimPrefix(path, []byte("file://"))
	f := selfheal.Frame{Function: text(function), File: slashes(path), Line: line}
	if f.Function == "" {
		f.Function = "<anonymous>"
	}
	f.Package = scriptModule(f.File)
	f.InApp = f.File != "" && !containsAny(f.File, "node_modules/", "node:", "webpack/bootstrap", "/.yarn/") && !strings.HasPrefix(f.File, "internal/") && !strings.HasPrefix(f.File, "native") && strings.ContainsAny(f.File, "./")
	p.frame(f)
}

// scriptModule is the file's name without directory, extension, query and content hash.
func scriptModule(path string) string {
	path, _, _ = strings.Cut(path, "?")
	dir, base := splitPath(path)
	base, _, _ = strings.Cut(base, ".")
	if base == "index" || base == "main" {
		if _, parent := splitPath(dir); parent != "" && base == "index" {
			return parent
		}
	}
	if at := strings.LastIndexByte(base, '-'); at > 0 && looksLikeHash(base[at+1:]) {
		base = base[:at]
	}
	return base
}

func looksLikeHash(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		} else if !isWordByte(s[i]) {
			return false
		}
	}
	return len(s) >= 6 && digits > 0
}

// IsExcerptHead tells of the "path:12" line above the source excerpt that Node prints for an uncaught exception.
func IsExcerptHead(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	path, _, ok := cutLine(line)
	if !ok || len(path) == 0 || bytes.IndexByte(path, ' ') >= 0 {
		return false
	}
	return path[0] == '/' || hasPrefix(path, "file://") || hasPrefix(path, "node:") || len(path) > 3 && path[1] == ':' && path[2] == '\\'
}

// isCSharpFrame: "Ns.Class.Method(String arg) in /src/X.cs:line 12".
func isCSharpFrame(b []byte) bool {
	open := bytes.IndexByte(b, '(')
	if open < 1 || bytes.IndexByte(b[:open], '.') < 0 || bytes.IndexByte(b[:open], ' ') >= 0 {
		return false
	}
	return bytes.Contains(b, []byte(":line ")) || hasSuffix(b, ")")
}

func (p *Parser) csharpFrame(b []byte) {
	open := bytes.IndexByte(b, '(')
	if open < 1 {
		return
	}
	name := b[:open]
	class, method := name, []byte(nil)
	if dot := bytes.LastIndexByte(name, '.'); dot > 0 {
		class, method = name[:dot], name[dot+1:]
	}
	f := selfheal.Frame{Function: text(method), Package: text(class)}
	if at := bytes.LastIndex(b, []byte(":line ")); at > 0 {
		f.Line, _ = number(b[at+len(":line "):])
		if in := bytes.LastIndex(b[:at], []byte(") in ")); in > 0 {
			f.File = slashes(b[in+len(") in ") : at])
		}
	}
	f.InApp = p.hasModule(f.Package) || !strings.HasPrefix(f.Package, "System.") && !strings.HasPrefix(f.Package, "Microsoft.") && !strings.HasPrefix(f.Package, "MS.")
	p.frame(f)
}

// IsHead tells of a line that begins with the type of an exception, as runtimes
// print it on a line of its own above the frames.
func IsHead(line []byte) bool {
	if len(line) < 5 || line[0] <= ' ' {
		return false
	}
	if hasPrefix(line, "Exception in thread ") {
		return true
	}
	if at := bytes.IndexByte(line, ' '); at > 0 && line[at-1] != ':' && line[at-1] != '.' && line[at-1] != '>' && line[0] != 'U' && line[0] != 'C' && line[0] != 'W' && !bytes.HasPrefix(line[at+1:], []byte{'['}) {
		return false // a sentence
	}
	typ, _ := atHead(line, Java)
	return typ != nil
}
