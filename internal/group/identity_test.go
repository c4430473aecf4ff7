package group_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/group"
)

// TestResign: what was kept of a signature is enough for another version of the
// algorithm to find it again.
func TestResign(t *testing.T) {
	t.Parallel()
	f := func(text string) {
		t.Helper()
		g := group.New(group.Options{})
		stream := g.Stream("s")
		none := func(*selfheal.Record, group.Index) {}
		for line := range strings.Lines(text) {
			stream.Write(&selfheal.Entry{Line: []byte(strings.TrimSuffix(line, "\n"))}, none)
		}
		stream.Close(none)
		kept := *g.Signature(0)
		if diff := cmp.Diff(kept, group.Resign(group.Options{}, kept)); diff != "" {
			t.Errorf("changed, though it is of this version (-want +got):\n%s", diff)
		}
		old := kept
		old.ID, old.Template = "g0-"+kept.ID, "as it was then"
		if diff := cmp.Diff(kept, group.Resign(group.Options{}, old)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	f("2026-03-02T10:00:03Z ERROR GET /orders/17 500")
	f(`{"time":"2026-03-02T10:00:03Z","level":"ERROR","msg":"checkout failed","err":"no price for sku-17"}`)
	f("Traceback (most recent call last):\n  File \"/app/shop/totals.py\", line 40, in total\n    raise ValueError(\"no price\")\nValueError: no price")
	if got := group.Resign(group.Options{}, selfheal.Signature{ID: "g0-1"}); got.ID != "g0-1" {
		t.Errorf("signed nothing: %s", got.ID)
	}
}
