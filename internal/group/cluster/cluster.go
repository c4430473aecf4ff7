// Package cluster gathers signatures that mean the same into clusters that stay
// the same over time, and turns clusters into signatures that detection can judge
// like any other: messages that each came once, and together mean that something
// broke.
//
// In go vectors of signatures, as an embedder gives them, and the clusters that
// are known already; out come the clusters, and which signature is in which. The
// first signature of a cluster is its centre for ever: it names the cluster, and
// others join when they are near enough to it. So a cluster can neither drift nor
// change its identity, however it grows and whoever writes the messages.
//
// Nothing here knows where vectors come from. A vector that is no direction (empty,
// zero, not finite, of another length) is no ground for anything: its signature is
// in no cluster.
package cluster

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"time"

	"selfheal"
)

const (
	// Threshold is the cosine to a cluster's centre from which a signature joins it,
	// where the caller names none. Models differ in what their cosines mean, so it is
	// a cautious guess, measured on none of them: with many it leaves apart what
	// belongs together, which costs a cluster and no more.
	Threshold = 0.85

	// MaxClusters bounds the clusters, and with them work and memory.
	MaxClusters = 2000

	// MaxMembers bounds the members of all clusters together.
	MaxMembers = 50_000

	// version is the algorithm tag in every id: another algorithm gives other ids.
	version = "c1-"
)

// ID identifies a cluster for ever: algorithm version, a dash, and a hash of its
// first signature ("c1-3f9c2a1b7d04e6a8"). It is also the [selfheal.SignatureID] of
// the signature that stands for the cluster.
type ID string

// Cluster is signatures that mean the same. Known clusters are kept as JSON; those
// made with one model mean nothing to another.
type Cluster struct {
	ID      ID                     `json:"id"`
	First   time.Time              `json:"first"`   // when its centre was first seen; zero when undated
	Centre  []float32              `json:"centre"`  // of length 1, the direction of its first member
	Members []selfheal.SignatureID `json:"members"` // in the order they joined; the first is the centre
}

// Item is one signature with its place among all.
type Item struct {
	Signature selfheal.SignatureID
	First     time.Time // zero when undated: after all others
	Vector    []float32 // nil of a signature that is a member already
}

// Assign finds the cluster of each item, founding new ones for items that are near
// to none. Members stay where they are, whatever their vector is now; the others
// join the cluster whose centre is nearest, in the order they were first seen, so
// that the result depends neither on the order of the items nor, once an item is
// in a cluster, on what came later. threshold is the cosine it takes; outside of
// (0, 1] Threshold stands in. Assign gives all clusters, oldest first, without
// changing those it was handed; and the cluster of each item that has one.
func Assign(known []Cluster, items []Item, threshold float64) ([]Cluster, map[selfheal.SignatureID]ID) {
	a := newAssignment(known)
	if threshold > 0 && threshold <= 1 {
		a.threshold = threshold
	}
	of := make(map[selfheal.SignatureID]ID, len(items))
	for _, item := range inOrder(items) {
		if id, ok := a.assign(item); ok {
			of[item.Signature] = id
		}
	}
	sortClusters(a.clusters)
	return a.clusters, of
}

// Unassigned gives those of the signatures that no known cluster has as a member:
// only they need a vector.
func Unassigned(known []Cluster, signatures []selfheal.SignatureID) []selfheal.SignatureID {
	members := newAssignment(known).members
	return slices.DeleteFunc(slices.Clone(signatures), func(id selfheal.SignatureID) bool {
		_, ok := members[id]
		return ok
	})
}

// assignment is one call of Assign.
type assignment struct {
	threshold float64
	clusters  []Cluster
	members   map[selfheal.SignatureID]ID
}

