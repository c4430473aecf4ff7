package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// insideHome is the home directory that a confined command sees.
const insideHome = "/home/selfheal"

// mountKind says how a path of the machine appears to the command.
type mountKind string

const (
	mountReadOnly mountKind = "read-only" // the machine's, not writable
	mountWorking  mountKind = "working"   // the machine's, writable: the working copy
	mountGuarded  mountKind = "guarded"   // of the working copy, not writable
	mountScratch  mountKind = "scratch"   // empty, writable, forgotten at the end
	mountCached   mountKind = "cached"    // the machine's; what is written is kept apart and forgotten
	mountDevice   mountKind = "device"    // a device node
)

// mount is one path in the command's file system.
type mount struct {
	Kind     mountKind
	Source   string
	Target   string
	Optional bool // leave it out when it cannot be had
	Written  bool // of a cache: useless when it cannot be written to
}

// layout is the file system that a command sees. What it does not name is not there.
type layout struct {
	Mounts []mount           // a parent before what lies in it
	Links  map[string]string // path to target
	Files  map[string]string // path to content

	dir string // the working copy
}

// systemDirectories hold programs and libraries, nothing of a user.
var systemDirectories = [...]string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
	"/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
}

// systemSettings are what programs need of /etc. Passwords (shadow, sudoers),
// host keys, the settings of docker, kubernetes, mail and package managers (npmrc,
// pip.conf, maven's settings.xml, gitconfig: all may carry tokens) and the private
// keys beside certificates are absent because they are not in this list.
var systemSettings = [...]string{
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
	"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem", "/etc/ca-certificates.conf",
	"/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted", "/etc/crypto-policies",
	"/etc/alternatives", "/etc/localtime", "/etc/timezone", "/etc/os-release", "/etc/debian_version",
	"/etc/mime.types", "/etc/services", "/etc/protocols", "/etc/terminfo", "/etc/fonts", "/etc/perl", "/etc/python3",
	"/etc/maven/m2.conf", "/etc/maven/logging", "/etc/magic",
}

// toolchainsInHome are what version managers keep in a home directory: programs,
// no settings and no credentials.
var toolchainsInHome = [...]string{
	".nvm/versions", ".pyenv", ".rbenv", ".asdf/installs", ".asdf/shims",
	".cargo/bin", ".sdkman/candidates", ".volta/bin", ".volta/tools", ".bun/bin", ".deno/bin",
	".local/bin", ".local/share/mise/installs", ".local/share/uv/python", "go/bin", "sdk",
}

// rustupInHome is what rustup looks for below the home directory of the command,
// where it also wants to write.
var rustupInHome = [...]string{".rustup/toolchains", ".rustup/settings.toml"}

// cachesInHome are downloads that package managers look for in the home directory.
var cachesInHome = [...]string{
	".npm/_cacache", ".cache/yarn", ".local/share/pnpm/store", ".cache/pip", ".cache/uv", ".cargo/registry",
	".m2/repository", ".gradle/caches", ".ivy2/cache", ".cache/coursier", ".nuget/packages",
}

var deviceNodes = [...]string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

// host is what of the calling process decides about the layout.
type host struct {
	getenv   func(string) string
	uid, gid int
}

// newLayout arranges a file system for a command.
func newLayout(c Command, h host) (layout, error) {
	home := h.home()
	if err := checkDirectory(c.Dir, home); err != nil {
		return layout{}, err
	}
	l := layout{dir: c.Dir, Links: map[string]string{}, Files: h.files(c.Network)}
	l.addSystem(c.Network)
	l.addToolchains(h, home)
	l.addCaches(h, home)
	for _, path := range gitDirectories(c.Dir) {
		l.readOnly(path)
	}
	for _, path := range c.ReadOnly {
		l.add(mount{Kind: mountReadOnly, Source: path, Target: path})
	}
	l.addWorkingCopy()
	slices.SortStableFunc(l.Mounts, func(a, b mount) int { return depth(a.Target) - depth(b.Target) })
	return l, nil
}

func depth(path string) int { return strings.Count(filepath.Clean(path), "/") }

