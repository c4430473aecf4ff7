package group

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

// exception makes a signature of "Type: message" and frames, innermost first:
// "package.function", a dash before those that are not in-app, "|" before a cause.
func exception(head string, frames ...string) selfheal.Signature {
	typ, message, _ := strings.Cut(head, ": ")
	exceptions := []selfheal.Exception{{Type: typ, Message: message}}
	for _, f := range frames {
		if cause, ok := strings.CutPrefix(f, "|"); ok {
			typ, message, _ := strings.Cut(cause, ": ")
			exceptions = append(exceptions, selfheal.Exception{Type: typ, Message: message})
			continue
		}
		name, library := strings.CutPrefix(f, "-")
		at := strings.LastIndexByte(name, '.')
		e := &exceptions[len(exceptions)-1]
		e.Frames = append(e.Frames, selfheal.Frame{Package: name[:at], Function: name[at+1:], File: name[:at] + ".py", InApp: !library})
	}
	id := identify(selfheal.KindException, head+strings.Join(frames, " "))
	return selfheal.Signature{ID: id, Kind: selfheal.KindException, Sample: selfheal.Sample{Exceptions: exceptions}}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	type list = []selfheal.Signature
	f := func(name string, before, after list, want ...string) {
		t.Helper()
		var got []string
		for _, a := range Moved(before, after) {
			got = append(got, a.Why)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	declined := "Declined: the card was declined"
	null := "TypeError: x is null"

	// The same exception in another place.
	f("a module", list{exception(declined, "billing.charge", "shop.handle")}, list{exception(declined, "payments.charge", "shop.handle")},
		"same exception in charge, which moved from billing.py to payments.py")
	f("the type too", list{exception("billing."+declined, "billing.charge", "shop.handle")}, list{exception("payments."+declined, "payments.charge", "shop.handle")},
		"same exception in charge, which moved from billing.py to payments.py")
	f("an error of the runtime in a function with a name of its own", list{exception(null, "a.owner_name", "shop.handle")}, list{exception(null, "b.owner_name", "shop.handle")},
		"same exception in owner_name, which moved from a.py to b.py")
	f("proven by another", list{exception(null, "a.pay", "shop.handle"), exception(declined, "a.charge", "shop.handle")}, list{exception(null, "b.pay", "shop.handle"), exception(declined, "b.charge", "shop.handle")},
		"same exception in charge, which moved from a.py to b.py", "same exception in pay, which moved from a.py to b.py")
	f("a caller's name, proven by two", list{exception(null, "a.pay", "shop.checkout", "shop.handle"), exception(declined, "a.charge", "shop.checkout", "shop.handle")},
		list{exception(null, "a.pay", "shop.complete", "shop.handle"), exception(declined, "a.charge", "shop.complete", "shop.handle")},
		"same exception in charge, now called through complete, no longer called through checkout", "same exception in pay, now called through complete, no longer called through checkout")
	f("a wrapper", list{exception(null, "a.pay", "shop.handle")}, list{exception(null, "a.pay", "retry.again", "shop.handle")},
		"same exception in pay, now called through again")
	f("a wrapper less", list{exception(null, "a.pay", "retry.again", "shop.handle")}, list{exception(null, "a.pay", "shop.handle")},
		"same exception in pay, no longer called through again")
	f("a wrapper in the chain", list{exception("NotReady: no", "a.load", "shop.handle", "|"+null, "a.pay", "a.load")}, list{exception("NotReady: no", "a.load", "audit.log", "shop.handle", "|"+null, "a.pay", "a.load")},
		"same exception in pay, now called through log")
	f("a function without a name", list{exception(null, "a.<anonymous>", "b.visit_all", "shop.handle")}, list{exception(null, "a.<anonymous>", "b.visit_all", "w.w", "shop.handle")},
		"same exception in the same unnamed function, now called through w")
	f("values in the message", list{exception("Declined: order 1", "a.pay", "b.c")}, list{exception("Declined: order 2", "a.pay", "w.w", "b.c")}, "same exception in pay, now called through w")
	f("the closest of two", list{exception(null, "a.pay", "w.one", "shop.handle"), exception(null, "a.pay", "shop.handle")}, list{exception(null, "a.pay", "w.one", "w.two", "shop.handle")},
		"same exception in pay, now called through two")

	deep := make([]string, 2*maxTrail)
	for i := range deep {
		deep[i] = fmt.Sprintf("deep.f%d", i)
	}
	f("a wrapper on a deep stack", list{exception(null, append([]string{"a.pay", "shop.handle"}, deep...)...)}, list{exception(null, append([]string{"a.pay", "w.w", "shop.handle"}, deep...)...)},
		"same exception in pay, now called through w")

	// Another exception.
	f("nothing is gone", list{exception(null, "a.pay", "shop.handle")}, list{exception(null, "a.pay", "shop.handle"), exception(null, "a.pay", "w.again", "shop.handle")})
	f("both were there before", list{exception(null, "a.pay", "shop.handle"), exception(null, "a.pay", "w.w", "shop.handle")}, list{exception(null, "a.pay", "w.w", "shop.handle")})
	f("another type", list{exception("ValueError: x", "a.pay", "shop.handle")}, list{exception("KeyError: x", "a.pay", "w.w", "shop.handle")})
	f("another message", list{exception("Declined: no money", "a.pay", "shop.handle")}, list{exception("Declined: no such card", "a.pay", "w.w", "shop.handle")})
	f("another cause", list{exception("NotReady: no", "a.b", "|"+null, "a.pay")}, list{exception("NotReady: no", "a.b", "w.w", "|"+declined, "a.pay")})
	f("a new function below the same handler", list{exception(null, "a.sku_of", "shop.handle")}, list{exception(null, "a.price_of", "shop.handle")})
	f("a new caller of the same helper", list{exception(null, "a.required", "a.sku_of", "shop.handle")}, list{exception(null, "a.required", "a.price_of", "shop.handle")})
	f("a new caller of two helpers, the old one still fails", list{exception(null, "a.pay", "shop.checkout", "shop.handle"), exception(declined, "a.charge", "shop.checkout", "shop.handle")},
		list{exception(null, "a.pay", "shop.complete", "shop.handle"), exception(declined, "a.charge", "shop.complete", "shop.handle"), exception("E: x", "shop.checkout", "shop.handle")})
	f("two errors of one helper, a new caller", list{exception(null, "a.required", "a.sku_of", "shop.handle"), exception(declined, "a.required", "a.sku_of", "shop.handle")},
		list{exception(null, "a.required", "a.price_of", "shop.handle"), exception(declined, "a.required", "a.price_of", "shop.handle")})
	f("a method of the same interface", list{exception(null, "mail.send", "shop.handle")}, list{exception(null, "sms.send", "shop.handle")})
	f("the same, with two words", list{exception(null, "mail.handle_order", "shop.serve_all")}, list{exception(null, "sms.handle_order", "shop.serve_all")})
	f("the new place is not new", list{exception(declined, "a.charge", "shop.handle"), exception("E: x", "b.charge", "b.b")}, list{exception(declined, "b.charge", "shop.handle")})
	f("the old place is still there", list{exception(declined, "a.charge", "shop.handle")}, list{exception(declined, "b.charge", "shop.handle"), exception("E: x", "a.charge", "b.b")})
	f("no caller agrees", list{exception(declined, "a.charge")}, list{exception(declined, "b.charge")})
	f("more was added than agrees", list{exception(null, "a.pay", "b.c")}, list{exception(null, "a.pay", "w.one", "w.two", "w.three", "b.c")})
	f("two as close", list{exception(null, "a.pay", "w.one", "shop.handle"), exception(null, "a.pay", "w.two", "shop.handle")}, list{exception(null, "a.pay", "shop.handle")})
	f("one became two", list{exception(null, "a.pay", "shop.handle")}, list{exception(null, "a.pay", "w.one", "shop.handle"), exception(null, "a.pay", "w.two", "shop.handle")})
	f("no name and no caller", list{exception(null, "a.<anonymous>")}, list{exception(null, "a.<anonymous>", "b.c")})
	f("only libraries", list{exception(declined, "-a.pay", "-b.c")}, list{exception(declined, "-a.pay", "-w.w", "-b.c")})
	f("no sample", list{exception(declined)}, list{exception(declined + "!")})

	message := exception(null, "a.pay", "shop.handle")
	message.Kind = selfheal.KindMessage
	f("no exception", list{message}, list{exception(null, "a.pay", "w.w", "shop.handle")})
}

// drawExceptions makes exceptions from few names, so that many of them are alike.
func drawExceptions(t *rapid.T, label string) []selfheal.Signature {
	heads := rapid.SampledFrom([]string{"Declined: no money", "TypeError: x is null", "NotReady: order 7"})
	names := rapid.SampledFrom([]string{"a.charge", "b.charge", "a.owner_name", "b.owner_name", "w.again", "shop.handle", "shop.serve", "-lib.each", "|KeyError: 'sku'"})
	seen := make(map[selfheal.SignatureID]bool)
	var all []selfheal.Signature
	for range rapid.IntRange(0, 12).Draw(t, label) {
		s := exception(heads.Draw(t, "head"), rapid.SliceOfN(names, 0, 6).Draw(t, "frames")...)
		if !seen[s.ID] {
			all = append(all, s)
		}
		seen[s.ID] = true
	}
	return all
}

// TestMovedKeepsItsPromises: whatever the exceptions, the order of the lists does
// not matter, an alias leads from one that is only after the deploy to one that
// is only before it, and no two lead to the same one.
func TestMovedKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawExceptions(t, "before"), drawExceptions(t, "after")
		aliases := Moved(before, after)
		again := Moved(rapid.Permutation(before).Draw(t, "order before"), rapid.Permutation(after).Draw(t, "order after"))
		if diff := cmp.Diff(aliases, again); diff != "" {
			t.Fatalf("the order matters:\n%s", diff)
		}
		has := func(list []selfheal.Signature, id selfheal.SignatureID) bool {
			return slices.ContainsFunc(list, func(s selfheal.Signature) bool { return s.ID == id })
		}
		taken := make(map[selfheal.SignatureID]bool)
		for _, a := range aliases {
			if !has(after, a.From) || has(before, a.From) || !has(before, a.To) || has(after, a.To) || taken[a.To] || taken[a.From] {
				t.Fatalf("alias %v", a)
			}
			taken[a.To], taken[a.From] = true, true
		}
	})
}

