package git

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/git/gittest"
)

func TestTreeChanges(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	base := user.Commit("one", "kept", "1\n", "changed", "1\n", "gone", "1\n", "dir/\t\"odd\nname", "1\n")
	user.Remove("gone")
	head := user.Commit("two", "changed", "2\n", "new", "n\n", "dir/\t\"odd\nname", "2\n")
	r := must[*Repository](t)(Open(t.Context(), user.Dir))
	id := func(object string) string { return user.Git("rev-parse", object) }
	want := []TreeChange{
		{"changed", TreeEntry{"100644", id(base + ":changed")}, TreeEntry{"100644", id("HEAD:changed")}},
		{"dir/\t\"odd\nname", TreeEntry{"100644", id(base + ":kept")}, TreeEntry{"100644", id("HEAD:changed")}},
		{"gone", TreeEntry{"100644", id(base + ":gone")}, TreeEntry{}},
		{"new", TreeEntry{}, TreeEntry{"100644", id("HEAD:new")}},
	}
	if diff := cmp.Diff(want, must[[]TreeChange](t)(r.TreeChanges(t.Context(), base, head))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := must[[]TreeChange](t)(r.TreeChanges(t.Context(), "", base)); len(got) != 4 || !got[0].Before.Absent() {
		t.Errorf("since the empty tree: %v", got)
	}
	for _, revision := range []string{"--output=x", strings.Repeat("0", 40)} {
		if _, err := r.TreeChanges(t.Context(), base, revision); err == nil {
			t.Errorf("compared with %q", revision)
		}
	}
}

func TestEditTree(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	head := user.Commit("one", "a", "1\n", "b/c", "1\n", "gone", "1\n")
	w := openWorkspace(t, user.Dir, filepath.Join(t.TempDir(), "work.git"))
	blob := must[string](t)(w.WriteBlob(t.Context(), []byte("as\r\nit is\x00")))
	tree := must[string](t)(w.EditTree(t.Context(), head, map[string]TreeEntry{
		"a": {Mode: "100755", ID: blob}, "gone": {}, "was absent": {}, "b/c": {}, "b": {Mode: "100644", ID: blob}, "x\ty\n": {Mode: "100644", ID: blob},
	}))
	got := must[[]Entry](t)(w.ListFiles(t.Context(), tree))
	want := []Entry{{Path: "a", Blob: blob, Size: 10}, {Path: "b", Blob: blob, Size: 10}, {Path: "x\ty\n", Blob: blob, Size: 10}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func FuzzParseRaw(f *testing.F) {
	zero, id := strings.Repeat("0", 40), strings.Repeat("a", 40)
	f.Add(":000000 100644 " + zero + " " + id + " A\x00path")
	f.Add(":100644 000000 " + id + " " + zero + " D\x00:100644\x00")
	f.Add(":\x00x")
	f.Fuzz(func(t *testing.T, output string) {
		changes, err := parseRaw(splitNUL([]byte(output)))
		if err != nil {
			return
		}
		for _, c := range changes {
			if !c.Before.Absent() && !fullID.MatchString(c.Before.ID) || !c.After.Absent() && !fullID.MatchString(c.After.ID) {
				t.Fatalf("not an object id: %+v", c)
			}
		}
	})
}
