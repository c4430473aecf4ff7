package group

import (
	"selfheal/internal/group/template"
)

// Bounds of what is remembered of skeletons: 768 KiB in all.
const (
	maxSkeletons = 4 << 10
	maxSkeleton  = 183 // bytes of a message
)

// skeletons remembers the signatures of messages whose templates do not depend on
// which digits stand in them. Most messages of most logs differ from an earlier one
// in their digits only, and need not be scanned then. What is remembered is exact:
// the whole skeleton is compared.
type skeletons struct {
	slots []skeleton // of each hash there is one, the latest; a power of two of them
	added int        // since the slots were made
	text  []byte     // of the message at hand
	tries int        // of the present sample of messages
	hits  int
	pause int // so many messages are not looked up: those before them were all different
}

// skeleton fills three cache lines.
type skeleton struct {
	at   Index // from 1; 0 is an empty slot
	hash uint32
	size uint8
	text [maxSkeleton]byte
}

// A sample of messages of which fewer than one in sixteen was found is followed by a pause.
const (
	skeletonSample = 1 << 10
	skeletonPause  = 1 << 14
)

// of gives the skeleton of a message, valid until the next call; nil for one that
// is not to be looked up.
func (k *skeletons) of(message []byte) []byte {
	if len(message) > maxSkeleton {
		return nil
	}
	if k.pause > 0 {
		k.pause--
		return nil
	}
	if k.tries++; k.tries == skeletonSample {
		if k.hits < skeletonSample/16 {
			k.pause = skeletonPause
		}
		k.tries, k.hits = 0, 0
	}
	k.text = template.AppendSkeleton(k.text[:0], message)
	return k.text
}

func (k *skeletons) find(hash uint32, text []byte) (Index, bool) {
	if len(k.slots) == 0 {
		return 0, false
	}
	s := &k.slots[hash&uint32(len(k.slots)-1)]
	if s.hash != hash || s.at == 0 || string(s.text[:s.size]) != string(text) {
		return 0, false
	}
	k.hits++
	return s.at - 1, true
}

// add remembers a skeleton that was not found. Slots are made anew, and more of
// them, when as many were added as there are: what is forgotten is soon learnt again.
func (k *skeletons) add(hash uint32, text []byte, i Index) {
	if k.added == len(k.slots) && len(k.slots) < maxSkeletons {
		k.slots, k.added = make([]skeleton, max(64, 8*len(k.slots))), 0
	}
	k.added++
	s := &k.slots[hash&uint32(len(k.slots)-1)]
	s.at, s.hash, s.size = i+1, hash, uint8(len(text))
	copy(s.text[:], text)
}
