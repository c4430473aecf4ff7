package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// showFrame writes a frame in one line: only what is there.
func showFrame(f *Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", f.Payload)
	if !f.Time.IsZero() {
		fmt.Fprintf(&b, " %s %s", f.Time.Format("15:04:05.999999999"), f.Zone)
	}
	if f.Partial {
		b.WriteString(" partial")
	}
	if f.Severity != selfheal.SeverityUnspecified {
		fmt.Fprintf(&b, " %s", f.Severity)
	}
	for _, v := range [][]byte{f.Service, f.Instance, f.Revision, f.TraceID, f.Source} {
		if len(v) > 0 {
			fmt.Fprintf(&b, " %s", v)
		}
	}
	return b.String()
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	f := func(line, want string) {
		t.Helper()
		var l Line
		var frame Frame
		got := "none"
		if testDecoder().Unwrap([]byte(line), &l, &frame) {
			got = showFrame(&frame)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", line, diff)
		}
	}

	// Container runtimes.
	f(`{"log":"a \"b\"\n","stream":"stdout","time":"2026-11-23T09:10:13.5Z"}`, `"a \"b\"" 09:10:13.5 Z`)
	f(`{"log":"half","stream":"stdout","time":"2026-11-23T09:10:13.5Z"}`, `"half" 09:10:13.5 Z partial`)
	f(`2026-11-23T09:10:13.123456789+01:00 stderr F   at x`, `"  at x" 08:10:13.123456789 +01:00`)
	f(`2026-11-23T09:10:13.123456789Z stderr P half`, `"half" 09:10:13.123456789 Z partial`)

	// journald: the priority of what a service printed is nobody's statement.
	f(`{"MESSAGE":"  indented","PRIORITY":"6","_TRANSPORT":"stdout","SYSLOG_IDENTIFIER":"shop","_PID":"7","_HOSTNAME":"web-1","__REALTIME_TIMESTAMP":"1795446908817448"}`,
		`"  indented" 15:15:08.817448 Z shop web-1 shop 7`)
	f(`{"__REALTIME_TIMESTAMP":"1795446908817448","_TRANSPORT":"stdout","PRIORITY":"4","MESSAGE":[104,105,10,255]}`, `"hi\n\xff" 15:15:08.817448 Z WARN`)
	f(`{"PRIORITY":"6","_TRANSPORT":"journal","MESSAGE":"{\"level\":\"error\"}","_SYSTEMD_UNIT":"shop.service","TRACE_ID":"abc","__REALTIME_TIMESTAMP":"1795446908817448"}`,
		`"{\"level\":\"error\"}" 15:15:08.817448 Z INFO shop abc shop`)
	f(`{"MESSAGE":"no time"}`, "none")
	f(`{"__REALTIME_TIMESTAMP":"1795446908817448"}`, "none")
	f(`{"level":"error"}`, "none")

	// syslog.
	f(`<11>Nov 23 09:10:13 web-1 shop[77]:   at x`, `"  at x" 09:10:13 none ERROR shop web-1 shop[77]`)
	f(`<34>1 2026-11-23T09:10:13Z web-1 shop 77 - [a@1 trace_id="abc" service.version="1.4.0"] lost`, `"lost" 09:10:13 Z FATAL shop web-1 1.4.0 abc shop 77`)
	f(`Nov  3 09:10:13 web-1 sshd[77]: opened`, `"opened" 09:10:13 none sshd web-1 sshd[77]`)
	f(`2026-11-23T09:10:13.5+01:00 web-1 shop[77]: lost`, `"lost" 08:10:13.5 +01:00 shop web-1 shop[77]`)
	f(`2026-11-23T09:10:13.5+01:00 web-1 shop[77] lost`, `"lost" 08:10:13.5 +01:00 shop web-1 shop[77]`)
	f(`2026-11-23T09:10:13.5+01:00 main worker: lost`, "none")
	f(`2026-11-23 09:10:13 web-1 shop[77]: lost`, "none")
	f(`Nov 23 09:10:13 lost`, "none")
	f(`<13>lost`, "none")
	f(`<34>1 2026-11-23T09:10:13Z - - - - - lost`, "none")
	f(`just words`, "none")
	f(``, "none")
}
