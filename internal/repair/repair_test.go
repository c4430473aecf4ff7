package repair

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// history is a repository, and the incident about its last commits.
type history struct {
	*gittest.Repository
	t        *testing.T
	previous string
}

func newHistory(t *testing.T) *history {
	t.Helper()
	return &history{Repository: gittest.New(t), t: t}
}

// deployed marks everything so far as what was active before.
func (h *history) deployed() { h.previous = h.Git("rev-parse", "HEAD") }

// incident blames a commit for a deploy of everything since.
func (h *history) incident(culprit string) Input {
	h.t.Helper()
	repository, err := git.Open(h.t.Context(), h.Dir)
	if err != nil {
		h.t.Fatal(err)
	}
	head := h.Git("rev-parse", "HEAD")
	commits, err := repository.Log(h.t.Context(), h.previous, head)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range commits {
		for i, f := range c.Files {
			if c.Files[i].Class = selfheal.ClassRuntime; strings.HasPrefix(f.Path, "migrations/") {
				c.Files[i].Class = selfheal.ClassMigration
			}
		}
	}
	workspace, err := git.OpenWorkspace(h.t.Context(), h.Dir, filepath.Join(h.t.TempDir(), "work.git"))
	if err != nil {
		h.t.Fatal(err)
	}
	incident := &selfheal.Incident{Key: "production/shop/0123456789", ID: "shop-0123456789"}
	incident.Opened.Assessment = selfheal.Assessment{
		Deploy: selfheal.Deploy{Service: "shop", Environment: "production", Previous: h.previous, Revision: head},
		Anomalies: []selfheal.Anomaly{
			{Signature: "g2-a", Observed: 120, Expected: 1.25},
			{Signature: "g2-b", Observed: 3},
			{Signature: "g2-unrelated", Observed: 1000},
			{Signature: "g2-silent", Observed: 1000, Silence: selfheal.SilenceUsual},
		},
	}
	incident.Opened.Intent.Timeout = selfheal.Duration(time.Minute)
	incident.Judged = &selfheal.Judged{
		Change:  selfheal.Change{Base: h.previous, Head: head, Commits: commits},
		Verdict: selfheal.Verdict{Cause: selfheal.Caused, Signatures: []selfheal.SignatureID{"g2-a", "g2-b", "g2-silent"}},
	}
	if culprit != "" {
		incident.Judged.Verdict.Culprit = &selfheal.Culprit{Commit: culprit}
	}
	return Input{Workspace: workspace, Incident: incident, Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "[secret]") }}
}

