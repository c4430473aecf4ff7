package app

import (
	"io"
	"time"

	"selfheal"
	"selfheal/internal/buildlog"
)

// BuildRun is a build that was run to its end.
type BuildRun struct {
	ExitCode int
	Took     time.Duration
	Output   []byte // what was kept of it
	// Failure is what its output says; only when ExitCode is not 0.
	Failure selfheal.BuildFailure
	// Broken says that the output could not be read, a defect of selfheal's own.
	Broken bool
}

// RunBuild runs a build command, keeps its output and reads it as it comes. An
// error is that the command could not be started.
func RunBuild(c Command, clock selfheal.Clock) (BuildRun, error) {
	reader := &guarded{reader: buildlog.New()}
	output := &Output{}
	c.Tee = io.MultiWriter(output, reader)
	begin := clock()
	code, err := c.Run()
	run := BuildRun{ExitCode: code, Took: clock().Sub(begin)}
	if err != nil {
		return run, err
	}
	run.Output = output.Bytes()
	if code != 0 {
		run.Failure = reader.failure(code)
	}
	run.Broken = reader.broken
	return run, nil
}

// guarded keeps a defect in the reading of the output away from the build, which
// must end as it would without anybody reading.
type guarded struct {
	reader *buildlog.Reader
	broken bool
}

func (g *guarded) Write(p []byte) (n int, err error) {
	if g.broken {
		return len(p), nil
	}
	defer func() {
		if recover() != nil {
			g.broken, n, err = true, len(p), nil
		}
	}()
	return g.reader.Write(p)
}

func (g *guarded) failure(exitCode int) (f selfheal.BuildFailure) {
	unread := selfheal.BuildFailure{
		Class: selfheal.BuildUnknown, ExitCode: exitCode,
		Errors: []selfheal.BuildError{{Class: selfheal.BuildUnknown, Message: "the output could not be read"}},
	}
	if g.broken {
		return unread
	}
	defer func() {
		if recover() != nil {
			g.broken, f = true, unread
		}
	}()
	return g.reader.Failure(exitCode)
}
