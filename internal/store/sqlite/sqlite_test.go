package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/store/sqlite"
	"selfheal/internal/store/storetest"
)

func open(t *testing.T, path string, options ...sqlite.Option) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, clock selfheal.Clock) selfheal.Store {
		return open(t, filepath.Join(t.TempDir(), "store.db"), sqlite.WithClock(clock))
	})
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	storetest.RunPullRequests(t, func(t *testing.T) selfheal.PullRequestStore {
		return open(t, filepath.Join(t.TempDir(), "store.db"))
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	storetest.RunCounts(t, func(t *testing.T) selfheal.CountStore {
		return open(t, filepath.Join(t.TempDir(), "store.db"))
	})
}

func TestProcesses(t *testing.T) {
	location := func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") }
	storetest.RunProcesses(t, location, func(ctx context.Context, location string) (storetest.Closer, error) {
		return sqlite.Open(ctx, location)
	})
}

func TestCountProcesses(t *testing.T) {
	location := func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") }
	storetest.RunCountProcesses(t, location, func(ctx context.Context, location string) (storetest.CountCloser, error) {
		return sqlite.Open(ctx, location)
	})
}

func appendOne(t *testing.T, store *sqlite.Store, version int, payload string) error {
	t.Helper()
	e := selfheal.Event{Actor: "test", Type: selfheal.EventIncidentClosed, Payload: json.RawMessage(payload)}
	return store.Append(t.Context(), "incident:a/b/c", version, e)
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	t.Parallel()
	// Every byte that means something in a URL or to SQLite stands in the name.
	path := filepath.Join(t.TempDir(), "new ?_pragma=x&#%41", "deep:'", "store;%.db")
	store := open(t, path)
	if err := appendOne(t, store, 0, `{}`); err != nil {
		t.Fatal(err)
	}
	mode := func(path string, want os.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s is %o, want %o", path, got, want)
		}
	}
	mode(filepath.Dir(path), 0o700)
	mode(path, 0o600)
	mode(path+"-wal", 0o600)
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	for version := range 3 {
		store, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := appendOne(t, store, version, fmt.Sprint(version)); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	events, err := open(t, path).Events(t.Context(), "incident:a/b/c")
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, error %v", len(events), err)
	}
}

func TestJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	if err := appendOne(t, open(t, path), 0, `{}`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE events SET actor = 'somebody else'", "DELETE FROM events"} {
		if err := execute(t, path, statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// execute runs a statement behind the store's back.
func execute(t *testing.T, path, statement string) error {
	t.Helper()
	handle, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	_, err = handle.ExecContext(t.Context(), statement)
	return err
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	f := func(name string, prepare func(t *testing.T, path string), message string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store.db")
			prepare(t, path)
			before, _ := os.ReadFile(path)
			store, err := sqlite.Open(t.Context(), path)
			if err == nil {
				store.Close()
				t.Fatal("opened")
			}
			if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), message) || selfheal.HintOf(err) == "" {
				t.Errorf("code %s, hint %q, error: %v\nwant %q", selfheal.CodeOf(err), selfheal.HintOf(err), err, message)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was written to")
			}
		})
	}
	write := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	statement := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			for _, s := range statements {
				if err := execute(t, path, s); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	f("text file", write(strings.Repeat("a log line\n", 500)), "is not a selfheal store")
	f("short file", write("x"), "is not a selfheal store")
	f("database of another program", statement("CREATE TABLE bookmarks (url TEXT)"), "database of another program")
	f("marked by another program", statement("PRAGMA application_id = 7"), "database of another program")
	f("newer schema", func(t *testing.T, path string) {
		store, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		statement("INSERT INTO selfheal_schema (version_id, is_applied) VALUES (999, 1)")(t, path)
	}, "written by a newer selfheal")
	f("directory", func(t *testing.T, path string) {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}, "is a directory")
}

func TestDamagedFileIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(content); i++ {
		content[i] = 0xa5
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = sqlite.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Fatalf("error %v", err)
	}
}
