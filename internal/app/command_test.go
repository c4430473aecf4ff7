package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/git/gittest"
)

func TestOutputKeepsBothEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var kept app.Output
		var all bytes.Buffer
		for range rapid.IntRange(0, 12).Draw(t, "writes") {
			p := bytes.Repeat([]byte{byte('a' + all.Len()%26)}, rapid.IntRange(0, 700<<10).Draw(t, "size"))
			all.Write(p)
			if n, err := kept.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		}
		got := kept.Bytes()
		if all.Len() <= 2<<20 {
			if !bytes.Equal(got, all.Bytes()) {
				t.Fatalf("%d bytes of %d", len(got), all.Len())
			}
			return
		}
		if len(got) > 2<<20+100 || !bytes.HasPrefix(got, all.Bytes()[:512<<10]) || !bytes.HasSuffix(got, all.Bytes()[all.Len()-1<<20:]) || !bytes.Contains(got, []byte("bytes left out")) {
			t.Fatalf("%d bytes are kept of %d", len(got), all.Len())
		}
	})
}

// broken is a terminal that went away.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCommandsEndAsTheyWould(t *testing.T) {
	t.Parallel()
	f := func(script string, out io.Writer, want int) {
		t.Helper()
		var tee bytes.Buffer
		code, err := app.Command{Args: []string{"sh", "-c", script}, In: strings.NewReader("in\n"), Out: out, Err: io.Discard, Tee: &tee}.Run()
		if code != want || err != nil {
			t.Errorf("%s: %d %v, want %d", script, code, err, want)
		}
	}
	f("exit 0", io.Discard, 0)
	f("exit 250", io.Discard, 250)
	f("kill -9 $$", io.Discard, 137)
	f("read x && [ \"$x\" = in ]", io.Discard, 0)
	f("yes", broken{}, 141) // SIGPIPE, as without selfheal
	code, err := app.Command{Args: []string{"no-such-command-at-all"}, Out: io.Discard, Err: io.Discard, Tee: io.Discard}.Run()
	if code != 127 || selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("%d %v", code, err)
	}
}

// TestGreenBuilds: the change is counted from the newest green build that the
// failed revision descends from.
func TestGreenBuilds(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	first := r.Commit("first", "a.txt", "1\n")
	r.Git("checkout", "--quiet", "-b", "side")
	side := r.Commit("side", "b.txt", "1\n")
	r.Git("checkout", "--quiet", "main")
	second := r.Commit("second", "a.txt", "2\n")
	a := openBuild(t, r.Dir)
	ctx := context.Background()
	green := func(revision string, dirty ...string) {
		t.Helper()
		if err := a.BuildSucceeded(ctx, app.BuildRequest{Checkout: app.Checkout{Revision: revision, Dirty: dirty}, Took: time.Second}); err != nil {
			t.Fatal(err)
		}
	}
	failed := func(revision string, dirty ...string) app.BuildReport {
		t.Helper()
		b, err := a.BuildFailed(ctx, app.BuildRequest{
			Checkout: app.Checkout{Revision: revision, Dirty: dirty}, Output: []byte("x"),
			Failure: selfheal.BuildFailure{Class: selfheal.BuildCompile, Errors: []selfheal.BuildError{{Class: selfheal.BuildCompile, File: "/app/a.txt", Line: 1, Message: "x"}}, Tail: []string{"x"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if b := failed(second); b.Base != "" || b.Since != nil || b.Report.Incident != nil {
		t.Errorf("%q is the base before anything was built", b.Base)
	}
	green(first)
	green(side)
	if b := failed(second); b.Base != first || b.Rebuilt {
		t.Errorf("the base is %q, want %q", b.Base, first)
	}
	if b := failed(first, "a.txt"); !b.Unchanged || b.Rebuilt || b.Report.Incident != nil {
		t.Errorf("a failure of changes in no commit is judged: %+v", b)
	}
	green(second, "a.txt")
	if b := failed(second, "a.txt"); b.Base != first || len(b.Uncommitted) != 1 {
		t.Errorf("the base is %q, want that of the clean tree %q; uncommitted %v", b.Base, first, b.Uncommitted)
	}
	green(second)
	if b := failed(second); !b.Rebuilt || b.Report.Incident != nil {
		t.Errorf("the same revision was built, and %+v", b.Report.Incident)
	}
}

func TestBuildIsJudgedFromARevisionThatIsNamed(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("first", "a.txt", "1\n")
	head := r.Commit("second", "a.txt", "2\n")
	a := openBuild(t, r.Dir)
	_, err := a.BuildFailed(context.Background(), app.BuildRequest{
		CheckRequest: app.CheckRequest{Base: head}, Checkout: app.Checkout{Revision: base}, Output: []byte("x"),
		Failure: selfheal.BuildFailure{Class: selfheal.BuildUnknown, Errors: []selfheal.BuildError{{Message: "x"}}, Tail: []string{"x"}},
	})
	if e := (*selfheal.Error)(nil); !errors.As(err, &e) || e.Code != selfheal.CodeUsage {
		t.Errorf("a base that is newer: %v", err)
	}
}

// TestDockerfilesAreFound: the step's line is found wherever in the repository the
// Dockerfile is, and never in another one.
func TestDockerfilesAreFound(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	head := r.Commit("service",
		"Dockerfile", "FROM a\nRUN make web\n", "api/Dockerfile", "FROM a\n\nRUN make \\\n  api\n", "api/debug.dockerfile", "FROM a\nRUN make api\n", "docs/Dockerfile", "FROM a\nRUN mkdocs\n")
	a := openBuild(t, r.Dir)
	f := func(folder string, args []string, failure selfheal.BuildFailure, want string, quote int) {
		t.Helper()
		failure.Errors, failure.Tail = []selfheal.BuildError{{Message: "x"}}, []string{"x"}
		b, err := a.BuildFailed(context.Background(), app.BuildRequest{
			Args: append([]string{"docker", "build"}, args...), Checkout: app.Checkout{Revision: head, Folder: folder}, Output: []byte("x"), Failure: failure,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s:%d", b.Failure.Dockerfile, b.Failure.Line); got != want || len(b.Quote) != quote {
			t.Errorf("%v in %q: %s, quoted %q, want %s", args, folder, got, b.Quote, want)
		}
	}
	web, api := selfheal.BuildFailure{Command: "RUN make web"}, selfheal.BuildFailure{Command: "RUN make   api"}
	f("", []string{"."}, web, "Dockerfile:2", 1)
	f("", []string{"-t", "api", "api"}, api, "api/Dockerfile:3", 2)
	f("api", []string{"."}, api, "api/Dockerfile:3", 2)
	f("", []string{"--file=api/debug.dockerfile", "api"}, api, "api/debug.dockerfile:2", 1)
	f("", []string{"-f", "api/debug.dockerfile", "."}, api, "api/debug.dockerfile:2", 1)
	f("", []string{"."}, selfheal.BuildFailure{Command: "RUN mkdocs"}, "docs/Dockerfile:2", 1)
	f("", []string{"."}, api, ":0", 0) // which of the two is not known
	f("", []string{"."}, selfheal.BuildFailure{Dockerfile: "Dockerfile", Line: 2, Command: "RUN cargo build"}, "Dockerfile:2", 0)
}