// newAssignment copies the known clusters, leaving out what cannot be one.
func newAssignment(known []Cluster) *assignment {
	a := &assignment{threshold: Threshold, members: make(map[selfheal.SignatureID]ID)}
	sorted := slices.Clone(known)
	sortClusters(sorted)
	sorted = slices.CompactFunc(sorted, func(x, y Cluster) bool { return x.ID == y.ID })
	for _, c := range sorted[:min(len(sorted), MaxClusters)] {
		centre := direction(c.Centre)
		if centre == nil || len(c.Members) == 0 {
			continue
		}
		own := Cluster{ID: c.ID, First: c.First, Centre: centre}
		for _, m := range c.Members {
			if _, taken := a.members[m]; !taken && len(a.members) < MaxMembers {
				a.members[m] = c.ID
				own.Members = append(own.Members, m)
			}
		}
		if len(own.Members) > 0 {
			a.clusters = append(a.clusters, own)
		}
	}
	return a
}

// assign gives the cluster of an item, where it has one.
func (a *assignment) assign(item Item) (ID, bool) {
	if id, member := a.members[item.Signature]; member {
		return id, true
	}
	vector := direction(item.Vector)
	if vector == nil || len(a.members) >= MaxMembers {
		return "", false
	}
	at := a.nearest(vector)
	if at < 0 {
		at = a.named(identify(item.Signature))
	}
	if at < 0 {
		if len(a.clusters) >= MaxClusters {
			return "", false
		}
		at = len(a.clusters)
		a.clusters = append(a.clusters, Cluster{ID: identify(item.Signature), First: item.First, Centre: vector})
	}
	c := &a.clusters[at]
	c.Members = append(c.Members, item.Signature)
	a.members[item.Signature] = c.ID
	return c.ID, true
}

// named finds a cluster by its id: one whose first signature was lost from its
// members would else be founded a second time.
func (a *assignment) named(id ID) int {
	return slices.IndexFunc(a.clusters, func(c Cluster) bool { return c.ID == id })
}

// nearest gives the cluster with the nearest centre, the older of two equally near
// ones; -1 when none is near enough.
func (a *assignment) nearest(vector []float32) int {
	best, at := a.threshold, -1
	for i := range a.clusters {
		if len(a.clusters[i].Centre) != len(vector) {
			continue
		}
		if c := cosine(a.clusters[i].Centre, vector); c > best || c == best && at < 0 {
			best, at = c, i
		}
	}
	return at
}

// inOrder sorts items by when they were first seen, undated ones last, and keeps
// the first of each signature.
func inOrder(items []Item) []Item {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(x, y Item) int {
		return cmp.Or(byTime(x.First, y.First), cmp.Compare(x.Signature, y.Signature), slices.Compare(y.Vector, x.Vector))
	})
	seen := make(map[selfheal.SignatureID]bool, len(sorted))
	return slices.DeleteFunc(sorted, func(i Item) bool {
		again := seen[i.Signature]
		seen[i.Signature] = true
		return again
	})
}

func sortClusters(clusters []Cluster) {
	slices.SortStableFunc(clusters, func(x, y Cluster) int { return cmp.Or(byTime(x.First, y.First), cmp.Compare(x.ID, y.ID)) })
}

// byTime orders by time, none last.
func byTime(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

// identify names a cluster after its first signature.
func identify(first selfheal.SignatureID) ID {
	sum := sha256.Sum256([]byte(first))
	return ID(version + hex.EncodeToString(sum[:8]))
}

// direction gives a vector of length 1; nil when v has no direction.
func direction(v []float32) []float32 {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	length := math.Sqrt(squares)
	switch {
	case math.IsNaN(length) || math.IsInf(length, 0) || length == 0:
		return nil
	case math.Abs(length-1) < 1e-6: // is one already: the last bit must not change with every call
		return slices.Clone(v)
	}
	unit := make([]float32, len(v))
	for i, x := range v {
		unit[i] = float32(float64(x) / length)
	}
	return unit
}

// cosine of two vectors of length 1, rounded so that the order of summation on
// another machine cannot decide.
func cosine(a, b []float32) float64 {
	var product float64
	for i, x := range a {
		product += float64(x) * float64(b[i])
	}
	return math.Round(product*1e6) / 1e6
}
