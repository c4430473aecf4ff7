package group

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// recordings gives what the programs in testdata/deploy printed, by file name.
func recordings(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/deploy/*.a.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := make(map[string][]byte)
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = bytes.TrimSpace(log)
	}
	return all
}

// samples adds to the recordings those traces of testdata/traces that are one
// event, written by the runtime itself: no logger put words before them.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/traces/*/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	all := recordings(t)
	languages := make(map[string]bool)
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		records := readAll(testGrouper(), log)
		if len(records) != 1 || len(records[0].Exceptions) == 0 || len(records[0].Exceptions[0].Frames) == 0 || !bytes.HasPrefix(records[0].Message, []byte(records[0].Exceptions[0].Type)) {
			continue
		}
		language := filepath.Base(filepath.Dir(file))
		languages[language] = true
		all[language+"/"+filepath.Base(file)] = bytes.Trim(log, "\n")
	}
	if len(languages) < 14 {
		t.Fatalf("samples of %d runtimes only: %v", len(languages), languages)
	}
	return all
}

// ids lists the signatures of records.
func ids(records []signed) []selfheal.SignatureID {
	var all []selfheal.SignatureID
	for _, r := range records {
		all = append(all, r.ID)
	}
	return all
}

// TestTraceBetweenLines: a stack trace is one event whatever stands around it.
func TestTraceBetweenLines(t *testing.T) {
	t.Parallel()
	for name, log := range recordings(t) {
		alone := readAll(testGrouper(), log)[0].ID
		f := func(before, after string, at, events int) {
			t.Helper()
			records := readAll(testGrouper(), []byte(before+string(log)+after))
			if len(records) != events || records[at].ID != alone {
				t.Errorf("%s between %q and %q: %d events, %v, want %s at %d of %d", name, before, after, len(records), ids(records), alone, at, events)
			}
		}

		f("2026-11-23T09:00:00Z INFO ready\n", "\n2026-11-23T09:00:01Z INFO ready\n", 1, 3)
		f(`{"level":"info","msg":"ready"}`+"\n", "\n"+`{"level":"info","msg":"ready"}`+"\n", 1, 3)
		f("level=info msg=ready\n", "\nlevel=info msg=ready\n", 1, 3)
		f("I1123 09:00:00.000000       1 main.go:1] ready\n", "\nI1123 09:00:00.000000       1 main.go:1] ready\n", 1, 3)
		if strings.HasPrefix(name, "go.handler") || strings.HasPrefix(name, "python.logged") || strings.HasPrefix(name, "java.logged") {
			continue
		}
		f("listening on port 80\n", "\n\n2026-11-23T09:00:01Z INFO ready\n", 1, 3)
	}
}

// TestTraceInFrames: the framing of containers and the escaping of JSON change no identity.
func TestTraceInFrames(t *testing.T) {
	t.Parallel()
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, log := range samples(t) {
		alone := readAll(testGrouper(), log)[0].ID
		f := func(how, framed string) {
			t.Helper()
			if records := readAll(testGrouper(), []byte(framed)); len(records) != 1 || records[0].ID != alone {
				t.Errorf("%s %s: got %v, want %s", name, how, ids(records), alone)
			}
		}

		var docker, cri, split, crlf strings.Builder
		for line := range strings.Lines(string(log)) {
			line = strings.TrimSuffix(line, "\n")
			fmt.Fprintf(&docker, `{"log":%s,"stream":"stderr","time":"2026-11-23T09:10:13.123456789Z"}`+"\n", quote(line+"\n"))
			fmt.Fprintf(&cri, "2026-11-23T09:10:13.123456789Z stderr F %s\n", line)
			for half := len(line) / 2; half > 0 && line != ""; half = 0 {
				fmt.Fprintf(&split, "2026-11-23T09:10:13.123456789Z stderr P %s\n", line[:half])
				line = line[half:]
			}
			fmt.Fprintf(&split, "2026-11-23T09:10:13.123456789Z stderr F %s\n", line)
			crlf.WriteString(line + "\r\n")
		}
		f("in Docker's json-file", docker.String())
		f("in CRI", cri.String())
		f("in CRI with partial lines", split.String())
		if !strings.HasPrefix(name, "java.logged") && !strings.HasPrefix(name, "python.logged") && !strings.HasPrefix(name, "node.json") {
			f("in a JSON message", fmt.Sprintf(`{"level":"error","msg":%s}`, quote(string(log))))
			f("in a JSON field", fmt.Sprintf(`{"level":"error","msg":"request failed","stack":%s}`, quote(string(log))))
		}
		if !strings.Contains(string(log), "…") {
			f("coloured", "\x1b[31m"+strings.ReplaceAll(string(log), "\n", "\x1b[0m\n\x1b[31m")+"\x1b[0m")
		}
	}
}

