package app

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

// TestModules: the modules of the service are read from what is committed, and
// what the configuration says wins.
func TestModules(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	a := &App{}
	open := func() {
		t.Helper()
		var err error
		if a.repository, err = git.Open(context.Background(), r.Dir); err != nil {
			t.Fatal(err)
		}
	}
	f := func(name string, want ...string) {
		t.Helper()
		got, err := a.modules(context.Background())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	open()
	f("nothing committed")

	r.Commit("shop: begin", "pom.xml", "<project><groupId>com.acme</groupId></project>", "src/main/java/com/acme/shop/Main.java", "package com.acme.shop;", "tools/go.mod", "module example.com/tools\n")
	r.Write("x/pom.xml", "<project><groupId>not.committed</groupId></project>")
	open()
	f("committed", "com.acme", "example.com/tools")

	a.config.Group.Modules = []string{"net.acme"}
	f("configured", "net.acme")

	a.config.Group.Modules = nil
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := a.modules(ctx); err == nil {
		t.Errorf("cancelled: got %v and no error", got)
	}
}
