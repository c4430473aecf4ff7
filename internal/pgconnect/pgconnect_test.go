package pgconnect_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"selfheal"
	"selfheal/internal/pgconnect"
	"selfheal/internal/pgconnect/pgtest"
)

var server pgtest.Server

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

func open(t *testing.T, address string) *pgconnect.Pool {
	t.Helper()
	pool, err := pgconnect.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// fill makes the schema with a table of two rows.
func fill(t *testing.T, pool *pgconnect.Pool) {
	t.Helper()
	err := pool.Exclusively(t.Context(), func(ctx context.Context) error {
		_, err := pool.Exec(ctx, "CREATE TABLE t AS SELECT n, 0 AS sum FROM generate_series(1, 2) AS n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"postgres://h/d": true, "postgresql:///d": true, "store.db": false, "/postgres://x": false, "": false} {
		if pgconnect.Is(address) != want {
			t.Errorf("%q is an address of Postgres: %t, want %t", address, !want, want)
		}
	}
}

// Two transactions that take two rows in opposite order: Postgres ends one, which is run again.
func TestADeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	pool := open(t, server.Address(t))
	fill(t, pool)
	var runs atomic.Int32
	var met sync.WaitGroup
	met.Add(2)
	var group sync.WaitGroup
	for n := range 2 {
		first := sync.OnceFunc(func() { met.Done(); met.Wait() })
		group.Go(func() {
			err := pool.Transact(t.Context(), pgx.TxOptions{}, func(tx pgx.Tx) error {
				runs.Add(1)
				if _, err := tx.Exec(t.Context(), "UPDATE t SET sum = sum + 1 WHERE n = $1", 1+n); err != nil {
					return err
				}
				first()
				_, err := tx.Exec(t.Context(), "UPDATE t SET sum = sum + 1 WHERE n = $1", 2-n)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	var sum int
	if err := pool.QueryRow(t.Context(), "SELECT sum(sum) FROM t").Scan(&sum); err != nil || sum != 4 || runs.Load() < 3 {
		t.Errorf("sum %d after %d runs, error %v; want 4 after 3", sum, runs.Load(), err)
	}
}

func TestExclusivelyIsExclusive(t *testing.T) {
	t.Parallel()
	address := server.Address(t)
	var inside, most atomic.Int32
	var group sync.WaitGroup
	for range 4 {
		pool := open(t, address)
		group.Go(func() {
			for range 5 {
				err := pool.Exclusively(t.Context(), func(context.Context) error {
					most.Store(max(most.Load(), inside.Add(1)))
					inside.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if most.Load() != 1 {
		t.Errorf("%d were inside at once", most.Load())
	}
}

// As after a restart of the server: connections that idle in the pool are gone.
func TestLostConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	pool := open(t, server.Address(t))
	fill(t, pool)
	other := open(t, server.Address(t))
	for range 3 {
		if _, err := other.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1", backend(t, pool)); err != nil {
			t.Fatal(err)
		}
		var err error
		for range 3 { // what was sent and not answered is for the caller to try again
			err = pool.Transact(t.Context(), pgx.TxOptions{}, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE t SET sum = sum + 1")
				return err
			})
			if err == nil {
				break
			}
			if err = pool.Fault("add", err); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
				t.Errorf("code %s of %v", selfheal.CodeOf(err), err)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func backend(t *testing.T, pool *pgconnect.Pool) (pid int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestNoPasswordIsSaid(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://u:hunter2@127.0.0.1:1/d?connect_timeout=1", "postgres://u:hunter2@h:x/d", "postgres://u:hunter2@h/d?sslmode=maybe",
		"postgres://u:hunter2@127.0.0.1:1/d?search_path=A", "postgres://u:hunter2@127.0.0.1:1/d?pool_max_conns=x",
	} {
		_, err := pgconnect.Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error()+selfheal.HintOf(err), "hunter2") || selfheal.HintOf(err) == "" {
			t.Errorf("%s: %v (%s)", address, err, selfheal.HintOf(err))
		}
	}
}
