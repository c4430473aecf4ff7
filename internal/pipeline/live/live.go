// Package live watches deploys while they happen: it reads what is logged as it
// comes, or lets it be pushed, judges the window again and again, and says as soon
// as there is something to say.
//
// In go a deploy, and the source of its service's logs; out come looks, each with
// an assessment. All that is counted is in the count store and all that is decided
// in the journal, so that a watch which is cut off is taken up again by [Watcher.Resume]
// in any process: what was logged meanwhile is read then.
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/watch"
)

// Options of a [Watcher]. The zero value has the defaults.
type Options struct {
	Baseline time.Duration // how much before the deploy is compared with, 7 days by default
	Chunk    time.Duration // how much of it is read at a time, 6 hours by default
	Reread   time.Duration // how far back each look reads again, for what came late; 3 minutes by default
	Settle   time.Duration // how long after its minute a record is there, 10 seconds by default
	Margin   time.Duration // how far logs may be behind, 2 minutes by default
	// Least is what is read of the logs, where the source can tell; only errors are
	// compared then, and how much there was of everything is counted by the source.
	Least selfheal.Severity
}

func (o Options) complete() Options {
	o.Baseline = cmp.Or(o.Baseline, 7*24*time.Hour)
	o.Chunk = cmp.Or(o.Chunk, 6*time.Hour)
	o.Reread = cmp.Or(o.Reread, 3*time.Minute)
	o.Settle = cmp.Or(o.Settle, 10*time.Second)
	o.Margin = cmp.Or(o.Margin, 2*time.Minute)
	return o
}

// Watcher watches deploys of one service. Of a watcher, one goroutine watches one deploy.
type Watcher struct {
	Pipeline *pipeline.Pipeline
	// Source is where the logs are read; nil where they are pushed, so that others count them.
	Source  selfheal.Source
	Name    string // of the source; what one source of a service counted, another does not replace
	Options Options
	// Observe tells of pushed logs what Source would tell of others; may be nil.
	Observe func(selfheal.Scope) watch.Live
	// Progress shows what takes long; may be nil.
	Progress func(format string, args ...any)
}

// Watching is a deploy that is being watched.
type Watching struct {
	*selfheal.Watch
	w       *Watcher
	options Options
	plan    watch.Plan
	learned pipeline.Learned
	read    time.Time // until when the window was read
	recount bool      // the window was read as a whole
}

// Look is what is known of a deploy at a moment.
type Look struct {
	Time       time.Time
	Assessment selfheal.Assessment
	// Elapsed and Planned say how much of the window is over.
	Elapsed, Planned time.Duration
	// Final says that there will be no further look: the answer is in the assessment.
	Final bool
	// Failed is why the source could not be read at this look; the watch goes on.
	Failed error
}

// Begin starts to watch a deploy, or goes on where a watch of it was cut off. The
// baseline is learnt first, as far as it is not known: a source that cannot be read is an error.
func (w *Watcher) Begin(ctx context.Context, started selfheal.WatchStarted) (*Watching, error) {
	if started.Deploy.Time.IsZero() || started.Window <= 0 {
		return nil, &selfheal.Error{Code: selfheal.CodeInternal, Op: "watch", Message: "needs the time of the deploy and a window"}
	}
	known, err := w.Pipeline.StartWatch(ctx, started)
	if err != nil {
		return nil, err
	}
	return w.Resume(ctx, known)
}

// Resume goes on with a watch that the journal knows.
func (w *Watcher) Resume(ctx context.Context, known *selfheal.Watch) (*Watching, error) {
	started := known.Started
	watching := &Watching{Watch: known, w: w, options: w.Options.complete(), read: started.Deploy.Time.Truncate(time.Minute)}
	watching.plan = watch.Plan{
		Deploy: started.Deploy, Names: started.Names, PreviousNames: started.PreviousNames, Planned: time.Duration(started.Window),
	}
	if watching.options.Least > selfheal.SeverityUnspecified {
		watching.plan.Notes = append(watching.plan.Notes, selfheal.Problem{Code: selfheal.ProblemPartial,
			Detail: "only records of severity " + watching.options.Least.String() + " and above are read: what ought to be logged and is not, is not told"})
	}
	end := started.Deploy.Time
	if !started.BaselineEnd.IsZero() {
		end = started.BaselineEnd
	}
	if err := w.learn(ctx, started.Deploy, end, watching.options); err != nil {
		return nil, err
	}
	var err error
	watching.learned, err = w.Pipeline.Learn(ctx, started.Deploy, end, watching.options.Baseline)
	return watching, err
}

