package app

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"selfheal"
)

// Exit codes of commands that were not run, as shells give them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128 // and the number of the signal
)

// Command is a command that is run for the user, as if selfheal were not there.
type Command struct {
	Args     []string
	In       io.Reader
	Out, Err io.Writer
	Tee      io.Writer // gets what is written to Out and Err, in the order it came; must not fail
	// Terminal says that a person sits at it: what the keyboard sends (Ctrl-C),
	// the command gets from the terminal, and not a second time from here.
	Terminal bool
}

// lingering is how long output is waited for that comes from what the command
// left running.
const lingering = 5 * time.Second

// Run runs the command to its end, hands on the signals that this process gets,
// and gives its exit code. An error is that it could not be started; the exit
// code then is 126 or 127.
func (c Command) Run() (exitCode int, err error) {
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	var both sync.Mutex
	cmd.Stdin, cmd.WaitDelay = c.In, lingering
	cmd.Stdout, cmd.Stderr = &tee{to: c.Out, and: c.Tee, mutex: &both}, &tee{to: c.Err, and: c.Tee, mutex: &both}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded()...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return notStarted(c.Args[0], err)
	}
	done := make(chan struct{})
	go c.forward(cmd.Process, signals, done)
	err = cmd.Wait()
	close(done)
	return exitCodeOf(cmd.ProcessState, err), nil
}

// forward hands on signals until the command has ended.
func (c Command) forward(p *os.Process, signals <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case s := <-signals:
			if !c.Terminal || !fromKeyboard(s) {
				_ = p.Signal(s) // it may have ended meanwhile
			}
		}
	}
}

func exitCodeOf(state *os.ProcessState, err error) int {
	if state == nil {
		return 1
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignal + int(status.Signal())
	}
	if code := state.ExitCode(); code >= 0 {
		return code
	}
	if err != nil {
		return 1
	}
	return 0
}

func notStarted(name string, err error) (int, error) {
	code := exitNotExecutable
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = exitNotFound
	}
	return code, &selfheal.Error{Code: selfheal.CodeUsage, Message: "cannot run " + name, Hint: "everything behind -- is the command and its arguments", Err: err}
}

// tee writes to two writers; only the first one's failure counts.
type tee struct {
	to, and io.Writer
	mutex   *sync.Mutex // of and, which two streams share
}

func (t *tee) Write(p []byte) (int, error) {
	n, err := t.to.Write(p)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	_, _ = t.and.Write(p[:n])
	return n, err
}
