package config

import (
	"context"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/hook"
)

func (c Config) Router(getenv func(string) string, clock selfheal.Clock, threads any) (*channel.Router, error) {
	return nil, nil
}

func (c Config) Receiver(getenv func(string) string, clock selfheal.Clock, sink func(context.Context, selfheal.Announcement) error) (*hook.Receiver, error) {
	return hook.New(hook.Config{Clock: clock}, sink)
}

type tmpSource struct{}

func (tmpSource) IsSet() bool { return false }
