// Package body reads the bodies of requests that push logs: unpacked, with a cap on
// the size of each and of all together, and a time within which each must arrive.
//
// In go requests of clients that may be hostile or slow; out come bytes, or an error
// that says what to tell the client.
package body

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"selfheal"
)

// The reasons why a body is not read.
var (
	// ErrBusy: all requests together take the memory that they may. Another time it works.
	ErrBusy = errors.New("too many requests at once")
	// ErrTooLarge: the body is larger, unpacked, than it may be.
	ErrTooLarge = errors.New("the request is larger")
	// ErrEncoding: it is packed in a way that is not known here.
	ErrEncoding = errors.New("unknown content encoding")
	// ErrUnreadable: it is broken.
	ErrUnreadable = errors.New("the body cannot be read")
	// ErrSlow: it did not arrive in time.
	ErrSlow = errors.New("the request took too long to arrive")
)

// Limits of a [Reader]; all are required.
type Limits struct {
	MaxBody     int   // bytes of one body, unpacked
	MaxInFlight int64 // bytes of all bodies at once
	ReadTimeout time.Duration
	Clock       selfheal.Clock
}

// Reader reads bodies. It is safe for concurrent use.
type Reader struct {
	limits   Limits
	inFlight atomic.Int64
	unpack   unpackers
	buffers  sync.Pool // of *[]byte
}

// New makes a Reader.
func New(l Limits) *Reader { return &Reader{limits: l} }

// What a buffer begins with, and how large it may be to be kept for another request.
const (
	firstBuffer = 64 << 10
	usualBuffer = 2 << 20
)

// Read gives the body of a request, unpacked (gzip, deflate, zstd). It is valid until
// done is called, which must be called, also when Read failed.
func (r *Reader) Read(w http.ResponseWriter, request *http.Request) (text []byte, done func(), err error) {
	_ = http.NewResponseController(w).SetReadDeadline(r.limits.Clock().Add(r.limits.ReadTimeout)) // recorders of tests do not know it
	b := &reading{from: r}
	if err := b.open(); err != nil {
		return nil, b.done, err
	}
	in, closed, err := r.unpack.open(request.Body, request.Header.Get("Content-Encoding"))
	defer closed()
	switch {
	case err != nil:
		return nil, b.done, unreadable(err)
	case request.ContentLength > int64(r.limits.MaxBody):
		return nil, b.done, ErrTooLarge
	}
	if err := b.all(in); err != nil {
		return nil, b.done, err
	}
	return *b.buffer, b.done, nil
}

// unreadable tells a client that was too slow from one whose body is broken.
func unreadable(err error) error {
	switch {
	case errors.Is(err, ErrEncoding):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSlow
	}
	return fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// Reserve takes a share of MaxInFlight; false when there is none.
func (r *Reader) Reserve(n int64) bool {
	if r.inFlight.Add(n) > r.limits.MaxInFlight {
		r.inFlight.Add(-n)
		return false
	}
	return true
}

// Release gives back what was reserved.
func (r *Reader) Release(n int64) { r.inFlight.Add(-n) }

// reading is one body that is being read, with the memory that it takes.
type reading struct {
	from     *Reader
	buffer   *[]byte
	reserved int64
}

func (b *reading) open() error {
	buffer, ok := b.from.buffers.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
		*buffer = make([]byte, 0, firstBuffer)
	}
	b.buffer = buffer
	return b.reserve(int64(cap(*buffer)))
}

func (b *reading) reserve(n int64) error {
	if !b.from.Reserve(n) {
		return ErrBusy
	}
	b.reserved += n
	return nil
}

// all reads to the end.
func (b *reading) all(in io.Reader) error {
	for {
		if have := *b.buffer; len(have) == cap(have) {
			if err := b.reserve(int64(cap(have))); err != nil {
				return err
			}
			*b.buffer = append(make([]byte, 0, 2*cap(have)), have...)
		}
		have := *b.buffer
		n, err := in.Read(have[len(have):cap(have)])
		*b.buffer = have[:len(have)+n]
		switch {
		case len(*b.buffer) > b.from.limits.MaxBody:
			return ErrTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		}
	}
}

// done gives the memory back.
func (b *reading) done() {
	b.from.Release(b.reserved)
	b.reserved = 0
	if b.buffer != nil && cap(*b.buffer) <= usualBuffer {
		*b.buffer = (*b.buffer)[:0]
		b.from.buffers.Put(b.buffer)
	}
	b.buffer = nil
}
