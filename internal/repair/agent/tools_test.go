package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfheal/internal/redact"
	"selfheal/internal/repair"
)

// token is put together so that no scanner takes it for a secret.
var token = "ghp_" + strings.Repeat("a1B2c3D4e5", 3) + "f6G7h8"

// workplace is a working copy with a file that holds a secret, and links that lead out of it.
func workplace(t *testing.T) (b *bench, dir string, call func(tool string, arguments map[string]any) (string, error)) {
	t.Helper()
	dir = t.TempDir()
	outside := t.TempDir()
	for name, text := range map[string]string{"a.go": "one\ntwo\ntwo\nlast", "settings.ini": "name = shop\ntoken = " + token + "\nport = 1\n", ".git": "gitdir: x\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".git", filepath.Join(dir, "inner")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	b = &bench{root: root, in: Input{Input: repair.Input{Redact: redact.New().String}}}
	return b, dir, func(tool string, arguments map[string]any) (string, error) {
		text, err := json.Marshal(arguments)
		if err != nil {
			t.Fatal(err)
		}
		for _, candidate := range b.tools() {
			if candidate.Name == tool {
				return candidate.Run(t.Context(), text)
			}
		}
		t.Fatalf("no tool %s", tool)
		return "", nil
	}
}

func TestToolsStayInside(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../x", "/etc/passwd", "a/../../x", "..", ".", "", `..\x`, ".git", ".git/config", ".GIT/hooks/x", "git~1/config", "sub/.git/x", "out/x", "out", "inner"} {
		b, _, call := workplace(t)
		for tool, more := range map[string]map[string]any{"read_file": {}, "create_file": {"text": "x"}, "edit_file": {"old": "x", "new": "y"}, "delete_file": {}} {
			more["path"] = path
			if _, err := call(tool, more); err == nil || !strings.HasPrefix(err.Error(), GuardOutside+": ") {
				t.Errorf("%s %q: %v", tool, path, err)
			}
		}
		if len(b.refused) != 4 {
			t.Errorf("%q: refused %v", path, b.refused)
		}
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	f := func(tool string, arguments map[string]any, path, want, fails string) {
		t.Helper()
		_, dir, call := workplace(t)
		for key, value := range arguments {
			if value == "VERSION" {
				text, _ := os.ReadFile(filepath.Join(dir, path))
				arguments[key] = version(string(text))
			}
		}
		arguments["path"] = path
		_, err := call(tool, arguments)
		if fails != "" {
			if err == nil || !strings.Contains(err.Error(), fails) {
				t.Errorf("%s %v: error %v, want %q", tool, arguments, err, fails)
			}
			return
		}
		if got, readErr := os.ReadFile(filepath.Join(dir, path)); err != nil || readErr != nil || string(got) != want {
			t.Errorf("%s %v: got %q, errors %v, %v", tool, arguments, got, err, readErr)
		}
	}
	type m = map[string]any
	f("edit_file", m{"old": "one\n", "new": "1\n"}, "a.go", "1\ntwo\ntwo\nlast", "")
	f("edit_file", m{"old": "two", "new": "2"}, "a.go", "", "occurs 2 times")
	f("edit_file", m{"old": "three", "new": "3"}, "a.go", "", "occurs 0 times")
	f("edit_file", m{"old": "", "new": "3"}, "a.go", "", "is empty")
	f("edit_file", m{"old": "token = [redacted:token]", "new": "x"}, "settings.ini", "", "use replace_lines")
	f("edit_file", m{"old": "port = 1", "new": "port = [redacted:token]"}, "settings.ini", "", GuardPlaceholder)
	f("replace_lines", m{"start": 2, "end": 2, "version": "VERSION", "text": "token = ${TOKEN}"}, "settings.ini", "name = shop\ntoken = ${TOKEN}\nport = 1\n", "")
	f("replace_lines", m{"start": 4, "end": 4, "version": "VERSION", "text": "end"}, "a.go", "one\ntwo\ntwo\nend\n", "")
	f("replace_lines", m{"start": 2, "end": 3, "version": "VERSION", "text": ""}, "a.go", "one\nlast\n", "")
	f("replace_lines", m{"start": 2, "end": 2, "version": "000000000000", "text": "x"}, "settings.ini", "", "read it again")
	f("replace_lines", m{"start": 2, "end": 9, "version": "VERSION", "text": "x"}, "settings.ini", "", "has 3 lines")
	f("create_file", m{"text": "x\n"}, "new/b.go", "x\n", "")
	f("create_file", m{"text": "x\n"}, "a.go", "", "is there already")
}
