package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func minute(n int) time.Time { return time.Date(2026, 11, 23, 12, n, 0, 0, time.UTC) }

// towards gives a vector in the plane at an angle in degrees: cosines are those of differences.
func towards(degrees float64) []float32 {
	return []float32{3 * float32(math.Cos(degrees*math.Pi/180)), 3 * float32(math.Sin(degrees*math.Pi/180))}
}

func item(id string, first int, degrees float64) Item {
	return Item{Signature: selfheal.SignatureID(id), First: minute(first), Vector: towards(degrees)}
}

// together lists the members of each cluster, in its order.
func together(clusters []Cluster) (all [][]selfheal.SignatureID) {
	for _, c := range clusters {
		all = append(all, c.Members)
	}
	return all
}

type ids = []selfheal.SignatureID

func TestAssign(t *testing.T) {
	t.Parallel()
	f := func(threshold float64, want []ids, items ...Item) {
		t.Helper()
		clusters, of := Assign(nil, items, threshold)
		if diff := cmp.Diff(want, together(clusters)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		for _, c := range clusters {
			for _, m := range c.Members {
				if of[m] != c.ID {
					t.Errorf("%s is a member of %s, and mapped to %s", m, c.ID, of[m])
				}
			}
		}
	}
	f(0, []ids{{"a", "b"}, {"c"}}, item("a", 1, 0), item("b", 2, 20), item("c", 3, 60))
	f(0, []ids{{"a", "b"}, {"c"}}, item("c", 3, 60), item("b", 2, 20), item("a", 1, 0))
	f(0.99, []ids{{"a"}, {"b"}, {"c"}}, item("a", 1, 0), item("b", 2, 20), item("c", 3, 60))
	f(7, []ids{{"a", "b"}}, item("a", 1, 0), item("b", 2, 20))
	f(0, []ids{{"a", "b"}, {"c", "d"}}, item("a", 1, 0), item("c", 3, 60), item("b", 2, 20), item("d", 4, 33)) // to the nearer centre, 60
	f(0, []ids{{"a", "b"}, {"c"}}, item("a", 1, 0), item("b", 2, 25), item("c", 3, 50))                        // not by way of b
	f(0, []ids{{"a", "b"}}, Item{Signature: "b", Vector: towards(1)}, item("a", 1, 0))                         // undated last
	f(0, []ids{{"a", "b"}}, item("b", 1, 0), item("a", 1, 0))                                                  // the same moment: by id
	f(0, []ids{{"a"}}, item("a", 1, 0), item("a", 2, 90))                                                      // twice
	f(0, nil)
}

func TestVectorsThatAreNoDirection(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range [][]float32{nil, {}, {0, 0}, {nan, 1}, {inf, 1}, {-inf, inf}, {1, nan}} {
		clusters, of := Assign(nil, []Item{{"bad", minute(0), v}, item("good", 1, 0)}, 0)
		if diff := cmp.Diff([]ids{{"good"}}, together(clusters)); diff != "" || len(of) != 1 {
			t.Errorf("%v (-want +got):\n%s", v, diff)
		}
	}
	clusters, _ := Assign(nil, []Item{{"large", minute(0), []float32{3e38, 3e38}}, {"small", minute(1), []float32{1e-44, 1e-44}}, {"longer", minute(2), []float32{1, 1, 0}}}, 0)
	if diff := cmp.Diff([]ids{{"large", "small"}, {"longer"}}, together(clusters)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestKnownClusters(t *testing.T) {
	t.Parallel()
	known, _ := Assign(nil, []Item{item("a", 1, 0), item("c", 2, 60)}, 0)
	before, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	var kept []Cluster
	if err := json.Unmarshal(before, &kept); err != nil {
		t.Fatal(err)
	}
	// "b" was seen before all others, and only now; "a" needs no vector any more.
	grown, of := Assign(kept, []Item{item("b", 0, 10), {Signature: "a"}, item("d", 9, 180)}, 0)
	if diff := cmp.Diff([]ids{{"a", "b"}, {"c"}, {"d"}}, together(grown)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := map[selfheal.SignatureID]ID{"a": known[0].ID, "b": known[0].ID, "d": identify("d")}
	if diff := cmp.Diff(want, of); diff != "" {
		t.Errorf("only what was asked for is mapped (-want +got):\n%s", diff)
	}
	if after, err := json.Marshal(kept); err != nil || string(before) != string(after) {
		t.Errorf("the known clusters were changed: %s", after)
	}
	if got := Unassigned(kept, ids{"d", "a", "c", "b"}); !slices.Equal(got, ids{"d", "b"}) {
		t.Errorf("unassigned: %v", got)
	}
}

// TestBrokenState: clusters that somebody damaged are read as far as they make sense.
func TestBrokenState(t *testing.T) {
	t.Parallel()
	good := Cluster{ID: identify("a"), First: minute(1), Centre: []float32{1, 0}, Members: ids{"a"}}
	broken := []Cluster{
		{ID: "c1-x", Centre: []float32{float32(math.NaN())}, Members: ids{"x"}},
		{ID: "c1-y", Centre: []float32{1, 0}},
		{ID: identify("z"), First: minute(3), Centre: []float32{0, 1}, Members: ids{"a", "q"}}, // "a" is taken, "z" is lost
		good, good,
	}
	clusters, of := Assign(broken, []Item{item("z", 5, 180), item("x", 6, 270)}, 0)
	if diff := cmp.Diff([]ids{{"a"}, {"q", "z"}, {"x"}}, together(clusters)); diff != "" || len(of) != 2 {
		t.Errorf("%v (-want +got):\n%s", of, diff)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	var items []Item
	for i := range MaxClusters + 5 {
		items = append(items, item(fmt.Sprintf("s%05d", i), i, 360*float64(i)/(MaxClusters+5)))
	}
	clusters, of := Assign(nil, items, 1)
	if len(clusters) != MaxClusters || len(of) != MaxClusters {
		t.Errorf("%d clusters of %d signatures", len(clusters), len(of))
	}
	full := make(ids, MaxMembers)
	for i := range full {
		full[i] = selfheal.SignatureID(fmt.Sprint("m", i))
	}
	clusters, of = Assign([]Cluster{{ID: "c1-full", Centre: []float32{1, 0}, Members: full}}, []Item{item("late", 1, 0), {Signature: "m7"}}, 0)
	if len(clusters) != 1 || len(clusters[0].Members) != MaxMembers || len(of) != 1 || of["m7"] != "c1-full" {
		t.Errorf("%d clusters, %d members, %v", len(clusters), len(clusters[0].Members), of)
	}
}

// drawItems makes items around a few directions, some of them hostile.
func drawItems(t *rapid.T) []Item {
	vector := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) []float32 {
			return towards(float64(rapid.SampledFrom([]int{0, 40, 100, 200}).Draw(t, "topic")) + float64(rapid.IntRange(-30, 30).Draw(t, "off")))
		}),
		rapid.SampledFrom([][]float32{nil, {0, 0}, {float32(math.NaN()), 1}, {float32(math.Inf(-1)), 1}, {1, 2, 3}}),
	)
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Item {
		i := Item{Signature: selfheal.SignatureID(fmt.Sprint("s", rapid.IntRange(0, 99).Draw(t, "id"))), Vector: vector.Draw(t, "vector")}
		if n := rapid.IntRange(-1, 20).Draw(t, "first"); n >= 0 {
			i.First = minute(n)
		}
		return i
	}), 0, 25, func(i Item) selfheal.SignatureID { return i.Signature }).Draw(t, "items")
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t)
		clusters, of := Assign(nil, items, 0)
		again, ofAgain := Assign(nil, rapid.Permutation(items).Draw(t, "shuffled"), 0)
		if diff := cmp.Diff(clusters, again) + cmp.Diff(of, ofAgain); diff != "" {
			t.Fatalf("depends on the order:\n%s", diff)
		}
	})
}

