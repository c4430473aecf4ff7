//go:build unix

// Package openswetest runs LangGraph's Agent Server, as npm has it, with an agent
// that behaves as Open SWE does as far as its clients can see.
package openswetest

import (
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Variable names the directory that `make agent-server` fills.
const Variable = "SELFHEAL_AGENT_SERVER"

//go:embed agent
var files embed.FS

// Agent is what the agent works with, and what it writes as its fix.
type Agent struct {
	Forge         string // address that takes pull requests at /pulls
	Remote        string // what git clones and pushes to
	File, Content string
}

// Start runs the server until the test ends, and gives its address. Without an
// installed one the test is skipped aloud.
func Start(t testing.TB, a Agent) string {
	t.Helper()
	installed := os.Getenv(Variable)
	if installed == "" {
		t.Skipf("SKIPPED: nothing is tried with a real Agent Server: run make agent-server and set %s to its directory (needs npm)", Variable)
	}
	dir := t.TempDir()
	agent, err := fs.Sub(files, "agent")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, agent); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"type": "module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	address := Free(t)
	run(t, dir, address, a)
	await(t, "http://"+address+"/ok")
	return "http://" + address
}

// Free is an address of this machine that nobody listens on.
func Free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

func run(t testing.TB, dir, address string, a Agent) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(address, ":")
	command := exec.Command(filepath.Join(dir, "node_modules", ".bin", "langgraphjs"), "dev", "--no-browser", "--host", host, "--port", port)
	command.Dir, command.Stdout, command.Stderr = dir, log, log
	command.Env = append(os.Environ(), "LANGGRAPH_CLI_NO_ANALYTICS=1", "LANGSMITH_TRACING=false",
		"AGENT_SERVER=http://"+address, "AGENT_FORGE="+a.Forge, "AGENT_REMOTE="+a.Remote, "AGENT_FILE="+a.File, "AGENT_CONTENT="+a.Content)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children that outlive it
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = errors.Join(command.Wait(), log.Close()) // it was killed
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the server said:\n%s", text)
		}
	})
}

// await waits until an address answers: of another program nothing else can be waited for.
func await(t testing.TB, url string) {
	t.Helper()
	for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); time.Sleep(200 * time.Millisecond) {
		if response, err := http.Get(url); err == nil { //nolint:gosec // an address of this machine
			_ = response.Body.Close()
			return
		}
	}
	t.Fatal("the Agent Server does not come up")
}
