package demo

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"selfheal"
)

// requireTools fails with a hint when a program that the demo runs is missing.
func requireTools() error {
	for _, tool := range []struct{ name, hint string }{
		{"git", "install git and put it on PATH"},
		{"go", "install Go (https://go.dev/dl) and put it on PATH: the demo compiles the service that it watches"},
		{"sh", "the demo builds its service with a shell script: run it where there is a POSIX shell"},
	} {
		if _, err := exec.LookPath(tool.name); err != nil {
			return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "prepare the demo", Message: tool.name + " was not found", Hint: tool.hint, Err: err}
		}
	}
	return nil
}

// environment is the process's own, without the variables that begin with one of
// the dropped prefixes, and with the added ones.
func environment(dropped []string, added ...string) []string {
	var env []string
next:
	for _, entry := range os.Environ() {
		for _, prefix := range dropped {
			if strings.HasPrefix(entry, prefix) {
				continue next
			}
		}
		env = append(env, entry)
	}
	return append(env, added...)
}

// gitEnvironment shields the demo from the configuration of whoever runs it.
func gitEnvironment() []string {
	return environment([]string{"GIT_"}, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
}

// buildEnvironment leaves everything that the standard library's packages are
// compiled with as it is, so that they are already in the build cache.
func buildEnvironment() []string {
	return environment([]string{"GIT_"}, "GOFLAGS=-mod=mod -buildvcs=false", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
}

// command prepares a program that ends, with all its children, when ctx does.
func command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	ownGroup(cmd)
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// git runs one git command and gives what it printed.
func git(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	cmd := command(ctx, dir, gitEnvironment(), "git", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], errors.Join(ctx.Err(), err), strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// export writes the files of a commit into a new directory.
func export(ctx context.Context, repository, commit, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("export %s: %w", selfheal.ShortRevision(commit), err)
	}
	cmd := command(ctx, repository, gitEnvironment(), "git", "archive", "--format=tar", commit)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("export %s: %w", selfheal.ShortRevision(commit), err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("export %s: %w", selfheal.ShortRevision(commit), err)
	}
	unpacked := unpack(stdout, dir)
	_, _ = io.Copy(io.Discard, stdout)
	if err := errors.Join(cmd.Wait(), unpacked); err != nil {
		return fmt.Errorf("export %s: %w: %s", selfheal.ShortRevision(commit), err, strings.TrimSpace(stderr.String()))
	}
	return nil
}

// unpack writes the directories and plain files of a tar archive, none of them outside dir.
func unpack(archive io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it was only a name
	for entries := tar.NewReader(archive); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := unpackFile(root, entry, entries); err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, entry *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(entry.Name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(entry.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, entry.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

// build runs the build script of an exported commit; what it prints goes to log.
func build(ctx context.Context, tree, commit, output string, log io.Writer) error {
	absolute, err := filepath.Abs(output)
	if err != nil {
		return err
	}
	cmd := command(ctx, tree, buildEnvironment(), "sh", "scripts/build.sh", commit, absolute)
	cmd.Stdout, cmd.Stderr = log, log
	return errors.Join(cmd.Run(), ctx.Err())
}