// alike makes n signatures, n/groups of each group sharing type, message and failing function.
func alike(n, groups int, module string, callers ...string) []selfheal.Signature {
	all := make([]selfheal.Signature, n)
	for i := range all {
		all[i] = exception("Declined: no money", append([]string{fmt.Sprintf("%s.charge_%d", module, i%groups), fmt.Sprintf("caller.c%d", i/groups), "shop.handle", "shop.serve"}, callers...)...)
	}
	return all
}

// TestMovedOfManyIsBounded: where more exceptions are alike than are compared,
// none of them is taken for another.
func TestMovedOfManyIsBounded(t *testing.T) {
	t.Parallel()
	const n = 64 * maxAlike
	f := func(groups, want int) {
		t.Helper()
		if got := len(Moved(alike(n, groups, "billing"), alike(n, groups, "payments"))); got != want {
			t.Errorf("%d groups: %d aliases, want %d", groups, got, want)
		}
	}

	f(n, n)
	f(64, n)
	f(1, 0)
}

// FuzzMoved: whatever two logs hold, nothing panics, and no alias joins two
// exceptions of one side.
func FuzzMoved(f *testing.F) {
	f.Add([]byte("panic: a\n\ngoroutine 1 [running]:\nmain.f()\n\t/x/main.go:3"), []byte("panic: a\n\ngoroutine 1 [running]:\nmain.f()\n\t/x/main.go:3\nmain.g()\n\t/x/main.go:4"))
	f.Add([]byte("Error: a\n    at f (/x/a.js:1:2)\n    at g (/x/a.js:1:2)"), []byte("Error: a\n    at f (/x/b.js:1:2)\n    at g (/x/a.js:1:2)"))
	f.Add([]byte("a.B: c\n\tat a.b.C.d(E.java:1)\nCaused by: f.G\n\tat h.i.J.k(L.java)"), []byte("X@:1:1\n@a.js:1:2"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		if len(before)+len(after) > 1<<14 {
			return
		}
		signatures := func(log []byte) []selfheal.Signature {
			g := testGrouper()
			readAll(g, log)
			return g.Signatures()
		}
		old, now := signatures(before), signatures(after)
		for _, a := range Moved(old, now) {
			in := func(list []selfheal.Signature, id selfheal.SignatureID) bool {
				return slices.ContainsFunc(list, func(s selfheal.Signature) bool { return s.ID == id })
			}
			if in(old, a.From) || in(now, a.To) || !in(now, a.From) || !in(old, a.To) || a.Why == "" {
				t.Fatalf("%v", a)
			}
		}
	})
}
