package app

import (
	"context"
	"log/slog"
	"time"
)

const (
	maintainEvery = time.Hour
	// fineFor is how long every signature is kept by the minute: detection learns
	// silences from a day of minutes.
	fineFor = 26 * time.Hour
)

// maintain tops up what is known of the usual, and makes the older counts smaller,
// once at the start and then every hour.
func (p *process) maintain(ctx context.Context) error {
	for {
		p.maintainOnce(ctx)
		if err := pause(ctx, maintainEvery); err != nil {
			return nil
		}
	}
}

func (p *process) maintainOnce(ctx context.Context) {
	s := p.steward.Load()
	if !s.topUp(ctx) {
		return // compacting would close the time that could not be read
	}
	if err := p.main.compact(ctx, time.Duration(s.config.Serve.Keep)); err != nil && ctx.Err() == nil {
		slog.Error("compact counts", "error", err)
	}
}

// topUp reads what was logged since the last time of the services whose logs are
// read, so that a deploy finds its baseline known. It tells whether all went well.
func (s *Steward) topUp(ctx context.Context) bool {
	well := true
	for scope, service := range s.services {
		if service.watcher.Source == nil {
			continue
		}
		if err := service.watcher.TopUp(ctx, scope, s.settings.Clock()); err != nil && ctx.Err() == nil {
			slog.Warn("learn what is usual", "service", scope.Service, "environment", scope.Environment, "error", err)
			well = false
		}
	}
	return well && ctx.Err() == nil
}
