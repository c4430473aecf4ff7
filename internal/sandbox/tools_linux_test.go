package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	cmpVersion = "github.com/google/go-cmp v0.7.0"
	cmpSums    = cmpVersion + " h1:wk8382ETsv4JYUZwIsn6YpYiWiBsYLSJiTsyBybVuN8=\n" +
		cmpVersion + "/go.mod h1:pXiqmnSA92OHEEa9HXL2W4E7lf9JzCmGVUdgjX3N/iU=\n"
)

// TestGo builds and tests a module with a dependency, without network, on Go's own caches.
func TestGo(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":        "module example.com/tiny\n\ngo 1.21\n\nrequire " + cmpVersion + "\n",
		"go.sum":        cmpSums,
		"tiny.go":       "package tiny\n\nfunc Double(n int) int { return 2 * n }\n",
		"tiny_test.go":  "package tiny\n\nimport (\n\t\"net/http\"\n\t\"net/http/httptest\"\n\t\"testing\"\n\n\t\"github.com/google/go-cmp/cmp\"\n)\n\nfunc TestDouble(t *testing.T) {\n\tif d := cmp.Diff(4, Double(2)); d != \"\" {\n\t\tt.Error(d)\n\t}\n\ts := httptest.NewServer(http.NotFoundHandler())\n\tdefer s.Close()\n\tif _, err := http.Get(s.URL); err != nil {\n\t\tt.Error(err)\n\t}\n}\n",
		"cmd/t/main.go": "package main\n\nimport \"example.com/tiny\"\n\nfunc main() { println(tiny.Double(21)) }\n",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	git(t, dir, "init", "-q")
	got := start(t, Command{
		Dir: dir, Timeout: 5 * time.Minute, Policy: Require,
		Shell: "go build -buildvcs=true -o t ./cmd/t && ./t && go test ./... && echo poison > $(go env GOCACHE)/poison && echo poison > $(go env GOMODCACHE)/poison && cat $(go env GOCACHE)/poison",
	})
	if got.ExitCode != 0 || !strings.HasPrefix(got.Output, "42\n") || !strings.Contains(got.Output, "ok  \texample.com/tiny") || !strings.HasSuffix(got.Output, "poison\n") {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output)
	}
	for _, cache := range goDirectories(os.Getenv) {
		absent(t, filepath.Join(cache, "poison"))
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Example Author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_COMMITTER_NAME=Example Author", "GIT_COMMITTER_EMAIL=author@example.com")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// TestGitInLinkedWorktree: the working copies that repairs are proven in are
// linked to a repository elsewhere, which borrows objects from the user's.
func TestGitInLinkedWorktree(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	base := t.TempDir()
	user, workspace, dir := filepath.Join(base, "user's \"own\""), filepath.Join(base, "workspace.git"), filepath.Join(base, "trees", "a b")
	write(t, filepath.Join(user, "file"), "content\n")
	git(t, user, "init", "-q")
	git(t, user, "add", ".")
	git(t, user, "commit", "-q", "-m", "first")
	git(t, base, "clone", "-q", "--bare", "--shared", user, workspace)
	git(t, workspace, "worktree", "add", "-q", "--detach", dir)
	got := start(t, Command{Dir: dir, Shell: "git status --short && git log --format=%s && touch new && git status --short && git cat-file -p HEAD:file", Policy: Require})
	if got.ExitCode != 0 || got.Output != "first\n?? new\ncontent\n" {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output)
	}
	got = start(t, Command{Dir: dir, Shell: "ls " + quote(user) + " " + quote(filepath.Join(user, ".git")) + "; echo x > " + quote(filepath.Join(workspace, "hooks", "x")), Policy: Require})
	if strings.Contains(got.Output, "file\n") || strings.Contains(got.Output, "config") {
		t.Errorf("of the user's repository the command sees\n%s", got.Output)
	}
	absent(t, filepath.Join(workspace, "hooks", "x"))
}

