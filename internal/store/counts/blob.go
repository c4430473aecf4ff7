package counts

import (
	"encoding/binary"
	"errors"
	"fmt"

	"selfheal"
)

// ErrDamaged says that a row does not hold what was once written into it.
var ErrDamaged = errors.New("damaged counts")

// Item is what a row holds of one signature. Number is the signature's within its
// scope; 0 stands for all records. The minutes of Counts are those after the row's
// own, from 0 to 59, ascending.
type Item struct {
	Number int64
	Counts []selfheal.Count
	Reach  *selfheal.Reach
}

// The layout: a version, then item after item, ascending by number. An item is
// the distance to the number before it, a head, and what the head announces. All
// numbers are unsigned varints, so that a signature that occurred a few times in a
// minute takes two bytes.
const (
	blobVersion = 1

	headReach = 1 << 0 // two lists of hashes follow
	headMany  = 1 << 1 // the rest of the head is how many counts follow, instead of the one count of minute 0
	headBits  = 2

	minutesPerHour = 60
	// MaxN bounds a count and a sum of counts, so that a head holds it.
	MaxN = 1 << 60
)

// Encode packs items, which must ascend by number and hold counts from 1 to MaxN.
func Encode(items []Item) []byte {
	blob := []byte{blobVersion}
	before := int64(-1)
	for _, item := range items {
		blob = binary.AppendUvarint(blob, uint64(item.Number-before))
		before = item.Number
		blob = appendItem(blob, item)
	}
	return blob
}

func appendItem(blob []byte, item Item) []byte {
	var head uint64
	if item.Reach != nil {
		head |= headReach
	}
	if len(item.Counts) == 1 && item.Counts[0].Minute == 0 {
		blob = binary.AppendUvarint(blob, head|uint64(item.Counts[0].N)<<headBits)
	} else {
		blob = binary.AppendUvarint(blob, head|headMany|uint64(len(item.Counts))<<headBits)
		minute := int64(-1)
		for _, c := range item.Counts {
			blob = binary.AppendUvarint(blob, uint64(c.Minute-minute))
			blob = binary.AppendUvarint(blob, uint64(c.N))
			minute = c.Minute
		}
	}
	if item.Reach != nil {
		blob = appendDistinct(appendDistinct(blob, item.Reach.Instances), item.Reach.Traces)
	}
	return blob
}

func appendDistinct(blob []byte, d selfheal.Distinct) []byte {
	blob = binary.AppendUvarint(blob, uint64(len(d)))
	for _, hash := range d {
		blob = binary.LittleEndian.AppendUint64(blob, hash)
	}
	return blob
}

// Decode unpacks a blob, item after item. An item's Counts are valid only until
// yield returns. Damage is [ErrDamaged]; never more memory is taken than the
// blob's length explains.
func Decode(blob []byte, yield func(Item) error) error {
	if len(blob) == 0 || blob[0] != blobVersion {
		return fmt.Errorf("%w: unknown version", ErrDamaged)
	}
	r := reader{rest: blob[1:]}
	var counts [minutesPerHour]selfheal.Count
	before := int64(-1)
	for len(r.rest) > 0 {
		item := Item{Number: before + r.step()}
		if item.Number < before {
			r.failed = true
		}
		before = item.Number
		r.item(&item, counts[:0])
		if r.failed {
			return fmt.Errorf("%w: byte %d of %d", ErrDamaged, len(blob)-len(r.rest), len(blob))
		}
		if err := yield(item); err != nil {
			return err
		}
	}
	return nil
}

// reader takes numbers off a blob. Once something was wrong, it has failed and gives zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.failed, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// step is a distance between ascending numbers, and so at least 1.
func (r *reader) step() int64 {
	n := r.uvarint()
	if n == 0 || n > MaxN {
		r.failed = true
		return 1
	}
	return int64(n)
}

// item reads what the head announces; counts is room for the counts of an hour.
func (r *reader) item(item *Item, counts []selfheal.Count) {
	head := r.uvarint()
	n := head >> headBits
	if head&headMany == 0 {
		r.failed = r.failed || n == 0 || n > MaxN
		item.Counts = append(counts, selfheal.Count{N: int64(n)})
	} else {
		item.Counts = r.counts(n, counts)
	}
	if head&headReach != 0 {
		item.Reach = &selfheal.Reach{Instances: r.distinct(), Traces: r.distinct()}
	}
}

func (r *reader) counts(n uint64, into []selfheal.Count) []selfheal.Count {
	if n == 0 || n > minutesPerHour {
		r.failed = true
		return nil
	}
	minute := int64(-1)
	for range n {
		minute += r.step()
		into = append(into, selfheal.Count{Minute: minute, N: r.step()})
		if minute >= minutesPerHour {
			r.failed = true
			return nil
		}
	}
	return into
}

// distinct reads hashes, which ascend.
func (r *reader) distinct() selfheal.Distinct {
	n := r.uvarint()
	if n > uint64(len(r.rest))/8 {
		r.failed = true
		return nil
	}
	var d selfheal.Distinct
	for range n {
		hash := binary.LittleEndian.Uint64(r.rest)
		r.failed = r.failed || len(d) > 0 && d[len(d)-1] >= hash
		d, r.rest = append(d, hash), r.rest[8:]
	}
	return d
}
