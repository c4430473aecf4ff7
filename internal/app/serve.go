package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/pipeline"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/report"
	"selfheal/internal/server"
)

// The kinds of jobs. A job only looks at one deploy, or advances one incident: it may
// be run again at any point.
const (
	JobLook    = "look"    // at a deploy, by its key
	JobAdvance = "advance" // an incident, by its key
)

// Steward looks after all services of a running process: it takes announcements in,
// looks at watched deploys, advances incidents and tells people. What it knows is in
// the journal; what it holds besides is only remembered, and found again by any other.
type Steward struct {
	settings Settings
	config   config.Config
	store    store
	services map[selfheal.Scope]*looked
	metrics  *server.Metrics
	// enqueue asks for a job at a time, or sooner where it is asked for already.
	enqueue func(ctx context.Context, kind, key string, at time.Time) error
	teller  *teller

	mu       sync.Mutex
	watching map[string]*remembered
}

// looked is a service that is looked after.
type looked struct {
	app      *App
	pipeline *pipeline.Pipeline
	watcher  *live.Watcher
}

// remembered is a watch that this process has looked at.
type remembered struct {
	mu      sync.Mutex
	watch   *live.Watching
	flagged []selfheal.SignatureID
}

// of finds the service of a scope.
func (s *Steward) of(scope selfheal.Scope) (*looked, error) {
	if service := s.services[scope]; service != nil {
		return service, nil
	}
	return nil, selfheal.NotFoundf("name its repository in serve.services", "%s in %s is not looked after", scope.Service, scope.Environment)
}

func scopeOf(d selfheal.Deploy) selfheal.Scope {
	return selfheal.Scope{Service: d.Service, Environment: d.Environment}
}

// Announce takes in what is said about a deploy.
func (s *Steward) Announce(ctx context.Context, a selfheal.Announcement) (server.Received, error) {
	received, err := s.announce(ctx, a)
	outcome := "watched"
	switch {
	case err != nil:
		outcome = "refused"
	case !received.Watch:
		outcome = "nothing"
	}
	s.metrics.Announced.WithLabelValues(a.From, outcome).Inc()
	return received, err
}

func (s *Steward) announce(ctx context.Context, a selfheal.Announcement) (server.Received, error) {
	service, err := s.of(scopeOf(a.Deploy))
	if err != nil {
		return server.Received{}, err
	}
	if a.Deploy, err = service.app.resolved(ctx, a.Deploy); err != nil {
		return server.Received{}, err
	}
	p := service.pipeline
	last, err := p.LastWatch(ctx, scopeOf(a.Deploy))
	if err != nil {
		return server.Received{}, err
	}
	step := live.Decide(last, a, time.Duration(s.config.Serve.Window))
	if step.End != nil {
		if err := p.EndWatch(ctx, last.Key, *step.End); err != nil {
			return server.Received{}, err
		}
		if a.Phase == selfheal.PhaseRolledBack {
			s.notice(ctx, last.Started.Deploy, selfheal.NoticeRolledBack, selfheal.SeverityWarn, step.End.Reason, "")
		}
	}
	if step.Start == nil {
		return server.Received{Deploy: a.Deploy.Key(), Reason: step.Reason}, nil
	}
	step.Start.Repository = service.app.repository.Directory()
	started, err := p.StartWatch(ctx, *step.Start)
	if err != nil {
		return server.Received{}, err
	}
	if step.AtOnce != nil {
		return server.Received{Deploy: started.Key, Reason: step.Reason}, p.EndWatch(ctx, started.Key, *step.AtOnce)
	}
	return server.Received{Deploy: started.Key, Watch: true}, s.enqueue(ctx, JobLook, started.Key, s.settings.Clock())
}

// resolved gives a deploy with the full ids of its revisions, as far as the
// repository knows them: what came since the clone was made is fetched.
func (a *App) resolved(ctx context.Context, d selfheal.Deploy) (selfheal.Deploy, error) {
	for _, revision := range []*string{&d.Revision, &d.Previous} {
		if *revision == "" {
			continue
		}
		id, err := a.history.Resolve(ctx, *revision)
		if err != nil {
			if err := a.fetch(ctx); err != nil {
				return d, err
			}
			if id, err = a.history.Resolve(ctx, *revision); err != nil {
				return d, err
			}
		}
		*revision = id
	}
	return d, nil
}

