package prove

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
	"selfheal/internal/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Reexec()
	m.Run()
}

// machine stands in for the sandbox: a command that fails with some probability
// at every tree.
type machine struct {
	fails  func(tree int) float64
	skips  map[int]bool
	mute   bool // it prints nothing
	random *rand.Rand
	runs   int
}

// decide runs a trial on a machine with n steps whose priors are given.
func (m *machine) decide(t testing.TB, priors []float64, budget int) *Answer {
	t.Helper()
	q := Question{Base: "r0", Signature: "s"}
	for i, p := range priors {
		q.Steps = append(q.Steps, Step{Commit: fmt.Sprint("c", i), Revision: fmt.Sprint("r", i+1), Prior: p})
	}
	clock := time.Unix(0, 0)
	trial := &trial{
		Question: q, posterior: newPosterior(q.Steps), unusable: map[int]bool{}, began: clock,
		Settings: Settings{
			Commands: []string{"replay"}, Timeout: time.Minute, Budget: Budget{Runs: budget, Time: time.Hour},
			Shows: func(output string) []selfheal.SignatureID {
				if strings.Contains(output, "boom") {
					return []selfheal.SignatureID{"s"}
				}
				return nil
			},
			Redact: func(s string) string { return s }, Clock: func() time.Time { return clock },
		},
		run: func(_ context.Context, revision, _ string, _ time.Duration) (selfheal.TrialRun, error) {
			m.runs++
			var tree int
			if _, err := fmt.Sscanf(revision, "r%d", &tree); err != nil {
				t.Fatal(err)
			}
			switch {
			case m.skips[tree]:
				return selfheal.TrialRun{Revision: revision, ExitCode: 125}, nil
			case m.random.Float64() >= m.fails(tree):
				return selfheal.TrialRun{Revision: revision}, nil
			case m.mute:
				return selfheal.TrialRun{Revision: revision, ExitCode: 1}, nil
			}
			return selfheal.TrialRun{Revision: revision, ExitCode: 1, Output: "boom"}, nil
		},
	}
	if err := trial.decide(context.Background()); err != nil {
		t.Fatal(err)
	}
	return trial.answer()
}

func from(step int) func(tree int) float64 {
	return func(tree int) float64 {
		if tree > step {
			return 1
		}
		return 0
	}
}

func flat(n int) []float64 {
	priors := make([]float64, n)
	for i := range priors {
		priors[i] = 0.9 / float64(n)
	}
	return priors
}

// best is the likeliest step of an answer.
func best(a *Answer) int { return top(a.Likelihoods) }

func TestEveryStepIsFound(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 24; n++ {
		for culprit := range n {
			m := &machine{fails: from(culprit), random: rand.New(rand.NewPCG(1, 2))}
			a := m.decide(t, flat(n), 60)
			if !a.Trial.Decided || best(a) != culprit {
				t.Fatalf("%d steps, culprit %d: decided %v for %d after %d runs (%s)", n, culprit, a.Trial.Decided, best(a), m.runs, a.Trial.Ended)
			}
			if most := 12 + 3*int(math.Ceil(math.Log2(float64(n+1)))); m.runs > most {
				t.Errorf("%d steps, culprit %d: %d runs, want at most %d", n, culprit, m.runs, most)
			}
		}
	}
}

// A good ranking saves runs: culprit and parent are looked at first.
func TestSharpRankingIsConfirmedAtTheCulpritAndItsParent(t *testing.T) {
	t.Parallel()
	priors := flat(40)
	for i := range priors {
		priors[i] = 0.05 / 40
	}
	priors[17] = 0.9
	m := &machine{fails: from(17), random: rand.New(rand.NewPCG(1, 2))}
	a := m.decide(t, priors, 40)
	seen := map[string]bool{}
	for _, r := range a.Trial.Runs {
		seen[r.Revision] = true
	}
	if !a.Trial.Decided || best(a) != 17 || m.runs > 8 || !seen["r17"] || !seen["r18"] {
		t.Errorf("decided %v for %d after %d runs at %v", a.Trial.Decided, best(a), m.runs, seen)
	}
}

// A wrong ranking costs runs, not the answer.
func TestWrongRankingIsContradicted(t *testing.T) {
	t.Parallel()
	priors := []float64{0.002, 0.002, 0.95, 0.002, 0.002}
	m := &machine{fails: from(0), random: rand.New(rand.NewPCG(1, 2))}
	a := m.decide(t, priors, 60)
	if !a.Trial.Decided || best(a) != 0 {
		t.Errorf("decided %v for %d: %s", a.Trial.Decided, best(a), a.Trial.Ended)
	}
}

