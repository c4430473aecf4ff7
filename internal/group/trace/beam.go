package trace

import (
	"bytes"
	"slices"
	"strings"

	"selfheal"
)

// parseElixir reads "** (Type) message" and frames such as
// "(shop 0.1.0) lib/shop/store.ex:6: Shop.Store.charge/1". Exits that carry
// another exit or exception open a further link of the chain.
func (p *Parser) parseElixir(b []byte) {
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		if hasPrefix(line, "Client ") || hasPrefix(line, "Last message") {
			break // the stack of whoever waits for the process that crashed
		}
		if _, head, marked := bytes.Cut(line, []byte("** (")); marked {
			if typ, message, ok := bytes.Cut(head, []byte{')'}); ok {
				p.begin(bytes.TrimSpace(cutAtByte(typ, ' ')), message)
			}
			continue
		}
		if len(p.exceptions) > 0 {
			p.elixirFrame(line)
		}
	}
}

func cutAtByte(b []byte, c byte) []byte {
	before, _, _ := bytes.Cut(b, []byte{c})
	return before
}

// elixirFrame reads "(app version) path:line: function".
func (p *Parser) elixirFrame(line []byte) {
	application := ""
	if hasPrefix(line, "(") {
		name, rest, ok := bytes.Cut(line[1:], []byte(") "))
		if !ok {
			return
		}
		application, line = text(cutAtByte(name, ' ')), rest
	}
	place, call, ok := bytes.Cut(line, []byte(": "))
	path, n, positioned := cutLine(place)
	if !ok || !positioned || !hasSuffix(path, ".ex") && !hasSuffix(path, ".exs") && !hasSuffix(path, ".erl") && !hasSuffix(path, ".eex") && !hasSuffix(path, ".heex") {
		return
	}
	f := selfheal.Frame{File: slashes(path), Line: n}
	f.Package, f.Function = splitElixir(text(call))
	library := isBeamLibrary(application) || strings.HasPrefix(f.File, "deps/") || application == "" && isBeamModule(strings.TrimPrefix(f.Package, ":"))
	f.InApp = p.hasModule(f.Package) || !library
	p.frame(f)
}

// splitElixir splits "anonymous fn/1 in Shop.Store.visit/1", "Shop.Store.find(7)" or
// ":lists.map/2" into module and function. The arity goes: where a call found no
// clause, the runtime prints the arguments in its place.
func splitElixir(call string) (module, function string) {
	closure := ""
	if at := strings.LastIndex(call, " in "); at >= 0 && strings.Contains(call[:at], "fn/") {
		call, closure = call[at+len(" in "):], ".fn"
	}
	if at := strings.IndexByte(call, '('); at > 0 {
		call = call[:at]
	}
	if at := strings.LastIndexByte(call, '/'); at > 0 && !strings.ContainsAny(call[at:], `"-`) {
		call = call[:at]
	}
	if quoted := strings.Index(call, `."-`); quoted > 0 { // Enum."-map/2-lists^map/1-0-"
		return call[:quoted], erlangFunction(strings.Trim(call[quoted+1:], `"`))
	}
	if at := strings.LastIndexByte(call, '.'); at > 0 {
		return call[:at], call[at+1:] + closure
	}
	return "", call + closure
}

// erlangFunction names the function that a closure was written in: "-visit/1-fun-0-" is "visit.fn".
func erlangFunction(name string) string {
	if rest, ok := strings.CutPrefix(name, "-"); ok {
		name, _, _ = strings.Cut(rest, "/")
		return name + ".fn"
	}
	return name
}

// parseErlang reads crash and error reports: frames as "in function  shop:charge/1
// (shop.erl, line 9)" or as tuples {shop,charge,1,[{file,"shop.erl"},{line,9}]}.
func (p *Parser) parseErlang(b []byte) {
	if at := bytes.Index(b, []byte("** Client ")); at > 0 {
		b = b[:at] // the stack of whoever waits for the process that crashed
	}
	if at := bytes.Index(b, []byte("\n  neighbours:")); at > 0 {
		b = b[:at]
	}
	if _, rest, ok := bytes.Cut(b, []byte("exception ")); ok {
		class, rest, _ := bytes.Cut(rest, []byte(": "))
		p.beginErlang(class, rest[:lineEnd(rest, 0)])
		p.erlangReport(rest)
		return
	}
	for _, mark := range []string{"** Reason for termination ==\n** ", "with exit value:\n"} {
		if _, rest, ok := bytes.Cut(b, []byte(mark)); ok {
			p.beginErlang([]byte("error"), erlangReason(rest))
			p.erlangTuples(rest)
			return
		}
	}
}

