//go:build unix

package group

import (
	"fmt"
	"testing"
)

// BenchmarkMoved compares as many exceptions as a Grouper holds: 25,000 on each
// side, with deep stacks, in groups as large as are compared, larger, or none alike.
func BenchmarkMoved(b *testing.B) {
	const n = DefaultMaxSignatures / 2
	deep := make([]string, 60)
	for i := range deep {
		deep[i] = fmt.Sprintf("deep.f%d", i)
	}
	for name, groups := range map[string]int{"one-group": 1, "full-groups": n/maxAlike + 1, "all-different": n} {
		before, after := alike(n, groups, "billing", deep...), alike(n, groups, "payments", deep...)
		b.Run(name, func(b *testing.B) {
			start := cpuTime(b)
			for range b.N {
				Moved(before, after)
			}
			b.ReportMetric((cpuTime(b)-start).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}
