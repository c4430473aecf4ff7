package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"selfheal"
)

// RunCounts tests a store of counts. open gives a new, empty store that is closed
// by the test's cleanup.
func RunCounts(t *testing.T, open func(t *testing.T) selfheal.CountStore) {
	cases := map[string]func(*testing.T, selfheal.CountStore){
		"nothing was counted":                    nothingCounted,
		"a tally comes back":                     tallyComesBack,
		"saying it twice is saying it once":      sayingTwice,
		"writers add up":                         writersAddUp,
		"revisions are apart":                    revisionsApart,
		"scopes are apart":                       scopesApart,
		"an interval is of whole minutes":        intervalOfMinutes,
		"the order makes no difference":          orderMakesNoDifference,
		"concurrent writers add up":              concurrentWriters,
		"reaches merge":                          reachesMerge,
		"descriptions merge":                     descriptionsMerge,
		"counted before it is described":         countedBeforeDescribed,
		"a bad tally keeps nothing":              badTallyKeepsNothing,
		"compaction keeps sums":                  compactionKeepsSums,
		"a compacted minute takes nothing in":    compactedTakesNothing,
		"compaction while others write":          compactionWhileWriting,
		"what is forgotten is gone":              forgottenIsGone,
		"years that are far apart cost nothing":  farApart,
		"a cancelled context keeps nothing":      cancelledKeepsNothing,
		"hostile names stay what they are":       hostileNames,
		"thousands of tallies are one statement": thousands,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var shop = selfheal.Scope{Service: "shop", Environment: "prod"}

// hour is the first minute of an hour.
const hour = int64(29_539_080)

const (
	broken = selfheal.SignatureID("g2-000000000000000e") // an error
	served = selfheal.SignatureID("g2-0000000000000001") // no error
)

func described() map[selfheal.Scope][]selfheal.Signature {
	return map[selfheal.Scope][]selfheal.Signature{shop: {
		signature(broken, selfheal.SeverityError), signature(served, selfheal.SeverityInfo),
	}}
}

func signature(id selfheal.SignatureID, severity selfheal.Severity) selfheal.Signature {
	return selfheal.Signature{ID: id, Kind: selfheal.KindMessage, Severity: severity, Title: "title of " + string(id), Template: "<*>"}
}

// tally is what writer counted in a minute after hour, of two signatures.
func tally(writer, revision string, minute, errors, requests int64) selfheal.Tally {
	at := selfheal.MinuteTime(hour + minute)
	return selfheal.Tally{
		Scope: shop, Revision: revision, Minute: hour + minute, Writer: writer,
		Counts: map[selfheal.SignatureID]selfheal.Tallied{broken: {N: errors}, served: {N: requests}},
		Coverage: selfheal.Coverage{
			Streams: 1, Bytes: 10 * (errors + requests), Records: errors + requests,
			First: at.Add(time.Second), Last: at.Add(59 * time.Second), Zones: []string{"Z"},
		},
	}
}

func put(t *testing.T, store selfheal.CountStore, tallies ...selfheal.Tally) {
	t.Helper()
	check(t, store.PutTallies(t.Context(), tallies, described()))
}

func countedOf(t *testing.T, store selfheal.CountStore, scope selfheal.Scope, interval selfheal.Interval) []selfheal.Counted {
	t.Helper()
	counted, err := store.Counted(t.Context(), scope, interval)
	check(t, err)
	return counted
}

// series are counts after hour: minute, n, minute, n, ...
func series(pairs ...int64) *selfheal.Series {
	s := &selfheal.Series{}
	for pair := range slices.Chunk(pairs, 2) {
		s.Add(hour+pair[0], pair[1])
	}
	return s
}

func counts(errors, requests, all *selfheal.Series) selfheal.Counts {
	c := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}, All: *all, Records: all.Total()}
	if errors != nil {
		c.Series[broken] = errors
	}
	if requests != nil {
		c.Series[served] = requests
	}
	return c
}

func nothingCounted(t *testing.T, store selfheal.CountStore) {
	same(t, len(countedOf(t, store, shop, selfheal.Interval{})), 0)
	signatures, err := store.Signatures(t.Context(), shop)
	check(t, err)
	same(t, len(signatures), 0)
	scopes, err := store.Scopes(t.Context())
	check(t, err)
	same(t, len(scopes), 0)
	check(t, store.Compact(t.Context(), time.Now(), time.Now()))
	check(t, store.PutTallies(t.Context(), nil, nil))
}

