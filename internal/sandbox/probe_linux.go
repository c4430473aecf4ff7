package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// probeVariable holds, in a sandbox that is probed, what to attempt.
const probeVariable = "SELFHEAL_SANDBOX_PROBE"

// targets are what a probe, from inside a sandbox, tries to reach outside.
type targets struct {
	Readable string `json:"readable"` // a file that must not be readable
	Writable string `json:"writable"` // a path that must not come to be
	TCP      string `json:"tcp"`      // a listener's address
	Unix     string `json:"unix"`     // a listener's socket file
	Abstract string `json:"abstract"` // a listener's abstract socket
	PID      int    `json:"pid"`      // a process that must not be seen, with its start time
	Started  string `json:"started"`
}

// probe is the program that runs in a sandbox that is probed: it writes a JSON
// list of [Escape].
func probe(w io.Writer, text string) int {
	var t targets
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(w).Encode(attempts(t)); err != nil {
		return 1
	}
	return 0
}

// attemptWrite is judged from outside: it may succeed on a scratch file of the same name.
const attemptWrite = "write a file outside"

func attempts(t targets) []Escape {
	attempt := func(name string, err error) Escape {
		if err != nil {
			return Escape{Attempt: name, Blocked: true, Detail: err.Error()}
		}
		return Escape{Attempt: name, Detail: "it worked"}
	}
	return []Escape{
		attempt("read a file outside", readOutside(t.Readable)),
		attempt(attemptWrite, os.WriteFile(t.Writable, []byte("escaped"), 0o600)),
		attempt("see a process outside", seeProcess(t.PID, t.Started)),
		attempt("connect to a socket file outside", dial("unix", t.Unix)),
		attempt("connect to an abstract socket outside", dial("unix", "@"+t.Abstract)),
		attempt("hold a capability", holdCapability()),
		attempt("make a user namespace", userNamespace()),
		attempt("prepare a mount", prepareMount()),
		attempt("open a socket to the hypervisor", hypervisorSocket()),
		attempt("connect to a TCP listener outside", dial("tcp", t.TCP)),
	}
}

func readOutside(path string) error {
	_, err := os.ReadFile(path)
	return err
}

func dial(network, address string) error {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	connection, err := dialer.DialContext(context.Background(), network, address)
	if err != nil {
		return err
	}
	return connection.Close()
}

// seeProcess looks for a process by number and start time: the number alone may
// be another process inside.
func seeProcess(pid int, started string) error {
	if now, err := startTime(pid); err != nil {
		return err
	} else if now != started {
		return errors.New("the number is another process's")
	}
	return nil
}

// startTime is when a process started, in clock ticks since the machine did.
func startTime(pid int) (string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // a name may hold spaces; ours does not hold this
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return "", errors.New("unreadable process status")
	}
	return fields[19], nil
}

func holdCapability() error {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		for _, name := range [...]string{"CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"} {
			if rest, found := strings.CutPrefix(line, name); found && strings.Trim(strings.TrimSpace(rest), "0") != "" {
				return nil
			}
		}
	}
	return errors.New("none is held, and none can be gained")
}

func hypervisorSocket() error {
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func userNamespace() error {
	child := exec.CommandContext(context.Background(), "/bin/sh", "-c", ":")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}
	return child.Run()
}

// prepareMount goes as far as a mount can without changing anything: where it
// works, the file system could be mounted over any directory.
func prepareMount() error {
	fd, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// probeRung runs the attempts in a sandbox of one rung.
func probeRung(ctx context.Context, r rung, image string) ([]Escape, error) {
	outside, err := newOutside()
	if err != nil {
		return nil, err
	}
	defer outside.close()
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	order, err := json.Marshal(outside.targets)
	if err != nil {
		return nil, err
	}
	result, err := r.run(ctx, Command{
		Dir: outside.inside, Shell: quote(program), Timeout: setupTime, MaxOutput: 64 << 10,
		Env: []string{probeVariable + "=" + string(order)}, ReadOnly: []string{program}, Image: image,
	})
	if err != nil {
		return nil, err
	}
	var escapes []Escape
	if err := json.Unmarshal([]byte(result.Output), &escapes); err != nil {
		return nil, &unableError{reason: fmt.Sprintf("the probe ended with exit code %d: %.200s", result.ExitCode, result.Output)}
	}
	for i := range escapes {
		if escapes[i].Attempt == attemptWrite && !escapes[i].Blocked {
			escapes[i] = outside.judgeWrite()
		}
	}
	return escapes, nil
}

// quote makes one word of a text for sh.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// outside are real things that a probe must not reach, in a directory beside its
// working copy.
type outside struct {
	dir, inside string
	targets     targets
	listeners   []net.Listener
}

func newOutside() (o *outside, err error) {
	o = &outside{}
	if o.dir, err = os.MkdirTemp("", "selfheal-probe-*"); err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *outside) fill() error {
	resolved, err := filepath.EvalSymlinks(o.dir)
	if err != nil {
		return err
	}
	o.inside = filepath.Join(resolved, "work")
	o.targets = targets{
		Readable: filepath.Join(resolved, "secret"), Writable: filepath.Join(resolved, "written"),
		Unix: filepath.Join(resolved, "socket"), Abstract: filepath.Base(resolved), PID: os.Getpid(),
	}
	if err := os.Mkdir(o.inside, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(o.targets.Readable, []byte("secret"), 0o600); err != nil {
		return err
	}
	if o.targets.Started, err = startTime(o.targets.PID); err != nil {
		return err
	}
	for _, listener := range [...]struct{ network, address string }{
		{"tcp", "127.0.0.1:0"}, {"unix", o.targets.Unix}, {"unix", "@" + o.targets.Abstract},
	} {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), listener.network, listener.address)
		if err != nil {
			return err
		}
		o.listeners = append(o.listeners, l)
	}
	o.targets.TCP = o.listeners[0].Addr().String()
	return nil
}

func (o *outside) judgeWrite() Escape {
	if _, err := os.Lstat(o.targets.Writable); err == nil {
		return Escape{Attempt: attemptWrite, Detail: "it worked"}
	}
	return Escape{Attempt: attemptWrite, Blocked: true, Detail: "it went into scratch space, which is gone"}
}

func (o *outside) close() {
	for _, l := range o.listeners {
		_ = l.Close()
	}
	_ = os.RemoveAll(o.dir)
}
