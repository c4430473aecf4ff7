package index

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

const (
	stockGo   = "package stock\n\nimport \"fmt\"\n\n// Take takes items.\nfunc Take(n int) error {\n\tif n > left() {\n\t\treturn fmt.Errorf(\"only %d items are left\", left())\n\t}\n\treturn nil\n}\n\nfunc left() int { return counted }\n"
	orderGo   = "package order\n\nimport \"example.com/shop/stock\"\n\nfunc Place(n int) error { return stock.Take(n) }\n"
	servePy   = "import os\n\n\ndef serve(order):\n    port = os.environ['SHOP_PORT']\n    return Place(order, port)\n"
	shopYAML  = "env:\n  - name: SHOP_PORT\n    value: 80\n"
	unusualJS = "export function tail() {\n  log.error(`the long tail is ${x} of ${y} lines`);\n}\n"
)

// open makes an index of the head of a repository.
func open(t *testing.T, c *Cache, dir, revision string) *Index {
	t.Helper()
	ctx := context.Background()
	repo, err := git.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := repo.ListFiles(ctx, revision)
	if err != nil {
		t.Fatal(err)
	}
	x, err := c.Index(ctx, repo, entries)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func shop(t *testing.T) (dir, revision string) {
	t.Helper()
	r := gittest.New(t)
	return r.Dir, r.Commit("service", "stock/stock.go", stockGo, "order/order.go", orderGo, "serve.py", servePy, "deploy/app.yaml", shopYAML, "tail.js", unusualJS, "notes.txt", "left() everywhere")
}

func TestEmitters(t *testing.T) {
	t.Parallel()
	dir, revision := shop(t)
	x := open(t, NewCache(""), dir, revision)
	f := func(message string, want ...string) {
		t.Helper()
		var got []string
		for _, m := range x.Emitters(message) {
			got = append(got, fmt.Sprintf("%s:%d %s", m.Path, m.Literal.Start, m.Function.Name))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", message, diff)
		}
	}
	f("ERROR place: only 3 items are left", "stock/stock.go:8 Take")
	f("the long tail is 4 of 9 lines", "tail.js:2 tail")
	f("only 3 items were left")
	f("items are left over")
	f("")
}

func TestCallersAndNames(t *testing.T) {
	t.Parallel()
	dir, revision := shop(t)
	x := open(t, NewCache(""), dir, revision)
	var callers []string
	for _, c := range x.Callers("left", 100) {
		callers = append(callers, fmt.Sprintf("%s %d", c.Function.Name, c.Hops))
	}
	if diff := cmp.Diff([]string{"Take 1", "Place 2"}, callers); diff != "" {
		t.Error(diff)
	}
	if got := x.Callers("left", 0); len(got) > 0 {
		t.Errorf("a common name leads to %v", got)
	}
	if d := x.Defining("Take"); len(d) != 1 || d[0].Path != "stock/stock.go" {
		t.Errorf("Take is defined at %v", d)
	}
	want := []Place{{"serve.py", Name{KindEnvironment, "SHOP_PORT", 5, false}}}
	if diff := cmp.Diff(want, x.Named("SHOP_PORT")); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"SHOP_PORT": true, "port": true, "left": true, "counted": false, "Take": true, "everywhere": false} {
		if got := x.Defined(name); got != want {
			t.Errorf("Defined(%s) = %v", name, got)
		}
	}
	terms := map[Term]bool{TermOf("left"): true, TermOf("Place"): true, PairOf("return", "stock"): true, TermOf("nowhere"): true}
	if diff := cmp.Diff(map[Term]int{TermOf("left"): 1, TermOf("Place"): 2, PairOf("return", "stock"): 1}, x.Frequencies(terms)); diff != "" {
		t.Error(diff)
	}
}

// TestCacheGivesTheSameAnswers: what comes out of a cache file is what parsing gives.
func TestCacheGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	dir, revision := shop(t)
	path := filepath.Join(t.TempDir(), "made", "on", "demand", "index")
	cold := NewCache(path)
	want := open(t, cold, dir, revision)
	if err := cold.Save(); err != nil {
		t.Fatal(err)
	}
	warm := NewCache(path)
	got := open(t, warm, dir, revision)
	if diff := cmp.Diff(want.Files, got.Files, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if warm.fresh {
		t.Error("something was parsed again")
	}
}

