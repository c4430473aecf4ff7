package github

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"selfheal/internal/forge/forgetest/fake"
	"selfheal/internal/git/gittest"
)

// TestTokenIsInNoArgumentAndNoFile: what other users of the machine can see, and
// what stays behind, holds no secret. It changes PATH, so it is alone.
func TestTokenIsInNoArgumentAndNoFile(t *testing.T) {
	original, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	tools := t.TempDir()
	log := filepath.Join(tools, "arguments")
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '" + log + "'\nexec '" + original + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(tools, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	r := gittest.New(t)
	r.Commit("begin", "a", "1")
	fix := r.Commit("fix", "a", "2")
	server := start(t, r.Dir, "none")
	t.Setenv("PATH", tools+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := server.Open(t).Push(t.Context(), r.Dir, fix, "selfheal/x"); err != nil {
		t.Fatal(err)
	}
	arguments, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(arguments), "push\n") {
		t.Fatalf("the wrapper saw no push: %v", err)
	}
	if strings.Contains(string(arguments), fake.Token) {
		t.Errorf("the token is in the arguments:\n%s", arguments)
	}
	err = filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), fake.Token) {
			t.Errorf("the token is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