// home is the caller's home directory; empty when there is none worth hiding.
func (h host) home() string {
	home := h.getenv("HOME")
	if !filepath.IsAbs(home) || filepath.Clean(home) == "/" {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(home); err == nil {
		return resolved
	}
	return filepath.Clean(home)
}

// checkDirectory refuses working copies that would hand over what must stay hidden.
func checkDirectory(dir, home string) error {
	refuse := func(why string) error {
		return &unableError{reason: "the working copy is " + why, hint: "check the repository out into a directory of its own", final: true}
	}
	if home != "" && within(home, dir) {
		return refuse("the home directory, or contains it")
	}
	for _, system := range [...]string{"/proc", "/sys", "/dev", "/etc", "/boot", "/run/secrets"} {
		if within(dir, system) {
			return refuse("below " + system)
		}
	}
	if within("/tmp", dir) || within("/usr", dir) || dir == "/home" || slices.Contains(systemDirectories[:], dir) {
		return refuse("a directory of the system")
	}
	return nil
}

// within tells whether a clean absolute path is a directory or lies in it.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// add shows a path. What lies in the working copy is visible, and is left alone: a
// link there would show what it points to. So may a project keep its caches.
func (l *layout) add(m mount) {
	if m.Source == "" || !within(m.Source, l.dir) {
		l.Mounts = append(l.Mounts, m)
	}
}

// addWorkingCopy shows the working copy. The settings and hooks of its repository
// are read-only: git would obey them, outside, when somebody calls it there later.
func (l *layout) addWorkingCopy() {
	git := filepath.Join(l.dir, ".git")
	working := []mount{{Kind: mountWorking, Source: l.dir, Target: l.dir}}
	if info, err := os.Lstat(git); err == nil && info.IsDir() {
		// As a mount point of its own it cannot be moved out of the way.
		working = append(working, mount{Kind: mountWorking, Source: git, Target: git})
		for _, name := range [...]string{"config", "config.worktree", "hooks", "info"} {
			path := filepath.Join(git, name)
			working = append(working, mount{Kind: mountGuarded, Source: path, Target: path, Optional: true})
		}
	} else if err == nil {
		working = append(working, mount{Kind: mountGuarded, Source: git, Target: git, Optional: true})
	}
	l.Mounts = append(l.Mounts, working...)
}

// readOnly shows a path where it exists and is not shown already.
func (l *layout) readOnly(path string) {
	if _, err := os.Stat(path); err != nil {
		return
	}
	if !slices.ContainsFunc(l.Mounts, func(m mount) bool { return m.Kind == mountReadOnly && within(path, m.Target) }) {
		l.add(mount{Kind: mountReadOnly, Source: path, Target: path, Optional: true})
	}
}

func (l *layout) addSystem(network bool) {
	for _, path := range systemDirectories {
		if target, err := os.Readlink(path); err == nil {
			l.Links[path] = target
			continue
		}
		l.readOnly(path)
	}
	for _, path := range systemSettings {
		l.readOnly(path)
	}
	for _, pattern := range [...]string{"/etc/java-*", "/etc/python3.*"} {
		matches, _ := filepath.Glob(pattern) // the patterns are well-formed
		for _, path := range matches {
			l.readOnly(path)
		}
	}
	if network {
		l.readOnly("/etc/resolv.conf")
		l.readOnly("/etc/hosts")
	}
	for _, path := range deviceNodes {
		l.add(mount{Kind: mountDevice, Source: path, Target: path})
	}
	l.Links["/dev/fd"] = "/proc/self/fd"
	for i, name := range [...]string{"stdin", "stdout", "stderr"} {
		l.Links["/dev/"+name] = "/proc/self/fd/" + strconv.Itoa(i)
	}
	for _, path := range [...]string{"/tmp", "/var/tmp", "/dev/shm", insideHome} {
		l.add(mount{Kind: mountScratch, Target: path})
	}
}

// addToolchains shows what lies on PATH outside the system's directories, and
// the places in which version managers keep programs.
func (l *layout) addToolchains(h host, home string) {
	if home != "" {
		for _, name := range toolchainsInHome {
			l.readOnly(filepath.Join(home, name))
		}
		for _, name := range rustupInHome {
			l.add(mount{Kind: mountReadOnly, Source: filepath.Join(home, name), Target: filepath.Join(insideHome, name), Optional: true})
		}
	}
	for _, path := range filepath.SplitList(h.getenv("PATH")) {
		if filepath.IsAbs(path) && (home == "" || !within(path, home)) {
			l.readOnly(installation(filepath.Clean(path), home, l.dir))
		}
	}
	if root := goRoot(h.getenv); root != "" && !within(l.dir, root) {
		l.readOnly(root)
	}
	for _, name := range [...]string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if path := h.getenv(name); filepath.IsAbs(path) {
			l.readOnly(filepath.Clean(path))
		}
	}
}

