package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// indexed is what was measured of one repository.
type indexed struct {
	name         string
	files, lines int
	cold, warm   time.Duration
	message      time.Duration // to find the statements behind one message
	cache        int64         // bytes
}

// benchIndex prints how long the source index of repositories takes, without and with its cache.
func benchIndex(ctx context.Context, w io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("index", flag.ContinueOnError)
	repositories := flags.String("repositories", "", "directories of git repositories, separated by blanks")
	if err := flags.Parse(args); err != nil || *repositories == "" {
		return errUsage
	}
	dir, err := os.MkdirTemp("", "selfheal-index-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%d processors\n", runtime.GOMAXPROCS(0))
	fmt.Fprintln(table, "REPOSITORY\tFILES\tLINES\tCOLD\tWARM\tONE MESSAGE\tCACHE")
	var total indexed
	total.name = "total"
	for i, repository := range strings.Fields(*repositories) {
		one, err := measureIndex(ctx, repository, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return fmt.Errorf("%s: %w", repository, err)
		}
		one.print(table)
		total.files, total.lines, total.cache = total.files+one.files, total.lines+one.lines, total.cache+one.cache
		total.cold, total.warm = total.cold+one.cold, total.warm+one.warm
	}
	total.print(table)
	return table.Flush()
}

func (m indexed) print(w io.Writer) {
	message := ""
	if m.message > 0 {
		message = m.message.Round(100 * time.Microsecond).String()
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%v\t%v\t%s\t%.1f MB\n", m.name, m.files, m.lines,
		m.cold.Round(10*time.Millisecond), m.warm.Round(10*time.Millisecond), message, float64(m.cache)/1e6)
}

// measureIndex times what triage does of a revision: listing its files, reading
// and parsing them, and writing the cache; then the same with the cache.
func measureIndex(ctx context.Context, repository, cache string) (indexed, error) {
	repo, err := git.Open(ctx, repository)
	if err != nil {
		return indexed{}, err
	}
	m := indexed{name: nameOf(repository)}
	once := func() (*index.Index, time.Duration, error) {
		start := time.Now()
		c := index.NewCache(cache)
		entries, err := repo.ListFiles(ctx, "HEAD")
		if err != nil {
			return nil, 0, err
		}
		x, err := c.Index(ctx, repo, entries)
		return x, time.Since(start), errors.Join(err, c.Save())
	}
	if _, m.cold, err = once(); err != nil {
		return m, err
	}
	runtime.GC() // what the first index left behind is not the second one's cost
	x, warm, err := once()
	if err != nil {
		return m, err
	}
	m.warm, m.files = warm, len(x.Paths)
	m.message = timeMessage(x)
	if info, err := os.Stat(cache); err == nil {
		m.cache = info.Size()
	}
	m.lines, err = countLines(ctx, repo, x.Paths)
	return m, err
}

// nameOf gives the last telling part of a repository's directory.
func nameOf(dir string) string {
	if base := filepath.Base(dir); base != "repo" && base != ".git" {
		return base
	}
	return filepath.Base(filepath.Dir(dir))
}

// timeMessage looks for the statements behind a message made of a literal from the middle of the tree.
func timeMessage(x *index.Index) time.Duration {
	message := "failed to handle request"
	for _, path := range x.Paths[len(x.Paths)/2:] {
		if literals := x.Files[path].Literals; len(literals) > 0 {
			message = literals[0].Text
			break
		}
	}
	start := time.Now()
	x.Emitters("2026-03-02 09:00:00 ERROR " + strings.Join(strings.Fields(message), " "))
	return time.Since(start)
}

func countLines(ctx context.Context, repo *git.Repository, paths []string) (lines int, err error) {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = "HEAD:" + p
	}
	err = repo.ReadBlobs(ctx, names, 1<<20, func(_ int, content []byte, _ bool) error {
		lines += bytes.Count(content, []byte("\n"))
		return nil
	})
	return lines, err
}