func tallyComesBack(t *testing.T, store selfheal.CountStore) {
	given := tally("a", "r1", 5, 2, 40)
	given.Coverage = selfheal.Coverage{
		Streams: 3, Bytes: 4, Records: 42, Undated: 5, OutOfOrder: 6, Outside: 7, Unparsed: 8, Truncated: 9,
		First: selfheal.MinuteTime(hour + 5).Add(7), Last: selfheal.MinuteTime(hour + 6).Add(-1),
		Zones: []string{"+02:00", "Z", "none"}, Overflowed: 10,
	}
	put(t, store, given)
	want := []selfheal.Counted{{Revision: "r1", Counts: counts(series(5, 2), series(5, 40), series(5, 42)), Coverage: given.Coverage}}
	same(t, countedOf(t, store, shop, selfheal.Interval{}), want)
	scopes, err := store.Scopes(t.Context())
	check(t, err)
	same(t, scopes, []selfheal.Scope{shop})
}

func sayingTwice(t *testing.T, store selfheal.CountStore) {
	put(t, store, tally("a", "r1", 0, 9, 9), tally("a", "r1", 1, 3, 3))
	put(t, store, tally("a", "r1", 0, 1, 9))
	put(t, store, tally("a", "r1", 0, 7, 7), tally("a", "r1", 0, 0, 2)) // the later one of a batch stays
	want := []selfheal.Counted{{
		Revision: "r1", Counts: counts(series(1, 3), series(0, 2, 1, 3), series(0, 2, 1, 6)), Coverage: coverage(1, 8, 0, 1),
	}}
	same(t, countedOf(t, store, shop, selfheal.Interval{}), want)
}

// coverage is what tallies of minutes after hour cover together.
func coverage(streams int, records, first, last int64) selfheal.Coverage {
	return selfheal.Coverage{
		Streams: streams, Bytes: 10 * records, Records: records, Zones: []string{"Z"},
		First: selfheal.MinuteTime(hour + first).Add(time.Second), Last: selfheal.MinuteTime(hour + last).Add(59 * time.Second),
	}
}

func writersAddUp(t *testing.T, store selfheal.CountStore) {
	put(t, store, tally("a", "r1", 0, 1, 10), tally("b", "r1", 0, 2, 20), tally("b", "r1", 3, 0, 5))
	want := []selfheal.Counted{{
		Revision: "r1", Counts: counts(series(0, 3), series(0, 30, 3, 5), series(0, 33, 3, 5)), Coverage: coverage(2, 38, 0, 3),
	}}
	same(t, countedOf(t, store, shop, selfheal.Interval{}), want)
}

func revisionsApart(t *testing.T, store selfheal.CountStore) {
	put(t, store, tally("a", "r2", 0, 1, 0), tally("a", "", 0, 2, 0), tally("a", "r1", 0, 3, 0))
	var got []string
	for _, counted := range countedOf(t, store, shop, selfheal.Interval{}) {
		got = append(got, fmt.Sprintf("%q %d", counted.Revision, counted.Counts.Of(broken).Total()))
	}
	same(t, got, []string{`"" 2`, `"r1" 3`, `"r2" 1`})
}

func scopesApart(t *testing.T, store selfheal.CountStore) {
	for _, scope := range []selfheal.Scope{{Service: "b", Environment: "prod"}, {Service: "prod", Environment: "a"}, {Service: "a", Environment: "prod"}} {
		given := tally("a", "r1", 0, 1, 1)
		given.Scope = scope
		put(t, store, given)
	}
	same(t, len(countedOf(t, store, shop, selfheal.Interval{})), 0)
	scopes, err := store.Scopes(t.Context())
	check(t, err)
	same(t, scopes, []selfheal.Scope{{Service: "prod", Environment: "a"}, {Service: "a", Environment: "prod"}, {Service: "b", Environment: "prod"}})
	signatures, err := store.Signatures(t.Context(), shop) // put described them there
	check(t, err)
	same(t, len(signatures), 2)
}

func intervalOfMinutes(t *testing.T, store selfheal.CountStore) {
	for minute := range int64(4) {
		put(t, store, tally("a", "r1", minute, 1<<minute, 0))
	}
	total := func(from, to time.Time) int64 {
		var n int64
		for _, counted := range countedOf(t, store, shop, selfheal.Interval{From: from, To: to}) {
			n += counted.Counts.Records
			same(t, counted.Coverage.Records, counted.Counts.Records)
		}
		return n
	}
	at := func(minute int64, seconds int) time.Time {
		return selfheal.MinuteTime(hour + minute).Add(time.Duration(seconds) * time.Second)
	}
	same(t, total(time.Time{}, time.Time{}), int64(15))
	same(t, total(at(1, 0), at(3, 0)), int64(6))
	same(t, total(at(1, 59), at(3, 59)), int64(6))
	same(t, total(at(2, 0), time.Time{}), int64(12))
	same(t, total(time.Time{}, at(1, 0)), int64(1))
	same(t, total(at(3, 0), at(1, 0)), int64(0))
	same(t, total(at(4, 0), at(9, 0)), int64(0))
}

