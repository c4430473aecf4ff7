package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/pipeline"
)

// split is a source whose streams can be read one at a time.
type split []lines

func (s split) Streams(context.Context, selfheal.Query) ([]selfheal.SourceStream, error) {
	var streams []selfheal.SourceStream
	for i, part := range s {
		name := fmt.Sprint("part-", i)
		streams = append(streams, selfheal.SourceStream{Name: name, Read: func(ctx context.Context, yield func(*selfheal.Entry) error) error {
			return part.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
				e.Stream = name
				return yield(e)
			})
		}})
	}
	return streams, nil
}

func (s split) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	streams, err := s.Streams(ctx, q)
	for i := 0; err == nil && i < len(streams); i++ {
		err = streams[i].Read(ctx, yield)
	}
	return err
}

// serial hides that a source can be read in parallel.
type serial struct{ selfheal.Source }

func daily(from time.Time, days int) split {
	var parts split
	for day := range days {
		start := from.Add(time.Duration(day) * 24 * time.Hour)
		parts = append(parts, append(logged(start, 24*time.Hour, 7*time.Minute, "INFO", "order {n} placed"),
			logged(start, 24*time.Hour, 5*time.Hour, "ERROR", "payment {n} refused")...))
	}
	return parts
}

// TestParallelReadingGivesTheSame: counts merge by adding, so it does not matter
// how many goroutines read.
func TestParallelReadingGivesTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	baseline := daily(deployed.Add(-7*24*time.Hour), 7)
	watched := split{logged(deployed, time.Hour, time.Minute, "ERROR", "payment {n} refused"), logged(deployed, time.Hour, time.Minute, "INFO", "order {n} placed")}
	parallel, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{Baseline: baseline, Watched: watched})
	if err != nil {
		t.Fatal(err)
	}
	one, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{Baseline: serial{baseline}, Watched: serial{watched}})
	if err != nil {
		t.Fatal(err)
	}
	if len(parallel.Anomalies) != 1 || parallel.Window.Observability.Baseline.Records < 1400 || parallel.Window.Observability.Baseline.Streams != 7 {
		t.Fatalf("not what was logged: %d anomalies, %+v", len(parallel.Anomalies), parallel.Window.Observability.Baseline)
	}
	if diff := cmp.Diff(one, parallel); diff != "" {
		t.Errorf("(-one reader +many):\n%s", diff)
	}
}

// failing breaks off after some lines.
type failing struct{ lines }

func (f failing) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	if err := f.lines.Read(ctx, q, yield); err != nil {
		return err
	}
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "connection lost"}
}

// TestSourceErrorIsNoEmptyResult: whatever was read before an error is not judged.
func TestSourceErrorIsNoEmptyResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	good := w.sources()
	for name, from := range map[string]pipeline.Sources{
		"window":   {Baseline: good.Baseline, Watched: failing{logged(deployed, time.Hour, time.Minute, "INFO", "fine")}},
		"baseline": {Baseline: failing{logged(deployed.Add(-time.Hour), time.Hour, time.Minute, "INFO", "fine")}, Watched: good.Watched},
	} {
		_, err := p.Assess(t.Context(), w.plan(), from)
		if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := p.Assess(ctx, w.plan(), pipeline.Sources{Baseline: daily(deployed.Add(-24*time.Hour), 1), Watched: daily(deployed, 1)}); !errors.Is(err, stop) {
		t.Errorf("cancelled: got %v", err)
	}
}
