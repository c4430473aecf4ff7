package accuracy

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"selfheal/internal/group/template"
)

// Format is a way of writing the same log.
type Format struct {
	Name string
	Line func(i int) string
}

// Formats are lines as usual loggers write them: one in ten is an error, and
// every value in them varies.
func Formats() []Format {
	clock := func(i int) string { return fmt.Sprintf("09:%02d:%02d", i/60%60, i%60) }
	json := func(i int) string {
		if i%10 == 0 {
			return fmt.Sprintf(`{"time":"2026-11-23T%s.%09dZ","level":"ERROR","msg":"cannot load order %d for tenant acme-%d","error":"dial tcp 10.0.%d.%d:5432: connect: connection refused","trace_id":"%032x"}`,
				clock(i), i*7919, i*31, i%17, i%256, i%251, i)
		}
		return fmt.Sprintf(`{"time":"2026-11-23T%s.%09dZ","level":"INFO","msg":"request served","method":"GET","path":"/api/orders/%d","status":200,"duration_ms":%d.%03d,"tenant":"acme-%d","version":"1.4.%d"}`,
			clock(i), i*7919, i*31, i%90, i%1000, i%17, i%3)
	}
	plain := func(i int) string {
		if i%10 == 0 {
			return fmt.Sprintf(`2026-11-23 %s,%03d ERROR [worker-%d] com.acme.shop.OrderService - Order %d of customer %08x could not be shipped: connection to 10.0.%d.%d:5432 refused`,
				clock(i), i%1000, i%8, i*31, uint32(i*2654435761), i%256, i%251)
		}
		return fmt.Sprintf(`2026-11-23 %s,%03d INFO  [worker-%d] com.acme.shop.OrderService - Order %d of customer %08x was shipped to 10.0.%d.%d in %d ms`,
			clock(i), i%1000, i%8, i*31, uint32(i*2654435761), i%256, i%251, i%900)
	}
	return []Format{
		{"JSON lines (log/slog), fully decoded", json},
		{"plain lines with time, level, thread, logger", plain},
		{"logfmt", func(i int) string {
			level, message := "info", "request served"
			if i%10 == 0 {
				level, message = "error", fmt.Sprintf("cannot load order %d", i*31)
			}
			return fmt.Sprintf(`ts=2026-11-23T%s.%03dZ level=%s caller=main.go:%d msg="%s" method=GET path=/api/orders/%d status=200 duration=%d.%03dms`,
				clock(i), i%1000, level, i%400, message, i*31, i%90, i%1000)
		}},
		{"JSON lines inside Docker's JSON", func(i int) string {
			return fmt.Sprintf(`{"log":%q,"stream":"stdout","time":"2026-11-23T%s.%09dZ"}`, json(i)+"\n", clock(i), i)
		}},
	}
}

// Text writes n lines of the format.
func (f Format) Text(n int) []byte {
	var b []byte
	for i := range n {
		b = append(append(b, f.Line(i)...), '\n')
	}
	return b
}

// Messages writes the messages of all systems, one per line.
func Messages(systems []System) []byte {
	var b []byte
	for _, s := range systems {
		for _, l := range s.Lines {
			b = append(append(b, l.Content...), '\n')
		}
	}
	return b
}

// OtherDigits gives a text in which every digit is another one, at random.
func OtherDigits(text []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same in every run
	other := make([]byte, len(text))
	for i, c := range text {
		if c >= '0' && c <= '9' {
			c = '0' + byte(r.Uint32()%10)
		}
		other[i] = c
	}
	return other
}

// OtherValues is OtherDigits for the lines that keep their template by it. The
// others stay as they are: their digits are codes and statuses, which make them what they are.
func OtherValues(text []byte, seed uint64) []byte {
	var one, two template.Scanner
	other := OtherDigits(text, seed)
	from := 0
	for _, to := range lineEnds(text) {
		if !bytes.Equal(one.Scan(text[from:to]), two.Scan(other[from:to])) {
			copy(other[from:to], text[from:to])
		}
		from = to + 1
	}
	return other
}
