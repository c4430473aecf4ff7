package buildlog_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"selfheal"
	"selfheal/internal/buildlog"
)

var update = flag.Bool("update", false, "write the golden files anew; read what changed")

// describe writes a failure so that a person can compare it with the output.
func describe(name string, f selfheal.BuildFailure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", name, f.Class)
	if f.Builder != "" {
		fmt.Fprintf(&b, ", %s", f.Builder)
	}
	if f.Step != "" {
		fmt.Fprintf(&b, ", step %q", f.Step)
	}
	if f.Line > 0 {
		fmt.Fprintf(&b, ", at %s:%d", f.Dockerfile, f.Line)
	}
	fmt.Fprintf(&b, ", exit %d\n", f.ExitCode)
	for _, e := range f.Errors {
		fmt.Fprintf(&b, "\t%d: %s %s", e.At, e.Tool, e.Class)
		if e.File != "" {
			fmt.Fprintf(&b, " %s:%d:%d", e.File, e.Line, e.Column)
		}
		if e.Code != "" {
			fmt.Fprintf(&b, " %s", e.Code)
		}
		fmt.Fprintf(&b, " %s\n", e.Message)
	}
	return b.String()
}

func fixtures(t testing.TB) []txtar.File {
	t.Helper()
	var all []txtar.File
	for _, name := range []string{"real.txtar", "formats.txtar"} {
		archive, err := txtar.ParseFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, archive.Files...)
	}
	return all
}

// TestFixtures: what is read of every fixture is in testdata/failures.txt, which
// a person has compared with the outputs.
func TestFixtures(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, file := range fixtures(t) {
		f := buildlog.Parse(file.Data, 1)
		got.WriteString(describe(file.Name, f))
		check(t, file.Name, f)
	}
	golden := filepath.Join("testdata", "failures.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// check asserts what holds of every failure, whatever was printed.
func check(t testing.TB, name string, f selfheal.BuildFailure) {
	t.Helper()
	switch {
	case len(f.Errors) == 0 || f.Errors[0].Message == "":
		t.Errorf("%s: no error", name)
	case f.Class == "" || f.Errors[0].Class == "":
		t.Errorf("%s: no class", name)
	case len(f.Errors) > 20 || len(f.Tail) > 61:
		t.Errorf("%s: %d errors, %d last lines", name, len(f.Errors), len(f.Tail))
	}
	for _, e := range f.Errors {
		if len(e.Message) > 800 || strings.ContainsAny(e.Message, "\x00\x1b\r\n") || e.Line < 0 || e.Column < 0 {
			t.Errorf("%s: error %q", name, e.Message)
		}
	}
}
