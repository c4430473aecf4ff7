//go:build unix

package pgtest

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user that owns nothing: Postgres refuses to run as root.
const nobody = 65534

// unprivileged makes a command of root run as nobody, who gets the directory.
func unprivileged(command *exec.Cmd, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return os.Chown(dir, nobody, nobody)
}
