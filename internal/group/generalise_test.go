package group

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

// merged groups lines and lists, for each line, the title of the signature that stands for it.
func merged(lines []string) []string {
	g := testGrouper()
	records := readAll(g, []byte(strings.Join(lines, "\n")))
	signatures := g.Signatures()
	alias := Generalise(signatures, nil).Of
	titles := make(map[selfheal.SignatureID]string)
	for _, s := range signatures {
		titles[s.ID] = s.Title
	}
	var all []string
	for _, r := range records {
		id := r.ID
		if to, ok := alias[id]; ok {
			id = to
		}
		all = append(all, titles[id])
	}
	return all
}

var people = strings.Fields("ann bob cem dan eve fay gus hal ida jim kay leo mia ned ola")

func TestGeneralise(t *testing.T) {
	t.Parallel()
	distinct := func(format string, words []string) int {
		var lines []string
		for _, w := range words {
			lines = append(lines, fmt.Sprintf(format, w))
		}
		titles := merged(lines)
		slices.Sort(titles)
		return len(slices.Compact(titles))
	}
	f := func(format string, words []string, want int) {
		t.Helper()
		if got := distinct(format, words); got != want {
			t.Errorf("%d of %q: got %d signatures, want %d", len(words), format, got, want)
		}
	}

	f("no such thing %s from here", people, 1)
	f("no such thing %s from here", people[:5], 5)                                        // not enough evidence
	f("no such user %s from host", people[:2], 2)                                         // even where a name is announced
	f("lost ship %s for good", []string{"a.orders.new", "a.orders.old", "b.mail.out"}, 1) // names of several parts
	f("lost ship %s for good", []string{"orders.new", "orders.old", "mail.out", "mail.in"}, 4)
	f("lost ship %s for good", []string{"7", "ann", "bob", "cem"}, 1) // a mask was seen there too
	f("lost ship %s for good", []string{"7", "ann", "bob"}, 3)
	f("%s", people, len(people))     // nothing else says that it is the same message
	f("cannot %s it", people, 15)    // what could not be done
	f("can't %s it now", people, 15) // likewise
	f("unable to %s it", people, 15) // likewise
	f("gone: %s", people, 1)         // little else, but many
	f("gone: %s", people[:11], 11)   // not many
	f("%s is not here now", people, 15)
	f("cannot read from %s any longer", []string{"7", "/var/a/b", "10.0.0.1"}, 1) // values all
	f("cannot read from %s any longer", []string{"7", "/var/a/b", "ann"}, 2)      // but one word is no evidence
	f("lost: %s", []string{"7", "/var/a/b", "10.0.0.1"}, 3)                       // too little else
	f("%s: gone for good", []string{"10.0.0.1", "db.new", "db.old", "mx.new", "mx.old", "mx.last", "db.last"}, 1)
	f("session closed for user %s", people[:3], 1)
	f("session closed for user %s", people[:2], 2)
	f("Invalid user %s from it", []string{"test", "server", "info"}, 1)                                 // whatever it is, it is a name
	f("messages in queue %s", []string{"ann", "bob", "cem"}, 1)                                         // a name is introduced
	f("queue %s is too long", []string{"ann", "bob", "cem", "dan"}, 1)                                  // or announced
	f("queue %s is too long", []string{"size", "depth", "length", "capacity"}, 4)                       // halves of compounds
	f("cannot load settings for user %s", []string{"session", "profile", "authentication", "agent"}, 4) // likewise
	f("the user %s at last today", []string{"locked", "expired", "unknown", "disabled"}, 4)
	f("column %s is not there", people, 15) // parts of the program
	f("no key '%s' in the map", people[:4], 1)
	f("link [%s] is down again", people[:4], 1)
	f("link %s is down again", people[:4], 4)
	f("%s: could not run this job because it was not yet due", []string{"com.acme.Mail", "com.acme.Sync", "com.acme.Backup", "com.acme.Search"}, 1) // so much agrees
	f("the clock follows %s at last", []string{"10.0.0.1", "LOCAL(0)", "#2#"}, 1)                                                                   // one value, written in three ways
	f("the clock follows %s at last", []string{"10.0.0.1", "LOCAL(0)"}, 2)
	f("the call %s failed at last", []string{"open(3)", "close(3)", "7"}, 3)
	f("cannot reach it again: %s", []string{"ECONNREFUSED", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "EMFILE", "ENOENT", "EIO", "EAGAIN", "ENOSPC", "EBADF"}, 12)
	f("the call to it ended, code = %s here", strings.Fields("Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unavailable"), 12)
	f("http %s again at last", []string{"404", "500", "502", "503", "504"}, 5)
}

