package selfheal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors is the order in which imports may point: a package may import packages
// of lower floors, and packages of its own folder. Longest prefix wins.
var floors = []struct {
	prefix string
	floor  int
}{
	{"selfheal", 0},
	// Small things that even tools need.
	{"selfheal/internal/atomicfile", 1},
	{"selfheal/internal/suggest", 1},
	// Tools know nothing of the flow.
	{"selfheal/internal/redact", 2},
	{"selfheal/internal/sandbox", 2},
	{"selfheal/internal/git", 2},
	{"selfheal/internal/markdown", 2},
	{"selfheal/internal/modules", 2},
	{"selfheal/internal/httpx", 2},
	{"selfheal/internal/token", 2},
	{"selfheal/internal/pgconnect", 2},
	// Rooms, integrations of the ports, and the report.
	{"selfheal/internal/watch", 3},
	{"selfheal/internal/buildlog", 3},
	{"selfheal/internal/group", 3},
	{"selfheal/internal/detect", 3},
	{"selfheal/internal/triage", 3},
	{"selfheal/internal/decide", 3},
	{"selfheal/internal/repair", 3},
	{"selfheal/internal/verify", 3},
	{"selfheal/internal/source", 3},
	{"selfheal/internal/forge", 3},
	{"selfheal/internal/store", 3},
	{"selfheal/internal/jobs", 3},
	{"selfheal/internal/report", 3},
	{"selfheal/internal/embed", 3},
	{"selfheal/internal/agent", 3},
	{"selfheal/internal/hook", 3},
	{"selfheal/internal/channel", 3},
	// What knows several of them.
	{"selfheal/internal/pipeline", 4},
	{"selfheal/internal/ingest", 4},
	{"selfheal/internal/config", 4},
	{"selfheal/internal/server", 4},
	{"selfheal/internal/backtest", 4},
	{"selfheal/internal/eval", 4},
	{"selfheal/internal/inspect", 4},
	{"selfheal/internal/app", 5},
	{"selfheal/internal/demo", 6},
	{"selfheal/internal/cli", 7},
	{"selfheal/cmd", 8},
	{"selfheal/scripts", 8},
}

func floorOf(path string) (prefix string, floor int) {
	floor = -1
	for _, f := range floors {
		if (path == f.prefix || strings.HasPrefix(path, f.prefix+"/")) && len(f.prefix) > len(prefix) {
			prefix, floor = f.prefix, f.floor
		}
	}
	return prefix, floor
}

type goPackage struct {
	ImportPath   string
	Doc          string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Doc,Imports,TestImports,XTestImports", "./...")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for _, p := range packages {
		prefix, floor := floorOf(p.ImportPath)
		if p.ImportPath != "selfheal" && floor == 0 {
			t.Errorf("%s has no floor: add it to the table and to ARCHITECTURE.md", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported+"/", "selfheal/") {
				if p.ImportPath == "selfheal" && strings.Contains(imported, ".") {
					t.Errorf("the root package imports %s: it may import the standard library only", imported)
				}
				continue
			}
			importedPrefix, importedFloor := floorOf(imported)
			if importedPrefix != prefix && importedFloor >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports point down", p.ImportPath, floor, imported, importedFloor)
			}
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

var markdownLink = regexp.MustCompile(`\]\(([^)#:]+)\)`)

// TestLinksLeadSomewhere: a newcomer reaches the code from README.md in two hops
// only while the links of the documentation hold.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/benchmarks/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range markdownLink.FindAllStringSubmatch(string(text), -1) {
				checked++
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
					t.Errorf("%s links to %s: %v", page, link[1], err)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links were found: the test does not see them", checked)
	}
}

func TestNoReplaceDirectives(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(string(text), "\n"); slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "replace ") }) {
		t.Error("go.mod replaces a module: such a module cannot be installed with go install")
	}
}
