package app_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/git/gittest"
)

// realBuilders names the builders that may be run, as scripts/builders sets it:
// "classic" and "buildkit" need a docker daemon, "buildah" only its program.
const realBuilders = "SELFHEAL_BUILDERS"

// builder is a way to build the Dockerfile of the current folder without any network.
type builder struct {
	name string
	env  []string
	args func(t *testing.T) []string
}

func builders() []builder {
	docker := func(extra ...string) func(*testing.T) []string {
		return func(*testing.T) []string {
			return append([]string{"docker", "build", "--no-cache", "--network", "none"}, append(extra, ".")...)
		}
	}
	return []builder{
		{"classic", []string{"DOCKER_BUILDKIT=0"}, docker()},
		{"buildkit", []string{"DOCKER_BUILDKIT=1"}, docker("--progress=plain")},
		{"buildah", nil, func(t *testing.T) []string {
			dir := t.TempDir()
			policy := filepath.Join(dir, "policy.json")
			if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{
				"buildah", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs",
				"build", "--isolation", "chroot", "--signature-policy", policy, ".",
			}
		}},
	}
}

// compiler is what stands in the images for one: a real one takes minutes and a base image.
const compiler = `package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("compiling")
	fmt.Fprintln(os.Stderr, "# example.com/shop\n./main.go:6:2: declared and not used: x")
	os.Exit(3)
}
`

// TestRealBuilders runs real builders on images without a base, so that nothing
// is pulled: what they print must be understood.
func TestRealBuilders(t *testing.T) {
	allowed := strings.Fields(os.Getenv(realBuilders))
	if len(allowed) == 0 {
		t.Skipf("SKIPPED: %s names no builders; scripts/builders starts them where it can", realBuilders)
	}
	binary := filepath.Join(t.TempDir(), "compile")
	buildCompiler(t, binary)
	for _, b := range builders() {
		t.Run(b.name, func(t *testing.T) {
			if !slices.Contains(allowed, b.name) {
				t.Skipf("SKIPPED: %s does not name %s", realBuilders, b.name)
			}
			b.green(t)
			b.fails(t, "copy", "FROM scratch\nCOPY hello.txt /\nCOPY gone.txt /\n", selfheal.BuildMissingFile, 3, "gone.txt")
			b.fails(t, "syntax", "FROM scratch\nCOPY hello.txt /\nRUNN true\n", selfheal.BuildSyntax, 3, "RUNN")
			b.fails(t, "compile", "FROM scratch\nCOPY compile /\n\nRUN [\"/compile\", \"-o\", \"server\"]\n", selfheal.BuildCompile, 4, "declared and not used: x", binary)
		})
	}
}

func buildCompiler(t *testing.T, binary string) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte(compiler), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", binary, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// run builds a context and gives how it ended; programs are copied into it.
func (b builder) run(t *testing.T, dockerfile string, programs ...string) (*gittest.Repository, app.BuildRun, []string) {
	t.Helper()
	r := gittest.New(t)
	for _, p := range programs {
		content, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.Dir, filepath.Base(p)), content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.Commit("service", "Dockerfile", dockerfile, "hello.txt", "hello\n")
	args := b.args(t)
	// The builder works in the current folder, and this process has only one.
	wrapped := append([]string{"env"}, b.env...)
	wrapped = append(wrapped, "sh", "-c", `cd "$0" && exec timeout 120 "$@"`, r.Dir)
	var out bytes.Buffer
	run, err := app.RunBuild(app.Command{Args: append(wrapped, args...), In: strings.NewReader(""), Out: &out, Err: &out}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: exit code %d\n%s", b.name, run.ExitCode, out.String())
	return r, run, args
}

// green skips where a builder is there and cannot work: what it would print of failures is then about the machine.
func (b builder) green(t *testing.T) {
	t.Helper()
	if _, run, _ := b.run(t, "FROM scratch\nCOPY hello.txt /\n"); run.ExitCode != 0 {
		t.Skipf("SKIPPED: %s cannot build anything on this machine", b.name)
	}
}

func (b builder) fails(t *testing.T, name, dockerfile string, class selfheal.BuildClass, at int, message string, programs ...string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		r, run, args := b.run(t, dockerfile, programs...)
		if len(programs) > 0 && !strings.Contains(string(run.Output), "compiling") {
			t.Skipf("SKIPPED: %s cannot execute programs on this machine", b.name)
		}
		a := openBuild(t, r.Dir)
		got, err := a.BuildFailed(context.Background(), app.BuildRequest{
			Args: args, Checkout: app.Checkout{Revision: r.Git("rev-parse", "HEAD")}, Output: run.Output, Failure: run.Failure,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := got.Failure
		if run.ExitCode == 0 || f.Class != class || f.Line != at || !strings.Contains(f.Errors[0].Message, message) {
			t.Errorf("exit code %d, %s at line %d, %+v; want %s at line %d, %q", run.ExitCode, f.Class, f.Line, f.Errors, class, at, message)
		}
	})
}
