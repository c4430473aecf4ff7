package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Where the new root keeps what is being put together; gone before the command starts.
const (
	scratchName = ".scratch" // one file system, so that one size bounds all that is written to it
	lowerName   = ".lower"
)

// maskedProcesses are files of /proc that are about the machine, not about processes.
var maskedProcesses = [...]string{
	"kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup",
	"sysrq-trigger", "timer_list", "sched_debug", "latency_stats", "vmallocinfo", "slabinfo", "modules",
}

// buildRoot mounts the layout below an empty root and makes that the only root there is.
func buildRoot(o order) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", o.Root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=16m,nr_inodes=64k"); err != nil {
		return fmt.Errorf("mount a new root: %w", err)
	}
	if err := os.Chdir(o.Root); err != nil { // all paths below are relative to it
		return err
	}
	unix.Umask(0o022)
	b := builder{layout: o.Layout}
	for _, step := range []func() error{
		func() error { return b.scratch(o.Limits.Scratch) },
		b.links, b.files, b.mounts,
		func() error { return b.processes(o.Limits) },
		b.finish,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return os.Chdir(o.Dir)
}

// builder puts a root together in the working directory.
type builder struct {
	layout layout
	copies int // on write, so far
}

func inside(path string) string { return "." + filepath.Clean(path) }

// directory makes a directory and its parents, as the system's own are: they are
// mount points in a root that only the sandbox sees.
func directory(path string) error {
	return os.MkdirAll(path, 0o755) //nolint:gosec // see above
}

func file(path, content string) error {
	return os.WriteFile(path, []byte(content), 0o644) //nolint:gosec // /etc/passwd and its like: every user reads them
}

func (b *builder) scratch(size int64) error {
	if err := os.Mkdir(scratchName, 0o700); err != nil {
		return err
	}
	options := "mode=0755,nr_inodes=1m,size=" + strconv.FormatInt(size, 10)
	if err := unix.Mount("tmpfs", scratchName, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("mount scratch space: %w", err)
	}
	return os.Mkdir(lowerName, 0o700)
}

