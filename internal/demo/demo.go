package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"selfheal"
)

// The identity of the service in every world.
const (
	serviceName     = "shop"
	environmentName = "production"
)

// baselineDays is how long the logs before the deploy reach back.
const baselineDays = 7

// Options selects a world.
type Options struct {
	Dir      string            // where to make it: an empty or a missing directory
	Scenario Scenario          // empty means Regression
	Seed     uint64            // of the traffic; the same seed meets the same faults
	Now      time.Time         // the end of the watched hour, rounded down to the minute; zero means the wall clock
	Progress func(step string) // called when a step begins; may be nil
}

// World is a service with a history, just deployed.
type World struct {
	Dir                  string
	Repository           string // a git repository with a work tree, branch main at Head, tag v1.8.0 at Base
	Service, Environment string
	Base, Head           string // full commit ids
	// Baseline are the logs of the seven days before the deploy, one file a day,
	// oldest first, the older ones gzipped; Watched is that of the hour after it.
	// Both are empty when the build failed.
	Baseline, Watched []string
	BuildLog          string // what the failing build printed; empty when it succeeded
	DeployedAt        time.Time
	BaselineInterval  selfheal.Interval
	WatchedInterval   selfheal.Interval
	// Verify and Replay are shell commands for a checkout of the service. They need
	// Go, and no network. Replay fails at Head and passes at Base.
	Verify, Replay []string
	Truth          Truth

	script   script
	seed     uint64
	progress func(step string)
	sent     map[string]traffic // per run, by its first log file
}

// Truth is the right answer about a world's deploy.
type Truth struct {
	Status  selfheal.Status
	Culprit string   // full commit id; empty when the deploy is innocent
	Path    string   // file of the line that is to blame
	Line    string   // its text in the deployed revision, without the line ending
	Causes  []string // parts of the messages that appear because of the culprit, and only because of it
	Noise   []string // parts of the messages that rise, or appear, for a reason outside the deploy
}

// Prepare makes a world. It takes seconds, most of them compiling the service and
// sending it a week of requests. A [selfheal.Error] with a hint says what stands in
// the way: a missing tool, a directory in use, a scenario that does not exist.
func Prepare(ctx context.Context, o Options) (*World, error) {
	script, err := findScript(o.Scenario)
	if err != nil {
		return nil, err
	}
	if err := requireTools(); err != nil {
		return nil, err
	}
	w, err := prepare(ctx, o, script)
	if err != nil {
		return nil, fmt.Errorf("prepare the demo: %w", err)
	}
	return w, nil
}

func prepare(ctx context.Context, o Options, script script) (*World, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	w, err := newWorld(o, script)
	if err != nil {
		return nil, err
	}
	w.progress("make a git repository of a small HTTP service")
	if err := w.makeHistory(ctx); err != nil {
		return nil, err
	}
	if !script.runs() {
		w.progress("build the deployed revision, in vain")
		return w, w.failToBuild(ctx)
	}
	if err := w.serveBaseline(ctx); err != nil {
		return nil, err
	}
	return w, w.serveWatched(ctx)
}

func newWorld(o Options, script script) (*World, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, selfheal.Usagef("choose a directory that is empty or does not exist", "%s is not empty", dir)
	}
	for _, sub := range []string{"logs", "work"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o750); err != nil {
			return nil, err
		}
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	now = now.UTC().Truncate(time.Minute)
	deployed := now.Add(-time.Hour)
	w := &World{
		Dir: dir, Repository: filepath.Join(dir, serviceName),
		Service: serviceName, Environment: environmentName,
		DeployedAt:       deployed,
		BaselineInterval: selfheal.Interval{From: deployed.AddDate(0, 0, -baselineDays), To: deployed},
		WatchedInterval:  selfheal.Interval{From: deployed, To: now},
		Verify:           script.verify, Replay: script.replay,
		Truth: Truth{
			Status: script.Status, Path: script.path, Line: script.line, Causes: script.causes, Noise: script.noise,
		},
		script: script, seed: o.Seed, progress: o.Progress, sent: make(map[string]traffic),
	}
	return w, nil
}

func (w *World) makeHistory(ctx context.Context) error {
	before := base()
	ids, err := makeRepository(ctx, w.Repository, append(before, w.script.commits...), w.DeployedAt)
	if err != nil {
		return err
	}
	w.Base = ids[before[len(before)-1]]
	w.Head = ids[w.script.commits[len(w.script.commits)-1]]
	w.Truth.Culprit = ids[w.script.culprit]
	return nil
}

// tree is where the files of a commit are exported to; binary is what is built from them.
func (w *World) tree(commit string) string {
	return filepath.Join(w.Dir, "work", "tree-"+selfheal.ShortRevision(commit))
}

func (w *World) binary(commit string) string {
	return filepath.Join(w.Dir, "work", "shop-"+selfheal.ShortRevision(commit))
}

func (w *World) log(name string) string { return filepath.Join(w.Dir, "logs", serviceName+"-"+name) }