// TestGrowing: what is in a cluster stays there, clusters keep their ids, and where
// signatures come in the order of time it makes no difference in how many runs.
func TestGrowing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := inOrder(drawItems(t))
		cut := rapid.IntRange(0, len(items)).Draw(t, "cut")
		some, of := Assign(nil, items[:cut], 0)
		grown, ofGrown := Assign(some, items, 0)
		for id, c := range of {
			if ofGrown[id] != c {
				t.Fatalf("%s moved from %s to %s", id, c, ofGrown[id])
			}
		}
		atOnce, ofAtOnce := Assign(nil, items, 0)
		if diff := cmp.Diff(atOnce, grown) + cmp.Diff(ofAtOnce, ofGrown); diff != "" {
			t.Fatalf("in two runs (-at once +grown):\n%s", diff)
		}
		still, _ := Assign(grown, nil, 0)
		if diff := cmp.Diff(grown, still); diff != "" {
			t.Fatalf("changed by nothing:\n%s", diff)
		}
	})
}

// TestMembersStay: not even signatures that turn out to be older move any other.
func TestMembersStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.Permutation(drawItems(t)).Draw(t, "in any order")
		some, of := Assign(nil, items[:len(items)/2], 0)
		grown, ofGrown := Assign(some, items, 0)
		for id, c := range of {
			if ofGrown[id] != c {
				t.Fatalf("%s moved from %s to %s", id, c, ofGrown[id])
			}
		}
		for _, c := range some {
			at := slices.IndexFunc(grown, func(g Cluster) bool { return g.ID == c.ID })
			if at < 0 || !slices.Equal(grown[at].Centre, c.Centre) || !slices.Equal(grown[at].Members[:len(c.Members)], c.Members) {
				t.Fatalf("%+v became %+v", c, grown)
			}
		}
	})
}

