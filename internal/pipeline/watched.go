package pipeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// StartWatch journals that a deploy is watched, and gives the watch: the one that
// goes on where there is one of this very deploy.
func (p *Pipeline) StartWatch(ctx context.Context, started selfheal.WatchStarted) (*selfheal.Watch, error) {
	key := started.Deploy.Key()
	err := p.retry(ctx, func() error {
		known, version, err := p.watch(ctx, key)
		if err != nil {
			return err
		}
		if known != nil && known.Ended == nil && known.Started.Deploy.Time.Equal(started.Deploy.Time) {
			return nil
		}
		return p.append(ctx, selfheal.StreamName(selfheal.StreamDeploy, key), version, selfheal.EventWatchStarted, started)
	})
	if err != nil {
		return nil, err
	}
	return p.Watch(ctx, key)
}

// EndWatch journals how a watch ended. Ending it twice is ending it once.
func (p *Pipeline) EndWatch(ctx context.Context, key string, ended selfheal.WatchEnded) error {
	return p.retry(ctx, func() error {
		known, version, err := p.watch(ctx, key)
		if err != nil || known == nil || known.Ended != nil {
			return err
		}
		return p.append(ctx, selfheal.StreamName(selfheal.StreamDeploy, key), version, selfheal.EventWatchEnded, ended)
	})
}

// Watch gives the last watch of a deploy; CodeNotFound when there was none.
func (p *Pipeline) Watch(ctx context.Context, key string) (*selfheal.Watch, error) {
	known, _, err := p.watch(ctx, key)
	if err == nil && known == nil {
		return nil, selfheal.NotFoundf("", "the deploy %s is not watched", key)
	}
	return known, err
}

func (p *Pipeline) watch(ctx context.Context, key string) (*selfheal.Watch, int, error) {
	events, err := p.Store.Events(ctx, selfheal.StreamName(selfheal.StreamDeploy, key))
	if err != nil {
		return nil, 0, err
	}
	known, err := selfheal.FoldWatch(key, events)
	return known, len(events), err
}

// watchesRecalled bounds how many deploys are looked through for watches that go on.
const watchesRecalled = 5000

// Watches lists the watches that go on, most recently changed first.
func (p *Pipeline) Watches(ctx context.Context) ([]*selfheal.Watch, error) {
	streams, err := p.Store.Streams(ctx, selfheal.StreamDeploy, watchesRecalled)
	if err != nil {
		return nil, err
	}
	var going []*selfheal.Watch
	for _, stream := range streams {
		known, _, err := p.watch(ctx, strings.TrimPrefix(stream.Name, string(selfheal.StreamDeploy)+":"))
		if err != nil {
			return nil, err
		}
		if known != nil && known.Ended == nil {
			going = append(going, known)
		}
	}
	return going, nil
}

// NoteRead journals that an interval of a service's logs was counted.
func (p *Pipeline) NoteRead(ctx context.Context, scope selfheal.Scope, read selfheal.SourceRead) error {
	stream := readingStream(scope)
	return p.retry(ctx, func() error {
		events, err := p.Store.Events(ctx, stream)
		if err != nil {
			return err
		}
		return p.append(ctx, stream, len(events), selfheal.EventSourceRead, read)
	})
}

// Unread gives what of an interval a writer has not counted yet, oldest first.
func (p *Pipeline) Unread(ctx context.Context, scope selfheal.Scope, writer string, i selfheal.Interval) ([]selfheal.Interval, error) {
	events, err := p.Store.Events(ctx, readingStream(scope))
	if err != nil {
		return nil, err
	}
	var known []selfheal.Interval
	for _, e := range events {
		read, err := selfheal.Decode[selfheal.SourceRead](e)
		if err != nil {
			return nil, err
		}
		if read.Writer == writer {
			known = append(known, read.Interval)
		}
	}
	return without(i, known), nil
}

// without is what of an interval none of the others covers.
func without(i selfheal.Interval, known []selfheal.Interval) []selfheal.Interval {
	slices.SortFunc(known, func(a, b selfheal.Interval) int { return a.From.Compare(b.From) })
	var rest []selfheal.Interval
	from := i.From
	for _, k := range known {
		if k.From.After(from) && from.Before(i.To) {
			rest = append(rest, selfheal.Interval{From: from, To: earlier(k.From, i.To)})
		}
		if k.To.After(from) {
			from = k.To
		}
	}
	if from.Before(i.To) {
		rest = append(rest, selfheal.Interval{From: from, To: i.To})
	}
	return rest
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func readingStream(s selfheal.Scope) string {
	return selfheal.StreamName(selfheal.StreamReading, s.Environment+"/"+s.Service)
}

// LastWatch gives the watch of the newest deploy of a scope; nil when there is none.
func (p *Pipeline) LastWatch(ctx context.Context, scope selfheal.Scope) (*selfheal.Watch, error) {
	streams, err := p.Store.Streams(ctx, selfheal.StreamDeploy, watchesRecalled)
	if err != nil {
		return nil, err
	}
	prefix := selfheal.StreamName(selfheal.StreamDeploy, scope.Environment+"/"+scope.Service+"/")
	var last *selfheal.Watch
	for _, stream := range streams {
		if !strings.HasPrefix(stream.Name, prefix) {
			continue
		}
		known, _, err := p.watch(ctx, strings.TrimPrefix(stream.Name, selfheal.StreamName(selfheal.StreamDeploy, "")))
		if err != nil {
			return nil, err
		}
		if known != nil && (last == nil || known.Started.Deploy.Time.After(last.Started.Deploy.Time)) {
			last = known
		}
	}
	return last, nil
}
