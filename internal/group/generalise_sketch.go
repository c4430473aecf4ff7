package group

import "math/bits"

const (
	countersEach = 32      // of two bits in a word
	lineSize     = 256     // counters in 64 bytes, a line of the cache
	maxSketch    = 1 << 20 // words: 8 MiB
	partSize     = 1 << 19 // occurrences of repeated keys that are held at a time
)

// sketch tells which of many keys were added more than once, in bounded memory:
// a counting Bloom filter with two counters per key. It may say so of a key that
// was added once, never the other way round.
type sketch struct {
	counters []uint64
	repeats  int // how often a key was added that was, most likely, there
}

// newSketch makes one with about eight counters for each of n keys.
func newSketch(n int) *sketch {
	words := max(min(n*8/countersEach, maxSketch), lineSize/countersEach)
	return &sketch{counters: make([]uint64, 1<<bits.Len(uint(words-1)))}
}

// add counts a key, up to two.
func (s *sketch) add(key uint64) {
	if s.holds(key, 1) {
		s.repeats++
	}
	for _, spot := range s.spots(key) {
		word, shift := &s.counters[spot/countersEach], spot%countersEach*2
		if *word>>shift&3 < 2 {
			*word += 1 << shift
		}
	}
}

// repeated tells of a key that it was, most likely, added more than once.
func (s *sketch) repeated(key uint64) bool { return s.holds(key, 2) }

func (s *sketch) holds(key, n uint64) bool {
	for _, spot := range s.spots(key) {
		if s.counters[spot/countersEach]>>(spot%countersEach*2)&3 < n {
			return false
		}
	}
	return true
}

// spots gives the two counters of a key. They lie in one line of the cache.
func (s *sketch) spots(key uint64) [2]uint64 {
	key *= 0x9e3779b97f4a7c15
	line := key >> 32 * lineSize & (uint64(len(s.counters))*countersEach - 1)
	return [2]uint64{line + key>>16%lineSize, line + key>>24%lineSize}
}

// parts is how many parts the repeated keys are split into, so that none has many
// more than partSize occurrences: all but the first of a key are repeats.
func (s *sketch) parts() int { return 2*s.repeats/partSize + 1 }

// part gives the part that a key belongs to.
func (s *sketch) part(key uint64) int { return int(key >> 33 % uint64(s.parts())) }