// erlangReason cuts "{Reason,[Stack]}" down to its reason.
func erlangReason(b []byte) []byte {
	b = bytes.TrimLeft(b, "\",( {")
	if at := bytes.IndexByte(b, '['); at > 0 {
		b = b[:at]
	}
	return bytes.TrimRight(b[:lineEnd(b, 0)], "{}, ")
}

// beginErlang takes the tag of a reason ("{badkey,7}") for the type; a reason
// that is told in words has none but its class.
func (p *Parser) beginErlang(class, reason []byte) {
	reason = bytes.Trim(reason, "{} ")
	tag := cutAtByte(reason, ',')
	if len(tag) == 0 || bytes.IndexByte(tag, ' ') >= 0 || tag[0] < 'a' || tag[0] > 'z' || len(tag) > 60 {
		p.begin(class, reason)
		return
	}
	p.begin(tag, reason)
}

func (p *Parser) erlangReport(b []byte) {
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		rest, ok := bytes.CutPrefix(line, []byte("in function "))
		if !ok {
			rest, ok = bytes.CutPrefix(line, []byte("in call from "))
		}
		if !ok {
			continue
		}
		call, place, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" ("))
		module, function, ok := bytes.Cut(call, []byte{':'})
		if !ok {
			continue
		}
		path, position, _ := bytes.Cut(place, []byte(", line "))
		n, _ := number(position)
		p.erlangFrame(text(module), text(function), bytes.TrimSuffix(path, []byte{')'}), n)
	}
}

// erlangTuples finds the tuples of a stack wherever they stand.
func (p *Parser) erlangTuples(b []byte) {
	const file = `[{file,"`
	for {
		before, after, ok := bytes.Cut(b, []byte(file))
		if !ok {
			return
		}
		path, rest, _ := bytes.Cut(after, []byte{'"'})
		n := 0
		if _, position, ok := bytes.Cut(rest[:min(len(rest), 40)], []byte("{line,")); ok {
			n, _ = number(position)
		}
		if open := bytes.LastIndexByte(before, '{'); open >= 0 {
			if parts := bytes.SplitN(before[open+1:], []byte{','}, 4); len(parts) >= 3 {
				p.erlangFrame(text(bytes.TrimSpace(parts[0])), text(bytes.TrimSpace(parts[1])), path, n)
			}
		}
		b = rest
	}
}

func (p *Parser) erlangFrame(module, function string, path []byte, line int) {
	function = strings.Trim(function, "'")
	if !strings.HasPrefix(function, "-") {
		function, _, _ = strings.Cut(function, "/")
	}
	f := selfheal.Frame{Package: module, Function: erlangFunction(function), File: slashes(path), Line: line}
	f.InApp = p.hasModule(module) || !isBeamModule(module)
	p.frame(f)
}

// isBeamLibrary tells of the applications of OTP, Elixir, and the customary frameworks.
func isBeamLibrary(application string) bool {
	return slices.Contains([]string{"elixir", "stdlib", "kernel", "mix", "logger", "iex", "ex_unit", "eex", "compiler", "crypto", "ssl", "inets", "erts", "phoenix",
		"phoenix_live_view", "phoenix_html", "phoenix_pubsub", "phoenix_ecto", "plug", "plug_cowboy", "plug_crypto", "cowboy", "cowlib", "ranch", "bandit", "thousand_island",
		"websock_adapter", "ecto", "ecto_sql", "db_connection", "postgrex", "myxql", "telemetry", "jason", "poison", "oban", "broadway", "gen_stage", "flow", "finch", "mint",
		"nimble_pool", "nimble_options", "absinthe", "absinthe_plug", "tesla", "hackney", "httpoison", "req", "redix", "amqp", "swoosh", "bamboo"}, application)
}

// isBeamModule tells of the modules of OTP that stand on the stacks of most processes.
func isBeamModule(module string) bool {
	return slices.Contains([]string{"erlang", "init", "gen_server", "gen_statem", "gen_event", "gen_fsm", "gen", "proc_lib", "supervisor", "application", "application_controller",
		"application_master", "lists", "maps", "sets", "dict", "ets", "dets", "mnesia", "timer", "file", "io", "io_lib", "string", "binary", "unicode", "calendar", "re", "rpc", "erpc",
		"error_handler", "error_logger", "logger", "erl_eval", "shell", "escript", "code", "code_server", "ssl", "gen_tcp", "inet", "httpc", "httpd", "crypto", "public_key",
		"cowboy", "cowboy_handler", "cowboy_stream_h", "cowboy_http", "cowboy_http2", "ranch", "ranch_conns_sup", "elixir", "elixir_compiler", "elixir_lexical", "elixir_erl_eval"}, module)
}
