package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"selfheal"
)

func str(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

func number(n int64) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: n}}
}

func pairsOf(kv ...any) (all []*common.KeyValue) {
	for i := 0; i < len(kv); i += 2 {
		v, ok := kv[i+1].(*common.AnyValue)
		if !ok {
			v = str(kv[i+1].(string))
		}
		all = append(all, &common.KeyValue{Key: kv[i].(string), Value: v})
	}
	return all
}

func object(kv ...any) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: pairsOf(kv...)}}}
}

func list(values ...*common.AnyValue) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: values}}}
}

// requestOf makes a request of one resource.
func requestOf(resource []*common.KeyValue, records ...*logs.LogRecord) *logs.LogsData {
	return &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		Resource: &resourcepb.Resource{Attributes: resource}, ScopeLogs: []*logs.ScopeLogs{{LogRecords: records}},
	}}}
}

var traceID = []byte{0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// everything is a request with all that is read.
func everything() *logs.LogsData {
	request := requestOf(
		pairsOf("service.name", "shop", "service.version", "1.2.0", "deployment.environment.name", "prod", "service.instance.id", "i-1", "host.name", "h-1", "other", "x"),
		&logs.LogRecord{
			TimeUnixNano: 1_700_000_000_000_000_007, ObservedTimeUnixNano: 9, SeverityNumber: 18, SeverityText: "ERROR2", TraceId: traceID, SpanId: traceID[:8],
			Body: str("charge failed"), Attributes: pairsOf("exception.type", "ValueError", "n", number(-3), "ok", &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}},
				"f", &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 1.5}}, "b", &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte{1, 2}}},
				"list", list(str("a\"\n\x01é"), number(1), object("k", "v")), "empty", ""),
		},
		&logs.LogRecord{ObservedTimeUnixNano: 1_700_000_000_000_000_000, Body: object("message", "hi", "level", "warn"), TraceId: make([]byte, 16)},
		&logs.LogRecord{SeverityText: "warning", Body: number(5)},
		&logs.LogRecord{EventName: "device.crash"},
		&logs.LogRecord{Attributes: pairsOf("event.name", "browser.exception", "exception.message", "x is undefined")},
	)
	request.ResourceLogs = append(request.ResourceLogs, requestOf(pairsOf("service.name", "cart", "k8s.pod.name", "cart-1", "service.instance.id", "i", "deployment.environment", "dev",
		"vcs.ref.head.revision", "abc"), &logs.LogRecord{Body: str("x")}).ResourceLogs...)
	return request
}

