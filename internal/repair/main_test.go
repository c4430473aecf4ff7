package repair

import (
	"context"
	"os"
	"sync"
	"testing"

	"selfheal/internal/sandbox"
)

// TestMain lets the sandbox start this program again.
func TestMain(m *testing.M) {
	sandbox.Reexec()
	os.Exit(m.Run())
}

// unconfinable tells whether this machine cannot confine commands: then those of the tests run as they are.
var unconfinable = sync.OnceValue(func() bool { return !sandbox.Detect(context.Background(), "").Confined() })
