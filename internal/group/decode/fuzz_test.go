package decode

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// check holds for every line, whatever its bytes: the message is no longer than
// what it was made of, and a zone comes with a time.
func check(t *testing.T, in []byte, l *Line) {
	t.Helper()
	if len(l.Message) > 4*len(in)+64 {
		t.Fatalf("%d bytes became a message of %d", len(in), len(l.Message))
	}
	if l.Time.IsZero() != (l.Zone == "") && !l.Time.IsZero() {
		t.Fatalf("time %v with zone %q", l.Time, l.Zone)
	}
	if len(in) > 0 && len(l.Message) == 0 && len(l.Attributes) == 0 && l.Time.IsZero() && l.Format == Plain && len(bytes.TrimSpace(in)) > 8 && !l.Header {
		t.Fatalf("%q got lost", in)
	}
}

// checkFresh: what a decoder remembers of earlier lines changes nothing.
func checkFresh(t *testing.T, in []byte, l *Line) {
	t.Helper()
	var fresh Line
	d := testDecoder()
	for range 2 {
		d.Decode(in, &fresh)
		if diff := cmp.Diff(fresh, *l, cmpopts.IgnoreUnexported(Line{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q (-fresh +remembering):\n%s", in, diff)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"time":"2026-11-23T09:10:13.359+01:00","level":"ERROR","msg":"a \"b\"","err":{"stack":"x"}}`, `level=info msg="x`,
		`E1123 09:10:13.359000 1 a.go:1] x`, `<34>1 2026-11-23T09:10:13Z - - - - [a b="c"] x`, `Nov 23 09:10:13 h t[1]: m`, `Mon, 2 Jan 2006 15`, `Mon, 2`, `[`,
		`23 Nov 09:42:09 - x`, `Nov 23, 2026 1:42:09 PM`, `99999999999999999999`, `1/1/`, `2026-11-23T`, "\x00",
	} {
		f.Add([]byte(seed), uint8(0))
	}
	d := testDecoder()
	var l Line
	f.Fuzz(func(t *testing.T, in []byte, format uint8) {
		d.Format = Format(format % uint8(len(formatNames)))
		d.Decode(in, &l)
		check(t, in, &l)
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"b":{"c":[{}]}}}`, `{"msg":"\ud83d`, `{"ts":99999999999999999999}`, `{"message":"{\"level\":\"error\",\"msg\":\"x\"}"}`, `{"log":"2026-11-23 09:10:13 ERROR x {\"a\":1}\n"}`,
		`{"attributes":[{"key":"a","value":{"stringValue":"b"}}],"body":{"kvlistValue":{"values":[{"key":"message","value":{"stringValue":"x"}}]}}}`,
		`{"exception":[{"exc_type":"E","exc_value":"v","frames":[{"filename":"a.py","lineno":1,"name":"f"}]}]}`, `{"stack":[{"func":"f","line":"1","source":"a.go"}],"error":"x"}`,
		`{"thrown":{"name":"E","message":"m","cause":{"name":"C","extendedStackTrace":[]},"extendedStackTrace":[{"class":"A","method":"m","file":"A.java","line":1}]}}`,
		`{"errorType":"E","stackTrace":["  File \"a.py\", line 1, in f\n"]}`, `{"MESSAGE":[104,105],"__REALTIME_TIMESTAMP":"1795446908817448"}`, "{\n  a: 'x' +\n    `y`,\n  b: undefined\n}",
		`{"instant":{"epochSecond":1,"nanoOfSecond":999999999},"level":{"name":"ERROR"},"trace":"p/traces/0"}`,
	} {
		f.Add([]byte(seed))
	}
	d := testDecoder()
	var l Line
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, object := range [][]byte{append([]byte{'{'}, in...), in} {
			d.Decode(object, &l)
			check(t, in, &l)
			checkFresh(t, object, &l)
		}
	})
}

func FuzzLogfmt(f *testing.F) {
	for _, seed := range []string{`level=info msg="a \"b\"" err=x`, `ts=1 level=error msg="x`, `a='b c' d=e f=g h=i`, `level== msg=`, `level=error error="a\nb"`} {
		f.Add([]byte(seed))
	}
	d := testDecoder()
	d.Format = Logfmt
	var l Line
	f.Fuzz(func(t *testing.T, in []byte) {
		d.Decode(in, &l)
		check(t, in, &l)
	})
}

func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		`2026-11-23 09:10:13,359 ERROR [main] a.B - lost error=gone trace_id=1`, "2026-11-23T09:10:13Z\tINFO\tshop\ta.go:1\tx\t{\"error\": \"y\"}", `E, [2026-11-23T09:10:13.1 #7] ERROR -- shop: x`,
		`7:M 23 Nov 2026 15:13:55.721 # x`, `fail: Shop.Orders[0]`, `2026-11-23 09:10:13.1 CET [7] u@d ERROR:  x`, `[2026-11-23T09:10:13.1+00:00] shop.ERROR: x {"a":1} []`,
		`2026-11-23T09:10:13Z  INFO 7 --- [app] [main] [4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7] a.B : x`, `2026/11/23 09:10:13 [error] 7#7: *1 x`, `2026-11-23 09:10:13 - shop - ERROR - x`,
	} {
		f.Add([]byte(seed))
	}
	d := testDecoder()
	d.Format = Plain
	var l Line
	f.Fuzz(func(t *testing.T, in []byte) {
		d.Decode(in, &l)
		check(t, in, &l)
		if !bytes.HasSuffix(in, l.Text) {
			t.Fatalf("%q is no end of %q", l.Text, in)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	for _, seed := range []string{
		`{"log":"x\n","stream":"stdout","time":"2026-11-23T09:10:13Z"}`, `2026-11-23T09:10:13.123456789Z stdout P part`, `<34>1 2026-11-23T09:10:13Z h a 1 - [a b="c\]"] x`, `<11>Nov 23 09:10:13 h t[1]: m`,
		`2026-11-23T09:10:13+00:00 h t[1]: m`, `{"__REALTIME_TIMESTAMP":"1795446908817448","MESSAGE":[1,2],"_PID":"1"}`, `Nov 23 09:10:13 h t[1] m`,
	} {
		f.Add([]byte(seed))
	}
	d := testDecoder()
	var l, payload Line
	f.Fuzz(func(t *testing.T, in []byte) {
		var frame Frame
		if !d.Unwrap(in, &l, &frame) {
			return
		}
		if len(frame.Payload) > len(in) {
			t.Fatalf("%d bytes framed %d", len(in), len(frame.Payload))
		}
		d.Decode(frame.Payload, &payload)
		check(t, frame.Payload, &payload)
	})
}

// FuzzSplit: no line gets lost, and what was split is not split again.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"__CURSOR=1\nMESSAGE\n\x0a\x00\x00\x00\x00\x00\x00\x00ten\nbytes\n\nPRIORITY=3\n\nplain", "__CURSOR=1\nA\n\xff\xff\xff\xff\xff\xff\xff\xff\n", "__CURSOR=\nno field\n__CURSOR=2",
		`{"resourceLogs":[{"resource":{"a":1},"scopeLogs":[{"logRecords":[{"body":1},{}]}]}]}`, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"a`, `{"resourceLogs":[,,[{`,
		`{"resourceLogs":[{"resource":{}"scopeLogs":[{"logRecords":[{ `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		var s Splitter
		for line := range bytes.SplitSeq(log, []byte("\n")) {
			if !s.Take(line) {
				if s.Next() != nil {
					t.Fatalf("%q was not taken, and gave an event", line)
				}
				continue
			}
			for event := s.Next(); event != nil; event = s.Next() {
				if len(event) > 64*len(log)+4096 {
					t.Fatalf("an event of %d bytes from %d", len(event), len(log))
				}
			}
		}
		if event := s.Close(); event != nil && len(event) > 6*len(log)+64 {
			t.Fatalf("an entry of %d bytes from %d", len(event), len(log))
		}
	})
}