func decoded(t testing.TB, body []byte) []selfheal.Record {
	t.Helper()
	b := newBatch()
	if err := b.decode(body); err != nil {
		t.Fatal(err)
	}
	return b.records
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func attributes(kv ...string) (all []selfheal.Attribute) {
	for i := 0; i < len(kv); i += 2 {
		all = append(all, selfheal.Attribute{Key: []byte(kv[i]), Value: []byte(kv[i+1])})
	}
	return all
}

func TestRecords(t *testing.T) {
	t.Parallel()
	shop := selfheal.Record{Service: "shop", Revision: "1.2.0", Environment: "prod", Instance: "i-1", Stream: "i-1"}
	with := func(r selfheal.Record) selfheal.Record {
		r.Service, r.Revision, r.Environment, r.Instance, r.Stream = shop.Service, shop.Revision, shop.Environment, shop.Instance, shop.Stream
		return r
	}
	want := []selfheal.Record{
		with(selfheal.Record{
			Time: time.Unix(1_700_000_000, 7).UTC(), Zone: "Z", Severity: selfheal.SeverityError, TraceID: hex.EncodeToString(traceID), Message: []byte("charge failed"),
			Attributes: attributes("exception.type", "ValueError", "n", "-3", "ok", "true", "f", "1.5", "b", "AQI=", "list", `["a\"\n\u0001é",1,{"k":"v"}]`),
		}),
		with(selfheal.Record{Time: time.Unix(1_700_000_000, 0).UTC(), Zone: "Z", Message: []byte(`{"message":"hi","level":"warn"}`)}),
		with(selfheal.Record{Severity: selfheal.SeverityWarn, Message: []byte("5")}),
		with(selfheal.Record{Message: []byte("device.crash")}),
		with(selfheal.Record{Severity: selfheal.SeverityError, Attributes: attributes("event.name", "browser.exception", "exception.message", "x is undefined")}),
		{Service: "cart", Environment: "dev", Revision: "abc", Instance: "cart-1", Stream: "cart-1", Message: []byte("x")},
	}
	if diff := cmp.Diff(want, decoded(t, marshal(t, everything())), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestResourceBehind: a resource may stand behind its records.
func TestResourceBehind(t *testing.T) {
	t.Parallel()
	whole := requestOf(pairsOf("service.name", "shop"), &logs.LogRecord{Body: str("x")}).ResourceLogs[0]
	behind := append(marshal(t, &logs.ResourceLogs{ScopeLogs: whole.ScopeLogs}), marshal(t, &logs.ResourceLogs{Resource: whole.Resource})...)
	body := appendMessage(nil, requestResourceLogs, func(dst []byte) []byte { return append(dst, behind...) })
	if got := decoded(t, body); len(got) != 1 || got[0].Service != "shop" {
		t.Errorf("got %+v", got)
	}
}

func TestSeverities(t *testing.T) {
	t.Parallel()
	f := func(number int32, text string, want selfheal.Severity) {
		t.Helper()
		if got := severityOf(number, []byte(text)); got != want {
			t.Errorf("severityOf(%d, %q) = %v, want %v", number, text, got, want)
		}
	}
	for n, want := range map[int32]selfheal.Severity{1: 1, 4: 1, 5: 5, 9: 9, 12: 9, 13: 13, 17: 17, 20: 17, 21: 21, 24: 21, 25: 0, -1: 0, 0: 0} {
		f(n, "", want)
	}
	f(0, "Information", selfheal.SeverityInfo)
	f(0, "critical", selfheal.SeverityFatal)
	f(0, "whatever", selfheal.SeverityUnspecified)
	f(9, "ERROR", selfheal.SeverityInfo)
}

// TestCapsOfRequests: what lies beyond the caps is left out and reported.
func TestCapsOfRequests(t *testing.T) {
	t.Parallel()
	many := make([]*logs.LogRecord, maxRecords+3)
	for i := range many {
		many[i] = &logs.LogRecord{SeverityNumber: 9}
	}
	b := newBatch()
	if err := b.decode(marshal(t, requestOf(nil, many...))); err != nil || len(b.records) != maxRecords || b.rejected != 3 || b.isUsual() {
		t.Errorf("%v: %d records, %d rejected", err, len(b.records), b.rejected)
	}
	r := &logs.LogRecord{}
	for i := range maxAttributes + 5 {
		r.Attributes = append(r.Attributes, pairsOf(strconv.Itoa(i), "x")...)
	}
	if got := decoded(t, marshal(t, requestOf(nil, r))); len(got[0].Attributes) != maxAttributes {
		t.Errorf("%d attributes", len(got[0].Attributes))
	}
	deep := str("x")
	for range 40 {
		deep = list(deep)
	}
	if got := decoded(t, marshal(t, requestOf(nil, &logs.LogRecord{Body: deep}))); string(got[0].Message) != strings.Repeat("[", maxDepth)+`"..."`+strings.Repeat("]", maxDepth) {
		t.Errorf("got %s", got[0].Message)
	}
}

// reference decodes a request by the generated code.
func reference(request *logs.LogsData) (all []selfheal.Record) {
	for _, rl := range request.GetResourceLogs() {
		var n names
		var from resource
		for _, kv := range rl.GetResource().GetAttributes() {
			from.set(&n, []byte(kv.GetKey()), []byte(referenceText(kv.GetValue())))
		}
		from.settle()
		for _, sl := range rl.GetScopeLogs() {
			for _, r := range sl.GetLogRecords() {
				all = append(all, referenceRecord(&from, r))
			}
		}
	}
	return all
}

func referenceRecord(from *resource, r *logs.LogRecord) selfheal.Record {
	got := selfheal.Record{Service: from.service, Environment: from.environment, Revision: from.revision, Instance: from.instance, Stream: from.stream,
		Severity: severityOf(int32(r.GetSeverityNumber()), []byte(r.GetSeverityText())), Message: []byte(referenceText(r.GetBody()))}
	at := r.GetTimeUnixNano()
	if at == 0 {
		at = r.GetObservedTimeUnixNano()
	}
	if at > 0 && at <= math.MaxInt64 {
		got.Time, got.Zone = time.Unix(0, int64(at)).UTC(), "Z"
	}
	if id := r.GetTraceId(); len(id) == 16 && string(id) != string(make([]byte, 16)) {
		got.TraceID = hex.EncodeToString(id)
	}
	event := r.GetEventName()
	for _, kv := range r.GetAttributes() {
		value := referenceText(kv.GetValue())
		if kv.GetKey() == "" || value == "" || len(got.Attributes) == maxAttributes {
			continue
		}
		if kv.GetKey() == "event.name" && r.GetEventName() == "" {
			event = value
		}
		got.Attributes = append(got.Attributes, attributes(kv.GetKey(), value)...)
	}
	if exception := event == "exception" || strings.HasSuffix(event, ".exception"); exception && got.Severity == 0 {
		got.Severity = selfheal.SeverityError
	} else if !exception && len(got.Message) == 0 {
		got.Message = []byte(event)
	}
	return got
}

func referenceText(any *common.AnyValue) string {
	switch any.GetValue().(type) {
	case *common.AnyValue_ArrayValue, *common.AnyValue_KvlistValue:
		return referenceJSON(any, 0)
	}
	switch v := any.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *common.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64)
	case *common.AnyValue_BytesValue:
		return base64.StdEncoding.EncodeToString(v.BytesValue)
	}
	return ""
}

func referenceJSON(v *common.AnyValue, depth int) string {
	parts := []string{}
	switch v := v.GetValue().(type) {
	case nil:
		return "null"
	case *common.AnyValue_StringValue:
		return string(appendQuoted(nil, []byte(v.StringValue)))
	case *common.AnyValue_ArrayValue:
		if depth == maxDepth {
			return `"..."`
		}
		for _, e := range v.ArrayValue.GetValues() {
			parts = append(parts, referenceJSON(e, depth+1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *common.AnyValue_KvlistValue:
		if depth == maxDepth {
			return `"..."`
		}
		for _, e := range v.KvlistValue.GetValues() {
			parts = append(parts, string(appendQuoted(nil, []byte(e.GetKey())))+":"+referenceJSON(e.GetValue(), depth+1))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case *common.AnyValue_BytesValue:
		return `"` + base64.StdEncoding.EncodeToString(v.BytesValue) + `"`
	case *common.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return `"` + referenceText(&common.AnyValue{Value: v}) + `"`
		}
		return referenceText(&common.AnyValue{Value: v})
	case *common.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	}
	return "null"
}

// FuzzWire: what the generated code reads of a request, this code reads too, and
// the same; whatever else comes makes an error or nothing.
func FuzzWire(f *testing.F) {
	f.Add(marshal(f, everything()))
	f.Add(marshal(f, requestOf(nil, &logs.LogRecord{Body: str("x")})))
	f.Add([]byte{0x0a, 0xff})
	f.Add([]byte{0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, body []byte) {
		b := newBatch()
		err := b.decode(body)
		var request logs.LogsData
		if proto.Unmarshal(body, &request) != nil {
			return
		}
		if err != nil {
			t.Fatalf("the generated code reads it, and this does not: %v", err)
		}
		canonical := decoded(t, marshal(t, &request)) // without fields that occur twice
		if diff := cmp.Diff(reference(&request), canonical, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-generated +this):\n%s", diff)
		}
	})
}

// FuzzJSON: what is read is a request of protobuf.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(wholeJSON))
	f.Add([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"doubleValue":"NaN"},"timeUnixNano":1.7e18}]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		wire, err := fromJSON(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatal("broken JSON was read")
		}
		decoded(t, wire)
	})
}