func TestFaultThatWasThereBefore(t *testing.T) {
	t.Parallel()
	m := &machine{fails: func(int) float64 { return 1 }, random: rand.New(rand.NewPCG(1, 2))}
	a := m.decide(t, flat(6), 40)
	if a.Trial.Decided || best(a) != 6 || !a.BaseFails {
		t.Errorf("decided %v for %d, base fails %v", a.Trial.Decided, best(a), a.BaseFails)
	}
}

// A command that is broken by itself fails everywhere, and not with the error:
// that acquits nobody.
func TestBrokenCommandAcquitsNobody(t *testing.T) {
	t.Parallel()
	m := &machine{fails: func(int) float64 { return 1 }, random: rand.New(rand.NewPCG(1, 2)), mute: true}
	a := m.decide(t, flat(6), 40)
	if a.Trial.Reproduction != selfheal.ReproducedOther || a.BaseFails || a.Likelihoods != nil || a.Trial.Decided {
		t.Errorf("%+v", a)
	}
	m = &machine{fails: from(4), random: rand.New(rand.NewPCG(1, 2)), mute: true}
	if a := m.decide(t, flat(6), 60); a.Trial.Reproduction != selfheal.ReproducedOther || !a.Trial.Decided || best(a) != 4 {
		t.Errorf("a command that says nothing: %+v", a.Trial)
	}
}

func TestCommandsThatShowNothing(t *testing.T) {
	t.Parallel()
	f := func(m *machine, want selfheal.Reproduction, runs int) {
		t.Helper()
		m.random = rand.New(rand.NewPCG(1, 2))
		a := m.decide(t, flat(5), 40)
		if a.Trial.Reproduction != want || a.Likelihoods != nil || a.Trial.Decided || m.runs != runs || a.Trial.Ended == "" {
			t.Errorf("%s after %d runs, likelihoods %v: %s", a.Trial.Reproduction, m.runs, a.Likelihoods, a.Trial.Ended)
		}
	}
	f(&machine{fails: func(int) float64 { return 0 }}, selfheal.ReproducedNever, reproduceTry)
	f(&machine{fails: from(2), skips: map[int]bool{5: true}}, selfheal.ReproducedNot, 1)
}

// Revisions that cannot be built leave their neighbours: the answer is one of
// the steps that cannot be told apart, and says that it is not decided.
func TestRevisionsThatDoNotBuildAreSkipped(t *testing.T) {
	t.Parallel()
	m := &machine{fails: from(3), skips: map[int]bool{1: true, 6: true}, random: rand.New(rand.NewPCG(1, 2))}
	if a := m.decide(t, flat(8), 60); !a.Trial.Decided || best(a) != 3 {
		t.Errorf("beside the culprit: decided %v for %d", a.Trial.Decided, best(a))
	}
	m = &machine{fails: from(3), skips: map[int]bool{4: true}, random: rand.New(rand.NewPCG(1, 2))}
	a := m.decide(t, flat(8), 60)
	if a.Trial.Decided || math.Abs(a.Likelihoods[3]-a.Likelihoods[4]) > 1e-9 || best(a) != 3 {
		t.Errorf("at the culprit: decided %v, likelihoods %v", a.Trial.Decided, a.Likelihoods)
	}
}

func TestBudgetIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.IntRange(1, 12).Draw(t, "budget")
		n := rapid.IntRange(1, 30).Draw(t, "steps")
		rate := rapid.Float64Range(0.2, 1).Draw(t, "rate")
		culprit := rapid.IntRange(0, n-1).Draw(t, "culprit")
		m := &machine{random: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2)), fails: func(tree int) float64 {
			return rate * from(culprit)(tree)
		}}
		q := m.decide(discard{}, flat(n), budget)
		if m.runs > budget || len(q.Trial.Runs) > budget || q.Trial.Ended == "" {
			t.Fatalf("%d runs, budget %d, ended %q", m.runs, budget, q.Trial.Ended)
		}
	})
}

// discard is a testing.TB for what cannot fail.
type discard struct{ testing.TB }

func (discard) Helper() {}

