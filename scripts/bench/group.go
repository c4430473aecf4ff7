package main

import (
	"bufio"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"text/template"

	"selfheal/internal/atomicfile"
	"selfheal/internal/group"
	"selfheal/internal/group/accuracy"
)

//go:embed grouping.md.tmpl
var groupingPage string

// notMeasured stands in for what needs the data set.
const notMeasured = "**NOT MEASURED: no data set was given. Run it with LOGHUB=folder (-loghub).**\n\n"

// deployTable is the golden file of the test that gives bugs in real programs to
// Grouper and Moved: a legend and a table, which begins with the word language, and
// then the details.
const deployTable = "internal/group/testdata/deploy/changes/golden.txt"

// grouping is the page about grouping: each field is a table, or a figure of the prose.
type grouping struct {
	Machine     string
	Development int
	Rounds      int
	Cap         int
	StageOne    string
	Generalised string
	Order       string
	Deploy      string
	Speed       string
	Hostile     string
}

func benchGroup(args []string) error {
	flags := flag.NewFlagSet("group", flag.ExitOnError)
	loghub := flags.String("loghub", "", "folder of Loghub-2k with corrected labels, as CSV files")
	out := flags.String("out", "docs/benchmarks/grouping.md", "file that the page is written to, if everything was measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	page := grouping{Machine: machine(), Rounds: rounds, Cap: group.DefaultMaxSignatures, StageOne: notMeasured, Generalised: notMeasured, Order: notMeasured}
	var systems []accuracy.System
	if *loghub != "" {
		var err error
		if systems, err = accuracy.ReadLoghub(*loghub); err != nil {
			return err
		}
		page.accuracy(systems)
	}
	var err error
	if page.Deploy, err = deploys(deployTable); err != nil {
		return err
	}
	page.Speed = speed(systems)
	page.Hostile = hostileInput()
	var text strings.Builder
	if err := template.Must(template.New("grouping").Parse(groupingPage)).Execute(&text, page); err != nil {
		return err
	}
	if fmt.Print(text.String()); systems == nil {
		fmt.Fprintf(os.Stderr, "\nbench: accuracy was NOT measured, for want of the data set; %s stays as it is\n", *out)
		return nil
	}
	return atomicfile.Write(*out, []byte(text.String()), 0o644)
}

// deploys quotes the table of the deploy suite.
func deploys(name string) (string, error) {
	content, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "**NOT MEASURED: there is no " + name + ".**\n", nil
	}
	if err != nil {
		return "", err
	}
	legend, rest, found := strings.Cut(string(content), "\nlanguage ")
	if !found {
		return "", fmt.Errorf("%s has no table", name)
	}
	rows, _, _ := strings.Cut(rest, "\n\n")
	table := legend + "\nlanguage " + rows
	return "Real programs of five languages with known bugs, and changes that a deploy brings. A bug is \"new\" if it looks new after a change that does not\n" +
		"concern it. The table is quoted from the test that checks it (`" + name + "`), which runs with every `make test`.\n\n```\n" + table + "\n```\n", nil
}

// machine names what the figures were measured on.
func machine() string {
	model := "an unnamed processor"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close() //nolint:errcheck // it was only read
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s %s/%s, GOMAXPROCS %d, %s, shared with other work", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), model)
}

// table is a Markdown table whose columns are aligned in its source as well.
type table struct{ rows [][]string }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for r, row := range t.rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 0 {
				b.WriteString("| " + cell + pad)
			} else {
				b.WriteString(" | " + pad + cell)
			}
		}
		b.WriteString(" |\n")
		if r == 0 {
			for i, width := range widths {
				if i == 0 {
					b.WriteString("|" + strings.Repeat("-", width+2))
				} else {
					b.WriteString("|" + strings.Repeat("-", width+1) + ":")
				}
			}
			b.WriteString("|\n")
		}
	}
	return b.String() + "\n"
}
