// Package pgtest gives tests a real Postgres: the one at SELFHEAL_POSTGRES, or a new
// one that lives as long as the test's process.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable is the environment variable that holds the address of a server for tests,
// whose user may make schemas.
const Variable = "SELFHEAL_POSTGRES"

// Server is a server that starts when it is first asked for. The zero value is ready.
// A package's tests share one, and stop it when all are done: see [Server.Main].
type Server struct {
	once    sync.Once
	address string
	missing string // why there is none
	failed  error
	stop    func() error
	schemas atomic.Int64
}

// Main runs a package's tests and stops the server; it is the body of TestMain.
func (s *Server) Main(m *testing.M) int {
	code := m.Run()
	if s.stop == nil {
		return code
	}
	if err := s.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Address gives the address of a schema that nobody else uses. It is dropped after
// the test. Without a server the test is skipped.
func (s *Server) Address(t *testing.T) string {
	t.Helper()
	s.once.Do(s.start)
	if s.missing != "" {
		t.Skipf("SKIPPED, NOT TESTED WITH POSTGRES: %s; install postgresql, or set %s to the address of a server", s.missing, Variable)
	}
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	schema := fmt.Sprintf("selfheal_test_%d_%d", os.Getpid(), s.schemas.Add(1))
	t.Cleanup(func() {
		// The test's context has ended by now.
		if err := Execute(context.WithoutCancel(t.Context()), s.address, "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("search_path", schema)
	query.Set("pool_max_conns", "6") // of many tests at once
	address.RawQuery = query.Encode()
	return address.String()
}

// Execute runs statements at an address, behind a store's back.
func Execute(ctx context.Context, address string, statements ...string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	delete(config.RuntimeParams, "pool_max_conns")
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := connection.Exec(ctx, statement); err != nil {
			return errors.Join(err, connection.Close(ctx))
		}
	}
	return connection.Close(ctx)
}

func (s *Server) start() {
	if s.address = os.Getenv(Variable); s.address != "" {
		return
	}
	initdb, postgres := find("initdb"), find("postgres")
	if initdb == "" || postgres == "" {
		s.missing = "initdb and postgres are neither in PATH nor in /usr/lib/postgresql"
		return
	}
	s.failed = s.launch(initdb, postgres)
}

// find gives the path of a program, also where Debian keeps it; empty when there is none.
func find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err != nil || len(paths) == 0 {
		return ""
	}
	return paths[len(paths)-1]
}

// underShell runs the server until standard input ends, and so no longer than the
// tests, however they end.
const underShell = `"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server`

func (s *Server) launch(initdb, postgres string) error {
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	create := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	create.Dir = dir
	if err := unprivileged(create, dir); err != nil {
		return err
	}
	if output, err := create.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	serve := exec.Command("sh", "-c", underShell, "sh", postgres, "-D", data, "-c", "listen_addresses=",
		"-c", "unix_socket_directories="+dir, "-c", "fsync=off", "-c", "max_connections=200")
	serve.Dir = dir
	var said strings.Builder
	serve.Stdout, serve.Stderr = &said, &said
	if err := unprivileged(serve, dir); err != nil {
		return err
	}
	input, err := serve.StdinPipe()
	if err != nil {
		return err
	}
	if err := serve.Start(); err != nil {
		return err
	}
	s.stop = func() error { return stop(serve, input, dir) }
	s.address = "postgres://postgres@/postgres?sslmode=disable&host=" + url.QueryEscape(dir)
	return s.await()
}

// stop ends the server, which counts an immediate shutdown as a failure.
func stop(serve *exec.Cmd, input io.Closer, dir string) error {
	err := input.Close()
	_ = serve.Wait()
	return errors.Join(err, os.RemoveAll(dir))
}

// await waits until the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := Execute(ctx, s.address, "SELECT 1")
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}
