package report_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/report"
)

// someSignatures is a table with one row of each kind.
func someSignatures() report.SignatureTable {
	chart := selfheal.ChartSpan{From: deployed, Step: selfheal.Duration(time.Minute), Buckets: []int64{0, 1, 5, 40, 0, 9}}
	overflow := selfheal.Signature{ID: "g2-0000000000000000", Kind: selfheal.KindOverflow, Title: "everything beyond"}
	return report.SignatureTable{
		Reading:    report.Reading{Records: 1_306, From: deployed, To: deployed.Add(6 * time.Minute), UndatedRecords: 3, OutsideLines: 12, UnplacedLines: 1},
		Signatures: 16, Lines: 40,
		Below: report.HiddenSignatures{Signatures: 2, Records: 9}, Cut: report.HiddenSignatures{Signatures: 11, Records: 55},
		Rows: []report.SignatureRow{
			{Signature: lookupSignature(), Count: 1_203, Merged: 24, Times: chart},
			{Signature: quoteSignature(), Count: 96, New: true, Times: chart},
			{Signature: timeoutSignature(), Count: 3},
			{Signature: overflow, Count: 1},
		},
	}
}

func someColumns() report.SignatureTable {
	t := someSignatures()
	t.By = &report.SignatureColumns{Field: "revision", Values: []report.ColumnValue{
		{Value: "v1.4.0", Records: 900}, {Value: "3f9c2a1b7d04e6a83f9c2a1b7d04e6a83f9c2a1b", Records: 300}, {Others: true, Records: 90}, {None: true, Records: 16},
	}}
	for i := range t.Rows {
		t.Rows[i].New = false
		t.Rows[i].Counts = []int64{int64(900 - i), 0, int64(90 * i), int64(i)}
	}
	return t
}

func someDiff() report.SignatureDiff {
	change := func(before, after int64, ratio, chance float64, s selfheal.Signature) report.SignatureChange {
		return report.SignatureChange{Before: before, After: after, Ratio: ratio, Chance: chance, Q: 2 * chance, Signature: s}
	}
	return report.SignatureDiff{
		Before: report.DiffSide{Name: "before.log", Reading: report.Reading{Records: 900, From: deployed, To: deployed.Add(time.Hour)}},
		After:  report.DiffSide{Name: "after.log", Reading: report.Reading{Records: 400, From: deployed.Add(time.Hour), To: deployed.Add(90 * time.Minute)}},
		Per:    "time", Rate: 0.01, Least: 1.5, Limit: 1,
		New:       []report.SignatureChange{change(0, 12, 0, 1e-5, lookupSignature()), change(0, 1, 0, 0.6, quoteSignature())},
		More:      []report.SignatureChange{change(3, 90, 60, 1e-30, timeoutSignature())},
		Gone:      []report.SignatureChange{change(5, 0, 0, 0.03, quoteSignature())},
		Unchanged: report.HiddenSignatures{Signatures: 7, Records: 800},
	}
}

func someExplanation() report.SignatureExplanation {
	s := lookupSignature()
	return report.SignatureExplanation{
		Row: report.SignatureRow{Count: 120, Merged: 2, Signature: s}, Pattern: "no price for <*> in <path>",
		Members: []report.SignatureMember{{ID: "g2-1111111111111111", Template: "no price for tea in <path>", Count: 100}, {ID: "g2-2222222222222222", Template: "no price for rice in <path>", Count: 20}},
		Places:  []report.ExplainedPlace{{Mask: "<*>", Values: []string{"tea", "rice", ""}}, {Mask: "<path>", Values: []string{"/var/prices/eu.json"}, More: true}},
		Aligned: 3,
		Lines: []report.ExplainedLine{{File: "shop.log", Line: 12, Pieces: []report.ExplainedPiece{
			{Template: "no price for ", Text: "no price for "}, {Template: "<*>", Text: "tea", Mask: true}, {Template: " in ", Text: " in "}, {Template: "<path>", Text: "/var/prices/eu.json", Mask: true},
		}}},
		Chain: []report.ExplainedException{{Type: "ValueError", Frames: []report.ExplainedFrame{
			{Function: "totals.total", Place: "/app/totals.py:40", Identity: true, Why: "the service's own code"},
			{Function: "retry.wrap", Place: "/lib/retry.py:9", Why: "not the service's own code"},
		}}},
		Nearest:  []report.NearSignature{{ID: "g2-3333333333333333", Title: "no stock for <*> in <path>", Count: 4, Similarity: 0.8, Here: "price for", There: "stock for"}},
		Compared: 12,
	}
}

func TestSignatureTables(t *testing.T) {
	t.Parallel()
	for _, width := range []int{80, 140} {
		o := report.TextOptions{Width: width}
		for name, draw := range map[string]func(io.Writer) error{
			"signatures": func(w io.Writer) error { return report.Signatures(w, someSignatures(), o) },
			"by":         func(w io.Writer) error { return report.Signatures(w, someColumns(), o) },
			"diff":       func(w io.Writer) error { return report.SignaturesDiff(w, someDiff(), o) },
			"explain":    func(w io.Writer) error { return report.ExplainSignature(w, someExplanation(), o) },
		} {
			got := render(t, draw)
			mustFit(t, got, width)
			golden(t, fmt.Sprintf("tables/%s-%d.txt", name, width), got)
		}
	}
}