const wholeJSON = `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"unknown":1,"scopeLogs":[{"scope":{"name":"x"},"logRecords":[
{"timeUnixNano":"1700000000000000007","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"charge failed"},"traceId":"ab0102030405060708090a0b0c0d0e0f","attributes":[
 {"key":"n","value":{"intValue":"-3"}},{"key":"m","value":{"intValue":4}},{"key":"ok","value":{"boolValue":true}},{"key":"f","value":{"doubleValue":1.5}},{"key":"b","value":{"bytesValue":"AQI="}},
 {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}]}}}]},
{"observedTimeUnixNano":1700000000000000000,"eventName":"device.crash"}]}]}]}`

func TestJSON(t *testing.T) {
	t.Parallel()
	wire, err := fromJSON([]byte(wholeJSON))
	if err != nil {
		t.Fatal(err)
	}
	want := []selfheal.Record{
		{Service: "shop", Stream: "otlp", Time: time.Unix(1_700_000_000, 7).UTC(), Zone: "Z", Severity: selfheal.SeverityError, TraceID: hex.EncodeToString(traceID),
			Message: []byte("charge failed"), Attributes: attributes("n", "-3", "m", "4", "ok", "true", "f", "1.5", "b", "AQI=", "list", `["a",{"k":"v"}]`)},
		{Service: "shop", Stream: "otlp", Time: time.Unix(1_700_000_000, 0).UTC(), Zone: "Z", Message: []byte("device.crash")},
	}
	if diff := cmp.Diff(want, decoded(t, wire), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, broken := range []string{"", "[]", "{", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"}]}]}]}`} {
		if _, err := fromJSON([]byte(broken)); err == nil {
			t.Errorf("%q was read", broken)
		}
	}
}
