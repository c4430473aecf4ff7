package main

import (
	"fmt"

	"selfheal/internal/group/accuracy"
)

// drain3 is GA and FGA of Drain3 with its default settings: quoted, see the page.
var drain3 = map[string]string{
	"Android": ".70/.76", "Apache": "1/1", "BGL": ".97/.84", "HDFS": "1/.84", "HPC": ".74/.65", "Hadoop": ".95/.84", "HealthApp": ".58/.34", "Linux": ".68/.92",
	"Mac": ".71/.80", "OpenSSH": ".72/.82", "OpenStack": ".31/.42", "Proxifier": ".03/.29", "Spark": ".92/.87", "Thunderbird": ".96/.77", "Windows": ".57/.84",
	"Zookeeper": ".97/.85", "mean": ".738/.741",
}

// shuffles is how many orders of lines are tried.
const shuffles = 5

func (g *grouping) accuracy(systems []accuracy.System) {
	for i := range systems {
		if systems[i].IsDevelopment() {
			g.Development++
		}
	}
	g.StageOne, g.Generalised = accuracyTable(systems, false), accuracyTable(systems, true)
	g.Order = orderTable(systems)
}

// accuracyTable scores every system, and the means of both halves.
func accuracyTable(systems []accuracy.System, generalised bool) string {
	var t table
	t.row("system", "GA", "PGA", "RGA", "FGA", "PA", "FTA", "found", "labels", "Drain3 GA/FGA")
	sums := make(map[string][]accuracy.Metrics)
	for i := range systems {
		s := &systems[i]
		lines := s.Group(generalised)
		m := accuracy.Evaluate(lines)
		name, half := s.Name, "reporting"
		if s.IsDevelopment() {
			name, half = name+" \\*", "development"
		}
		t.metrics(name, m, drain3[s.Name])
		apart, aside := accuracy.Evaluate(s.ByStatus(lines)), accuracy.Evaluate(accuracy.StatusAside(lines))
		if apart != m {
			t.metrics(s.Name+", labels by status", apart, "")
		}
		if aside != m {
			t.metrics(s.Name+", statuses put aside", aside, "")
		}
		for name, of := range map[string]accuracy.Metrics{half: m, "mean": m, "mean, labels by status": apart, "mean, statuses put aside": aside} {
			sums[name] = append(sums[name], of)
		}
	}
	for _, half := range []string{"development", "reporting", "mean", "mean, labels by status", "mean, statuses put aside"} {
		t.metrics("**"+half+"**", accuracy.Mean(sums[half]), drain3[half])
	}
	return t.String()
}

func (t *table) metrics(name string, m accuracy.Metrics, drain string) {
	cells := []string{name}
	for _, share := range []float64{m.GA, m.PGA, m.RGA, m.FGA, m.PA, m.FTA} {
		cells = append(cells, fmt.Sprintf("%.3f", share))
	}
	t.row(append(cells, fmt.Sprint(m.Found), fmt.Sprint(m.Labels), drain)...)
}

// orderTable scores the systems with their lines in several orders.
func orderTable(systems []accuracy.System) string {
	var t table
	t.row("order", "GA", "FGA")
	for seed := range uint64(shuffles + 1) {
		var all []accuracy.Metrics
		name := "as recorded"
		for i := range systems {
			s := &systems[i]
			if seed > 0 {
				s, name = s.Shuffled(seed), fmt.Sprintf("shuffle %d", seed)
			}
			all = append(all, accuracy.Evaluate(s.Group(true)))
		}
		m := accuracy.Mean(all)
		t.row(name, fmt.Sprintf("%.4f", m.GA), fmt.Sprintf("%.4f", m.FGA))
	}
	return t.String()
}
