package git_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

func TestDeepenCompletesAShallowCloneWithoutTouchingIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	first := f.Commit("first", "a.txt", "one\n")
	f.Git("tag", "v1")
	f.Commit("second", "a.txt", "two\n")
	third := f.Commit("third", "a.txt", "three\n")
	clone := filepath.Join(t.TempDir(), "clone")
	f.Git("clone", "--quiet", "--depth=1", "--no-tags", "file://"+f.Dir, clone)
	dir := filepath.Join(t.TempDir(), "work.git")
	user := open(t, clone)
	for range 2 { // the second time nothing is left to do
		w, err := git.OpenWorkspace(ctx, clone, dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Deepen(ctx, user); err != nil {
			t.Fatal(err)
		}
	}
	w, err := git.OpenWorkspace(ctx, clone, dir)
	if err != nil {
		t.Fatal(err)
	}
	if shallow, err := w.IsShallow(ctx); shallow || err != nil {
		t.Errorf("the workspace is shallow: %v, %v", shallow, err)
	}
	if id, err := w.Resolve(ctx, "v1"); id != first || err != nil {
		t.Errorf("v1 = %s, %v", id, err)
	}
	if commits, err := w.Log(ctx, first, third); len(commits) != 2 || err != nil {
		t.Errorf("%d commits, %v", len(commits), err)
	}
	if shallow, err := user.IsShallow(ctx); !shallow || err != nil {
		t.Errorf("the clone was deepened: %v, %v", shallow, err)
	}
	if _, err := user.Resolve(ctx, "v1"); err == nil {
		t.Error("the clone got a tag")
	}
}

func TestDeepenSaysWhenThereIsNowhereToFetchFrom(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	f.Commit("first", "a.txt", "one\n")
	f.Commit("second", "a.txt", "two\n")
	clone := filepath.Join(t.TempDir(), "clone")
	f.Git("clone", "--quiet", "--depth=1", "file://"+f.Dir, clone)
	user := open(t, clone)
	w, err := git.OpenWorkspace(ctx, clone, filepath.Join(t.TempDir(), "work.git"))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"file:///nonexistent", "--upload-pack=true", ""} {
		f.Git("-C", clone, "config", "remote.origin.url", address)
		if err := w.Deepen(ctx, user); err == nil || !strings.Contains(selfheal.HintOf(err), "unshallow") {
			t.Errorf("origin %q: %v, hint %q", address, err, selfheal.HintOf(err))
		}
	}
}
