//go:build unix

package tail

import (
	"os"
	"syscall"
)

// identity gives device and inode.
func identity(info os.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino) //nolint:unconvert // their types differ by system
	}
	return 0, 0
}
