// Package pgconnect connects to Postgres for everything that keeps something there:
// one schema of our own, so that the database can be shared with others; tables made
// by one process at a time; and errors that say what to do.
package pgconnect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"selfheal"
)

const (
	// DefaultSchema is where tables are when the address names no search_path.
	DefaultSchema = "selfheal"

	connectTimeout = 10 * time.Second
	// leastConnections keeps who holds one, for a lock or to listen, from waiting for another for ever.
	leastConnections = 4
	searchPath       = "search_path"
)

// Pool is a pool of connections whose tables are in one schema.
type Pool struct {
	*pgxpool.Pool
	// Schema is the name of the schema, which is the search path of every connection.
	Schema string
	// Place is HOST:PORT/DATABASE, for people.
	Place string
}

// Is tells whether an address is of Postgres.
func Is(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// plainName is a schema's name that needs no quotes.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Open connects to the database at an address such as
// postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require, with all the settings
// that libpq and pgx know. An address that is none is CodeUsage; a database that
// does not answer or refuses is CodeUnavailable. No error holds the password.
func Open(ctx context.Context, address string) (*Pool, error) {
	const op = "connect to postgres"
	config, err := pgxpool.ParseConfig(address)
	if err != nil { // which may quote the address
		e := selfheal.Usagef("write it as postgres://USER@HOST:5432/DATABASE; the password may come from PGPASSWORD or ~/.pgpass", "not an address of a Postgres database")
		e.Op = op
		return nil, e
	}
	schema, err := configure(config)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	c := config.ConnConfig
	p := &Pool{Pool: pool, Schema: schema, Place: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, p.Fault(op, err)
	}
	return p, nil
}

func configure(config *pgxpool.Config) (schema string, err error) {
	c := config.ConnConfig
	schema = c.RuntimeParams[searchPath]
	if schema == "" {
		schema = DefaultSchema
	}
	if !plainName.MatchString(schema) || schema == "public" {
		return "", selfheal.Usagef("name one schema of selfheal's own, in small letters: search_path=selfheal",
			"%q cannot be the schema of the store", schema)
	}
	c.RuntimeParams[searchPath] = schema
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "selfheal"
	}
	config.MaxConns = max(config.MaxConns, leastConnections)
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	return schema, nil
}

// Exclusively makes the schema where it is missing and runs f while no other process
// does the same with this schema; f makes or changes tables.
func (p *Pool) Exclusively(ctx context.Context, f func(ctx context.Context) error) error {
	connection, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer connection.Release()
	const key = "hashtextextended('selfheal:' || $1, 0)"
	if _, err := connection.Exec(ctx, "SELECT pg_advisory_lock("+key+")", p.Schema); err != nil {
		return err
	}
	err = p.makeSchema(ctx, connection)
	if err == nil {
		err = f(ctx)
	}
	// The lock belongs to the connection, which goes back to the pool also when ctx has ended.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	_, unlock := connection.Exec(after, "SELECT pg_advisory_unlock("+key+")", p.Schema)
	return errors.Join(err, unlock)
}

func (p *Pool) makeSchema(ctx context.Context, connection *pgxpool.Conn) error {
	var exists bool
	row := connection.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", p.Schema)
	if err := row.Scan(&exists); err != nil || exists {
		return err
	}
	_, err := connection.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{p.Schema}.Sanitize())
	return err
}
