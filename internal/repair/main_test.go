package repair

import (
	"os"
	"testing"

	"selfheal/internal/sandbox"
)

// TestMain lets the sandbox start this program again.
func TestMain(m *testing.M) {
	sandbox.Reexec()
	os.Exit(m.Run())
}
