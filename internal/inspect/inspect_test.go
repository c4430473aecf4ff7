package inspect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"selfheal"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

// now is when these tests run.
func now() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// reading is a request for text on standard input.
func reading(text string) inspect.Request {
	return inspect.Request{Files: []string{"-"}, Stdin: strings.NewReader(text), Clock: now}
}

func table(t *testing.T, r inspect.Request, view inspect.View) report.SignatureTable {
	t.Helper()
	got, err := inspect.Table(t.Context(), r, view)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// rowsOf spells a table: count and title of each row.
func rowsOf(rows []report.SignatureRow) []string {
	all := []string{}
	for _, row := range rows {
		all = append(all, fmt.Sprint(row.Count, " ", row.Signature.Title))
	}
	return all
}

// strangers are lines that differ in a name, which only many of them show to be one.
func strangers(n int) (lines []string) {
	for i, name := range strings.Fields("ann bob cem dan eve fay gus hal ida jim kay leo mia ned ola")[:n] {
		lines = append(lines, fmt.Sprintf("2026-03-02T10:00:%02dZ ERROR no such user %s from host", i, name))
	}
	return lines
}

func TestTableGeneralises(t *testing.T) {
	t.Parallel()
	text := strings.Join(strangers(15), "\n") + "\n2026-03-02T10:01:00Z INFO bye\n"
	got := table(t, reading(text), inspect.View{})
	if diff := cmp.Diff([]string{"15 no such user <*> from host", "1 bye"}, rowsOf(got.Rows)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	row := got.Rows[0]
	if row.Merged != 15 || got.Signatures != 2 || got.Lines != 16 || got.Records != 16 {
		t.Errorf("merged %d of %d, now %d, in %d records", row.Merged, got.Lines, got.Signatures, got.Records)
	}
	if s := row.Signature; s.First.Second() != 0 || s.Last.Second() != 14 || !strings.Contains(s.Sample.Text, "user ola") {
		t.Errorf("from %v to %v, sample %q", s.First, s.Last, s.Sample.Text)
	}
	var charted int64
	for _, n := range row.Times.Buckets {
		charted += n
	}
	if charted != 15 {
		t.Errorf("the chart has %d of 15 records", charted)
	}
	exact := reading(text)
	exact.Exact = true
	if got := table(t, exact, inspect.View{}); len(got.Rows) != 16 || got.Rows[0].Merged != 1 {
		t.Errorf("exact: %d rows, the first of %d", len(got.Rows), got.Rows[0].Merged)
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	const text = `2026-03-02T10:00:05Z INFO often
2026-03-02T10:00:06Z INFO often
2026-03-02T10:00:07Z INFO often
2026-03-02T10:00:01Z ERROR early
2026-03-02T10:00:09Z WARN late
2026-03-02T10:00:08Z WARN late
no time and no level
`
	f := func(view inspect.View, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, rowsOf(table(t, reading(text), view).Rows)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", view, diff)
		}
	}

	f(inspect.View{}, "3 often", "2 late", "1 early", "1 no time and no level")
	f(inspect.View{Sort: inspect.OrderFirst}, "1 early", "3 often", "2 late", "1 no time and no level")
	f(inspect.View{Sort: inspect.OrderLast}, "2 late", "3 often", "1 early", "1 no time and no level")
	f(inspect.View{Sort: inspect.OrderSeverity}, "1 early", "2 late", "3 often", "1 no time and no level")
	f(inspect.View{Level: selfheal.SeverityWarn}, "2 late", "1 early")
	f(inspect.View{Limit: 2}, "3 often", "2 late")

	got := table(t, reading(text), inspect.View{Level: selfheal.SeverityWarn, Limit: 1})
	if got.Below != (report.HiddenSignatures{Signatures: 2, Records: 4}) || got.Cut != (report.HiddenSignatures{Signatures: 1, Records: 1}) {
		t.Errorf("below %+v, cut %+v", got.Below, got.Cut)
	}
	if got.UndatedRecords != 1 || got.From.Second() != 1 || got.To.Second() != 9 {
		t.Errorf("%+v", got.Reading)
	}
}

// TestOverflowStays: the row for everything beyond the cap is shown whatever the view leaves out.
func TestOverflowStays(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 50_100 {
		fmt.Fprintf(&b, "word%s\n", strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i)))
	}
	r := reading(b.String())
	r.Exact = true
	got := table(t, r, inspect.View{Level: selfheal.SeverityError, Limit: 3})
	if len(got.Rows) != 1 || got.Rows[0].Signature.Kind != selfheal.KindOverflow || got.Rows[0].Count != 100 {
		t.Errorf("rows %v", rowsOf(got.Rows))
	}
	if got.Signatures != 50_000 || got.Below.Records != 50_000 {
		t.Errorf("%d signatures, below %+v", got.Signatures, got.Below)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	const text = `before any time
2026-03-02T09:00:00Z ERROR old
	at old.Frame(Old.java:1)
undated among old
2026-03-02T10:00:00Z ERROR inside
Traceback (most recent call last):
  File "/app/shop/a.py", line 1, in a
ValueError: x
undated among inside
2026-03-02T11:00:00Z ERROR end
`
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }
	f := func(i selfheal.Interval, outside, unplaced int64, want ...string) {
		t.Helper()
		r := reading(text)
		r.Interval = i
		got := table(t, r, inspect.View{Sort: inspect.OrderFirst})
		if diff := cmp.Diff(want, rowsOf(got.Rows)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", i, diff)
		}
		if got.OutsideLines != outside || got.UnplacedLines != unplaced {
			t.Errorf("%v: %d lines outside, %d unplaced", i, got.OutsideLines, got.UnplacedLines)
		}
	}

	f(selfheal.Interval{From: at(10), To: at(11)}, 4, 1, "1 ValueError: x in a.a", "1 before any time", "1 undated among inside")
	f(selfheal.Interval{From: at(11)}, 8, 1, "1 end", "1 before any time")
	f(selfheal.Interval{To: at(9)}, 9, 1, "1 before any time")
}

