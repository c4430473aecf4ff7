package group

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group/accuracy/hostile"
	"selfheal/internal/group/template"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	g := testGrouper()
	readAll(g, []byte(`{"time":"2026-11-23T09:10:13Z","level":"error","msg":"cannot load order 7","error":"dial tcp 10.0.0.1:5432: connection refused","version":"1.4.0"}
{"time":"2026-11-23T09:10:11Z","level":"warn","msg":"cannot load order 8","error":"dial tcp 10.0.0.1:5432: connection refused","password":"hunter2"}
{"time":"2026-11-23T09:10:15Z","level":"warn","msg":"cannot load order 9","error":"dial tcp 10.0.0.1:5432: connection refused","password":"hunter2"}`))
	want := []selfheal.Signature{{
		ID: g.ID(0), Kind: selfheal.KindMessage, Severity: selfheal.SeverityError,
		Title:    "cannot load order <num>: dial tcp <host>: connection refused",
		Template: "cannot load order <num>: dial tcp <host>: connection refused",
		First:    time.Date(2026, 11, 23, 9, 10, 11, 0, time.UTC), Last: time.Date(2026, 11, 23, 9, 10, 15, 0, time.UTC),
		Sample: selfheal.Sample{
			Time:    time.Date(2026, 11, 23, 9, 10, 15, 0, time.UTC),
			Text:    `{"time":"2026-11-23T09:10:15Z","level":"warn","msg":"cannot load order 9","error":"dial tcp 10.0.0.1:5432: connection refused","password":[redacted:secret]}`,
			Message: "cannot load order 9: dial tcp 10.0.0.1:5432: connection refused", Stream: "log", Line: 3,
		},
	}}
	if diff := cmp.Diff(want, g.Signatures()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestIDsAreForEver pins ids: stores hold them, so a change needs a new version tag.
func TestIDsAreForEver(t *testing.T) {
	t.Parallel()
	f := func(log string, want selfheal.SignatureID) {
		t.Helper()
		if got := readAll(testGrouper(), []byte(log))[0].ID; got != want {
			t.Errorf("%q: got %s, want %s", log, got, want)
		}
	}

	f("ERROR cannot load order 7", "g2-462ce9fbb845b362")
	f("panic: lost\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/x/main.go:3 +0x1", "g2-a1f65524dbc94d75")
}

func TestStatusStaysApart(t *testing.T) {
	t.Parallel()
	g := testGrouper()
	log := ""
	for _, status := range []int{200, 204, 404, 404, 500, 502} {
		log += fmt.Sprintf(`{"level":"info","msg":"handled request","status":%d}`+"\n", status)
	}
	readAll(g, []byte(log))
	var got []string
	for _, s := range g.Signatures() {
		got = append(got, s.Title)
	}
	want := []string{"handled request", "handled request status=404", "handled request status=500", "handled request status=502"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPanicIsAnErrorAtAnyLevel(t *testing.T) {
	t.Parallel()
	r := readAll(testGrouper(), []byte(`{"level":"info","msg":"http: panic serving 10.0.0.1:1: lost\ngoroutine 7 [running]:\nmain.f()\n\t/x/main.go:3 +0x1\n"}`))[0]
	if r.Severity != selfheal.SeverityError || len(r.Exceptions) != 1 || r.Exceptions[0].Message != "lost" {
		t.Errorf("%s %+v", r.Severity, r.Exceptions)
	}
}

func TestModulesDecideForGo(t *testing.T) {
	t.Parallel()
	log := []byte("panic: lost\n\ngoroutine 1 [running]:\nexample.com/lib.F()\n\t/build/lib/f.go:3\nexample.com/shop/order.G()\n\t/build/order/g.go:3\nexample.com/shopping.H()\n\t/build/h.go:3")
	f := func(modules []string, want ...bool) {
		t.Helper()
		var got []bool
		for _, frame := range readAll(New(Options{Modules: modules}), log)[0].Exceptions[0].Frames {
			got = append(got, frame.InApp)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", modules, diff)
		}
	}

	f(nil, true, true, true)
	f([]string{"example.com/shop"}, false, true, false)
}

func TestStructuredEntry(t *testing.T) {
	t.Parallel()
	g := testGrouper()
	var got selfheal.Record
	s := g.Stream("otlp")
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s.Write(&selfheal.Entry{Number: 3, Time: at, Record: &selfheal.Record{Message: []byte("order 7 lost"), Severity: selfheal.SeverityError}}, func(r *selfheal.Record, _ Index) { got = *r })
	want := selfheal.Record{Message: []byte("order 7 lost"), Severity: selfheal.SeverityError, Time: at, Zone: "Z", Stream: "otlp", Number: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if title := g.Signature(0).Title; title != "order <num> lost" {
		t.Errorf("title %q", title)
	}
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	g := New(Options{MaxSignatures: 3})
	counts := make(map[Index]int)
	s := g.Stream("log")
	for i := range 100 {
		line := "word " + strings.Repeat("x", i)
		s.Write(&selfheal.Entry{Line: []byte(line)}, func(_ *selfheal.Record, i Index) { counts[i]++ })
	}
	s.Close(func(_ *selfheal.Record, i Index) { counts[i]++ })
	if g.Len() != 4 || counts[3] != 97 || g.Signature(3).Kind != selfheal.KindOverflow {
		t.Errorf("%d signatures, counts %v, last kind %s", g.Len(), counts, g.Signature(3).Kind)
	}
	other := New(Options{MaxSignatures: 1})
	readAll(other, []byte("a\nb\nc"))
	if a, b := g.ID(3), other.ID(1); a != b {
		t.Errorf("overflow is %s here and %s there", a, b)
	}
}

// TestOrderDoesNotMatter: shuffled, or split over several groupers and merged,
// a log has the same signatures.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf(`{"time":"2026-11-23T09:10:%02d.%03dZ","level":"error","msg":"cannot load %s %d"}`, i%60, i, []string{"order", "user", "cart"}[i%3], i))
	}
	merge := func(parts ...[]string) map[selfheal.SignatureID]*selfheal.Signature {
		all := make(map[selfheal.SignatureID]*selfheal.Signature)
		for _, part := range parts {
			g := testGrouper()
			readAll(g, []byte(strings.Join(part, "\n")))
			MergeSignatures(all, g.Signatures())
		}
		for _, s := range all {
			s.Sample.Line = 0 // depends on where the line stands
		}
		return all
	}
	want := merge(lines)
	rapid.Check(t, func(t *rapid.T) {
		shuffled := slices.Clone(lines)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		cut := rapid.IntRange(0, len(lines)).Draw(t, "cut")
		if diff := cmp.Diff(want, merge(shuffled[:cut], shuffled[cut:])); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// TestConstantMessages: a message that is its own template is found without being
// scanned, and only such a message.
func TestConstantMessages(t *testing.T) {
	t.Parallel()
	messages := []string{"connection refused", "order <num> lost", "order 7 lost", "order \x01 lost", "order  lost", "order lost", "order lost ",
		"payment of ann@example.org", "payment of \x08", "x=y", "x=\x0a", "käse\u200b fehlt", "käse fehlt", "status 404", ""}
	rapid.Check(t, func(t *rapid.T) {
		g := testGrouper()
		for _, m := range rapid.SliceOfN(rapid.SampledFrom(messages), 1, 40).Draw(t, "messages") {
			var scanner template.Scanner
			want := template.Text(scanner.Scan([]byte(m)))
			if got := g.table.at(g.signMessage([]byte(m))).template(); got != want {
				t.Fatalf("%q has the template %q, want %q", m, got, want)
			}
		}
	})
}

func TestHasDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching("[a-z/:;@é\\x00\\xb0-\\xb9 ]{0,30}").Draw(t, "text")
		if hasDigit([]byte(s)) {
			t.Fatalf("%q has a digit", s)
		}
		at := rapid.IntRange(0, len(s)).Draw(t, "at")
		if with := s[:at] + rapid.StringMatching("[0-9]").Draw(t, "digit") + s[at:]; !hasDigit([]byte(with)) {
			t.Fatalf("%q has no digit", with)
		}
	})
}

// TestHostileInputIsBounded: the state stays small whatever comes in.
func TestHostileInputIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: slow, and -short was asked for")
	}
	for _, input := range hostile.All() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		g := New(Options{})
		s := g.Stream("hostile")
		for i, size := 0, 0; i < min(input.Lines, 60_000) && size < 4<<20; i++ {
			line := input.Line(i)
			size += len(line)
			s.Write(&selfheal.Entry{Line: line}, func(*selfheal.Record, Index) {})
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if state := int64(after.HeapAlloc) - int64(before.HeapAlloc); state > 64<<20 {
			t.Errorf("%s: %d MiB of state", input.Name, state>>20)
		}
		runtime.KeepAlive(s)
	}
}
