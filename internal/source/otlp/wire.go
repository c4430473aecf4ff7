package otlp

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of opentelemetry/proto/{collector/logs,logs,resource,common}/v1.
const (
	requestResourceLogs = 1

	resourceLogsResource  = 1
	resourceLogsScopeLogs = 2
	resourceAttributes    = 1
	scopeLogsRecords      = 2

	recordTime           = 1
	recordSeverityNumber = 2
	recordSeverityText   = 3
	recordBody           = 5
	recordAttributes     = 6
	recordTraceID        = 9
	recordObserved       = 11
	recordEventName      = 12

	pairKey   = 1
	pairValue = 2

	valueString = 1
	valueBool   = 2
	valueInt    = 3
	valueDouble = 4
	valueArray  = 5
	valueList   = 6
	valueBytes  = 7

	listValues = 1
)

// errWire is a message that breaks off or has a field of the wrong type.
var errWire = errors.New("bad protobuf")

// field is one field of a message. Value holds the content of a length-delimited
// one; number the others.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  []byte
	scalar uint64
}

// fields calls visit for every field of a message. Groups, which proto3 does not
// have, are skipped.
func fields(b []byte, visit func(*field) error) error {
	for f := (field{}); len(b) > 0; {
		n := f.consume(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if f.kind == protowire.StartGroupType {
			continue
		}
		if err := visit(&f); err != nil {
			return err
		}
	}
	return nil
}

// consume reads the field at the beginning of b and gives its length; negative when it is broken.
func (f *field) consume(b []byte) int {
	number, kind, n := protowire.ConsumeTag(b)
	if n < 0 {
		return n
	}
	f.number, f.kind, f.value, f.scalar = number, kind, nil, 0
	m := 0
	switch rest := b[n:]; kind {
	case protowire.BytesType:
		f.value, m = protowire.ConsumeBytes(rest)
	case protowire.VarintType:
		f.scalar, m = protowire.ConsumeVarint(rest)
	case protowire.Fixed64Type:
		f.scalar, m = protowire.ConsumeFixed64(rest)
	case protowire.Fixed32Type:
		var v uint32
		v, m = protowire.ConsumeFixed32(rest)
		f.scalar = uint64(v)
	default:
		m = protowire.ConsumeFieldValue(number, kind, rest)
	}
	if m < 0 {
		return m
	}
	return n + m
}

// is tells whether a field is the one meant. A field of that number and another
// type is unknown, and so ignored, as the generated code does.
func (f *field) is(number protowire.Number, kind protowire.Type) bool {
	return f.number == number && f.kind == kind
}

// decode reads an export request. Everything that the batch holds afterwards points into b.
func (t *batch) decode(b []byte) error {
	return fields(b, func(f *field) error {
		if !f.is(requestResourceLogs, protowire.BytesType) {
			return nil
		}
		return t.resourceLogs(f.value)
	})
}

// resourceLogs reads the records of one resource, which may stand behind them.
func (t *batch) resourceLogs(b []byte) error {
	t.resource = resource{}
	err := fields(b, func(f *field) error {
		if !f.is(resourceLogsResource, protowire.BytesType) {
			return nil
		}
		return t.readResource(f.value)
	})
	if err != nil {
		return err
	}
	t.resource.settle()
	return fields(b, func(f *field) error {
		if !f.is(resourceLogsScopeLogs, protowire.BytesType) {
			return nil
		}
		return t.scopeLogs(f.value)
	})
}

func (t *batch) readResource(b []byte) error {
	return fields(b, func(f *field) error {
		if !f.is(resourceAttributes, protowire.BytesType) {
			return nil
		}
		key, value, err := t.pair(f.value)
		if err == nil {
			t.resource.set(&t.names, key, value)
		}
		return err
	})
}

func (t *batch) scopeLogs(b []byte) error {
	for f := (field{}); len(b) > 0; {
		n := f.consume(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if !f.is(scopeLogsRecords, protowire.BytesType) {
			continue
		}
		if err := t.logRecord(f.value); err != nil {
			return err
		}
	}
	return nil
}

// logRecord reads one record.
func (t *batch) logRecord(b []byte) error {
	t.begin()
	for f := (field{}); len(b) > 0; {
		n := f.consume(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if err := t.recordField(&f); err != nil {
			return err
		}
	}
	t.end()
	return nil
}

func (t *batch) recordField(f *field) error {
	p := &t.pending
	switch {
	case f.is(recordTime, protowire.Fixed64Type):
		p.time = f.scalar
	case f.is(recordObserved, protowire.Fixed64Type):
		p.observed = f.scalar
	case f.is(recordSeverityNumber, protowire.VarintType):
		p.severity = int32(f.scalar)
	case f.is(recordSeverityText, protowire.BytesType):
		p.severityText = f.value
	case f.is(recordTraceID, protowire.BytesType):
		p.traceID = f.value
	case f.is(recordEventName, protowire.BytesType):
		p.eventName = f.value
	case f.is(recordBody, protowire.BytesType):
		var err error
		p.body, err = t.text(f.value)
		return err
	case f.is(recordAttributes, protowire.BytesType):
		key, value, err := t.pair(f.value)
		if err == nil {
			t.attribute(key, value)
		}
		return err
	}
	return nil
}

// pair reads a key and the text of its value.
func (t *batch) pair(b []byte) (key, value []byte, err error) {
	var raw []byte
	for f := (field{}); len(b) > 0; {
		n := f.consume(b)
		if n < 0 {
			return nil, nil, errWire
		}
		b = b[n:]
		switch {
		case f.is(pairKey, protowire.BytesType):
			key = f.value
		case f.is(pairValue, protowire.BytesType):
			raw = f.value
		}
	}
	value, err = t.text(raw)
	return key, value, err
}
