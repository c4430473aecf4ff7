package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// runInBubblewrap runs a command by bwrap, which some distributions let make
// namespaces where other programs may not. The layout and the system call
// filter are the same; caches are read-only or empty, and memory is bounded per
// process only, because nothing outside sees its processes as a whole.
func runInBubblewrap(ctx context.Context, c Command) (Result, error) {
	program, err := exec.LookPath("bwrap")
	if err != nil {
		return Result{}, &unableError{reason: "bwrap is not on PATH", hint: "install bubblewrap"}
	}
	if !seccompSupported {
		return Result{}, &unableError{reason: "no system call filter is written for this processor"}
	}
	layout, err := newLayout(c, host{getenv: os.Getenv, uid: os.Getuid(), gid: os.Getgid()})
	if err != nil {
		return Result{}, err
	}
	b := &bubblewrap{limits: c.Limits.withDefaults(machineMemory())}
	defer b.close()
	arguments, err := b.arguments(c, layout)
	if err != nil {
		return Result{}, err
	}
	return b.run(ctx, c, program, arguments)
}

// bubblewrap is one run of bwrap with the files that it reads.
type bubblewrap struct {
	limits Limits
	files  []*os.File // handed to bwrap, as descriptor 3 and following
}

func (b *bubblewrap) close() {
	for _, file := range b.files {
		_ = file.Close()
	}
}

// data hands bytes to bwrap and gives the descriptor at which it finds them.
func (b *bubblewrap) data(content []byte) (string, error) {
	fd, err := unix.MemfdCreate("selfheal", unix.MFD_CLOEXEC)
	if err != nil {
		return "", unavailable(err)
	}
	file := os.NewFile(uintptr(fd), "selfheal")
	b.files = append(b.files, file)
	if _, err := file.WriteAt(content, 0); err != nil {
		return "", unavailable(err)
	}
	return strconv.Itoa(controlDescriptor + len(b.files) - 1), nil
}

func (b *bubblewrap) arguments(c Command, l layout) ([]string, error) {
	args := []string{"--unshare-all", "--die-with-parent", "--new-session", "--hostname", insideHostname, "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"}
	if c.Network {
		args = append(args, "--share-net")
	}
	for _, path := range sorted(l.Links) {
		if !within(path, "/dev") {
			args = append(args, "--symlink", l.Links[path], path)
		}
	}
	for _, path := range sorted(l.Files) {
		fd, err := b.data([]byte(l.Files[path]))
		if err != nil {
			return nil, err
		}
		args = append(args, "--ro-bind-data", fd, path)
	}
	for _, m := range l.Mounts {
		args = append(args, b.mount(m)...)
	}
	var filter bytes.Buffer
	if err := binary.Write(&filter, binary.NativeEndian, systemCallFilter()); err != nil {
		return nil, unavailable(err)
	}
	fd, err := b.data(filter.Bytes())
	if err != nil {
		return nil, err
	}
	return append(args, "--remount-ro", "/", "--seccomp", fd, "--chdir", c.Dir), nil
}

func sorted(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (b *bubblewrap) mount(m mount) []string {
	switch m.Kind {
	case mountReadOnly:
		if m.Optional {
			return []string{"--ro-bind-try", m.Source, m.Target}
		}
		return []string{"--ro-bind", m.Source, m.Target}
	case mountWorking:
		return []string{"--bind", m.Source, m.Target}
	case mountGuarded:
		if info, err := os.Lstat(m.Source); err != nil || info.Mode()&os.ModeSymlink != 0 {
			return nil
		}
		return []string{"--ro-bind-try", m.Source, m.Target}
	case mountScratch:
		return []string{"--size", strconv.FormatInt(b.limits.Scratch, 10), "--tmpfs", m.Target}
	case mountCached:
		if m.Written {
			return []string{"--size", strconv.FormatInt(b.limits.Scratch, 10), "--tmpfs", m.Target}
		}
		return []string{"--ro-bind-try", m.Source, m.Target}
	case mountDevice: // --dev has them
	}
	return nil
}

// limited is the shell program that sets limits, prints the mark and becomes the
// command. Sizes are in blocks of 512 bytes and in KiB; shells do not agree on the
// letter for processes.
func (b *bubblewrap) limited() string {
	return fmt.Sprintf(`ulimit -c 0; ulimit -f %d; ulimit -d %d; if (ulimit -u %[3]d) 2>/dev/null; then ulimit -u %[3]d; else ulimit -p %[3]d; fi; echo; exec /bin/sh -c "$0"`,
		b.limits.FileSize/512, b.limits.Memory/1024, b.limits.Processes)
}

// run starts bwrap. Its own failures end with exit code 1 and a message that
// begins with its name; the mark tells that it did not fail.
func (b *bubblewrap) run(ctx context.Context, c Command, program string, args []string) (Result, error) {
	limited, cancel := withTimeout(ctx, c.Timeout)
	defer cancel()
	out := &marked{capture: newCapture(c.MaxOutput)}
	cmd := exec.CommandContext(limited, program, append(args, "--", "/bin/sh", "-c", b.limited(), c.Shell)...)
	cmd.Env, cmd.Dir, cmd.ExtraFiles = confinedEnvironment(c), "/", b.files
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, drain
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{}, unavailable(err)
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		return Result{}, fmt.Errorf("run command: %w", context.Cause(ctx))
	}
	if !out.seen && limited.Err() == nil {
		return Result{}, &unableError{reason: fmt.Sprintf("bwrap fails: %.200s", bytes.TrimSpace(out.before)), hint: checkHint}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && limited.Err() == nil {
		return Result{}, unavailable(err)
	}
	return Result{
		ExitCode: exitCode(cmd.ProcessState), TimedOut: limited.Err() != nil, Took: time.Since(started),
		Output: out.String(), Written: out.written, Confinement: ConfinementBubblewrap, Network: c.Network,
	}, nil
}

// marked captures what follows the first empty line, which the shell prints
// inside: what comes before are warnings and errors of bwrap.
type marked struct {
	*capture
	seen   bool
	before []byte
}

func (m *marked) Write(p []byte) (int, error) {
	if m.seen {
		return m.capture.Write(p)
	}
	m.before = append(m.before, p...)
	var rest []byte
	if rest, m.seen = bytes.CutPrefix(m.before, []byte("\n")); !m.seen {
		_, rest, m.seen = bytes.Cut(m.before, []byte("\n\n"))
	}
	if m.seen {
		_, _ = m.capture.Write(rest) // never fails
	}
	return len(p), nil
}
