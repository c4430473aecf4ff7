package related

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/group"
)

// TestReportedExceptions: log lines that report an exception are related to it. The
// exceptions are those that the programs in group's testdata threw. What is missed
// has next to no words besides values ("KeyError: 4711", "cannot close 7"). How much
// the words of functions weigh was chosen with these recordings in view.
func TestReportedExceptions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/deploy/*.a.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	g := group.New(group.Options{})
	for _, text := range background() {
		record(g, text)
	}
	// By what the line says: the ids of each exception and its line.
	var byTypeAndMessage, byMessage [][2]selfheal.SignatureID
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		id, exceptions := record(g, string(text))
		if len(exceptions) == 0 {
			t.Fatalf("%s: no exception", file)
		}
		root := exceptions[len(exceptions)-1]
		message, _, _ := strings.Cut(root.Message, "\n")
		typed, _ := record(g, "ERROR request failed: "+root.Type+": "+message)
		bare, _ := record(g, "ERROR request failed: "+message)
		byTypeAndMessage = append(byTypeAndMessage, [2]selfheal.SignatureID{id, typed})
		byMessage = append(byMessage, [2]selfheal.SignatureID{id, bare})
	}
	signatures := g.Signatures()
	f := func(what string, pairs [][2]selfheal.SignatureID, want int) {
		t.Helper()
		shown := 0
		for _, p := range pairs {
			if between(Find(signatures, []selfheal.SignatureID{p[0]}, 100)[p[0]], p[1]) > 0 {
				shown++
			}
		}
		if shown != want || len(pairs) != 42 {
			t.Errorf("of %d exceptions %d are related to the line with their %s, not %d of 42", len(pairs), shown, what, want)
		}
	}
	f("type and message", byTypeAndMessage, 41)
	f("message", byMessage, 36)
}

// record signs one text, and gives the exceptions that were read in it.
func record(g *group.Grouper, text string) (id selfheal.SignatureID, exceptions []selfheal.Exception) {
	emit := func(r *selfheal.Record, i group.Index) {
		id, exceptions = g.ID(i), append(exceptions[:0], r.Exceptions...)
	}
	s := g.Stream("log")
	for line := range bytes.SplitSeq([]byte(text), []byte("\n")) {
		s.Write(&selfheal.Entry{Stream: "log", Line: line}, emit)
	}
	s.Close(emit)
	return id, exceptions
}
