package sandbox

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// controlDescriptor is where the first process finds the socket to its parent.
const controlDescriptor = 3

// startWord is what the parent says when the command may start.
const startWord = "go\n"

// Reexec must be the first call of main (and of TestMain where tests run confined
// commands). It returns at once, except in the processes that this package
// starts from the same program: there it does their work and does not return.
func Reexec() {
	switch {
	case len(os.Args) > 0 && os.Args[0] == initName:
		// Capabilities, filters and Landlock belong to a thread: all of it
		// happens on this one, and the command is started from it.
		runtime.LockOSThread()
		os.Exit(firstProcess())
	case os.Getenv(probeVariable) != "":
		os.Exit(probe(os.Stdout, os.Getenv(probeVariable)))
	}
	reexecuted.Store(true)
}

// firstProcess builds the sandbox around itself, starts the command in it, and
// ends with the command's exit code. With it ends every process of the sandbox.
func firstProcess() int {
	control := os.NewFile(controlDescriptor, "control")
	// What the caller was started with and never closed may be a directory outside.
	if err := unix.CloseRange(controlDescriptor, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return answer(control, "close inherited files", err)
	}
	// When memory runs out before the watchdog sees it, the command goes first. Where
	// /proc is read-only it goes by its size.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// Nobody inside looks into this process, which is still privileged for a while.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return answer(control, "hide the first process", err)
	}
	var o order
	orders := bufio.NewReader(control)
	if err := gob.NewDecoder(orders).Decode(&o); err != nil { // reads no byte too many
		return 1
	}
	if step, err := build(o); err != nil {
		return answer(control, step, err)
	}
	if json.NewEncoder(control).Encode(report{Ready: true}) != nil {
		return 1
	}
	if word, err := orders.ReadString('\n'); err != nil || word != startWord {
		return 1
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"/bin/sh", "-c", o.Shell}, &syscall.ProcAttr{
		Dir: o.Dir, Env: unique(o.Env), Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "sh: %v\n", err)
		return 127
	}
	go func() {
		// The socket ends when the parent does, in whatever way.
		_, _ = orders.ReadByte()
		os.Exit(128 + int(unix.SIGKILL))
	}()
	return reap(pid)
}

func answer(control *os.File, step string, err error) int {
	_ = json.NewEncoder(control).Encode(report{Step: step, Error: err.Error()})
	return 1
}

// build confines this process; each step needs what the next one takes away.
func build(o order) (step string, err error) {
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"bring up the loopback interface", func() error { return loopback(o.Network) }},
		{"set the host name", func() error { return unix.Sethostname([]byte(insideHostname)) }},
		{"build the file system", func() error { return buildRoot(o) }},
		{"set limits", func() error { return setLimits(o.Limits) }},
		{"drop privileges", dropPrivileges},
		{"restrict with Landlock", func() error { return restrictPaths(o) }},
		{"filter system calls", filterSystemCalls},
	} {
		if err := s.do(); err != nil {
			return s.name, err
		}
	}
	return "", nil
}

// reap waits for a process, and on the way for orphans, whose parent is this one.
func reap(pid int) int {
	for {
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 1
		case ended != pid:
			continue
		case status.Signaled():
			return 128 + int(status.Signal())
		}
		return status.ExitStatus()
	}
}

// unique keeps the last value of each variable: which of two counts is up to the shell.
func unique(env []string) []string {
	last := map[string]int{}
	for i, variable := range env {
		last[variableName(variable)] = i
	}
	var kept []string
	for i, variable := range env {
		if last[variableName(variable)] == i {
			kept = append(kept, variable)
		}
	}
	return kept
}

func variableName(variable string) string {
	for i := range len(variable) {
		if variable[i] == '=' {
			return variable[:i]
		}
	}
	return variable
}

// loopback makes a network of its own usable by the tests that listen on it.
func loopback(network bool) error {
	if network {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// setLimits sets what the kernel counts per process. Memory is not among them:
// address space says nothing about the use of it by Go and Java.
func setLimits(l Limits) error {
	const ownThreads = 16 // of this process, at most
	limits := map[int]uint64{
		unix.RLIMIT_NPROC: uint64(l.Processes + ownThreads), unix.RLIMIT_FSIZE: uint64(l.FileSize), unix.RLIMIT_NOFILE: uint64(l.OpenFiles),
		unix.RLIMIT_CORE: 0, unix.RLIMIT_MSGQUEUE: 1 << 20, unix.RLIMIT_MEMLOCK: 8 << 20,
	}
	if l.CPU > 0 {
		limits[unix.RLIMIT_CPU] = uint64(max(1, l.CPU.Seconds()))
	}
	for resource, value := range limits {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(resource, &now); err != nil {
			return err
		}
		value = min(value, now.Max)
		// Not unix.Setrlimit: Go would give the command the number of open files from before.
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("resource %d: %w", resource, err)
		}
	}
	return nil
}

// dropPrivileges takes every capability from this thread for good, and from what
// it starts the way to get any.
func dropPrivileges() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for capability := uintptr(0); ; capability++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if err == unix.EINVAL { // there are no more
			break
		}
		if err != nil {
			return err
		}
	}
	// Being root, or becoming it, gives nothing, and stays so.
	const noRoot = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<5
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, noRoot, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}
