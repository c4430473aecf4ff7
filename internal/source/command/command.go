// Package command runs a program that prints logs, and reads what it prints line by
// line. A program that fails, or runs for too long, is an error, whatever it printed
// before; it is never started through a shell.
package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

const (
	maxLine = 1 << 20         // bytes at which a line is cut
	maxSaid = 4 << 10         // bytes of standard error that are kept, the last ones
	lingers = 2 * time.Second // how long output is waited for once a program was ended
)

// Program is what is run.
type Program struct {
	Args    []string
	Env     []string // added to this process's environment
	Dir     string
	Timeout time.Duration       // 0: none
	Scrub   func(string) string // removes secrets from what the program said; nil for none
	// Heed looks at what a program that succeeded said on standard error: some warn
	// there that they left something out. nil ignores it.
	Heed func(said string) error
}

// Line is one line of output, without its ending. Its text is valid until the callback returns.
type Line struct {
	Text      []byte
	Truncated bool
}

// Run runs the program and calls yield for each line that it prints on standard
// output. A program that cannot be run is CodeUsage; one that fails is
// CodeUnavailable, with the end of what it said on standard error.
func (p Program) Run(ctx context.Context, yield func(Line) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithCancel(ctx)
	if p.Timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, p.Timeout)
	}
	defer cancel()
	said := &tail{}
	cmd := exec.CommandContext(limited, p.Args[0], p.Args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stderr, cmd.WaitDelay = append(os.Environ(), p.Env...), p.Dir, said, lingers
	out, err := cmd.StdoutPipe()
	if err != nil {
		return p.failed(err, "", "")
	}
	if err := cmd.Start(); err != nil {
		return p.notStarted(err)
	}
	readErr := Lines(out, yield)
	if readErr != nil {
		cancel() // it would wait for ever to print what nobody reads
	}
	waitErr := cmd.Wait()
	switch {
	case readErr != nil && !errors.Is(readErr, errOutput):
		return readErr
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil && readErr == nil:
		return p.failed(limited.Err(), " took longer than "+p.Timeout.String(), "narrow what it prints, or raise source.timeout")
	case waitErr != nil:
		return p.failed(waitErr, " failed"+p.quote(said), "run it by hand to see why")
	case readErr != nil:
		return p.failed(readErr, " broke off", "run it by hand to see why")
	case p.Heed != nil:
		return p.Heed(string(said.kept))
	}
	return nil
}

func (p Program) failed(err error, what, hint string) error {
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs", Message: p.Args[0] + what, Hint: hint, Err: err}
}

func (p Program) notStarted(err error) error {
	e := &selfheal.Error{Code: selfheal.CodeUsage, Op: "read logs", Message: "cannot run " + p.Args[0], Err: err}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		e.Hint = "install it, or check its name in source"
	} else {
		e.Hint = "check that it may be executed by this user"
	}
	return e
}

func (p Program) quote(said *tail) string {
	text := string(bytes.ToValidUTF8(bytes.TrimSpace(said.kept), nil))
	if p.Scrub != nil {
		text = p.Scrub(text)
	}
	if text = httpx.OneLine(text, 300); text == "" {
		return ""
	}
	return " (" + text + ")"
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

// Write implements [io.Writer].
func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if len(t.kept) > maxSaid {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-maxSaid:]...)
	}
	return len(b), nil
}

// errOutput marks failures of reading, as against those of yield.
var errOutput = errors.New("its output cannot be read")

// Lines calls yield for each line of a text; a last line without an ending counts.
// Lines are cut at 1 MiB.
func Lines(in io.Reader, yield func(Line) error) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	var long []byte
	cut := false
	for {
		part, err := lines.ReadSlice('\n')
		ended := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && err != io.EOF && !errors.Is(err, fs.ErrClosed) {
			return errors.Join(errOutput, err)
		}
		if room := maxLine - len(long); len(part) > room+1 {
			part, cut = part[:room], true
		}
		over := err != nil && !errors.Is(err, bufio.ErrBufferFull)
		if !ended && !over || len(long) > 0 {
			long = append(long, part...)
			part = long
		}
		if !ended && !over {
			continue
		}
		if text := bytes.TrimSuffix(part, []byte{'\n'}); ended || len(text) > 0 {
			if err := yield(Line{Text: bytes.TrimSuffix(text, []byte{'\r'}), Truncated: cut}); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
		long, cut = long[:0], false
	}
}
