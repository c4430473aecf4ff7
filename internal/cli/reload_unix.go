//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyReload tells of SIGHUP.
func notifyReload(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }
