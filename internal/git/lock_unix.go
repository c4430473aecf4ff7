//go:build unix

package git

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the lock on an open file, waiting for it or not, and tells
// whether it was free. The lock ends with the process or when the file is closed.
func lockFile(file *os.File, wait bool) (free bool, err error) {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, &os.PathError{Op: "lock", Path: file.Name(), Err: err}
		}
	}
}
