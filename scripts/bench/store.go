package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/pgconnect"
	"selfheal/internal/store/postgres"
	"selfheal/internal/store/sqlite"
)

// benchStore measures what it costs to keep counts: time per flush, per read of a
// baseline and per compaction, and bytes per signature and day.
func benchStore(ctx context.Context, w io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("store", flag.ContinueOnError)
	signatures := flags.Int("signatures", 1000, "signatures of the service, a fifth of them errors")
	days := flags.Int("days", 7, "length of the baseline")
	share := flags.Float64("share", 0.1, "share of its minutes in which a signature occurs")
	address := flags.String("store", "", "postgres://... instead of a new SQLite file")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	dir, err := os.MkdirTemp("", "selfheal-bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &storeBench{
		w: w, days: *days, share: *share, scope: selfheal.Scope{Service: "bench", Environment: "bench"},
		random: rand.New(rand.NewPCG(1, 1)), path: filepath.Join(dir, "store.db"),
		end: time.Now().UTC().Truncate(time.Hour),
	}
	for n := range *signatures {
		b.signatures = append(b.signatures, benchSignature(n))
	}
	if err := b.open(ctx, *address); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	return b.run(ctx)
}

type storeBench struct {
	w          io.Writer
	store      closingCounts
	path       string
	sized      bool // the size of the file can be read
	scope      selfheal.Scope
	signatures []selfheal.Signature
	days       int
	share      float64
	random     *rand.Rand
	end        time.Time
}

type closingCounts interface {
	selfheal.CountStore
	io.Closer
}

func benchSignature(n int) selfheal.Signature {
	severity := selfheal.SeverityInfo
	if n%5 == 0 {
		severity = selfheal.SeverityError
	}
	template := fmt.Sprintf("request <*> of customer <*> failed in step %d with status <*>", n)
	return selfheal.Signature{
		ID: selfheal.SignatureID(fmt.Sprintf("g2-%016x", n)), Kind: selfheal.KindMessage, Severity: severity,
		Title: template, Template: template, Sample: selfheal.Sample{Text: template, Message: template},
	}
}

func (b *storeBench) open(ctx context.Context, address string) (err error) {
	if pgconnect.Is(address) {
		b.store, err = postgres.Open(ctx, address)
		return err
	}
	b.sized = true
	b.store, err = sqlite.Open(ctx, b.path)
	return err
}

func (b *storeBench) run(ctx context.Context) error {
	fmt.Fprintf(b.w, "%d signatures, each in %.0f %% of its minutes, %d days, one writer\n\n", len(b.signatures), 100*b.share, b.days)
	if err := b.fill(ctx); err != nil {
		return err
	}
	if err := b.sizes(ctx, "by the minute"); err != nil {
		return err
	}
	if err := b.read(ctx, "read all days, nothing compacted"); err != nil {
		return err
	}
	steps := []struct {
		name         string
		before, keep time.Duration // before the end
	}{
		{"compact all days but one, first time", 24 * time.Hour, 0},
		{"compact one more hour", 23 * time.Hour, 0},
		{"compact when there is nothing to do", 23 * time.Hour, 0},
	}
	for _, step := range steps {
		if err := b.timed(step.name, func() error { return b.store.Compact(ctx, b.end.Add(-step.before), time.Time{}) }); err != nil {
			return err
		}
	}
	if err := b.read(ctx, "read all days, all but one compacted"); err != nil {
		return err
	}
	if err := b.timed("compact the last day", func() error { return b.store.Compact(ctx, b.end, time.Time{}) }); err != nil {
		return err
	}
	if err := b.sizes(ctx, "compacted"); err != nil {
		return err
	}
	forget := b.end.Add(-time.Duration(b.days-1) * 24 * time.Hour)
	if err := b.timed("forget one day", func() error { return b.store.Compact(ctx, b.end, forget) }); err != nil {
		return err
	}
	return b.syncing(ctx)
}

func (b *storeBench) timed(name string, f func() error) error {
	began := time.Now()
	err := f()
	fmt.Fprintf(b.w, "%-44s %9.1f ms\n", name, time.Since(began).Seconds()*1000)
	return err
}

