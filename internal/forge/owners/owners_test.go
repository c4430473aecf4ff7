package owners

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGitHub(t *testing.T) {
	t.Parallel()
	const file = `# comment
*            @everybody
*.js         @js-owner #inline comment
/build/logs/ @logs
docs/*       @docs
docs/deep    @deep
apps/        @apps
/apps/github
**/vendor    @vendor
with\ space/ @space
!no.txt      @negated
x.go         ops@example.com
y.go         @org/team @ada
[section]    @not-github
`
	f := func(path string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Parse(GitHub, file).Of([]string{path})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	f("README.md", "everybody")
	f("a/b/c.js", "js-owner")
	f("build/logs/x.log", "logs")
	f("a/build/logs/x.log", "everybody")
	f("docs/start.md", "docs")
	f("docs/build/x.md", "everybody")
	f("docs/deep/down/x.md", "deep")
	f("a/apps/x", "apps")
	f("apps/github/x") // taken away from everybody
	f("a/vendor/x/y", "vendor")
	f("with space/x", "space")
	f("no.txt", "everybody")
	f("x.go")
	f("a/y.go", "org/team", "ada")
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	const file = `* @default
docs/ @docs

[Database][2] @dba
model/db/
schema.sql @ada
!model/db/generated/

^[Optional] @opt
*.md
`
	f := func(path string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Parse(GitLab, file).Of([]string{path})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	f("x.go", "default")
	f("a/docs/x.go", "docs")
	f("model/db/x.go", "default", "dba")
	f("model/db/generated/x.go", "default")
	f("schema.sql", "default", "ada")
	f("README.md", "default", "opt")
}

func TestGitea(t *testing.T) {
	t.Parallel()
	const file = `.*\.go @go
/docs/.*[.]md @docs @go
!.*[.]md @code
( @broken
`
	f := func(path string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Parse(Gitea, file).Of([]string{path})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	f("a/x.go", "go", "code")
	f("docs/x.md", "docs", "go")
	f("x.md")
	f("Makefile", "code")
}

func TestOfManyPaths(t *testing.T) {
	t.Parallel()
	got := Parse(GitHub, "a @x @y\nb @y @z\n").Of([]string{"b", "a", "c"})
	if diff := cmp.Diff([]string{"y", "z", "x"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzParse: any file is read, and names nobody that it does not mention.
func FuzzParse(f *testing.F) {
	f.Add("* @a\n[S][1] @b\n!x\n", "x/y")
	f.Add(`\ \# @a`+"\n**/**/*?[ @b", "")
	f.Add("(((( @a\n!( @b\n.* @c", "a")
	f.Fuzz(func(t *testing.T, text, path string) {
		for _, d := range []Dialect{GitHub, GitLab, Gitea} {
			for _, name := range Parse(d, text).Of([]string{path}) {
				if !strings.Contains(text, "@"+name) {
					t.Errorf("%s: %q is not in the file", d, name)
				}
			}
		}
	})
}
