package app

import (
	"context"

	"selfheal"
)

func (a *App) liveSource(context.Context) (selfheal.Source, string, error) {
	return nil, "", selfheal.Usagef("", "no source")
}
