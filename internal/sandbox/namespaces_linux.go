package sandbox

import (
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// initName is argv[0] of this program when it is the first process of a sandbox.
	initName = "selfheal-sandbox"
	// insideHostname is what a confined command takes the machine's name to be.
	insideHostname = "sandbox"
	// setupTime bounds what happens before the command starts.
	setupTime = 30 * time.Second
)

// reexecuted says whether this program's main function calls [Reexec]. A program
// that does not would, started again, do its own work instead of ours; a test
// binary would run its tests without end. It is a fact about the program, known
// once main has begun, and so the one thing that is kept for the whole process.
var reexecuted atomic.Bool

// rungs are the ways to confine on Linux, the best first.
func rungs() []rung {
	return []rung{
		{"namespaces", runInNamespaces},
		{"bubblewrap", runInBubblewrap},
		{"docker", runInDocker},
	}
}

// order is what the parent tells the first process of a sandbox to do. It is not
// JSON, which would change the bytes of a path that is not UTF-8.
type order struct {
	Root    string // an empty directory, over which the new root is mounted
	Dir     string
	Shell   string
	Env     []string
	Network bool
	Limits  Limits
	Layout  layout
}

// report is what the first process answers.
type report struct {
	Ready bool   `json:"ready,omitempty"` // everything is confined; the command waits
	Step  string `json:"step,omitempty"`  // what failed
	Error string `json:"error,omitempty"`
}

// runInNamespaces runs a command in namespaces that this program makes itself.
func runInNamespaces(ctx context.Context, c Command) (Result, error) {
	if !reexecuted.Load() {
		return Result{}, &unableError{reason: "this program does not call sandbox.Reexec"}
	}
	if !seccompSupported {
		return Result{}, &unableError{reason: "no system call filter is written for this processor"}
	}
	h := host{getenv: os.Getenv, uid: os.Getuid(), gid: os.Getgid()}
	layout, err := newLayout(c, h)
	if err != nil {
		return Result{}, err
	}
	root, err := os.MkdirTemp("", "selfheal-root-*")
	if err != nil {
		return Result{}, unavailable(err)
	}
	defer func() { _ = os.Remove(root) }() // empty: the sandbox mounts over it for itself only
	box := &namespaces{command: c, order: order{
		Root: root, Dir: c.Dir, Shell: c.Shell, Env: confinedEnvironment(c), Network: c.Network,
		Limits: c.Limits.withDefaults(machineMemory()), Layout: layout,
	}}
	result, err := box.run(ctx, h)
	result.Confinement, result.Network = confinementOf("namespaces"), c.Network
	return result, err
}

// confinedEnvironment is the environment of a confined command.
func confinedEnvironment(c Command) []string {
	extra := c.Env
	if !c.Network {
		// Go says at once what is missing instead of looking for a server.
		extra = append([]string{"GOPROXY=off"}, extra...)
	}
	if home := os.Getenv("HOME"); home != "" {
		extra = append([]string{"PYENV_ROOT=" + home + "/.pyenv"}, extra...)
	}
	return environment(os.Getenv, c.Dir, insideHome, "/tmp", extra)
}

// machineMemory is the machine's memory in bytes.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 4 << 30 // never seen; a small machine then
	}
	return int64(info.Totalram) * int64(info.Unit)
}

// namespaces is one command in its namespaces, seen from outside.
type namespaces struct {
	command Command
	order   order
	init    *exec.Cmd
	control *os.File // of a socket pair: orders, reports, and by its end the end of this process
	out     *capture
}

