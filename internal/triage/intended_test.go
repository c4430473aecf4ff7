package triage

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/triage/index"
)

// intended asks about the templates of signatures "s0", "s1", ... and checks that
// every quoted line is where it is said to be.
func intended(t *testing.T, f *gittest.Repository, base, head string, templates ...string) map[selfheal.SignatureID]StatementEdit {
	t.Helper()
	repo, c := change(t, f, base, head)
	var signatures []*selfheal.Signature
	for i, template := range templates {
		s := signature("s"+string(rune('0'+i)), template)
		s.Template = template
		signatures = append(signatures, &s)
	}
	got, err := Intended(context.Background(), repo, c, signatures)
	if err != nil {
		t.Fatal(err)
	}
	for id, e := range got {
		for _, l := range []*StatementLine{e.Before, e.After} {
			if l == nil {
				continue
			}
			if ok, err := quoteHolds(context.Background(), repo, l.Revision, l.Path, l.Line, l.Quote); !ok || err != nil {
				t.Errorf("%s: %q is not at %s:%d of %s (%v)", id, l.Quote, l.Path, l.Line, l.Revision, err)
			}
		}
	}
	return got
}

// summary renders an edit as "kind: quote before -> quote after".
func summary(e StatementEdit) string {
	if e.Kind == "" {
		return "none"
	}
	out := string(e.Kind) + ":"
	if e.Before != nil {
		out += " " + strings.TrimSpace(e.Before.Quote)
	}
	if e.After != nil {
		out += " -> " + strings.TrimSpace(e.After.Quote)
	}
	return out
}

