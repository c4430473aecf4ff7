package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// workers is how many requests are under way at once: as many as may have to
// wait for a partner that hangs, without stopping the others.
const workers = 8

// tally counts what became of the requests.
type tally struct {
	sent    atomic.Int64
	aborted atomic.Int64 // the connection was closed without an answer: the handler panicked
	failed  atomic.Int64 // answered with a status of 500 or more
}

// driver sends requests over connections that are kept alive. It is not built
// on http.Client because that sends a request once more when a connection is
// closed under it, and a request that makes the service panic must count once.
type driver struct {
	addr  string
	conns []*connection
	tally tally
}

type connection struct {
	net.Conn
	reader *bufio.Reader
	buffer []byte
}

func newDriver(addr string) *driver {
	return &driver{addr: addr, conns: make([]*connection, workers)}
}

func (d *driver) close() {
	for _, c := range d.conns {
		if c != nil {
			_ = c.Close()
		}
	}
}

// send sends all calls and returns when the last one is answered.
func (d *driver) send(ctx context.Context, calls []call) error {
	var next atomic.Int64
	var group sync.WaitGroup
	failures := make([]error, len(d.conns))
	for worker := range d.conns {
		group.Go(func() {
			for failures[worker] == nil && ctx.Err() == nil {
				at := int(next.Add(1)) - 1
				if at >= len(calls) {
					return
				}
				failures[worker] = d.one(ctx, worker, calls[at])
			}
		})
	}
	group.Wait()
	return errors.Join(append(failures, ctx.Err())...)
}

func (d *driver) one(ctx context.Context, worker int, c call) error {
	conn := d.conns[worker]
	if conn == nil {
		var dialer net.Dialer
		dialed, err := dialer.DialContext(ctx, "tcp", d.addr)
		if err != nil {
			return fmt.Errorf("reach the service: %w", err)
		}
		conn = &connection{Conn: dialed, reader: bufio.NewReader(dialed)}
		d.conns[worker] = conn
	}
	d.tally.sent.Add(1)
	status, err := conn.roundTrip(c)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET):
		d.tally.aborted.Add(1)
		d.conns[worker] = nil
		return conn.Close()
	case err != nil:
		return fmt.Errorf("%s %s: %w", c.method, c.path, err)
	case status >= http.StatusInternalServerError:
		d.tally.failed.Add(1)
	}
	return nil
}

// roundTrip writes one request and reads its whole answer.
func (c *connection) roundTrip(request call) (status int, err error) {
	b := append(c.buffer[:0], request.method...)
	b = append(append(b, ' '), request.path...)
	b = append(b, " HTTP/1.1\r\nHost: shop.example.com\r\nX-Tenant: "...)
	b = append(append(b, request.tenant...), "\r\nX-Request-Id: "...)
	b = append(append(b, request.trace...), "\r\nContent-Length: "...)
	b = append(strconv.AppendInt(b, int64(len(request.body)), 10), "\r\n\r\n"...)
	c.buffer = append(b, request.body...)
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := c.Write(c.buffer); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, errors.Join(err, answer.Body.Close())
}
