package sourcetest

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Server runs the program that an environment variable names, and gives its
// address once path answers with success. Without the variable the test is skipped.
func Server(t *testing.T, variable, path string, arguments func(host, port, dir string) []string) (url string) {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Skipf("SKIPPED: set %s to the path of the program to run this against the real one", variable)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err == nil {
		err = listener.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments(host, port, t.TempDir())...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended by itself
		_ = command.Wait()
	})
	url = "http://" + net.JoinHostPort(host, port)
	if !Eventually(time.Minute, func() bool { return answers(url + path) }) {
		t.Fatalf("%s does not answer at %s", program, path)
	}
	return url
}

func answers(url string) bool {
	response, err := http.Get(url) //nolint:gosec // of the server that was just started
	if err != nil {
		return false
	}
	_ = response.Body.Close() // it was not read
	return response.StatusCode == http.StatusOK
}

// Eventually asks until the answer is yes, for so long. A foreign process tells
// nobody when it is ready: this is the one place where tests wait.
func Eventually(limit time.Duration, ready func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ready() {
			return true
		}
	}
	return false
}
