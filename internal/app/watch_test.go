package app

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/pipeline/live"
)

// A file that grows is watched until an error shows, and the answer is the check's; the
// watch after it knows what served before.
func TestWatch(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	log := filepath.Join(t.TempDir(), "shop.log")
	good := r.Commit("begin", "a.go", "package a\n", "selfheal.yaml", "service: shop\nsource: {kind: file, files: ["+log+"]}\n")
	bad := r.Commit("more", "a.go", "package a\n\nvar x = 1\n")
	next := r.Commit("most", "a.go", "package a\n\nvar x = 2\n")
	now := time.Date(2026, 3, 9, 12, 20, 0, 0, time.UTC)
	deployed := now.Add(-20 * time.Minute)
	text := ""
	for at := deployed.Add(-48 * time.Hour); at.Before(now); at = at.Add(time.Minute) {
		text += fmt.Sprintf("{\"time\":%q,\"level\":\"INFO\",\"msg\":\"order placed\"}\n", at.Format(time.RFC3339))
		if at.After(deployed) {
			text += fmt.Sprintf("{\"time\":%q,\"level\":\"ERROR\",\"msg\":\"price list is empty\"}\n", at.Format(time.RFC3339))
		}
	}
	if err := WriteFile(log, []byte(text)); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Settings{Repository: r.Dir, StorePath: filepath.Join(t.TempDir(), "selfheal.db"),
		Clock: func() time.Time { return now }, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	request := WatchRequest{Command: "watch", Revision: bad, Previous: good, DeployedAt: deployed, Window: time.Hour, Every: time.Second, See: func(live.Look) {}}
	result, err := a.Watch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Assessment.Anomalies) != 1 || result.Status != selfheal.StatusInconclusive && result.Status != selfheal.StatusRegression {
		t.Errorf("status %s, %d anomalies: %s", result.Status, len(result.Assessment.Anomalies), result.Headline)
	}
	now = now.Add(time.Minute)
	request.Revision, request.Previous, request.DeployedAt = next, "", now.Add(-2*time.Minute)
	p, err := a.Pipeline(t.Context(), "watch")
	if err != nil {
		t.Fatal(err)
	}
	if previous, err := a.previous(t.Context(), p, request); err != nil || previous != bad {
		t.Errorf("before it served %s, error %v; want %s", previous, err, bad)
	}
	if _, err := a.Watch(t.Context(), WatchRequest{Command: "watch", Resume: true, See: func(live.Look) {}}); selfheal.CodeOf(err) != selfheal.CodeNotFound {
		t.Errorf("nothing was cut off, and resuming gives %v", err)
	}
}
