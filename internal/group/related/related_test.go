package related

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group"
)

// sign groups texts as they were logged, each in a stream of its own.
func sign(texts []string) (signatures []selfheal.Signature, ids []selfheal.SignatureID) {
	g := group.New(group.Options{})
	for _, text := range texts {
		id, _ := record(g, text)
		ids = append(ids, id)
	}
	return g.Signatures(), ids
}

// service gives the signatures of everything that the pairs and the background
// log, and of each pair the two ids.
func service(pairs []pair) (signatures []selfheal.Signature, ids [][2]selfheal.SignatureID) {
	texts := background()
	for _, p := range pairs {
		texts = append(texts, p.a, p.b)
	}
	signatures, signed := sign(texts)
	for i := len(background()); i < len(signed); i += 2 {
		ids = append(ids, [2]selfheal.SignatureID{signed[i], signed[i+1]})
	}
	return signatures, ids
}

func between(relations []selfheal.Relation, id selfheal.SignatureID) float64 {
	for _, r := range relations {
		if r.Signature == id {
			return r.Similarity
		}
	}
	return 0
}

// TestPairs counts what is shown of pairs that one person wrote before the code ran
// for the first time. Of the half on which Threshold was chosen, all 10 of 10 related
// pairs are shown (similarity 0.48 to 1) and 0 of 10 others (at most 0.23). Of the
// half held out, 10 of 10 are shown (0.42 to 1) and 0 of 10 others (at most 0.34).
// Those were the counts at the first look too; later a variant of how types of
// exceptions weigh was dropped that lost a pair of the second half, so that half is
// not quite untouched. Both have the same author as the tables of words: expect less
// of other services. Beyond the pairs, Find links 10 and 8 others among the 103
// signatures of each half and the background, of which about half are useful; the
// rest is short messages about one thing ("order shipped", "order has no shipping
// address") and opposites, see TestOppositesAreRelated.
func TestPairs(t *testing.T) {
	t.Parallel()
	f := func(pairs []pair, wantShown, wantWrong int) {
		t.Helper()
		signatures, ids := service(pairs)
		shown, wrong := 0, 0
		for i, p := range pairs {
			a, b := ids[i][0], ids[i][1]
			similarity := between(Find(signatures, []selfheal.SignatureID{a}, 10)[a], b)
			switch {
			case similarity > 0 && p.related:
				shown++
			case similarity > 0:
				wrong++
				t.Logf("%.2f wrongly: %s | %s", similarity, p.a, p.b)
			case p.related:
				t.Logf("missed: %s | %s", p.a, p.b)
			}
		}
		if shown != wantShown || wrong != wantWrong {
			t.Errorf("%d related pairs are shown and %d others, not %d and %d", shown, wrong, wantShown, wantWrong)
		}
	}
	f(chosenOn(), 10, 0)
	f(heldOut(), 10, 0)
}

func TestOppositesAreRelated(t *testing.T) {
	t.Parallel()
	signatures, ids := sign(append([]string{"payment of 12.50 declined by bank", "payment of 12.50 accepted by bank"}, background()...))
	if got := between(Find(signatures, ids[:1], 5)[ids[0]], ids[1]); got < Threshold {
		t.Errorf("%.2f: words alone tell opposites apart now; say so in docs/related.md", got)
	}
}

func TestNotRelated(t *testing.T) {
	t.Parallel()
	f := func(a, b string) {
		t.Helper()
		signatures, ids := sign(append([]string{a, b}, background()...))
		if got := between(Find(signatures, ids[:1], 100)[ids[0]], ids[1]); got > 0 {
			t.Errorf("%q and %q are related by %.2f", a, b, got)
		}
	}
	f("error: 12 of 4711 failed", "failed: 13 of 4712 with error")                                      // masks and words of every log only
	f("token=[redacted:token] was refused", "key=[redacted:token] is stale")                            // a removed secret is no word
	f("user 7 cannot be deleted", "user 8 was promoted")                                                // one word that both have
	f("HTTP 503 from upstream catalog", "HTTP 404 for avatar of user 9")                                // statuses are words
	f("ERROR 12:00:01 /srv/a/b.txt 10.0.0.1 true", "WARN 13:00:01 /var/c/d.txt 10.0.0.2 false 2.5e+10") // nothing but masks
}