// A command that fails in most, not all, runs with the fault, and now and then
// without it: when the trial is decided, it is right at least 19 times in 20.
func TestNoisyBisectionIsCalibrated(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 7))
	decided, right, runs := 0, 0, 0
	const trials, n = 150, 12
	for range trials {
		culprit := random.IntN(n)
		m := &machine{random: random, fails: func(tree int) float64 {
			if tree > culprit {
				return 0.8
			}
			return 0.03
		}}
		a := m.decide(t, flat(n), 80)
		runs += m.runs
		if a.Trial.Decided {
			decided++
			if best(a) == culprit {
				right++
			}
		}
	}
	t.Logf("%d of %d decided, %d right, %.1f runs each", decided, trials, right, float64(runs)/trials)
	if decided < trials*8/10 || float64(right) < 0.93*float64(decided) {
		t.Errorf("%d of %d decided, %d right", decided, trials, right)
	}
}

func TestPosteriorIsADistribution(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "steps")
		steps := make([]Step, n)
		for i := range steps {
			steps[i].Prior = rapid.Float64Range(0, 1.5/float64(n)).Draw(t, "prior")
		}
		p := newPosterior(steps)
		for i := range p.seen {
			p.seen[i] = tally{rapid.IntRange(0, 9).Draw(t, "fails"), rapid.IntRange(0, 9).Draw(t, "passes")}
		}
		sum := 0.0
		for i, x := range p.probabilities() {
			if x < 0 || math.IsNaN(x) || i < n && steps[i].Prior == 0 && x != 0 {
				t.Fatalf("probability %v of step %d", x, i)
			}
			sum += x
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("adds up to %v", sum)
		}
		for tree := range p.seen {
			if gain := p.gain(tree, p.probabilities()); gain < -1e-9 || math.IsNaN(gain) {
				t.Fatalf("a run at %d is expected to cost %v nats", tree, -gain)
			}
		}
	})
}

// TestRunOnRealRevisions lets a real command decide on a real history, in which
// one revision does not run at all and another is broken in another way.
func TestRunOnRealRevisions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	const works, wrong, other = "exit 0\n", "echo 'ERROR cart has no tenant, password=hunter2xyz'; exit 1\n", "echo 'ERROR disk on fire'; exit 1\n"
	base := f.Commit("base", "run.sh", works)
	var steps []Step
	add := func(subject, script string) string {
		id := f.Commit(subject, "run.sh", script)
		steps = append(steps, Step{Commit: id, Revision: id, Prior: 0.15})
		return id
	}
	add("one", works+"# 1\n")
	add("cannot be built", "exit 125\n")
	add("two", works+"# 2\n")
	culprit := add("culprit", wrong)
	add("broken otherwise", other)
	add("three", wrong+"# 3\n")
	workspace, err := git.OpenWorkspace(ctx, f.Dir, t.TempDir()+"/work.git")
	if err != nil {
		t.Fatal(err)
	}
	settings := Settings{
		Workspace: workspace, Commands: []string{"true", "sh run.sh"}, Timeout: time.Minute,
		Unsafe: !sandbox.Detect(ctx, "").Confined(),
		Budget: Budget{Runs: 60, Time: 5 * time.Minute}, Clock: time.Now,
		Shows: func(output string) []selfheal.SignatureID {
			if strings.Contains(output, "cart has no tenant") {
				return []selfheal.SignatureID{"s"}
			}
			return nil
		},
		Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2xyz", "***") },
	}
	a, err := Run(ctx, Question{Base: base, Steps: steps, Signature: "s"}, settings)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Trial.Decided || steps[best(a)].Commit != culprit || a.Trial.Reproduction != selfheal.ReproducedSame || a.Trial.Command != "sh run.sh" {
		t.Fatalf("%+v", a.Trial)
	}
	for _, r := range a.Trial.Runs {
		if strings.Contains(r.Output, "hunter2xyz") {
			t.Errorf("a secret is kept: %q", r.Output)
		}
		if r.Revision == "" || r.Confinement == "" {
			t.Errorf("run without its place: %+v", r)
		}
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	if a, err := Run(context.Background(), Question{}, Settings{Commands: []string{"true"}}); a != nil || err != nil {
		t.Errorf("no steps: %v, %v", a, err)
	}
	if a, err := Run(context.Background(), Question{Steps: []Step{{}}}, Settings{}); a != nil || err != nil {
		t.Errorf("no commands: %v, %v", a, err)
	}
}