// TestStatementsThatChanged edits one statement in each language and form.
func TestStatementsThatChanged(t *testing.T) {
	t.Parallel()
	f := func(name, path, before, after, template, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			base := r.Commit("base", append(filler(2), path, before)...)
			head := r.Commit("head", path, after)
			got := intended(t, r, base, head, template)["s0"]
			if diff := cmp.Diff(want, summary(got)); diff != "" {
				t.Error(diff)
			}
			if got.Kind != "" && got.Commit != head {
				t.Errorf("commit %q, want %q", got.Commit, head)
			}
		})
	}
	goFile := func(body string) string { return "package a\n\nfunc run() {\n\tbefore()\n" + body + "\tafter()\n}\n" }
	f("go removed", "a.go", goFile("\tslog.Info(\"cache warmed\", \"n\", n)\n"), goFile(""),
		"cache warmed", `removed: slog.Info("cache warmed", "n", n)`)
	f("go reworded", "a.go", goFile("\tlog.Printf(\"order %d shipped to %s\", id, to)\n"), goFile("\tlog.Printf(\"parcel %d left for %s\", id, to)\n"),
		"order <num> shipped to <str>", `reworded: log.Printf("order %d shipped to %s", id, to) -> log.Printf("parcel %d left for %s", id, to)`)
	f("go the new words", "a.go", goFile("\tlog.Printf(\"order %d shipped to %s\", id, to)\n"), goFile("\tlog.Printf(\"parcel %d left for %s\", id, to)\n"),
		"parcel <num> left for <str>", `reworded: log.Printf("order %d shipped to %s", id, to) -> log.Printf("parcel %d left for %s", id, to)`)
	f("go releveled on a line without the text", "a.go", goFile("\tlog.Info(\n\t\t\"cache warmed\",\n\t)\n"), goFile("\tlog.Debug(\n\t\t\"cache warmed\",\n\t)\n"),
		"cache warmed", `releveled: log.Info( -> log.Debug(`)
	f("go level as an argument", "a.go", goFile("\tl.Log(ctx, slog.LevelInfo, \"cache warmed\")\n"), goFile("\tl.Log(ctx, slog.LevelDebug, \"cache warmed\")\n"),
		"cache warmed", `releveled: l.Log(ctx, slog.LevelInfo, "cache warmed") -> l.Log(ctx, slog.LevelDebug, "cache warmed")`)
	f("go chain", "a.go", goFile("\tlog.Info().\n\t\tStr(\"k\", v).\n\t\tMsg(\"cache warmed\")\n"), goFile("\tlog.Debug().\n\t\tStr(\"k\", v).\n\t\tMsg(\"cache warmed\")\n"),
		"cache warmed", `releveled: log.Info(). -> log.Debug().`)
	f("go added", "a.go", goFile(""), goFile("\tif x {\n\t\treturn fmt.Errorf(\"tenant %q has an outdated name\", tenant)\n\t}\n"),
		"cannot load: tenant <str> has an outdated name", `added: -> return fmt.Errorf("tenant %q has an outdated name", tenant)`)
	f("go other arguments", "a.go", goFile("\tslog.Info(\"cache warmed\", \"n\", n)\n"), goFile("\tslog.Info(\"cache warmed\", \"n\", n, \"at\", at)\n"),
		"cache warmed", "none")
	f("go an argument on a line of its own", "a.go", goFile("\tslog.Info(\"cache warmed\",\n\t\t\"n\", n,\n\t)\n"), goFile("\tslog.Info(\"cache warmed\",\n\t\t\"n\", n,\n\t\t\"at\", at,\n\t)\n"),
		"cache warmed", "none")
	f("go behind a condition", "a.go", goFile("\tslog.Info(\"cache warmed\")\n"), goFile("\tif verbose {\n\t\tslog.Info(\"cache warmed\")\n\t}\n"),
		"cache warmed", "none")
	f("go another template", "a.go", goFile("\tslog.Info(\"cache warmed\")\n"), goFile(""), "cache warmed up after restart", "none")
	f("go longer template of a value", "a.go", goFile("\tlog.Printf(\"cannot load the cart: %v\", err)\n"), goFile(""),
		"cannot load the cart: request names no tenant", `removed: log.Printf("cannot load the cart: %v", err)`)
	f("go a short word in a long template", "a.go", goFile("\tslog.Info(\"done\")\n"), goFile(""), "import of <str> done", "none")
	f("go a value that reads like a statement", "a.go", goFile("\tslog.Info(\"cache warmed up well\")\n"), goFile(""), "user said cache warmed up well", "none")
	f("go masked constants", "a.go", goFile("\tlog.Printf(\"listening on :8080 for 'json' at /v1/items\")\n"), goFile(""),
		"listening on :<num> for <str> at <path>", `removed: log.Printf("listening on :8080 for 'json' at /v1/items")`)
	f("go only a comment", "a.go", goFile("\t// cache warmed now\n"), goFile(""), "cache warmed now", "none")
	f("go new words with the old ones in them", "a.go", goFile("\tslog.Info(\"cache warmed\")\n"), goFile("\tslog.Info(\"cache warmed in the background\")\n"),
		"cache warmed", `reworded: slog.Info("cache warmed") -> slog.Info("cache warmed in the background")`)
	f("python removed", "a.py", "def run():\n    logger.info(f\"order {id} shipped\")\n    go()\n", "def run():\n    go()\n",
		"order <num> shipped", `removed: logger.info(f"order {id} shipped")`)
	f("python releveled", "a.py", "def run():\n    logging.log(logging.INFO, 'cache warmed')\n", "def run():\n    logging.log(logging.DEBUG, 'cache warmed')\n",
		"cache warmed", `releveled: logging.log(logging.INFO, 'cache warmed') -> logging.log(logging.DEBUG, 'cache warmed')`)
	f("python adjacent strings", "a.py", "def run():\n    log.info(\n        'order %s is on its '\n        'way to %s', a, b)\n    go()\n", "def run():\n    go()\n",
		"order <num> is on its way to <str>", `removed: 'order %s is on its '`)
	f("python raise", "a.py", "def run(x):\n    if not x:\n        raise ValueError('no tenant in the request')\n    go()\n", "def run(x):\n    go()\n",
		"bad request: no tenant in the request", `removed: raise ValueError('no tenant in the request')`)
	f("javascript removed", "a.js", "function run() {\n  console.log(`order ${id} shipped`);\n  go();\n}\n", "function run() {\n  go();\n}\n",
		"order <num> shipped", "removed: console.log(`order ${id} shipped`);")
	f("javascript object", "a.ts", "export function run() {\n  logger.info({ id: 1, msg: \"cache warmed\" });\n}\n", "export function run() {\n  logger.debug({ id: 1, msg: \"cache warmed\" });\n}\n",
		"cache warmed", `releveled: logger.info({ id: 1, msg: "cache warmed" }); -> logger.debug({ id: 1, msg: "cache warmed" });`)
	f("javascript in a callback", "a.js", "app.get('/x', (req, res) => {\n  logger.info('cache warmed');\n  go();\n});\n", "app.get('/x', (req, res) => {\n  go();\n});\n",
		"cache warmed", `removed: logger.info('cache warmed');`)
	f("java joined", "A.java", "class A {\n  void run() {\n    log.info(\"order \" + id + \" shipped to \" + to);\n    go();\n  }\n}\n", "class A {\n  void run() {\n    go();\n  }\n}\n",
		"order <num> shipped to <str>", `removed: log.info("order " + id + " shipped to " + to);`)
	f("java other form of the same words", "A.java", "class A {\n  void run() {\n    log.info(\"order \" + id + \" shipped to \" + to);\n  }\n}\n", "class A {\n  void run() {\n    log.info(\"order {} shipped to {}\", id, to);\n  }\n}\n",
		"order <num> shipped to <str>", "none")
	f("java throw", "A.java", "class A {\n  void run() {\n    throw new IllegalStateException(\"the ledger is closed\");\n  }\n}\n", "class A {\n  void run() {\n    throw new IllegalStateException(\"this ledger was closed\");\n  }\n}\n",
		"the ledger is closed", `reworded: throw new IllegalStateException("the ledger is closed"); -> throw new IllegalStateException("this ledger was closed");`)
	f("ruby without parentheses", "a.rb", "def run\n  logger.info \"order #{id} shipped\"\n  go\nend\n", "def run\n  go\nend\n",
		"order <num> shipped", `removed: logger.info "order #{id} shipped"`)
	f("c# interpolated", "A.cs", "class A {\n  void Run() {\n    _logger.LogInformation($\"order {id} shipped\");\n    Go();\n  }\n}\n", "class A {\n  void Run() {\n    Go();\n  }\n}\n",
		"order <num> shipped", `removed: _logger.LogInformation($"order {id} shipped");`)
	f("c# releveled", "A.cs", "class A {\n  void Run() {\n    _logger.LogInformation(\"cache warmed\");\n  }\n}\n", "class A {\n  void Run() {\n    _logger.LogDebug(\"cache warmed\");\n  }\n}\n",
		"cache warmed", `releveled: _logger.LogInformation("cache warmed"); -> _logger.LogDebug("cache warmed");`)
	f("rust", "a.rs", "fn run() {\n    info!(\"order {} shipped\", id);\n    go();\n}\n", "fn run() {\n    go();\n}\n",
		"order <num> shipped", `removed: info!("order {} shipped", id);`)
	f("rust releveled", "a.rs", "fn run() {\n    info!(\"cache warmed\");\n}\n", "fn run() {\n    debug!(\"cache warmed\");\n}\n",
		"cache warmed", `releveled: info!("cache warmed"); -> debug!("cache warmed");`)
	f("php", "a.php", "<?php\nfunction run($id) {\n    error_log(\"order $id shipped\");\n    go();\n}\n", "<?php\nfunction run($id) {\n    go();\n}\n",
		"order <num> shipped", `removed: error_log("order $id shipped");`)
	f("no program", "notes.txt", "cache warmed\n", "\n", "cache warmed", "none")
	f("test", "a_test.go", goFile("\tslog.Info(\"cache warmed\")\n"), goFile(""), "cache warmed", "none")
}