// TestInvariants: every member is as near to its cluster's centre as it takes, no
// signature is in two, and only hostile vectors are in none.
func TestInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t)
		clusters, of := Assign(nil, items, 0)
		vectors := map[selfheal.SignatureID][]float32{}
		for _, i := range items {
			vectors[i.Signature] = direction(i.Vector)
			if _, assigned := of[i.Signature]; assigned != (vectors[i.Signature] != nil) {
				t.Fatalf("%s with %v is assigned: %v", i.Signature, i.Vector, assigned)
			}
		}
		seen := map[selfheal.SignatureID]bool{}
		for _, c := range clusters {
			if c.ID != identify(c.Members[0]) {
				t.Fatalf("%s is not named after %s", c.ID, c.Members[0])
			}
			for _, m := range c.Members {
				if seen[m] || cosine(c.Centre, vectors[m]) < Threshold && m != c.Members[0] {
					t.Fatalf("%s in %+v", m, c)
				}
				seen[m] = true
			}
		}
		if len(seen) != len(of) {
			t.Fatalf("%d members, %d mapped", len(seen), len(of))
		}
	})
}

// world is two clusters, of two signatures and of one.
func world() (clusters []Cluster, of map[selfheal.SignatureID]ID, signatures map[selfheal.SignatureID]*selfheal.Signature) {
	clusters, of = Assign(nil, []Item{item("a", 1, 0), item("b", 2, 5), item("c", 3, 90)}, 0)
	signatures = map[selfheal.SignatureID]*selfheal.Signature{
		"a": {ID: "a", Kind: selfheal.KindMessage, Severity: selfheal.SeverityWarn, Title: "db refused", Template: "db refused", First: minute(1), Last: minute(5), Sample: selfheal.Sample{Time: minute(5), Text: "old"}},
		"b": {ID: "b", Kind: selfheal.KindException, Severity: selfheal.SeverityError, Title: "no database", Template: "no database", Frames: []string{"f"}, First: minute(2), Last: minute(9), Sample: selfheal.Sample{Time: minute(9), Text: "new"}},
		"c": {ID: "c", Kind: selfheal.KindMessage, Title: "alone", Template: "alone"},
	}
	return clusters, of, signatures
}

func series(counts ...selfheal.Count) *selfheal.Series { return &selfheal.Series{Counts: counts} }

