package selfheal

import (
	"hash/fnv"
	"math"
	"slices"
)

// Reach is how widely something occurred. Reaches of different machines merge in any order.
type Reach struct {
	Instances Distinct `json:"instances,omitempty"` // hosts, pods or processes
	Traces    Distinct `json:"traces,omitempty"`    // requests
}

// See takes in where one record comes from; what is empty is unknown.
func (r *Reach) See(instance, trace string) {
	if instance != "" {
		r.Instances.Add(instance)
	}
	if trace != "" {
		r.Traces.Add(trace)
	}
}

// Merge adds all of other, which may be nil.
func (r *Reach) Merge(other *Reach) {
	if other == nil {
		return
	}
	r.Instances.Merge(other.Instances)
	r.Traces.Merge(other.Traces)
}

// distinctKept is how many hashes are kept: as many different names are counted exactly, more
// with a standard error of about 1/sqrt(distinctKept-2), here 18 %.
const distinctKept = 32

// Distinct counts different names in bounded memory: it keeps their smallest
// hashes, ascending (Bar-Yossef et al., "Counting distinct elements in a data
// stream", RANDOM 2002). The zero value has seen none.
type Distinct []uint64

// Add takes in a name.
func (d *Distinct) Add(name string) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name)) // never fails
	d.add(mix(hash.Sum64()))
}

// mix spreads hashes evenly, which the estimate relies on and FNV of short names
// does not do (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func (d *Distinct) add(hash uint64) {
	if len(*d) == distinctKept && hash >= (*d)[distinctKept-1] {
		return
	}
	at, known := slices.BinarySearch(*d, hash)
	if known {
		return
	}
	*d = slices.Insert(*d, at, hash)
	if len(*d) > distinctKept {
		*d = (*d)[:distinctKept]
	}
}

// Merge adds all names of other.
func (d *Distinct) Merge(other Distinct) {
	for _, hash := range other {
		d.add(hash)
	}
}

// Count is the number of different names: exact below 32, an estimate from there on.
func (d Distinct) Count() (n int64, exact bool) {
	if len(d) < distinctKept {
		return int64(len(d)), true
	}
	share := float64(d[distinctKept-1]) / math.MaxUint64
	return int64(math.Round((distinctKept - 1) / share)), false
}
