package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/watch"
)

const week = 7 * 24 * time.Hour

// names are what stands in one place of a message: values that no mask can know.
var names = []string{"anna", "boris", "carla", "dmitri", "emma", "farid", "greta", "hugo", "irina", "jonas", "keiko", "lars", "mila", "nadia", "omar"}

// refusals are the same error about each of some names, spread over a stretch of time.
func refusals(from time.Time, length, every time.Duration, who []string) lines {
	var all lines
	for at, n := from, 0; at.Before(from.Add(length)); at, n = at.Add(every), n+1 {
		all = append(all, fmt.Sprintf(`{"time":%q,"level":"ERROR","msg":"login refused for user %s because the account is locked"}`, at.Format(time.RFC3339), who[n%len(who)]))
	}
	return all
}

// TestValuesSeenLaterAreNoNewErrors: a message about names that the baseline never
// showed is the old error, and it is still known when a later run sees too few
// names to find that out again.
func TestValuesSeenLaterAreNoNewErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	first, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{
		Baseline: refusals(deployed.Add(-week), week, 10*time.Minute, names[:10]),
		Watched:  refusals(deployed, time.Hour, 10*time.Minute, names[10:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Anomalies) > 0 || first.Tested != 1 {
		t.Errorf("%d signatures tested, flagged: %+v", first.Tested, first.Anomalies)
	}
	later := w.plan()
	later.Deploy.Previous, later.Deploy.Revision, later.Deploy.Time = w.head, w.culprit, deployed.Add(week)
	second, err := p.Assess(t.Context(), later, pipeline.Sources{
		Baseline: refusals(deployed, week, 10*time.Minute, names[:1]),
		Watched:  refusals(deployed.Add(week), time.Hour, 10*time.Minute, []string{"zoe"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Anomalies) > 0 || second.Tested != 1 {
		t.Errorf("second run: %d signatures tested, flagged: %+v", second.Tested, second.Anomalies)
	}
}

// TestFixIsCountedUnderOneIdentity: after the fix the same error, about names
// that nobody had seen, is the same error: the fix did not heal it. That holds
// also when an older program, whose algorithm gave other ids, opened the incident.
func TestFixIsCountedUnderOneIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	from := w.sources()
	from.Watched = append(from.Watched.(lines), refusals(deployed, time.Hour, time.Minute, names)...)
	assessment, err := p.Assess(t.Context(), w.plan(), from)
	if err != nil {
		t.Fatal(err)
	}
	refused := slices.IndexFunc(assessment.Signatures, func(s selfheal.Signature) bool { return s.Kind == selfheal.KindMessage })
	if refused < 0 || len(assessment.Anomalies) != 2 {
		t.Fatalf("flagged %d, signatures %+v", len(assessment.Anomalies), assessment.Signatures)
	}
	if title := assessment.Signatures[refused].Title; title != "login refused for user <*> because the account is locked" {
		t.Errorf("title %q", title)
	}
	older := byOlderAlgorithm(assessment)
	proposed, err := propose(t, w, p, older)
	if err != nil {
		t.Fatal(err)
	}
	fix := selfheal.Deploy{Service: "shop", Environment: "production", Revision: w.head, Previous: w.head, Time: deployed.Add(2 * time.Hour)}
	if err := p.ObserveFix(t.Context(), proposed.Key, fix, refusals(fix.Time, time.Hour, time.Minute, []string{"zoe", "yuri"})); err != nil {
		t.Fatal(err)
	}
	incident, err := p.Load(t.Context(), proposed.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got := incident.Fix.Counts[older.Signatures[refused].ID]; got != 60 {
		t.Errorf("counted %d of 60 after the fix: %v", got, incident.Fix.Counts)
	}
}

// byOlderAlgorithm gives an assessment as an older program would have made it.
func byOlderAlgorithm(a selfheal.Assessment) selfheal.Assessment {
	a.Anomalies, a.Signatures = slices.Clone(a.Anomalies), slices.Clone(a.Signatures)
	for i := range a.Anomalies {
		a.Anomalies[i].Signature = "g0-" + a.Anomalies[i].Signature
	}
	for i := range a.Signatures {
		a.Signatures[i].ID = "g0-" + a.Signatures[i].ID
	}
	return a
}

// propose takes an incident to its pull request.
func propose(t *testing.T, w *world, p *pipeline.Pipeline, a selfheal.Assessment) (*selfheal.Incident, error) {
	t.Helper()
	if err := w.forge.Push(t.Context(), w.repository.Dir, w.head, "main"); err != nil {
		return nil, err
	}
	incident, err := p.Open(t.Context(), a, w.request())
	if err != nil {
		return nil, err
	}
	next, err := p.Run(t.Context(), incident.Key)
	if err == nil && next.Incident.Stage != selfheal.StageProposed {
		err = fmt.Errorf("no pull request: %s", next.Incident.Stage)
	}
	return next.Incident, err
}

// TestOverridesHold: what a person says is obeyed by the next judgement.
func TestOverridesHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	noise := func(name string) selfheal.Source {
		return logged(deployed, time.Hour, time.Minute, "ERROR", "health check of "+name+" failed")
	}
	judge := func() selfheal.Assessment {
		t.Helper()
		from := w.sources()
		from.Watched = append(noise("cache").(lines), noise("queue").(lines)...)
		assessment, err := p.Assess(t.Context(), w.plan(), from)
		if err != nil {
			t.Fatal(err)
		}
		return assessment
	}
	say := func(o selfheal.Override) {
		t.Helper()
		if err := p.Override(t.Context(), "shop", o); err != nil {
			t.Fatal(err)
		}
	}
	before := judge()
	if len(before.Anomalies) != 2 {
		t.Fatalf("flagged: %+v", before.Anomalies)
	}
	cache, queue := before.Signatures[0], before.Signatures[1]
	say(selfheal.Override{Action: selfheal.OverrideMerge, Signature: cache, Into: &queue})
	say(selfheal.Override{Action: selfheal.OverrideRename, Signature: queue, Title: "health checks"})
	merged := judge()
	if len(merged.Anomalies) != 1 || merged.Anomalies[0].Observed != 120 || merged.Signatures[0].Title != "health checks" {
		t.Errorf("merged: %+v", merged)
	}
	say(selfheal.Override{Action: selfheal.OverrideIgnore, Signature: queue})
	ignored := judge()
	if len(ignored.Anomalies) != 0 || len(ignored.SetAside) != 1 || ignored.SetAside[0].Silence != selfheal.SilenceIgnored {
		t.Errorf("ignored: %+v", ignored)
	}
	say(selfheal.Override{Action: selfheal.OverrideReset, Signature: queue})
	say(selfheal.Override{Action: selfheal.OverrideReset, Signature: cache})
	if after := judge(); len(after.Anomalies) != 2 {
		t.Errorf("taken back, flagged: %+v", after.Anomalies)
	}
}

// TestUnobservedLearnsNothing: logs that cannot be judged are not learned from.
func TestUnobservedLearnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	if _, err := p.Assess(t.Context(), watch.Plan{Deploy: w.plan().Deploy}, pipeline.Sources{Baseline: lines{}, Watched: refusals(deployed, time.Hour, time.Minute, names)}); err != nil {
		t.Fatal(err)
	}
	known, err := p.Identities(t.Context(), "shop")
	if err != nil || known.Version != 0 {
		t.Errorf("version %d, %v", known.Version, err)
	}
}

// TestMovedCodeIsNoNewError: the same panic out of a function that the deploy
// moved to another package is the old one, then and in every later run.
func TestMovedCodeIsNoNewError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	before := strings.NewReplacer("Find(", "findPrice(", "main.main", "example.com/shop/cart.total(...)\n\t/src/cart/cart.go:20 +0x1d\nmain.main").Replace(panicked)
	moved := strings.ReplaceAll(strings.ReplaceAll(before, "shop/prices.", "shop/lists."), "/src/prices/find.go", "/src/lists/lists.go")
	first, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{
		Baseline: logged(deployed.Add(-week), week, 20*time.Minute, "ERROR", before),
		Watched:  logged(deployed, time.Hour, 20*time.Minute, "ERROR", moved),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Anomalies) > 0 || first.Tested != 1 {
		t.Errorf("%d signatures tested, flagged: %+v", first.Tested, first.Anomalies)
	}
	known, err := p.Identities(t.Context(), "shop")
	if err != nil || len(known.Aliases()) != 1 {
		t.Fatalf("aliases: %+v, %v", known.Aliases(), err)
	}
	again, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{
		Baseline: logged(deployed.Add(-week), week, 20*time.Minute, "ERROR", before),
		Watched:  append(logged(deployed, 30*time.Minute, 20*time.Minute, "ERROR", before), logged(deployed.Add(30*time.Minute), 30*time.Minute, 20*time.Minute, "ERROR", moved)...),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Anomalies) > 0 || again.Tested != 1 {
		t.Errorf("with both in the window, %d tested, flagged: %+v", again.Tested, again.Anomalies)
	}
}
