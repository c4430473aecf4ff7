//go:build !unix

package app

import "os"

// forwarded are the signals that are handed on to a command.
func forwarded() []os.Signal { return []os.Signal{os.Interrupt} }

// fromKeyboard tells of the signals that a terminal sends to all processes in its foreground.
func fromKeyboard(s os.Signal) bool { return s == os.Interrupt }
