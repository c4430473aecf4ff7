//go:build !unix

package demo

import (
	"os"
	"os/exec"
)

// ownGroup does nothing where there are no process groups: the command itself is still killed.
func ownGroup(*exec.Cmd) {}

// terminate ends a process; there is no asking.
func terminate(p *os.Process) error { return p.Kill() }
