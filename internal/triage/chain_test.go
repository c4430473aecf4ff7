package triage

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/triage/prove"
)

// tenantError is an error that names the line which the variants below bring.
const tenantError = "ERROR cannot price the cart: tenant has no price table"

// priced is store.go with the check that logs tenantError.
var priced = strings.Replace(shopStore, "\treturn &cart{", "\tif len(tenant) > 8 {\n\t\treturn nil, fmt.Errorf(\"cannot price the cart: tenant has no price table\")\n\t}\n\treturn &cart{", 1)

const pricedLine = `return nil, fmt.Errorf("cannot price the cart: tenant has no price table")`

func TestCulpritInAMergeAndInASquash(t *testing.T) {
	t.Parallel()
	f := func(merged bool, join func(f *gittest.Repository) string) {
		t.Helper()
		r, base := shop(t)
		r.Git("switch", "--quiet", "--create", "feature")
		r.Commit("feature, first half", "pkg2/part.go", "package pkg2\n\nfunc Part2(x int) int {\n\treturn x * 2\n}\n")
		inner := r.Commit("feature, second half", "store.go", priced)
		r.Git("switch", "--quiet", "main")
		r.Commit("beside it", "pkg1/part.go", "package pkg1\n\nfunc Part1(x int) int {\n\treturn x * 2\n}\n")
		culprit := join(r)
		head := r.Commit("docs", "README.md", "# The shop\n")
		v := judge(t, r, base, head, tenantError)
		wantCulprit(t, v, culprit, "store.go", pricedLine)
		if within := v.Culprit.Within; merged && within != inner || !merged && within != "" {
			t.Errorf("within the merge it is %q, want %s", within, inner)
		}
	}
	f(true, func(r *gittest.Repository) string { return r.Merge("feature", "merge feature") })
	f(false, func(r *gittest.Repository) string {
		r.Git("merge", "--quiet", "--squash", "feature")
		return r.Commit("feature, squashed")
	})
}

// What was picked onto the branch that served before is nothing new, though the
// commit of main is not in its history.
func TestCherryPickedCommitsAreNotNew(t *testing.T) {
	t.Parallel()
	f, _ := shop(t)
	f.Git("branch", "release")
	picked := f.Commit("price tables", "store.go", priced)
	f.Git("switch", "--quiet", "release")
	f.Commit("release notes", "README.md", "# Release\n")
	f.Git("cherry-pick", picked)
	served := f.Git("rev-parse", "HEAD")
	f.Git("switch", "--quiet", "main")
	head := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	v := judge(t, f, served, head, tenantError)
	if v.Cause == selfheal.Caused {
		t.Errorf("blames %+v for what served before", v.Culprit)
	}
	for _, c := range v.Candidates {
		if c.Commit == picked && c.Score > 0 {
			t.Errorf("the picked commit has score %v", c.Score)
		}
	}
}

// What was merged another way, squashed, is nothing new either.
func TestDeployedBranchThatIsMergedLaterIsNotNew(t *testing.T) {
	t.Parallel()
	f, _ := shop(t)
	f.Git("switch", "--quiet", "--create", "feature")
	served := f.Commit("price tables", "store.go", priced)
	f.Git("switch", "--quiet", "main")
	f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	head := f.Merge("feature", "merge feature")
	if v := judge(t, f, served, head, tenantError); v.Cause == selfheal.Caused {
		t.Errorf("blames %+v for what served before", v.Culprit)
	}
}

func TestRevertWithinTheDeployTakesBothOut(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	f.Commit("price tables", "store.go", priced)
	f.Git("revert", "--no-edit", "HEAD")
	head := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	v := judge(t, f, base, head, tenantError)
	if v.Cause == selfheal.Caused || v.Candidates[0].Probability > 0.2 {
		t.Errorf("%s, first candidate %+v: the line does not serve", v.Cause, v.Candidates[0])
	}
}