// TestGeneralisePairs: two places that differ at once, in messages that have nothing
// but the text around them in common.
func TestGeneralisePairs(t *testing.T) {
	t.Parallel()
	f := func(format string, n, want int) {
		t.Helper()
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf(format, people[i], people[(i+5)%len(people)]))
		}
		titles := merged(lines)
		slices.Sort(titles)
		if got := len(slices.Compact(titles)); got != want {
			t.Errorf("%d of %q: got %d signatures, want %d", n, format, got, want)
		}
	}

	f("the user %s has no access to queue %s here", 4, 1)
	f("the user %s has no access to queue %s here", 2, 2)
	f("the man %s was seen with %s here", 6, 1)
	f("the man %s was seen with %s here", 5, 5)
	f("%s met %s", 15, 15)
}

// TestGeneralisePools: a name is a name whatever happened to it, and what happened stays apart.
func TestGeneralisePools(t *testing.T) {
	t.Parallel()
	var lines []string
	for i, name := range people[:6] {
		lines = append(lines, fmt.Sprintf("the gate to %s was %s today", name, []string{"opened", "closed"}[i%2]))
	}
	titles := merged(lines)
	for i, want := range []string{titles[0], titles[1], titles[0], titles[1], titles[0], titles[1]} {
		if titles[i] != want || titles[0] == titles[1] {
			t.Errorf("%q stands for %q", titles[i], lines[i])
		}
	}
}

func messageSignatures(first time.Time, lines ...string) (all []selfheal.Signature) {
	for _, line := range lines {
		all = append(all, selfheal.Signature{ID: selfheal.SignatureID("id of " + line), Kind: selfheal.KindMessage, Template: line, First: first})
	}
	return all
}

