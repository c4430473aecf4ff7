package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// isCSharpFrame: "Ns.Class.Method(String arg) in /src/X.cs:line 12", and Mono's
// "Ns.Class.Method (System.String arg) [0x00003] in /src/x.cs:12".
func isCSharpFrame(b []byte) bool {
	open := bytes.IndexByte(b, '(')
	if open < 2 {
		return false
	}
	name, mono := bytes.CutSuffix(b[:open], []byte{' '})
	if bytes.IndexByte(name, '.') < 0 || bytes.IndexByte(name, ' ') >= 0 {
		return false
	}
	if mono {
		return bytes.Contains(b, []byte(") [0x")) || bytes.Contains(b, []byte(") <0x"))
	}
	return bytes.Contains(b, []byte(":line ")) || hasSuffix(bytes.TrimSuffix(b, []byte("<---")), ")")
}

func (p *Parser) csharpFrame(b []byte) {
	b = bytes.TrimSpace(bytes.TrimSuffix(b, []byte("<---")))
	open := bytes.IndexByte(b, '(')
	if open < 1 {
		return
	}
	f := selfheal.Frame{}
	f.Package, f.Function = splitCSharp(text(bytes.TrimSpace(b[:open])))
	if in := bytes.LastIndex(b, []byte(" in ")); in > open {
		path, n, _ := cutLine(bytes.Replace(b[in+len(" in "):], []byte(":line "), []byte{':'}, 1))
		if f.File, f.Line = slashes(path), n; strings.HasPrefix(f.File, "<") { // Mono's name for a library without symbols
			f.File = ""
		}
	}
	f.InApp = p.hasModule(f.Package) || csharpInApp(f.Package)
	p.frame(f)
}

// splitCSharp splits class and method, and undoes what the compiler makes of
// asynchronous methods ("Store.<PayAsync>d__5.MoveNext"), lambdas
// ("Store.<>c__DisplayClass4_0.<PayAsync>b__0") and local functions ("Store.<Run>g__Inner|3_0").
func splitCSharp(name string) (class, method string) {
	if at := strings.LastIndexByte(name, '['); at > 0 && strings.HasSuffix(name, "]") {
		name = name[:at] // type arguments
	}
	class, method = "", name
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		class, method = strings.TrimSuffix(name[:dot], "."), name[dot+1:] // "Store..ctor"
	}
	if open := strings.Index(class, ".<"); open > 0 {
		if generated, rest, ok := strings.Cut(class[open+2:], ">"); ok && generated != "" && method == "MoveNext" && strings.HasPrefix(rest, "d__") {
			method = generated
		}
		class = class[:open]
	}
	if rest, ok := strings.CutPrefix(method, "<"); ok {
		generated, kind, _ := strings.Cut(rest, ">")
		switch {
		case strings.HasPrefix(kind, "g__"):
			generated, _, _ = strings.Cut(kind[len("g__"):], "|")
		case strings.HasPrefix(kind, "b__"), strings.HasPrefix(kind, "m__"):
			generated += ".lambda"
		}
		method = generated
	}
	return class, method
}

// csharpInApp: neither the framework nor a customary library.
func csharpInApp(class string) bool {
	for _, prefix := range []string{"System.", "Microsoft.", "MS.", "Mono.", "Newtonsoft.", "NLog.", "Serilog.", "Npgsql.", "Dapper.", "AutoMapper.", "MediatR.", "Polly.",
		"Grpc.", "StackExchange.", "Azure.", "Amazon.", "MySql.", "MySqlConnector.", "Hangfire.", "MassTransit.", "Autofac.", "Castle.", "FluentValidation.", "Swashbuckle.", "MongoDB.", "RabbitMQ.", "Confluent."} {
		if strings.HasPrefix(class+".", prefix) {
			return false
		}
	}
	return class != ""
}
