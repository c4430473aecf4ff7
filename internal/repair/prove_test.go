//go:build unix

package repair

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"selfheal"
	"selfheal/internal/sandbox"
)

// broken is an incident whose culprit wrote "bad" into a file.
func broken(t *testing.T) (Input, selfheal.Repair) {
	t.Helper()
	h := newHistory(t)
	h.Commit("begin", "state", "good\n", "lint", "1\n")
	h.deployed()
	culprit := h.Commit("break it", "state", "bad\n")
	in := h.incident(culprit)
	in.Incident.Opened.Intent.Unsafe = unconfinable()
	return in, prepare(t, in)
}

func TestProve(t *testing.T) {
	t.Parallel()
	f := func(name string, verify, replay []string, wantProven bool, want []selfheal.Proof, wantNotes ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, r := broken(t)
			in.Incident.Opened.Intent.Verify, in.Incident.Opened.Intent.Replay = verify, replay
			in.Incident.Opened.Intent.Timeout = selfheal.Duration(30 * time.Second)
			if name == "time-out" {
				in.Incident.Opened.Intent.Timeout = selfheal.Duration(300 * time.Millisecond)
			}
			proven, err := Prove(t.Context(), in, r)
			if err != nil {
				t.Fatal(err)
			}
			names := map[string]string{r.Base: "deployed", r.Commit: "branch"}
			for i, p := range proven.Proofs {
				proven.Proofs[i].Revision = names[p.Revision]
			}
			if diff := cmp.Diff(want, proven.Proofs, cmpopts.IgnoreFields(selfheal.Proof{}, "Took", "Confinement", "Unconfined", "Network")); diff != "" {
				t.Errorf("proofs (-want +got):\n%s", diff)
			}
			unconfined := func(p selfheal.Proof) bool { return p.Unconfined != "" }
			if slices.ContainsFunc(proven.Proofs, unconfined) { // a machine that cannot confine
				wantNotes = append(wantNotes, proven.Notes[len(proven.Notes)-1])
			}
			if diff := cmp.Diff(wantNotes, proven.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if proven.Proven() != wantProven {
				t.Errorf("proven is %v", proven.Proven())
			}
			if left, _ := filepath.Glob(in.Workspace.Directory() + "/../work.trees/tree-*"); len(left) > 0 {
				t.Errorf("worktrees are left: %v", left)
			}
		})
	}
	f("no commands", nil, nil, false, nil)
	f("all as expected", []string{"test -f lint; echo $PWD/x password is hunter2"}, []string{"grep good state"}, true, []selfheal.Proof{
		{Name: "replay", Command: "grep good state", Revision: "deployed", Want: "fail", ExitCode: 1},
		{Name: "replay", Command: "grep good state", Revision: "branch", Want: "pass", Output: "good\n"},
		{Name: "verify", Command: "test -f lint; echo $PWD/x password is [secret]", Revision: "branch", Want: "pass", Output: "./x password is [secret]\n"},
	})
	f("the branch breaks something", []string{"grep bad state"}, nil, false, []selfheal.Proof{
		{Name: "verify", Command: "grep bad state", Revision: "branch", Want: "pass", ExitCode: 1},
	})
	f("failed before too", []string{"exit 3", "true"}, nil, true, []selfheal.Proof{
		{Name: "verify", Command: "true", Revision: "branch", Want: "pass"},
	}, `The command "exit 3" failed before too (on the deployed revision: exit code 3; on the branch: exit code 3), so it says nothing about the branch.`)
	f("nothing but what failed before", []string{"exit 3"}, nil, false, nil,
		`The command "exit 3" failed before too (on the deployed revision: exit code 3; on the branch: exit code 3), so it says nothing about the branch.`)
	f("the failure cannot be replayed", nil, []string{"true"}, false, []selfheal.Proof{
		{Name: "replay", Command: "true", Revision: "deployed", Want: "fail"},
		{Name: "replay", Command: "true", Revision: "branch", Want: "pass"},
	})
	f("time-out", nil, []string{"sleep 1000"}, false, []selfheal.Proof{
		{Name: "replay", Command: "sleep 1000", Revision: "deployed", Want: "fail", ExitCode: 137, TimedOut: true},
		{Name: "replay", Command: "sleep 1000", Revision: "branch", Want: "pass", ExitCode: 137, TimedOut: true},
	})
}

// Proving again, as a run after a kill does, does not add to what was there.
func TestProveAgain(t *testing.T) {
	t.Parallel()
	in, r := broken(t)
	in.Incident.Opened.Intent.Verify = []string{"true"}
	first, err := Prove(t.Context(), in, r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Prove(t.Context(), in, r)
	if diff := cmp.Diff(first, again, cmpopts.IgnoreFields(selfheal.Proof{}, "Took")); diff != "" || err != nil {
		t.Errorf("error %v, the second differs (-first +again):\n%s", err, diff)
	}
}

func TestProveIsCancelled(t *testing.T) {
	t.Parallel()
	in, r := broken(t)
	in.Incident.Opened.Intent.Verify = []string{"true"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Prove(ctx, in, r); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	f := func(text string, limit int, want string) {
		t.Helper()
		if got := lastLines(text, limit); got != want {
			t.Errorf("lastLines(%q, %d) = %q, want %q", text, limit, got, want)
		}
	}
	f("a\nb\n", 10, "a\nb\n")
	f("first\nsecond\nthird\n", 14, "second\nthird\n")
	f(strings.Repeat("x", 20), 10, strings.Repeat("x", 10))
	f("aaaé", 1, "\uFFFD")
}

// TestProofsSayHowTheyWereConfined: confined, without network unless that is wanted; unconfined only where somebody said
// so; and not run at all where neither is possible.
func TestProofsSayHowTheyWereConfined(t *testing.T) {
	t.Parallel()
	f := func(unsafe, network bool) {
		t.Helper()
		in, r := broken(t)
		intent := &in.Incident.Opened.Intent
		intent.Verify, intent.Unsafe, intent.Network, intent.Timeout = []string{"true"}, unsafe, network, selfheal.Duration(time.Minute)
		proven, err := Prove(t.Context(), in, r)
		if err != nil {
			t.Fatal(err)
		}
		said := func(words string) bool {
			return slices.ContainsFunc(proven.Notes, func(note string) bool { return strings.HasPrefix(note, words) })
		}
		if !unsafe && unconfinable() {
			if len(proven.Proofs) > 0 || proven.Proven() || !said("No command was executed") {
				t.Errorf("run though it cannot be confined: %+v", proven)
			}
			return
		}
		p := proven.Proofs[0]
		if unsafe != (p.Confinement == sandbox.ConfinementNone) || unsafe == (p.Unconfined == "") || !unsafe && p.Network != network {
			t.Errorf("unsafe %v, network %v: %+v", unsafe, network, p)
		}
		if said("The commands were not confined") != unsafe {
			t.Errorf("unsafe %v: notes %q", unsafe, proven.Notes)
		}
	}
	f(false, false)
	f(false, true)
	f(true, false)
}
