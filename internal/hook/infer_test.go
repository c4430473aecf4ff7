package hook

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func TestInfer(t *testing.T) {
	t.Parallel()
	start := selfheal.MinuteOf(received)
	// logs is n records in each minute [from, to).
	logs := func(n int64, spans ...int64) selfheal.Series {
		var s selfheal.Series
		for i := 0; i < len(spans); i += 2 {
			for m := spans[i]; m < spans[i+1]; m++ {
				s.Add(start+m, n)
			}
		}
		return s
	}
	f := func(name string, want []string, perMinute map[string]selfheal.Series, announced ...selfheal.Announcement) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, a := range Infer(selfheal.Scope{Service: "shop", Environment: "production"}, perMinute, announced, InferOptions{}) {
				got = append(got, fmt.Sprintf("%s %s at %d after %q", a.Phase, a.Deploy.Revision, selfheal.MinuteOf(a.Deploy.Time)-start, a.Deploy.Previous))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	type of = map[string]selfheal.Series
	f("nothing", nil, nil)
	f("what was there before", nil, of{"a": logs(10, 0, 300)})
	f("a deploy", []string{`serving b at 200 after "a"`}, of{"a": logs(10, 0, 201), "b": logs(10, 200, 300)})
	f("no revision is stated", nil, of{"": logs(10, 0, 300)})
	f("announced", nil, of{"a": logs(10, 0, 201), "b": logs(10, 200, 300)}, said(198, serving, "b", "a"))
	f("announced an hour and more before", []string{`serving b at 200 after "a"`}, of{"a": logs(10, 0, 201), "b": logs(10, 200, 300)}, said(100, serving, "b", "a"))
	f("its failure was announced", []string{`serving b at 200 after "a"`}, of{"a": logs(10, 0, 201), "b": logs(10, 200, 300)}, said(198, failed, "b", "a"))
	f("stragglers of an old version", nil, of{"a": logs(10, 0, 300), "old": logs(3, 200, 204)})
	f("stragglers after the deploy", []string{`serving b at 200 after "a"`}, of{"a": logs(10, 0, 200, 260, 261), "b": logs(10, 200, 300)})
	f("one burst", nil, of{"a": logs(10, 0, 300), "test": logs(500, 200, 201)})
	f("a canary that goes on", []string{`serving b at 200 after "a"`}, of{"a": logs(100, 0, 300), "b": logs(1, 200, 300)})
	f("a canary that was taken back", []string{`serving b at 200 after "a"`, `rolled-back b at 230 after ""`}, of{"a": logs(100, 0, 300), "b": logs(1, 200, 230)})
	f("a rollback", []string{`serving b at 100 after "a"`, `serving a at 200 after "b"`}, of{"a": logs(10, 0, 101, 200, 300), "b": logs(10, 100, 201)})
	f("three in a row", []string{`serving b at 100 after "a"`, `serving c at 160 after "b"`}, of{"a": logs(10, 0, 101), "b": logs(10, 100, 161), "c": logs(10, 160, 200)})
	f("quiet at night", nil, of{"a": logs(10, 0, 20, 40, 60, 80, 100)})
	f("too early to tell", nil, of{"a": logs(10, 0, 21), "b": logs(10, 20, 200)})
}

// Who infers again, knowing what was inferred before, learns nothing twice.
func TestInferAgain(t *testing.T) {
	t.Parallel()
	var a, b selfheal.Series
	start := selfheal.MinuteOf(received)
	for m := range int64(300) {
		if m < 100 || m >= 200 {
			a.Add(start+m, 5)
		} else {
			b.Add(start+m, 5)
		}
	}
	scope := selfheal.Scope{Service: "shop", Environment: "production"}
	first := Infer(scope, map[string]selfheal.Series{"a": a, "b": b}, nil, InferOptions{})
	if len(first) != 2 {
		t.Fatalf("inferred: %+v", first)
	}
	if again := Infer(scope, map[string]selfheal.Series{"a": a, "b": b}, first, InferOptions{}); len(again) != 0 {
		t.Errorf("inferred again: %+v", again)
	}
	if options := (InferOptions{Gap: time.Minute}).complete(); options.Gap != time.Minute || options.Records == 0 {
		t.Errorf("%+v", options)
	}
}
