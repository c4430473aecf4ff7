package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"selfheal"
)

// mark says that everything the service had written up to an offset of its log
// belongs to simulated times before To.
type mark struct {
	selfheal.Interval
	offset int64
}

// run is one stretch of simulated time in which one revision serves.
type run struct {
	binary   string // the compiled service
	tree     string // the exported files of its revision
	dir      string // made by the run: the service's working directory, with its raw log
	interval selfheal.Interval
	step     time.Duration // length of a slice
	deployed time.Time     // fixes the daily and weekly curve
	spells   []spell
	seed     uint64
	stream   uint64
	announce func(offset time.Duration) // called before each slice
}

// traffic is what was sent in a run and what became of it.
type traffic struct {
	sent, aborted, failed int64
}

// play starts the service, sends the traffic of the interval slice by slice, stops
// the service, and gives the marks to date its log with.
func (r run) play(ctx context.Context) (marks []mark, sent traffic, err error) {
	if err := os.MkdirAll(r.dir, 0o750); err != nil {
		return nil, sent, err
	}
	outside, err := startPartners()
	if err != nil {
		return nil, sent, err
	}
	defer func() { err = errors.Join(err, outside.close()) }()
	shop, err := startService(ctx, r.binary, r.tree, r.dir, outside.url)
	if err != nil {
		return nil, sent, err
	}
	driver := newDriver(shop.addr)
	marks, err = r.drive(ctx, outside, shop, driver)
	driver.close()
	switch {
	case ctx.Err() != nil: // the service was killed, and whatever failed failed for that
		err = ctx.Err()
	case err != nil:
		err = fmt.Errorf("%w (the service's last words: %s)", err, shop.tail())
	}
	if err := errors.Join(err, shop.stop()); err != nil {
		return nil, sent, err
	}
	t := &driver.tally
	return marks, traffic{t.sent.Load(), t.aborted.Load(), t.failed.Load()}, nil
}

func (r run) drive(ctx context.Context, outside *partners, shop *service, driver *driver) ([]mark, error) {
	people, err := newShoppers(r.tree, r.seed, r.stream)
	if err != nil {
		return nil, err
	}
	total := r.interval.Duration()
	marks := make([]mark, 0, total/r.step)
	for offset := time.Duration(0); offset < total; offset += r.step {
		r.announce(offset)
		from := r.interval.From.Add(offset)
		if err := r.change(outside, weatherAt(r.spells, offset), offset); err != nil {
			return nil, err
		}
		expected := rate(from.Sub(r.deployed)) * r.step.Hours()
		if err := driver.send(ctx, people.arrivals(expected)); err != nil {
			return nil, err
		}
		written, err := shop.written()
		if err != nil {
			return nil, err
		}
		marks = append(marks, mark{selfheal.Interval{From: from, To: from.Add(r.step)}, written})
	}
	return marks, nil
}

// change puts the weather of a slice into effect.
func (r run) change(outside *partners, now spell, offset time.Duration) error {
	outside.weather.Store(&now.weather)
	if now.loseReceipts && offset == now.from {
		return os.RemoveAll(filepath.Join(r.dir, "receipts"))
	}
	return nil
}

// rawLog is what the service wrote, with the times at which it really did.
func (r run) rawLog() string { return filepath.Join(r.dir, "shop.log") }
