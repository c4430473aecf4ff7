package demo

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestUnpack(t *testing.T) {
	t.Parallel()
	f := func(name string, files map[string]string, fails bool) {
		t.Helper()
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		for path, text := range files {
			if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		outer := t.TempDir()
		dir := filepath.Join(outer, "in")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unpack(&archive, dir); (err != nil) != fails {
			t.Errorf("%s: %v", name, err)
		}
		if entries, _ := os.ReadDir(outer); len(entries) != 1 {
			t.Errorf("%s: something was written outside", name)
		}
		for path, text := range files {
			if got, err := os.ReadFile(filepath.Join(dir, path)); !fails && (err != nil || string(got) != text) {
				t.Errorf("%s: %s is %q, %v", name, path, got, err)
			}
		}
	}
	f("plain", map[string]string{"a/b/c.go": "package c\n", "run.sh": "#!/bin/sh\n"}, false)
	f("escape", map[string]string{"../out": "x"}, true)
	f("absolute", map[string]string{"/out": "x"}, true)
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SHOP_PAYMENT_TIMEOUT", "1h")
	t.Setenv("DEMO_KEEP", "yes")
	env := environment([]string{"SHOP_"}, "SHOP_ADDR=:1")
	if slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "SHOP_PAYMENT_TIMEOUT=") }) {
		t.Error("the user's environment would reach the service")
	}
	if !slices.Contains(env, "DEMO_KEEP=yes") || env[len(env)-1] != "SHOP_ADDR=:1" {
		t.Error("the environment was not passed on")
	}
}

func TestExportRefusesUnknownCommits(t *testing.T) {
	t.Parallel()
	w := makeHistoryOnly(t, Regression)
	if err := export(t.Context(), w.Repository, strings.Repeat("0", 40), t.TempDir()); err == nil {
		t.Error("a commit that does not exist was exported")
	}
	if _, _, _, err := w.DeployFix(t.Context(), w.Repository, "--output=/etc/passwd"); err == nil {
		t.Error("an option was taken for a commit")
	}
}
