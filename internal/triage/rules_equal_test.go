package triage

import (
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/triage/index"
)

// hunkWith is a hunk of lines that begin with "-", "+" or a space.
func hunkWith(lines ...string) *selfheal.Hunk {
	h := &selfheal.Hunk{OldStart: 1, NewStart: 1}
	for _, l := range lines {
		op := selfheal.LineContext
		switch l[0] {
		case '-':
			op = selfheal.LineDeleted
		case '+':
			op = selfheal.LineAdded
		}
		h.Lines = append(h.Lines, selfheal.HunkLine{Op: op, Text: l[1:]})
	}
	return h
}

func TestLinesThatSayTheSame(t *testing.T) {
	t.Parallel()
	f := func(path string, want bool, lines ...string) {
		t.Helper()
		hunk := hunkWith(lines...)
		trivial := trivialLines(index.LanguageOf(path), hunk)
		for n, l := range hunk.Lines {
			if l.Op != selfheal.LineContext && trivial[n] != want {
				t.Errorf("%s: line %q is trivial: %v, want %v", path, l.Text, trivial[n], want)
			}
		}
	}
	f("a.ts", true, `-  const a = x['b']`, `-  return a`, `+  const a = x["b"];`, `+  return a;`)
	f("a.ts", false, `-  const a = x['b']`, `+  const a = x["c"];`)
	f("a.ts", false, `-  const a = 'say "b"'`, `+  const a = "say 'b'"`)
	f("a.go", false, `-	a := 'b'`, `+	a := "b"`)
	f("a.py", true, `-def f(a, b=1):`, `-    c = a`, `+def f(a: int, b: int = 1) -> float:`, `+    c: float = a`)
	f("a.py", false, `-def f(a, b=1):`, `+def f(a: int, b: int = 2):`)
	f("a.py", false, `-    c = a`, `+        c = a`)
	f("a.cs", true, `-        string first = person.First;`, `+        string? first = person.First;`)
	f("a.java", false, `-    user = find();`, `     name = user.name();`, `+    user = find();`) // in another order
}

func TestLocalVariablesWithOtherNames(t *testing.T) {
	t.Parallel()
	f := func(want string, lines ...string) {
		t.Helper()
		var hunk []edit
		for _, l := range hunkWith(lines...).Lines {
			hunk = append(hunk, edit{op: l.Op, text: l.Text})
		}
		names := renamedLocals(hunk)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: renamed %q, want %q", lines, got, want)
		}
	}
	f("c customer", "-String of(Customer c) {", "-  return c.name();", "+String of(Customer customer) {", "+  return customer.name();")
	f("", "-String of(Customer c) {", "-  return c.name();", "+String of(Customer d) {", "+  return c.name();") // not everywhere
	f("", "-  return a.total;", "+  return a.sum;")                                                             // a member
	f("", "-  int n = size(a);", "+  int n = length(a);")                                                       // a function
	f("", `-  int n = get("a b");`, `+  int n = get("a c");`)                                                   // a text
	f("", "-  int n = 3;", "+  int n = 4;")
	f("", "-  f(a, b);", "+  f(b, a);") // in another order
}