// TestEvents: which lines are one event.
func TestEvents(t *testing.T) {
	t.Parallel()
	f := func(log string, want ...string) {
		t.Helper()
		var got []string
		for _, r := range readAll(testGrouper(), []byte(log)) {
			got = append(got, fmt.Sprintf("%d %s %s", r.Number, r.Severity, r.Message))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", log, diff)
		}
	}

	f("one\ntwo\n\nthree", "1 UNSPECIFIED one", "2 UNSPECIFIED two", "4 UNSPECIFIED three")
	f("one\n  detail\n\tdetail\ntwo", "1 UNSPECIFIED one", "4 UNSPECIFIED two")
	f("one\n\n  apart", "1 UNSPECIFIED one", "3 UNSPECIFIED   apart")
	f("stats\n{\n  a: 1\n}\nnext", "1 UNSPECIFIED stats", "2 UNSPECIFIED {\n  a: 1", "5 UNSPECIFIED next")
	f("ERROR lost\njava.io.IOException: gone\n\tat a.B.c(B.java:1)\nWARN next", "1 ERROR lost", "4 WARN next")
	f("INFO fine\njava.io.IOException: gone\n\tat a.B.c(B.java:1)", "1 INFO fine", "2 ERROR java.io.IOException: gone")
	f("panic: a\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:3 +0x1\nexit status 2\nnext", "1 FATAL panic: a", "7 UNSPECIFIED next")
	f("panic: first [recovered]\n\tpanic: second\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:3", "1 FATAL panic: first")
	f("recovered from a panic\ngoroutine 7 [running]:\nmain.f()\n\t/x/main.go:3", "1 ERROR recovered from a panic")
	f("Unhandled exception. System.InvalidOperationException: lost\n   at Shop.Store.Find(Int32 id) in /src/Store.cs:line 12\n   at Shop.Program.Main()\nnext",
		"1 FATAL System.InvalidOperationException: lost", "4 UNSPECIFIED next")
	f("PHP Fatal error:  Uncaught TypeError: lost in /srv/a.php:3\nStack trace:\n#0 /srv/b.php(9): f()\n#1 {main}\n  thrown in /srv/a.php on line 3\nnext",
		"1 FATAL TypeError: lost", "6 UNSPECIFIED next")
	f("/srv/app.rb:3:in `find': lost (RuntimeError)\n\tfrom /srv/app.rb:9:in `<main>'\nnext", "1 ERROR RuntimeError: lost", "3 UNSPECIFIED next")
	f("Nov 23, 2026 1:04:49 PM Shop run\nSEVERE: cannot run\nNov 23, 2026 1:04:50 PM Shop run\nINFO: runs", "1 ERROR cannot run", "3 INFO runs")
}

// TestEventsAreBounded: what follows the caps belongs to the event but is not kept.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"  at nowhere", "  " + strings.Repeat("x", 10_000)} {
		log := "ERROR start\n" + strings.Repeat(line+"\n", 20_000) + "ERROR end"
		records := readAll(testGrouper(), []byte(log))
		if len(records) != 2 || len(records[0].Raw) > maxEventBytes || string(records[1].Message) != "end" {
			t.Errorf("%d events, the first of %d bytes", len(records), len(records[0].Raw))
		}
	}
}

