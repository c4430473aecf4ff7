package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/pipeline"
)

// orders is a file that logs two lines in a row, the first of which the change may touch.
func orders(statement string) string {
	return fmt.Sprintf("package orders\n\nimport \"log/slog\"\n\nfunc Place(id int, err error) {\n\t%s\n\tslog.Info(\"receipt for order written\", \"id\", id)\n}\n", statement)
}

// steady is what the service logs whatever happens to orders.
func steady(from time.Time, length time.Duration) (all lines) {
	for _, text := range []string{"receipt for order written", "cart was opened", "product page was shown", "session was renewed"} {
		all = append(all, logged(from, length, time.Minute, "INFO", text)...)
	}
	return all
}

// TestIntendedDrops: a line that goes silent is missed, unless the change took its
// statement away; and where the change reworded it, it goes on under its other words.
func TestIntendedDrops(t *testing.T) {
	t.Parallel()
	const placed = `slog.Info("order placed in shop", "id", id)`
	f := func(name, head string, after lines, want string, anomalies, aliases int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository = gittest.New(t)
			w.base = w.repository.Commit("orders", "orders/orders.go", orders(placed))
			w.head = w.repository.Commit("orders: logging", "orders/orders.go", orders(head), "README.md", head)
			p := w.open(t, unwrapped)
			const week = 7 * 24 * time.Hour
			sources := pipeline.Sources{
				Repository: w.repository.Dir,
				Baseline:   append(steady(deployed.Add(-week), week), logged(deployed.Add(-week), week, time.Minute, "INFO", "order placed in shop")...),
				Watched:    append(steady(deployed, time.Hour), after...),
			}
			got, err := p.Assess(t.Context(), w.plan(), sources)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Anomalies) != anomalies {
				t.Errorf("flagged: %+v", got.Anomalies)
			}
			if want != "" && (len(got.SetAside) != 1 || got.SetAside[0].Silence != selfheal.SilenceIntended || !strings.Contains(got.SetAside[0].Why, want)) {
				t.Errorf("set aside: %+v", got.SetAside)
			}
			known, err := p.Identities(t.Context(), "shop")
			if err != nil {
				t.Fatal(err)
			}
			if n := len(known.Aliases()); n != aliases {
				t.Errorf("%d aliases: %+v", n, known.Aliases())
			}
		})
	}
	since := func(level, text string) lines { return logged(deployed, time.Hour, time.Minute, level, text) }
	f("still there, and silent", placed+" // as before", nil, "", 1, 0)
	f("removed", "_ = id", nil, "the statement that logs it, orders/orders.go:6", 0, 0)
	f("at debug", `slog.Debug("order placed in shop", "id", id)`, nil, "the statement that logs it, orders/orders.go:6", 0, 0)
	f("reworded", `slog.Info("order accepted by shop", "id", id)`, since("INFO", "order accepted by shop"), "", 0, 1)
	f("reworded, and silent", `slog.Info("order accepted by shop", "id", id)`, nil, "the statement that logs it, orders/orders.go:6", 0, 0)
	f("a dependency logs it in other words", placed, since("INFO", "order was placed in the shop"), "took its place: order was placed in the shop", 0, 0)
	f("other words, and seldom", placed, logged(deployed, time.Hour, 5*time.Minute, "INFO", "order was placed in the shop"), "", 1, 0)
	f("other words, and an error", placed, since("ERROR", "order was not placed in the shop"), "", 2, 0)
	f("an error in its place", `slog.Error("order lost in shop", "id", id)`, since("ERROR", "order lost in shop"), "", 1, 0)
}
