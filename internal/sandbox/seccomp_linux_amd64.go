package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch = unix.AUDIT_ARCH_X86_64
	// firstForeign is the first number of the x32 interface, which has calls of its own.
	firstForeign = 0x40000000
)

// forbiddenHere are forbidden calls that other processors do not have.
var forbiddenHere = [...]uint32{
	unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS_CREATE_MODULE, unix.SYS_QUERY_MODULE,
	unix.SYS_GET_KERNEL_SYMS, unix.SYS_NFSSERVCTL, unix.SYS__SYSCTL, unix.SYS_LOOKUP_DCOOKIE,
}
