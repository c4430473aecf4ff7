package trace

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes exceptions and frames, one per line; in-app frames are starred.
func show(p *Parser, text string) string {
	var b strings.Builder
	exceptions, _ := p.Parse([]byte(text))
	for _, x := range exceptions {
		fmt.Fprintf(&b, "%s: %s\n", x.Type, x.Message)
		for _, f := range x.Frames {
			mark := " "
			if f.InApp {
				mark = "*"
			}
			fmt.Fprintf(&b, "%s %s|%s %s:%d\n", mark, f.Package, f.Function, f.File, f.Line)
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	f := func(text string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.TrimSuffix(show(&Parser{}, text), "\n")); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", text, diff)
		}
	}

	f("nothing to see")
	f("a list:\n  one\n  two")

	// Go.
	f("panic: (main.failure) {code:7}\n\ngoroutine 1 [running]:\nmain.f({0x1, 0x2}, ...)\n\t/x/main.go:3 +0x1\n\ngoroutine 2 [select]:\nmain.g()\n\t/x/main.go:9",
		"main.failure: {code:7}", "* main|f /x/main.go:3")
	f("recovered\ngoroutine 7 [running]:\nruntime/debug.Stack()\n\t/go/src/runtime/debug/stack.go:26\nmain.recovered.func1()\n\t/x/main.go:5\npanic({0x1, 0x2})\n\t/go/src/runtime/panic.go:1\nmain.f()\n\t/x/main.go:3",
		"panic: recovered", "* main|f /x/main.go:3")
	f("cannot load: gone\nmain.load\n\t/x/main.go:3\nexample.com/lib.Do\n\t/home/go/pkg/mod/example.com/lib@v1.0.0/do.go:9\nmain.main\n\t/x/main.go:9", // pkg/errors
		"error: cannot load: gone", "* main|load /x/main.go:3", "  example.com/lib|Do /home/go/pkg/mod/example.com/lib@v1.0.0/do.go:9", "* main|main /x/main.go:9")
	f("WARNING: DATA RACE\nRead at 0x1 by goroutine 7:\n  main.f()\n      /x/main.go:3 +0x1", "data race: ", "* main|f /x/main.go:3")

	// Python.
	f("Traceback (most recent call last):\n  File \"/usr/lib/python3.11/json/decoder.py\", line 7, in decode\n    x\nshop.Lost: all of it\nand more",
		"shop.Lost: all of it", "  decoder|decode /usr/lib/python3.11/json/decoder.py:7")
	f("Traceback (most recent call last):\n  File \"/app/shop/__init__.py\", line 7, in f\n    x", "Exception: ", "* shop|f /app/shop/__init__.py:7")

	// The JVM.
	f("a.B: lost\n\tat java.base/java.util.List.get(List.java:7)\n\tat app//com.shop.Cart.total(Cart.kt:3)\n\tat com.shop.Cart$$Lambda$14/0x00.run(Unknown Source)\nCaused by: a.C$D: gone\n\tat com.shop.Cart.load(Cart.kt:9)\n\t... 23 more",
		"Error: ", "  java.util.List|get List.java:7", "* com.shop.Cart|total Cart.kt:3", "  com.shop.Cart$$Lambda$14/0x00|run :0",
		"a.C$D: gone", "* com.shop.Cart|load Cart.kt:9")

	// V8.
	f("TypeError [ERR_X]: lost\n    at async Shop.total (file:///srv/shop/cart.mjs:3:7)\n    at new Cart (/srv/node_modules/lib/index.js:1:1)\n    at /srv/dist/main-4f3e2a1b.js:9:9\n    at process.run (node:internal/x:1:1)\n  [cause]: RangeError: gone\n    at f (/srv/a.js:1:1)",
		"TypeError: lost", "* cart|Shop.total /srv/shop/cart.mjs:3", "  lib|Cart /srv/node_modules/lib/index.js:1", "* main|<anonymous> /srv/dist/main-4f3e2a1b.js:9", "  x|process.run node:internal/x:1",
		"RangeError: gone", "* a|f /srv/a.js:1")

	// .NET.
	f("Unhandled exception. System.InvalidOperationException: lost\n ---> System.IO.IOException: gone\n   at Shop.Store.Read(String name) in /src/Store.cs:line 12\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main() in C:\\src\\Program.cs:line 7\n   at System.Threading.Tasks.Task.Run()",
		"System.InvalidOperationException: lost", "* Shop.Program|Main C:/src/Program.cs:7", "  System.Threading.Tasks.Task|Run :0", "System.IO.IOException: gone", "* Shop.Store|Read /src/Store.cs:12")

	// Ruby, PHP, Rust.
	f("/srv/app.rb:3:in `block in find': lost (Shop::Gone)\n\tfrom /usr/lib/ruby/gems/3/x.rb:9:in 'Kernel#require'", "Shop::Gone: lost", "* app|find /srv/app.rb:3", "  x|Kernel#require /usr/lib/ruby/gems/3/x.rb:9")
	f("PHP Fatal error:  Uncaught Shop\\Gone: lost in /srv/a.php:3\nStack trace:\n#0 /srv/vendor/b.php(9): Shop\\f(1)\n#1 {main}\n  thrown", "Shop\\Gone: lost", "* Shop|f /srv/a.php:3", "  b|{main} /srv/vendor/b.php:9")
	f("thread 'main' panicked at 'lost', src/main.rs:3:5\nstack backtrace:\n   0: std::panicking::begin\n   1: shop::find::h0123456789abcdef\n             at ./src/main.rs:3:5", "panic: lost", "  |std::panicking::begin :0", "* |shop::find ./src/main.rs:3")
	f("thread 'main' panicked at src/main.rs:3:5:\nlost\nnote: run with", "panic: lost", "* main|{raise} src/main.rs:3")
}

