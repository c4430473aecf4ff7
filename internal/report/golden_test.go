package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with testdata/name, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func render(t testing.TB, draw func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := draw(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, r := range fixtures(t) {
		f := func(file string, draw func(io.Writer) error) { golden(t, name+"/"+file, render(t, draw)) }
		f("report-80.txt", func(w io.Writer) error { return report.Text(w, r, report.TextOptions{Width: 80}) })
		f("report-120.txt", func(w io.Writer) error { return report.Text(w, r, report.TextOptions{Width: 120}) })
		f("report.ansi", func(w io.Writer) error { return report.Text(w, r, report.TextOptions{Color: true}) })
		f("report.html", func(w io.Writer) error { return report.HTML(w, r) })
		f("report.sarif", func(w io.Writer) error { return report.SARIF(w, r) })
		f("report.md", func(w io.Writer) error { return report.Markdown(w, r) })
		f("report.json", func(w io.Writer) error { return report.JSON(w, r) })
	}
}

func TestGoldenSVG(t *testing.T) {
	t.Parallel()
	text := render(t, func(w io.Writer) error {
		return report.Text(w, regression(t), report.TextOptions{Width: 96, Color: true})
	})
	golden(t, "regression/report.svg", render(t, func(w io.Writer) error { return report.SVG(w, string(text), "selfheal demo") }))
}
