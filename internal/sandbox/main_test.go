package sandbox

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the first process of a sandbox, and what
// attacks from inside.
func TestMain(m *testing.M) {
	Reexec()
	os.Exit(m.Run())
}