func TestDeepRecursionIsBounded(t *testing.T) {
	t.Parallel()
	text := "panic: deep\n\ngoroutine 1 [running]:\n" + strings.Repeat("main.f()\n\t/x/main.go:3\n", 10_000)
	exceptions, _ := new(Parser).Parse([]byte(text))
	if n := len(exceptions[0].Frames); n != maxFrames {
		t.Errorf("%d frames", n)
	}
	mask := func(m []byte) []byte { return m }
	if got := string(AppendTemplate(nil, exceptions, Go, mask)); got != "panic\n  main.f" {
		t.Errorf("%q", got)
	}
}

// TestFallback: where nothing is in-app, the innermost frames and the message identify.
func TestFallback(t *testing.T) {
	t.Parallel()
	exceptions, language := new(Parser).Parse([]byte("Error: connect ECONNREFUSED\n    at a (node:net:1:1)\n    at b (node:net:1:1)\n    at c (node:net:1:1)\n    at d (node:net:1:1)"))
	mask := func(m []byte) []byte { return append([]byte("masked "), m...) }
	want := "Error\n  node:net.a\n  node:net.b\n  node:net.c\n  masked connect ECONNREFUSED"
	if got := string(AppendTemplate(nil, exceptions, language, mask)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"panic: x\n\ngoroutine 1 [running]:\nmain.f(\n\t/x:1 +0x", "Traceback (most recent call last):\n  File \"\", line , in \nX:", "X: y\n\tat (a.java:1)\n\tat b(", "x (a:1:2", "#0 a(1): b\nStack trace:\n#0 ", "panicked at '", "#0      f (package:a/b.dart:1:2)\n<asynchronous suspension>", "package:a/b.dart 1:2  f\npackage:", "** (A) b\n    (c 1.0) d.ex:1: anonymous fn/1 in E.f/1\n", "=CRASH REPORT==== \n  exception error: {a,1}\n      in function  b:c/1 (b.erl, line 2)", "=ERROR REPORT==== \n** Reason for termination ==\n** {a,[{b,'-c/1-fun-0-',1,[{file,\"b.erl\"},{line,2}]}]}", "E: a\nf@b.js:1:2\n@[native code]\n", "A.B: c ---> D.E: f\n  at A.B.C (D e) [0x0] in <f>:0 \n   --- End of inner exception stack trace ---", "Error: a\n\nCaused by:\n    0: b\n\nStack backtrace:\n   0: c[d]::e::<f>", "DATA RACE\nRead at 0x1 by\n  a.b()\n      c.go:1\n\nPrevious write at 0x2 by\n", "  + Exception Group Traceback (most recent call last):\n  | A: b\n  +-+---- 1 ----\n    | C: d\n", "panicked at a:1:\n", "a.rb:1:in `b", "---> a.b: c\n   at a.b() in :line 1"} {
		f.Add([]byte(seed))
	}
	p := &Parser{Modules: []string{"a"}}
	f.Fuzz(func(t *testing.T, text []byte) {
		exceptions, language := p.Parse(text)
		frames := 0
		for _, x := range exceptions {
			frames += len(x.Frames)
			if len(x.Message) > 3*maxMessage {
				t.Fatalf("message of %d bytes", len(x.Message))
			}
		}
		if len(exceptions) > maxExceptions || frames > maxFrames {
			t.Fatalf("%d exceptions, %d frames", len(exceptions), frames)
		}
		AppendTemplate(nil, exceptions, language, func(m []byte) []byte { return m })
		for _, x := range exceptions {
			for _, f := range x.Frames {
				if got, want := string(appendName(nil, f.Function)), string(appendNameSlowly(nil, f.Function)); got != want {
					t.Fatalf("%q: got %q, want %q", f.Function, got, want)
				}
			}
		}
	})
}
