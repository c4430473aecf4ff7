package pipeline_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"selfheal/internal/forge/gitea/giteatest"
	"selfheal/internal/sandbox"
)

// realGitea is the Gitea of this package's tests; nil where there is none.
var realGitea *giteatest.Server

// TestMain lets the sandbox start this program again, and starts Gitea where it is.
func TestMain(m *testing.M) {
	sandbox.Reexec()
	os.Exit(giteatest.Run(func(s *giteatest.Server) int {
		realGitea = s
		return m.Run()
	}))
}

// unconfinable tells whether this machine cannot confine commands: then those of the tests run as they are.
var unconfinable = sync.OnceValue(func() bool { return !sandbox.Detect(context.Background(), "").Confined() })
