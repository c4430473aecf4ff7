package decode

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for want := Auto; want <= Journald; want++ {
		if got, err := ParseFormat(want.String()); got != want || err != nil {
			t.Errorf("%s was read as %s, %v", want, got, err)
		}
	}
	if got, err := ParseFormat("JSON"); got != JSON || err != nil {
		t.Errorf("JSON was read as %s, %v", got, err)
	}
	_, err := ParseFormat("xml")
	var usage *selfheal.Error
	if !errors.As(err, &usage) || usage.Code != selfheal.CodeUsage || usage.Hint == "" {
		t.Errorf("got %v, want a usage error with a hint", err)
	}
}

// TestForcedFormat: what is not in the format that was asked for is plain text.
func TestForcedFormat(t *testing.T) {
	t.Parallel()
	f := func(format Format, line, want string) {
		t.Helper()
		d := testDecoder()
		d.Format = format
		var l Line
		d.Decode([]byte(line), &l)
		if diff := cmp.Diff(want, show(&l)); diff != "" {
			t.Errorf("%s: %s\n(-want +got):\n%s", format, line, diff)
		}
	}

	object := `{"level":"error","msg":"lost"}`
	f(Auto, object, `json ERROR "lost"`)
	f(JSON, object, `json ERROR "lost"`)
	f(Plain, object, `plain UNSPECIFIED "{\"level\":\"error\",\"msg\":\"lost\"}"`)
	f(Logfmt, object, `plain UNSPECIFIED "{\"level\":\"error\",\"msg\":\"lost\"}"`)
	f(Journald, object, `plain UNSPECIFIED "{\"level\":\"error\",\"msg\":\"lost\"}"`)
	f(Plain, `2026-11-23T09:10:13Z ERROR {"msg":"lost"}`, `plain ERROR 2026-11-23T09:10:13 Z "{\"msg\":\"lost\"}"`)

	f(Logfmt, `a=b c=d`, `logfmt UNSPECIFIED "a=b c=d"`)
	f(Auto, `a=b c=d`, `plain UNSPECIFIED "a=b c=d"`)
	f(JSON, `level=error msg=lost`, `plain UNSPECIFIED "level=error msg=lost"`)

	f(Klog, `E1123 09:10:13.359000    1234 server.go:12] lost`, `klog ERROR 2026-11-23T09:10:13.359 none "lost"`)
	f(Plain, `E1123 09:10:13.359000    1234 server.go:12] lost`, `plain UNSPECIFIED "E1123 09:10:13.359000    1234 server.go:12] lost"`)
	f(Syslog, `<11>Nov 23 09:10:13 web-1 shop[77]: lost`, `syslog ERROR 2026-11-23T09:10:13 none "lost" service="shop" instance="web-1"`)
	f(JSON, `<11>lost`, `plain UNSPECIFIED "<11>lost"`)
	f(Journald, `{"__REALTIME_TIMESTAMP":"1795446908817448","PRIORITY":"3","MESSAGE":"lost"}`, `json ERROR 2026-11-23T15:15:08.817448 Z "lost"`)
}
