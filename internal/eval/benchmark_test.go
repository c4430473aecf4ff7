package eval_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/eval"
	"selfheal/internal/git"
)

var (
	casesFlag   = flag.String("cases", os.Getenv("SELFHEAL_TRIAGE_CASES"), "folder of labelled cases")
	windowsFlag = flag.Int("placebos", 0, "for each case, how many unrelated windows of its repository to judge its error with")
	mirrorsFlag = flag.String("mirrors", os.Getenv("SELFHEAL_MIRRORS"), "folder of git repositories named OWNER+NAME")
)

// TestBenchmark scores triage on the labelled cases:
//
//	go test ./internal/eval -run Benchmark -v -args -cases DIR -mirrors DIR
func TestBenchmark(t *testing.T) {
	if *casesFlag == "" || *mirrorsFlag == "" {
		t.Skip("SKIPPED: no labelled cases; give -args -cases DIR -mirrors DIR (or SELFHEAL_TRIAGE_CASES and SELFHEAL_MIRRORS)")
	}
	cases, err := eval.Load(*casesFlag)
	if err != nil {
		t.Fatal(err)
	}
	runner := eval.Runner{Mirrors: *mirrorsFlag, Placebos: true, Lookback: 10, Windows: *windowsFlag}
	if *windowsFlag > 0 { // which takes long enough
		runner.Placebos, runner.Lookback = false, 0
	}
	results, err := runner.Run(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := eval.Print(&out, results); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + out.String())
	if runner.Lookback > 0 {
		lookedBack(t, results)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Question.ID, r.Err)
		}
		if r.Blamed() && !r.RightBlame() && r.Verdict.Confidence > 0.9 {
			t.Errorf("%s: wrong blame with confidence %.2f", r.Question.ID, r.Verdict.Confidence)
		}
		checkQuotes(t, &runner, r)
	}
}

// lookedBack holds the demand that ten unrelated deploys cost at most two points of top-1.
func lookedBack(t *testing.T, results []eval.Result) {
	t.Helper()
	var near, far []eval.Result
	for _, r := range results {
		if r.Lookback {
			far = append(far, r)
		} else if !r.Placebo() {
			near = append(near, r)
		}
	}
	if alone, with := eval.Summarise(near), eval.Summarise(far); 100*(alone.Top1-with.Top1) > 2*alone.Caused {
		t.Errorf("ten unrelated deploys cost %d of %d culprits their first place", alone.Top1-with.Top1, alone.Caused)
	}
}

// checkQuotes reads every quoted line of a verdict again.
func checkQuotes(t *testing.T, runner *eval.Runner, r eval.Result) {
	t.Helper()
	repo, err := git.Open(context.Background(), runner.Directory(r.Question.Repository))
	if err != nil {
		t.Fatal(err)
	}
	check := func(revision, path string, line int, quote string) {
		t.Helper()
		content, err := repo.File(context.Background(), revision, path)
		if err != nil {
			t.Errorf("%s: %s:%d cannot be read: %v", r.Question.ID, path, line, err)
			return
		}
		lines := bytes.Split(content, []byte("\n"))
		if line < 1 || line > len(lines) || quote == "" || !bytes.HasPrefix(bytes.TrimSuffix(lines[line-1], []byte("\r")), []byte(quote)) {
			t.Errorf("%s: %q does not stand at %s:%d", r.Question.ID, quote, path, line)
		}
	}
	for _, x := range r.Verdict.Exhibits {
		if x.Path != "" {
			check(x.Revision, x.Path, x.Line, x.Quote)
		}
	}
	if c := r.Verdict.Culprit; r.Verdict.Cause == selfheal.Caused && c.Start > 0 {
		check(c.Revision, c.Path, c.Start, c.Quote)
	}
}