func (n *namespaces) run(ctx context.Context, h host) (Result, error) {
	limited, cancel := withTimeout(ctx, n.command.Timeout)
	defer cancel()
	if err := n.start(limited, h); err != nil {
		return notStarted(ctx, limited, err)
	}
	defer func() { _ = n.control.Close() }()
	started := time.Now()
	watch, err := n.open()
	if err != nil {
		_ = n.init.Process.Kill()
		_ = n.init.Wait()
		return notStarted(ctx, limited, err)
	}
	done := make(chan struct{})
	exceeded := make(chan string, 1)
	go func() { exceeded <- watch.run(done, n.init.Process.Kill) }()
	err = n.init.Wait()
	close(done)
	result := Result{
		ExitCode: exitCode(n.init.ProcessState), TimedOut: limited.Err() != nil, Took: time.Since(started),
		Output: n.out.String(), Written: n.out.written, Exceeded: <-exceeded,
	}
	if ctx.Err() != nil {
		return Result{}, fmt.Errorf("run command: %w", context.Cause(ctx))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && limited.Err() == nil {
		return Result{}, unavailable(err)
	}
	return result, nil
}

// notStarted is how a command ended that did not start. A time limit that passed
// meanwhile is the reason, and must not look like a machine that cannot confine.
func notStarted(ctx, limited context.Context, err error) (Result, error) {
	if ctx.Err() == nil && limited.Err() != nil {
		return Result{ExitCode: 128 + int(unix.SIGKILL), TimedOut: true}, nil
	}
	return Result{}, ended(ctx, err)
}

// ended prefers the reason why the caller's context ended to what broke thereby.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("run command: %w", context.Cause(ctx))
	}
	return err
}

// start starts the sandbox's first process and gives it its order.
func (n *namespaces) start(ctx context.Context, h host) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return unavailable(err)
	}
	n.control = os.NewFile(uintptr(pair[0]), "control")
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer func() { _ = theirs.Close() }()
	n.out = newCapture(n.command.MaxOutput)
	n.init = exec.CommandContext(ctx, "/proc/self/exe")
	n.init.Args, n.init.Env, n.init.Dir = []string{initName}, []string{}, "/"
	n.init.Stdout, n.init.Stderr = n.out, n.out
	n.init.ExtraFiles = []*os.File{theirs}
	n.init.WaitDelay = drain
	n.init.SysProcAttr = attributes(n.command.Network, h)
	if err := n.init.Start(); err != nil {
		_ = n.control.Close()
		return explainClone(err)
	}
	return nil
}

// attributes are the namespaces of the sandbox. The user is the caller's, so that
// files keep their owner; the capabilities that the set-up needs hold inside only,
// and are dropped before the command starts.
func attributes(network bool, h host) *syscall.SysProcAttr {
	flags := uintptr(unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP)
	if !network {
		flags |= unix.CLONE_NEWNET
	}
	return &syscall.SysProcAttr{
		Setsid: true, Cloneflags: flags,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: h.uid, HostID: h.uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: h.gid, HostID: h.gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_CHROOT, unix.CAP_DAC_OVERRIDE, unix.CAP_SYS_PTRACE},
	}
}

// open sends the order, waits until all is confined, and lets the command start.
// What it gives watches the command's use of the machine.
func (n *namespaces) open() (*watchdog, error) {
	if err := n.control.SetDeadline(time.Now().Add(setupTime)); err != nil {
		return nil, unavailable(err)
	}
	if err := gob.NewEncoder(n.control).Encode(n.order); err != nil {
		return nil, unavailable(err)
	}
	var answer report
	if err := json.NewDecoder(io.LimitReader(n.control, 64<<10)).Decode(&answer); err != nil {
		return nil, &unableError{reason: "the sandbox's first process ended early: " + err.Error(), hint: checkHint}
	}
	if !answer.Ready {
		return nil, explainSetup(answer)
	}
	watch, err := newWatchdog(n.init.Process.Pid, n.order)
	if err != nil {
		return nil, &unableError{reason: "the command's memory cannot be watched: " + err.Error(), hint: checkHint}
	}
	if _, err := n.control.WriteString(startWord); err != nil {
		watch.close()
		return nil, unavailable(err)
	}
	return watch, nil
}
