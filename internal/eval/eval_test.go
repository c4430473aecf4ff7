package eval_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/eval"
	"selfheal/internal/git/gittest"
)

// writeCase puts a case into a folder.
func writeCase(t *testing.T, dir string, q eval.Question, label eval.Label, window, baseline string) {
	t.Helper()
	content, err := json.Marshal(struct {
		eval.Question
		Label eval.Label `json:"label"`
	}{q, label})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, q.ID)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"case.json": string(content), "window.log": window, "baseline.log": baseline} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// history makes a repository OWNER+NAME below a mirrors folder with one commit
// that breaks something, one that does not, and one that has nothing to do with it.
func history(t *testing.T) (mirrors string, base, culprit, head, later string) {
	t.Helper()
	f := gittest.New(t)
	mirrors = filepath.Dir(f.Dir)
	if err := os.Rename(f.Dir, filepath.Join(mirrors, "acme+shop")); err != nil {
		t.Fatal(err)
	}
	f.Dir = filepath.Join(mirrors, "acme+shop")
	base = f.Commit("base", "cart.py", "def add(cart, item):\n    cart.append(item)\n", "rates.py", "def rate():\n    return 1\n")
	culprit = f.Commit("check tenants", "cart.py", "def add(cart, item):\n    if not item:\n        raise ValueError('item of the cart has no tenant')\n    cart.append(item)\n")
	head = f.Commit("rates", "rates.py", "def rate():\n    return 2\n")
	later = f.Commit("more rates", "rates.py", "def rate():\n    return 3\n")
	return mirrors, base, culprit, head, later
}

func TestRunScoresCasesAndPlacebos(t *testing.T) {
	t.Parallel()
	mirrors, base, culprit, head, later := history(t)
	dir := t.TempDir()
	const window = "2026-03-02T09:00:00Z INFO ready\n2026-03-02T09:00:01Z ERROR item of the cart has no tenant\n2026-03-02T09:00:02Z ERROR item of the cart has no tenant\n"
	writeCase(t, dir, eval.Question{ID: "a-caused", Repository: "acme/shop", Base: base, Head: head, Marker: "has no tenant"},
		eval.Label{Verdict: selfheal.Caused, Culprit: culprit, Spots: []eval.Spot{{File: "cart.py", Side: "new", Start: 3, End: 3}}}, window, "")
	writeCase(t, dir, eval.Question{ID: "b-outage", Repository: "acme/shop", Base: head, Head: later, Marker: "refused"},
		eval.Label{Verdict: selfheal.NotCaused}, "2026-03-02T09:00:01Z ERROR rates: connection refused\n", "2026-03-02T08:00:01Z ERROR rates: connection refused\n")
	writeCase(t, dir, eval.Question{ID: "c-unmarked", Repository: "acme/shop", Base: head, Head: later, Marker: "no such line"}, eval.Label{Verdict: selfheal.NotCaused}, window, "")

	cases, err := eval.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	runner := eval.Runner{Mirrors: mirrors, Placebos: true}
	results, err := runner.Run(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	got := eval.Summarise(results)
	got.Slowest, got.Total, got.Calibration = 0, 0, math.Round(got.Calibration)
	want := eval.Summary{
		Cases: 2, Failed: 2, Caused: 1, Top1: 1, Top3: 1, Top5: 1, MRR: 1, Lines: 1, Blames: 1, Right: 1, Covered: 1,
		Acquittals: 1, Deserved: 1, Placebos: 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var out strings.Builder
	if err := eval.Print(&out, results); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a-caused", "cart.py:3", "culprit first (top-1)", "1 of 1", "no signature of the window matches"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in\n%s", text, out.String())
		}
	}
}

func TestLoadRefusesWhatIsNoCase(t *testing.T) {
	t.Parallel()
	if _, err := eval.Load(t.TempDir()); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("empty folder: %v", err)
	}
	f := func(content string) {
		t.Helper()
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x", "case.json"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := eval.Load(dir); err == nil || !strings.Contains(err.Error(), "case x") {
			t.Errorf("Load of %q = %v", content, err)
		}
	}
	f("{")
	f(`{"signature_regex": "("}`)
}

func TestLineHit(t *testing.T) {
	t.Parallel()
	f := func(c selfheal.Culprit, s eval.Spot, want bool) {
		t.Helper()
		r := eval.Result{
			Question: eval.Question{ID: "x", Base: "base", Head: "head"}, Window: "x",
			Label: eval.Label{Culprit: "guilty", Spots: []eval.Spot{s}}, Verdict: selfheal.Verdict{Culprit: &c},
		}
		if got := r.LineHit(); got != want {
			t.Errorf("%+v at %+v: %v", c, s, got)
		}
	}
	at := func(revision string, line int) selfheal.Culprit {
		return selfheal.Culprit{Commit: "guilty", Path: "a.go", Revision: revision, Start: line}
	}
	spot := eval.Spot{File: "a.go", Side: "new", Start: 10, End: 12}
	f(at("head", 10), spot, true)
	f(at("head", 7), spot, true)
	f(at("head", 15), spot, true)
	f(at("head", 6), spot, false)
	f(at("head", 16), spot, false)
	f(at("base", 10), spot, false)
	f(at("base", 10), eval.Spot{File: "a.go", Side: "old", Start: 10, End: 10}, true)
	f(at("head", 99), eval.Spot{File: "a.go", Side: "new", Start: 1, End: 1, Loose: true}, true)
	f(at("head", 10), eval.Spot{File: "b.go", Side: "new", Start: 10, End: 10}, false)
	f(selfheal.Culprit{Commit: "guilty"}, spot, false)
}

func TestCalibrationIsTheDistanceFromTheTruth(t *testing.T) {
	t.Parallel()
	blame := func(commit string, confidence float64) eval.Result {
		return eval.Result{
			Question: eval.Question{ID: "x"}, Window: "x", Label: eval.Label{Verdict: selfheal.Caused, Culprit: "guilty"},
			Verdict: selfheal.Verdict{Cause: selfheal.Caused, Confidence: confidence, Culprit: &selfheal.Culprit{Commit: commit}}, Took: time.Second,
		}
	}
	f := func(want float64, results ...eval.Result) {
		t.Helper()
		if got := eval.Summarise(results).Calibration; math.Abs(got-want) > 1e-9 {
			t.Errorf("calibration = %v, want %v", got, want)
		}
	}
	f(0)
	f(0.1, blame("guilty", 0.9))
	f(0.9, blame("innocent", 0.9))
	f(0.4, blame("guilty", 0.9), blame("innocent", 0.9))
}
