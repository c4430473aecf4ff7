package app

import (
	"context"
	"log/slog"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/hook"
	"selfheal/internal/source/kubernetes"
)

// asker asks a platform that announces nothing, until the context ends.
type asker func(ctx context.Context, sink func(context.Context, selfheal.Announcement) error) error

// askers are the platforms that are asked about deploys.
func (p *process) askers(c config.Config) ([]asker, error) {
	var all []asker
	for _, h := range c.Hooks {
		if !h.Polled() {
			continue
		}
		made, err := p.asker(h)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

func (p *process) asker(h config.Hook) (asker, error) {
	failed := func(err error) { slog.Warn("ask about deploys", "hook", h.Name, "error", err) }
	if h.From == config.HookKubernetes {
		settings := h.Kubernetes()
		var err error
		if settings.Client, err = kubernetes.Client(kubernetes.Config{Getenv: p.settings.Getenv}, time.Minute); err != nil {
			return nil, err
		}
		settings.Failed, settings.Clock = failed, p.settings.Clock
		watcher, err := hook.NewKubernetes(settings)
		if err != nil {
			return nil, err
		}
		return watcher.Run, nil
	}
	settings, err := h.LangSmith(p.settings.Getenv, p.main.redactor.String)
	if err != nil {
		return nil, err
	}
	poller, err := hook.NewLangSmith(settings)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, sink func(context.Context, selfheal.Announcement) error) error {
		return hook.Polling{Every: h.Period(), Failed: failed}.Run(ctx, poller, sink)
	}, nil
}

// ask runs the askers. They stay as they are when the configuration is read again.
func (p *process) ask(ctx context.Context, running *together, all []asker) {
	for _, each := range all {
		running.add(func() error {
			return each(ctx, func(ctx context.Context, a selfheal.Announcement) error { return p.steward.Load().heard(ctx, a) })
		})
	}
}
