package group

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// signed is a record that outlives its callback.
type signed struct {
	selfheal.Record
	ID selfheal.SignatureID
}

// readAll groups a whole log as one stream.
func readAll(g *Grouper, log []byte) []signed {
	var all []signed
	emit := func(r *selfheal.Record, i Index) {
		c := *r
		c.Message, c.Raw, c.Attributes = bytes.Clone(r.Message), bytes.Clone(r.Raw), nil
		c.Exceptions = slices.Clone(r.Exceptions)
		for k := range c.Exceptions {
			c.Exceptions[k].Frames = slices.Clone(c.Exceptions[k].Frames)
		}
		for _, a := range r.Attributes {
			c.Attributes = append(c.Attributes, selfheal.Attribute{Key: bytes.Clone(a.Key), Value: bytes.Clone(a.Value)})
		}
		all = append(all, signed{c, g.ID(i)})
	}
	s := g.Stream("log")
	for i, line := range bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n")) {
		s.Write(&selfheal.Entry{Stream: "log", Line: line, Number: int64(i) + 1}, emit)
	}
	s.Close(emit)
	return all
}

func testGrouper() *Grouper {
	return New(Options{Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }})
}

// bugs groups what the programs in testdata/deploy printed, per language and bug at one revision.
func bugs(t *testing.T, revision string) map[string]map[string]signed {
	t.Helper()
	files, err := filepath.Glob("testdata/deploy/*." + revision + ".log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	found := make(map[string]map[string]signed)
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Split(filepath.Base(file), ".")
		records := readAll(testGrouper(), log)
		if len(records) != 1 {
			t.Errorf("%s: one event was read as %d", file, len(records))
			for _, r := range records {
				t.Logf("   %s %q", r.Severity, r.Message)
			}
		}
		if found[name[0]] == nil {
			found[name[0]] = make(map[string]signed)
		}
		found[name[0]][name[1]] = records[len(records)-1]
	}
	return found
}

// TestDeployKeepsIdentities is what the room is for: a deploy that moves code
// makes no old bug look new, and merges no two bugs.
func TestDeployKeepsIdentities(t *testing.T) {
	t.Parallel()
	before, after := bugs(t, "a"), bugs(t, "b")
	for _, language := range slices.Sorted(maps.Keys(before)) {
		seen := make(map[selfheal.SignatureID]string)
		for _, bug := range slices.Sorted(maps.Keys(before[language])) {
			a, b := before[language][bug], after[language][bug]
			if a.ID != b.ID {
				t.Errorf("%s %s: looks new after the deploy", language, bug)
			}
			if other, ok := seen[a.ID]; ok && !sameBug(language, bug, other) {
				t.Errorf("%s: %s and %s have one identity", language, bug, other)
			}
			seen[a.ID] = bug
		}
	}
}

// sameBug lists the recordings that are one bug reported in two ways.
func sameBug(language, a, b string) bool {
	pair := []string{a, b}
	slices.Sort(pair)
	switch language + " " + strings.Join(pair, " ") {
	case "node logged owner": // caught and printed, and uncaught
		return true
	}
	return false
}

// TestDeployGolden shows how each recording is understood.
func TestDeployGolden(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	found := bugs(t, "a")
	for _, language := range slices.Sorted(maps.Keys(found)) {
		for _, bug := range slices.Sorted(maps.Keys(found[language])) {
			r := found[language][bug]
			fmt.Fprintf(&out, "%s %s: %s %s %q\n", language, bug, r.ID, r.Severity, r.Message)
			for _, x := range r.Exceptions {
				fmt.Fprintf(&out, "  %s: %s\n", x.Type, x.Message)
				for _, f := range x.Frames {
					if f.InApp {
						fmt.Fprintf(&out, "    %s | %s | %s:%d\n", f.Package, f.Function, f.File, f.Line)
					}
				}
			}
		}
	}
	golden(t, "testdata/deploy/golden.txt", out.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}