// fetch brings what is new in the repository's remote into the working copy of
// selfheal's own; from then on the history is read there.
func (a *App) fetch(ctx context.Context) error {
	workspace, err := a.workRepositories().Workspace(ctx, a.repository.Directory())
	if err != nil {
		return err
	}
	if err := workspace.Update(ctx, a.repository); err != nil {
		return err
	}
	a.history = workspace.Repository
	return nil
}

// Work does one job, and says when it is to be done again; zero: it is done.
func (s *Steward) Work(ctx context.Context, kind, key string) (again time.Duration, err error) {
	switch kind {
	case JobLook:
		return s.look(ctx, key)
	case JobAdvance:
		return s.advance(ctx, key)
	case JobTell:
		return s.teller.tell(ctx, key)
	}
	return 0, &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("unknown job %q", kind)}
}

// Resume asks for the jobs that the journal says are not done.
func (s *Steward) Resume(ctx context.Context) error {
	now := s.settings.Clock()
	streams, err := s.store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		incident, err := pipeline.LoadIncident(ctx, s.store, streamKey(stream.Name, selfheal.StreamIncident))
		if err != nil {
			return err
		}
		if incident.Stage != selfheal.StageClosed {
			if err := s.enqueue(ctx, JobAdvance, incident.Key, now); err != nil {
				return err
			}
		}
	}
	going, err := s.anyPipeline().Watches(ctx)
	if err != nil {
		return err
	}
	for _, w := range going {
		if err := s.enqueue(ctx, JobLook, w.Key, now); err != nil {
			return err
		}
	}
	return s.teller.left(ctx)
}

// look looks once at a deploy.
func (s *Steward) look(ctx context.Context, key string) (again time.Duration, err error) {
	begun := time.Now()
	known, err := s.anyPipeline().Watch(ctx, key)
	if err != nil || known.Ended != nil {
		s.forget(key)
		return 0, err
	}
	service, err := s.of(scopeOf(known.Started.Deploy))
	if err != nil {
		return 0, s.anyPipeline().EndWatch(ctx, key, selfheal.WatchEnded{Status: selfheal.StatusCannotObserve, Reason: err.Error()})
	}
	m, err := s.remember(ctx, service, known)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		again, err = s.lookAt(ctx, service, m)
	}
	outcome := "ok"
	if err != nil {
		outcome = "failed"
		s.metrics.SourceUp.WithLabelValues(known.Started.Deploy.Service, known.Started.Deploy.Environment).Set(0)
		again, err = s.patient(ctx, service, known, err)
	}
	s.metrics.Looks.WithLabelValues(outcome).Inc()
	s.metrics.LookTime.Observe(time.Since(begun).Seconds())
	return again, err
}

// patient waits for a source that does not answer, and says in the end that nothing could be seen.
func (s *Steward) patient(ctx context.Context, service *looked, known *selfheal.Watch, err error) (time.Duration, error) {
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || ctx.Err() != nil {
		return 0, err
	}
	deploy := known.Started.Deploy
	over := deploy.Time.Add(time.Duration(known.Started.Window)).Add(10 * time.Minute)
	if s.settings.Clock().Before(over) {
		slog.Warn("look at deploy", "deploy", known.Key, "error", err)
		return time.Duration(s.config.Serve.Every), nil
	}
	s.notice(ctx, deploy, selfheal.NoticeCannotObserve, selfheal.SeverityWarn, err.Error(), "")
	return 0, service.pipeline.EndWatch(ctx, known.Key, selfheal.WatchEnded{Status: selfheal.StatusCannotObserve, Reason: err.Error()})
}

// anyPipeline reads the journal, which all services share.
func (s *Steward) anyPipeline() *pipeline.Pipeline {
	for _, service := range s.services {
		return service.pipeline
	}
	return nil
}