const shipping = `package a

func run() {
	slog.Info("cache warmed")
	before()
	one()
	two()
	three()
	four()
	five()
	six()
	seven()
	slog.Info("ready to ship")
}
`

func TestStatementsElsewhereAtTheHead(t *testing.T) {
	t.Parallel()
	f := func(want string, head ...string) {
		t.Helper()
		r := gittest.New(t)
		base := r.Commit("base", "a.go", shipping)
		got := intended(t, r, base, r.Commit("head", head...), "cache warmed")["s0"]
		if diff := cmp.Diff(want, summary(got)); diff != "" {
			t.Error(diff)
		}
	}
	without := strings.Replace(shipping, "\tslog.Info(\"cache warmed\")\n", "", 1)
	const removed = `removed: slog.Info("cache warmed")`
	f(removed, "a.go", without)
	f("none", "a.go", strings.Replace(without, "seven()", "seven()\n\tslog.Info(\"cache warmed\")", 1))
	f("none", "a.go", without, "b/b.go", "package b\n\nfunc b() {\n\tslog.Info(\"cache warmed\")\n}\n")
	f("none", "a.go", without, "b/b.go", "package b\n\nconst text = \"cache warmed\"\n")
	f("none", "a.go", without, "messages.json", "{\"warm\": \"cache warmed\"}\n")
	f(removed, "a.go", without, "b/b.go", "package b\n\n// b is called after cache warmed is logged.\nfunc b() {}\n")
	f(removed, "a.go", without, "a_test.go", "package a\n\nvar want = \"cache warmed\"\n")
	f(removed, "a.go", without, "CHANGELOG.md", "cache warmed is no longer logged\n")
}

