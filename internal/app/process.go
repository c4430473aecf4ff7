package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/slack"
	"selfheal/internal/config"
	"selfheal/internal/group"
	"selfheal/internal/hook"
	"selfheal/internal/ingest"
	"selfheal/internal/jobs"
	"selfheal/internal/pgconnect"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/server"
	"selfheal/internal/source/otlp"
	"selfheal/internal/source/sentry"
	"selfheal/internal/token"
	"selfheal/internal/watch"
)

// ServeRequest starts a process that looks after services.
type ServeRequest struct {
	Listen string // instead of the configured address
	// Reload is told of when the configuration is to be read again.
	Reload <-chan os.Signal
	// Listening is called with the address once it is listened on; may be nil.
	Listening func(address string)
}

// stopWithin is how long running work may take when the process is asked to stop.
const stopWithin = 30 * time.Second

// process is what runs between start and stop. The steward and the handler are
// replaced when the configuration is read again; what counts and queues stays.
type process struct {
	settings Settings
	main     *App
	queue    *jobs.Queue
	counter  *ingest.Counter
	otlp     *otlp.Receiver
	metrics  *server.Metrics
	steward  atomic.Pointer[Steward]
	handler  atomic.Pointer[server.Server]
}

// Serve looks after services until the context ends.
func Serve(ctx context.Context, s Settings, r ServeRequest) (err error) {
	p, err := newProcess(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.load(ctx); err != nil {
		return err
	}
	listener, err := p.listen(r.Listen)
	if err != nil {
		return err
	}
	if err := p.steward.Load().Resume(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	if r.Listening != nil {
		r.Listening(listener.Addr().String())
	}
	return p.run(ctx, listener, r.Reload)
}

func newProcess(ctx context.Context, s Settings) (*process, error) {
	s.Server = true
	main, err := Open(ctx, s)
	if err != nil {
		return nil, err
	}
	p := &process{settings: main.settings, main: main, metrics: server.NewMetrics(s.Version)}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *process) open(ctx context.Context) error {
	var err error
	address := cmp.Or(p.settings.StorePath, p.main.config.Store)
	if pgconnect.Is(address) {
		p.queue, err = jobs.OpenPostgres(ctx, address, p.main.store)
	} else {
		p.queue, err = jobs.OpenSQLite(ctx, filepath.Join(p.main.stateDir, "jobs.db"), p.main.store)
	}
	if err != nil {
		return err
	}
	p.counter, err = ingest.New(ingest.Config{
		Store: p.main.store, Clock: p.settings.Clock, Writer: holder(p.settings.Clock()), Log: slog.Default(),
		Options: func(selfheal.Scope) group.Options { return p.grouping() }, Place: p.place,
	})
	if err != nil {
		return err
	}
	p.otlp, err = otlp.New(otlp.Config{Sink: p.counter, Clock: p.settings.Clock})
	return err
}

// grouping signs what is pushed as what is read.
func (p *process) grouping() group.Options {
	o := group.Options{Redactor: p.main.redactor, Now: p.settings.Clock}
	if s := p.steward.Load(); s != nil {
		for _, service := range s.services {
			o.Modules = append(o.Modules, service.pipeline.Group.Modules...)
		}
	}
	return o
}

// place gives records that state no environment the only one that their service has.
func (p *process) place(stated selfheal.Scope) selfheal.Scope {
	s := p.steward.Load()
	if stated.Environment != "" || s == nil {
		return stated
	}
	found := stated
	for scope := range s.services {
		if scope.Service == stated.Service {
			if found.Environment != "" {
				return stated
			}
			found = scope
		}
	}
	return found
}

func (p *process) close() error {
	var all []error
	if p.queue != nil {
		all = append(all, p.queue.Close())
	}
	return errors.Join(append(all, p.main.Close())...)
}

// load reads the configuration and puts in place what follows from it. With an error
// everything stays as it was.
func (p *process) load(ctx context.Context) error {
	c, err := p.main.configuration()
	if err != nil {
		return err
	}
	steward, err := p.newSteward(ctx, c)
	if err != nil {
		return err
	}
	handler, err := p.newHandler(steward, c)
	if err != nil {
		return err
	}
	p.metrics.Threshold.Set(c.Decide.MinConfidence)
	p.steward.Store(steward)
	p.handler.Store(handler)
	return nil
}

func (p *process) newSteward(ctx context.Context, c config.Config) (*Steward, error) {
	s := &Steward{
		settings: p.settings, config: c, store: p.main.store, metrics: p.metrics,
		services: map[selfheal.Scope]*looked{}, watching: map[string]*remembered{},
		enqueue: func(ctx context.Context, kind, key string, at time.Time) error {
			return p.queue.Enqueue(ctx, jobs.Job{Kind: kind, Key: key}, at)
		},
	}
	router, err := p.router(c)
	if err != nil {
		return nil, err
	}
	s.teller = &teller{store: p.main.store, router: router, clock: p.settings.Clock, enqueue: s.enqueue}
	services := c.Serve.Services
	if len(services) == 0 {
		services = []config.ServeService{{Path: p.settings.Repository}}
	}
	for _, service := range services {
		if err := s.add(ctx, service, p); err != nil {
			return nil, fmt.Errorf("service at %s: %w", service.Path, err)
		}
	}
	return s, nil
}

// add opens the repository of a service.
func (s *Steward) add(ctx context.Context, service config.ServeService, p *process) error {
	settings := p.settings
	settings.Repository, settings.Server = service.Path, false
	if len(s.config.Serve.Services) > 0 {
		settings.ConfigPath = ""
	}
	a := &App{settings: settings, config: config.Default(), redactor: p.main.redactor,
		store: p.main.store, storePath: p.main.storePath, stateDir: p.main.stateDir}
	if err := a.openRepository(ctx); err != nil {
		return err
	}
	pl, err := a.Pipeline(ctx, "serve")
	if err != nil {
		return err
	}
	watcher := &live.Watcher{Pipeline: pl, Observe: p.observe}
	if a.config.Source.Configured() {
		watcher.Name = a.config.Source.Kind
		if watcher.Source, err = a.liveSource(ctx); err != nil {
			return err
		}
	}
	environments := service.Environments
	if len(environments) == 0 {
		environments = []string{a.config.Environment}
	}
	for _, environment := range environments {
		scope := selfheal.Scope{Service: a.service(CheckRequest{}), Environment: environment}
		if s.services[scope] != nil {
			return selfheal.Usagef("give each its own service or environment", "%s in %s is looked after twice", scope.Service, scope.Environment)
		}
		s.services[scope] = &looked{app: a, pipeline: pl, watcher: watcher}
	}
	return nil
}

// observe tells how well pushed logs can be seen. What other processes take in is
// seen in the store only.
func (p *process) observe(selfheal.Scope) watch.Live { return watch.Live{} }

// router tells people by the configured channels; nil where there are none.
func (p *process) router(c config.Config) (*channel.Router, error) {
	routes, err := c.Routes(config.Surroundings{
		Getenv: p.settings.Getenv, Threads: threads{p.main.store, p.settings.Clock}, Terminal: os.Stderr, Clock: p.settings.Clock,
	})
	if err != nil || len(routes) == 0 {
		return nil, err
	}
	return channel.New(routes, channel.Options{Clock: p.settings.Clock})
}

func (p *process) newHandler(s *Steward, c config.Config) (*server.Server, error) {
	doors, err := p.doors(s, c)
	if err != nil {
		return nil, err
	}
	return server.New(server.Config{
		Backend: s, Tokens: c.Serve.KnownTokens(), Clock: p.settings.Clock, Version: p.settings.Version,
		Metrics: p.metrics, OpenMetrics: c.Serve.OpenMetrics, Doors: doors,
	}), nil
}

// doors are the ways in that are none of the API.
func (p *process) doors(s *Steward, c config.Config) ([]server.Door, error) {
	hooks, err := c.Receivers(p.settings.Getenv)
	if err != nil {
		return nil, err
	}
	receiver, err := hook.New(hook.Config{Hooks: hooks, Resolve: s.running, Clock: p.settings.Clock}, s.heard)
	if err != nil {
		return nil, err
	}
	events, err := sentry.New(sentry.Config{Sink: p.counter, Clock: p.settings.Clock, Service: c.Serve.Project})
	if err != nil {
		return nil, err
	}
	doors := []server.Door{
		{Pattern: "POST /v1/logs", Scope: token.Ingest, Handler: p.otlp.Handler()},
		// These prove by themselves who sends: by the key of the DSN, and by each hook's secret.
		{Pattern: "POST /api/{project}/envelope/", Handler: events.Handler()},
		{Pattern: "POST /api/{project}/store/", Handler: events.Handler()},
		{Pattern: "/hooks/{name}", Handler: receiver},
	}
	secrets, err := c.SlackSigningSecrets(p.settings.Getenv)
	if err != nil || len(secrets) == 0 {
		return doors, err
	}
	buttons, err := slack.NewInteractions(secrets[0], p.settings.Clock, s.pressed)
	if err != nil {
		return nil, err
	}
	return append(doors, server.Door{Pattern: "/slack/interactions", Handler: buttons}), nil
}

// listen opens the port before anything else runs, so that a second process on it fails at once.
func (p *process) listen(instead string) (net.Listener, error) {
	c := p.steward.Load().config.Serve
	address := cmp.Or(instead, c.Listen)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUsage, Op: "listen", Message: address, Hint: "choose another with --listen", Err: err}
	}
	if c.TLS == nil {
		return listener, nil
	}
	certificate, err := newCertificate(*c.TLS)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return tls.NewListener(listener, &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// run works until the context ends, then lets what is running come to its end.
func (p *process) run(ctx context.Context, listener net.Listener, reload <-chan os.Signal) error {
	askers, err := p.askers(p.steward.Load().config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running := newTogether(cancel)
	web := p.handler.Load().HTTP()
	web.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.handler.Load().ServeHTTP(w, r) })
	web.BaseContext = func(net.Listener) context.Context { return ctx } // so that streams of events end
	running.add(func() error {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	running.add(func() error { return p.queue.Run(ctx, p.work, p.steward.Load().config.Serve.Workers) })
	running.add(func() error { return p.counter.Run(ctx) })
	running.add(func() error { return p.maintain(ctx) })
	if address := p.steward.Load().config.Serve.GRPC; address != "" {
		running.add(func() error { return p.serveGRPC(ctx, address) })
	}
	running.add(func() error { p.reload(ctx, reload); return nil })
	p.ask(ctx, running, askers)
	<-ctx.Done()
	stopping, stop := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer stop()
	err = web.Shutdown(stopping)
	err = errors.Join(err, running.wait(), p.counter.Close(stopping))
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

func (p *process) work(ctx context.Context, job jobs.Job) (time.Duration, error) {
	return p.steward.Load().Work(ctx, job.Kind, job.Key)
}

func (p *process) serveGRPC(ctx context.Context, address string) error {
	options, err := p.credentials()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return &selfheal.Error{Code: selfheal.CodeUsage, Op: "listen", Message: address, Hint: "set serve.grpc to another", Err: err}
	}
	return p.otlp.ServeGRPC(ctx, listener, options...)
}

// reload reads the configuration again whenever it is asked for. What is wrong with
// it is told, and the old one stays.
func (p *process) reload(ctx context.Context, asked <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
			if err := p.load(ctx); err != nil {
				slog.Error("the configuration stays as it was", "error", err, "hint", selfheal.HintOf(err))
				continue
			}
			slog.Info("the configuration was read again")
		}
	}
}