func TestNoSignatures(t *testing.T) {
	t.Parallel()
	got := string(render(t, func(w io.Writer) error { return report.Signatures(w, report.SignatureTable{}, report.TextOptions{}) }))
	if want := "0 records · no signatures\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSameTitlesAreToldApart: one function that fails on two ways to it.
func TestSameTitlesAreToldApart(t *testing.T) {
	t.Parallel()
	row := func(frames ...string) report.SignatureRow {
		return report.SignatureRow{Signature: selfheal.Signature{ID: selfheal.SignatureID(strings.Join(frames, "")), Title: "x", Frames: frames}}
	}
	table := report.SignatureTable{Rows: []report.SignatureRow{row("a", "b", "c"), row("a", "b", "d"), row("a", "e", "c")}}
	got := string(render(t, func(w io.Writer) error { return report.Signatures(w, table, report.TextOptions{Width: 140}) }))
	for _, want := range []string{"x ← b ← c\n", "x ← b ← d\n", "x ← e\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestCutTitlesAreToldApart: what differs at the end only is cut in the middle.
func TestCutTitlesAreToldApart(t *testing.T) {
	t.Parallel()
	start := strings.Repeat("the same words ", 10)
	row := func(title string) report.SignatureRow {
		return report.SignatureRow{Signature: selfheal.Signature{ID: selfheal.SignatureID(title), Title: title}}
	}
	table := report.SignatureTable{Rows: []report.SignatureRow{row(start + "one"), row(start + "two"), row("other " + start)}}
	for _, width := range []int{40, 80, 140} {
		out := render(t, func(w io.Writer) error { return report.Signatures(w, table, report.TextOptions{Width: width}) })
		mustFit(t, out, width)
		for _, want := range []string{"words one\n", "words two\n", " other the same"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("width %d: no %q in\n%s", width, want, out)
			}
		}
	}
}

// TestLiveFrameFits: never more lines than the screen has, nor wider ones, and what is left out is said.
func TestLiveFrameFits(t *testing.T) {
	t.Parallel()
	l := report.LiveSignatures{Table: someSignatures(), Elapsed: 63 * time.Second, LinesPerSecond: 12.4, New: 1, FreshFor: 5 * time.Minute}
	for range 5 {
		l.Table.Rows = append(l.Table.Rows, l.Table.Rows...)
	}
	for _, width := range []int{40, 80, 140} {
		for height := 1; height < 60; height++ {
			lines := report.LiveFrame(l, report.TextOptions{Width: width}, height)
			if len(lines) > height {
				t.Fatalf("%d lines on a screen of %d", len(lines), height)
			}
			for _, line := range lines {
				if lipgloss.Width(line) > width {
					t.Errorf("wider than %d: %q", width, line)
				}
			}
			if last := lines[len(lines)-1]; height > 12 && !strings.HasPrefix(last, "… and ") {
				t.Errorf("height %d: the last line is %q", height, last)
			}
		}
	}
	golden(t, "tables/live.txt", []byte(strings.Join(report.LiveFrame(l, report.TextOptions{Width: 100}, 14), "\n")+"\n"))
	empty := report.LiveFrame(report.LiveSignatures{}, report.TextOptions{Width: 80}, 24)
	if diff := cmp.Diff("waiting for the first record…", empty[len(empty)-1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAppearedLine(t *testing.T) {
	t.Parallel()
	row := report.SignatureRow{Signature: selfheal.Signature{ID: "g2-0", Severity: selfheal.SeverityWarn, Title: "a\nb\x1b[2J", First: deployed}}
	want := deployed.UTC().Format(time.RFC3339) + " g2-0 WARN  a␊b␛[2J"
	if got := report.AppearedLine(row, deployed.Add(time.Hour)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	row.Signature = selfheal.Signature{ID: "g2-0", Title: "x"}
	want = deployed.Add(time.Hour).UTC().Format(time.RFC3339) + " g2-0 -     x"
	if got := report.AppearedLine(row, deployed.Add(time.Hour)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// checkHostileSignatures draws everything about signatures with text in every place.
func checkHostileSignatures(t *testing.T, draw func(string, func(io.Writer) error) []byte, text string, n int64, width int) {
	t.Helper()
	o := report.TextOptions{Width: width}
	table := filled[report.SignatureTable](text, n)
	mustFit(t, draw("signatures by", func(w io.Writer) error { return report.Signatures(w, table, o) }), width)
	table.By = nil
	mustFit(t, draw("signatures", func(w io.Writer) error { return report.Signatures(w, table, o) }), width)
	diff := filled[report.SignatureDiff](text, n)
	mustFit(t, draw("diff", func(w io.Writer) error { return report.SignaturesDiff(w, diff, o) }), width)
	explanation := filled[report.SignatureExplanation](text, n)
	explanation.Members = append(explanation.Members, explanation.Members...)
	mustFit(t, draw("explain", func(w io.Writer) error { return report.ExplainSignature(w, explanation, o) }), width)
	live := filled[report.LiveSignatures](text, n)
	mustFit(t, draw("live", func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(report.LiveFrame(live, o, 20), "\n")+"\n")
		return err
	}), width)
	draw("appeared", func(w io.Writer) error {
		_, err := fmt.Fprintln(w, report.AppearedLine(table.Rows[0], deployed))
		return err
	})
}