// installation is the directory of a program that is on PATH with its bin
// directory; the bin directory alone where its parent may hold anything else.
func installation(bin, home, dir string) string {
	prefix := filepath.Dir(bin)
	if base := filepath.Base(bin); base != "bin" && base != "sbin" {
		return bin
	}
	if depth(prefix) < 2 || (home != "" && within(home, prefix)) || within(dir, prefix) {
		return bin
	}
	return prefix
}

// goRoot is where Go's own files are, empty when there is no Go.
func goRoot(getenv func(string) string) string {
	if root := getenv("GOROOT"); filepath.IsAbs(root) {
		return filepath.Clean(root)
	}
	program, err := exec.LookPath("go")
	if err != nil {
		return ""
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return ""
	}
	root := filepath.Dir(filepath.Dir(program))
	if _, err := os.Stat(filepath.Join(root, "VERSION")); err != nil {
		return ""
	}
	return root
}

func (l *layout) addCaches(h host, home string) {
	for name, path := range goDirectories(h.getenv) {
		if path = filepath.Clean(path); filepath.IsAbs(path) {
			l.add(mount{Kind: mountCached, Source: path, Target: path, Optional: true, Written: name == "GOCACHE"})
		}
	}
	if home == "" {
		return
	}
	for _, name := range cachesInHome {
		if info, err := os.Stat(filepath.Join(home, name)); err == nil && info.IsDir() {
			l.add(mount{Kind: mountCached, Source: filepath.Join(home, name), Target: filepath.Join(insideHome, name), Optional: true})
		}
	}
}

// files are those of /etc that are made for the command: the machine's tell who
// works there, and name homes that are not there.
func (h host) files(network bool) map[string]string {
	user := fmt.Sprintf("selfheal:x:%d:%d::%s:/bin/sh\n", h.uid, h.gid, insideHome)
	group := fmt.Sprintf("selfheal:x:%d:\n", h.gid)
	if h.uid == 0 {
		user, group = "root:x:0:0::"+insideHome+":/bin/sh\n", "root:x:0:\n"
	}
	files := map[string]string{
		"/etc/passwd":        user + "nobody:x:65534:65534::/:/bin/false\n",
		"/etc/group":         group + "nogroup:x:65534:\n",
		"/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
	}
	if !network {
		files["/etc/hosts"] = "127.0.0.1 localhost " + insideHostname + "\n::1 localhost\n"
	}
	return files
}

// gitDirectories are the repository behind a linked working tree and those whose
// objects it borrows, without which git does not work in it. What the working
// copy says is believed only when a directory outside of it agrees: a command
// that ran there earlier may have written anything into it.
func gitDirectories(dir string) []string {
	admin, err := gitPointer(filepath.Join(dir, ".git"))
	if err != nil || within(admin, dir) || filepath.Base(filepath.Dir(admin)) != "worktrees" {
		return nil
	}
	back, err := os.ReadFile(filepath.Join(admin, "gitdir"))
	if err != nil || !samePath(strings.TrimSpace(string(back)), filepath.Join(dir, ".git")) {
		return nil
	}
	common := filepath.Dir(filepath.Dir(admin))
	return append([]string{common}, borrowedObjects(filepath.Join(common, "objects"), dir, 5)...)
}

// borrowedObjects are the object directories that one borrows from, as far down
// as git follows them. Those in the working copy are not for it to name.
func borrowedObjects(objects, dir string, levels int) []string {
	list, err := os.ReadFile(filepath.Join(objects, "info", "alternates"))
	if err != nil || levels == 0 {
		return nil
	}
	var all []string
	for line := range strings.Lines(string(list)) {
		path := strings.TrimSuffix(line, "\n")
		if unquoted, err := strconv.Unquote(path); err == nil {
			path = unquoted
		}
		path, err := filepath.EvalSymlinks(path)
		if err == nil && filepath.IsAbs(path) && !within(path, dir) {
			all = append(append(all, path), borrowedObjects(path, dir, levels-1)...)
		}
	}
	return all
}

// gitPointer reads where the .git file of a linked working tree points.
func gitPointer(path string) (string, error) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<16 {
		return "", fs.ErrNotExist
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	target, found := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !found || !filepath.IsAbs(target) {
		return "", fs.ErrNotExist
	}
	return filepath.EvalSymlinks(target)
}

func samePath(a, b string) bool {
	resolved, err := filepath.EvalSymlinks(filepath.Dir(a))
	return err == nil && filepath.Join(resolved, filepath.Base(a)) == b
}
