package journald

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// fake is a journalctl that prints this as JSON. It says beside it what the real one
// says only where it prints something else.
func fake(t *testing.T, out, said string, code int) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"out": out, "said": said} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "journalctl")
	script := fmt.Sprintf("#!/bin/sh\ncd %q\ncase $1 in --output=short) cat said >&2; exit 0;; esac\ncat out\ncat said >&2\nexit %d\n", dir, code)
	if err := os.WriteFile(name, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func row(at time.Time, text string) string {
	return fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d","_SYSTEMD_UNIT":"shop.service","_HOSTNAME":"web-1","MESSAGE":%q}`+"\n", at.UnixMicro(), text)
}

func TestRead(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 23, 9, 10, 0, 500_000_000, time.UTC)
	q := selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: base, To: base.Add(time.Minute)}}
	f := func(name, out, said string, code int, want int, failure selfheal.Code) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := New(Config{Program: fake(t, out, said, code)})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			err = s.Read(t.Context(), q, func(e *selfheal.Entry) error {
				n++
				if e.Stream != "web-1/shop.service" {
					t.Errorf("stream %q", e.Stream)
				}
				return nil
			})
			if failure == "" && err != nil || failure != "" && selfheal.CodeOf(err) != failure || n != want {
				t.Errorf("%d entries, %v, want %d and %q", n, err, want, failure)
			}
			if err != nil && selfheal.HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
		})
	}
	good := row(base.Add(-1), "before") + row(base, "a") + row(base, "a") + row(base.Add(time.Minute-time.Microsecond), "b") + row(base.Add(time.Minute), "after")
	f("entries of the interval", good, "", 0, 3, "")
	f("nothing", "", "-- No entries --\n", 0, 0, "")
	f("no journal", "", "No journal files were found.\n", 0, 0, selfheal.CodeUnavailable)
	f("a part of the journal", good, "Hint: You are currently not seeing messages from other users and the system.\n", 0, 0, selfheal.CodeUnavailable)
	f("it fails", good, "Failed to open\n", 1, 3, selfheal.CodeUnavailable)
	f("cut off", good[:len(good)/2+40], "", 0, 1, selfheal.CodeUnavailable)
	f("no JSON", "lost\n", "", 0, 0, selfheal.CodeUnavailable)
	f("another shape", "{}\n", "", 0, 0, selfheal.CodeUnavailable)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Units: []string{"{service}@*.service"}, Matches: []string{"_COMM=shop"}, Args: []string{"--directory=/j"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.arguments(selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: time.Unix(10, 5), To: time.Unix(20, 5)}})
	want := []string{"--output=json", "--no-pager", "--directory=/j", "--since=@10", "--until=@21", "--unit=shop@*.service", "_COMM=shop"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := New(Config{Matches: []string{"--vacuum-size=1"}}); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("an option instead of a match: %v", err)
	}
}

// TestRealJournalctl: the program takes the arguments, and fails where there is nothing to read from.
func TestRealJournalctl(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("SKIPPED: there is no journalctl on PATH")
	}
	s, err := New(Config{Program: program, Args: []string{"--directory=" + t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	args, err := s.arguments(selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: time.Unix(10, 5), To: time.Unix(20, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := filepath.Glob("/*/log/journal/*/*.journal"); err == nil && len(found) == 0 {
		bare, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := bare.Read(t.Context(), selfheal.Query{Service: "shop"}, func(*selfheal.Entry) error { return nil }); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
			t.Errorf("a machine without a journal: %v", err)
		}
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%q does not take %q: %v: %s", program, args, err, out)
	}
	if s, err = New(Config{Program: program, Args: []string{"--directory=" + filepath.Join(t.TempDir(), "gone")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context()); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("a folder that is not there: %v", err)
	}
}
