package triage

import (
	"testing"

	"selfheal/internal/triage/index"
)

func TestReordered(t *testing.T) {
	t.Parallel()
	f := func(before, after, want string) {
		t.Helper()
		if got, ok := reordered(before, after); got != want || ok != (want != "") {
			t.Errorf("%s -> %s: %q, %v", before, after, got, ok)
		}
	}
	f("return ledger.Move(o.A, o.B, n)", "return ledger.Move(o.B, o.A, n)", "ledger.Move")
	f("x = f(g(1, 2), 3)", "x = f(3, g(1, 2))", "f")
	f("x = f(a, b)", "x = f(a, c)", "")
	f("x = f(a, b)", "x = h(b, a)", "")
	f("x = f(a, a)", "x = f(a, a)", "")
	f("x = f(a)", "x = f(a)", "")
	f("x = f(", "x = f(b, a", "")
}

func TestLowered(t *testing.T) {
	t.Parallel()
	f := func(before, after string, want bool) {
		t.Helper()
		if got := lowered(before, after); got != want {
			t.Errorf("%s -> %s: %v", before, after, got)
		}
	}
	f("Timeout: 10 * time.Second,", "Timeout: 10 * time.Millisecond,", true)
	f("Timeout: 5 * time.Second,", "Timeout: 60 * time.Second,", false)
	f("Timeout: 500 * time.Millisecond,", "Timeout: 1 * time.Second,", false)
	f("timeout: 8000,", "timeout: 80,", true)
	f("limit = 1_000", "limit = 10", true)
	f("size: 1 << 20", "size: 1 << 10", true)
	f("size: 1 << 10", "size: 1 << 20", false)
	f("wait(limit)", "wait(other)", false)
	f("wait(5)", "wait(limit)", false)
	f("x = 99999999999999999999999999999", "x = 1", true)
}

func TestParameterAt(t *testing.T) {
	t.Parallel()
	f := func(path, header, name string, place int, want string) {
		t.Helper()
		if got := parameterAt(header, name, place, index.LanguageOf(path)); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	f("a.go", "func (b *Basket) Put(item string, n int) error {", "Put", 1, "n")
	f("a.go", "func New[T any](bound int) *Basket {", "New", 0, "bound")
	f("a.py", "    def reserve(self, row, seat=None):", "reserve", 1, "seat")
	f("A.java", "    public Pool(final int size, String name) {", "Pool", 0, "size")
	f("a.ts", "function retry(attempts: number, task?: Task) {", "retry", 0, "attempts")
	f("a.go", "func New(bound int) *Basket {", "New", 3, "")
	f("a.go", "func New(", "New", 0, "")
	f("a.go", "", "New", 0, "")
}

// FuzzArguments: lines of code that are anything at all make no rule panic.
func FuzzArguments(f *testing.F) {
	f.Add("return ledger.Move(o.A, o.B, n)", "return ledger.Move(o.B, o.A, n)", 1)
	f.Add("f(((", "f)))", -1)
	f.Fuzz(func(t *testing.T, before, after string, place int) {
		reordered(before, after)
		lowered(before, after)
		parameterAt(before, "Move", max(place, 0), index.LanguageOf("a.go"))
		changedArgument(before, []string{after, "Move", after})
	})
}
