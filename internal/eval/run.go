package eval

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
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
	Window string
	// Lookback says that unrelated earlier deploys were candidates too.
	Lookback bool
	Verdict  selfheal.Verdict
	Took     time.Duration
	Err      error
}

// Placebo tells whether the change is known to have nothing to do with the error.
func (r Result) Placebo() bool { return r.Window != r.Question.ID }

// Runner judges cases. Mirrors holds the git directories: OWNER+NAME or
// OWNER+NAME/repo for a repository OWNER/NAME.
type Runner struct {
	Mirrors string
	// Placebos adds for each ordered pair of cases of one repository the first's error with the second's change.
	Placebos bool
	// Lookback adds for each case one more judgement, with so many unrelated earlier
	// deploys in front: commits of the repository right before the case's change, in
	// deploys of the same number of commits, of which no time is known.
	Lookback int
	// Windows adds for each case so many other windows of its repository, half of
	// them older and half newer, with as many first-parent commits as the case's change.
	Windows int

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
			result.Verdict, result.Err = r.judge(ctx, c, w.Question, 0)
			result.Took = time.Since(start)
			if err := ctx.Err(); err != nil {
				return results, err
			}
			results = append(results, result)
			if same && r.Lookback > 0 {
				far := Result{Question: c.Question, Label: c.Label, Window: c.Question.ID, Lookback: true}
				start := time.Now()
				far.Verdict, far.Err = r.judge(ctx, c, c.Question, r.Lookback)
				far.Took = time.Since(start)
				results = append(results, far)
			}
		}
		others, err := r.others(ctx, c)
		if err != nil {
			return results, fmt.Errorf("windows beside %s: %w", c.Question.ID, err)
		}
		for _, w := range others {
			result := Result{Question: c.Question, Label: c.Label, Window: w.ID}
			start := time.Now()
			result.Verdict, result.Err = r.judge(ctx, c, w, 0)
			result.Took = time.Since(start)
			delete(r.changes, w.ID)
			results = append(results, result)
		}
	}
	return results, ctx.Err()
}

// windowStride is how many windows apart those that are judged are.
const windowStride = 3

// others lists windows before and after the change of a case, nearest first.
func (r *Runner) others(ctx context.Context, c Case) ([]Question, error) {
	if r.Windows == 0 {
		return nil, nil
	}
	repo, err := git.Open(ctx, r.Directory(c.Question.Repository))
	if err != nil {
		return nil, err
	}
	own, err := repo.FirstParents(ctx, c.Question.Base, c.Question.Head)
	if err != nil {
		return nil, err
	}
	older, err := repo.FirstParents(ctx, "", c.Question.Base)
	if err != nil {
		return nil, err
	}
	newer, err := repo.FirstParents(ctx, c.Question.Head, "HEAD")
	if err != nil {
		return nil, err
	}
	size := max(1, len(own))
	var windows []Question
	add := func(chain []string, from, to int) {
		if from >= 0 && to < len(chain) {
			w := Question{ID: fmt.Sprintf("%.10s..%.10s", chain[from], chain[to]), Repository: c.Question.Repository, Base: chain[from], Head: chain[to]}
			windows = append(windows, w)
		}
	}
	for n := range r.Windows / 2 {
		step := (1 + n*windowStride) * size
		add(older, len(older)-1-step-size, len(older)-1-step)
		add(newer, step, step+size)
	}
	return windows, nil
}

// before reads so many deploys that came before a change.
func before(ctx context.Context, repo *git.Repository, change selfheal.Change, deploys int, classes *triage.Classifier) (*triage.Earlier, error) {
	if deploys == 0 {
		return nil, nil
	}
	chain, err := repo.FirstParents(ctx, "", change.Base)
	if err != nil {
		return nil, err
	}
	size := max(1, len(change.Commits))
	var past []selfheal.Deploy
	for at := len(chain) - 1; at-size >= 0 && len(past) < deploys; at -= size {
		past = append(past, selfheal.Deploy{Previous: chain[at-size], Revision: chain[at]})
	}
	slices.Reverse(past)
	return triage.ReadEarlier(ctx, repo, past, change.Base, classes)
}

// overlaps tells whether the change of w could be the true cause in c.
func overlaps(c, w Case) bool {
	return c.Question.Base == w.Question.Base || c.Question.Head == w.Question.Head ||
		c.Label.Culprit != "" && c.Label.Culprit == w.Label.Culprit
}

func (r *Runner) judge(ctx context.Context, c Case, window Question, lookback int) (selfheal.Verdict, error) {
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
	classes, err := triage.NewClassifier(nil)
	if err != nil {
		return selfheal.Verdict{}, err
	}
	change, ok := r.changes[window.ID]
	if !ok {
		if change, err = triage.ReadChange(ctx, repo, window.Base, window.Head, classes); err != nil {
			return selfheal.Verdict{}, fmt.Errorf("read change: %w", err)
		}
		r.changes[window.ID] = change
	}
	earlier, err := before(ctx, repo, change, lookback, classes)
	if err != nil {
		return selfheal.Verdict{}, err
	}
	cache, ok := r.caches[window.Repository]
	if !ok {
		cache = index.NewCache("")
		r.caches[window.Repository] = cache
	}
	return triage.Judge(ctx, triage.Input{Repository: repo, Change: change, Earlier: earlier, Cache: cache, Anomalies: anomalies, Signatures: signatures})
}

// Directory gives where the repository OWNER/NAME is.
func (r *Runner) Directory(repository string) string {
	dir := filepath.Join(r.Mirrors, strings.ReplaceAll(repository, "/", "+"))
	if matches, err := filepath.Glob(filepath.Join(dir, "repo", "HEAD")); err == nil && len(matches) > 0 {
		return filepath.Join(dir, "repo")
	}
	return dir
}
