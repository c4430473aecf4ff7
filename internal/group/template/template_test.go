package template

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func scan(in string) string {
	var s Scanner
	return Text(s.Scan([]byte(in)))
}

func TestMasks(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if diff := cmp.Diff(want, scan(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}

	// Text stays.
	f("", "")
	f("connection refused", "connection refused")
	f("  several   spaces\tand\x00controls ", "several spaces and controls")
	f("can't open: it's gone!", "can't open: it's gone!")
	f("java.io.IOException: Broken pipe", "java.io.IOException: Broken pipe")
	f("read/write error, and/or worse", "read/write error, and/or worse")
	f("unsupported charset utf-8 in IPv6 x509 sha256 s3 k8s Base64Decoder", "unsupported charset utf-8 in IPv6 x509 sha256 s3 k8s Base64Decoder")

	// Numbers, with sign, fraction, exponent and unit.
	f("took 12 ms, 1.5s, 3h2m1.5s, -7, 99%, 1e-09, 10GB/s", "took <num>")
	f("wrote 18.4 KB of 3 GiB", "wrote <num> of <num>")
	f("order 4711 of customer 42", "order <num> of customer <num>")
	f("slept 5 sec. and 7 secs. again", "slept <num>. and <num>. again")
	f("at 0xdeadbeef, hash 9f4ef63, deadbeef and 1234567", "at <num>, hash <num> and <num>")
	f("worker-3 blk_-388 node246 v1.2.3 #12", "<num> #<num>")

	// Addresses.
	f("from 10.0.0.1:5432 and 192.168.0.0/16", "from <host> and <host>")
	f("from [2001:db8::1]:80 via fe80::1%eth0", "from <host> via <host>")
	f("mac 00:1b:44:11:3a:b7 seen", "mac <host> seen")
	f("dial db.internal.example.com:5432 and cache.example:6379", "dial <host> and <host>")
	f("redis0:6379 and SRV7.eu.example.org:443 but localhost:80", "<host> and <host> but <host>")
	f("from 10.0.0.1 (a.example.org) or 10.0.0.2 () and 10.0.0.3 (refused)", "from <host> or <host> and <host> (refused)")
	f("GET https://example.org/a?b=c&d=(e) failed", "GET <url>) failed")
	f("mail ann@example.org", "mail <email>")
	f("request 123e4567-e89b-12d3-a456-426614174000", "request <uuid>")

	// Paths.
	f("open /var/lib/app/data.db: no such file", "open <path>: no such file")
	f("GET /api/v1/orders/12?expand=lines done", "GET <path> done")
	f(`cannot load C:\Windows\System32\x.dll`, "cannot load <path>")
	f("main.go:12: bad", "main.go:<num>: bad")
	f("saved receipts/oak-table.jsonl, read lib/a.js:12:3", "saved <path>, read <path>:<num>:<num>")
	f("text/plain by net/http.Client", "text/plain by net/http.Client")

	// Times.
	f("at 2026-11-23T09:10:13.359Z, 2026-11-23 09:10:13,359 +0200", "at <time>")
	f("on Mon Nov 23 2026 09:42:11 GMT", "on <time>")
	f("since 23/Nov/2026:09:10:13 +0000", "since <time>")
	f("you may 5 times", "you may <num> times")
	f("lifetime 01:07:37 at 01:07:37", "lifetime <num> at <time>")

	// Values.
	f(`user "ann" has 'x y'`, `user "<str>" has '<str>'`)
	f(`desc = "failed to decode column 13"`, `desc = "failed to decode column <num>"`)
	f("tenant=acme retry=true uid=7 name=\"x y z\" reason=timeout", "tenant=<value> retry=<value> uid=<value> name=\"x y z\" reason=timeout")
	f("user= tty=,ruser= x (uid=)", "user=<value> tty=<value>,ruser=<value> x (uid=<value>)")
	f("reason= code= a == b", "reason= code= a == b")
	f("service.name.label=a http.response.status=404", "service.name.label=<value> http.response.status=404")
	f("sent 403 bytes (1.2 KB) in <1 sec", "sent <num> in <num>")
	f("retries 1, 2, 3, 4 failed", "retries <num> failed")
	f("it''s \"open", "it''s \"open")
	f("price ****, id ***123, **** NEW ****", "price ****, id <num>, **** NEW ****")
	f("depth.........3, retry...later, CPU 0...9", "depth...<num>, retry...later, CPU <num>...<num>")
}

// TestStructures: what is printed as a structure is one value, unless it may say what happened.
func TestStructures(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if diff := cmp.Diff(want, scan(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}

	f("top=Component{com.acme/.Main} ids=[1, b] opts=(null) x", "top=<value> ids=<value> opts=<value> x")
	f("info={Reason=gone} list=[a b] call=f(x=1)", "info={Reason=gone} list=[a b] call=f(x=<value>)")
	f("last=IOException(gone) last=Err[gone]", "last=IOException(gone) last=Err[gone]")
	f("open=[a, b", "open=[a, b")
	f("last_error=timeout exitReason=OOM user_errors=3 postal_code=12345", "last_error=timeout exitReason=OOM user_errors=<value> postal_code=<num>")
	f("upstream_error_code=110 lastExitCode=3", "upstream_error_code=110 lastExitCode=3")

	f(`got {"code": 404, "error": "not_found", "user": "ann"} from it`, `got {"code": 404, "error": "not_found", "user": <value>} from it`)
	f(`{"status":500,"message":"it went boom here","id":"a1","n":null}`, `{"status":500,"message":"it went boom here","id":<value>,"n":<value>}`)
	f(`{"user": {"id": 1, "tags": ["x", "y"]}}`, `{"user": {"id": <value>, "tags": ["<str>", "<str>"]}}`)
	f(`{'code': 404, 'name': 'it\'s me'}`, `{'code': 404, 'name': <value>}`)
	f(`parse "abc": bad`, `parse "<str>": bad`)
	f(`said "one two three" and "four"`, `said "one two three" and "<str>"`)
	f(`{"a":`, `{"a":`)
	f(`{"a`, `{"a`)

	f(`column "email" and property 'id' of "shop"`, `column "email" and property 'id' of "<str>"`)
	f("wrote orders-2026.pdf of data.csv, not main.go", "wrote <path> of <path>, not main.go")
	f("mapred.task.id is not spring.datasource.url", "mapred.task.id is not spring.datasource.url")
	f("from mail.example.org by com.acme.shop via a1.b.c", "from <host> by <host> via <host>")
	f("dial tcp redis:6379, connected to db:5432, retries left:12", "dial tcp <host>, connected to <host>, retries left:<num>")
}

func TestCodesStay(t *testing.T) {
	t.Parallel()
	f := func(in string) {
		t.Helper()
		if diff := cmp.Diff(in, scan(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}

	f("HTTP 404")
	f("HTTP 500")
	f("got 503 Service Unavailable")
	f(`"HEAD * HTTP/1.1" 502`)
	f("unexpected status code: 429")
	f("status=500")
	f("response status 404 for it")
	f("exit status 1")
	f("exit code 137")
	f("killed by signal 9")
	f("signal: killed SIGKILL")
	f("connect: ECONNREFUSED")
	f("errno=111")
	f("ERROR: duplicate key (SQLSTATE 23505)")
	f("SQLSTATE[42S02]: no table")
	f("ORA-00942: table or view does not exist")
	f("E11000 duplicate key")
	f("rpc error: code = Unavailable desc = gone")
	f(`code = "InvalidArgument"`)
	f("TLSv1.3 handshake over HTTP/2")
	f("status was 500")
	f("now in state 'Active'")
	f(`type "payment" is refused, reason: "expired"`)
	f("status code of 404 for it")
	f("upstream responded with 503")
	f("upstream_status=502 resp.status=500 grpc.status=Unavailable")
	f("cannot resolve it, error 11001")
	f("GET it 404 Not Found")
}

// TestRequestStatusStays holds the ways in which servers write a request and its status.
func TestRequestStatusStays(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if diff := cmp.Diff(want, scan(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}

	f("ERROR GET /orders/17 500", "ERROR GET <path> 500")
	f("GET orders/17 502", "GET orders/<num> 502")
	f("POST https://h/p 503 12ms", "POST <url> 503 <num>")
	f("CONNECT db.example.com:443 502", "CONNECT <host> 502")
	f(`"GET /x HTTP/1.1" 404 123`, `"GET <path> HTTP/1.1" 404 <num>`)
	f(`"GET /x" 500 512 "-"`, `"GET <path>" 500 <num> "<str>"`)
	f("GET /x (500)", "GET <path> (500)")
	f("failed to POST /x: 500", "failed to POST <path>: 500")
	f("--> GET /x 500 12ms 3b", "--> GET <path> 500 <num>")
	f("PUT /x to 10.0.0.1 → 504", "PUT <path> to <host> → 504")
	f("404 GET /x (10.0.0.1) 0.45ms", "404 GET <path> (<host>) <num>")
	f("<-- 500 https://h/p (12ms)", "<-- 500 <url> (<num>)")
	f(`[GIN] | 500 |   1.2ms |  ::1 | GET      "/x"`, `[GIN] | 500 | <num> | <host> | GET "<str>"`)
	f(`"GET http://h/x HTTP/1.1" from 10.0.0.1:1 - 500 12B in 1ms`, `"GET <url> HTTP/1.1" from <host> - 500 <num> in <num>`)
	f(`10.0.0.1 - - [23/Nov/2026:09:10:13 +0000] "-" 400 0`, `<host> - - [<time>] "<str>" 400 <num>`)

	// A number that is no status.
	f("took 500 ms", "took <num>")
	f("order 404", "order <num>")
	f("| 500 | 404 | rows", "| <num> | rows")
	f("GET /x took 500 ms", "GET <path> took <num>")
	f("GET /x 500 ms", "GET <path> <num>")
	f("PUT /x 300 items", "PUT <path> <num> items")
	f("GET /x 200 512 300", "GET <path> 200 <num>")
	f("query returned 217 rows", "query returned <num> rows")
	f("saw error 404 times", "saw error <num> times")
	f("GET 404", "GET <num>")
	f("/x 404", "<path> <num>")
	f("GET / 404", "GET <path> 404")
	f("and / or 404", "and / or <num>")
}

func TestStatusesNeverMerge(t *testing.T) {
	t.Parallel()
	formats := []string{
		"GET %[1]s %[2]d", "POST https://h%[1]s %[2]d %[3]dms", `"GET %[1]s HTTP/1.1" %[2]d %[3]d`, "GET %[1]s: %[2]d", `GET "%[1]s" %[2]d`, "%[2]d GET %[1]s",
		"PUT %[1]s took %[3]d ms, status=%[2]d", "status: %[2]d of %[1]s", "%[1]s returned %[2]d", "HTTP %[2]d for %[1]s", "code %[2]d after %[3]d s", "%[1]s responded with %[2]d",
	}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom(formats).Draw(t, "format")
		path := rapid.StringMatching(`/[a-z]{2,8}/[0-9]{1,5}`)
		line := func(status int) string {
			return scan(fmt.Sprintf(format, path.Draw(t, "path"), status, rapid.IntRange(1, 9999).Draw(t, "took")))
		}
		status := rapid.IntRange(100, 599)
		a, b := status.Draw(t, "a"), status.Draw(t, "b")
		if x, y := line(a), line(b); (x == y) != (a == b) {
			t.Fatalf("statuses %d and %d give %q and %q", a, b, x, y)
		}
	})
}

func TestDistinctStay(t *testing.T) {
	t.Parallel()
	f := func(a, b string) {
		t.Helper()
		if scan(a) == scan(b) {
			t.Errorf("%q and %q both give %q", a, b, scan(a))
		}
	}

	f("HTTP 404", "HTTP 500")
	f("read tcp 10.0.0.1:1->10.0.0.2:2: connection reset", "read tcp 10.0.0.1:1->10.0.0.2:2: broken pipe")
	f("open /a: permission denied", "open /a: no such file")
	f("exit status 1", "exit status 2")
	f(`column "a" is missing`, `column "b" is missing`)
	f(`{"code": "a_b"}`, `{"code": "c_d"}`)
	f("last_error=timeout", "last_error=refused")
	f("result=Failure(timeout)", "result=Failure(refused)")
}

func TestTextShowsNothingInvisible(t *testing.T) {
	t.Parallel()
	in := "pay\u202Eload \u200Bzero \ufeffmark \xff\xfe bad"
	if diff := cmp.Diff("payload zero mark \uFFFD\uFFFD bad", scan(in)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongInputIsCut(t *testing.T) {
	t.Parallel()
	var s Scanner
	long := strings.Repeat("word ", 1<<20)
	if n := len(s.Scan([]byte(long))); n > MaxTemplate+1 {
		t.Errorf("template of %d bytes", n)
	}
	numbers := strings.Repeat("12 ab", 1<<20)
	if n := len(s.Scan([]byte(numbers))); n > MaxTemplate+64 {
		t.Errorf("template of %d bytes", n)
	}
}

func TestDigitsNeverChangeTheTemplate(t *testing.T) {
	t.Parallel()
	words := []string{"order", "failed for", "after", "in", "user", "took", "connection to", "lost,", "retry:"}
	rapid.Check(t, func(t *rapid.T) {
		var a, b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "parts") {
			word := rapid.SampledFrom(words).Draw(t, "word")
			kind := rapid.SampledFrom([]string{"%d", "%d ms", "id-%d", "/srv/%d/x", "10.0.%d.1", "key=%d", "0x%x", "'%d'", "[%d]"}).Draw(t, "kind")
			x, y := rapid.IntRange(0, 255).Draw(t, "x"), rapid.IntRange(0, 255).Draw(t, "y")
			fmt.Fprintf(&a, "%s "+kind+" ", word, x)
			fmt.Fprintf(&b, "%s "+kind+" ", word, y)
		}
		if scan(a.String()) != scan(b.String()) {
			t.Fatalf("%q gives %q\n%q gives %q", a.String(), scan(a.String()), b.String(), scan(b.String()))
		}
	})
}

func TestSameKindOfValueGivesSameTemplate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SampledFrom([]*rapid.Generator[string]{
			rapid.StringMatching(`[1-9][0-9]{5,9}`), rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3}){3}`), rapid.StringMatching(`/[a-z]{2,8}/[a-z0-9]{1,12}`),
			rapid.StringMatching(`[0-9a-f]{7}[0-9]`),
		}).Draw(t, "kind")
		a, b := "lost "+g.Draw(t, "a")+" again", "lost "+g.Draw(t, "b")+" again"
		if scan(a) != scan(b) {
			t.Fatalf("%q gives %q, %q gives %q", a, scan(a), b, scan(b))
		}
	})
}

func TestScanDoesNotAllocate(t *testing.T) {
	var s Scanner
	line := []byte(`2026-11-23 request 4711 of "ann" to /api/x took 12ms, status 500 from 10.0.0.1`)
	s.Scan(line)
	if n := testing.AllocsPerRun(100, func() { s.Scan(line) }); n != 0 {
		t.Errorf("%v allocations per line", n)
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"", "order 4711 failed", `a "b" 'c' d='e f'`, "2026-11-23T09:10:13Z x", "/a/b?c=d", "http://x/y", "1:2:3:4:5", "a@b.c", "\\\"", "fe80::1", "\x01\x1f\xff",
		"status 404", "Mon Nov 23 09:42:11 2026", "***1", "[1, 2, 3]", "C:\\x\\y", "-", "+", "0x", "1.", ".1", "a=b=c", "'", "\"\\",
		"GET /x 500", `"GET /x" 404`, "| 500 | 1ms | GET /x", "<-- 500 http://", "10.0.0.1 () x=", "a/b.c d1:80", "status was 500",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s Scanner
		compact := bytes.Clone(s.Scan(in))
		if len(compact) > MaxTemplate+maxInput {
			t.Fatalf("template of %d bytes", len(compact))
		}
		if again := s.Scan(in); !bytes.Equal(compact, again) {
			t.Fatalf("%q gave %q, then %q", in, compact, again)
		}
		if text := Text(compact); strings.ContainsAny(text, "\x00\x01\x1b\n") {
			t.Fatalf("%q shows control characters: %q", in, text)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	lines := [][]byte{
		[]byte("Received block blk_-1608999687919862906 of size 91178 from /10.250.14.224"),
		[]byte("connection to upstream was closed by peer before the response was complete"),
		[]byte(`cannot load order 4711 for tenant "acme": dial tcp 10.0.3.7:5432: connect: connection refused`),
		[]byte("request served in 12.5ms with status=200 path=/api/v1/orders/42 bytes=1832"),
	}
	size := 0
	for _, l := range lines {
		size += len(l) + 1
	}
	var s Scanner
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			s.Scan(l)
		}
	}
}