// What a working copy says about its repository was perhaps written by a command
// that ran in it, in order to see a directory the next time.
func TestGitDirectoriesAreNotTheWorkingCopysChoice(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	secret := filepath.Join(base, "secret", "worktrees", "x")
	f := func(name string, make func(dir string)) {
		t.Helper()
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		make(dir)
		if got := gitDirectories(dir); len(got) > 0 {
			t.Errorf("%s: %q are shown", name, got)
		}
	}
	write(t, filepath.Join(secret, "key"), "hunter2")
	f("no pointer", func(string) {})
	f("directory without a way back", func(dir string) { write(t, filepath.Join(dir, ".git"), "gitdir: "+secret+"\n") })
	f("way back to another", func(dir string) {
		write(t, filepath.Join(secret, "gitdir"), filepath.Join(base, "another", ".git")+"\n")
		write(t, filepath.Join(dir, ".git"), "gitdir: "+secret+"\n")
	})
	f("repository inside", func(dir string) {
		admin := filepath.Join(dir, "repository", "worktrees", "x")
		write(t, filepath.Join(admin, "gitdir"), filepath.Join(dir, ".git")+"\n")
		write(t, filepath.Join(dir, "repository", "objects", "info", "alternates"), secret+"\n")
		write(t, filepath.Join(dir, ".git"), "gitdir: "+admin+"\n")
	})
	f("repository inside by a link from outside", func(dir string) {
		admin := filepath.Join(dir, "repository", "worktrees", "x")
		write(t, filepath.Join(admin, "gitdir"), filepath.Join(dir, ".git")+"\n")
		if err := os.Symlink(dir, filepath.Join(base, "alias")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, ".git"), "gitdir: "+filepath.Join(base, "alias", "repository", "worktrees", "x")+"\n")
	})
	f("pointer by a link", func(dir string) {
		if err := os.Symlink(filepath.Join(secret, "key"), filepath.Join(dir, ".git")); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzGitDirectories: whatever a working copy says, nothing is shown for which no
// directory outside speaks.
func FuzzGitDirectories(f *testing.F) {
	for _, seed := range []string{"gitdir: /etc/worktrees/x\n", "gitdir: ./worktrees/x", "gitdir: \x00", "gitdir: /proc/self/cwd/worktrees/x", ""} {
		f.Add(seed, "../.git")
	}
	f.Fuzz(func(t *testing.T, pointer, back string) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, ".git"), pointer)
		write(t, filepath.Join(dir, "worktrees", "x", "gitdir"), back)
		if got := gitDirectories(dir); len(got) > 0 {
			t.Errorf("%q are shown", got)
		}
	})
}

func TestInstallation(t *testing.T) {
	t.Parallel()
	f := func(bin, want string) {
		t.Helper()
		if got := installation(bin, "/home/u", "/srv/app/repo"); got != want {
			t.Errorf("%s: %s, want %s", bin, got, want)
		}
	}
	f("/opt/hostedtoolcache/go/1.26/x64/bin", "/opt/hostedtoolcache/go/1.26/x64")
	f("/opt/go/bin", "/opt/go")
	f("/opt/bin", "/opt/bin")
	f("/home/bin", "/home/bin")
	f("/srv/app/bin", "/srv/app/bin") // /srv/app has the working copy's neighbours
	f("/opt/tool/shims", "/opt/tool/shims")
}

