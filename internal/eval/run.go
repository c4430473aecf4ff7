package eval

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage"
	"selfheal/internal/triage/index"
)

// Result is how one question was answered.
type Result struct {
	Question Question
	Label    Label
	// Window is the case whose change was judged; other than Question.ID in a placebo pair.
	Window  string
	Verdict selfheal.Verdict
	Took    time.Duration
	Err     error
}

// Placebo tells whether the change is known to have nothing to do with the error.
func (r Result) Placebo() bool { return r.Window != r.Question.ID }

// Runner judges cases. Mirrors holds the git directories: OWNER+NAME or
// OWNER+NAME/repo for a repository OWNER/NAME.
type Runner struct {
	Mirrors string
	// Placebos adds for each ordered pair of cases of one repository the first's error with the second's change.
	Placebos bool

	changes map[string]selfheal.Change
	caches  map[string]*index.Cache // by repository
}

// Run judges all cases in order. A case that cannot be judged has Err set; Run itself fails only when ctx ends.
func (r *Runner) Run(ctx context.Context, cases []Case) ([]Result, error) {
	r.changes, r.caches = map[string]selfheal.Change{}, map[string]*index.Cache{}
	var results []Result
	for _, c := range cases {
		for _, w := range cases {
			same := c.Question.ID == w.Question.ID
			if !same && (!r.Placebos || c.Question.Repository != w.Question.Repository || overlaps(c, w)) {
				continue
			}
			result := Result{Question: c.Question, Label: c.Label, Window: w.Question.ID}
			start := time.Now()
			result.Verdict, result.Err = r.judge(ctx, c, w.Question)
			result.Took = time.Since(start)
			if err := ctx.Err(); err != nil {
				return results, err
			}
			results = append(results, result)
		}
	}
	return results, nil
}

// overlaps tells whether the change of w could be the true cause in c.
func overlaps(c, w Case) bool {
	return c.Question.Base == w.Question.Base || c.Question.Head == w.Question.Head ||
		c.Label.Culprit != "" && c.Label.Culprit == w.Label.Culprit
}

func (r *Runner) judge(ctx context.Context, c Case, window Question) (selfheal.Verdict, error) {
	repo, err := git.Open(ctx, r.Directory(window.Repository))
	if err != nil {
		return selfheal.Verdict{}, err
	}
	seen, err := observe(ctx, c.Question)
	if err != nil {
		return selfheal.Verdict{}, fmt.Errorf("read logs: %w", err)
	}
	anomalies, signatures, err := seen.asked(c.marker)
	if err != nil {
		return selfheal.Verdict{}, err
	}
	change, ok := r.changes[window.ID]
	if !ok {
		classes, err := triage.NewClassifier(nil)
		if err != nil {
			return selfheal.Verdict{}, err
		}
		if change, err = triage.ReadChange(ctx, repo, window.Base, window.Head, classes); err != nil {
			return selfheal.Verdict{}, fmt.Errorf("read change: %w", err)
		}
		r.changes[window.ID] = change
	}
	cache, ok := r.caches[window.Repository]
	if !ok {
		cache = index.NewCache("")
		r.caches[window.Repository] = cache
	}
	return triage.Judge(ctx, triage.Input{Repository: repo, Change: change, Cache: cache, Anomalies: anomalies, Signatures: signatures})
}

// Directory gives where the repository OWNER/NAME is.
func (r *Runner) Directory(repository string) string {
	dir := filepath.Join(r.Mirrors, strings.ReplaceAll(repository, "/", "+"))
	if matches, err := filepath.Glob(filepath.Join(dir, "repo", "HEAD")); err == nil && len(matches) > 0 {
		return filepath.Join(dir, "repo")
	}
	return dir
}
