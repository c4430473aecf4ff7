package trace

import (
	"testing"

	"selfheal"
)

func TestFunctionName(t *testing.T) {
	t.Parallel()
	f := func(function, want string) {
		t.Helper()
		if got := FunctionName(&selfheal.Frame{Package: "a.b", Function: function}); got != want {
			t.Errorf("%s: got %q, want %q", function, got, want)
		}
	}

	f("charge", "charge")
	f("(*Store).Charge", "Charge")
	f("(*Store[...]).Charge.func1.2", "Charge")
	f("handle.func2", "handle")
	f("Run.gowrap1", "Run")
	f("init.0", "init")
	f("lambda$handle$0", "handle")
	f("shop::billing::charge", "charge")
	f("<shop::Store as shop::Shop>::total", "total")
	f("shop::handle::{{closure}}", "handle")
	f("Checkout.pay", "pay")
	f("Store#owner_name", "owner_name")
	f("PayAsync.lambda", "PayAsync")
	f("visit.fn", "visit")
	f("main.<fn>", "")
	f("<anonymous>", "")
	f("<lambda>", "")
	f("<module>", "")
	f("{closure}", "")
	f("", "")
}

func TestTypeName(t *testing.T) {
	t.Parallel()
	f := func(typ, want string) {
		t.Helper()
		if got := TypeName(typ); got != want {
			t.Errorf("%s: got %q, want %q", typ, got, want)
		}
	}

	f("billing.Declined", "Declined")
	f("com.acme.Shop$NotReady", "NotReady")
	f(`Shop\NotReady`, "NotReady")
	f("Shop::Gone", "Gone")
	f("panic", "panic")
	f("", "")
}

// TestGeneratedNames: what compilers make of a function's name is undone.
func TestGeneratedNames(t *testing.T) {
	t.Parallel()
	f := func(split func(string) (string, string), name, pkg, function string) {
		t.Helper()
		if gotPackage, gotFunction := split(name); gotPackage != pkg || gotFunction != function {
			t.Errorf("%s: got %q and %q, want %q and %q", name, gotPackage, gotFunction, pkg, function)
		}
	}

	f(splitCSharp, "Shop.Store.Find", "Shop.Store", "Find")
	f(splitCSharp, "Shop.Store.Pick[T]", "Shop.Store", "Pick")
	f(splitCSharp, "Shop.Store.<RunAsync>d__5.MoveNext", "Shop.Store", "RunAsync")
	f(splitCSharp, "Shop.Store.<>c__DisplayClass4_0.<PayAsync>b__0", "Shop.Store", "PayAsync.lambda")
	f(splitCSharp, "Shop.Store.<>c.<Visit>b__9_0", "Shop.Store", "Visit.lambda")
	f(splitCSharp, "Shop.Store.<Visit>m__0", "Shop.Store", "Visit.lambda")
	f(splitCSharp, "Shop.Store.<Run>g__Inner|3_0", "Shop.Store", "Inner")
	f(splitCSharp, "Program.<Main>$", "Program", "Main")
	f(splitCSharp, "Shop.Store..ctor", "Shop.Store", "ctor")

	f(splitElixir, "Shop.Store.charge/1", "Shop.Store", "charge")
	f(splitElixir, "Shop.Store.charge(nil, 7)", "Shop.Store", "charge")
	f(splitElixir, "anonymous fn/1 in Shop.Store.visit/1", "Shop.Store", "visit.fn")
	f(splitElixir, ":gen_server.try_handle_call/4", ":gen_server", "try_handle_call")
	f(splitElixir, `Enum."-map/2-lists^map/1-0-"/2`, "Enum", "map.fn")
	f(splitElixir, "", "", "")

	f(splitPHP, `Shop\Store->find`, `Shop\Store`, "find")
	f(splitPHP, `Shop\Store::open`, `Shop\Store`, "open")
	f(splitPHP, `Shop\Store->Shop\{closure}`, `Shop\Store`, "{closure}")
	f(splitPHP, `Shop\checkout`, "Shop", "checkout")
	f(splitPHP, "{main}", "", "{main}")

	rust := func(name string) (string, string) { return "", rustFunction(name) }
	f(rust, "shop::find::h0123456789abcdef", "", "shop::find")
	f(rust, "shop[e28293b1aa0f68bd]::last::<u8>", "", "shop::last")
	f(rust, "shop::main::{closure#1}", "", "shop::main::{{closure}}")
	f(rust, "<shop::Store as shop::Shop>::total", "", "<shop::Store as shop::Shop>::total")
	f(rust, "shop::map::<fn(u8) -> u8>::run", "", "shop::map::run")

	spider := func(name string) (string, string) { return "", string(spiderFunction([]byte(name))) }
	f(spider, "async*pay", "", "pay")
	f(spider, "visit/<", "", "")
	f(spider, "outer/inner", "", "inner")
	f(spider, "Checkout.prototype.pay", "", "Checkout.pay")
	f(spider, "global code", "", "")
}

