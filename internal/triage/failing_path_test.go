package triage

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal/internal/triage/index"
)

// pathOf follows back the line with "<-" of some code, and gives the lines of its way by their roles.
func pathOf(t *testing.T, name, code string) (roles map[role][]string, p *failingPath) {
	t.Helper()
	lines := strings.Split(code, "\n")
	failing := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "<-") }) + 1
	for i := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(lines[i], "<-", ""), " ")
	}
	s := &source{File: index.Parse([]byte(strings.Join(lines, "\n")), index.LanguageOf(name)), lines: lines}
	p = pathTo(s, name, failing, failing)
	roles = map[role][]string{}
	for n, line := range lines {
		if as := p.roles[n+1]; as > roleExits && n+1 > p.header {
			roles[as] = append(roles[as], strings.TrimSpace(line))
		}
	}
	return roles, p
}

func TestWayToAnError(t *testing.T) {
	t.Parallel()
	f := func(name, code string, want map[role][]string) {
		t.Helper()
		got, _ := pathOf(t, name, code)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", code, diff)
		}
	}
	f("a.go", "package a\n\nfunc f(rows []int, id int) int {\n\tx := load(id)\n\ty := other()\n\tuse(y)\n\tif len(x) > 2 {\n\t\treturn x[3] <-\n\t}\n\treturn y\n}\n", map[role][]string{
		roleFails: {"return x[3]"}, roleGuards: {"if len(x) > 2 {"}, roleFeeds: {"x := load(id)"},
	})
	f("a.py", "def f(rows):\n    total = 0\n    kept = []\n    for row in rows:\n        total += row.cents\n        kept.append(1)\n    return total / len(rows) <-\n", map[role][]string{
		roleFails: {"return total / len(rows)"}, roleFeeds: {"total = 0", "for row in rows:", "total += row.cents"},
	})
	f("a.ts", "export function f(id: string) {\n  try {\n    const a = get(id);\n    put(a);\n  } catch (e) {\n    console.error('no such thing', e); <-\n  }\n}\n", map[role][]string{
		roleFails: {"console.error('no such thing', e);"}, roleGuards: {"try {", "} catch (e) {"}, roleFeeds: {"const a = get(id);", "put(a);"},
	})
	f("A.java", "class A {\n    void send(Letter letter) {\n        String to = letter.to();\n        if (letter.advert()) {\n            to = queue();\n            return;\n        }\n        deliver(to); <-\n    }\n}\n", map[role][]string{
		roleFails: {"deliver(to);"}, roleFeeds: {"String to = letter.to();"},
	})
}

func TestNamesThatALineGivesAValue(t *testing.T) {
	t.Parallel()
	f := func(line string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(givenOn(line)))); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
	f("rows, err := load(id)", "err", "rows")
	f("public static final int MAX_ROWS = 20;", "MAX_ROWS")
	f("pub const MAX_ROWS: u64 = 5;", "MAX_ROWS")
	f("var _ Handler = (*handler)(nil)")
	f("p.Name = name", "Name", "p")
	f("const { a, b } = load();", "a", "b")
	f("count++", "count")
	f("cart.add(item)", "cart", "item")
	f("log.error('no', item)")
	f("if a == b && c != d {")
}

func TestOperationThatFailedBefore(t *testing.T) {
	t.Parallel()
	f := func(before, after, member string, want bool) {
		t.Helper()
		if got := sameReceiver(before, after, member); got != want {
			t.Errorf("%s of %q and %q: %v", member, before, after, got)
		}
	}
	f("return order.address.city;", "return order.address.city.trim();", "city", true)
	f("const p = user.profile?.picture;", "const p = user.profile.picture;", "picture", false)
	f("return data.get('region')", "return data['region']", "region", false)
	f("return zones[data['region']]", "return other[data['region']]", "region", true)
	f("return a.b", "return c.d", "d", false)
}

func TestConditionsThatAskForMoreOrLess(t *testing.T) {
	t.Parallel()
	f := func(before, after string, narrower, wider bool) {
		t.Helper()
		if narrows(before, after) != narrower || widens(before, after) != wider {
			t.Errorf("%q to %q: narrower %v, wider %v", before, after, narrows(before, after), widens(before, after))
		}
	}
	f("if a > 1 {", "if a > 1 && b {", true, false)
	f("if (a > 1) {", "if (b && a > 1) {", true, false)
	f("if a:", "if a or b:", false, true)
	f("if a:", "if a and b or c:", false, false)
	f("if a && b {", "if a {", false, false)
	f("if a {", "if b {", false, false)
	f("x = 1", "x = 1 && y", false, false)
}

// TestProbabilitiesStayWithinTheirTiers: nobody is more suspect than the evidence
// licenses, nothing is lost, and the order of the commits stays.
func TestProbabilitiesStayWithinTheirTiers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "commits")
		r := ranking{other: scoreUnknown + rapid.Float64Range(0, 3).Draw(t, "doubt"), noDoubt: scoreUnknown}
		for range n {
			r.scores = append(r.scores, rapid.Float64Range(-3, 15).Draw(t, "score"))
			r.tiers = append(r.tiers, tier(rapid.IntRange(0, 2).Draw(t, "tier")))
		}
		r.normalise()
		sum := r.external + r.unknown
		for i, p := range r.probabilities {
			sum += p
			if p > r.tiers[i].ceiling()+1e-9 {
				t.Fatalf("probability %v with tier %d", p, r.tiers[i])
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities add up to %v", sum)
		}
	})
}

// FuzzWayToAnError: code is hostile data.
func FuzzWayToAnError(f *testing.F) {
	f.Add("a.go", "package a\nfunc f() {\n\tx := 1\n\treturn x\n}\n", 4)
	f.Add("a.py", "def f(a,\n      b=1):\n    return a[b]\n", 3)
	f.Add("a.js", "function f({ a, b }) {\n  return a\n    .b();\n}", 3)
	f.Fuzz(func(t *testing.T, name, code string, line int) {
		lang := index.LanguageOf(name)
		lines := strings.Split(code, "\n")
		if lang == nil || line < 1 || line > len(lines) {
			return
		}
		p := pathTo(&source{File: index.Parse([]byte(code), lang), lines: lines}, name, line, line)
		for n := range p.roles {
			if n < 1 || n > len(lines) {
				t.Errorf("line %d of %d", n, len(lines))
			}
		}
	})
}
