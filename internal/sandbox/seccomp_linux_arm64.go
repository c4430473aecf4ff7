package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_AARCH64
	// firstForeign is above all numbers: there is one interface only.
	firstForeign = 1 << 30
)

// forbiddenHere are forbidden calls that other processors do not have.
var forbiddenHere = [...]uint32{unix.SYS_NFSSERVCTL, unix.SYS_LOOKUP_DCOOKIE}