// remember gives the watch as this process knows it.
func (s *Steward) remember(ctx context.Context, service *looked, known *selfheal.Watch) (*remembered, error) {
	s.mu.Lock()
	m := s.watching[known.Key]
	s.mu.Unlock()
	if m != nil && m.watch.Started.Deploy.Time.Equal(known.Started.Deploy.Time) {
		return m, nil
	}
	watching, err := service.watcher.Resume(ctx, known)
	if err != nil {
		return nil, err
	}
	m = &remembered{watch: watching}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching[known.Key] = m
	s.metrics.Watching.Set(float64(len(s.watching)))
	return m, nil
}

func (s *Steward) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watching, key)
	s.metrics.Watching.Set(float64(len(s.watching)))
}

// lookAt judges the window so far; where something changed for the worse that was not
// known, the incident is opened, or judged anew.
func (s *Steward) lookAt(ctx context.Context, service *looked, m *remembered) (time.Duration, error) {
	look, err := m.watch.Look(ctx)
	if err != nil {
		return 0, err
	}
	a := look.Assessment
	s.metrics.Looked(a, look.Failed == nil)
	var incidents []*selfheal.Incident
	if flagged := flaggedOf(a); len(flagged) > 0 && (look.Final || !slices.Equal(flagged, m.flagged)) {
		if incidents, err = s.open(ctx, service, a); err != nil {
			return 0, err
		}
		m.flagged = flagged
	}
	if !look.Final {
		return time.Duration(s.config.Serve.Every), nil
	}
	if err := s.observeFixes(ctx, service, a.Deploy, look); err != nil {
		return 0, err
	}
	r := service.app.report(a, incidents...)
	s.metrics.Answered(a.Deploy, r.Status, verdictOf(incidents))
	if r.Status == selfheal.StatusCannotObserve {
		s.notice(ctx, a.Deploy, selfheal.NoticeCannotObserve, selfheal.SeverityWarn, r.Headline, "")
	}
	defer s.forget(m.watch.Key)
	return 0, m.watch.End(ctx, a, r.Status, r.Headline)
}

func flaggedOf(a selfheal.Assessment) []selfheal.SignatureID {
	var ids []selfheal.SignatureID
	for _, anomaly := range a.Anomalies {
		ids = append(ids, anomaly.Signature)
	}
	slices.Sort(ids)
	return ids
}

func verdictOf(incidents []*selfheal.Incident) *selfheal.Verdict {
	if len(incidents) == 0 {
		return nil
	}
	return incidents[0].Verdict()
}

// open takes the incidents of a deploy as far as they go, tells people, and asks for what is left.
func (s *Steward) open(ctx context.Context, service *looked, a selfheal.Assessment) ([]*selfheal.Incident, error) {
	by := s.config.Serve.Repair
	incidents, err := service.app.handle(ctx, service.pipeline, a, CheckRequest{
		Command: "serve", Service: a.Deploy.Service, Environment: a.Deploy.Environment,
		Repair: by != "none", DryRun: s.config.Serve.DryRun, Strategies: only(by),
	})
	if err != nil {
		return nil, err
	}
	for i, incident := range incidents {
		r := report.New(s.settings.Version, s.settings.Clock(), incident.Opened.Assessment, incident)
		if kind, severity := occasion(r.Status); i == 0 && kind != "" {
			s.noticeOf(ctx, incident, kind, severity, r.Headline)
		}
		s.progressed(ctx, incident)
		if incident.Stage != selfheal.StageClosed {
			if err := s.enqueue(ctx, JobAdvance, incident.Key, s.settings.Clock()); err != nil {
				return nil, err
			}
		}
	}
	return incidents, nil
}

// only gives the one strategy that is named; none where the configuration decides.
func only(by string) []string {
	if by == "none" || by == "auto" {
		return nil
	}
	return []string{by}
}

func occasion(status selfheal.Status) (selfheal.NoticeKind, selfheal.Severity) {
	switch status {
	case selfheal.StatusRegression:
		return selfheal.NoticeRegression, selfheal.SeverityError
	case selfheal.StatusInconclusive:
		return selfheal.NoticeInconclusive, selfheal.SeverityWarn
	}
	return "", 0
}