func TestOtherToolchains(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	f := func(program, shell, want string) {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			if err := exec.Command(program, "--version").Run(); err != nil {
				t.Skipf("SKIPPED: %s does not work on this machine: %v", program, err)
			}
			got := start(t, Command{Dir: t.TempDir(), Shell: shell, Timeout: 2 * time.Minute, Policy: Require})
			if got.ExitCode != 0 || !strings.Contains(got.Output, want) {
				t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output)
			}
		})
	}
	f("node", `node -e 'const fs=require("fs");fs.writeFileSync("f",String(6*7));console.log(fs.readFileSync("f","utf8"))'`, "42")
	f("npm", `echo '{"name":"tiny","version":"1.0.0","scripts":{"test":"node -e \"console.log(6*7)\""}}' > package.json && npm test`, "42")
	f("python3", `python3 -c 'import subprocess, tempfile, multiprocessing, ssl; print(subprocess.check_output(["echo", "42"]).decode())' && python3 -m venv --without-pip v && v/bin/python -c 'print(1)'`, "42")
	f("make", `printf 'all:\n\t@echo $$((6*7))\n' > Makefile && make -j2`, "42")
	f("java", `echo 'class T { public static void main(String[] a) { System.out.println(6 * 7); } }' > T.java && java T.java`, "42")
	f("cargo", `cargo init -q --vcs none --name tiny . && echo 'fn main() { println!("{}", 6 * 7); }' > src/main.rs && cargo run -q --offline`, "42")
}

func TestBubblewrap(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	dir := filepath.Join(outside, "a b", "work")
	write(t, filepath.Join(outside, "secret"), "hunter2")
	write(t, filepath.Join(dir, "own"), "visible ")
	c := Command{Dir: dir, Shell: "exec 2>/dev/null; cat own ../../secret; echo x > ../../written; echo y > new; ulimit -c; exit 7", MaxOutput: 1000, Timeout: time.Minute}
	got, err := runInBubblewrap(t.Context(), c)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	if got.ExitCode != 7 || got.Output != "visible 0\n" || got.Confinement != ConfinementBubblewrap {
		t.Errorf("%+v", got)
	}
	absent(t, filepath.Join(outside, "written"))
	if text := readAll(t, filepath.Join(dir, "new")); text != "y\n" {
		t.Errorf("the working copy has %q", text)
	}
	w := newWitness(t, dir)
	c.Shell, c.Timeout = w.hold()+"sleep 1000 & sleep 1000", 500*time.Millisecond
	if got, err = runInBubblewrap(t.Context(), c); err != nil || !got.TimedOut {
		t.Errorf("%+v, error %v", got, err)
	}
	w.gone(t)
}

// TestDocker runs against a stand-in for docker's command line, which is what can
// be had everywhere: it shows what would be asked of docker, not that docker does it.
func TestDocker(t *testing.T) {
	bin := t.TempDir()
	asked := filepath.Join(bin, "asked")
	stand := "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\" >> " + quote(asked) + "; done\ncase $1 in version) echo 28.0;; start) echo out; exit 125;; esac\n"
	write(t, filepath.Join(bin, "docker"), stand)
	if err := os.Chmod(filepath.Join(bin, "docker"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if _, err := runInDocker(t.Context(), Command{Dir: t.TempDir(), Shell: "true"}); err == nil || !strings.Contains(err.Error(), "no image") {
		t.Errorf("without an image: %v", err)
	}
	dir := t.TempDir()
	got, err := runInDocker(t.Context(), Command{Dir: dir, Shell: "make test", Image: "golang:1.26", MaxOutput: 100})
	// 125 may be the command's own code: that is no reason to run it once more elsewhere.
	if err != nil || got.ExitCode != 125 || got.Output != "out\n" || got.Confinement != ConfinementDocker {
		t.Errorf("%+v, error %v", got, err)
	}
	text := readAll(t, asked)
	for _, want := range []string{
		"--network\nnone\n", "--cap-drop\nALL\n", "--security-opt\nno-new-privileges\n", "--read-only\n", "--pids-limit\n4096\n",
		"type=bind,source=" + dir + ",target=" + dir + "\n", "--entrypoint\n/bin/sh\ngolang:1.26\n-c\nmake test\n", "start\n--attach\nselfheal-",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docker is not asked for %q:\n%s", want, text)
		}
	}
}
