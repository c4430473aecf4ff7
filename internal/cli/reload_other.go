//go:build !unix

package cli

import "os"

// notifyReload does nothing: there is no signal for it.
func notifyReload(chan<- os.Signal) {}
