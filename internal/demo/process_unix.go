//go:build unix

package demo

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the end of the command's context the end of all its children too.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// terminate asks a process to end by itself.
func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
