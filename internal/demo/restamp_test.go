package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

var sliceStart = time.Date(2031, 5, 14, 10, 0, 0, 0, time.UTC)

func restamped(t rapid.TB, raw string, cuts ...int) string {
	t.Helper()
	var marks []mark
	for i, cut := range append(cuts, len(raw)) {
		from := sliceStart.Add(time.Duration(i) * time.Minute)
		marks = append(marks, mark{selfheal.Interval{From: from, To: from.Add(time.Minute)}, int64(cut)})
	}
	var out bytes.Buffer
	if err := restamp(&out, strings.NewReader(raw), 0, marks, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// masked replaces the times of stamped lines, and gives them.
func masked(t rapid.TB, text string) (string, []time.Time) {
	t.Helper()
	var b strings.Builder
	var times []time.Time
	for line := range strings.Lines(text) {
		layout, value, rest := plainTime, "", ""
		switch {
		case !isStamped([]byte(line)):
			b.WriteString(line)
			continue
		case strings.HasPrefix(line, string(jsonTime)):
			layout = time.RFC3339Nano
			value, rest, _ = strings.Cut(line[len(jsonTime):], `"`)
			b.WriteString("JSON ")
		default:
			value, rest = line[:len(plainTime)], line[len(plainTime):]
			b.WriteString("PLAIN ")
		}
		at, err := time.Parse(layout, value)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, at)
		b.WriteString(rest)
	}
	return b.String(), times
}

func TestRestamp(t *testing.T) {
	t.Parallel()
	raw := `{"time":"2026-11-23T12:24:48.634768366Z","level":"WARN","msg":"charge attempt failed","trace_id":"a"}
{"time":"2026-11-23T12:24:48.7Z","level":"INFO","msg":"request","trace_id":"a"}
2026/11/23 12:24:48.700001 http: panic serving 127.0.0.1:4000: index out of range
goroutine 7 [running]:
	/src/order.go:72 +0x13a

{"time":"2026-11-23T12:24:49Z","level":"INFO","msg":"request","trace_id":"b"}
`
	got, times := masked(t, restamped(t, raw))
	want, _ := masked(t, raw)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if apart := times[1].Sub(times[0]); apart != withinRequest {
		t.Errorf("lines of one request are %v apart", apart)
	}
	if apart := times[2].Sub(times[1]); apart < 0 || apart > withinRequest {
		t.Errorf("the panic is %v after the request that it ended", apart)
	}
}

// TestRestampKeepsEverythingButTimes: whatever the service writes, lines and their
// order stay, and times ascend within the slices.
func TestRestampKeepsEverythingButTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) string {
				return fmt.Sprintf(`{"time":"2026-11-23T12:24:48Z","trace_id":%q}`, rapid.StringMatching(`[a-c]?`).Draw(t, "trace"))
			}),
			rapid.Just("2026/11/23 12:24:48.700001 http: panic serving"),
			rapid.StringMatching(`[{}"time: 0-9\t]{0,30}`),
		)
		first := rapid.SliceOf(line).Draw(t, "first slice")
		second := rapid.SliceOfN(line, 1, -1).Draw(t, "second slice")
		head := strings.Join(append(first, ""), "\n")
		raw := head + strings.Join(second, "\n") // the last line is not ended
		out := restamped(t, raw, len(head))
		got, times := masked(t, out)
		want, _ := masked(t, raw)
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		last := sliceStart
		for _, at := range times {
			if at.Before(last) || !at.Before(sliceStart.Add(2*time.Minute)) {
				t.Fatalf("%v after %v", at, last)
			}
			last = at.Truncate(time.Microsecond) // package log writes no finer time
		}
	})
}

func TestRestampOfAShortLog(t *testing.T) {
	t.Parallel()
	marks := []mark{{selfheal.Interval{From: sliceStart, To: sliceStart.Add(time.Minute)}, 100}}
	err := restamp(&bytes.Buffer{}, strings.NewReader("too short"), 0, marks, rand.New(rand.NewPCG(1, 2)))
	if err == nil {
		t.Error("a log that ends before its last mark went unnoticed")
	}
}
