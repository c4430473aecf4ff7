package inspect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

const explained = `2026-03-02T10:00:00Z INFO order 17 placed by ann@example.org
2026-03-02T10:00:01Z INFO order 18 placed by bob@example.org
2026-03-02T10:00:02Z INFO order 19 cancelled by bob@example.org
2026-03-02T10:00:03Z ERROR login with token=ghp_012345678901234567890123456789abcdef refused
2026-03-02T10:00:05Z ERROR request failed
Traceback (most recent call last):
  File "/app/shop/web.py", line 1, in handle
  File "/usr/lib/python3/site-packages/lib/retry.py", line 9, in wrap
  File "/app/shop/web.py", line 5, in depth
  File "/app/shop/web.py", line 5, in depth
  File "/app/shop/web.py", line 6, in place
  File "/app/shop/totals.py", line 2, in total
ValueError: no price for sku-7
`

func explain(t *testing.T, text, id string) (report.SignatureExplanation, error) {
	t.Helper()
	return inspect.Explain(t.Context(), reading(text), id)
}

// idOf finds a signature by its title.
func idOf(t *testing.T, text, title string) string {
	t.Helper()
	for _, row := range table(t, reading(text), inspect.View{}).Rows {
		if strings.Contains(row.Signature.Title, title) {
			return string(row.Signature.ID)
		}
	}
	t.Fatalf("no signature reads %q", title)
	return ""
}

func TestExplainMasks(t *testing.T) {
	t.Parallel()
	id := idOf(t, explained, "placed")
	got, err := explain(t, explained, id[:9])
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Row.Signature.ID) != id || got.Row.Count != 2 || got.Pattern != "order <num> placed by <email>" {
		t.Errorf("%s: %d records of %q", got.Row.Signature.ID, got.Row.Count, got.Pattern)
	}
	for _, place := range got.Places {
		if place.Mask == "<num>" {
			if diff := cmp.Diff([]string{"17", "18"}, place.Values); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		} else if strings.Contains(strings.Join(place.Values, ""), "ann@") {
			t.Errorf("an address was not scrubbed: %q", place.Values)
		}
	}
	if len(got.Places) != 2 || len(got.Lines) != 2 || got.Lines[1].Line != 2 || got.Aligned != 2 {
		t.Errorf("%+v", got)
	}
	near := report.NearSignature{Title: "order <num> cancelled by <email>", Count: 1, Similarity: 4.0 / 6, Here: "placed by", There: "cancelled by"}
	if len(got.Nearest) != 1 {
		t.Fatalf("nearest %+v", got.Nearest)
	}
	got.Nearest[0].ID = ""
	if diff := cmp.Diff(near, got.Nearest[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainFrames(t *testing.T) {
	t.Parallel()
	got, err := explain(t, explained, idOf(t, explained, "ValueError"))
	if err != nil {
		t.Fatal(err)
	}
	var frames []string
	for _, f := range got.Chain[0].Frames {
		mark := "-"
		if f.Identity {
			mark = "+"
		}
		frames = append(frames, mark+f.Function+": "+f.Why)
	}
	const own = "the service's own code"
	want := []string{
		"+totals.total: " + own, "+web.place: " + own, "+web.depth: " + own, "-web.depth: the same function again",
		"-retry.wrap: not the service's own code", "+web.handle: " + own,
	}
	if diff := cmp.Diff(want, frames); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := got.Lines[0].Pieces[0].Text; text != "ValueError: no price for sku-7" {
		t.Errorf("said %q", text)
	}
}

func TestExplainMerged(t *testing.T) {
	t.Parallel()
	text := strings.Join(strangers(15), "\n")
	exact := reading(text)
	exact.Exact = true
	member := string(table(t, exact, inspect.View{}).Rows[7].Signature.ID)
	got, err := explain(t, text, member)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Members) != 15 || got.Row.Count != 15 || got.Pattern != "no such user <*> from host" {
		t.Errorf("%d members, %d records, %q", len(got.Members), got.Row.Count, got.Pattern)
	}
	if len(got.Places) != 1 || len(got.Places[0].Values) != 12 || !got.Places[0].More {
		t.Errorf("places %+v", got.Places)
	}
	alone, err := inspect.Explain(t.Context(), func() inspect.Request { r := reading(text); r.Exact = true; return r }(), member)
	if err != nil || len(alone.Members) != 0 || alone.Row.Count != 1 {
		t.Errorf("exact: %d members, %d records, %v", len(alone.Members), alone.Row.Count, err)
	}
}

func TestExplainScrubs(t *testing.T) {
	t.Parallel()
	got, err := explain(t, explained, idOf(t, explained, "login"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range got.Lines {
		for _, p := range l.Pieces {
			if strings.Contains(p.Text, "ghp_") {
				t.Errorf("a secret is shown: %q", p.Text)
			}
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	t.Parallel()
	id := idOf(t, explained, "placed")
	f := func(given string, code selfheal.Code, hint string) {
		t.Helper()
		_, err := explain(t, explained, given)
		if selfheal.CodeOf(err) != code || !strings.Contains(selfheal.HintOf(err), hint) {
			t.Errorf("%q: got %v with hint %q, want %s and %q", given, err, selfheal.HintOf(err), code, hint)
		}
	}

	f("nonsense", selfheal.CodeNotFound, "run selfheal group on the same files")
	f(id[:len(id)-3]+"xyz", selfheal.CodeNotFound, "did you mean "+id)
	f("g2-", selfheal.CodeUsage, "give more of it")
	f(" ", selfheal.CodeUsage, "run selfheal group")
	if _, err := explain(t, explained, strings.TrimPrefix(id, "g2-")[:8]); err != nil {
		t.Errorf("digits alone: %v", err)
	}
}
