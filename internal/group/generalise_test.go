package group

import (
	"fmt"
	"math/rand/v2"
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

	f("no such user %s from host", people, 1)
	f("no such user %s from host", people[:5], 5) // not enough evidence
	f("no such user %s from host", people[:2], 2)
	f("lost queue %s for good", []string{"orders.new", "orders.old", "mail.out", "mail.in"}, 1)
	f("lost queue %s for good", []string{"7", "ann", "bob", "cem"}, 1) // a mask was seen there too
	f("lost queue %s for good", []string{"7", "ann", "bob"}, 3)
	f("%s", people, len(people))                                                  // nothing else says that it is the same message
	f("cannot %s", people, len(people))                                           // too little else
	f("%s is not here now", people, 15)                                           // the subject of the message
	f("cannot read from %s any longer", []string{"7", "/var/a/b", "10.0.0.1"}, 1) // values all
	f("cannot read from %s any longer", []string{"7", "/var/a/b", "ann"}, 2)      // but one word is no evidence
	f("lost: %s", []string{"7", "/var/a/b", "10.0.0.1"}, 3)                       // too little else
	f("%s: gone for good", []string{"10.0.0.1", "db.new", "db.old", "mx.new", "mx.old", "mx.last", "db.last"}, 1)
	f("session closed for user %s", people[:3], 1)
	f("session closed for user %s", people[:2], 2)
	f("cannot load settings for user %s", []string{"session", "profile", "authentication", "agent"}, 4) // halves of compounds
	f("the user %s at last today", []string{"locked", "expired", "unknown", "disabled"}, 4)
	f("%s: could not run this job because it was not yet due", []string{"com.acme.Mail", "com.acme.Sync", "com.acme.Backup", "com.acme.Search"}, 1) // so much agrees
	f("cannot reach it again: %s", []string{"ECONNREFUSED", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "EACCES", "EMFILE", "ENOENT", "EIO", "EAGAIN", "ENOSPC", "EBADF"}, 12)
	f("the call to it ended, code = %s here", strings.Fields("Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unavailable"), 12)
	f("http %s again at last", []string{"404", "500", "502", "503", "504"}, 5)
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
