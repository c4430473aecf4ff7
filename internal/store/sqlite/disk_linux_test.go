package sqlite_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"selfheal"
	"selfheal/internal/store/sqlite"
)

// mount gives a file system of its own; the test is skipped where that takes rights it lacks.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func wantUnavailable(t *testing.T, err error, message string) {
	t.Helper()
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), message) || selfheal.HintOf(err) == "" {
		t.Fatalf("code %s, hint %q, error %v; want %q", selfheal.CodeOf(err), selfheal.HintOf(err), err, message)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(mount(t, "size=1m"), "store.db")
	store := open(t, path)
	payload := `"` + strings.Repeat("x", 50_000) + `"`
	written := 0
	var err error
	for ; err == nil && written < 1000; written++ {
		err = appendOne(t, store, written, payload)
	}
	wantUnavailable(t, err, "no space left")

	events, err := store.Events(t.Context(), "incident:a/b/c")
	if err != nil || len(events) != written-1 || written < 2 {
		t.Fatalf("%d events can be read after %d were appended, error %v", len(events), written-1, err)
	}
}

func TestFullDiskAtOpen(t *testing.T) {
	t.Parallel()
	_, err := sqlite.Open(t.Context(), filepath.Join(mount(t, "size=8k"), "store.db"))
	if err == nil {
		t.Fatal("opened")
	}
	wantUnavailable(t, err, "no space left")
}

func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	dir := mount(t, "size=1m")
	store := open(t, filepath.Join(dir, "store.db"))
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err == nil {
		t.Fatal("remounted under an open file; the next assertion would test something else")
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), filepath.Join(dir, "store.db"))
	wantUnavailable(t, err, "cannot be written")
}
