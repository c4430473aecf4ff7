package sandbox

import "time"

// Limits bounds what a confined command may use. The zero value of each means
// its default. Unconfined commands are bound by their Timeout only.
type Limits struct {
	// Memory is bytes of anonymous and shared memory of all processes together,
	// with what lies in Scratch; the default is three quarters of the machine's.
	Memory int64
	// Processes is how many processes and threads may exist at a time; 4096.
	Processes int
	// Disk is the bytes by which the working copy may grow; 8 GiB.
	Disk int64
	// Scratch is the bytes that fit into /tmp, the home directory and what is
	// written to caches, together. It is memory; the default is a quarter of the machine's.
	Scratch int64
	// FileSize is the largest file that may be written, in bytes; as Disk.
	FileSize int64
	// OpenFiles is how many files one process may have open; 16384.
	OpenFiles int
	// CPU is the processor time of one process, in whole seconds; 0 means that
	// only the Timeout ends it.
	CPU time.Duration
}

// withDefaults fills in what is not set; memory is the machine's, in bytes.
func (l Limits) withDefaults(memory int64) Limits {
	set := func(value *int64, otherwise int64) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	set(&l.Memory, memory/4*3)
	set(&l.Scratch, memory/4)
	set(&l.Disk, 8<<30)
	set(&l.FileSize, l.Disk)
	if l.Processes <= 0 {
		l.Processes = 4096
	}
	if l.OpenFiles <= 0 {
		l.OpenFiles = 16384
	}
	return l
}

// The names of the limits that end a command, as Result.Exceeded gives them.
const (
	exceededMemory    = "memory"
	exceededProcesses = "processes"
	exceededDisk      = "disk"
)
