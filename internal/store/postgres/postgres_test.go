package postgres_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pgconnect/pgtest"
	"selfheal/internal/store/postgres"
	"selfheal/internal/store/storetest"
)

var server pgtest.Server

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

func open(t *testing.T, address string, options ...postgres.Option) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), address, options...)
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
		return open(t, server.Address(t), postgres.WithClock(clock))
	})
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	storetest.RunPullRequests(t, func(t *testing.T) selfheal.PullRequestStore {
		return open(t, server.Address(t))
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	storetest.RunCounts(t, func(t *testing.T) selfheal.CountStore {
		return open(t, server.Address(t))
	})
}

func TestProcesses(t *testing.T) {
	storetest.RunProcesses(t, server.Address, func(ctx context.Context, location string) (storetest.Closer, error) {
		return postgres.Open(ctx, location)
	})
}

func TestCountProcesses(t *testing.T) {
	storetest.RunCountProcesses(t, server.Address, func(ctx context.Context, location string) (storetest.CountCloser, error) {
		return postgres.Open(ctx, location)
	})
}

func TestLeasesGoByTheServersClock(t *testing.T) {
	t.Parallel()
	store := open(t, server.Address(t))
	if _, err := store.Lease(t.Context(), "incident:x", "first", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lease(t.Context(), "incident:x", "second", time.Hour); selfheal.CodeOf(err) != selfheal.CodeConflict {
		t.Fatalf("error %v", err)
	}
	if _, err := store.Lease(t.Context(), "incident:y", "first", -time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lease(t.Context(), "incident:y", "second", time.Hour); err != nil {
		t.Fatal(err)
	}
}

func appendOne(t *testing.T, store *postgres.Store, version int) error {
	t.Helper()
	e := selfheal.Event{Actor: "test", Type: selfheal.EventIncidentClosed, Payload: json.RawMessage(`{}`)}
	return store.Append(t.Context(), "incident:a/b/c", version, e)
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	address := server.Address(t)
	for version := range 3 {
		if err := appendOne(t, open(t, address), version); err != nil {
			t.Fatal(err)
		}
	}
	events, err := open(t, address).Events(t.Context(), "incident:a/b/c")
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, error %v", len(events), err)
	}
}

func TestJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	address := server.Address(t)
	if err := appendOne(t, open(t, address), 0); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE events SET actor = 'somebody else'", "DELETE FROM events", "TRUNCATE events"} {
		if err := pgtest.Execute(t.Context(), address, statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// A version that was read, and a row that somebody else put there meanwhile.
func TestVersionsAreUniqueBehindTheStoresBack(t *testing.T) {
	t.Parallel()
	address := server.Address(t)
	if err := appendOne(t, open(t, address), 0); err != nil {
		t.Fatal(err)
	}
	again := "INSERT INTO events (stream, version, time, actor, type, payload) SELECT stream, version, time, actor, type, payload FROM events"
	if err := pgtest.Execute(t.Context(), address, again); err == nil {
		t.Error("a stream has one version twice")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	f := func(name string, address func(t *testing.T) string, code selfheal.Code, message string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := postgres.Open(t.Context(), address(t))
			if err == nil {
				store.Close()
				t.Fatal("opened")
			}
			if selfheal.CodeOf(err) != code || !strings.Contains(err.Error(), message) || selfheal.HintOf(err) == "" {
				t.Errorf("code %s, hint %q, error: %v\nwant %q", selfheal.CodeOf(err), selfheal.HintOf(err), err, message)
			}
			if strings.Contains(err.Error()+selfheal.HintOf(err), "hunter2") {
				t.Errorf("the password is in: %v", err)
			}
		})
	}
	fixed := func(address string) func(*testing.T) string { return func(*testing.T) string { return address } }
	changed := func(change func(*url.URL, url.Values)) func(*testing.T) string {
		return func(t *testing.T) string {
			address, err := url.Parse(server.Address(t))
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			change(address, query)
			address.RawQuery = query.Encode()
			return address.String()
		}
	}
	f("no address", fixed("postgres://u:hunter2@host:port/x"), selfheal.CodeUsage, "not an address")
	f("nobody listens", fixed("postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=2"), selfheal.CodeUnavailable, "does not answer")
	f("several schemas", fixed("postgres://u:hunter2@127.0.0.1:1/x?search_path=a,b"), selfheal.CodeUsage, "cannot be the schema")
	f("the public schema", fixed("postgres://u:hunter2@127.0.0.1:1/x?search_path=public"), selfheal.CodeUsage, "cannot be the schema")
	f("unknown database", changed(func(u *url.URL, _ url.Values) { u.Path = "/nosuch" }), selfheal.CodeUnavailable, "no such database")
	f("unknown user", changed(func(u *url.URL, _ url.Values) { u.User = url.UserPassword("nobody", "hunter2") }), selfheal.CodeUnavailable, "refused the user")
	f("only reading", changed(func(_ *url.URL, q url.Values) { q.Set("default_transaction_read_only", "on") }), selfheal.CodeUnavailable, "can only be read")
	f("schema of another program", func(t *testing.T) string {
		address := server.Address(t)
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		schema := parsed.Query().Get("search_path")
		if err := pgtest.Execute(t.Context(), address, "CREATE SCHEMA "+schema, "CREATE TABLE bookmarks (url text)"); err != nil {
			t.Fatal(err)
		}
		return address
	}, selfheal.CodeUnavailable, "tables of another program")
	f("newer schema", func(t *testing.T) string {
		address := server.Address(t)
		open(t, address)
		if err := pgtest.Execute(t.Context(), address, "INSERT INTO selfheal_schema (version_id, is_applied) VALUES (999, true)"); err != nil {
			t.Fatal(err)
		}
		return address
	}, selfheal.CodeUnavailable, "written by a newer selfheal")
}

func TestDamageIsSaid(t *testing.T) {
	t.Parallel()
	address := server.Address(t)
	store := open(t, address)
	scope := selfheal.Scope{Service: "shop", Environment: "prod"}
	tally := selfheal.Tally{Scope: scope, Minute: 7, Writer: "a", Counts: map[selfheal.SignatureID]selfheal.Tallied{"g2-1": {N: 1}}}
	if err := store.PutTallies(t.Context(), []selfheal.Tally{tally}, nil); err != nil {
		t.Fatal(err)
	}
	if err := pgtest.Execute(t.Context(), address, `UPDATE tallies SET counts = '\x0100'`); err != nil {
		t.Fatal(err)
	}
	_, err := store.Counted(t.Context(), scope, selfheal.Interval{})
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("error %v", err)
	}
}
