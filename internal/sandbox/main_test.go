package sandbox

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the first process of a sandbox, and what
// attacks from inside of one.
func TestMain(m *testing.M) {
	Reexec()
	if name := os.Getenv(attackVariable); name != "" {
		os.Exit(attack(name))
	}
	os.Exit(m.Run())
}

// attackVariable names the attack that this program is to make.
const attackVariable = "SELFHEAL_SANDBOX_TEST_ATTACK"