// build exports and compiles a commit, unless that was done before.
func (w *World) build(ctx context.Context, repository, commit string) error {
	if _, err := os.Stat(w.binary(commit)); err == nil {
		return nil
	}
	if err := export(ctx, repository, commit, w.tree(commit)); err != nil {
		return err
	}
	var printed bytes.Buffer
	if err := build(ctx, w.tree(commit), commit, w.binary(commit), &printed); err != nil {
		return &selfheal.Error{
			Code: selfheal.CodeUnavailable, Op: "build " + selfheal.ShortRevision(commit),
			Message: "the demo's service does not compile here", Hint: "check that `go build` works: " + printed.String(), Err: err,
		}
	}
	return nil
}

// failToBuild keeps what the build of the deployed revision prints.
func (w *World) failToBuild(ctx context.Context) error {
	if err := export(ctx, w.Repository, w.Head, w.tree(w.Head)); err != nil {
		return err
	}
	w.BuildLog = w.log("build.log")
	log, err := os.Create(w.BuildLog)
	if err != nil {
		return err
	}
	err = build(ctx, w.tree(w.Head), w.Head, w.binary(w.Head), log)
	if closed := log.Close(); closed != nil {
		return closed
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		return errors.New("the build that was to fail succeeded")
	}
	return nil
}

// serveBaseline runs the base revision through the week and writes one log a day.
func (w *World) serveBaseline(ctx context.Context) error {
	w.progress("build the revision in production")
	if err := w.build(ctx, w.Repository, w.Base); err != nil {
		return err
	}
	r := w.run(w.Base, w.BaselineInterval, 5*time.Minute, week(), streamWeek)
	r.announce = func(offset time.Duration) {
		if day := 24 * time.Hour; offset%day == 0 {
			w.progress(fmt.Sprintf("serve a week of traffic, day %d of %d", offset/day+1, baselineDays))
		}
	}
	marks, sent, err := r.play(ctx)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	failures := make([]error, baselineDays)
	perDay := len(marks) / baselineDays
	from := int64(0)
	for day := range baselineDays {
		ofDay, begins := marks[day*perDay:(day+1)*perDay], from
		name := ofDay[0].From.Format("2006-01-02") + ".log"
		if day < baselineDays-3 {
			name += ".gz"
		}
		w.Baseline = append(w.Baseline, w.log(name))
		rng := newRandom(w.seed, streamWeek<<8|uint64(day))
		group.Go(func() { failures[day] = writeLog(w.log(name), r.rawLog(), begins, ofDay, rng) })
		from = ofDay[perDay-1].offset
	}
	w.sent[w.Baseline[0]] = sent
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	return os.RemoveAll(r.dir)
}

// serveWatched runs the deployed revision through the hour after the deploy.
func (w *World) serveWatched(ctx context.Context) error {
	w.progress("build the deployed revision")
	if err := w.build(ctx, w.Repository, w.Head); err != nil {
		return err
	}
	w.progress("deploy it, and serve an hour of traffic")
	w.Watched = []string{w.log("after-deploy.log")}
	return w.playHour(ctx, w.Head, w.WatchedInterval, w.script.spells, streamWindow, w.Watched[0])
}

// playHour runs a revision through an hour and writes its log.
func (w *World) playHour(ctx context.Context, commit string, hour selfheal.Interval, spells []spell, stream uint64, path string) error {
	r := w.run(commit, hour, time.Minute, spells, stream)
	marks, sent, err := r.play(ctx)
	if err != nil {
		return err
	}
	w.sent[path] = sent
	rng := newRandom(w.seed, stream<<8)
	if err := writeLog(path, r.rawLog(), 0, marks, rng); err != nil {
		return err
	}
	return os.RemoveAll(r.dir)
}

func (w *World) run(commit string, interval selfheal.Interval, step time.Duration, spells []spell, stream uint64) run {
	return run{
		binary: w.binary(commit), tree: w.tree(commit),
		dir:      filepath.Join(w.Dir, "work", fmt.Sprintf("run-%d", stream)),
		interval: interval, step: step, deployed: w.DeployedAt, spells: spells,
		seed: w.seed, stream: stream, announce: func(time.Duration) {},
	}
}

var fullCommit = regexp.MustCompile(`^[0-9a-f]{40,64}$`)

// DeployFix builds a commit of a repository, bare or not, runs it under the same
// traffic for one more hour, which begins ten minutes after the watched one, and
// writes its log. It gives the deploy, the log files and the hour.
func (w *World) DeployFix(ctx context.Context, repository, commit string) (selfheal.Deploy, []string, selfheal.Interval, error) {
	if !fullCommit.MatchString(commit) {
		return selfheal.Deploy{}, nil, selfheal.Interval{}, selfheal.Usagef("give the full commit id", "%q is no commit id", commit)
	}
	at := w.WatchedInterval.To.Add(10 * time.Minute)
	hour := selfheal.Interval{From: at, To: at.Add(time.Hour)}
	deploy := selfheal.Deploy{
		Service: w.Service, Environment: w.Environment, Revision: commit, Previous: w.Head,
		Time: at, Status: selfheal.DeploySucceeded, By: "demo",
	}
	path := w.log("after-fix.log")
	w.progress("build the fix")
	if err := w.build(ctx, repository, commit); err != nil {
		return deploy, nil, hour, fmt.Errorf("deploy the fix: %w", err)
	}
	w.progress("deploy it, and serve an hour of traffic")
	if err := w.playHour(ctx, commit, hour, nil, streamFix, path); err != nil {
		return deploy, nil, hour, fmt.Errorf("deploy the fix: %w", err)
	}
	return deploy, []string{path}, hour, nil
}
