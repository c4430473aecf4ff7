//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// seccompSupported says whether there is a filter for this processor.
const seccompSupported = true

// forbidden are system calls that no build or test needs, and through which the
// kernel or other processes would be reached. They fail with EPERM.
var forbidden = [...]uint32{
	// The view of the file system is fixed.
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_OPEN_TREE_ATTR,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT,
	// Namespaces are fixed; those made by clone are judged by its flags.
	unix.SYS_SETNS,
	// Other processes.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_PROCESS_MADVISE,
	// Keys of the kernel are not per namespace.
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	// Large, privileged or often broken parts of the kernel.
	unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN, unix.SYS_FANOTIFY_INIT, unix.SYS_VHANGUP,
	// The machine itself.
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
	unix.SYS_REBOOT, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
}

// missing are calls that programs can do without, and do when a kernel lacks them
// (ENOSYS): clone3, whose flags lie in memory where no filter sees them; files in
// memory, which count for no process while they are not mapped; io_uring, which
// goes around filters.
var missing = [...]uint32{
	unix.SYS_CLONE3, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
}

const (
	newNamespace = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
		unix.CLONE_NEWPID | unix.CLONE_NEWNET
	// clone's lowest byte is a signal; for unshare its top bit is one more namespace.
	newNamespaceUnshared = newNamespace | unix.CLONE_NEWTIME
)

// The fields of struct seccomp_data that the filter reads; of arguments the low
// half, both processors being little-endian.
const (
	dataNumber = 0
	dataArch   = 4
)

func dataArgument(n uint32) uint32 { return 16 + 8*n }

// filter is a classic BPF program under construction.
type filter []unix.SockFilter

func (p *filter) add(code uint16, k uint32, yes, no uint8) {
	*p = append(*p, unix.SockFilter{Code: code, Jt: yes, Jf: no, K: k})
}

func (p *filter) load(offset uint32) { p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset, 0, 0) }

func (p *filter) result(value uint32) { p.add(unix.BPF_RET|unix.BPF_K, value, 0, 0) }

// only runs the instructions of body when the system call is this one. Body must
// end with a result: it may load arguments over the number.
func (p *filter) only(number uint32, body func(*filter)) {
	var inner filter
	body(&inner)
	p.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, number, 0, uint8(len(inner)))
	*p = append(*p, inner...)
}

func failing(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// systemCallFilter is the filter for system calls: what it does not name is allowed.
func systemCallFilter() []unix.SockFilter {
	var p filter
	p.load(dataArch)
	p.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, auditArch, 1, 0)
	p.result(unix.SECCOMP_RET_KILL_PROCESS) // 32-bit programs have other numbers
	p.load(dataNumber)
	p.add(unix.BPF_JMP|unix.BPF_JGE|unix.BPF_K, firstForeign, 0, 1)
	p.result(failing(unix.ENOSYS))
	for _, number := range append(forbidden[:], forbiddenHere[:]...) {
		p.only(number, func(b *filter) { b.result(failing(unix.EPERM)) })
	}
	for _, number := range missing {
		p.only(number, func(b *filter) { b.result(failing(unix.ENOSYS)) })
	}
	p.only(unix.SYS_CLONE, refuseBits(0, newNamespace))
	p.only(unix.SYS_UNSHARE, refuseBits(0, newNamespaceUnshared))
	p.only(unix.SYS_PRLIMIT64, func(b *filter) { // of this process only
		b.load(dataArgument(0))
		b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, 0, 1, 0)
		b.result(failing(unix.EPERM))
		b.result(unix.SECCOMP_RET_ALLOW)
	})
	p.only(unix.SYS_IOCTL, func(b *filter) { // typing into a terminal
		b.load(dataArgument(1))
		b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.TIOCSTI, 1, 0)
		b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, tiocLinux, 0, 1)
		b.result(failing(unix.EPERM))
		b.result(unix.SECCOMP_RET_ALLOW)
	})
	p.only(unix.SYS_SOCKET, allowedSockets)
	p.only(unix.SYS_SOCKETPAIR, allowedSockets)
	p.result(unix.SECCOMP_RET_ALLOW)
	return p
}

// tiocLinux is TIOCLINUX, which pastes into a virtual console.
const tiocLinux = 0x541c

func refuseBits(argument, bits uint32) func(*filter) {
	return func(b *filter) {
		b.load(dataArgument(argument))
		b.add(unix.BPF_JMP|unix.BPF_JSET|unix.BPF_K, bits, 0, 1)
		b.result(failing(unix.EPERM))
		b.result(unix.SECCOMP_RET_ALLOW)
	}
}

// allowedSockets lets local, internet and routing sockets pass. Others are not
// confined by a network namespace (vsock reaches the hypervisor), or are rarely
// used parts of the kernel.
func allowedSockets(b *filter) {
	b.load(dataArgument(0))
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.AF_UNIX, 6, 0)
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.AF_INET, 5, 0)
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.AF_INET6, 4, 0)
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.AF_NETLINK, 0, 2)
	b.load(dataArgument(2))
	b.add(unix.BPF_JMP|unix.BPF_JEQ|unix.BPF_K, unix.NETLINK_ROUTE, 1, 0)
	b.result(failing(unix.EAFNOSUPPORT))
	b.result(unix.SECCOMP_RET_ALLOW)
}

// filterSystemCalls installs the filter on all threads of this process, for good.
func filterSystemCalls() error {
	instructions := systemCallFilter()
	p := unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	thread, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&p))) //nolint:gosec // the kernel reads a pointer
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d has another filter", thread)
	}
	return nil
}