// TopUp reads what of the days before a time was not read yet, so that a deploy
// finds its baseline known.
func (w *Watcher) TopUp(ctx context.Context, scope selfheal.Scope, now time.Time) error {
	o := w.Options.complete()
	deploy := selfheal.Deploy{Service: scope.Service, Environment: scope.Environment}
	return w.learn(ctx, deploy, now.Add(-o.Margin), o)
}

// learn reads what of the baseline was not read before, newest first, so that a run
// that is cut off has the more useful part.
func (w *Watcher) learn(ctx context.Context, d selfheal.Deploy, end time.Time, o Options) error {
	if w.Source == nil {
		return nil
	}
	scope := selfheal.Scope{Service: d.Service, Environment: d.Environment}
	missing, err := w.Pipeline.Unread(ctx, scope, w.writer(), selfheal.Interval{From: end.Add(-o.Baseline).Truncate(time.Hour), To: end.Truncate(time.Minute)})
	if err != nil {
		return err
	}
	chunks := pieces(missing, o.Chunk)
	for i, chunk := range chunks {
		w.progress("learning what is usual: %s to %s (%d of %d)", chunk.From.UTC().Format("2006-01-02 15:04"), chunk.To.UTC().Format("15:04"), i+1, len(chunks))
		_, err := w.Pipeline.Tally(ctx, w.Source, w.query(scope, chunk, o), w.writer())
		// What lies in hours that were compacted cannot be added to any more: the baseline is shorter.
		if err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
			return fmt.Errorf("read baseline: %w", err)
		}
		if err := w.Pipeline.NoteRead(ctx, scope, selfheal.SourceRead{Writer: w.writer(), Interval: chunk}); err != nil {
			return err
		}
	}
	return nil
}

// pieces cuts intervals at whole multiples of a length, newest first.
func pieces(intervals []selfheal.Interval, length time.Duration) []selfheal.Interval {
	var all []selfheal.Interval
	for _, i := range intervals {
		for from := i.From; from.Before(i.To); {
			to := from.Truncate(length).Add(length)
			if to.After(i.To) {
				to = i.To
			}
			all = append(all, selfheal.Interval{From: from, To: to})
			from = to
		}
	}
	slices.Reverse(all)
	return all
}

func (w *Watcher) writer() string { return "source " + w.Name }

func (w *Watcher) query(s selfheal.Scope, i selfheal.Interval, o Options) selfheal.Query {
	return selfheal.Query{Service: s.Service, Environment: s.Environment, Interval: i, Least: o.Least}
}

func (w *Watcher) progress(format string, args ...any) {
	if w.Progress != nil {
		w.Progress(format, args...)
	}
}

// end is when the window is over.
func (g *Watching) end() time.Time {
	return g.Started.Deploy.Time.Add(time.Duration(g.Started.Window)).Truncate(time.Minute)
}

// Look reads what is new and judges the window so far. A source that does not
// answer is no error: the look says so, and what was missed is read later.
func (g *Watching) Look(ctx context.Context) (Look, error) {
	now := g.w.Pipeline.Clock()
	through := now.Add(-g.options.Settle).Truncate(time.Minute)
	if through.After(g.end()) {
		through = g.end()
	}
	over := !through.Before(g.end())
	live, err := g.observe(ctx, through, over)
	if err != nil {
		return Look{}, err
	}
	assessment, err := g.w.Pipeline.AssessCounted(ctx, g.plan, g.learned, live, g.Started.Repository)
	if err != nil {
		return Look{}, err
	}
	look := Look{
		Time: now, Assessment: assessment, Failed: live.Failed,
		Elapsed: max(0, through.Sub(g.Started.Deploy.Time.Truncate(time.Minute))), Planned: time.Duration(g.Started.Window),
	}
	look.Final = over && live.Failed == nil || now.After(g.end().Add(g.patience())) || g.cleared(look)
	return look, nil
}