// advance takes an incident on.
func (s *Steward) advance(ctx context.Context, key string) (time.Duration, error) {
	incident, err := pipeline.LoadIncident(ctx, s.store, key)
	if err != nil {
		return 0, err
	}
	service, err := s.of(scopeOf(incident.Opened.Assessment.Deploy))
	if err != nil {
		slog.Warn("advance incident", "incident", incident.ID, "error", err)
		return 0, nil
	}
	next, err := service.pipeline.Run(ctx, key)
	if errors.Is(err, pipeline.ErrBusy) {
		return busyFor, nil
	}
	if err != nil {
		return 0, err
	}
	s.progressed(ctx, next.Incident)
	switch {
	case next.Done || next.At.IsZero():
		return 0, nil // only a deploy or a person can move it
	default:
		return max(time.Second, next.At.Sub(s.settings.Clock())), nil
	}
}

// busyFor is when to try again what another process is at.
const busyFor = 20 * time.Second

// progressed tells people how far an incident has come; what was told is not told again.
func (s *Steward) progressed(ctx context.Context, i *selfheal.Incident) {
	switch {
	case i.Outcome != nil && i.Outcome.State == selfheal.OutcomeHealed:
		s.noticeOf(ctx, i, selfheal.NoticeHealed, selfheal.SeverityInfo, i.Outcome.Reason)
	case i.PullRequest != nil && i.Stage == selfheal.StageProposed:
		s.noticeOf(ctx, i, selfheal.NoticePullRequest, selfheal.SeverityWarn, i.PullRequest.Title)
	}
}

func (s *Steward) noticeOf(ctx context.Context, i *selfheal.Incident, kind selfheal.NoticeKind, severity selfheal.Severity, text string) {
	n := selfheal.Notice{
		Time: s.settings.Clock(), Kind: kind, Severity: severity, Incident: i.Key, Deploy: i.Opened.Assessment.Deploy, Title: text,
	}
	if i.PullRequest != nil {
		n.URL = i.PullRequest.URL
	}
	s.deliver(ctx, n)
}

func (s *Steward) notice(ctx context.Context, d selfheal.Deploy, kind selfheal.NoticeKind, severity selfheal.Severity, title, text string) {
	s.deliver(ctx, selfheal.Notice{Time: s.settings.Clock(), Kind: kind, Severity: severity, Deploy: d, Title: title, Text: text, URL: d.URL})
}

// deliver never fails the work that it tells of.
func (s *Steward) deliver(ctx context.Context, n selfheal.Notice) {
	if err := s.teller.due(ctx, n); err != nil {
		slog.Error("tell people", "notice", n.Key(), "error", err)
	}
}

// observeFixes tells the incidents whose fix came with this deploy how it went.
func (s *Steward) observeFixes(ctx context.Context, service *looked, d selfheal.Deploy, look live.Look) error {
	streams, err := s.store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		incident, err := pipeline.LoadIncident(ctx, s.store, streamKey(stream.Name, selfheal.StreamIncident))
		if err != nil {
			return err
		}
		if incident.Stage != selfheal.StageMerged || scopeOf(incident.Opened.Assessment.Deploy) != scopeOf(d) {
			continue
		}
		fixed, err := service.app.contains(ctx, d.Revision, incident)
		if err != nil || !fixed {
			if err != nil {
				slog.Warn("look for the fix in the deploy", "incident", incident.ID, "error", err)
			}
			continue
		}
		if err := service.pipeline.ObserveFixCounted(ctx, incident.Key, d, look.Assessment.Window.Watched.To); err != nil {
			return err
		}
		if err := s.enqueue(ctx, JobAdvance, incident.Key, s.settings.Clock()); err != nil {
			return err
		}
	}
	return nil
}

// contains tells whether a revision has the merged repair of an incident.
func (a *App) contains(ctx context.Context, revision string, i *selfheal.Incident) (bool, error) {
	merged := cmp.Or(i.PullRequest.Merged, i.PullRequest.Commit)
	if _, err := a.history.Resolve(ctx, merged); err != nil {
		if err := a.fetch(ctx); err != nil {
			return false, err
		}
	}
	return a.history.IsAncestor(ctx, merged, revision)
}
