//go:build unix

package accuracy

import (
	"syscall"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// BenchmarkLoghub measures the way from a message to its signature over all
// systems, in processor time: on a shared machine the wall clock measures the
// neighbours.
func BenchmarkLoghub(b *testing.B) {
	var messages [][]byte
	size := 0
	for _, file := range loghubFiles(b) {
		for _, l := range readLoghub(b, file) {
			messages = append(messages, []byte(l.content))
			size += len(l.content) + 1
		}
	}
	g := group.New(group.Options{})
	s := g.Stream("loghub")
	record := &selfheal.Record{}
	entry := &selfheal.Entry{Record: record}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime(b)
	for range b.N {
		for _, m := range messages {
			record.Message = m
			s.Write(entry, func(*selfheal.Record, group.Index) {})
		}
	}
	used := (cpuTime(b) - start).Seconds()
	b.ReportMetric(float64(size)*float64(b.N)/used/1e6, "MB/cpu-s")
	b.ReportMetric(float64(len(messages))*float64(b.N)/used/1e6, "Mlines/cpu-s")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCeiling looks every message up in a map as it stands: no grouping can be faster than that.
func BenchmarkCeiling(b *testing.B) {
	var messages [][]byte
	size := 0
	known := make(map[string]int)
	for _, file := range loghubFiles(b) {
		for _, l := range readLoghub(b, file) {
			messages = append(messages, []byte(l.content))
			size += len(l.content) + 1
			known[l.content] = 0
		}
	}
	b.SetBytes(int64(size))
	b.ResetTimer()
	start := cpuTime(b)
	hits := 0
	for range b.N {
		for _, m := range messages {
			if _, ok := known[string(m)]; ok {
				hits++
			}
		}
	}
	if hits != b.N*len(messages) {
		b.Fatal("a message was not found")
	}
	b.ReportMetric(float64(size)*float64(b.N)/(cpuTime(b)-start).Seconds()/1e6, "MB/cpu-s")
}
