package sandbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	watchEvery = 50 * time.Millisecond
	// The working copy is walked when its disk filled up enough to matter, and
	// else rarely: at most a twentieth of the time goes into walking.
	walkShare = 20
	walkEvery = 5 * time.Second
)

// watchdog measures what a sandbox uses as a whole, which no limit of the kernel
// does without a control group of one's own: it reads the sandbox's /proc, where
// its processes are and no others, from outside, where none of them reaches it.
type watchdog struct {
	limits  Limits
	proc    *os.File // the sandbox's /proc
	scratch *os.File // a directory of its scratch space
	dir     string
	done    <-chan struct{} // closed when there is nothing to watch any more

	sizeBefore int64 // of the working copy, in bytes
	growth     int64 // of the working copy, when it was last walked
	free       int64 // on its disk, then
	walked     time.Time
	walkTook   time.Duration
}

// newWatchdog watches the sandbox whose first process is pid; the command must
// not have started.
func newWatchdog(pid int, o order) (*watchdog, error) {
	w := &watchdog{limits: o.Limits, dir: o.Dir}
	root := "/proc/" + strconv.Itoa(pid) + "/root"
	var err error
	if w.proc, err = os.Open(root + "/proc"); err != nil {
		return nil, err
	}
	if w.scratch, err = os.Open(root + insideHome); err != nil {
		w.close()
		return nil, err
	}
	w.walk(time.Now())
	w.sizeBefore, w.growth = w.growth, 0
	return w, nil
}

func (w *watchdog) close() {
	_ = w.proc.Close()
	if w.scratch != nil {
		_ = w.scratch.Close()
	}
}

// run watches until done is closed, or a limit is exceeded: then it kills, and
// gives the limit's name.
func (w *watchdog) run(done <-chan struct{}, kill func() error) string {
	w.done = done
	defer w.close()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return ""
		case now := <-tick.C:
			if limit := w.exceeded(now); limit != "" {
				_ = kill() // it may have ended by itself
				return limit
			}
		}
	}
}

func (w *watchdog) exceeded(now time.Time) string {
	memory, tasks := w.usage()
	switch {
	case tasks > w.limits.Processes:
		return exceededProcesses
	case memory > w.limits.Memory && w.exactMemory() > w.limits.Memory:
		return exceededMemory
	case w.mayHaveGrown(now) && w.overDisk(now):
		return exceededDisk
	}
	return ""
}

// usage is the memory in bytes and the threads of all processes but the first. Memory that
// processes share is counted for each of them.
func (w *watchdog) usage() (memory int64, tasks int) {
	memory = w.scratchUsed()
	for _, pid := range w.processes() {
		status := w.read(pid, "status")
		memory += kibibytes(status, "RssAnon:", "RssShmem:", "VmSwap:")
		tasks += int(field(status, "Threads:"))
	}
	return memory, tasks
}

// exactMemory divides what is shared among those who share it. It takes the
// kernel far longer, so it is asked before a command is killed only.
func (w *watchdog) exactMemory() int64 {
	memory := w.scratchUsed()
	for _, pid := range w.processes() {
		if shares := w.read(pid, "smaps_rollup"); len(shares) > 0 {
			memory += kibibytes(shares, "Pss_Anon:", "Pss_Shmem:", "SwapPss:")
		} else { // it has ended, or is hidden from us: then what is known counts
			memory += kibibytes(w.read(pid, "status"), "RssAnon:", "RssShmem:", "VmSwap:")
		}
	}
	return memory
}

// kibibytes adds up fields that are in KiB, and gives bytes.
func kibibytes(text []byte, names ...string) int64 {
	var sum int64
	for _, name := range names {
		sum += field(text, name)
	}
	return sum << 10
}

func (w *watchdog) scratchUsed() int64 {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(w.scratch.Fd()), &stat); err != nil {
		return 0
	}
	return int64(stat.Blocks-stat.Bfree) * int64(stat.Bsize) //nolint:unconvert // the type differs by processor
}

// processes are the sandbox's, without the first one, which is selfheal's.
func (w *watchdog) processes() []string {
	if _, err := w.proc.Seek(0, 0); err != nil {
		return nil
	}
	names, _ := w.proc.Readdirnames(-1) // what was read before an error counts
	var pids []string
	for _, name := range names {
		if name[0] >= '1' && name[0] <= '9' && name != "1" {
			pids = append(pids, name)
		}
	}
	return pids
}

// read gives a file about a process; nothing when that has ended.
func (w *watchdog) read(pid, name string) []byte {
	fd, err := unix.Openat(int(w.proc.Fd()), pid+"/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	file := os.NewFile(uintptr(fd), name)
	defer func() { _ = file.Close() }()
	text := make([]byte, 8<<10)
	n, _ := file.Read(text) // of a process that has ended: nothing
	return text[:n]
}

// field is the number that follows a name at the start of a line.
func field(text []byte, name string) int64 {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), name); found {
			value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}

// mayHaveGrown tells whether the working copy can have outgrown its limit since it
// was walked: not while its disk lost less than what was left, unless others free
// space meanwhile, which is why it is walked now and then all the same.
func (w *watchdog) mayHaveGrown(now time.Time) bool {
	since := now.Sub(w.walked)
	if since < w.walkTook*walkShare {
		return false
	}
	return since > walkEvery || w.free-freeSpace(w.dir) > w.limits.Disk-w.growth
}

func freeSpace(dir string) int64 {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0
	}
	return int64(stat.Bfree) * int64(stat.Bsize) //nolint:unconvert // the type differs by processor
}

func (w *watchdog) overDisk(now time.Time) bool {
	w.walk(now)
	w.growth -= w.sizeBefore
	return w.growth > w.limits.Disk
}

// walk measures the working copy, and files in it that have no name any more but
// are open.
func (w *watchdog) walk(now time.Time) {
	w.free = freeSpace(w.dir)
	var size int64
	_ = filepath.WalkDir(w.dir, func(_ string, entry fs.DirEntry, err error) error {
		select {
		case <-w.done:
			return filepath.SkipAll
		default:
		}
		if err != nil {
			return nil //nolint:nilerr // it was deleted meanwhile, or is hidden: what can be seen counts
		}
		if info, err := entry.Info(); err == nil {
			size += allocated(info)
		}
		return nil
	})
	w.growth = size + w.nameless()
	w.walked, w.walkTook = now, time.Since(now)
}

// nameless is the size of deleted files that processes hold open.
func (w *watchdog) nameless() int64 {
	var size int64
	seen := map[[2]uint64]bool{}
	for _, pid := range w.processes() {
		dir := fmt.Sprintf("/proc/self/fd/%d/%s/fd", w.proc.Fd(), pid)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			var stat unix.Stat_t
			if unix.Stat(dir+"/"+entry.Name(), &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Nlink > 0 {
				continue
			}
			if key := [2]uint64{uint64(stat.Dev), stat.Ino}; !seen[key] { //nolint:unconvert // the type differs by processor
				seen[key] = true
				size += stat.Blocks * 512
			}
		}
	}
	return size
}

// allocated is what a file takes on the disk, in bytes; an empty one is not free.
func allocated(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Blocks*512 + 256
	}
	return info.Size()
}
