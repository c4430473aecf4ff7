//go:build !unix

package git

import "os/exec"

// killWholeGroup leaves the default: cancellation kills git itself.
func killWholeGroup(*exec.Cmd) {}
