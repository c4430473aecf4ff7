package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// argumentVariable is what an attack is directed at.
const argumentVariable = "SELFHEAL_SANDBOX_TEST_ARGUMENT"

// assault runs an attack of this file by a confined process. It succeeds with
// exit code 0.
func assault(t *testing.T, c Command, name, argument string) Result {
	t.Helper()
	needConfinement(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.Shell, c.Policy = quote(program), Require
	c.ReadOnly = append(c.ReadOnly, program)
	c.Env = append(c.Env, attackVariable+"="+name, argumentVariable+"="+argument)
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	return start(t, c)
}

func attack(name string) int {
	attacks := map[string]func(string) error{
		"tcp":          func(address string) error { return dial("tcp", address) },
		"abstract":     func(address string) error { return dial("unix", "@"+address) },
		"loopback":     ownListener,
		"udp":          sendDatagram,
		"private":      func(string) error { return hog(unix.MAP_PRIVATE) },
		"shared":       func(string) error { return hog(unix.MAP_SHARED) },
		"daemon":       daemon,
		"descriptors":  inheritedDescriptors,
		"system calls": systemCalls,
		"nameless":     namelessFile,
		"run":          runAndWait,
	}
	if err := attacks[name](os.Getenv(argumentVariable)); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func ownListener(string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return dial("tcp", listener.Addr().String())
}

func sendDatagram(address string) error {
	connection, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	_, err = connection.Write([]byte("escaped"))
	return err
}

// hog takes memory until it is stopped, and succeeds with 2 GiB.
func hog(kind int) error {
	const step = 16 << 20
	for range 128 {
		memory, err := unix.Mmap(-1, 0, step, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|kind)
		if err != nil {
			return err
		}
		for at := 0; at < step; at += 4096 {
			memory[at] = 1
		}
	}
	return nil
}

// daemon leaves a process behind that nothing but death stops: it has a session of
// its own, another parent, ignores signals, and holds the pipe.
func daemon(pipe string) error {
	child := exec.Command("/bin/sh", "-c", "trap '' TERM HUP INT; exec 3>"+quote(pipe)+"; echo up >&3; while :; do sleep 1000; done")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return err
	}
	for { // the pipe holds a line once the child holds the pipe
		if waiting, err := os.ReadFile("/proc/" + fmt.Sprint(child.Process.Pid) + "/comm"); err != nil || strings.TrimSpace(string(waiting)) == "" {
			return errors.New("the daemon is gone")
		}
		if _, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/3", child.Process.Pid)); err == nil {
			return nil
		}
	}
}

func inheritedDescriptors(string) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "/proc/") && target != "/dev/null" {
			fmt.Println(target)
		}
	}
	return nil
}

func namelessFile(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for range 512 {
		if _, err := file.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// runAndWait is not an attack: it is a selfheal that will be killed.
func runAndWait(dir string) error {
	reexecuted.Store(true)
	_, err := Run(context.Background(), Command{Dir: dir, Shell: "exec 3>pipe; echo running >&3; trap '' TERM; sleep 1000", Policy: Require})
	return err
}

// systemCalls tries each of the forbidden calls with arguments that the kernel
// would refuse in another way, or not at all.
func systemCalls(string) error {
	const bad = ^uintptr(0)
	clone := func(flag uintptr) [2]uintptr { return [2]uintptr{flag | uintptr(unix.SIGCHLD), 0} }
	for _, c := range []struct {
		name   string
		number uintptr
		args   [2]uintptr
		want   unix.Errno
	}{
		{"mount", unix.SYS_MOUNT, [2]uintptr{bad, bad}, unix.EPERM},
		{"open_tree", unix.SYS_OPEN_TREE, [2]uintptr{bad, bad}, unix.EPERM},
		{"ptrace", unix.SYS_PTRACE, [2]uintptr{unix.PTRACE_TRACEME, 0}, unix.EPERM},
		{"process_vm_readv", unix.SYS_PROCESS_VM_READV, [2]uintptr{1, 0}, unix.EPERM},
		{"keyctl", unix.SYS_KEYCTL, [2]uintptr{unix.KEYCTL_GET_KEYRING_ID, bad - 2}, unix.EPERM},
		{"bpf", unix.SYS_BPF, [2]uintptr{bad, 0}, unix.EPERM},
		{"userfaultfd", unix.SYS_USERFAULTFD, [2]uintptr{bad, 0}, unix.EPERM},
		{"perf_event_open", unix.SYS_PERF_EVENT_OPEN, [2]uintptr{0, 0}, unix.EPERM},
		{"kexec_load", unix.SYS_KEXEC_LOAD, [2]uintptr{0, 0}, unix.EPERM},
		{"finit_module", unix.SYS_FINIT_MODULE, [2]uintptr{bad, 0}, unix.EPERM},
		{"setns", unix.SYS_SETNS, [2]uintptr{bad, 0}, unix.EPERM},
		{"unshare user", unix.SYS_UNSHARE, [2]uintptr{unix.CLONE_NEWUSER, 0}, unix.EPERM},
		{"unshare time", unix.SYS_UNSHARE, [2]uintptr{unix.CLONE_NEWTIME, 0}, unix.EPERM},
		{"clone user", unix.SYS_CLONE, clone(unix.CLONE_NEWUSER), unix.EPERM},
		{"clone net", unix.SYS_CLONE, clone(unix.CLONE_NEWUSER | unix.CLONE_NEWNET), unix.EPERM},
		{"clone3", unix.SYS_CLONE3, [2]uintptr{0, 0}, unix.ENOSYS},
		{"memfd_create", unix.SYS_MEMFD_CREATE, [2]uintptr{0, 0}, unix.ENOSYS},
		{"io_uring_setup", unix.SYS_IO_URING_SETUP, [2]uintptr{0, 0}, unix.ENOSYS},
		{"prlimit of another", unix.SYS_PRLIMIT64, [2]uintptr{1, unix.RLIMIT_CPU}, unix.EPERM},
		{"terminal input", unix.SYS_IOCTL, [2]uintptr{0, unix.TIOCSTI}, unix.EPERM},
		{"vsock", unix.SYS_SOCKET, [2]uintptr{unix.AF_VSOCK, unix.SOCK_STREAM}, unix.EAFNOSUPPORT},
		{"crypto socket", unix.SYS_SOCKET, [2]uintptr{unix.AF_ALG, unix.SOCK_SEQPACKET}, unix.EAFNOSUPPORT},
		{"packet socket", unix.SYS_SOCKET, [2]uintptr{unix.AF_PACKET, unix.SOCK_RAW}, unix.EAFNOSUPPORT},
		// What must go on working.
		{"unshare nothing", unix.SYS_UNSHARE, [2]uintptr{0, 0}, 0},
		{"own limits", unix.SYS_PRLIMIT64, [2]uintptr{0, unix.RLIMIT_CPU}, 0},
		{"route socket", unix.SYS_SOCKET, [2]uintptr{unix.AF_NETLINK, unix.SOCK_RAW}, 0},
		{"local socket", unix.SYS_SOCKET, [2]uintptr{unix.AF_UNIX, unix.SOCK_STREAM}, 0},
	} {
		if _, _, got := unix.Syscall(c.number, c.args[0], c.args[1], 0); got != c.want {
			fmt.Printf("%s: %v, want %v\n", c.name, got, c.want)
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER); errno != unix.EAFNOSUPPORT {
		fmt.Printf("netfilter socket: %v\n", errno)
	}
	return nil
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
