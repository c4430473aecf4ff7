//go:build !linux

package sandbox

// attack is made on Linux only.
func attack(string) int { return 2 }
