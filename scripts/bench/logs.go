package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"time"
)

// week is where the generated baseline begins; the deploy is seven days later.
var week = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const weekLength = 7 * 24 * time.Hour

// kinds of lines, as a service with log/slog writes them: mostly requests, some
// warnings, a background of errors, now and then a panic with its stack. In the
// texts, # stands for a random number, % for a random hexadecimal id and @ for
// one of the failures.
var kinds = []struct {
	perMille int
	text     string
}{
	{900, `"level":"INFO","msg":"request","service.name":"shop","service.version":"1.4.0","method":"GET","path":"/tenants/#/items/#","status":200,"duration_ms":#.#,"trace_id":"%"}`},
	{60, `"level":"INFO","msg":"order placed","service.name":"shop","order":#,"tenant":"t#","total_cents":#,"trace_id":"%"}`},
	{25, `"level":"WARN","msg":"retrying payment provider","service.name":"shop","attempt":#,"err":"context deadline exceeded after #ms","trace_id":"%"}`},
	{14, `"level":"ERROR","msg":"@","service.name":"shop","err":"dial tcp 10.0.#.#:5432: connect: connection refused","trace_id":"%"}`},
	{1, `"level":"ERROR","msg":"panic serving request","service.name":"shop","stack":"panic: runtime error: index out of range [#] with length #\n\ngoroutine # [running]:\nexample.com/shop/internal/cart.(*Cart).Line(0xc000%)\n\t/src/internal/cart/cart.go:33 +0x1d\nexample.com/shop/internal/checkout.total(...)\n\t/src/internal/checkout/total.go:41\nnet/http.(*conn).serve(0xc000%)\n\t/usr/local/go/src/net/http/server.go:2102 +0x5f\n"}`},
}

var failures = []string{"inventory lookup failed", "price lookup failed", "write receipt failed", "session store unreachable", "audit log write failed"}

// writeLogs fills a file with about size bytes whose times are spread evenly over an interval.
func writeLogs(path string, size int64, from time.Time, length time.Duration, seed uint64) (lines int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	buffer := make([]byte, 0, 1<<20+1<<12)
	for written := int64(0); written < size; lines++ {
		before := len(buffer)
		buffer = appendLine(buffer, rng, from.Add(time.Duration(float64(length)*float64(written)/float64(size))))
		written += int64(len(buffer) - before)
		if len(buffer) >= 1<<20 || written >= size {
			if _, err := f.Write(buffer); err != nil {
				return 0, err
			}
			buffer = buffer[:0]
		}
	}
	return lines, f.Close()
}

func appendLine(b []byte, rng *rand.Rand, at time.Time) []byte {
	b = append(b, `{"time":"`...)
	b = at.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `",`...)
	roll := rng.IntN(1000)
	text := ""
	for _, kind := range kinds {
		if text = kind.text; roll < kind.perMille {
			break
		}
		roll -= kind.perMille
	}
	for i := range len(text) {
		switch text[i] {
		case '#':
			b = strconv.AppendUint(b, rng.Uint64()>>(40+rng.IntN(20)), 10)
		case '%':
			b = strconv.AppendUint(b, rng.Uint64(), 16)
		case '@':
			b = append(b, failures[rng.IntN(len(failures))]...)
		default:
			b = append(b, text[i])
		}
	}
	return append(b, '\n')
}