func (b *builder) links() error {
	for path, target := range b.layout.Links {
		if err := directory(filepath.Dir(inside(path))); err != nil {
			return err
		}
		if err := os.Symlink(target, inside(path)); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) files() error {
	for path, content := range b.layout.Files {
		if err := directory(filepath.Dir(inside(path))); err != nil {
			return err
		}
		if err := file(inside(path), content); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) mounts() error {
	for i, m := range b.layout.Mounts {
		if err := b.mount(m, i); err != nil && !m.Optional {
			return fmt.Errorf("mount %s: %w", m.Target, err)
		}
	}
	return nil
}

func (b *builder) mount(m mount, number int) error {
	switch m.Kind {
	case mountReadOnly:
		return bind(m.Source, m.Target, readOnlyAttributes, followLinks)
	case mountWorking:
		return bind(m.Source, m.Target, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, refuseLinks)
	case mountGuarded:
		return bind(m.Source, m.Target, readOnlyAttributes, refuseLinks)
	case mountDevice:
		return bind(m.Source, m.Target, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, followLinks)
	case mountScratch:
		return b.empty(m.Target, "s"+strconv.Itoa(number))
	case mountCached:
		return b.cached(m)
	}
	return fmt.Errorf("unknown kind %q", m.Kind)
}

// empty shows a directory of the scratch space.
func (b *builder) empty(target, name string) error {
	source := filepath.Join(scratchName, name)
	if err := os.Mkdir(source, 0o700); err != nil {
		return err
	}
	mode := os.FileMode(0o755)
	if target != insideHome {
		mode = os.ModeSticky | 0o777
	}
	if err := os.Chmod(source, mode); err != nil {
		return err
	}
	return bind(source, target, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, refuseLinks)
}

// cached shows a directory of the machine, over which what is written lies in the
// scratch space. So a build finds what was built before, and nothing that it
// leaves behind is found by a build outside. Without an overlay, which old kernels
// have not, it is read-only, or empty where that would be of no use.
func (b *builder) cached(m mount) error {
	b.copies++
	name := "c" + strconv.Itoa(b.copies)
	upper, work := filepath.Join(scratchName, name), filepath.Join(scratchName, name+"w")
	lower := filepath.Join(lowerName, name)
	if err := bind(m.Source, "/"+lower, readOnlyAttributes, followLinks); err != nil {
		return b.empty(m.Target, name)
	}
	for _, dir := range [...]string{upper, work, inside(m.Target)} {
		if err := directory(dir); err != nil {
			return err
		}
	}
	options := "userxattr,lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work
	err := unix.Mount("overlay", inside(m.Target), "overlay", unix.MS_NOSUID|unix.MS_NODEV, options)
	_ = unix.Unmount(lower, unix.MNT_DETACH) // the overlay holds it
	switch {
	case err == nil:
		return nil
	case m.Written:
		return b.empty(m.Target, name+"e")
	}
	return bind(m.Source, m.Target, readOnlyAttributes, followLinks)
}

const readOnlyAttributes = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV

// What openat2 does with symbolic links in a source. The working copy's path was
// resolved before: a link that is there now was put there to show something else.
const (
	followLinks = unix.RESOLVE_NO_MAGICLINKS
	refuseLinks = unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_SYMLINKS
)

// bind shows a path of the machine, with all that is mounted below it.
func bind(source, target string, attributes, resolve uint64) error {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: resolve}
	fd, err := unix.Openat2(unix.AT_FDCWD, source, &how)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := mountPoint(fd, inside(target)); err != nil {
		return err
	}
	tree, err := unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
	if err != nil {
		return fmt.Errorf("open_tree: %w", err)
	}
	defer func() { _ = unix.Close(tree) }()
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attributes}); err != nil {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	if err := unix.MoveMount(tree, "", unix.AT_FDCWD, inside(target), unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	return nil
}

// mountPoint makes what can be mounted over: a directory for a directory, a file for all else.
func mountPoint(source int, target string) error {
	var stat unix.Stat_t
	if err := unix.Fstat(source, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
		return directory(target)
	}
	if err := directory(filepath.Dir(target)); err != nil {
		return err
	}
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	return file(target, "")
}

// processes mounts /proc of the new process namespace. It is read-only: a caller
// that is root would otherwise own the kernel's settings below /proc/sys.
func (b *builder) processes(l Limits) error {
	if err := directory("proc"); err != nil {
		return err
	}
	if err := unix.Mount("proc", "proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := limitProcesses(l.Processes); err != nil {
		return fmt.Errorf("limit processes: %w", err)
	}
	// Shared memory that nobody has attached belongs to no process: keep it small, in pages.
	_ = os.WriteFile("proc/sys/kernel/shmall", []byte("16384"), 0) // absent without System V IPC
	for _, name := range maskedProcesses {
		path := filepath.Join("/proc", name)
		if _, err := os.Lstat(inside(path)); err != nil {
			continue
		}
		if err := bind(inside("/dev/null"), path, unix.MOUNT_ATTR_RDONLY, refuseLinks); err != nil {
			return fmt.Errorf("hide %s: %w", path, err)
		}
	}
	return unix.MountSetattr(unix.AT_FDCWD, "proc", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// limitProcesses bounds the process namespace itself: of root's processes the
// kernel counts any number. Before Linux 6.14 the setting is the whole machine's,
// which root could change by mistake; there the watchdog counts.
func limitProcesses(limit int) error {
	if !kernelAtLeast(6, 14) {
		return nil
	}
	const smallest = 301 // that the kernel accepts
	err := os.WriteFile("proc/sys/kernel/pid_max", []byte(strconv.Itoa(max(smallest, limit+16))), 0)
	return ignoring(err, os.ErrPermission)
}

// kernelAtLeast compares the running kernel's version.
func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return false
	}
	var haveMajor, haveMinor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &haveMajor, &haveMinor); err != nil {
		return false
	}
	return haveMajor > major || haveMajor == major && haveMinor >= minor
}

// finish makes the root read-only, the only one, and the machine's unreachable.
func (b *builder) finish() error {
	for _, name := range [...]string{scratchName, lowerName} {
		if err := ignoring(unix.Unmount(name, unix.MNT_DETACH), unix.EINVAL); err != nil {
			return fmt.Errorf("unmount %s: %w", name, err)
		}
	}
	if err := os.RemoveAll(lowerName); err != nil {
		return err
	}
	if err := os.Remove(scratchName); err != nil {
		return err
	}
	if err := directory("run"); err != nil {
		return err
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, ".", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("make the root read-only: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	// The old root now lies on top of the new one.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the old root: %w", err)
	}
	return os.Chdir("/")
}

// ignoring gives an error unless it is one of those that are expected.
func ignoring(err error, expected ...error) error {
	if slices.ContainsFunc(expected, func(e error) bool { return errors.Is(err, e) }) {
		return nil
	}
	return err
}
