package pipeline

import (
	"context"
	"slices"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// signaturesOf groups lines as a window of logs is.
func signaturesOf(text ...string) []selfheal.Signature {
	g := group.New(group.Options{Now: time.Now})
	stream := g.Stream("window.log")
	emit := func(*selfheal.Record, group.Index) {}
	for _, line := range text {
		stream.Write(&selfheal.Entry{Stream: "window.log", Line: []byte(line)}, emit)
	}
	stream.Close(emit)
	return g.Signatures()
}

func TestOutputsThatShowAnError(t *testing.T) {
	t.Parallel()
	f := func(name string, want bool, output string, log ...string) {
		t.Helper()
		a := selfheal.Assessment{Signatures: signaturesOf(log...)}
		for _, s := range a.Signatures {
			a.Anomalies = append(a.Anomalies, selfheal.Anomaly{Signature: s.ID})
		}
		if len(a.Anomalies) != 1 {
			t.Fatalf("%s: %d signatures", name, len(a.Anomalies))
		}
		p := &Pipeline{Store: noEvents{}, Group: group.Options{Now: time.Now}}
		shows, err := p.shows(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if got := shows(output); slices.Contains(got, a.Signatures[0].ID) != want {
			t.Errorf("%s: shows %v of %s", name, got, a.Signatures[0].ID)
		}
	}
	const structured = `{"time":"2026-03-09T00:02:01Z","level":"ERROR","msg":"checkout failed","err":"no price for sku-1 in region \"web\""}`
	f("the same line", true, "starting\n"+structured+"\n", structured)
	f("other values", true, "2026-03-10T10:00:00Z ERROR item 99 of the cart has no tenant", "2026-03-09T00:02:01Z ERROR item 17 of the cart has no tenant")
	f("the wrapped error, as a test prints it", true, "--- FAIL: TestFind (0.00s)\n    find_test.go:9: no price for sku-77 in region \"shop\"\nFAIL\n", structured)
	f("another error", false, "--- FAIL: TestFind (0.00s)\n    find_test.go:9: want 3, got 4\nFAIL\n", structured)
	f("nothing", false, "", structured)
	f("words of it apart", false, "no price for\nin region\n", structured)
	f("words in another order", false, "in region 4 there is no price for 5\n", structured)

	panicked := []string{"panic: runtime error: index out of range [3] with length 3", "", "goroutine 1 [running]:", "main.total(...)", "\t/app/store.go:17 +0x1d", "main.main()", "\t/app/main.go:9 +0x1d"}
	f("the same panic, in a test", true, "--- FAIL: TestTotal (0.00s)\npanic: runtime error: index out of range [5] with length 5\n\ngoroutine 7 [running]:\nmain.total({0x1})\n\t/tmp/x/store.go:19 +0x1d\n", panicked...)
	f("the same panic elsewhere", false, "panic: runtime error: index out of range [5] with length 5\n\ngoroutine 7 [running]:\nmain.other({0x1})\n\t/tmp/x/other.go:19 +0x1d\n", panicked...)
	f("a message too short to know it by", false, "failed to open the door\n", "2026-03-09T00:02:01Z ERROR failed")
}

// noEvents is a store in which nothing was ever written.
type noEvents struct{ selfheal.Store }

func (noEvents) Events(context.Context, string) ([]selfheal.Event, error) { return nil, nil }

func FuzzShows(f *testing.F) {
	f.Add("item 17 of the cart has no tenant: disk \"x\" is full", "item 1 of the cart has no tenant: disk is full")
	f.Add("<num>: ", ": ")
	f.Fuzz(func(t *testing.T, template, output string) {
		w := wantedOf(selfheal.Signature{ID: "s", Template: template})
		w.reads(output)
		if len(w.phrases) > 0 && !w.reads(template) && len(template) < 200 && !containsNewline(template) {
			t.Errorf("a message does not show itself: %q", template)
		}
	})
}

func containsNewline(s string) bool { return slices.Contains([]byte(s), '\n') }
