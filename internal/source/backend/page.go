package backend

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// patience is how many pages in a row may bring nothing new although the store says
// that there is more.
const patience = 3

// maxEmpty is how many empty pages in a row are followed: some stores give them while they search.
const maxEmpty = 2000

// Item is one entry of a page.
type Item struct {
	Time time.Time
	// Key is what the store calls the entry, or what tells it from others of the same
	// time ([KeyOf]). Two entries of one key and time on one page are two entries.
	Key   string
	Entry *selfheal.Entry
}

// KeyOf is a short name of an entry's content.
func KeyOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return string(h.Sum(nil)[:16])
}

// ByTime reads page by page where the only thing that a store can go on from is a
// time. The next page begins at the last instant of the one before, and what came
// already of that instant is left out: by its key, and as often as it came.
type ByTime struct {
	Client *Client
	// Limit is how many entries are asked for at once; Most is how many at most, where
	// more than Limit share one instant.
	Limit, Most int
	// Fetch gives the first entries of [from, to), at most limit, in any order.
	Fetch func(ctx context.Context, from, to time.Time, limit int) ([]Item, error)
}

// Read calls yield for each entry of the interval once, ascending by time. It ends
// when a page brings nothing new, never because a page is short: a store may give
// less than it was asked for.
func (p ByTime) Read(ctx context.Context, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	at := cursor{interval: i, from: i.From, seen: map[string]int{}}
	limit, most, strikes := p.Limit, p.Most, 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		items, err := p.Fetch(ctx, at.from, i.To, limit)
		if httpx.TooLarge(err) && limit > 1 {
			limit, most = max(1, limit/4), limit-1
			continue
		} else if err != nil {
			return err
		}
		fresh, stray, err := at.take(items, yield)
		switch {
		case err != nil:
			return err
		case fresh > 0:
			limit, strikes = min(limit, p.Limit), 0
		case stray > 0:
			if strikes++; strikes >= patience {
				return p.Client.stuck()
			}
		case len(items) < limit:
			return nil
		case limit < most:
			limit = min(4*limit, most)
		default:
			return p.Client.Lost("narrow source.query", fmt.Sprintf("holds more than %d entries of %s alone, and gives no more at once", most, at.from.Format(time.RFC3339Nano)))
		}
	}
}

func (c *Client) stuck() error {
	return c.Lost("check that source.url is the store itself, and no cache", "gives the same page again and again")
}

// cursor is how far an interval was read.
type cursor struct {
	interval selfheal.Interval
	from     time.Time      // the last instant of which anything came
	seen     map[string]int // what came of it, and how often
}

// take gives what is new of a page, and counts what was not asked for.
func (c *cursor) take(items []Item, yield func(*selfheal.Entry) error) (fresh, stray int, err error) {
	slices.SortStableFunc(items, func(a, b Item) int { return a.Time.Compare(b.Time) })
	edge, left := c.from, maps.Clone(c.seen)
	for _, item := range items {
		if item.Time.Before(edge) || !item.Time.Before(c.interval.To) {
			stray++
			continue
		}
		if item.Time.Equal(edge) && left[item.Key] > 0 {
			left[item.Key]--
			continue
		}
		if item.Time.After(c.from) {
			c.from = item.Time
			clear(c.seen)
		}
		c.seen[item.Key]++
		fresh++
		if err := yield(item.Entry); err != nil {
			return fresh, stray, err
		}
	}
	return fresh, stray, nil
}

// ByToken reads page by page where a store says how to go on.
type ByToken struct {
	Client *Client
	// Fetch gives a page and the token of the next; an empty token begins, and ends.
	Fetch func(ctx context.Context, token string) (items []Item, next string, err error)
}

// Read calls yield for each entry of the interval once, in the order of the pages.
func (p ByToken) Read(ctx context.Context, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	var known recent
	token, strikes, empty := "", 0, 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		items, next, err := p.Fetch(ctx, token)
		if err != nil {
			return err
		}
		fresh := 0
		for _, item := range items {
			if !known.add(item.Key) {
				continue
			}
			fresh++
			if item.Time.Before(i.From) || !item.Time.Before(i.To) {
				continue
			}
			if err := yield(item.Entry); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		switch {
		case fresh > 0:
			strikes, empty = 0, 0
		case len(items) == 0 && next != token:
			empty++
		default:
			strikes++
		}
		if strikes >= patience || empty >= maxEmpty {
			return p.Client.stuck()
		}
		token = next
	}
}

// recentKept is how many keys one generation of recent holds.
const recentKept = 1 << 16

// recent knows the keys that were seen last, in bounded memory.
type recent struct{ young, old map[string]struct{} }

// add tells whether a key is new.
func (r *recent) add(key string) bool {
	if _, ok := r.young[key]; ok {
		return false
	}
	if _, ok := r.old[key]; ok {
		return false
	}
	if r.young == nil || len(r.young) >= recentKept {
		r.old, r.young = r.young, make(map[string]struct{})
	}
	r.young[key] = struct{}{}
	return true
}
