package command

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func run(t *testing.T, ctx context.Context, script string, timeout time.Duration) ([]string, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "print")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := Program{Args: []string{name}, Timeout: timeout, Scrub: func(s string) string { return strings.ReplaceAll(s, "s3cr3t", "***") }}.Run(ctx, func(l Line) error {
		got = append(got, string(l.Text))
		return nil
	})
	return got, err
}

func TestRun(t *testing.T) {
	t.Parallel()
	f := func(name, script string, want []string, code selfheal.Code, says string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := run(t, t.Context(), script, 20*time.Second)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if code == "" && err != nil || code != "" && (selfheal.CodeOf(err) != code || !strings.Contains(err.Error(), says)) {
				t.Errorf("error %v, want %s %q", err, code, says)
			}
		})
	}
	f("lines", `printf 'a\r\n\nb'`, []string{"a", "", "b"}, "", "")
	f("nothing", "true", nil, "", "")
	f("it fails", `echo a; echo "no s3cr3t here" >&2; exit 3`, []string{"a"}, selfheal.CodeUnavailable, "no *** here")
	f("it is killed", "kill -9 $$", nil, selfheal.CodeUnavailable, "killed")
}

func TestEnds(t *testing.T) {
	t.Parallel()
	if _, err := run(t, t.Context(), "echo a; exec sleep 60", 100*time.Millisecond); selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), "longer") {
		t.Errorf("a program that hangs: %v", err)
	}
	enough := errors.New("enough")
	err := Program{Args: []string{"yes"}}.Run(t.Context(), func(Line) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("a reader that has enough: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Program{Args: []string{"yes"}}.Run(ctx, func(Line) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a reader that is called off: %v", err)
	}
	err = Program{Args: []string{"/no/such/program"}}.Run(t.Context(), func(Line) error { return nil })
	if selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" {
		t.Errorf("no such program: %v", err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.StringMatching(`[a-z ]{0,5}|x{200,300}`)).Draw(t, "lines")
		text := strings.Join(want, "\n")
		if len(want) > 0 {
			text += "\n"
		}
		var in io.Reader = strings.NewReader(text)
		if rapid.Bool().Draw(t, "slowly") {
			in = iotest.OneByteReader(in)
		}
		got := []string{}
		if err := Lines(in, func(l Line) error { got = append(got, string(l.Text)); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Error(diff)
		}
	})
	f := func(size, want int, cut bool) {
		t.Helper()
		var got []Line
		err := Lines(strings.NewReader(strings.Repeat("x", size)+"\nnext"), func(l Line) error {
			got = append(got, Line{[]byte(string(l.Text)), l.Truncated})
			return nil
		})
		if err != nil || len(got) != 2 || len(got[0].Text) != want || got[0].Truncated != cut || string(got[1].Text) != "next" || got[1].Truncated {
			t.Errorf("%d: %v, %d lines of %d", size, err, len(got), len(got[0].Text))
		}
	}
	f(maxLine-1, maxLine-1, false)
	f(maxLine, maxLine, false)
	f(maxLine+1, maxLine, true)
	f(3*maxLine, maxLine, true)
}
