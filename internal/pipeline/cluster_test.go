package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/embed"
	"selfheal/internal/pipeline"
)

// meanings is a space of two directions: what is about the database, and the rest.
type meanings struct{ down bool }

func (m meanings) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if m.down {
		return make([][]float32, len(texts)), &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "connection refused", Hint: "start it"}
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if vectors[i] = []float32{0, 1}; strings.Contains(text, "database") {
			vectors[i] = []float32{1, 0}
		}
	}
	return vectors, nil
}

// captions says of every cluster the same.
type captions struct{}

func (captions) Label(_ context.Context, clusters []embed.Unlabelled) ([]string, error) {
	labels := make([]string, len(clusters))
	for i, c := range clusters {
		labels[i] = fmt.Sprintf("database gone, %d messages", len(c.Templates))
	}
	return labels, nil
}

// complaints are messages of which each comes once and says in other words that
// the database is gone.
func complaints(from time.Time) lines {
	var all lines
	for i, words := range []string{
		"cannot save the basket", "checkout is stuck", "no catalogue for visitors", "login page is empty", "stock levels unknown", "invoice run stopped",
		"newsletter not queued", "search shows nothing", "reviews are missing", "wish lists fail", "vouchers cannot be checked", "addresses do not load",
		"returns are blocked", "shipping quotes fail", "order history is gone", "prices are stale", "ratings not stored", "profile pictures vanish",
		"sessions are lost", "reports stay empty",
	} {
		at := from.Add(time.Duration(3*i) * time.Minute)
		all = append(all, fmt.Sprintf(`{"time":%q,"level":"ERROR","msg":"%s: the database does not answer"}`, at.Format(time.RFC3339), words))
	}
	return all
}

// TestClusterIsAnAnomalyOfItsOwn: twenty messages that each came once are nothing
// one by one, and a new error together. After the fix they are counted together.
func TestClusterIsAnAnomalyOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	from := w.sources()
	quiet := from.Watched.(lines)[:60] // without the panic
	from.Watched = append(slices.Clone(quiet), complaints(deployed)...)
	alone, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil || len(alone.Anomalies) > 0 {
		t.Fatalf("flagged without clusters: %+v, %v", alone.Anomalies, err)
	}
	p.Clusters = &pipeline.Clusters{Embedder: meanings{}, Space: "test", Labeler: captions{}}
	together, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil {
		t.Fatal(err)
	}
	if len(together.Anomalies) != 1 || together.Anomalies[0].Observed != 20 || together.Anomalies[0].Kind != selfheal.AnomalyNew {
		t.Fatalf("flagged: %+v", together.Anomalies)
	}
	id := together.Anomalies[0].Signature
	at := slices.IndexFunc(together.Signatures, func(s selfheal.Signature) bool { return s.ID == id })
	if at < 0 || together.Signatures[at].Title != "cluster: database gone, 20 messages" || together.Signatures[at].Kind != selfheal.KindCluster {
		t.Errorf("signatures: %+v", together.Signatures)
	}
	if parts := together.Related[id]; len(parts) != 20 || !parts[0].Member {
		t.Errorf("parts: %+v", parts)
	}
	fixed := w.observe(t, p, together, complaints(deployed.Add(2 * time.Hour))[:7])
	if got := fixed.Fix.Counts[id]; got != 7 {
		t.Errorf("%d of 7 counted after the fix", got)
	}
}

