package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/source/file"
)

const mebibyte = 1 << 20

func benchCheck(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("check", flag.ExitOnError)
	size := flags.Int64("size", 1024, "MiB of baseline logs")
	seed := flags.Uint64("seed", 1, "seed of the generated logs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "selfheal-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := bench{dir: dir, seed: *seed}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	fmt.Printf("selfheal check end to end on generated JSON lines, seed %d\n\n", *seed)
	if err := b.endToEnd(ctx, []int64{*size / 8, *size}); err != nil {
		return err
	}
	return b.shares(ctx, *size/8)
}

type bench struct {
	dir  string
	seed uint64
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// prepare builds the program, and a repository with two commits to compare.
func (b *bench) prepare(ctx context.Context) error {
	script := `set -e
CGO_ENABLED=0 go build -o "$1/selfheal" ./cmd/selfheal
git init -q -b main "$1/repo" && cd "$1/repo"
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
echo 'package main' > main.go && git add . && git commit -qm one
echo 'var x = 1' >> main.go && git commit -qam two`
	command := exec.CommandContext(ctx, "sh", "-c", script, "sh", b.dir)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return command.Run()
}

// endToEnd runs the program as a process of its own, so that its memory is its own.
func (b *bench) endToEnd(ctx context.Context, sizes []int64) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "baseline MiB\tlines\tprocessors\twall s\tCPU s\tMB/s\tMB per CPU s\tlines/s\tpeak memory MiB\t")
	for _, size := range sizes {
		lines, err := writeLogs(b.path("week.log"), size*mebibyte, week, weekLength, b.seed)
		if err != nil {
			return err
		}
		if err := b.writeWindow(size); err != nil {
			return err
		}
		for _, processors := range []int{1, 2} {
			r, err := b.check(ctx, processors)
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "%d\t%d\t%d\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f\t%d\t\n", size, lines, processors, r.wall.Seconds(), r.cpu.Seconds(),
				float64(size)*mebibyte/1e6/r.wall.Seconds(), float64(size)*mebibyte/1e6/r.cpu.Seconds(), float64(lines)/r.wall.Seconds(), r.peak/mebibyte)
		}
	}
	return table.Flush()
}

// writeWindow writes the hour after the deploy: more of the same, and a new error
// that gives triage something to do.
func (b *bench) writeWindow(size int64) error {
	if _, err := writeLogs(b.path("window.log"), max(size*mebibyte/168, 1), week.Add(weekLength), time.Hour, b.seed+1); err != nil {
		return err
	}
	f, err := os.OpenFile(b.path("window.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	for minute := range 30 {
		at := week.Add(weekLength + time.Duration(20+minute)*time.Minute)
		fmt.Fprintf(f, `{"time":%q,"level":"ERROR","msg":"x is not defined in main.go:2"}`+"\n", at.Format(time.RFC3339))
	}
	return f.Close()
}

type checked struct {
	wall, cpu time.Duration
	peak      int64
	took      map[string]time.Duration // by part of the work, as the program logs it
}

var tookLine = regexp.MustCompile(`msg=took part=(\w+) seconds=([0-9.e+-]+)`)

func parts(log string) map[string]time.Duration {
	took := map[string]time.Duration{}
	for _, match := range tookLine.FindAllStringSubmatch(log, -1) {
		if seconds, err := strconv.ParseFloat(match[2], 64); err == nil {
			took[match[1]] += time.Duration(seconds * float64(time.Second))
		}
	}
	return took
}

func (b *bench) check(ctx context.Context, processors int) (checked, error) {
	// A new store each time: an incident that is known already is not examined again.
	if err := os.RemoveAll(b.path("state")); err != nil {
		return checked{}, err
	}
	command := exec.CommandContext(ctx, b.path("selfheal"), "check", "--verbose", "--repo", b.path("repo"), "--base", "main~1", "--head", "main",
		"--baseline", b.path("week.log"), "--window", b.path("window.log"), "--store", filepath.Join(b.path("state"), "store.db"), "--format", "json", "--out", b.path("report.json"))
	command.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", processors))
	var messages strings.Builder
	command.Stderr = &messages
	start := time.Now()
	err := command.Run()
	var exit *exec.ExitError
	if judged := errors.As(err, &exit) && exit.ExitCode() >= 10; err != nil && !judged {
		return checked{}, fmt.Errorf("%w\n%s", err, messages.String())
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return checked{
		wall: time.Since(start),
		cpu:  command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		peak: usage.Maxrss * 1024,
		took: parts(messages.String()),
	}, nil
}

// shares says where the time goes on one processor. Reading, grouping and counting
// are interwoven, so they are measured by adding one after the other; the other
// parts are what the program itself logs.
func (b *bench) shares(ctx context.Context, size int64) error {
	if _, err := writeLogs(b.path("week.log"), size*mebibyte, week, weekLength, b.seed); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	read, err := b.read(ctx, func(*selfheal.Entry) error { return nil })
	if err != nil {
		return err
	}
	grouper := group.New(group.Options{})
	stream := grouper.Stream("week")
	ignore := func(*selfheal.Record, group.Index) {}
	grouped, err := b.read(ctx, func(e *selfheal.Entry) error { stream.Write(e, ignore); return nil })
	if err != nil {
		return err
	}
	whole, err := b.check(ctx, 1)
	if err != nil {
		return err
	}
	total := whole.wall.Seconds()
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / total }
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nshare of time, %d MiB, one processor\t\t\n", size)
	rest := whole.wall - whole.took["read"] - whole.took["detect"] - whole.took["triage"]
	for _, row := range []struct {
		part string
		took time.Duration
	}{
		{"source (read lines)", read},
		{"group (decode, assemble, sign)", grouped - read},
		{"watch, and counting", max(whole.took["read"]-grouped, 0)},
		{"detect", whole.took["detect"]},
		{"triage", whole.took["triage"]},
		{"decide, store, report, start-up", rest},
	} {
		fmt.Fprintf(table, "%s\t%.1f %%\t\n", row.part, share(row.took))
	}
	return table.Flush()
}

func (b *bench) read(ctx context.Context, yield func(*selfheal.Entry) error) (time.Duration, error) {
	source, err := file.New(file.Config{Patterns: []string{b.path("week.log")}})
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = source.Read(ctx, selfheal.Query{}, yield)
	return time.Since(start), err
}
