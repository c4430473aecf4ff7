package group

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/modules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// signed is a record that outlives its callback.
type signed struct {
	selfheal.Record
	ID selfheal.SignatureID
}

// readAll groups a whole log as one stream.
func readAll(g *Grouper, log []byte) []signed {
	var all []signed
	emit := func(r *selfheal.Record, i Index) {
		c := *r
		c.Message, c.Raw, c.Attributes = bytes.Clone(r.Message), bytes.Clone(r.Raw), nil
		c.Exceptions = slices.Clone(r.Exceptions)
		for k := range c.Exceptions {
			c.Exceptions[k].Frames = slices.Clone(c.Exceptions[k].Frames)
		}
		for _, a := range r.Attributes {
			c.Attributes = append(c.Attributes, selfheal.Attribute{Key: bytes.Clone(a.Key), Value: bytes.Clone(a.Value)})
		}
		all = append(all, signed{c, g.ID(i)})
	}
	s := g.Stream("log")
	for i, line := range bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n")) {
		s.Write(&selfheal.Entry{Stream: "log", Line: line, Number: int64(i) + 1}, emit)
	}
	s.Close(emit)
	return all
}

func testGrouper() *Grouper {
	return New(Options{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }})
}

// bugs groups what the programs in testdata/deploy printed, per language and bug at one revision.
func bugs(t *testing.T, revision string) map[string]map[string]signed {
	t.Helper()
	files, err := filepath.Glob("testdata/deploy/*." + revision + ".log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	found := make(map[string]map[string]signed)
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Split(filepath.Base(file), ".")
		records := readAll(testGrouper(), log)
		if len(records) != 1 {
			t.Errorf("%s: one event was read as %d", file, len(records))
			for _, r := range records {
				t.Logf("   %s %q", r.Severity, r.Message)
			}
		}
		if found[name[0]] == nil {
			found[name[0]] = make(map[string]signed)
		}
		found[name[0]][name[1]] = records[len(records)-1]
	}
	return found
}

// TestDeployKeepsIdentities is what the room is for: a deploy that moves code
// makes no old bug look new, and merges no two bugs.
func TestDeployKeepsIdentities(t *testing.T) {
	t.Parallel()
	before, after := bugs(t, "a"), bugs(t, "b")
	for _, language := range slices.Sorted(maps.Keys(before)) {
		seen := make(map[selfheal.SignatureID]string)
		for _, bug := range slices.Sorted(maps.Keys(before[language])) {
			a, b := before[language][bug], after[language][bug]
			if a.ID != b.ID {
				t.Errorf("%s %s: looks new after the deploy", language, bug)
			}
			if other, ok := seen[a.ID]; ok && !sameBug(language, bug, other) {
				t.Errorf("%s: %s and %s have one identity", language, bug, other)
			}
			seen[a.ID] = bug
		}
	}
}

// sameBug lists the recordings that are one bug reported in two ways.
func sameBug(language, a, b string) bool {
	pair := []string{a, b}
	slices.Sort(pair)
	switch language + " " + strings.Join(pair, " ") {
	case "node logged owner": // caught and printed, and uncaught
		return true
	}
	return false
}

// TestDeployGolden shows how each recording is understood.
func TestDeployGolden(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	found := bugs(t, "a")
	for _, language := range slices.Sorted(maps.Keys(found)) {
		for _, bug := range slices.Sorted(maps.Keys(found[language])) {
			r := found[language][bug]
			fmt.Fprintf(&out, "%s %s: %s %s %q\n", language, bug, r.ID, r.Severity, r.Message)
			for _, x := range r.Exceptions {
				fmt.Fprintf(&out, "  %s: %s\n", x.Type, x.Message)
				for _, f := range x.Frames {
					if f.InApp {
						fmt.Fprintf(&out, "    %s | %s | %s:%d\n", f.Package, f.Function, f.File, f.Line)
					}
				}
			}
		}
	}
	golden(t, "testdata/deploy/golden.txt", out.String())
}

// release is what the programs of testdata/deploy/programs/changes printed at one
// revision: the signature of every bug.
type release map[string]selfheal.Signature

// shopFile is a file of a service as programs/changes has it: a path and its text
// in one of Python's quotes.
var shopFile = regexp.MustCompile(`(?ms)^    "([^"\n]+)": (?:"""(.*?)"""|"([^\n]*)"|'([^\n]*)'),$`)

