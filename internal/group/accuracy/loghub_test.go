package accuracy

import (
	"fmt"
	"os"
	"sort"
	"testing"
)

// loghubDir names the environment variable with the folder of Loghub-2k's CSV
// files, which a research licence keeps out of this repository.
const loghubDir = "SELFHEAL_LOGHUB"

func loghub(t testing.TB) []System {
	t.Helper()
	dir := os.Getenv(loghubDir)
	if dir == "" {
		t.Skipf("SKIPPED: %s is not set: the accuracy of grouping was NOT measured", loghubDir)
	}
	systems, err := ReadLoghub(dir)
	if err != nil {
		t.Fatal(err)
	}
	return systems
}

// TestLoghub guards the accuracy with the one fixed setting there is; the
// benchmark of scripts/bench prints it.
func TestLoghub(t *testing.T) {
	systems := loghub(t)
	for _, generalised := range []bool{false, true} {
		var all, byStatus, aside []Metrics
		for i := range systems {
			lines := systems[i].Group(generalised)
			if generalised && os.Getenv("SELFHEAL_LOGHUB_ERRORS") == systems[i].Name {
				printErrors(lines)
			}
			m, apart := Evaluate(lines), Evaluate(systems[i].ByStatus(lines))
			t.Logf("generalised %v: %-12s GA %.3f FGA %.3f PA %.3f FTA %.3f, %d groups of %d", generalised, systems[i].Name, m.GA, m.FGA, m.PA, m.FTA, m.Found, m.Labels)
			all, byStatus, aside = append(all, m), append(byStatus, apart), append(aside, Evaluate(StatusAside(lines)))
		}
		m := Mean(all)
		t.Logf("generalised %v: mean GA %.3f FGA %.3f PA %.3f FTA %.3f", generalised, m.GA, m.FGA, m.PA, m.FTA)
		wantGA, wantFGA := 0.92, 0.88
		if generalised {
			wantGA, wantFGA = 0.975, 0.945
		}
		for name, compared := range map[string][]Metrics{"labels by status": byStatus, "statuses put aside": aside} {
			if m = Mean(compared); m.GA < wantGA || m.FGA < wantFGA {
				t.Errorf("generalised %v: mean, %s GA %.3f, FGA %.3f; want %.3f, %.3f", generalised, name, m.GA, m.FGA, wantGA, wantFGA)
			}
		}
	}
}

// printErrors lists the labelled groups that were split and the found ones that
// mix labels. A group that stands for several templates is shown as the first of them.
func printErrors(lines []Line) {
	first := map[string]string{}
	groups, labels := map[string]map[string]int{}, map[string]map[string]int{}
	for _, l := range lines {
		if first[l.Group] == "" {
			first[l.Group] = l.Template
		}
		found := first[l.Group]
		if groups[l.Label] == nil {
			groups[l.Label] = map[string]int{}
		}
		groups[l.Label][found]++
		if labels[found] == nil {
			labels[found] = map[string]int{}
		}
		labels[found][l.Label]++
	}
	show := func(title string, of map[string]map[string]int) {
		var keys []string
		for k, parts := range of {
			if len(parts) > 1 {
				keys = append(keys, k)
			}
		}
		sort.Strings(keys)
		for _, k := range keys {
			fmt.Printf("%s %.200q\n", title, k)
			shown := 0
			for part, n := range of[k] {
				if shown++; shown <= 6 {
					fmt.Printf("    %5d %.200q\n", n, part)
				}
			}
		}
	}
	show("SPLIT", groups)
	show("MIXED", labels)
}
