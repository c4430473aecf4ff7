//go:build unix

package accuracy

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/group"
)

// TestMeasure: what is reported is what was read, and state is state.
func TestMeasure(t *testing.T) {
	text := Formats()[0].Text(100)
	rounds := 0
	cost := Measure(3, func(round int) []byte {
		if round != rounds {
			t.Errorf("round %d after %d", round, rounds)
		}
		rounds++
		return text
	}, func() Reader { return Decoding(group.Options{MaxSignatures: 1}) })
	if cost.Lines != 300 || cost.Bytes != int64(3*len(text)) || cost.CPU <= 0 || cost.Signatures != 2 || cost.Overflow != 270 {
		t.Errorf("%+v", cost)
	}
	big := make([]byte, 0, 8<<20)
	for i := byte('a'); i < 'i'; i++ {
		big = append(append(big, bytes.Repeat([]byte{i}, 1<<20-1)...), '\n')
	}
	cost = Measure(1, func(int) []byte { return big }, RawMap)
	if cost.State < 8<<20-1<<16 || cost.State > 9<<20 {
		t.Errorf("a map of 8 MiB is %d bytes of state", cost.State)
	}
	if peak := PeakState(big, 4, RawMap); peak < 8<<20-1<<16 || peak > 9<<20 {
		t.Errorf("a map of 8 MiB peaks at %d bytes", peak)
	}
	if state := Parallel(2, big, RawMap).State; state < 16<<20-1<<17 || state > 18<<20 {
		t.Errorf("two maps of 8 MiB are %d bytes", state)
	}
}

func TestBest(t *testing.T) {
	t.Parallel()
	a := Cost{Lines: 1, Wall: 9, CPU: 7, pieces: []time.Duration{1, 4, 2}}
	b := Cost{Lines: 2, Wall: 8, CPU: 9, pieces: []time.Duration{3, 1, 5}}
	want := Cost{Lines: 1, Wall: 8, CPU: 4, pieces: []time.Duration{1, 1, 2}}
	if diff := cmp.Diff(want, a.Best(b), cmp.AllowUnexported(Cost{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(a, a.Best(Cost{}), cmp.AllowUnexported(Cost{})); diff != "" {
		t.Errorf("with nothing (-want +got):\n%s", diff)
	}
}

// TestFormatsAreUnderstood: each of them is two signatures, so that what is
// measured is not plain text.
func TestFormatsAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		r := Decoding(group.Options{})
		text := f.Text(1000)
		ends := lineEnds(text)
		if len(ends) != 1000 {
			t.Errorf("%s: %d lines", f.Name, len(ends))
		}
		read(text, ends, r)
		r.Close()
		if signatures, overflow := r.Found(); signatures != 2 || overflow != 0 {
			t.Errorf("%s: %d signatures", f.Name, signatures)
		}
	}
}

func TestOtherDigits(t *testing.T) {
	t.Parallel()
	text := Formats()[1].Text(50)
	other := OtherDigits(text, 1)
	if len(other) != len(text) || bytes.Equal(other, text) {
		t.Fatal("digits are as they were, or more than they were")
	}
	for i := range text {
		if digit := text[i] >= '0' && text[i] <= '9'; digit != (other[i] >= '0' && other[i] <= '9') || !digit && text[i] != other[i] {
			t.Fatalf("%q became %q", text[i], other[i])
		}
	}
}

func TestOtherValues(t *testing.T) {
	t.Parallel()
	text := []byte("order 1234567890 took 17 ms\nGET /a status: 404\nretry 12 of 99\n")
	changed := false
	for seed := range uint64(20) {
		lines := bytes.Split(OtherValues(text, seed), []byte("\n"))
		if got := string(lines[1]); got != "GET /a status: 404" {
			t.Fatalf("a status became %q", got)
		}
		changed = changed || !bytes.Equal(lines[0], []byte("order 1234567890 took 17 ms"))
	}
	if !changed {
		t.Error("no value became another one")
	}
}

// BenchmarkMessages is for the profiler: the way from a message to its signature.
func BenchmarkMessages(b *testing.B) {
	text := Messages(loghub(b))
	ends := lineEnds(text)
	b.SetBytes(int64(len(text)))
	r := Signing(group.Options{})
	used := cpuTime()
	for b.Loop() {
		read(text, ends, r)
	}
	seconds := (cpuTime() - used).Seconds()
	b.ReportMetric(float64(len(text))*float64(b.N)/seconds/1e6, "MB/cpu-s")
	b.ReportMetric(float64(len(ends))*float64(b.N)/seconds/1e6, "Mlines/cpu-s")
}