func TestRevertOfAnOlderFixIsACulprit(t *testing.T) {
	t.Parallel()
	f, _ := shop(t)
	f.Commit("price tables", "store.go", priced)
	base := f.Commit("no tables any more", "store.go", shopStore)
	f.Git("revert", "--no-edit", "HEAD")
	culprit := f.Git("rev-parse", "HEAD")
	head := f.Commit("docs", "README.md", "# The shop\n")
	wantCulprit(t, judge(t, f, base, head, tenantError), culprit, "store.go", pricedLine)
}

// A force push that loses a commit brings back what the commit had fixed.
func TestForcePushBlamesTheCommitThatItLost(t *testing.T) {
	t.Parallel()
	f, _ := shop(t)
	fork := f.Commit("price tables", "store.go", priced)
	fix := f.Commit("price every tenant", "store.go", shopStore)
	f.Git("branch", "served")
	f.Git("reset", "--quiet", "--hard", fork)
	head := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	_, c := change(t, f, fix, head)
	if len(c.Commits) != 2 || !c.Commits[0].Undone || c.Commits[0].ID != fix || c.Commits[1].Undone {
		t.Fatalf("chain %+v", c.Commits)
	}
	v := judge(t, f, fix, head, tenantError)
	wantCulprit(t, v, fix, "store.go", pricedLine)
	if !v.Candidates[0].Undone {
		t.Error("the candidate is not marked as taken away")
	}
}

func TestInverseOfADifferenceIsItsInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 12)
		before, after := lines.Draw(t, "before"), lines.Draw(t, "after")
		var hunk selfheal.Hunk
		hunk.OldStart, hunk.OldLines, hunk.NewStart, hunk.NewLines = 1, len(before), 1, len(after)
		for i, l := range before {
			hunk.Lines = append(hunk.Lines, selfheal.HunkLine{Op: selfheal.LineDeleted, Old: i + 1, Text: l})
		}
		for i, l := range after {
			hunk.Lines = append(hunk.Lines, selfheal.HunkLine{Op: selfheal.LineAdded, New: i + 1, Text: l})
		}
		f := selfheal.FileChange{Path: "new", OldPath: "old", Status: selfheal.FileRenamed, Hunks: []selfheal.Hunk{hunk}}
		if diff := cmp.Diff(f, inverse(inverse(f))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestFrameInARenamedFile(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	f.Git("mv", "store.go", "warehouse.go")
	culprit := f.Commit("apply the rate, and rename", "warehouse.go", strings.Replace(shopStore, "\treturn sum\n", "\tsum *= int(*c.rate)\n\treturn sum\n", 1))
	f.Git("mv", "warehouse.go", "depot.go")
	head := f.Commit("rename again")
	v := judge(t, f, base, head, "panic: runtime error: invalid memory address or nil pointer dereference\ngoroutine 9 [running]:\nmain.(*cart).total(...)\n\t/src/depot.go:25\n")
	wantCulprit(t, v, culprit, "depot.go", "sum *= int(*c.rate)")
}

// The code of a submodule is in another repository; what is known is that it was moved.
func TestSubmoduleOnTheStack(t *testing.T) {
	t.Parallel()
	library := gittest.New(t)
	first := library.Commit("rates", "rates.go", "package rates\n")
	second := library.Commit("faster rates", "rates.go", "package rates\n\nfunc Rate() {}\n")
	f, _ := shop(t)
	bump := func(to string) string {
		f.Git("update-index", "--add", "--cacheinfo", "160000,"+to+",libs/rates")
		f.Git("commit", "--quiet", "--message", "move rates to "+to[:7])
		return f.Git("rev-parse", "HEAD")
	}
	base := bump(first)
	culprit := bump(second)
	f.Git("rm", "--quiet", "--cached", "README.md")
	f.Git("commit", "--quiet", "--message", "no readme")
	head := f.Git("rev-parse", "HEAD")
	_, c := change(t, f, base, head)
	if file := c.Commits[0].Files[0]; file.Class != selfheal.ClassDependency || file.Rule != ruleSubmodule {
		t.Errorf("%s has class %s by %q", file.Path, file.Class, file.Rule)
	}
	v := judge(t, f, base, head, "panic: runtime error: index out of range [3] with length 3\ngoroutine 9 [running]:\nrates.Rate(...)\n\t/src/libs/rates/rates.go:3\nmain.main()\n\t/src/main.go:10\n")
	if v.Candidates[0].Commit != culprit || len(v.Exhibits) == 0 || v.Exhibits[0].Kind != selfheal.ExhibitDependency {
		t.Errorf("first candidate %+v, exhibits %+v", v.Candidates[0], v.Exhibits)
	}
}

// Who wrote a commit is no evidence.
func TestAuthorsChangeNothing(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	head := f.Commit("price tables", "store.go", priced)
	repo, c := change(t, f, base, head)
	in := Input{Repository: repo, Change: c, Anomalies: []selfheal.Anomaly{anomaly("s0")}, Signatures: []selfheal.Signature{signature("s0", tenantError)}}
	want, err := Judge(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.Change.Commits = slices.Clone(c.Commits)
	in.Change.Commits[0].Author, in.Change.Commits[1].Author = "cannot price the cart", "tenant has no price table"
	got, err := Judge(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTwoBugsOfOneDeployAreTwoVerdicts(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	first := f.Commit("price tables", "store.go", priced)
	second := f.Commit("strict parts", "pkg4/part.go", "package pkg4\n\nimport \"log\"\n\nfunc Part4(x int) int {\n\tif x < 0 {\n\t\tlog.Printf(\"negative quantity of a spare part was refused\")\n\t\treturn 0\n\t}\n\treturn x + 4\n}\n")
	head := f.Commit("docs", "README.md", "# The shop\n")
	repo, c := change(t, f, base, head)
	in := Input{Repository: repo, Change: c}
	for i, text := range []string{tenantError, "ERROR negative quantity of a spare part was refused", "WARN something else that nobody knows"} {
		id := string(rune('a' + i))
		in.Anomalies, in.Signatures = append(in.Anomalies, anomaly(id)), append(in.Signatures, signature(id, text))
	}
	verdicts, err := JudgeAll(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	blamed := map[string]bool{}
	for _, v := range verdicts {
		if v.Cause == selfheal.Caused {
			blamed[v.Culprit.Commit] = true
		}
	}
	if len(verdicts) != 2 || !blamed[first] || !blamed[second] {
		t.Errorf("%d verdicts: %+v", len(verdicts), verdicts)
	}
}

// --- looking back ---

// past makes three deploys of the shop, of which the second brings the line of tenantError.
func past(t *testing.T) (f *gittest.Repository, revisions []string, culprit string) {
	t.Helper()
	f, v0 := shop(t)
	v1 := f.Commit("tune", "pkg1/part.go", "package pkg1\n\nfunc Part1(x int) int {\n\treturn x + 11\n}\n")
	culprit = f.Commit("price tables", "store.go", priced)
	v2 := f.Commit("tune again", "pkg2/part.go", "package pkg2\n\nfunc Part2(x int) int {\n\treturn x + 22\n}\n")
	v3 := f.Commit("tune more", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	return f, []string{v0, v1, v2, v3}, culprit
}

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func deploysOf(revisions []string, times ...time.Time) []selfheal.Deploy {
	var all []selfheal.Deploy
	for i, at := range times {
		all = append(all, selfheal.Deploy{Previous: revisions[i], Revision: revisions[i+1], Time: at})
	}
	return all
}

func lookBack(t *testing.T, f *gittest.Repository, deploys []selfheal.Deploy, onset time.Time, text string) selfheal.Verdict {
	t.Helper()
	ctx := context.Background()
	last := deploys[len(deploys)-1]
	repo, c := change(t, f, last.Previous, last.Revision)
	classes, err := NewClassifier(nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier, err := ReadEarlier(ctx, repo, deploys[:len(deploys)-1], last.Previous, classes)
	if err != nil {
		t.Fatal(err)
	}
	a := anomaly("s0")
	a.Onset = onset
	v, err := Judge(ctx, Input{
		Repository: repo, Change: c, Earlier: earlier, DeployedAt: last.Time,
		Anomalies: []selfheal.Anomaly{a}, Signatures: []selfheal.Signature{signature("s0", text)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLateErrorIsBlamedOnAnEarlierDeploy(t *testing.T) {
	t.Parallel()
	f, revisions, culprit := past(t)
	v := lookBack(t, f, deploysOf(revisions, noon, noon.Add(24*time.Hour), noon.Add(26*time.Hour)), noon.Add(40*time.Hour), tenantError)
	wantCulprit(t, v, culprit, "store.go", pricedLine)
	if v.Candidates[0].Back != 1 || len(v.Deploys) != 3 || v.Deploys[0].Back != 0 || v.Deploys[1].Commits != 2 {
		t.Errorf("first candidate %+v of %+v", v.Candidates[0], v.Deploys)
	}
	if v.Deploys[1].Prior >= v.Deploys[0].Prior || v.Deploys[2].Prior >= v.Deploys[1].Prior {
		t.Errorf("an older deploy is no less likely: %+v", v.Deploys)
	}
}

// A deploy that began to serve after the error had begun is not its cause,
// whatever it changed.
func TestDeployAfterTheOnsetIsExcluded(t *testing.T) {
	t.Parallel()
	f, revisions, culprit := past(t)
	deploys := deploysOf(revisions, noon, noon.Add(24*time.Hour), noon.Add(26*time.Hour))
	v := lookBack(t, f, deploys, noon.Add(25*time.Hour), tenantError)
	wantCulprit(t, v, culprit, "store.go", pricedLine)
	if v.Deploys[0].Excluded == "" || v.Deploys[0].Prior != 0 {
		t.Errorf("the deploy after the onset is not excluded: %+v", v.Deploys[0])
	}
	v = lookBack(t, f, deploys, noon.Add(time.Hour), tenantError)
	if v.Cause == selfheal.Caused || v.Candidates[0].Commit == culprit {
		t.Errorf("%s: blames what did not serve yet: %+v", v.Cause, v.Candidates[0])
	}
}

// What was rolled back for good is no candidate; what came again came with the
// deploy that brought it again.
func TestRolledBackDeploys(t *testing.T) {
	t.Parallel()
	f, r, culprit := past(t)
	again := []selfheal.Deploy{
		{Previous: r[0], Revision: r[2], Time: noon},                    // with the culprit
		{Previous: r[2], Revision: r[1], Time: noon.Add(time.Hour)},     // rolled back
		{Previous: r[1], Revision: r[2], Time: noon.Add(9 * time.Hour)}, // and forth
		{Previous: r[2], Revision: r[3], Time: noon.Add(10 * time.Hour)},
	}
	v := lookBack(t, f, again, noon.Add(9*time.Hour+5*time.Minute), tenantError)
	wantCulprit(t, v, culprit, "store.go", pricedLine)
	if v.Candidates[0].Back != 1 {
		t.Errorf("came with deploy %d before", v.Candidates[0].Back)
	}
	f.Git("reset", "--quiet", "--hard", r[1])
	other := f.Commit("tune instead", "pkg5/part.go", "package pkg5\n\nfunc Part5(x int) int {\n\treturn x + 55\n}\n")
	v = lookBack(t, f, append(again[:2:2], selfheal.Deploy{Previous: r[1], Revision: other, Time: noon.Add(10 * time.Hour)}), noon.Add(11*time.Hour), tenantError)
	for _, c := range v.Candidates {
		if c.Commit == culprit {
			t.Error("a commit that does not serve is a candidate")
		}
	}
}

// A deleted line is quoted where the deploy that deleted it found it.
func TestDeletedLineOfAnEarlierDeployIsQuotedBeforeIt(t *testing.T) {
	t.Parallel()
	f, r, _ := past(t)
	culprit := f.Commit("no tenants", "store.go", strings.Replace(priced, "\tif tenant == \"\" {\n\t\treturn nil, fmt.Errorf(\"request names no tenant\")\n\t}\n", "", 1))
	v4 := f.Commit("tune", "pkg6/part.go", "package pkg6\n\nfunc Part6(x int) int {\n\treturn x + 66\n}\n")
	deploys := []selfheal.Deploy{{Previous: r[0], Revision: r[3], Time: noon}, {Previous: r[3], Revision: culprit, Time: noon.Add(time.Hour)}, {Previous: culprit, Revision: v4, Time: noon.Add(2 * time.Hour)}}
	v := lookBack(t, f, deploys, noon.Add(3*time.Hour), "ERROR request names no tenant")
	repo, _ := change(t, f, r[0], v4)
	found := false
	for _, x := range v.Exhibits {
		if x.Commit == culprit && x.Path != "" {
			found = true
			if ok, err := quoteHolds(context.Background(), repo, x.Revision, x.Path, x.Line, x.Quote); !ok || err != nil || x.Revision != r[3] {
				t.Errorf("%q is not at %s:%d of %s (%v)", x.Quote, x.Path, x.Line, x.Revision, err)
			}
		}
	}
	if !found {
		t.Errorf("no exhibit of the deleted line: %+v", v)
	}
}

// Of two deploys the one whose time agrees better with the onset is never less likely.
func TestPriorFallsWithTheDelay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "deploys")
		in := Input{DeployedAt: noon, Earlier: &Earlier{}}
		at := noon
		for i := range n {
			at = at.Add(-time.Duration(rapid.IntRange(1, 5000).Draw(t, "minutes")) * time.Minute)
			in.Earlier.Deploys = append([]selfheal.Exposure{{Time: at, Back: i + 1, Commits: 1}}, in.Earlier.Deploys...)
		}
		onset := noon.Add(time.Duration(rapid.IntRange(-20000, 20000).Draw(t, "onset")) * time.Minute)
		all := exposures(in, onset)
		best := 0.0
		for i, e := range all {
			best = max(best, e.Prior)
			if e.Prior < 0 || e.Prior > 1 || e.Excluded != "" && e.Prior != 0 {
				t.Fatalf("prior %v of %+v", e.Prior, e)
			}
			if i > 0 && all[i-1].Excluded == "" && e.Prior > all[i-1].Prior {
				t.Fatalf("older and likelier: %+v", all)
			}
		}
		if best != 1 {
			t.Fatalf("the likeliest has prior %v", best)
		}
	})
}

func TestLookbackText(t *testing.T) {
	t.Parallel()
	f := func(text string, want Lookback, ok bool) {
		t.Helper()
		got, err := ParseLookback(text)
		if (err == nil) != ok || got != want {
			t.Errorf("%q = %+v, %v", text, got, err)
		}
		if !ok {
			return
		}
		written, err := got.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseLookback(string(written)); err != nil || again != got {
			t.Errorf("%q is read back as %+v (%v)", written, again, err)
		}
	}
	f("3", Lookback{Deploys: 3}, true)
	f("48h", Lookback{Age: 48 * time.Hour}, true)
	f("7d", Lookback{Age: 7 * 24 * time.Hour}, true)
	f("0", Lookback{}, false)
	f("-3", Lookback{}, false)
	f("", Lookback{}, false)
	f("-2h", Lookback{}, false)
	f("99999999d", Lookback{}, false)
	f("soon", Lookback{}, false)
}

// --- execution ---

// proven judges with answers of a trial that says what the test says.
func proven(t *testing.T, f *gittest.Repository, base, head, text string, answer func(q prove.Question) *prove.Answer) selfheal.Verdict {
	t.Helper()
	repo, c := change(t, f, base, head)
	v, err := Judge(context.Background(), Input{
		Repository: repo, Change: c, Anomalies: []selfheal.Anomaly{anomaly("s0")}, Signatures: []selfheal.Signature{signature("s0", text)},
		Prove: func(_ context.Context, q prove.Question) (*prove.Answer, error) { return answer(q), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	checkVerdict(t, repo, c, v)
	return v
}

// ran is the answer of a command that fails from one step on: -1 for always.
func ran(q prove.Question, from int) *prove.Answer {
	a := &prove.Answer{BaseFails: from < 0, Trial: selfheal.Trial{
		Command: "make test", Reproduction: selfheal.ReproducedSame, Signatures: []selfheal.SignatureID{q.Signature}, Decided: from >= 0, Ended: "the answer is clear",
	}}
	record := func(revision string, fails bool) {
		run := selfheal.TrialRun{Revision: revision, Outcome: selfheal.TrialPasses}
		if fails {
			run.Outcome = selfheal.TrialFails
		}
		a.Trial.Runs = append(a.Trial.Runs, run, run, run)
	}
	record(q.Base, from < 0)
	for i, s := range q.Steps {
		record(s.Revision, i >= from)
		a.Likelihoods = append(a.Likelihoods, -8*math.Abs(float64(i-from)))
	}
	a.Likelihoods = append(a.Likelihoods, -20)
	if from < 0 {
		a.Likelihoods[len(q.Steps)] = 0
	}
	return a
}

func TestExecutionContradictsTheRanking(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	culprit := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	suspect := f.Commit("price tables", "store.go", priced)
	head := f.Commit("docs", "README.md", "# The shop\n")
	v := proven(t, f, base, head, tenantError, func(prove.Question) *prove.Answer { return nil })
	wantCulprit(t, v, suspect, "store.go", pricedLine)

	v = proven(t, f, base, head, tenantError, func(q prove.Question) *prove.Answer { return ran(q, 0) })
	if v.Cause != selfheal.Caused || v.Culprit.Commit != culprit || v.Exhibits[0].Kind != selfheal.ExhibitExecution || v.Exhibits[0].Weight <= 0 {
		t.Errorf("%s %+v, first exhibit %+v", v.Cause, v.Culprit, v.Exhibits[0])
	}
	against := slices.ContainsFunc(v.Exhibits, func(x selfheal.Exhibit) bool {
		return x.Kind == selfheal.ExhibitExecution && x.Weight < 0 && x.Commit == suspect && strings.Contains(x.Text, "already before")
	})
	if !against || v.Trial == nil {
		t.Errorf("nothing acquits the suspect: %+v", v.Exhibits)
	}
}

func TestErrorThatShowsBeforeTheChangeAcquitsIt(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	f.Commit("price tables", "store.go", priced)
	head := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	v := proven(t, f, base, head, tenantError, func(q prove.Question) *prove.Answer { return ran(q, -1) })
	if v.Cause != selfheal.NotCaused || !strings.Contains(v.Reason, "before the change") {
		t.Errorf("%s: %s", v.Cause, v.Reason)
	}
}

func TestWeakReproductionIsNoCertainty(t *testing.T) {
	t.Parallel()
	f, base := shop(t)
	culprit := f.Commit("tune", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 33\n}\n")
	head := f.Commit("docs", "README.md", "# The shop\n")
	v := proven(t, f, base, head, "ERROR it went wrong", func(q prove.Question) *prove.Answer {
		a := ran(q, 0)
		a.Trial.Reproduction, a.Trial.Signatures = selfheal.ReproducedOther, nil
		return a
	})
	if v.Cause != selfheal.Caused || v.Culprit.Commit != culprit || v.Confidence > maxOtherError || !strings.Contains(v.Reason, "another error") {
		t.Errorf("%s %.2f: %s", v.Cause, v.Confidence, v.Reason)
	}
	v = proven(t, f, base, head, "ERROR it went wrong", func(prove.Question) *prove.Answer {
		return &prove.Answer{Trial: selfheal.Trial{Command: "true", Reproduction: selfheal.ReproducedNever, Ended: "the command does not fail at the deployed revision"}}
	})
	if v.Cause != selfheal.Inconclusive || len(v.Irrelevant) != 2 || !strings.Contains(v.WouldHelp, "passes there") {
		t.Errorf("%s, irrelevant %q, would help: %s", v.Cause, v.Irrelevant, v.WouldHelp)
	}
}
