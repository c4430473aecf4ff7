package otlp

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"math"
	"strings"
	"time"

	"selfheal"
)

// Caps of one request and of one record. What lies beyond is left out: records are
// reported as rejected, attributes are not missed.
const (
	maxRecords    = 100_000
	maxAttributes = 128
)

// Above these a batch is not kept for the next request.
const (
	usualRecords    = 16 << 10
	usualAttributes = 8 * usualRecords
	usualScratch    = 1 << 20
)

// batch holds the records of one request. Their bytes point into the request and
// into its own memory.
type batch struct {
	records    []selfheal.Record
	entries    []selfheal.Entry
	attributes []selfheal.Attribute
	scratch    []byte // texts of values that are no strings
	ids        strings.Builder
	names      names
	resource   resource
	pending    pending
	rejected   int64
}

// pending is the record that is being read.
type pending struct {
	time, observed uint64
	severity       int32
	severityText   []byte
	body           []byte
	traceID        []byte
	eventName      []byte
	event          []byte // the same, as an attribute
	first          int    // of its attributes
}

func newBatch() *batch { return &batch{} }

func (t *batch) isUsual() bool {
	return cap(t.records) <= usualRecords && cap(t.attributes) <= usualAttributes && cap(t.scratch) <= usualScratch
}

func (t *batch) reset() {
	clear(t.records)
	clear(t.entries)
	clear(t.attributes)
	t.records, t.entries, t.attributes, t.scratch = t.records[:0], t.entries[:0], t.attributes[:0], t.scratch[:0]
	t.resource, t.pending, t.rejected = resource{}, pending{}, 0
}

// finish gives the entries of all records.
func (t *batch) finish() []selfheal.Entry {
	t.entries = t.entries[:0]
	for i := range t.records {
		t.entries = append(t.entries, selfheal.Entry{Stream: t.records[i].Stream, Record: &t.records[i]})
	}
	return t.entries
}

func (t *batch) begin() { t.pending = pending{first: len(t.attributes)} }

// attribute adds one to the record that is being read.
func (t *batch) attribute(key, value []byte) {
	if len(key) == 0 || len(value) == 0 || len(t.attributes)-t.pending.first >= maxAttributes {
		return
	}
	if string(key) == "event.name" {
		t.pending.event = value
	}
	t.attributes = append(t.attributes, selfheal.Attribute{Key: key, Value: value})
}

// end makes the record of what was read.
func (t *batch) end() {
	if len(t.records) >= maxRecords {
		t.rejected++
		t.attributes = t.attributes[:t.pending.first]
		return
	}
	p, from := &t.pending, &t.resource
	r := selfheal.Record{
		Message: p.body, Severity: severityOf(p.severity, p.severityText),
		Service: from.service, Environment: from.environment, Revision: from.revision, Instance: from.instance, Stream: from.stream,
		TraceID: t.traceID(p.traceID), Attributes: t.attributes[p.first:len(t.attributes):len(t.attributes)],
	}
	if at := cmp.Or(p.time, p.observed); at > 0 && at <= math.MaxInt64 {
		r.Time, r.Zone = time.Unix(0, int64(at)).UTC(), "Z"
	}
	event := p.eventName
	if len(event) == 0 {
		event = p.event
	}
	if exception := isExceptionEvent(event); exception && r.Severity == selfheal.SeverityUnspecified {
		r.Severity = selfheal.SeverityError
	} else if !exception && len(r.Message) == 0 {
		r.Message = event
	}
	t.records = append(t.records, r)
}

// isExceptionEvent tells of events that report an exception: their attributes say all of it.
func isExceptionEvent(name []byte) bool {
	return string(name) == "exception" || bytes.HasSuffix(name, []byte(".exception"))
}

// idBlock is how much memory trace ids take at once.
const idBlock = 4 << 10

// traceID writes an id in hexadecimal; one of zeros says that there is none.
func (t *batch) traceID(id []byte) string {
	if len(id) != 16 || len(bytes.TrimLeft(id, "\x00")) == 0 {
		return ""
	}
	if t.ids.Cap()-t.ids.Len() < 32 {
		t.ids = strings.Builder{}
		t.ids.Grow(idBlock)
	}
	var text [32]byte
	hex.Encode(text[:], id)
	start := t.ids.Len()
	t.ids.Write(text[:])
	return t.ids.String()[start:]
}

// severityOf follows the number, and the text where there is no number.
func severityOf(number int32, text []byte) selfheal.Severity {
	switch {
	case number >= 1 && number <= 24:
		return selfheal.Severity((number-1)/4*4 + 1)
	case len(text) == 0:
		return selfheal.SeverityUnspecified
	}
	switch strings.ToUpper(string(text[:min(len(text), 16)])) {
	case "TRACE", "FINEST":
		return selfheal.SeverityTrace
	case "DEBUG", "VERBOSE", "FINE", "FINER":
		return selfheal.SeverityDebug
	case "INFO", "INFORMATION", "NOTICE", "LOG":
		return selfheal.SeverityInfo
	case "WARN", "WARNING":
		return selfheal.SeverityWarn
	case "ERROR", "ERR", "SEVERE":
		return selfheal.SeverityError
	case "FATAL", "CRITICAL", "CRIT", "ALERT", "EMERG", "EMERGENCY", "PANIC":
		return selfheal.SeverityFatal
	}
	return selfheal.SeverityUnspecified
}