// observe lets an incident's fix serve, as if a person had made it.
func (w *world) observe(t *testing.T, p *pipeline.Pipeline, a selfheal.Assessment, after lines) *selfheal.Incident {
	t.Helper()
	incident, err := p.Open(t.Context(), a, w.request())
	if err != nil {
		t.Fatal(err)
	}
	merged, err := selfheal.NewEvent(w.clock.Now(), "test", selfheal.EventPullRequestMerged, selfheal.PullRequest{Mark: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Append(t.Context(), selfheal.StreamName(selfheal.StreamIncident, incident.Key), incident.Version, merged); err != nil {
		t.Fatal(err)
	}
	fix := selfheal.Deploy{Service: "shop", Environment: "production", Revision: w.head, Previous: w.head, Time: deployed.Add(2 * time.Hour)}
	if err := p.ObserveFix(t.Context(), incident.Key, fix, after); err != nil {
		t.Fatal(err)
	}
	if incident, err = p.Load(t.Context(), incident.Key); err != nil {
		t.Fatal(err)
	}
	return incident
}

// TestClustersKnownBeforeAreNotNew: they are remembered, and what joins one of
// them is compared with all of it.
func TestClustersKnownBeforeAreNotNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	p.Clusters = &pipeline.Clusters{Embedder: meanings{}, Space: "test"}
	from := w.sources()
	week := from.Baseline.(lines)
	for day := range 7 {
		for hour := range 24 {
			week = append(week, complaints(deployed.Add(time.Duration(day-7)*24*time.Hour + time.Duration(hour)*time.Hour))[10:]...)
		}
	}
	from.Baseline = week
	from.Watched = append(slices.Clone(from.Watched.(lines)[:60]), complaints(deployed)[:10]...)
	got, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil || len(got.Anomalies) > 0 {
		t.Errorf("flagged: %+v, %v", got.Anomalies, err)
	}
}

// TestNoProviderIsSaid: a provider that is away changes nothing but a note, and a
// fix of a cluster is not called one when it cannot be counted.
func TestNoProviderIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	from := w.sources()
	from.Watched = append(slices.Clone(from.Watched.(lines)[:60]), complaints(deployed)...)
	p.Clusters = &pipeline.Clusters{Embedder: meanings{}, Space: "test"}
	together, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil || len(together.Anomalies) != 1 {
		t.Fatalf("flagged: %+v, %v", together.Anomalies, err)
	}
	p.Clusters = &pipeline.Clusters{Embedder: meanings{down: true}, Space: "another"}
	away, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil {
		t.Fatal(err)
	}
	unclustered := func(p selfheal.Problem) bool { return p.Code == selfheal.ProblemUnclustered }
	if len(away.Anomalies) > 0 || !slices.ContainsFunc(away.Window.Observability.Notes, unclustered) {
		t.Errorf("flagged: %+v, notes: %+v", away.Anomalies, away.Window.Observability.Notes)
	}
	p.Clusters = nil
	fixed := w.observe(t, p, together, logged(deployed.Add(2*time.Hour), time.Hour, time.Minute, "INFO", "order {n} placed"))
	if !slices.ContainsFunc(fixed.Fix.Window.Observability.Problems, unclustered) {
		t.Errorf("a fix that could not be counted: %+v", fixed.Fix)
	}
}

// TestShiftWithinACluster: the database is as much trouble as ever, some hours more and some less, and since the
// deploy it is another trouble. No message by itself says so.
func TestShiftWithinACluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	const slow, full = "the database is slow to answer", "the database has no space left"
	trouble := func(from time.Time, n, outOf10 int) lines {
		var all lines
		for i := range n {
			words := slow
			if i*7%10 < outOf10 {
				words = full
			}
			at := from.Add(time.Duration(i) * time.Hour / time.Duration(n))
			all = append(all, fmt.Sprintf(`{"time":%q,"level":"ERROR","msg":%q}`, at.Format(time.RFC3339), words))
		}
		return all
	}
	from := w.sources()
	week := from.Baseline.(lines)
	for hour := range 7 * 24 {
		n := 20
		if hour%12 == 5 {
			n = 300
		}
		week = append(week, trouble(deployed.Add(time.Duration(hour-7*24)*time.Hour), n, 1)...)
	}
	from.Baseline = week
	from.Watched = append(slices.Clone(from.Watched.(lines)[:60]), trouble(deployed, 30, 9)...)
	alone, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil || len(alone.Anomalies) > 0 {
		t.Fatalf("flagged without clusters: %+v, %v", alone.Anomalies, err)
	}
	p.Clusters = &pipeline.Clusters{Embedder: meanings{}, Space: "test"}
	together, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil || len(together.Anomalies) != 1 || together.Anomalies[0].Kind != selfheal.AnomalyShift {
		t.Fatalf("flagged: %+v, %v", together.Anomalies, err)
	}
	id := together.Anomalies[0].Signature
	same := func(a selfheal.Anomaly) bool { return a.Signature == id }
	described := slices.IndexFunc(together.Signatures, func(s selfheal.Signature) bool { return s.ID == id && s.Title == full })
	if slices.ContainsFunc(together.SetAside, same) || described < 0 {
		t.Errorf("set aside: %+v, signatures: %+v", together.SetAside, together.Signatures)
	}
}