func TestFind(t *testing.T) {
	t.Parallel()
	message := func(id, text string) selfheal.Signature {
		return selfheal.Signature{ID: selfheal.SignatureID(id), Kind: selfheal.KindMessage, Title: "title of " + id, Template: text}
	}
	overflow := message("o", "database connection refused")
	overflow.Kind = selfheal.KindOverflow
	cluster := message("p", "database connection refused")
	cluster.Kind = selfheal.KindCluster
	signatures := []selfheal.Signature{
		message("d", "database connection refused"), overflow, cluster,
		message("c", "connecting to database: refused"), message("b", "database refused connections from <host>"),
		message("a", "mail delivered"), message("b", "database refused connections from <host>"),
		message("e", "database connection refused: too many clients"),
	}
	f := func(of []selfheal.SignatureID, limit int, want map[selfheal.SignatureID][]selfheal.Relation) {
		t.Helper()
		if diff := cmp.Diff(want, Find(signatures, of, limit)); diff != "" {
			t.Errorf("of %v, at most %d (-want +got):\n%s", of, limit, diff)
		}
	}
	same := func(id string) selfheal.Relation {
		return selfheal.Relation{Signature: selfheal.SignatureID(id), Title: "title of " + id, Similarity: 1}
	}
	none := map[selfheal.SignatureID][]selfheal.Relation{}
	f([]selfheal.SignatureID{"d"}, 2, map[selfheal.SignatureID][]selfheal.Relation{"d": {same("b"), same("c")}})
	f([]selfheal.SignatureID{"d", "a", "d", "c"}, 1, map[selfheal.SignatureID][]selfheal.Relation{"d": {same("b")}, "c": {same("b")}})
	f([]selfheal.SignatureID{"a", "unknown", "o", "p"}, 5, none)
	f([]selfheal.SignatureID{"d"}, 0, none)
	f(nil, 5, none)
	if got := Find(signatures, []selfheal.SignatureID{"d"}, 5)["d"]; len(got) != 3 || got[2].Signature != "e" || got[2].Similarity >= 1 {
		t.Errorf("the least similar is not last: %+v", got)
	}
	if got := Find(nil, []selfheal.SignatureID{"d"}, 5); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestCommonWordsTellNothing: a prefix that thousands of messages have links none of them.
func TestCommonWordsTellNothing(t *testing.T) {
	t.Parallel()
	var signatures []selfheal.Signature
	for i := range 6000 {
		word := fmt.Sprintf("%c%c%c%c", 'a'+i%26, 'b'+i/26%25, 'k'+i/650%10, 'q'+i%7)
		signatures = append(signatures, selfheal.Signature{ID: selfheal.SignatureID(fmt.Sprintf("g-%04d", i)), Kind: selfheal.KindMessage, Template: "kafka consumer group billing " + word})
	}
	if got := Find(signatures, []selfheal.SignatureID{"g-0000"}, 10); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	signatures, ids := service(append(chosenOn(), heldOut()...))
	of := []selfheal.SignatureID{ids[0][0], ids[4][0], ids[20][1], ids[25][0]}
	want := Find(signatures, of, 4)
	rapid.Check(t, func(t *rapid.T) {
		shuffled, askedFor := rapid.Permutation(signatures).Draw(t, "signatures"), rapid.Permutation(of).Draw(t, "of")
		if diff := cmp.Diff(want, Find(shuffled, askedFor, 4)); diff != "" {
			t.Fatalf("depends on the order (-want +got):\n%s", diff)
		}
	})
}

// TestRelationsAreMutual: similarity is one number for two signatures, at least
// Threshold and at most 1, and nothing is related to itself.
func TestRelationsAreMutual(t *testing.T) {
	t.Parallel()
	words := rapid.SampledFrom([]string{"order", "Order.create", "payment_id", "ECONNREFUSED", "refused", "connect", "<num>", "db", "503", "timeout", "é", "\xff", "NotFound"})
	rapid.Check(t, func(t *rapid.T) {
		var signatures []selfheal.Signature
		var all []selfheal.SignatureID
		for i, text := range rapid.SliceOfN(rapid.SliceOfN(words, 0, 6), 2, 12).Draw(t, "messages") {
			id := selfheal.SignatureID(fmt.Sprint(i))
			kind := selfheal.KindMessage
			if i%3 == 2 {
				kind = selfheal.KindException
			}
			signatures = append(signatures, selfheal.Signature{ID: id, Kind: kind, Template: strings.Join(text, " ")})
			all = append(all, id)
		}
		found := Find(signatures, all, len(all))
		for id, relations := range found {
			for _, r := range relations {
				if back := between(found[r.Signature], id); back != r.Similarity {
					t.Fatalf("%s is to %s %g, and back %g", id, r.Signature, r.Similarity, back)
				}
				if r.Signature == id || r.Similarity < Threshold || r.Similarity > 1 {
					t.Fatalf("%s: %+v", id, r)
				}
			}
			if !slices.IsSortedFunc(relations, func(a, b selfheal.Relation) int { return int(1000 * (b.Similarity - a.Similarity)) }) {
				t.Fatalf("not the most similar first: %+v", relations)
			}
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	f := func(a, b string, want bool) {
		t.Helper()
		r := newReader()
		of := func(s string) []term {
			return slices.DeleteFunc(slices.Clone(r.read(&selfheal.Signature{Kind: selfheal.KindMessage, Template: s})), func(t term) bool { return !t.counts() })
		}
		if got := slices.Equal(of(a), of(b)); got != want {
			t.Errorf("%q and %q have the same words: %v", a, b, got)
		}
	}
	f("connect", "connections", true)
	f("connecting", "connected", true)
	f("db", "databases", true)
	f("retries", "retry", true)
	f("processed", "processing", true)
	f("cancelled", "canceled", true)
	f("cancellation", "cancel", true)
	f("timed out", "timeout", true)
	f("ECONNREFUSED", "connection refused", true)
	f("EACCES", "permission denied", true)
	f("EADDRINUSE", "address already in use", true)
	f("ENOSPC", "no space left on device", true)
	f("orderId", "order_id", true)
	f("order.id", "Order-ID", true)
	f("HTTPServer", "http server", true)
	f("com.acme.OrderService", "acme order service", true)
	f("<num> orders", "orders <uuid>", true)
	f("orders <*>", "orders", true)
	f("key [redacted:aws-key] used", "key used", true)
	f("List<string>", "list string", false) // looks like a mask, and is none the worse for it
	f("503", "504", false)
	f("über", "uber", false)
	f("accepted", "declined", false)
	f("nil", "null", true)
	f("the error of", "", true)
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", "<", "<num", "[redacted:", "aB", "ABc", "\xff\xfe", "İi", strings.Repeat("aB", 4000), "a<b>c<*><num>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := selfheal.Signature{ID: "a", Kind: selfheal.KindException, Title: text, Template: text,
			Sample: selfheal.Sample{Message: text, Exceptions: []selfheal.Exception{{Type: text, Message: text}}}}
		r := newReader()
		terms := r.read(&s)
		if len(terms) > maxTerms || !slices.IsSorted(terms) {
			t.Errorf("%d terms", len(terms))
		}
		if again := slices.Clone(terms); !slices.Equal(again, r.read(&s)) {
			t.Errorf("read twice, it has other words")
		}
		message := s
		message.ID, message.Kind = "b", selfheal.KindMessage
		for _, relation := range Find([]selfheal.Signature{s, message}, []selfheal.SignatureID{"a", "b"}, 1) {
			if similarity := relation[0].Similarity; similarity < Threshold || similarity > 1 {
				t.Errorf("similarity %g", similarity)
			}
		}
	})
}

// many makes n signatures of words, of which the first are frequent.
func many(n, words int) (signatures []selfheal.Signature, of []selfheal.SignatureID) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		var b strings.Builder
		for range words {
			k := int(float64(20_000) * random.Float64() * random.Float64() * random.Float64())
			fmt.Fprintf(&b, "w%cx%cy%cz%c ", 'a'+k%26, 'a'+k/26%26, 'a'+k/676%26, 'a'+k/17576)
		}
		s := selfheal.Signature{ID: selfheal.SignatureID(fmt.Sprintf("g2-%016x", i)), Kind: selfheal.KindMessage, Template: b.String()}
		signatures = append(signatures, s)
		if i%(n/200) == 0 {
			of = append(of, s.ID)
		}
	}
	return signatures, of
}

// thrown makes exceptions of messages, each with a chain.
func thrown(signatures []selfheal.Signature) []selfheal.Signature {
	for i := range signatures {
		s := &signatures[i]
		w := strings.Fields(s.Template)
		s.Kind = selfheal.KindException
		s.Title = "com.acme.OrderException: " + strings.Join(w[:5], " ")
		s.Template = fmt.Sprintf("com.acme.OrderException\n  com.acme.%s.%s\n  com.acme.%s.%s\ncaused by X%sError\n  a.%s", w[0], w[1], w[2], w[3], w[4], w[5])
		s.Sample.Message = strings.Join(w, " ")
		for k := range 3 {
			s.Sample.Exceptions = append(s.Sample.Exceptions, selfheal.Exception{Type: "com.acme.OrderException", Message: strings.Join(w[k:], " ") + " 10.0.0.1 4711"})
		}
	}
	return signatures
}

// BenchmarkFind relates 200 of 50,000 signatures: short messages, messages of as
// many words as are looked at, and exceptions.
func BenchmarkFind(b *testing.B) {
	f := func(name string, signatures []selfheal.Signature, of []selfheal.SignatureID) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Find(signatures, of, 5)
			}
		})
	}
	short, of := many(50_000, 10)
	f("short", short, of)
	f("exceptions", thrown(short), of)
	long, of := many(50_000, maxTerms)
	f("long", long, of)
}
