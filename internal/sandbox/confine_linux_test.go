package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"selfheal"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func absent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", path, err)
	}
}

// inHome makes a home directory with a secret in it and gives a working copy below.
func inHome(t *testing.T, name string) (home, dir string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		t.Setenv(name, t.TempDir()) // where they are by default shows in the home directory
	}
	for _, path := range []string{".ssh/id_ed25519", ".netrc", ".aws/credentials", ".docker/config.json", ".kube/config", ".npmrc", ".cargo/credentials.toml", "src/other/secret"} {
		write(t, filepath.Join(home, path), "hunter2")
	}
	dir = filepath.Join(home, "src", name)
	write(t, filepath.Join(dir, "own"), "visible")
	return home, dir
}

func TestHomeIsHidden(t *testing.T) {
	home, dir := inHome(t, "repo")
	needConfinement(t)
	shell := "cat own; grep -r hunter2 " + home + " \"$HOME\" /home /tmp /var /run 2>/dev/null; ls -A " + home + " " + home + "/src; echo more > own"
	got := start(t, Command{Dir: dir, Shell: shell, Policy: Require})
	if want := "visible" + home + ":\nsrc\n\n" + home + "/src:\nrepo\n"; got.Output != want {
		t.Errorf("the command sees:\n%s\nwant:\n%s", got.Output, want)
	}
	if text := readAll(t, filepath.Join(dir, "own")); text != "more\n" {
		t.Errorf("the working copy has %q", text)
	}
}