// TestSpiderFrame: frames of Firefox and Safari, and addresses that are none.
func TestSpiderFrame(t *testing.T) {
	t.Parallel()
	f := func(line string, want bool) {
		t.Helper()
		if got := IsSpiderFrame([]byte(line)); got != want {
			t.Errorf("%q: got %v", line, got)
		}
	}

	f("pay@https://shop.example/a.js:8:29", true)
	f("@/srv/shop.js:32:10", true)
	f("global code@/srv/shop.js:32:10", true)
	f("forEach@[native code]", true)
	f("mail to ann@example.com:25", false)
	f("user@host:22", false)
	f("  lib@v1.0.0/do.go:9", false)
	f("ann@example.com", false)
	f("", false)
}

// TestOwnModules: where the service's modules are known, a library of whatever vendor is none of them.
func TestOwnModules(t *testing.T) {
	t.Parallel()
	text := []byte("java.lang.IllegalStateException: x\n\tat org.depot.Dep.each(Dep.java:1)\n\tat com.acme.Shop.total(Shop.java:2)")
	f := func(want string, modules ...string) {
		t.Helper()
		p := &Parser{Modules: modules}
		exceptions, language := p.Parse(text)
		if got := string(AppendTemplate(nil, exceptions, language, func(m []byte) []byte { return m })); got != want {
			t.Errorf("%v: got %q, want %q", modules, got, want)
		}
	}

	f("java.lang.IllegalStateException\n  org.depot.Dep.each\n  com.acme.Shop.total")
	f("java.lang.IllegalStateException\n  com.acme.Shop.total", "com.acme")
	f("java.lang.IllegalStateException\n  org.depot.Dep.each\n  com.acme.Shop.total", "example.com/go")
}

// TestMinifiedNames: a bundler's short names are no part of an identity, in whatever build.
func TestMinifiedNames(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		exceptions, language := new(Parser).Parse([]byte(text))
		if got := string(AppendTemplate(nil, exceptions, language, func(m []byte) []byte { return m })); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}

	f("TypeError: x is null\n    at a.b.c (https://shop.example/main.3f2a1b.js:1:23456)\n    at t (https://shop.example/main.3f2a1b.js:1:9)", "TypeError\n  x is null")
	f("TypeError: x is null\n    at e (https://shop.example/main.9c4e7d.js:1:1)", "TypeError\n  x is null")
	f("TypeError: x is null\nn@https://shop.example/main.9c4e7d.js:1:1", "TypeError\n  x is null")
	f("TypeError: x is null\n    at t (https://shop.example/main.3f2a1b.js:1:9)\n    at ownerName (https://shop.example/main.3f2a1b.js:1:9)", "TypeError\n  main.ownerName")
	f("TypeError: x is null\n    at go (/srv/shop/main.js:12:9)", "TypeError\n  main.go")
}
