// Package otlp receives logs by the OpenTelemetry protocol: over HTTP as protobuf
// or JSON, and over gRPC.
//
// In go export requests, from SDKs and collectors; out go [selfheal.Record]s to a
// [selfheal.Sink], a request being one batch. Resource attributes become service,
// environment, revision and instance of the record; its own attributes are handed on
// as they are, because grouping knows what exception.stacktrace and the like mean.
//
// A request is answered after the sink has taken all of it. A sink that is not
// available is answered by what makes clients try again; what can never succeed by
// what makes them give up. Bodies, records, nesting and the memory of all requests
// together are bounded, and a client that sends slowly is cut off.
//
// The wire format is decoded straight into records, without the generated types:
// those serve as reference in the tests.
package otlp

import (
	"cmp"
	"context"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/source/body"
)

// Defaults of [Config].
const (
	DefaultMaxBody     = 8 << 20
	DefaultMaxInFlight = 64 << 20
	DefaultReadTimeout = 30 * time.Second
	DefaultRetryAfter  = 5 * time.Second
)

// Config of a [Receiver]. Sink and Clock are required.
type Config struct {
	Sink  selfheal.Sink
	Clock selfheal.Clock
	// MaxBody caps a request, unpacked, in bytes.
	MaxBody int
	// MaxInFlight caps the bytes of all requests that are being read or counted;
	// beyond it, clients are asked to come back.
	MaxInFlight int64
	// ReadTimeout is how long a client may take to send a request.
	ReadTimeout time.Duration
	// RetryAfter is when a client is asked to come back.
	RetryAfter time.Duration
}

// Validate tells what is missing.
func (c Config) Validate() error {
	if c.Sink == nil || c.Clock == nil {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "receive otlp", Message: "a sink and a clock are required"}
	}
	if c.MaxBody < 0 || c.MaxInFlight < 0 || c.ReadTimeout < 0 || c.RetryAfter < 0 {
		return selfheal.Usagef("leave it out for the default", "a limit of the OTLP receiver is negative")
	}
	return nil
}

// Receiver takes export requests. It is safe for concurrent use.
type Receiver struct {
	config  Config
	bodies  *body.Reader
	batches sync.Pool // of *batch
}

// New makes a Receiver.
func New(c Config) (*Receiver, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, DefaultMaxInFlight)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, DefaultReadTimeout)
	c.RetryAfter = cmp.Or(c.RetryAfter, DefaultRetryAfter)
	bodies := body.New(body.Limits{MaxBody: c.MaxBody, MaxInFlight: c.MaxInFlight, ReadTimeout: c.ReadTimeout, Clock: c.Clock})
	return &Receiver{config: c, bodies: bodies}, nil
}

// format is how a request is encoded.
type format uint8

const (
	formatProto format = iota
	formatJSON
)

// export counts a request and gives the number of records that were left out.
func (r *Receiver) export(ctx context.Context, text []byte, f format) (rejected int64, err error) {
	b, ok := r.batches.Get().(*batch)
	if !ok {
		b = newBatch()
	}
	defer r.recycle(b)
	if f == formatJSON {
		if text, err = fromJSON(text); err != nil {
			return 0, malformed(err)
		}
	}
	if err := b.decode(text); err != nil {
		return 0, malformed(err)
	}
	if entries := b.finish(); len(entries) > 0 {
		if err := r.config.Sink.Take(ctx, entries); err != nil {
			return 0, err
		}
	}
	return b.rejected, nil
}

// recycle keeps the memory of a batch for the next, unless it is unusually much.
func (r *Receiver) recycle(b *batch) {
	if b.isUsual() {
		b.reset()
		r.batches.Put(b)
	}
}

func malformed(err error) error {
	return &selfheal.Error{Code: selfheal.CodeUsage, Op: "receive otlp", Message: "the request is no export request of logs", Err: err}
}