func TestStatementsOfDeletedAndRenamedFiles(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base", append(filler(1), "a.go", shipping, "b.go", strings.NewReplacer("cache", "index", "ready to", "time to").Replace(shipping))...)
	r.Remove("b.go")
	removed := r.Commit("remove b")
	r.Remove("a.go")
	head := r.Commit("rename a", "c/a.go", strings.Replace(shipping, `slog.Info("ready`, `slog.Debug("ready`, 1))
	got := intended(t, r, base, head, "cache warmed", "index warmed", "ready to ship")
	want := map[selfheal.SignatureID]string{
		"s1": `removed: slog.Info("index warmed")`,
		"s2": `releveled: slog.Info("ready to ship") -> slog.Debug("ready to ship")`,
	}
	texts := map[selfheal.SignatureID]string{}
	for id, e := range got {
		texts[id] = summary(e)
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	if got["s1"].Commit != removed || got["s2"].Commit != head {
		t.Errorf("commits %s and %s", got["s1"].Commit, got["s2"].Commit)
	}
}

func TestWhatAnEditExplains(t *testing.T) {
	t.Parallel()
	body := func(statement string) string { return "package a\n\nfunc run() {\n\t" + statement + "\n}\n" }
	f := func(before, after, template string, drop, appear bool, others ...string) {
		t.Helper()
		r := gittest.New(t)
		base := r.Commit("base", "a.go", body(before))
		e := intended(t, r, base, r.Commit("head", "a.go", body(after)), append([]string{template}, others...)...)["s0"]
		if got := e.Explains(selfheal.AnomalyDrop); got != drop {
			t.Errorf("%s: %s explains a drop: %v", template, summary(e), got)
		}
		for _, kind := range []selfheal.AnomalyKind{selfheal.AnomalyNew, selfheal.AnomalyRise} {
			if got := e.Explains(kind); got != appear {
				t.Errorf("%s: %s explains %s: %v", template, summary(e), kind, got)
			}
		}
		if e.Explains(selfheal.AnomalyBuild) || e.Explains(selfheal.AnomalyMonitor) {
			t.Errorf("%s explains a failed build or a monitor", summary(e))
		}
	}
	const warm, heat = `slog.Info("cache warmed")`, `slog.Info("cache heated")`
	f(warm, "", "cache warmed", true, false)
	f("", warm, "cache warmed", false, false)
	f(warm, heat, "cache warmed", true, false)
	f(warm, heat, "cache heated", false, false) // nobody saw the old words
	f(warm, heat, "cache heated", false, true, "cache warmed")
	f(warm, `slog.Debug("cache warmed")`, "cache warmed", true, false)
	f(warm, `slog.Warn("cache warmed")`, "cache warmed", false, false)
	f(`slog.Debug("cache warmed")`, `slog.Warn("cache warmed")`, "cache warmed", false, true)
	f(`slog.Error("cache warmed")`, warm, "cache warmed", false, false)
}

func TestExceptionsAreKnownByTheirMessages(t *testing.T) {
	t.Parallel()
	f := func(before, after string, want EditKind) {
		t.Helper()
		r := gittest.New(t)
		base := r.Commit("base", "a.py", "def run(x):\n    go()\n"+before)
		head := r.Commit("head", "a.py", "def run(x):\n    go()\n"+after)
		repo, c := change(t, r, base, head)
		s := &selfheal.Signature{ID: "s0", Kind: selfheal.KindException, Template: "ValueError\n  a.run", Sample: selfheal.Sample{
			Exceptions: []selfheal.Exception{{Type: "ValueError", Message: "no tenant 17 in the request"}},
		}}
		got, err := Intended(context.Background(), repo, c, []*selfheal.Signature{s})
		if err != nil {
			t.Fatal(err)
		}
		if got["s0"].Kind != want {
			t.Errorf("%q to %q: %s, want %s", before, after, summary(got["s0"]), want)
		}
	}
	const raise = "    raise ValueError(f'no tenant {x} in the request')\n"
	f(raise, "", StatementRemoved)
	f("", raise, StatementIntroduced)
	f(raise, "    raise ValueError(f'no tenant {x} in this request')\n", "")
}

// TestAnErrorBehindNewWordsIsNotExplained: the wrapper was reworded, but what it
// reports was added by the change.
func TestAnErrorBehindNewWordsIsNotExplained(t *testing.T) {
	t.Parallel()
	body := func(words, check string) string {
		return "package a\n\nfunc run() {\n\tif err := load(); err != nil {\n\t\tlog.Printf(\"" + words + ": %v\", err)\n\t}\n}\n\nfunc load() error {\n\tone()\n\ttwo()\n\tthree()\n" + check + "\treturn nil\n}\n"
	}
	r := gittest.New(t)
	base := r.Commit("base", "a.go", body("loading failed", ""))
	head := r.Commit("head", "a.go", body("loading the cart failed", "\tif old {\n\t\treturn errors.New(\"this tenant has an outdated name\")\n\t}\n"))
	got := intended(t, r, base, head, "loading the cart failed: this tenant has an outdated name", "loading failed: connection refused")
	for id, e := range got {
		if e.Explains(selfheal.AnomalyNew) {
			t.Errorf("%s: %s explains it", id, summary(e))
		}
	}
	if got["s0"].Kind != StatementIntroduced {
		t.Errorf("s0: %s", summary(got["s0"]))
	}
}

func TestNothingIsAskedOfAnEmptyChange(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base", "a.go", shipping)
	if got := intended(t, r, base, base, "cache warmed"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// FuzzStatements: whatever a file holds, its statements lie within it, and
// wordings can be looked for in any text.
func FuzzStatements(f *testing.F) {
	f.Add("package a\nfunc A() { log.Info(\"x %d\", `y\\`) }", "x <num>")
	f.Add("def a():\n  log.info('x' f\"y {z}\"\n  'w')", "x y")
	f.Add("log(\"a\" + b + \"c\", {x: '", "<*>")
	f.Add("}}))((\"'\"'", "")
	f.Fuzz(func(t *testing.T, content, template string) {
		lines := strings.Count(content, "\n") + 1
		for _, path := range []string{"a.go", "a.py", "a.js", "a.rb", "a.php", "a.rs", "A.java"} {
			for _, s := range index.StatementsOf([]byte(content), index.LanguageOf(path)) {
				if s.Start < 1 || s.End < s.Start || s.End > lines {
					t.Fatalf("%s: statement at %d-%d of %d", path, s.Start, s.End, lines)
				}
				for _, x := range s.Texts {
					if w, ok := wordingOf(x); ok {
						if fit, ok := w.fits(template); ok && fit.static < minWhole {
							t.Fatalf("%q fits %q by %d letters", x.Joined, template, fit.static)
						}
					}
				}
			}
		}
	})
}