// fill puts all days, an hour at once, the last hour minute by minute as a server does.
func (b *storeBench) fill(ctx context.Context) error {
	last := selfheal.MinuteOf(b.end)
	described := map[selfheal.Scope][]selfheal.Signature{b.scope: b.signatures}
	err := b.timed("describe the signatures", func() error { return b.store.PutTallies(ctx, nil, described) })
	if err != nil {
		return err
	}
	var hours []float64
	for minute := last - int64(b.days)*24*60; minute < last-60; minute += 60 {
		tallies := make([]selfheal.Tally, 60)
		for i := range tallies {
			tallies[i] = b.tally(minute + int64(i))
		}
		began := time.Now()
		if err := b.store.PutTallies(ctx, tallies, nil); err != nil {
			return err
		}
		hours = append(hours, time.Since(began).Seconds()*1000)
	}
	var minutes []float64
	for minute := last - 60; minute < last; minute++ {
		tally := b.tally(minute)
		began := time.Now()
		if err := b.store.PutTallies(ctx, []selfheal.Tally{tally}, nil); err != nil {
			return err
		}
		minutes = append(minutes, time.Since(began).Seconds()*1000)
	}
	fmt.Fprintf(b.w, "%-44s %9.1f ms\n%-44s %9.1f ms\n", "put one minute (median)", median(minutes), "put an hour of minutes at once (median)", median(hours))
	return nil
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func (b *storeBench) tally(minute int64) selfheal.Tally {
	t := selfheal.Tally{
		Scope: b.scope, Revision: "0123456789abcdef0123456789abcdef01234567", Writer: "a-host-name/20261124T120000.000", Minute: minute,
		Counts: map[selfheal.SignatureID]selfheal.Tallied{},
	}
	for i := range b.signatures {
		if b.random.Float64() < b.share {
			t.Counts[b.signatures[i].ID] = selfheal.Tallied{N: 1 + int64(b.random.ExpFloat64()*20)}
		}
	}
	at := selfheal.MinuteTime(minute)
	t.Coverage = selfheal.Coverage{
		Streams: 3, Bytes: 1 << 20, Records: 4000, First: at.Add(time.Millisecond), Last: at.Add(59 * time.Second), Zones: []string{"Z"},
	}
	return t
}

func (b *storeBench) read(ctx context.Context, name string) error {
	return b.timed(name, func() error {
		counted, err := b.store.Counted(ctx, b.scope, selfheal.Interval{})
		if err == nil && (len(counted) != 1 || len(counted[0].Counts.Series) != len(b.signatures)) {
			err = errors.New("not all was counted")
		}
		return err
	})
}

// sizes prints what the file takes, from a connection of its own.
func (b *storeBench) sizes(ctx context.Context, name string) (err error) {
	if !b.sized {
		return nil
	}
	handle, err := sql.Open("sqlite", "file:"+b.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, handle.Close()) }()
	var rows, bytes int64
	row := handle.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM tallies), (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`)
	if err := row.Scan(&rows, &bytes); err != nil {
		return err
	}
	fmt.Fprintf(b.w, "%-44s %9d rows, %.1f MB, %.0f bytes per signature and day\n", "size, "+name, rows, float64(bytes)/1e6,
		float64(bytes)/float64(len(b.signatures)*b.days))
	return nil
}

// syncing compares commits of a row that wait for the disk with those that do not.
func (b *storeBench) syncing(ctx context.Context) (err error) {
	if !b.sized {
		return nil
	}
	const commits = 200
	for _, synchronous := range []string{"FULL", "NORMAL"} {
		handle, err := sql.Open("sqlite", "file:"+b.path+"-"+synchronous+"?_journal_mode=WAL&_synchronous="+synchronous)
		if err != nil {
			return err
		}
		if _, err := handle.ExecContext(ctx, "CREATE TABLE t (x BLOB)"); err != nil {
			return errors.Join(err, handle.Close())
		}
		var took []float64
		for range commits {
			began := time.Now()
			if _, err := handle.ExecContext(ctx, "INSERT INTO t VALUES (zeroblob(4000))"); err != nil {
				return errors.Join(err, handle.Close())
			}
			took = append(took, time.Since(began).Seconds()*1000)
		}
		fmt.Fprintf(b.w, "%-44s %9.2f ms\n", "a commit of 4 kB, synchronous "+synchronous+" (median)", median(took))
		if err := handle.Close(); err != nil {
			return err
		}
	}
	return nil
}