// ownModules finds the modules of the service whose bugs were recorded, as check
// finds those of a repository.
func ownModules(t *testing.T, language string) []string {
	t.Helper()
	program, err := os.ReadFile("testdata/deploy/programs/changes/" + language + "shop.py")
	if err != nil {
		t.Fatal(err)
	}
	base, _, _ := strings.Cut(string(program), "\nDEPENDENCY = ")
	texts := make(map[string]string)
	var files []modules.File
	for _, m := range shopFile.FindAllStringSubmatch(base, -1) {
		texts[m[1]] = strings.ReplaceAll(m[2]+m[3]+m[4], `\n`, "\n")
		files = append(files, modules.File{Path: m[1]})
	}
	if len(files) < 4 {
		t.Fatalf("%s: only %d files of the service were found", language, len(files))
	}
	found, err := modules.Find(files, func(paths []string, _ int64, f func(string, []byte)) error {
		for _, path := range paths {
			f(path, []byte(texts[path]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestOwnModules: what the services of the recordings say of themselves.
func TestOwnModules(t *testing.T) {
	t.Parallel()
	for language, want := range map[string][]string{"go": {"example.com/shop"}, "java": {"com.acme"}, "node": nil, "python": nil, "rust": nil} {
		if diff := cmp.Diff(want, ownModules(t, language)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", language, diff)
		}
	}
}

// releases reads the recordings of one language by the kind of change, "before"
// among them. own are the modules of the service.
func releases(t *testing.T, language string, own []string) map[string]release {
	t.Helper()
	files, err := filepath.Glob("testdata/deploy/changes/" + language + ".*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := make(map[string]release)
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := make(release)
		for part := range strings.SplitSeq(strings.TrimPrefix("\n"+string(log), "\n### "), "\n### ") {
			bug, printed, _ := strings.Cut(part, "\n")
			g := New(Options{Modules: own})
			if records := readAll(g, []byte(printed)); len(records) != 1 || len(records[0].Exceptions) == 0 {
				t.Errorf("%s %s: one exception was read as %d events", file, bug, len(records))
			}
			r[bug] = *g.Signature(0)
		}
		all[strings.Split(filepath.Base(file), ".")[1]] = r
	}
	return all
}

// sides gives the signatures of the releases before and after a change.
func sides(before, after release) (b, a []selfheal.Signature) {
	return slices.Collect(maps.Values(before)), slices.Collect(maps.Values(after))
}

// controls are pairs of bugs that share type, message and outer callers; no
// change touches them. They are in both releases and must stay what they are.
var controls = []string{"mail", "price", "size", "sku", "sms", "weight"}

// score is what a deploy with one kind of change does to the identities of old bugs.
type score struct {
	bugs   int
	fresh  []string // bugs that look new by their identity alone
	still  []string // bugs that look new even by Moved
	merged []string // pairs of different bugs taken for one
	whys   []string
}

// scoreOf compares two releases.
func scoreOf(before, after release) score {
	var s score
	id := make(map[selfheal.SignatureID]string)
	for bug, sig := range before {
		id[sig.ID] = bug
	}
	b, a := sides(before, after)
	aliases := make(map[selfheal.SignatureID]selfheal.Alias)
	for _, alias := range Moved(b, a) {
		aliases[alias.From] = alias
	}
	for _, bug := range slices.Sorted(maps.Keys(after)) {
		sig := after[bug]
		if !slices.Contains(controls, bug) {
			s.bugs++
		}
		alias, known := aliases[sig.ID]
		old, same := id[sig.ID]
		if same && old != bug || known && id[alias.To] != bug {
			s.merged = append(s.merged, bug+"/"+old+id[alias.To])
		}
		if !same {
			s.fresh = append(s.fresh, bug)
			if known {
				s.whys = append(s.whys, alias.Why)
			} else {
				s.still = append(s.still, bug)
			}
		}
	}
	return s
}

// TestDeployChanges measures, for real traces of five languages, which old bugs
// look new after which kind of change, by the identity alone and by what Moved
// adds. The services' modules are those found in their repositories, as they are
// by check. Which bugs, is written to the golden file; that nothing is merged
// that is not one, and that what must hold holds, is tested.
func TestDeployChanges(t *testing.T) {
	t.Parallel()
	promised := []string{"shift", "move", "package", "esm", "dependency", "wrapper", "retry", "hop", "async", "closure"}
	var table, details strings.Builder
	table.WriteString(legend)
	fmt.Fprintf(&table, "%-8s %-11s %5s %16s %16s %8s\n", "language", "change", "bugs", "new by identity", "new with Moved", "merged")
	for _, language := range []string{"go", "java", "node", "python", "rust"} {
		all := releases(t, language, ownModules(t, language))
		for _, kind := range slices.Sorted(maps.Keys(all)) {
			if kind == "before" {
				continue
			}
			s := scoreOf(all["before"], all[kind])
			fmt.Fprintf(&table, "%-8s %-11s %5d %16s %16s %8d\n", language, kind, s.bugs, share(len(s.fresh), s.bugs), share(len(s.still), s.bugs), len(s.merged))
			if len(s.fresh) > 0 {
				fmt.Fprintf(&details, "\n%s %s: new %s; still new [%s]\n", language, kind, s.fresh, strings.Join(s.still, " "))
				for _, why := range s.whys {
					fmt.Fprintf(&details, "  %s\n", why)
				}
			}
			if len(s.merged) > 0 {
				t.Errorf("%s %s: merged %v", language, kind, s.merged)
			}
			if slices.Contains(promised, kind) && len(s.still) > 0 {
				t.Errorf("%s %s: new %v", language, kind, s.still)
			}
		}
	}
	// The JVM prints no path of a jar: what a library of an unknown vendor does inside
	// looks like the service's own code to whoever has no repository to look into.
	all := releases(t, "java", nil)
	s := scoreOf(all["before"], all["dependency"])
	fmt.Fprintf(&table, "%-8s %-11s %5d %16s %16s %8d  (logs alone, no repository)\n", "java", "dependency", s.bugs, share(len(s.fresh), s.bugs), share(len(s.still), s.bugs), len(s.merged))
	if len(s.merged) > 0 {
		t.Errorf("java dependency, no repository: merged %v", s.merged)
	}
	golden(t, "testdata/deploy/changes/golden.txt", table.String()+details.String())
}

// legend says what the kinds of change are.
const legend = `What a deploy does to the identities of bugs that it does not touch. Real traces of Go, Java, Node, Python and Rust;
the modules of the service are found in its repository.
Six more bugs per language, alike in type, message and callers, are in every release and stay what they are.

shift       seven lines more at the top of every file, a local variable renamed
move        the failing functions in another file, module or class
package     the same in another package or directory
esm         the program as ECMAScript modules instead of CommonJS
wrapper     a function more between the handler and the work
retry       every failing function called through a retry (a closure, a decorator)
dependency  another version of a library, whose inner functions differ
hop         the work done by another goroutine, thread or task of the event loop
async       the work awaited instead of called
executor    the work done by an executor, which wraps the exception in its own
closure     further closures before the one that fails
named       the closure that fails became a function with a name
caller      a caller of the failing functions renamed
rename      the failing functions renamed: no program can tell that from another bug in another function

`

func share(n, of int) string { return fmt.Sprintf("%d (%d %%)", n, 100*n/max(of, 1)) }

// TestDeployReplacesOneBugByAnother: every pair of different bugs, the one only
// before the deploy and the other only after it, stays two. This is the worst
// case for Moved: the old one is gone, and nothing else competes for its place.
func TestDeployReplacesOneBugByAnother(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"go", "java", "node", "python", "rust"} {
		all := releases(t, language, ownModules(t, language))
		for kind, after := range all {
			for old, was := range all["before"] {
				for now, is := range after {
					if old == now {
						continue
					}
					if was.ID == is.ID {
						t.Errorf("%s %s: %s and %s have one identity", language, kind, old, now)
					}
					if aliases := Moved([]selfheal.Signature{was}, []selfheal.Signature{is}); len(aliases) > 0 {
						t.Errorf("%s %s: %s was taken for %s: %s", language, kind, now, old, aliases[0].Why)
					}
				}
			}
		}
	}
}

// TestDeployReplacesBugsByOthers: the same for sets of bugs, none of them on both
// sides: what some of them prove must not join others.
func TestDeployReplacesBugsByOthers(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"go", "java", "node", "python", "rust"} {
		all := releases(t, language, ownModules(t, language))
		kinds := slices.Sorted(maps.Keys(all))
		rapid.Check(t, func(t *rapid.T) {
			after := all[rapid.SampledFrom(kinds).Draw(t, "kind")]
			var gone, fresh []selfheal.Signature
			for _, bug := range slices.Sorted(maps.Keys(all["before"])) {
				sig, ok := after[bug]
				switch rapid.IntRange(0, 2).Draw(t, bug) {
				case 0:
					gone = append(gone, all["before"][bug])
				case 1:
					if ok {
						fresh = append(fresh, sig)
					}
				}
			}
			if aliases := Moved(gone, fresh); len(aliases) > 0 {
				t.Fatalf("%s: %s", language, aliases[0].Why)
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}
