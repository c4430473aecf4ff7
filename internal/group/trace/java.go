package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

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
