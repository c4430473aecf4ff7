package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// week is where the generated baseline begins; the deploy is seven days later.
var week = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const weekLength = 7 * 24 * time.Hour

// generator writes JSON lines as a service with log/slog would: mostly requests,
// some warnings, a background of errors, now and then a panic with its stack.
type generator struct {
	rng   *rand.Rand
	out   *bufio.Writer
	lines int64
}

func (g *generator) id() string { return fmt.Sprintf("%016x", g.rng.Uint64()) }

func (g *generator) line(at time.Time) (int, error) {
	g.lines++
	stamp := at.Format(time.RFC3339Nano)
	switch roll := g.rng.IntN(1000); {
	case roll < 900:
		return g.request(stamp)
	case roll < 960:
		return fmt.Fprintf(g.out, `{"time":%q,"level":"INFO","msg":"order placed","service.name":"shop","order":%d,"tenant":"t%d","total_cents":%d,"trace_id":%q}`+"\n",
			stamp, g.rng.IntN(1e8), g.rng.IntN(40), g.rng.IntN(1e6), g.id())
	case roll < 985:
		return fmt.Fprintf(g.out, `{"time":%q,"level":"WARN","msg":"retrying payment provider","service.name":"shop","attempt":%d,"err":"context deadline exceeded after %dms","trace_id":%q}`+"\n",
			stamp, g.rng.IntN(4), g.rng.IntN(2000), g.id())
	case roll < 999:
		return fmt.Fprintf(g.out, `{"time":%q,"level":"ERROR","msg":"%s","service.name":"shop","err":"dial tcp 10.0.%d.%d:5432: connect: connection refused","trace_id":%q}`+"\n",
			stamp, failures[g.rng.IntN(len(failures))], g.rng.IntN(256), g.rng.IntN(256), g.id())
	}
	return fmt.Fprintf(g.out, `{"time":%q,"level":"ERROR","msg":"panic serving request","service.name":"shop","stack":"panic: runtime error: index out of range [%d] with length %d\n\ngoroutine %d [running]:\nexample.com/shop/internal/cart.(*Cart).Line(0xc000%06x)\n\t/src/internal/cart/cart.go:%d +0x1d\nexample.com/shop/internal/checkout.total(...)\n\t/src/internal/checkout/total.go:41\nnet/http.(*conn).serve(0xc000%06x)\n\t/usr/local/go/src/net/http/server.go:2102 +0x5f\n"}`+"\n",
		stamp, g.rng.IntN(9), g.rng.IntN(9), g.rng.IntN(1e5), g.rng.IntN(1<<24), 30+g.rng.IntN(3), g.rng.IntN(1<<24))
}

func (g *generator) request(stamp string) (int, error) {
	return fmt.Fprintf(g.out, `{"time":%q,"level":"INFO","msg":"request","service.name":"shop","service.version":"1.4.0","method":"GET","path":"/tenants/%d/items/%d","status":%d,"duration_ms":%d.%d,"trace_id":%q}`+"\n",
		stamp, g.rng.IntN(40), g.rng.IntN(1e5), 200+100*g.rng.IntN(2), g.rng.IntN(300), g.rng.IntN(10), g.id())
}

var failures = []string{"inventory lookup failed", "price lookup failed", "write receipt failed", "session store unreachable", "audit log write failed"}

// writeLogs fills a file with about size bytes whose times are spread evenly over an interval.
func writeLogs(path string, size int64, from time.Time, length time.Duration, seed uint64) (lines int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0)), out: bufio.NewWriterSize(f, 1<<20)}
	for written := int64(0); written < size; {
		n, err := g.line(from.Add(time.Duration(float64(length) * float64(written) / float64(size))))
		if err != nil {
			return 0, err
		}
		written += int64(n)
	}
	if err := g.out.Flush(); err != nil {
		return 0, err
	}
	return g.lines, f.Close()
}
