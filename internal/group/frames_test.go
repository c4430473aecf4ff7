package group

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFramedStreams: the lines that programs wrote to a system log are put together, and never across programs.
func TestFramedStreams(t *testing.T) {
	t.Parallel()
	f := func(log, want string) {
		t.Helper()
		var got strings.Builder
		for _, r := range readAll(testGrouper(), []byte(log)) {
			fmt.Fprintf(&got, "%s %s %q", r.Service, r.Severity, r.Message)
			for _, x := range r.Exceptions {
				fmt.Fprintf(&got, " %s", x.Type)
			}
			got.WriteByte('\n')
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", log, diff)
		}
	}

	// A traceback of one process, with a line of another in between.
	f(`Nov 23 09:10:13 web-1 shop[7]: Traceback (most recent call last):
Nov 23 09:10:13 web-1 shop[7]:   File "/srv/shop.py", line 7, in fail
Nov 23 09:10:13 web-1 shop[7]:     return {}["owner"]
Nov 23 09:10:13 web-1 shop[7]: KeyError: 'owner'
Nov 23 09:10:13 web-1 cart[8]:   indented, and no part of it`,
		"shop ERROR \"KeyError: 'owner'\" KeyError\ncart UNSPECIFIED \"  indented, and no part of it\"\n")

	// The priority holds where the text states no level, and only there.
	f("<11>Nov 23 09:10:13 web-1 shop[7]: lost\n<14>Nov 23 09:10:13 web-1 shop[7]: level=error msg=lost", "shop ERROR \"lost\"\nshop ERROR \"lost\"\n")

	// A batch of OTLP records, one pretty-printed record, then plain text again.
	f(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"severityNumber":17,"body":{"stringValue":"a"}},{"severityNumber":9,"body":{"stringValue":"b"}}]}]}]}
{
    "body": "pretty",
    "severity_text": "ERROR"
}
{
    no object
}
plain`, "shop ERROR \"a\"\nshop INFO \"b\"\n ERROR \"pretty\"\n UNSPECIFIED \"{\\n    no object\"\n UNSPECIFIED \"plain\"\n")

	// A journal entry that the end of the stream completes, behind a banner.
	f("-- Boot --\n__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795446908817448\nPRIORITY=3\nSYSLOG_IDENTIFIER=shop\nMESSAGE=lost", " UNSPECIFIED \"-- Boot --\"\nshop ERROR \"lost\"\n")

	// .NET's console: the message is the second line.
	f("fail: Shop.Orders[0]\n      order lost\n      System.InvalidOperationException: gone\n         at Shop.Orders.Load(Int32 id) in /srv/Orders.cs:line 20", " ERROR \"order lost\" System.InvalidOperationException\n")
}
