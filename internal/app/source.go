package app

import (
	"context"
	"io"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/source/file"
)

// logSource opens patterns of log files; "-" stands for stdin.
func logSource(patterns []string, stdin io.Reader) (selfheal.Source, error) {
	return file.New(file.Config{Patterns: patterns, Stdin: stdin})
}

// liveSource opens the source that the configuration names. One that is not there,
// or not complete, is CodeUsage.
func (a *App) liveSource(ctx context.Context) (selfheal.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	settings := config.SourceSettings{Getenv: a.settings.Getenv, Scrub: a.redactor.String, Clock: a.settings.Clock}
	if a.repository != nil {
		settings.Dir = a.repository.Directory()
	}
	return a.config.Source.Open(settings)
}