func TestSignatures(t *testing.T) {
	t.Parallel()
	clusters, of, signatures := world()
	id := selfheal.SignatureID(identify("a"))
	want := map[selfheal.SignatureID]*selfheal.Signature{id: {
		ID: id, Kind: selfheal.KindCluster, Severity: selfheal.SeverityError, Title: "cluster: db refused", Template: "db refused",
		Frames: []string{"f"}, First: minute(1), Last: minute(9), Sample: selfheal.Sample{Time: minute(9), Text: "new"},
	}}
	if diff := cmp.Diff(want, Signatures(clusters, of, signatures)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if signatures["a"].Kind != selfheal.KindMessage || signatures["a"].Title != "db refused" {
		t.Errorf("a member was changed: %+v", signatures["a"])
	}
	delete(of, "a")
	if got := Signatures(clusters, of, signatures); len(got) != 0 {
		t.Errorf("of one signature: %v", got)
	}
	_, of, _ = world()
	if got := Signatures(clusters, of, nil); len(got) != 0 {
		t.Errorf("of signatures that nobody described: %v", got)
	}
	s := selfheal.Signature{}
	Relabel(&s, string(slices.Repeat([]rune{'é'}, 300)))
	if n := len([]rune(s.Title)); n != maxTitle {
		t.Errorf("a title of %d characters", n)
	}
}

func TestSeriesAndFold(t *testing.T) {
	t.Parallel()
	_, of, _ := world()
	id := selfheal.SignatureID(identify("a"))
	counts := selfheal.Counts{Records: 99, All: *series(selfheal.Count{Minute: 1, N: 99}), Series: map[selfheal.SignatureID]*selfheal.Series{
		"a": {Counts: []selfheal.Count{{Minute: 1, N: 2}, {Minute: 3, N: 1}}, Undated: 4},
		"b": series(selfheal.Count{Minute: 0, N: 5}, selfheal.Count{Minute: 3, N: 1}),
		"c": series(selfheal.Count{Minute: 7, N: 7}),
		"d": series(selfheal.Count{Minute: 8, N: 8}), // in no cluster
	}}
	merged := &selfheal.Series{Counts: []selfheal.Count{{Minute: 0, N: 5}, {Minute: 1, N: 2}, {Minute: 3, N: 2}}, Undated: 4}
	if diff := cmp.Diff(map[selfheal.SignatureID]*selfheal.Series{id: merged}, Series(counts, of)); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	want := selfheal.Counts{Records: 99, All: counts.All, Series: map[selfheal.SignatureID]*selfheal.Series{id: merged, "c": counts.Series["c"], "d": counts.Series["d"]}}
	if diff := cmp.Diff(want, Fold(counts, of)); diff != "" {
		t.Errorf("folded (-want +got):\n%s", diff)
	}
	if len(counts.Series) != 4 || counts.Series["a"].Total() != 7 {
		t.Errorf("the counts were changed: %+v", counts.Series)
	}
	if got := Series(selfheal.Counts{}, of); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if got := Fold(selfheal.Counts{}, nil); len(got.Series) != 0 {
		t.Errorf("nothing folded: %v", got)
	}
}

// TestFoldKeepsEveryOccurrence: what is judged as a cluster is not counted twice, nor lost.
func TestFoldKeepsEveryOccurrence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t)
		_, of := Assign(nil, items, 0)
		counts := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}
		for _, i := range items {
			s := &selfheal.Series{}
			for _, n := range rapid.SliceOf(rapid.IntRange(0, 5)).Draw(t, "minutes") {
				s.Add(int64(n), 1)
			}
			counts.Series[i.Signature] = s
		}
		total := func(c selfheal.Counts, minute int64) (n int64) {
			for _, s := range c.Series {
				n += s.Between(minute, minute+1)
			}
			return n
		}
		folded := Fold(counts, of)
		for minute := range int64(6) {
			if got, want := total(folded, minute), total(counts, minute); got != want {
				t.Fatalf("minute %d: %d occurrences, not %d", minute, got, want)
			}
		}
	})
}

func TestOwn(t *testing.T) {
	t.Parallel()
	_, of, _ := world()
	id := selfheal.SignatureID(identify("a"))
	rise := func(id selfheal.SignatureID) selfheal.Anomaly {
		return selfheal.Anomaly{Signature: id, Kind: selfheal.AnomalyRise}
	}
	quiet := rise(id)
	quiet.Silence = selfheal.SilenceTransient
	quietMember := rise("b")
	quietMember.Silence = selfheal.SilenceTransient
	f := func(anomalies, flagged []selfheal.Anomaly, want ...selfheal.SignatureID) {
		t.Helper()
		var got []selfheal.SignatureID
		for _, a := range Own(anomalies, flagged, of) {
			got = append(got, a.Signature)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, not %v", got, want)
		}
	}
	f([]selfheal.Anomaly{rise("d"), rise(id), rise("c")}, []selfheal.Anomaly{rise("c"), rise("d")}, id)
	f([]selfheal.Anomaly{rise(id)}, []selfheal.Anomaly{rise("b")})
	f([]selfheal.Anomaly{rise(id)}, []selfheal.Anomaly{quietMember}, id)
	f([]selfheal.Anomaly{quiet}, nil)
	f([]selfheal.Anomaly{rise(selfheal.SignatureID(identify("c")))}, nil) // a cluster of one
	f(nil, nil)
}

func TestMembers(t *testing.T) {
	t.Parallel()
	_, of, _ := world()
	before := maps.Clone(of)
	if diff := cmp.Diff(map[ID][]selfheal.SignatureID{identify("a"): {"a", "b"}}, Members(of)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before, of); diff != "" {
		t.Errorf("the assignment was changed:\n%s", diff)
	}
}