// TestIntervalReadsEveryFraming: the transport's time counts where the text has none.
func TestIntervalReadsEveryFraming(t *testing.T) {
	t.Parallel()
	f := func(line string) {
		t.Helper()
		r := reading(line + "\n")
		r.Interval = selfheal.Interval{From: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
		if got := table(t, r, inspect.View{}); got.OutsideLines != 1 || got.Records != 0 {
			t.Errorf("%q was not left out: %+v", line, got.Reading)
		}
	}

	f(`2026-03-02T09:59:59Z INFO x`)
	f(`{"time":"2026-03-02T09:59:59Z","msg":"x"}`)
	f(`time=2026-03-02T09:59:59Z level=info msg=x`)
	f("\x1b[32m2026-03-02T09:59:59Z\x1b[0m INFO x")
	f(`2026-03-02T09:59:59.123456789Z stdout F x`)
	f(`{"log":"x\n","stream":"stdout","time":"2026-03-02T09:59:59.1Z"}`)
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		got, err := inspect.ParseMoment("--since", text, now())
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	bad := func(text string) {
		t.Helper()
		if got, err := inspect.ParseMoment("--since", text, now()); selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" {
			t.Errorf("%q: got %v, %v; want a usage error with a hint", text, got, err)
		}
	}

	f("2026-03-01T08:00:00+02:00", "2026-03-01T06:00:00Z")
	f("2026-03-01", "2026-03-01T00:00:00Z")
	f("2026-03-01 08:30", "2026-03-01T08:30:00Z")
	f("2026-03-01T08:30:10", "2026-03-01T08:30:10Z")
	f("2h", "2026-03-02T10:00:00Z")
	f("90s", "2026-03-02T11:58:30Z")
	f("7d", "2026-02-23T12:00:00Z")
	f("1d12h", "2026-03-01T00:00:00Z")
	bad("")
	bad("yesterday")
	bad("-2h")
	bad("d")
	bad("-1d")
	bad("99999999999d")
	bad("100000d2500000h")
	bad("2026-13-01")
}

