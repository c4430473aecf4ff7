package decode

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// split runs lines through a Splitter.
func split(lines ...string) []string {
	var s Splitter
	var out []string
	for _, line := range lines {
		if !s.Take([]byte(line)) {
			out = append(out, line)
			continue
		}
		for event := s.Next(); event != nil; event = s.Next() {
			out = append(out, string(event))
		}
	}
	if event := s.Close(); event != nil {
		out = append(out, string(event))
	}
	return out
}

func TestSplitBatch(t *testing.T) {
	t.Parallel()
	f := func(line string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, split(line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}

	f(`{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"scope":{},"logRecords":[{"body":1},{}]},{"logRecords":[{"body":2}]}]},{"scopeLogs":[{"logRecords":[{"body":3}]}]}]}`,
		`{"resource":{"a":1},"body":1}`, `{"resource":{"a":1}}`, `{"resource":{"a":1},"body":2}`, `{"body":3}`)
	f(`{ "resource_logs" : [ {"scope_logs":[ {"log_records":[ {"body":1} ]} ], "resource":{"a":1} } ] }`, `{"resource":{"a":1},"body":1}`)
	f(`{"resourceLogs":[]}`)
	f(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[7]}]}]}`, `7`)
	f(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":1},{"bo`, `{"body":1}`, `{"bo`) // cut off by the source
	f(`{"resourceLogs":7}`, `{"resourceLogs":7}`)
	f(`{"msg":"lost"}`, `{"msg":"lost"}`)
	f(`plain`, `plain`)
}

// TestSplitBatchIsBounded: a large resource is not repeated for each of a million empty records.
func TestSplitBatchIsBounded(t *testing.T) {
	t.Parallel()
	line := `{"resourceLogs":[{"resource":{"a":"` + strings.Repeat("x", 100_000) + `"},"scopeLogs":[{"logRecords":[` + strings.Repeat("{},", 100_000) + `{}]}]}]}`
	var s Splitter
	s.Take([]byte(line))
	records, size := 0, 0
	for event := s.Next(); event != nil; event = s.Next() {
		records++
		size += len(event)
	}
	if records != 100_001 || size > 66*len(line)+maxEntry {
		t.Errorf("%d records of %d bytes from a line of %d", records, size, len(line))
	}
}

// TestSplitJournal reads the export format with values in either form.
func TestSplitJournal(t *testing.T) {
	t.Parallel()
	f := func(log string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, split(strings.Split(log, "\n")...)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", log, diff)
		}
	}

	f("__CURSOR=s=1\nMESSAGE=a \"b\\\"\n\n__CURSOR=s=2\nMESSAGE=c\n", `{"__CURSOR":"s=1","MESSAGE":"a \"b\\\""}`, `{"__CURSOR":"s=2","MESSAGE":"c"}`)
	f("__CURSOR=1\nMESSAGE\n\x0a\x00\x00\x00\x00\x00\x00\x00ten\nbytes\n\nPRIORITY=3\n", `{"__CURSOR":"1","MESSAGE":"ten\nbytes\n","PRIORITY":"3"}`)
	f("__CURSOR=1\nMESSAGE\n\x00\x00\x00\x00\x00\x00\x00\x00\nPRIORITY=3\n", `{"__CURSOR":"1","MESSAGE":"","PRIORITY":"3"}`)
	f("banner\n__CURSOR=1\nMESSAGE=a\nand text\n", "banner", `{"__CURSOR":"1","MESSAGE":"a"}`, "and text", "")
	f("__CURSOR=1\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00a\nb\nPRIORITY=3\n\n", `{"__CURSOR":"1","MESSAGE":"a\nb","PRIORITY":"3"}`, "") // a carriage return got lost
	f("__CURSOR=1\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00ab", `{"__CURSOR":"1","MESSAGE":"ab"}`)
}

// TestSplitJournalKeepsBytes: whatever the value, it comes out as it went in.
func TestSplitJournalKeepsBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		log := append([]byte("__CURSOR=1\nMESSAGE\n"), binary.LittleEndian.AppendUint64(nil, uint64(len(value)))...)
		log = append(log, value+"\nPRIORITY=3\n"...)
		var lines []string
		for line := range bytes.SplitSeq(log, []byte("\n")) {
			lines = append(lines, string(line))
		}
		events := split(lines...)
		if len(events) != 1 {
			t.Fatalf("%d events: %q", len(events), events)
		}
		var entry struct{ MESSAGE, PRIORITY string }
		if err := json.Unmarshal([]byte(events[0]), &entry); err != nil || entry.MESSAGE != value || entry.PRIORITY != "3" {
			t.Fatalf("%q became %+v, %v", value, entry, err)
		}
		if again := split(events...); !cmp.Equal(again, events) {
			t.Fatalf("%q was split again: %q", events, again)
		}
	})
}
