//go:build unix

package group

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/group/accuracy/hostile"
)

// cpuTime is what this process has used so far: on a shared machine the wall clock measures the neighbours.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchmarkStream measures decoding and signing together, one core.
func benchmarkStream(b *testing.B, line func(i int) string) {
	const n = 4096
	lines := make([][]byte, n)
	size := 0
	for i := range lines {
		lines[i] = []byte(line(i))
		size += len(lines[i]) + 1
	}
	g := New(Options{})
	s := g.Stream("bench")
	emit := func(*selfheal.Record, Index) {}
	e := selfheal.Entry{Stream: "bench"}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for range b.N {
		for _, l := range lines {
			e.Line = l
			e.Number++
			s.Write(&e, emit)
		}
	}
	s.Close(emit)
	b.ReportMetric(float64(size)*float64(b.N)/(cpuTime(b)-start).Seconds()/1e6, "MB/cpu-s")
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
	b.ReportMetric(float64(g.Len()), "signatures")
}

func BenchmarkStreamSlogJSON(b *testing.B) {
	benchmarkStream(b, func(i int) string {
		return fmt.Sprintf(`{"time":"2026-11-23T09:%02d:%02d.%09dZ","level":"INFO","msg":"request served","method":"GET","path":"/api/orders/%d","status":200,"duration_ms":%d.%03d,"tenant":"acme-%d","version":"1.4.%d"}`, i/60%60, i%60, i*7919, i*31, i%90, i%1000, i%17, i%3)
	})
}

func BenchmarkStreamErrorJSON(b *testing.B) {
	benchmarkStream(b, func(i int) string {
		return fmt.Sprintf(`{"time":"2026-11-23T09:%02d:%02d.%09dZ","level":"ERROR","msg":"cannot load order %d for tenant acme-%d","error":"dial tcp 10.0.%d.%d:5432: connect: connection refused","trace_id":"%032x"}`, i/60%60, i%60, i*7919, i*31, i%17, i%256, i%251, i)
	})
}

func BenchmarkStreamLogfmt(b *testing.B) {
	benchmarkStream(b, func(i int) string {
		return fmt.Sprintf(`ts=2026-11-23T09:%02d:%02d.%03dZ level=info caller=main.go:%d msg="request served" method=GET path=/api/orders/%d status=200 duration=%d.%03dms`, i/60%60, i%60, i%1000, i%400, i*31, i%90, i%1000)
	})
}

func BenchmarkStreamPlain(b *testing.B) {
	benchmarkStream(b, func(i int) string {
		return fmt.Sprintf(`2026-11-23 09:%02d:%02d,%03d INFO  [worker-%d] com.acme.shop.OrderService - Order %d of customer %08x was shipped to 10.0.%d.%d in %d ms`, i/60%60, i%60, i%1000, i%8, i*31, i*2654435761, i%256, i%251, i%900)
	})
}

// BenchmarkHostile measures inputs that are made to hurt, from an empty Grouper on.
func BenchmarkHostile(b *testing.B) {
	for _, input := range hostile.All() {
		b.Run(strings.ReplaceAll(input.Name, " ", "-"), func(b *testing.B) {
			var text []byte // in one piece: a million slices would be work for the garbage collector
			for i := 0; i < input.Lines && len(text) < 32<<20; i++ {
				text = append(append(text, input.Line(i)...), '\n')
			}
			size := len(text)
			b.SetBytes(int64(size))
			b.ResetTimer()
			start := cpuTime(b)
			state := uint64(0)
			for range b.N {
				var before, after runtime.MemStats
				b.StopTimer()
				pause := cpuTime(b)
				runtime.GC()
				runtime.ReadMemStats(&before)
				start += cpuTime(b) - pause
				b.StartTimer()
				g := New(Options{})
				s := g.Stream("hostile")
				for line := range bytes.Lines(text) {
					s.Write(&selfheal.Entry{Line: line[:len(line)-1]}, func(*selfheal.Record, Index) {})
				}
				b.StopTimer()
				pause = cpuTime(b)
				runtime.GC()
				runtime.ReadMemStats(&after)
				start += cpuTime(b) - pause
				b.StartTimer()
				state = after.HeapAlloc - before.HeapAlloc
				runtime.KeepAlive(s)
			}
			b.ReportMetric(float64(size)*float64(b.N)/(cpuTime(b)-start).Seconds()/1e6, "MB/cpu-s")
			b.ReportMetric(float64(state)/(1<<20), "MiB")
		})
	}
}