// TestUnusableCachesAreBuiltAnew: cut, changed, foreign and future files count as
// empty, and are replaced.
func TestUnusableCachesAreBuiltAnew(t *testing.T) {
	t.Parallel()
	dir, revision := shop(t)
	path := filepath.Join(t.TempDir(), "index")
	first := NewCache(path)
	want := open(t, first, dir, revision)
	if err := first.Save(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"cut": good[:len(good)/2], "flipped": flipped, "foreign": []byte("SQLite format 3\x00 and more"), "empty": {},
		"future": append([]byte(strings.Replace(magic, "1", "999", 1)), good[len(magic):]...), "long": append(bytes.Clone(good), 0),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c := NewCache(path)
		got := open(t, c, dir, revision)
		if !c.fresh || len(c.records) != 5 {
			t.Errorf("%s: %d records, parsed anew %v", name, len(c.records), c.fresh)
		}
		if diff := cmp.Diff(want.Files, got.Files, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if err := c.Save(); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(path); len(again) != len(good) {
			t.Errorf("%s: %d bytes were written, want %d", name, len(again), len(good))
		}
	}
}

func TestOnlyWhatChangedIsParsed(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	first := r.Commit("one", "a.go", stockGo, "b.go", orderGo)
	second := r.Commit("two", "b.go", orderGo+"\n// more\n")
	c := NewCache("")
	open(t, c, r.Dir, first)
	c.fresh = false
	open(t, c, r.Dir, first)
	if c.fresh {
		t.Error("the same revision was parsed again")
	}
	before := len(c.records)
	open(t, c, r.Dir, second)
	if n := len(c.records) - before; n != 1 {
		t.Errorf("%d files were parsed, want 1", n)
	}
}

func TestEvictionDropsWhatWasUsedLongestAgo(t *testing.T) {
	t.Parallel()
	c := NewCache("")
	c.loaded, c.records = true, map[string]record{}
	for i := range 10 {
		c.records[fmt.Sprint(i)] = record{uint64(i), make([]byte, 99)}
	}
	c.evict(350)
	var kept []string
	for key := range c.records {
		kept = append(kept, key)
	}
	slices.Sort(kept)
	if diff := cmp.Diff([]string{"7", "8", "9"}, kept); diff != "" {
		t.Error(diff)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	f := func(path, line string, want ...string) {
		t.Helper()
		var got []string
		for _, n := range NamedBy(line, LanguageOf(path)) {
			text := n.Kind.String() + " " + n.Text
			if n.Defines {
				text += " defined"
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	f("a.go", `x := os.Getenv("SHOP_PORT")`, "environment variable SHOP_PORT")
	f("a.py", `x = os.environ.get('SHOP_PORT')`, "environment variable SHOP_PORT")
	f("a.js", `const x = process.env.SHOP_PORT || 80`, "environment variable SHOP_PORT")
	f("a.rb", `x = ENV.fetch("SHOP_PORT")`, "environment variable SHOP_PORT")
	f("A.java", `String x = System.getenv("SHOP_PORT");`, "environment variable SHOP_PORT")
	f("A.cs", `var x = Environment.GetEnvironmentVariable("SHOP_PORT");`, "environment variable SHOP_PORT")
	f("a.rs", `let x = env::var("SHOP_PORT")?;`, "environment variable SHOP_PORT")
	f("a.php", `$x = getenv('SHOP_PORT');`, "environment variable SHOP_PORT")
	f("a.go", `p := flag.String("listen", ":80", "where to listen")`, "flag listen defined")
	f("a.py", `parser.add_argument('--dry-run', action='store_true')`, "flag dry-run defined")
	f("a.go", `mux.HandleFunc("/v1/stock", stock)`, "route /v1/stock defined")
	f("a.js", `app.get('/health', answer)`, "route /health defined")
	f("a.py", `@app.route('/health')`, "route /health defined")
	f("A.java", `@GetMapping("/health")`, "route /health defined")
	f("a.js", `const r = await fetch('/v1/stock')`, "route /v1/stock")
	f("a.py", `bound = settings['upload.bound']`, "setting upload.bound")
	f("a.go", `c := prometheus.NewCounter(prometheus.CounterOpts{Name: "orders_total"})`, "metric orders_total defined")
	f("a.go", `db.Query("SELECT id, name FROM tenants WHERE archived = 0")`, "table tenants", "column id", "column name")
	f("a.py", `op.execute("ALTER TABLE tenants ADD COLUMN archived int")`, "table tenants defined", "column archived defined")
	f("a.go", `fmt.Println("hello")`)
	got := Parse([]byte("class StockError(Exception):\n    pass\n"), LanguageOf("a.py")).Names
	if diff := cmp.Diff([]Name{{KindException, "StockError", 1, true}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefinedBy(t *testing.T) {
	t.Parallel()
	f := func(path, line, defined, used string) {
		t.Helper()
		got := DefinedBy(line, LanguageOf(path))
		for name := range strings.FieldsSeq(defined) {
			if !slices.Contains(got, name) {
				t.Errorf("%s: %s is not defined by it: %v", line, name, got)
			}
		}
		for name := range strings.FieldsSeq(used) {
			if slices.Contains(got, name) {
				t.Errorf("%s: %s is only used by it: %v", line, name, got)
			}
		}
	}
	f("a.py", "    'net': row[1],", "net", "row")
	f("a.py", "    return invoice.get('net') * 2", "", "invoice get net")
	f("a.py", "self.total = 1", "total", "self")
	f("a.py", "if total == 1: return items", "", "total items")
	f("a.py", "x = order['net'] == 2", "x", "net order")
	f("a.py", "order['net'] = 2", "net", "order")
	f("a.js", "return { id: order.id, customer: order.client };", "id customer", "order client")
	f("a.js", "return { id, customer };", "id customer", "")
	f("a.js", "const { holder } = order;", "", "holder order")
	f("A.java", "private final String holder;", "holder", "")
	f("A.java", "return holder;", "", "holder")
	f("a.go", "\tBound int `json:\"limit\"`", "Bound limit", "")
	f("a.go", "func (s *Shop) Place(o Order) error {", "s o", "")
	f("a.go", "\titems []Line", "items", "Line")
	f("a.go", "\titems[3].Line()", "", "items Line")
	f("a.rb", "{ :total => 1, 'net' => 2 }", "total net", "")
}

func TestRolesOfLiterals(t *testing.T) {
	t.Parallel()
	s := Parse([]byte("package a\n\nfunc A() error {\n\tslog.Warn(\"the shelf is nearly empty\")\n\treturn errors.New(\"the shelf is empty now\")\n}\n\nvar help = \"how to fill the shelf\"\n"), LanguageOf("a.go"))
	var got []Role
	for _, l := range s.Literals {
		got = append(got, l.Role)
	}
	if diff := cmp.Diff([]Role{RoleLogs, RoleRaises, RoleOther}, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzParse: whatever a file holds, its facts lie within it and survive the cache.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{stockGo, servePy, unusualJS, "x := os.Getenv(\"", "db(\"select a, from\", {x: '", "}}))((\"'\"'", "`json:\"", "a.b = {c, d} ="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		lines := strings.Count(content, "\n") + 1
		for _, path := range []string{"a.go", "a.py", "a.js", "a.rb", "a.php", "a.rs", "A.java"} {
			parsed := Parse([]byte(content), LanguageOf(path))
			for _, n := range parsed.Names {
				if n.Line < 1 || n.Line > lines || n.Text == "" {
					t.Fatalf("%s: %v of %d lines", path, n, lines)
				}
			}
			again, err := decode(encode(parsed))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if !bytes.Equal(encode(again), encode(parsed)) {
				t.Fatalf("%s: the record changed", path)
			}
			DefinedBy(content, LanguageOf(path))
		}
	})
}

// FuzzDecode: no bytes make reading a record or a cache file panic.
func FuzzDecode(f *testing.F) {
	f.Add(encode(Parse([]byte(stockGo), LanguageOf("a.go"))))
	f.Add([]byte(magic))
	f.Add([]byte{255, 255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, content []byte) {
		if file, err := decode(content); err == nil {
			encode(file)
		}
		parseCache(content)
	})
}