// patience is how long after the end of the window a source that does not answer is waited for.
func (g *Watching) patience() time.Duration {
	return min(10*time.Minute, max(g.options.Margin, time.Duration(g.Started.Window)/4))
}

// cleared tells whether the deploy may be called clean before its window is over: where
// that was asked for, everything was seen, and a new error of one a minute would have shown.
func (g *Watching) cleared(l Look) bool {
	a := &l.Assessment
	return g.Started.UntilClean && len(a.Anomalies) == 0 && len(a.Window.Observability.Problems) == 0 &&
		a.TellsNew > 0 && l.Elapsed >= time.Duration(a.TellsNew)
}

// observe reads the window on, and says how well it can be seen.
func (g *Watching) observe(ctx context.Context, through time.Time, over bool) (watch.Live, error) {
	live := watch.Live{Through: through, Margin: g.options.Margin}
	if g.w.Source == nil {
		if g.w.Observe != nil {
			live = g.w.Observe(selfheal.Scope{Service: g.Started.Deploy.Service, Environment: g.Started.Deploy.Environment})
			live.Through = through
			live.Margin = cmp.Or(live.Margin, g.options.Margin)
		}
		return live, nil
	}
	err := g.readOn(ctx, through, over)
	if ctx.Err() != nil {
		return live, ctx.Err()
	}
	if err != nil && selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		return live, err
	}
	live.Failed = err
	if clocked, able := g.w.Source.(selfheal.Clocked); able && err == nil {
		live.Skew, _ = clocked.Skew(ctx) // an answer without a date says nothing
	}
	return live, nil
}

// readOn reads from a little before where the last look ended; once the window is
// over, all of it again, for what came late.
func (g *Watching) readOn(ctx context.Context, through time.Time, over bool) error {
	begin := g.Started.Deploy.Time.Truncate(time.Minute)
	from := g.read.Add(-g.options.Reread)
	if from.Before(begin) || over && !g.recount {
		from = begin
	}
	if !from.Before(through) {
		return probe(ctx, g.w.Source)
	}
	scope := selfheal.Scope{Service: g.Started.Deploy.Service, Environment: g.Started.Deploy.Environment}
	interval := selfheal.Interval{From: from, To: through}
	if _, err := g.w.Pipeline.Tally(ctx, g.w.Source, g.w.query(scope, interval, g.options), g.w.writer()); err != nil {
		return err
	}
	g.read, g.recount = through, over
	if over {
		return g.w.Pipeline.NoteRead(ctx, scope, selfheal.SourceRead{Writer: g.w.writer(), Interval: interval})
	}
	return nil
}

func probe(ctx context.Context, src selfheal.Source) error {
	if prober, able := src.(selfheal.Prober); able {
		return prober.Probe(ctx)
	}
	return nil
}

// End journals the answer.
func (g *Watching) End(ctx context.Context, a selfheal.Assessment, status selfheal.Status, reason string) error {
	if err := g.w.Pipeline.Record(ctx, a); err != nil {
		return err
	}
	return g.w.Pipeline.EndWatch(ctx, g.Key, selfheal.WatchEnded{Status: status, Reason: reason})
}

// Until looks every so often until the answer is there or stop says so; see is told of every look.
func (g *Watching) Until(ctx context.Context, every time.Duration, sleep func(context.Context, time.Duration) error, see func(Look) (stop bool)) (Look, error) {
	for {
		look, err := g.Look(ctx)
		if err != nil {
			return look, err
		}
		if see(look) || look.Final {
			return look, nil
		}
		if err := sleep(ctx, every); err != nil {
			return look, errors.Join(err, ctx.Err())
		}
	}
}