func TestGeneraliseKnown(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	known := []selfheal.Pattern{
		{Template: "lost <*> for good", Signature: "older"}, {Template: "no <*> at a.x.y any more", Signature: "younger"}, {Template: "read <value> at last", Signature: "masks"},
	}
	f := func(of map[selfheal.SignatureID]selfheal.SignatureID, learned selfheal.Learned, signatures ...selfheal.Signature) {
		t.Helper()
		if diff := cmp.Diff(Generalisation{Of: of, Learned: learned}, Generalise(signatures, known)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}

	type ids = map[selfheal.SignatureID]selfheal.SignatureID
	f(ids{}, selfheal.Learned{})
	f(ids{"id of lost ann for good": "older"}, selfheal.Learned{}, messageSignatures(day, "lost ann for good", "lost found for good", "lost E11000 for good", "lost ann bob for good")...)
	f(ids{"id of read <path> at last": "masks"}, selfheal.Learned{}, messageSignatures(day, "read <path> at last", "read ann at last")...)
	f(ids{}, selfheal.Learned{}, selfheal.Signature{ID: "x", Kind: selfheal.KindException, Template: "lost ann for good"})
	f(ids{"id of met <num> so far": "id of met <host> so far"}, selfheal.Learned{Patterns: []selfheal.Pattern{{Template: "met <value> so far", Signature: "id of met <host> so far"}}},
		append(messageSignatures(day, "met <num> so far"), messageSignatures(day.Add(-1), "met <host> so far")...)...)
	f(ids{}, selfheal.Learned{}, messageSignatures(day, "a text with <*> in it", "a text with <num> in it")...)
}

// TestGeneraliseJoins: two patterns that turn out to be one; the younger gets an alias.
func TestGeneraliseJoins(t *testing.T) {
	t.Parallel()
	known := []selfheal.Pattern{{Template: "no <*> at a.x.y any more", Signature: "first"}, {Template: "no <*> at b.x.y any more", Signature: "second"}}
	got := Generalise(messageSignatures(time.Time{}, "no ann at b.x.y any more", "no ann at c.x.y any more", "no ann at d.x.y any more", "no bob at c.x.y any more"), known)
	if got.Of["id of no ann at b.x.y any more"] != "second" {
		t.Fatalf("not on sight: %v", got.Of)
	}
	for _, place := range []string{"c.x.y", "d.x.y"} {
		known = append(known, selfheal.Pattern{Template: "no <*> at " + place + " any more", Signature: selfheal.SignatureID(place)})
	}
	got = Generalise(messageSignatures(time.Time{}, "no ann at b.x.y any more"), known)
	why := "the same message with other values: "
	want := Generalisation{
		Of: map[selfheal.SignatureID]selfheal.SignatureID{"id of no ann at b.x.y any more": "first"},
		Learned: selfheal.Learned{
			Patterns: []selfheal.Pattern{{Template: "no <*> at <*> any more", Signature: "first"}},
			Aliases: []selfheal.Alias{
				{From: "second", To: "first", Why: why + known[1].Template}, {From: "c.x.y", To: "first", Why: why + known[2].Template}, {From: "d.x.y", To: "first", Why: why + known[3].Template},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGeneraliseKeepsToTheCap(t *testing.T) {
	t.Parallel()
	var known []selfheal.Pattern
	for i := range maxPatterns {
		known = append(known, selfheal.Pattern{Template: fmt.Sprintf("lost <*> of kind %x for good", i), Signature: "x"})
	}
	lines := []string{}
	for _, name := range people {
		lines = append(lines, "no such thing "+name+" from here")
	}
	if got := Generalise(messageSignatures(time.Time{}, lines...), known); !got.Learned.IsEmpty() || len(got.Of) > 0 {
		t.Errorf("beyond the cap: %+v", got.Learned)
	}
	if got := Generalise(messageSignatures(time.Time{}, lines...), known[1:]); len(got.Learned.Patterns) != 1 || len(got.Of) != len(people)-1 {
		t.Errorf("at the cap: %+v", got.Learned)
	}
}

// TestStatusesAreNeverGeneralised: whatever else varies, what failed stays apart.
func TestStatusesAreNeverGeneralised(t *testing.T) {
	t.Parallel()
	statuses := []string{"404", "500", "502", "ECONNREFUSED", "ETIMEDOUT", "SIGKILL"}
	for _, format := range []string{"call for user %s ended here: status %s", "GET /x of tenant %s was not done, code=%s", "could not do it for queue %s: HTTP %s"} {
		var lines []string
		for _, status := range statuses {
			for _, name := range people {
				lines = append(lines, fmt.Sprintf(format, name, status))
			}
		}
		titles := merged(lines)
		for i, title := range titles {
			if status := statuses[i/len(people)]; !strings.HasSuffix(title, status) {
				t.Errorf("%q stands for %q", title, lines[i])
			}
		}
		slices.Sort(titles)
		if n := len(slices.Compact(titles)); n != len(statuses) {
			t.Errorf("%q: %d signatures for %d statuses", format, n, len(statuses))
		}
	}
}

// TestOutcomesAreNeverGeneralised: what happened stays apart, though fifty
// siblings show that other places are values, and fifty more that this one can be.
func TestOutcomesAreNeverGeneralised(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 50 {
		names = append(names, people[i%len(people)]+string(rune('a'+i/len(people))))
	}
	f := func(a, b string) {
		t.Helper()
		for _, format := range []string{"the call of tenant %s from there: %s", "for user %s the line was %s at last", "%[2]s while it served tenant %[1]s at noon", "the shop of %s has it [%s] again"} {
			var lines []string
			for _, name := range names {
				lines = append(lines, fmt.Sprintf(format, name, a), fmt.Sprintf(format, name, b), fmt.Sprintf(format, names[0], "x-"+name))
			}
			of := make(map[string]string) // the outcome, by the title that stands for it
			for i, title := range merged(lines) {
				outcome := []string{a, b, "value"}[i%3]
				if other, ok := of[title]; ok && other != outcome {
					t.Errorf("%q: %q stands for %q and %q", lines[i], title, other, outcome)
					break
				}
				of[title] = outcome
			}
			if len(of) > len(names)+2 {
				t.Errorf("%q with %q and %q: nothing was merged in %d signatures", format, a, b, len(of))
			}
		}
	}

	f("HTTP 404", "HTTP 500")
	f("status 404", "status=500")
	f("ECONNREFUSED", "ETIMEDOUT")
	f("SIGKILL", "SIGTERM")
	f("exit code 1", "exit code 137")
	f("SQLSTATE 23505", "SQLSTATE 40001")
	f("UNAVAILABLE", "DEADLINE_EXCEEDED")
	f("Unavailable", "DeadlineExceeded")
	f("opened", "closed")
	f("open", "close")
	f("Active", "Inactive")
	f("started", "stopped")
	f("read", "write")
	f("timeout", "refused")
	f("reachable", "unreachable")
	f("java.io.IOException", "java.sql.SQLException")
	f("ValueError", "KeyError")
	f("accept(<nil>)", "close(<nil>)")
}

func TestExceptionsAreNeverGeneralised(t *testing.T) {
	t.Parallel()
	var signatures []selfheal.Signature
	for _, name := range people {
		signatures = append(signatures, selfheal.Signature{ID: selfheal.SignatureID(name), Kind: selfheal.KindException, Template: "cannot find the user " + name})
	}
	if got := Generalise(signatures, nil); len(got.Of) != 0 || !got.Learned.IsEmpty() {
		t.Errorf("merged %v", got)
	}
}

// TestGeneraliseIgnoresOrder: the aliases are a function of the set.
func TestGeneraliseIgnoresOrder(t *testing.T) {
	t.Parallel()
	var lines []string
	for i, a := range people {
		lines = append(lines, "no such user "+a+" from host", fmt.Sprintf("user %s of %s was lost again", a, people[(i*7)%len(people)]), "apart "+a)
	}
	g := testGrouper()
	readAll(g, []byte(strings.Join(lines, "\n")))
	signatures := g.Signatures()
	want := Generalise(signatures, nil)
	if len(want.Of) == 0 {
		t.Fatal("nothing was merged")
	}
	rapid.Check(t, func(t *rapid.T) {
		shuffled := slices.Clone(signatures)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, Generalise(shuffled, nil)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// drawSignatures draws messages that share much: values in few words, and words
// with codes and what happened among them.
func drawSignatures(t *rapid.T) []selfheal.Signature {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "lines"), 0))
	words := strings.Fields("ann bob cem dan eve fay user for queue closed opened ECONNREFUSED status 404 500 mail.in mail.out x.y a-b c-d <num> <path> <host> : ( )")
	formats := []string{"lost the queue _ for good", "session _ for user _ is _ now", "call of user _ to host _ ended with status _", "_ _ _"}
	formats = formats[:rapid.IntRange(1, len(formats)).Draw(t, "formats")]
	words = words[:rapid.IntRange(3, len(words)).Draw(t, "words")]
	days := rapid.IntRange(0, 3).Draw(t, "days")
	var all []selfheal.Signature
	for range rapid.IntRange(1, 150).Draw(t, "count") {
		line := strings.Fields(formats[r.IntN(len(formats))])
		for i, w := range line {
			if w == "_" {
				line[i] = words[r.IntN(len(words))]
			}
		}
		text := strings.Join(line, " ")
		s := selfheal.Signature{ID: selfheal.SignatureID(text), Kind: selfheal.KindMessage, Template: text}
		if day := r.IntN(days + 1); day > 0 {
			s.First = time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b selfheal.Signature) int { return strings.Compare(a.Template, b.Template) })
	all = slices.CompactFunc(all, func(a, b selfheal.Signature) bool { return a.ID == b.ID })
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func shuffled(t *rapid.T, all []selfheal.Signature) []selfheal.Signature {
	mixed := slices.Clone(all)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

// remembered is what the fold over the events of a service would know.
func remembered(all ...selfheal.Learned) *selfheal.Identities {
	i := &selfheal.Identities{}
	for _, l := range all {
		i.Learn(l)
	}
	return i
}

// TestGeneraliseProperties: the result is a function of the set, a second look
// learns nothing more, and what was merged stays merged as signatures come.
func TestGeneraliseProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := drawSignatures(t)
		n := rapid.IntRange(0, len(all)).Draw(t, "first")
		early := Generalise(all[:n], nil)
		late := Generalise(all, early.Learned.Patterns)
		if diff := cmp.Diff(late, Generalise(shuffled(t, all), early.Learned.Patterns)); diff != "" {
			t.Fatalf("in another order (-want +got):\n%s", diff)
		}
		known := slices.Concat(early.Learned.Patterns, late.Learned.Patterns)
		for _, p := range known {
			if p.Signature == "" {
				t.Fatalf("nothing stands for %q", p.Template)
			}
		}
		again := Generalise(all, known)
		if !again.Learned.IsEmpty() {
			t.Fatalf("learned again: %+v", again.Learned)
		}
		if diff := cmp.Diff(late.Of, again.Of); diff != "" {
			t.Fatalf("again (-want +got):\n%s", diff)
		}
		names := remembered(early.Learned, late.Learned)
		stands := func(g Generalisation, id selfheal.SignatureID) selfheal.SignatureID { return names.Of(id, g.Of[id]) }
		for _, a := range all[:n] {
			for _, b := range all[:n] {
				if stands(early, a.ID) == stands(early, b.ID) && stands(late, a.ID) != stands(late, b.ID) {
					t.Fatalf("%q and %q were one", a.Template, b.Template)
				}
			}
			if stands(late, a.ID) != names.Of(a.ID, early.Of[a.ID]) && early.Of[a.ID] != "" {
				t.Fatalf("%q stood for %q", early.Of[a.ID], a.Template)
			}
		}
	})
}

// hostileSignatures are n messages of random words, each different, of about so many bytes.
func hostileSignatures(n, bytes int) []selfheal.Signature {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]selfheal.Signature, n)
	for i := range all {
		var b strings.Builder
		for b.Len() < bytes {
			for range 3 + r.IntN(7) {
				b.WriteByte(byte('a' + r.IntN(26)))
			}
			b.WriteByte(' ')
		}
		all[i] = selfheal.Signature{ID: selfheal.SignatureID(fmt.Sprint("g1-", i)), Kind: selfheal.KindMessage, Template: strings.TrimSpace(b.String())}
	}
	return all
}

// gridSignatures are messages of so many words out of few, so that many places of each have siblings.
func gridSignatures(n, words int) []selfheal.Signature {
	all := make([]selfheal.Signature, n)
	for i := range all {
		line := make([]string, words)
		for k, rest := 0, i; k < words; k++ {
			line[k] = people[rest%3]
			rest /= 3
		}
		all[i] = selfheal.Signature{ID: selfheal.SignatureID(fmt.Sprint("g1-", i)), Kind: selfheal.KindMessage, Template: strings.Join(line, " ")}
	}
	return all
}

// TestGeneraliseIsBounded measures all that is allocated, which is more than what is
// held at a time. It is not parallel, because others would be measured too.
func TestGeneraliseIsBounded(t *testing.T) {
	f := func(name string, all []selfheal.Signature) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := Generalise(all, nil)
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 24 {
			t.Errorf("%s: %d MiB", name, used)
		}
		if len(got.Of) > 0 {
			t.Errorf("%s: %d were merged", name, len(got.Of))
		}
	}

	f("random", hostileSignatures(50_000, 150))
	f("siblings", gridSignatures(2_000, 8))
}

// BenchmarkGeneraliseHostile measures lines that somebody wrote to cost the most.
func BenchmarkGeneraliseHostile(b *testing.B) {
	f := func(name string, all []selfheal.Signature) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				Generalise(all, nil)
			}
		})
	}
	f("random", hostileSignatures(50_000, 300))
	f("short", hostileSignatures(50_000, 60))
	f("grid", gridSignatures(50_000, 60))
	f("shortgrid", gridSignatures(50_000, 11))
}