func orderMakesNoDifference(t *testing.T, store selfheal.CountStore) {
	var tallies []selfheal.Tally
	for n := range int64(60) {
		tallies = append(tallies, tally(fmt.Sprint("writer", n%3), fmt.Sprint("r", n%2), n%17, n, n*n))
	}
	tallies = tallies[:51] // 3 writers, 2 revisions, 17 minutes: none is said twice
	put(t, store, tallies...)
	want := countedOf(t, store, shop, selfheal.Interval{})
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order that is the same again
	for try := range 3 {
		scope := selfheal.Scope{Service: fmt.Sprint("other", try), Environment: "prod"}
		random.Shuffle(len(tallies), func(i, j int) { tallies[i], tallies[j] = tallies[j], tallies[i] })
		for i := range tallies {
			tallies[i].Scope = scope
		}
		for cut := 0; cut < len(tallies); cut += 13 {
			put(t, store, tallies[cut:min(cut+13, len(tallies))]...)
		}
		same(t, countedOf(t, store, scope, selfheal.Interval{}), want)
	}
}

func concurrentWriters(t *testing.T, store selfheal.CountStore) {
	const writers, minutes = 6, 8
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for minute := range int64(minutes) {
				// Each says every minute twice, and brings a signature of its own.
				own := selfheal.SignatureID(fmt.Sprint("g2-own", w))
				for n := range int64(2) {
					given := tally(fmt.Sprint(w), "r1", minute, n, 10)
					given.Counts[own] = selfheal.Tallied{N: 1}
					signatures := map[selfheal.Scope][]selfheal.Signature{shop: {signature(own, selfheal.SeverityError), signature(broken, selfheal.SeverityError)}}
					if err := store.PutTallies(t.Context(), []selfheal.Tally{given}, signatures); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	counted := countedOf(t, store, shop, selfheal.Interval{})
	same(t, len(counted), 1)
	same(t, counted[0].Counts.Of(broken).Total(), int64(writers*minutes))
	same(t, counted[0].Counts.Records, int64(writers*minutes*12))
	for w := range writers {
		same(t, counted[0].Counts.Of(selfheal.SignatureID(fmt.Sprint("g2-own", w))).Total(), int64(minutes))
	}
}

func reachesMerge(t *testing.T, store selfheal.CountStore) {
	var want selfheal.Reach
	for n := range int64(40) {
		given := tally(fmt.Sprint(n%2), "r1", n/2, 1, 1)
		var reach selfheal.Reach
		reach.See(fmt.Sprint("pod", n%5), fmt.Sprint("trace", n))
		want.Merge(&reach)
		given.Counts[broken] = selfheal.Tallied{N: 1, Reach: &reach}
		put(t, store, given)
	}
	counted := countedOf(t, store, shop, selfheal.Interval{})
	same(t, counted[0].Counts.Of(broken).Reach, &want)
	same(t, counted[0].Counts.Of(served).Reach, (*selfheal.Reach)(nil))
	same(t, counted[0].Counts.All.Reach, &selfheal.Reach{Instances: want.Instances})
}

func descriptionsMerge(t *testing.T, store selfheal.CountStore) {
	at := func(n int) time.Time { return time.Date(2026, 3, 1, 12, n, 0, 5, time.UTC) }
	describe := func(severity selfheal.Severity, first, last, sampled int) selfheal.Signature {
		s := signature(broken, severity)
		s.First, s.Last, s.Frames = at(first), at(last), []string{fmt.Sprint("frame", sampled)}
		s.Sample = selfheal.Sample{Time: at(sampled), Text: fmt.Sprint("sample ", sampled), Exceptions: []selfheal.Exception{{Type: "E"}}}
		return s
	}
	say := func(all ...selfheal.Signature) {
		check(t, store.PutTallies(t.Context(), []selfheal.Tally{tally("a", "r1", 0, 1, 0)}, map[selfheal.Scope][]selfheal.Signature{shop: all}))
	}
	say(describe(selfheal.SeverityWarn, 10, 20, 15))
	say(describe(selfheal.SeverityError, 5, 12, 11), describe(selfheal.SeverityInfo, 11, 30, 29))
	say(describe(selfheal.SeverityInfo, 7, 8, 8))
	want := describe(selfheal.SeverityError, 5, 30, 29)
	got, err := store.Signatures(t.Context(), shop)
	check(t, err)
	same(t, got, map[selfheal.SignatureID]*selfheal.Signature{broken: &want})
}

func countedBeforeDescribed(t *testing.T, store selfheal.CountStore) {
	check(t, store.PutTallies(t.Context(), []selfheal.Tally{tally("a", "r1", 0, 1, 2)}, nil))
	got, err := store.Signatures(t.Context(), shop)
	check(t, err)
	same(t, got, map[selfheal.SignatureID]*selfheal.Signature{broken: {ID: broken}, served: {ID: served}})
	// What may be an error keeps its minutes.
	put(t, store, tally("a", "r1", 7, 1, 2))
	later := described()
	check(t, store.PutTallies(t.Context(), nil, later))
	got, err = store.Signatures(t.Context(), shop)
	check(t, err)
	same(t, got, map[selfheal.SignatureID]*selfheal.Signature{broken: &later[shop][0], served: &later[shop][1]})
}

func badTallyKeepsNothing(t *testing.T, store selfheal.CountStore) {
	f := func(spoil func(*selfheal.Tally)) {
		t.Helper()
		bad := tally("a", "r1", 0, 1, 2)
		spoil(&bad)
		err := store.PutTallies(t.Context(), []selfheal.Tally{tally("b", "r1", 0, 1, 2), bad}, described())
		wantCode(t, err, selfheal.CodeInternal)
	}
	f(func(b *selfheal.Tally) { b.Writer = "" })
	f(func(b *selfheal.Tally) { b.Counts[broken] = selfheal.Tallied{N: -1} })
	f(func(b *selfheal.Tally) { b.Counts[broken] = selfheal.Tallied{N: 1 << 62} })
	f(func(b *selfheal.Tally) { b.Counts[""] = selfheal.Tallied{N: 1} })
	same(t, len(countedOf(t, store, shop, selfheal.Interval{})), 0)
}

func compactedTakesNothing(t *testing.T, store selfheal.CountStore) {
	put(t, store, tally("a", "r1", 10, 1, 2), tally("a", "r1", 70, 1, 2))
	check(t, store.Compact(t.Context(), selfheal.MinuteTime(hour+119), time.Time{}))
	before := countedOf(t, store, shop, selfheal.Interval{})
	for _, minute := range []int64{-1000, 0, 10, 59} {
		err := store.PutTallies(t.Context(), []selfheal.Tally{tally("a", "r1", 71, 5, 5), tally("b", "r1", minute, 1, 2)}, described())
		wantCode(t, err, selfheal.CodeConflict)
		if selfheal.HintOf(err) == "" {
			t.Errorf("no hint: %v", err)
		}
	}
	// An earlier time does not take it back.
	check(t, store.Compact(t.Context(), selfheal.MinuteTime(hour-600), time.Time{}))
	err := store.PutTallies(t.Context(), []selfheal.Tally{tally("a", "r1", 10, 1, 2)}, nil)
	wantCode(t, err, selfheal.CodeConflict)
	same(t, countedOf(t, store, shop, selfheal.Interval{}), before)
	put(t, store, tally("a", "r1", 60, 1, 0))
}

func compactionWhileWriting(t *testing.T, store selfheal.CountStore) {
	const minutes = 240
	var group sync.WaitGroup
	for w := range 3 {
		group.Go(func() {
			for minute := int64(0); minute < minutes; minute += 8 {
				var batch []selfheal.Tally
				for m := range int64(8) {
					batch = append(batch, tally(fmt.Sprint(w), "r1", minute+m, 1, 10))
				}
				err := store.PutTallies(t.Context(), batch, described())
				if err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
					t.Error(err)
				}
				// One hour behind the slowest writer there may be nothing to merge yet; that is no error.
				if err := store.Compact(t.Context(), selfheal.MinuteTime(hour+minute-180), time.Time{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	counted := countedOf(t, store, shop, selfheal.Interval{})
	if n := counted[0].Counts.Of(broken).Between(hour+180, hour+minutes); n != 3*60 {
		t.Errorf("%d errors in the last hour, want 180", n)
	}
}

func forgottenIsGone(t *testing.T, store selfheal.CountStore) {
	old := tally("a", "r0", 0, 0, 0)
	const gone = selfheal.SignatureID("g2-gone")
	old.Counts = map[selfheal.SignatureID]selfheal.Tallied{gone: {N: 3}, served: {N: 1}}
	put(t, store, old, tally("a", "r1", 60, 1, 2), tally("a", "r1", 121, 1, 2))
	check(t, store.Compact(t.Context(), selfheal.MinuteTime(hour+60), selfheal.MinuteTime(hour+60+59)))
	want := []selfheal.Counted{{
		Revision: "r1", Counts: counts(series(60, 1, 121, 1), series(60, 2, 121, 2), series(60, 3, 121, 3)), Coverage: coverage(1, 6, 60, 121),
	}}
	same(t, countedOf(t, store, shop, selfheal.Interval{}), want)
	signatures, err := store.Signatures(t.Context(), shop)
	check(t, err)
	if len(signatures) != 2 || signatures[gone] != nil {
		t.Errorf("signatures are %v", signatures)
	}

	// One that comes back is another one as far as the store is concerned.
	late := tally("a", "r1", 122, 0, 0)
	late.Counts = map[selfheal.SignatureID]selfheal.Tallied{gone: {N: 5}}
	put(t, store, late)
	same(t, countedOf(t, store, shop, selfheal.Interval{})[0].Counts.Of(gone), series(122, 5))

	check(t, store.Compact(t.Context(), time.Time{}, selfheal.MinuteTime(hour+6000)))
	same(t, len(countedOf(t, store, shop, selfheal.Interval{})), 0)
	scopes, err := store.Scopes(t.Context())
	check(t, err)
	same(t, len(scopes), 0)
	signatures, err = store.Signatures(t.Context(), shop)
	check(t, err)
	same(t, len(signatures), 0)
}

func farApart(t *testing.T, store selfheal.CountStore) {
	first := tally("a", "r1", 0, 1, 0)
	first.Minute = selfheal.MinuteOf(time.Date(1, 1, 1, 0, 7, 0, 0, time.UTC))
	last := tally("a", "r1", 0, 2, 0)
	last.Minute = selfheal.MinuteOf(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
	put(t, store, first, tally("a", "r1", 0, 4, 0), last)
	same(t, countedOf(t, store, shop, selfheal.Interval{})[0].Counts.Records, int64(7))
	check(t, store.Compact(t.Context(), selfheal.MinuteTime(hour), time.Time{}))
	got := countedOf(t, store, shop, selfheal.Interval{})[0].Counts.Of(broken).Counts
	same(t, got, []selfheal.Count{{Minute: first.Minute, N: 1}, {Minute: hour, N: 4}, {Minute: last.Minute, N: 2}})
}

func cancelledKeepsNothing(t *testing.T, store selfheal.CountStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.PutTallies(ctx, []selfheal.Tally{tally("a", "r1", 0, 1, 2)}, described()); !errors.Is(err, context.Canceled) {
		t.Errorf("put with a cancelled context gave %v", err)
	}
	if _, err := store.Counted(ctx, shop, selfheal.Interval{}); !errors.Is(err, context.Canceled) {
		t.Errorf("counted with a cancelled context gave %v", err)
	}
	if err := store.Compact(ctx, time.Now(), time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("compact with a cancelled context gave %v", err)
	}
	same(t, len(countedOf(t, store, shop, selfheal.Interval{})), 0)
}

func hostileNames(t *testing.T, store selfheal.CountStore) {
	for _, name := range []string{"", "\x00", "a\x00b", "\xff\xfe", "'); DROP TABLE tallies;--", "\u202e", "é", "e\u0301"} {
		given := tally("writer "+name, name, 0, 1, 0)
		given.Scope = selfheal.Scope{Service: name, Environment: name}
		id := selfheal.SignatureID("g2-" + name)
		given.Counts = map[selfheal.SignatureID]selfheal.Tallied{id: {N: 1}}
		check(t, store.PutTallies(t.Context(), []selfheal.Tally{given}, nil))
		counted := countedOf(t, store, given.Scope, selfheal.Interval{})
		if len(counted) != 1 || counted[0].Revision != name || counted[0].Counts.Of(id).Total() != 1 {
			t.Errorf("%q came back as %+v", name, counted)
		}
	}
	scopes, err := store.Scopes(t.Context())
	check(t, err)
	same(t, len(scopes), 8)
}

func thousands(t *testing.T, store selfheal.CountStore) {
	var tallies []selfheal.Tally
	for n := range int64(5000) {
		tallies = append(tallies, tally("a", fmt.Sprint("r", n%2), n, 1, 3))
	}
	put(t, store, tallies...)
	var records int64
	for _, counted := range countedOf(t, store, shop, selfheal.Interval{}) {
		records += counted.Counts.Records
	}
	same(t, records, int64(20000))
}
