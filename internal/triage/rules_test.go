package triage

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/triage/index"
)

func TestAssignedNames(t *testing.T) {
	t.Parallel()
	f := func(line string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(assignedNames(line)))); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
	f("rows := load(id)", "rows")
	f("const rows = await load(id);", "rows")
	f("total += lines[i]", "total")
	f("for i := 0; i <= len(x); i++ {", "i")
	f("for line in lines:", "line")
	f("return &Stock{counts: map[string]int{}, limit: 100}", "counts", "limit")
	f("if a == b && c != d && e <= g {")
	f("case <-p.ready:")
	f("else:")
	f(`log("name = x")`)
}

func TestSettingsAreConstantsWithAnotherValue(t *testing.T) {
	t.Parallel()
	f := func(path, before, after string, want ...string) {
		t.Helper()
		r := gittest.New(t)
		base := r.Commit("base", path, before)
		_, c := change(t, r, base, r.Commit("head", path, after))
		var got []string
		for _, s := range newEvidence(c).settings() {
			got = append(got, s.name+" "+s.old+" -> "+s.value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s to %s:\n%s", before, after, diff)
		}
	}
	f("a.go", "package a\n\nconst Size = 50\n", "package a\n\nconst Size = 500\n", "Size 50 -> 500")
	f("a.py", "LIMIT = 5\nOTHER = 1\n", "LIMIT = 0\nOTHER = 1\n", "LIMIT 5 -> 0")
	f("config/a.yaml", "timeout_ms: 3000\n", "timeout_ms: 30\n", "timeout_ms 3000 -> 30")
	f("A.java", "class A {\n    public static final int MAX = 10;\n}\n", "class A {\n    public static final int MAX = 2;\n}\n", "MAX 10; -> 2;")
	f("a.py", "x = load(1)\n", "x = load(2)\n")                                    // computed
	f("a.go", "package a\n\nconst Size  = 50\n", "package a\n\nconst Size = 50\n") // white space
	f("a.py", "x = 1\n", "y = 1\n")                                                // another name
	f("config/a.yaml", "a:\n  n: 1\nb:\n  n: 2\n", "a:\n  n: 3\nb:\n  n: 4\n")     // two of one name
}

func TestWhatFieldsCarryIsNoEvidence(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := withoutValues(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f(`level=ERROR msg="cannot load" user="see store.go:3"`, `level=ERROR msg="cannot load" user=""`)
	f(`{"error":"x.go:3","name": "a \" b"}`, `{"error":"x.go:3","name": ""}`)
	f(`no such column: "total"`, `no such column: "total"`)
	f(`user="not closed`, `user="not closed`)
	f(``, ``)
}

func TestPhrasesAreFoundBehindLongerWords(t *testing.T) {
	t.Parallel()
	p, ok := index.PhraseOf("order %s is refused because of its total")
	if !ok {
		t.Fatal("no phrase")
	}
	if _, _, ok := p.Match("orders order 17 is refused because of its total"); !ok {
		t.Error("not found behind a longer word")
	}
	if _, _, ok := p.Match("orders are refused because of its totals"); ok {
		t.Error("found within a longer word")
	}
}

// TestLinesBelowHadNotRun: a change below the failing line weighs less than one
// above it, but for loops.
func TestLinesBelowHadNotRun(t *testing.T) {
	t.Parallel()
	probability := func(code, from, to string) float64 {
		t.Helper()
		r := gittest.New(t)
		base := r.Commit("base", append(filler(8), "run.go", code)...)
		head := r.Commit("change", "run.go", strings.Replace(code, from, to, 1))
		failing := strings.Count(code[:strings.Index(code, "fail()")], "\n") + 1
		v := judge(t, r, base, head, "panic: boom\n\ngoroutine 1 [running]:\nmain.run()\n\t/src/run.go:"+string(rune('0'+failing))+" +0x1\nmain.main()\n\t/src/main.go:5 +0x1\n")
		return v.Candidates[0].Probability
	}
	const straight = "package main\n\nfunc run() {\n\tabove(1)\n\tfail()\n\tbelow(1)\n}\n"
	const loop = "package main\n\nfunc run() {\n\tfor {\n\t\tfail()\n\t\tbelow(1)\n\t}\n}\n"
	above, below, looped := probability(straight, "above(1)", "above(2)"), probability(straight, "below(1)", "below(2)"), probability(loop, "below(1)", "below(2)")
	if below >= above || looped <= below {
		t.Errorf("above %.2f, below %.2f, below in a loop %.2f", above, below, looped)
	}
}

func TestConstraintThatTheChangeAdded(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base", append(filler(8), "migrations/1.sql", "CREATE TABLE users (name TEXT);\n")...)
	culprit := r.Commit("unique names", "migrations/2.sql", "ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (name);\n")
	v := judge(t, r, base, culprit, `sign-up failed: pq: duplicate key value violates unique constraint "one_name"`)
	wantCulprit(t, v, culprit, "migrations/2.sql", "ALTER TABLE users ADD CONSTRAINT one_name UNIQUE (name);")
	if v.Exhibits[0].Kind != selfheal.ExhibitIdentifier {
		t.Errorf("first exhibit %s", v.Exhibits[0].Kind)
	}
}