func TestParseWords(t *testing.T) {
	t.Parallel()
	bad := func(err error, hint string) {
		t.Helper()
		if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(selfheal.HintOf(err), hint) {
			t.Errorf("got %v, hint %q; want %q", err, selfheal.HintOf(err), hint)
		}
	}
	if level, err := inspect.ParseLevel("Warning"); level != selfheal.SeverityWarn || err != nil {
		t.Errorf("got %v, %v", level, err)
	}
	_, err := inspect.ParseLevel("eror")
	bad(err, "did you mean error?")
	_, err = inspect.ParseLevel("17")
	bad(err, "use one of trace")
	_, err = inspect.ParseOrder("cuont")
	bad(err, "did you mean count?")
	_, err = inspect.ParseField("revison")
	bad(err, "did you mean revision?")
}

// TestRecords: every line that is not blank is in a record, and each record has
// the signature that the table shows.
func TestRecords(t *testing.T) {
	t.Parallel()
	lines := append(strangers(12), "", "plain", "\x00\xff binary", `{"msg":"json"}`, "2026-03-02T10:02:00Z ERROR failed",
		"Traceback (most recent call last):", `  File "/app/shop/a.py", line 1, in a`, "ValueError: x", "last")
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.log"), filepath.Join(dir, "2.log")
	write(t, one, strings.Join(lines, "\n"))
	write(t, two, "2026-03-02T10:03:00Z ERROR no such user zoe from host\n")
	shown := map[selfheal.SignatureID]bool{}
	r := inspect.Request{Files: []string{one, two}, Clock: now}
	for _, row := range table(t, r, inspect.View{}).Rows {
		shown[row.Signature.ID] = true
	}
	for _, exact := range []bool{false, true} {
		r.Exact = exact
		var got []string
		err := inspect.Records(t.Context(), r, func(r inspect.Record) error {
			got = append(got, fmt.Sprintf("%s:%d %s", filepath.Base(r.File), r.Line, r.Signature.Title))
			if !exact && !shown[r.Signature.ID] {
				t.Errorf("%s:%d has a signature that the table does not show", r.File, r.Line)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		user := "<*>"
		if exact {
			user = "ann"
		}
		if len(got) != 18 || got[0] != "1.log:1 no such user "+user+" from host" {
			t.Fatalf("exact %t: %d records: %q", exact, len(got), got)
		}
		tail := []string{"1.log:14 plain", "1.log:15 \uFFFD binary", "1.log:16 json", "1.log:17 ValueError: x in a.a", "1.log:21 last"}
		if diff := cmp.Diff(tail, got[12:17]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTableBy(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i, revision := range []string{"v1", "v1", "v1", "v2", "v2", "v3", "v4", ""} {
		fmt.Fprintf(&b, `{"time":"2026-03-02T10:00:%02dZ","level":"error","msg":"lost %d","service.version":%q}`+"\n", i, i, revision)
	}
	f := func(columns int, want []report.ColumnValue, counts ...int64) {
		t.Helper()
		got, err := inspect.TableBy(t.Context(), reading(b.String()), inspect.View{}, inspect.FieldRevision, columns)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.By.Values); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
		if diff := cmp.Diff(counts, got.Rows[0].Counts); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}

	f(2, []report.ColumnValue{{Value: "v1", Records: 3}, {Value: "v2", Records: 2}, {Others: true, Records: 2}, {None: true, Records: 1}}, 3, 2, 2, 1)
	f(0, []report.ColumnValue{{Value: "v1", Records: 3}, {Value: "v2", Records: 2}, {Value: "v3", Records: 1}, {Value: "v4", Records: 1}, {None: true, Records: 1}}, 3, 2, 1, 1, 1)
}

func TestTableByManyValues(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, `{"level":"error","msg":"lost","service":"s%d"}`+"\n", i)
	}
	got, err := inspect.TableBy(t.Context(), reading(b.String()), inspect.View{}, inspect.FieldService, 0)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, n := range got.Rows[0].Counts {
		sum += n
	}
	last := got.By.Values[len(got.By.Values)-1]
	if sum != 100 || len(got.By.Values) != 65 || !last.Others || last.Records != 36 {
		t.Errorf("%d records in %d columns, the last %+v", sum, len(got.By.Values), last)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