func TestHomeAsWorkingCopyIsRefused(t *testing.T) {
	home, _ := inHome(t, "repo")
	for _, dir := range []string{home, filepath.Dir(home)} {
		if _, err := Run(t.Context(), Command{Dir: dir, Shell: "true", Policy: Require}); selfheal.CodeOf(err) != selfheal.CodeRefused || selfheal.HintOf(err) == "" {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestSystemDirectoriesAreRefused(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"/", "/tmp", "/usr", "/etc", "/proc/self", "/home"} {
		if _, err := Run(t.Context(), Command{Dir: dir, Shell: "true", Policy: Require}); selfheal.CodeOf(err) != selfheal.CodeRefused {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestFilesOutside(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	outside := t.TempDir()
	dir := filepath.Join(outside, "a b\nc'd\"e,f:g\\h\xff", "work")
	write(t, filepath.Join(outside, "secret"), "hunter2")
	write(t, filepath.Join(dir, "own"), "visible ")
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	f := func(shell, want string) {
		t.Helper()
		if got := start(t, Command{Dir: dir, Shell: "exec 2>/dev/null; " + shell, Policy: Require}); got.Output != want {
			t.Errorf("%s: %q, exit code %d", shell, got.Output, got.ExitCode)
		}
	}
	f("cat own link/secret", "visible ")
	f("cat own ../../secret", "visible ")
	f("cat own /proc/1/root"+outside+"/secret", "visible ")
	f("cat own /proc/1/environ /proc/1/mem", "visible ")
	f("cat own /etc/shadow /etc/gshadow /etc/sudoers", "visible ")
	f("(echo x > link/written; echo x > ../../written; echo x >> link/secret); cat own", "visible ")
	f("for d in / /usr /etc /usr/bin /dev /proc /proc/sys/kernel /run; do echo x > $d/written && echo $d; done", "")
	f("echo 1 > /proc/sys/vm/drop_caches && echo written; test -c /proc/sysrq-trigger || ls /proc/sysrq-trigger", "")
	f("mknod node c 1 1 && echo made", "")
	absent(t, filepath.Join(outside, "written"))
	if text := readAll(t, filepath.Join(outside, "secret")); text != "hunter2" {
		t.Errorf("the file outside is %q", text)
	}
}

func TestWorkingCopyBySymbolicLink(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	outside := t.TempDir()
	write(t, filepath.Join(outside, "real", "own"), "visible")
	link := filepath.Join(outside, "link")
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if got := start(t, Command{Dir: link, Shell: "cat own", Policy: Require}); got.Output != "visible" {
		t.Errorf("%+v", got)
	}
}

// TestLinksInTheWorkingCopyShowNothing: a repository may hold links where it knows
// that something will be mounted.
func TestLinksInTheWorkingCopyShowNothing(t *testing.T) {
	outside := t.TempDir()
	needConfinement(t)
	dir := filepath.Join(outside, "work")
	write(t, filepath.Join(outside, "secret", "config"), "hunter2")
	write(t, filepath.Join(dir, ".git", "index"), "")
	for link, target := range map[string]string{".git/config": "config", ".git/hooks": "", "modules": ""} {
		if err := os.Symlink(filepath.Join(outside, "secret", target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOMODCACHE", filepath.Join(dir, "modules"))
	t.Setenv("SSL_CERT_FILE", filepath.Join(dir, ".git", "config"))
	got := start(t, Command{Dir: dir, Shell: "cat .git/config .git/hooks/config modules/config", Policy: Require, ReadOnly: []string{filepath.Join(dir, "modules")}})
	if strings.Contains(got.Output, "hunter2") || got.ExitCode != 1 {
		t.Errorf("%+v", got)
	}
}

// TestGitSettingsAreReadOnly: git obeys them outside, with the user's rights.
func TestGitSettingsAreReadOnly(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	shell := `git config core.fsmonitor /tmp/x; echo x > .git/hooks/post-checkout; mv .git away; rm -rf .git/config; git status --short >/dev/null && git -c user.name=A -c user.email=a@example.com commit -q --allow-empty -m works && git log --format=%s`
	got := start(t, Command{Dir: dir, Shell: "exec 2>/dev/null; " + shell, Policy: Require})
	if got.Output != "works\n" {
		t.Errorf("%+v", got)
	}
	if text := readAll(t, filepath.Join(dir, ".git", "config")); strings.Contains(text, "fsmonitor") {
		t.Errorf("the settings are\n%s", text)
	}
	absent(t, filepath.Join(dir, ".git", "hooks", "post-checkout"))
	linked := t.TempDir()
	write(t, filepath.Join(linked, ".git"), "gitdir: /nowhere\n")
	start(t, Command{Dir: linked, Shell: "rm -f .git; mv .git x; echo 'gitdir: /tmp' > .git", Policy: Require})
	if text := readAll(t, filepath.Join(linked, ".git")); text != "gitdir: /nowhere\n" {
		t.Errorf("the pointer is %q", text)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	abstract := filepath.Base(t.TempDir()) + strconv.Itoa(os.Getpid())
	local, err := net.Listen("unix", "@"+abstract)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	f := func(attack, target string, network, wantWorks bool) {
		t.Helper()
		got := assault(t, Command{Network: network}, attack, target)
		if works := got.ExitCode == 0; works != wantWorks || got.Network != network {
			t.Errorf("%s with network %v: %+v", attack, network, got)
		}
	}
	f("tcp", listener.Addr().String(), false, false)
	f("tcp", listener.Addr().String(), true, true)
	f("abstract", abstract, false, false)
	if landlockVersion() >= 6 {
		f("abstract", abstract, true, false) // Landlock's part
	}
	f("loopback", "", false, true)
	f("udp", datagrams.LocalAddr().String(), false, true) // into its own loopback
	if err := datagrams.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := datagrams.ReadFrom(make([]byte, 10)); err == nil {
		t.Errorf("a datagram of %d bytes came out", n)
	}
}

func TestProcessesOutside(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	shell := "ls /proc | grep -c '^[0-9]'; kill -9 " + strconv.Itoa(os.Getpid()) + " 2>/dev/null; kill -9 1; echo alive"
	got := start(t, Command{Shell: shell, Policy: Require})
	lines := strings.Split(got.Output, "\n")
	if seen, err := strconv.Atoi(lines[0]); err != nil || seen > 6 {
		t.Errorf("%s processes are seen", lines[0])
	}
	if !strings.Contains(got.Output, "alive\n") {
		t.Errorf("the first process was killed from inside: %+v", got)
	}
}

func TestSystemCallsAreFiltered(t *testing.T) {
	t.Parallel()
	if got := assault(t, Command{}, "system calls", ""); got.Output != "" || got.ExitCode != 0 {
		t.Errorf("exit code %d:\n%s", got.ExitCode, got.Output)
	}
}

func TestInheritedDescriptorsAreClosed(t *testing.T) {
	t.Parallel()
	// A descriptor that was left open by whoever started this program.
	fd, err := unix.Open(t.TempDir(), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if got := assault(t, Command{}, "descriptors", ""); got.Output != "" {
		t.Errorf("the command holds\n%s", got.Output)
	}
}

// A set-user-id program of another user, which outside runs as that user.
func TestSetUserIDGainsNothing(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can make a program of another user")
	}
	program, err := exec.LookPath("id")
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	dir := t.TempDir()
	for parent := dir; parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "id"), readAll(t, program))
	if err := errors.Join(os.Chown(filepath.Join(dir, "id"), 65534, 65534), os.Chmod(filepath.Join(dir, "id"), 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	f := func(policy Policy, want string) {
		t.Helper()
		if got := start(t, Command{Dir: dir, Shell: "./id -u", Policy: policy}); strings.TrimSpace(got.Output) != want {
			t.Errorf("policy %d: %+v", policy, got)
		}
	}
	f(Unsafe, "65534") // else this test says nothing
	f(Require, "0")
}

func TestProcessesAreLimited(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	w := newWitness(t, t.TempDir())
	shell := w.hold() + "i=0; while :; do sleep 1000 & i=$((i+1)); echo $i; done"
	got := start(t, Command{Dir: w.dir, Shell: shell, Timeout: 20 * time.Second, Policy: Require, Limits: Limits{Processes: 100}})
	lines := strings.Split(got.Output, "\n")
	most := 0
	for _, line := range lines {
		if n, err := strconv.Atoi(line); err == nil {
			most = n
		}
	}
	// The namespace ends at 301 where it is root that forks.
	if got.TimedOut || most < 50 || most > 301 {
		t.Errorf("%d processes were started: exit code %d, exceeded %q, timed out %v", most, got.ExitCode, got.Exceeded, got.TimedOut)
	}
	w.gone(t)
}

func TestForkBomb(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	w := newWitness(t, t.TempDir())
	got := start(t, Command{
		Dir: w.dir, Shell: w.hold() + "f() { f & f & }; f 2>/dev/null; wait; sleep 1000", Timeout: 2 * time.Second, Policy: Require, Limits: Limits{Processes: 60},
	})
	// Who meets the limit first is chance: the bomb, which goes on until the time-out or
	// until the watchdog sees it, or the shell that waits for it, which gives up, where its
	// own words may have gone with the bomb's. It must not come to its end, and leave nothing behind.
	if !got.TimedOut && got.Exceeded != exceededProcesses && got.ExitCode == 0 {
		t.Errorf("%+v", got)
	}
	w.gone(t)
}

func TestMemoryIsLimited(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"private", "shared"} {
		got := assault(t, Command{Limits: Limits{Memory: 200 << 20}}, kind, "")
		if got.Exceeded != exceededMemory || got.ExitCode != 137 {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestScratchSpaceIsLimited(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	shell := "for d in /tmp /var/tmp /dev/shm $HOME; do head -c 6000000 /dev/zero > $d/x; done 2>/dev/null; cat /tmp/x /var/tmp/x /dev/shm/x $HOME/x | wc -c"
	got := start(t, Command{Shell: shell, Policy: Require, Limits: Limits{Scratch: 10 << 20}})
	if n, err := strconv.Atoi(strings.TrimSpace(got.Output)); err != nil || n > 10<<20 || n < 8<<20 {
		t.Errorf("%+v", got)
	}
}

func TestDiskIsLimited(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	limits := Limits{Disk: 10 << 20, FileSize: 100 << 20}
	got := start(t, Command{Shell: "i=0; while [ $i -lt 300 ]; do i=$((i+1)); head -c 1000000 /dev/zero > f$i; done", Policy: Require, Limits: limits})
	if got.Exceeded != exceededDisk {
		t.Errorf("many files: %+v", got)
	}
	dir := t.TempDir()
	got = assault(t, Command{Dir: dir, Limits: Limits{Disk: 10 << 20, FileSize: 1 << 30}}, "nameless", filepath.Join(dir, "f"))
	if got.Exceeded != exceededDisk {
		t.Errorf("a deleted file: %+v", got)
	}
	got = start(t, Command{Shell: "head -c 20000000 /dev/zero > f; ls -s f", Policy: Require, Limits: Limits{FileSize: 1 << 20}})
	if !strings.HasPrefix(strings.TrimPrefix(got.Output[strings.LastIndex(strings.TrimSpace(got.Output), "\n")+1:], " "), "1024 ") {
		t.Errorf("one file: %+v", got)
	}
	full := t.TempDir() // what was there before does not count
	write(t, filepath.Join(full, "old"), strings.Repeat("x", 30<<20))
	if got = start(t, Command{Dir: full, Shell: "sleep 0.2", Policy: Require, Limits: limits}); got.Exceeded != "" || got.ExitCode != 0 {
		t.Errorf("an old file: %+v", got)
	}
}

func TestProcessorTimeAndOpenFilesAreLimited(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	got := start(t, Command{Shell: "while :; do :; done", Policy: Require, Timeout: time.Minute, Limits: Limits{CPU: time.Second}})
	if got.TimedOut || got.ExitCode < 128 {
		t.Errorf("%+v", got)
	}
	if got = start(t, Command{Shell: "ulimit -n; ulimit -Hn", Policy: Require, Limits: Limits{OpenFiles: 77}}); got.Output != "77\n77\n" {
		t.Errorf("%+v", got)
	}
}

func TestDaemonsEndWithTheCommand(t *testing.T) {
	t.Parallel()
	w := newWitness(t, t.TempDir())
	if got := assault(t, Command{Dir: w.dir}, "daemon", w.path); got.ExitCode != 0 {
		t.Fatalf("%+v", got)
	}
	w.gone(t)
}

// TestKilledParent: whatever kills selfheal, nothing of the command goes on.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	w := newWitness(t, t.TempDir())
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(program)
	// What a killed selfheal cannot remove is an empty directory.
	parent.Env = append(os.Environ(), attackVariable+"=run", argumentVariable+"="+w.dir, "TMPDIR="+t.TempDir())
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := waitForLine(w.end)
	if err != nil || line != "running" {
		t.Errorf("the command said %q, error %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = parent.Wait() // it was killed
	w.gone(t)
}

// A time limit that passes before the command has started is a time limit, and no
// reason to run the command unconfined.
func TestTimeoutWhileTheSandboxIsBuilt(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	for _, limit := range []time.Duration{time.Nanosecond, time.Millisecond, 5 * time.Millisecond} {
		got, err := Run(t.Context(), Command{Dir: t.TempDir(), Shell: "sleep 1000", Timeout: limit})
		if err != nil || !got.TimedOut || got.Confinement == ConfinementNone || got.ExitCode != 137 {
			t.Errorf("%v: %+v, error %v", limit, got, err)
		}
	}
}

// TestAttemptsWorkOutside: an attempt that fails everywhere says nothing when it
// is blocked inside.
func TestAttemptsWorkOutside(t *testing.T) {
	t.Parallel()
	o, err := newOutside()
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	var out bytes.Buffer
	order, err := json.Marshal(o.targets)
	if err != nil {
		t.Fatal(err)
	}
	if code := probe(&out, string(order)); code != 0 {
		t.Fatal(code)
	}
	var escapes []Escape
	if err := json.Unmarshal(out.Bytes(), &escapes); err != nil {
		t.Fatal(err)
	}
	machine := map[string]bool{ // depends on the user and the kernel
		"hold a capability": true, "make a user namespace": true, "prepare a mount": true, "open a socket to the hypervisor": true,
	}
	for _, e := range escapes {
		if e.Blocked && !machine[e.Attempt] {
			t.Errorf("%s: %s", e.Attempt, e.Detail)
		}
	}
	if o.judgeWrite().Blocked {
		t.Error("the written file is not seen")
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	got := Detect(t.Context(), "")
	if !got.Confined() || got.Hint != "" || len(got.Features) == 0 {
		t.Errorf("%+v", got)
	}
	for _, r := range got.Rungs {
		for _, e := range r.Escapes {
			if !e.Blocked {
				t.Errorf("%s: %+v", r.Name, e)
			}
		}
	}
}

// TestAsOrdinaryUser runs the tests of this file once more without root.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	needConfinement(t)
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: the other tests are run by an ordinary user already")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "selfheal-ordinary-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write(t, filepath.Join(dir, "sandbox.test"), readAll(t, program))
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(filepath.Join(dir, "sandbox.test"), 0o755)); err != nil {
		t.Fatal(err)
	}
	tests := "^(TestRun|TestHomeIsHidden|TestFilesOutside|TestNetwork|TestProcesses.*|TestMemoryIsLimited|TestDiskIsLimited|TestSystemCalls.*|TestKilledParent|TestDetect)$"
	command := exec.Command(filepath.Join(dir, "sandbox.test"), "-test.run", tests, "-test.v")
	command.Dir, command.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFilesOutside") {
		t.Errorf("%v\n%s", err, out)
	}
}

func BenchmarkTrue(b *testing.B) {
	for name, policy := range map[string]Policy{"confined": Require, "unconfined": Unsafe} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			for b.Loop() {
				if _, err := Run(b.Context(), Command{Dir: dir, Shell: "true", Policy: policy}); err != nil {
					b.Skipf("SKIPPED: %v", err)
				}
			}
		})
	}
}