func prepare(t *testing.T, in Input) selfheal.Repair {
	t.Helper()
	r, err := Prepare(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files lists the content of a commit.
func files(t *testing.T, in Input, commit string) map[string]string {
	t.Helper()
	tree, err := in.Workspace.Add(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	all := map[string]string{}
	err = filepath.WalkDir(tree.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == ".git" {
			return err
		}
		content, err := os.ReadFile(path)
		name, relErr := filepath.Rel(tree.Dir, path)
		all[filepath.ToSlash(name)] = string(content)
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantFiles(t *testing.T, in Input, r selfheal.Repair, want map[string]string) {
	t.Helper()
	if r.Failure != "" {
		t.Fatalf("refused: %s", r.Failure)
	}
	if diff := cmp.Diff(want, files(t, in, r.Commit)); diff != "" {
		t.Errorf("files of the branch (-want +got):\n%s", diff)
	}
}

func TestPrepareRevertsTheCommit(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.Commit("begin", "code.go", "a\nb\nc\n", "CHANGELOG.md", "# Changes\n", "code_test.go", "t\n")
	h.deployed()
	h.Commit("before", "other.go", "1\n")
	culprit := h.Commit("Set a limit, so that  nobody`s\trequest <takes> too long for the other tenants of it", "code.go", "a\nB\nc\n",
		"CHANGELOG.md", "# Changes\n- limit\n", "code_test.go", "T\n", "new.go", "n\n")
	head := h.Commit("after", "other.go", "2\n")
	in := h.incident(culprit)

	r := prepare(t, in)
	wantFiles(t, in, r, map[string]string{
		"code.go": "a\nb\nc\n", "CHANGELOG.md": "# Changes\n", "code_test.go": "t\n", "other.go": "2\n",
	})
	message, err := in.Workspace.Run(t.Context(), "log", "-1", "--format=%an <%ae> %aI %cI%n%B", r.Commit)
	if err != nil {
		t.Fatal(err)
	}
	want := "selfheal <selfheal@localhost> 2026-03-02T09:04:01+00:00 2026-03-02T09:04:01+00:00\n" +
		"Revert \"Set a limit, so that nobody`s request <takes> too long for the…\"\n\n" +
		"This reverts commit " + culprit + ".\n\n" +
		"Since revision " + head[:10] + " was deployed to production, 2 different errors\n" +
		"of shop occurred 123 times where 1.25 were expected.\n\n" +
		"Selfheal-Incident: production/shop/0123456789\nSigned-off-by: selfheal <selfheal@localhost>\n\n"
	if diff := cmp.Diff(want, string(message)); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if !strings.Contains(r.Patch, "-B\n+b\n") {
		t.Errorf("patch:\n%s", r.Patch)
	}
	r.Patch = ""
	wantRepair := selfheal.Repair{
		Attempt: 1, Strategy: StrategyRevert, Branch: "selfheal/shop-0123456789-revert-set-a-limit-so-that-nobody-s",
		Base: head, Commit: r.Commit, Reverts: []string{culprit},
	}
	if diff := cmp.Diff(wantRepair, r); diff != "" {
		t.Errorf("repair (-want +got):\n%s", diff)
	}
}

// Two processes, or one that was killed and its successor, make the same commit.
func TestPrepareIsDeterministic(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.Commit("begin", "a", lines(1, 30), "b", "1\n")
	h.deployed()
	culprit := h.Commit("culprit", "a", strings.ReplaceAll(lines(1, 30), "5\n", "five\n"), "b", "2\n")
	whole := h.incident(culprit)
	h.Commit("overlapping", "b", "3\n")
	inParts := h.incident(culprit)
	for _, in := range []Input{whole, inParts} {
		first, again := prepare(t, in), prepare(t, in)
		elsewhere, err := git.OpenWorkspace(t.Context(), h.Dir, filepath.Join(t.TempDir(), "other.git"))
		if err != nil {
			t.Fatal(err)
		}
		in.Workspace = elsewhere
		if diff := cmp.Diff([]selfheal.Repair{first, first}, []selfheal.Repair{again, prepare(t, in)}); diff != "" || first.Commit == "" {
			t.Errorf("commit %q; the next attempts differ (-first +next):\n%s", first.Commit, diff)
		}
	}
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		b.WriteString(strings.Repeat("x", i) + "5\n")
	}
	return b.String()
}

func TestPrepareRevertsAMerge(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.Commit("begin", "a", "1\n")
	h.deployed()
	h.Git("checkout", "--quiet", "-b", "side")
	h.Commit("side 1", "b", "1\n")
	h.Commit("side 2", "b", "2\n")
	h.Git("checkout", "--quiet", "main")
	h.Commit("main goes on", "c", "1\n")
	merge := h.Merge("side", "Merge side")
	h.Commit("after", "c", "2\n")
	in := h.incident(merge)
	r := prepare(t, in)
	wantFiles(t, in, r, map[string]string{"a": "1\n", "c": "2\n"})
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "is a merge") {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	f := func(name, want string, tell func(h *history) (culprit string)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t)
			h.Commit("begin", "a", "1\n")
			h.deployed()
			r := prepare(t, h.incident(tell(h)))
			if !strings.Contains(r.Failure, want) || r.Commit != "" {
				t.Errorf("failure %q, commit %q; want %q", r.Failure, r.Commit, want)
			}
		})
	}
	f("no culprit", "no single commit is to blame", func(h *history) string {
		h.Commit("x", "a", "2\n")
		return ""
	})
	f("commit of another deploy", "not part of what was deployed", func(h *history) string {
		h.Commit("x", "a", "2\n")
		return h.previous
	})
	f("first commit", "first of the history", func(h *history) string {
		h.Git("checkout", "--quiet", "--orphan", "new")
		return h.Commit("x", "a", "2\n")
	})
	f("migration", `the migration "migrations/0002.sql"`, func(h *history) string {
		return h.Commit("x", "a", "2\n", "migrations/0002.sql", "DROP TABLE t;\n")
	})
	f("a revert", "is a revert itself", func(h *history) string {
		h.Commit("x", "a", "2\n")
		h.Git("revert", "--no-edit", "HEAD")
		return h.Git("rev-parse", "HEAD")
	})
	f("reverted already", "takes the blamed commit back already", func(h *history) string {
		culprit := h.Commit("x", "a", "2\n")
		h.Git("revert", "--no-edit", culprit)
		return culprit
	})
	f("undone without saying so", "changes nothing", func(h *history) string {
		culprit := h.Commit("x", "a", "2\n")
		h.Commit("y", "a", "1\n")
		return culprit
	})
	f("changed again", "later commits changed all of it again", func(h *history) string {
		culprit := h.Commit("x", "a", "2\n")
		h.Commit("y", "a", "3\n")
		return culprit
	})
	f("empty commit", "changes nothing", func(h *history) string { return h.Commit("x") })
}

func TestPrepareRevertsWhatWasAppliedAgain(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.Commit("begin", "a", "1\n")
	h.deployed()
	culprit := h.Commit("x", "a", "2\n")
	h.Git("revert", "--no-edit", "HEAD")
	h.Git("revert", "--no-edit", "HEAD")
	in := h.incident(culprit)
	wantFiles(t, in, prepare(t, in), map[string]string{"a": "1\n"})
}

func TestPrepareNeedsAJudgedIncident(t *testing.T) {
	t.Parallel()
	for _, in := range []Input{{}, {Incident: &selfheal.Incident{}}} {
		if _, err := Prepare(t.Context(), in); selfheal.CodeOf(err) != selfheal.CodeInternal || err == nil {
			t.Errorf("prepare: %v", err)
		}
		if _, err := Prove(t.Context(), in, selfheal.Repair{}); selfheal.CodeOf(err) != selfheal.CodeInternal || err == nil {
			t.Errorf("prove: %v", err)
		}
	}
}