// TestPartialLinesAreBounded: a container that never ends its line does not fill the memory.
func TestPartialLinesAreBounded(t *testing.T) {
	t.Parallel()
	log := strings.Repeat("2026-11-23T09:10:13.123456789Z stdout P "+strings.Repeat("x", 1000)+"\n", 5000)
	records := readAll(testGrouper(), []byte(log))
	if len(records) != 1 || len(records[0].Raw) > maxEventBytes {
		t.Errorf("%d events", len(records))
	}
}

// TestSourcesByTurns: two containers that fail at the same time, their lines mixed,
// and each of their traces is one event, the same as alone.
func TestSourcesByTurns(t *testing.T) {
	t.Parallel()
	logs := samples(t)
	one := strings.Split(string(logs["java.chained.a.log"]), "\n")
	two := strings.Split(string(logs["python.chained.a.log"]), "\n")
	three := strings.Split(string(logs["go.nil.a.log"]), "\n")
	f := func(names ...string) {
		t.Helper()
		var mixed []string
		for i := range max(len(one), len(two), len(three)) {
			for k, lines := range [][]string{one, two, three} {
				if i < len(lines) {
					mixed = append(mixed, names[k]+lines[i])
				}
			}
		}
		g := testGrouper()
		s := g.Stream("log")
		got := make(map[string]selfheal.SignatureID)
		emit := func(r *selfheal.Record, i Index) { got[r.Instance] += g.ID(i) }
		for i, line := range mixed {
			s.Write(&selfheal.Entry{Line: []byte(line), Number: int64(i + 1)}, emit)
		}
		if len(got) > 0 {
			t.Errorf("%q: events before their end: %v", names, got)
		}
		s.Flush(emit)
		want := make(map[string]selfheal.SignatureID)
		for k, name := range []string{"java.chained.a.log", "python.chained.a.log", "go.nil.a.log"} {
			source, _ := cutSource([]byte(names[k]))
			want[string(source)] = readAll(testGrouper(), logs[name])[0].ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", names, diff)
		}
	}

	f("api-1     | ", "worker-1  | ", "api-2     | ")
	f("shop_api_1 | ", "shop_worker_12 | ", "db_1       | ")
	f("[pod/api-7d4b9c6f5-x2x4v/app] ", "[pod/worker-0/app] ", "[pod/worker-0/sidecar] ")
}

// TestCutSource: what names a source, and what only looks like it.
func TestCutSource(t *testing.T) {
	t.Parallel()
	f := func(line, source, rest string) {
		t.Helper()
		gotSource, gotRest := cutSource([]byte(line))
		if string(gotSource) != source || string(gotRest) != rest {
			t.Errorf("%q: got %q and %q, want %q and %q", line, gotSource, gotRest, source, rest)
		}
	}

	f("api-1  | listening", "api-1", "listening")
	f("api-1  |     indented", "api-1", "    indented")
	f("api-1  |", "api-1", "")
	f("[pod/api-0/app] ready", "api-0/app", "ready")
	f("[pod/api-0/app]", "api-0/app", "")
	f("a | b", "", "a | b")
	f("12 | let x = 1;", "", "12 | let x = 1;")
	f("-1 | x", "", "-1 | x")
	f("api-1|x", "", "api-1|x")
	f("api-1 |x", "", "api-1 |x")
	f("step 2 of build-1 | x", "", "step 2 of build-1 | x")
	f("[pod/api", "", "[pod/api")
	f("[pod/a b] x", "", "[pod/a b] x")
	f("[pod/a]x", "", "[pod/a]x")
	f("", "", "")
}

// TestSourcesAreBounded: names that hostile lines invent take no more memory than maxSources streams.
func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	s, records := testGrouper().Stream("log"), 0
	emit := func(*selfheal.Record, Index) { records++ }
	for i := range 10 * maxSources {
		s.Write(&selfheal.Entry{Line: fmt.Appendf(nil, "api-%d | api-%d | x", i, i)}, emit)
	}
	s.Close(emit)
	if len(s.sources.order) != maxSources || len(s.sources.streams) != maxSources || records != 10*maxSources {
		t.Errorf("%d sources, %d records", len(s.sources.order), records)
	}
	for _, inner := range s.sources.order {
		if len(inner.sources.order) > 0 {
			t.Fatal("sources within a source")
		}
	}
}
