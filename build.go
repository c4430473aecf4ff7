package selfheal

import "time"

// BuildFailure is what the output of a build that failed says about it.
type BuildFailure struct {
	Builder    string       `json:"builder,omitempty"`    // "docker", "buildkit", "buildah", "make"; empty when none was recognised
	Step       string       `json:"step,omitempty"`       // as builders number and word it: "[3/4] RUN go build ./..."; a target of make
	Dockerfile string       `json:"dockerfile,omitempty"` // path of the file that holds the step, as printed, or as found in the repository
	Line       int          `json:"line,omitempty"`       // 1-based, where the step's instruction begins; 0 when it is not known
	End        int          `json:"end,omitempty"`        // last line of the instruction; 0 when it is not known
	Command    string       `json:"command,omitempty"`    // the instruction, or the shell command that failed
	ExitCode   int          `json:"exit_code,omitempty"`  // of the step's command, or else of the builder; 0 when neither is known
	Class      BuildClass   `json:"class"`
	Errors     []BuildError `json:"errors"` // in the order they were printed; never empty
	Tail       []string     `json:"tail"`   // last lines of the step's output, or of all
}

// BuildError is one error that a compiler, a package manager or the builder itself printed.
type BuildError struct {
	Tool    string     `json:"tool,omitempty"` // "go", "gcc", "npm", "docker"; empty for a line that nobody claims
	Class   BuildClass `json:"class"`
	File    string     `json:"file,omitempty"`   // as printed, forward slashes
	Line    int        `json:"line,omitempty"`   // 1-based; 0 when unknown
	Column  int        `json:"column,omitempty"` // 1-based; 0 when unknown
	Code    string     `json:"code,omitempty"`   // "TS2345", "E0308", "ETARGET"
	Message string     `json:"message"`
	At      int64      `json:"at"` // line of the output, from 1
}

// BuildClass says of what kind a build's failure is.
type BuildClass string

// The classes of build failures.
const (
	BuildSyntax      BuildClass = "syntax"  // of the Dockerfile or Makefile, or of a manifest
	BuildCompile     BuildClass = "compile" // a compiler or bundler refused the code
	BuildTest        BuildClass = "test"    // a test failed while building
	BuildDependency  BuildClass = "dependency-resolution"
	BuildMissingFile BuildClass = "missing-file"
	BuildPermission  BuildClass = "permission"
	BuildMemory      BuildClass = "out-of-memory"
	BuildDisk        BuildClass = "disk-full"
	BuildNetwork     BuildClass = "network"
	BuildRegistry    BuildClass = "registry"   // a registry of images or packages answered with an error
	BuildRateLimit   BuildClass = "rate-limit" // a registry said: later
	BuildTimeout     BuildClass = "timeout"
	BuildKilled      BuildClass = "killed" // something outside ended the step
	BuildUnknown     BuildClass = "unknown"
)

// Environment tells of the classes that come from where a build runs rather than
// from what is built: why that is so, and what to do instead of a fix. Both are
// empty for the others.
func (c BuildClass) Environment() (reason, advice string) {
	switch c {
	case BuildMemory:
		return "the machine ran out of memory", "give the build more memory, or run fewer jobs at once, and build again"
	case BuildDisk:
		return "a disk of the machine is full", "free space on the builder (docker system df shows what takes it) and build again"
	case BuildNetwork:
		return "another host could not be reached", "check the network and the proxy of the builder, and build again"
	case BuildRegistry:
		return "a registry did not answer as it should", "look at the registry's status page, and build again once it answers"
	case BuildRateLimit:
		return "a registry limits how much is downloaded", "wait, or log in to the registry or use a mirror, and build again"
	case BuildTimeout:
		return "something did not end in time", "build again; if it keeps happening, the limit is too low or a host too slow"
	case BuildKilled:
		return "the step was killed from outside", "look whether memory ran out, the machine was shut down or the job cancelled, and build again"
	}
	return "", ""
}

// EventBuildSucceeded is in the stream of a service's builds; its payload is [Built].
const EventBuildSucceeded EventType = "build.succeeded"

// StreamBuilds is the kind of stream that holds the green builds of a service
// in an environment; the key is ENVIRONMENT/SERVICE.
const StreamBuilds StreamKind = "builds"

// Built is the payload of [EventBuildSucceeded].
type Built struct {
	Revision string    `json:"revision"` // full commit id that was checked out
	Time     time.Time `json:"time"`     // when the build ended
	Command  string    `json:"command"`  // scrubbed
	Took     Duration  `json:"took"`
	Dirty    bool      `json:"dirty,omitempty"` // the tree had changes that are in no commit
}
