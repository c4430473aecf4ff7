package app

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/buildlog"
)

// readBuildLog reads the output of a build from a file or standard input.
func (a *App) readBuildLog(ctx context.Context, r CheckRequest) (selfheal.BuildFailure, error) {
	log, err := logSource([]string{r.BuildLog}, r.Stdin)
	if err != nil {
		return selfheal.BuildFailure{}, err
	}
	reader := buildlog.New()
	err = log.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
		reader.Line(e.Line)
		return nil
	})
	if err != nil {
		return selfheal.BuildFailure{}, fmt.Errorf("read build log: %w", err)
	}
	return reader.Failure(0), nil
}

// dockerfilesOf lists where the Dockerfile of a command may be, in the repository:
// what a flag names, and the folders that it is given. folder is where it runs.
func dockerfilesOf(args []string, folder string) []string {
	var all []string
	for i, arg := range args {
		switch name, value, ok := strings.Cut(arg, "="); {
		case i == 0:
		case name == "-f" || name == "--file":
			if !ok && i+1 < len(args) {
				value = args[i+1]
			}
			all = append([]string{path.Join(folder, value)}, all...)
		case strings.HasPrefix(arg, "-") || strings.Contains(arg, ":") || path.IsAbs(arg):
		default:
			all = append(all, path.Join(folder, arg, "Dockerfile"), path.Join(folder, arg, "Containerfile"))
		}
	}
	return all
}

// placed completes a failure by what the repository says of the step, and scrubs
// it of secrets. files are where the Dockerfile may be.
func (a *App) placed(ctx context.Context, revision string, f selfheal.BuildFailure, files []string) selfheal.BuildFailure {
	if f.Builder != "make" && revision != "" {
		f = a.located(ctx, revision, f, files)
	}
	return a.scrubbed(f)
}

// maxDockerfiles is how many Dockerfiles of a repository are looked at for a step.
const maxDockerfiles = 50

// located finds the step's instruction: in the file that is named, where builders
// look for it, or in the one Dockerfile of the repository that holds it.
func (a *App) located(ctx context.Context, revision string, f selfheal.BuildFailure, files []string) selfheal.BuildFailure {
	for _, name := range append(files, f.Dockerfile, "Dockerfile", "Containerfile") {
		if in, ok := a.instruction(ctx, revision, name, f); ok {
			return placedAt(f, name, in)
		}
	}
	if f.Command == "" {
		return f
	}
	entries, err := a.repository.ListFiles(ctx, revision)
	if err != nil {
		return f // the place is not worth more than that
	}
	var only selfheal.BuildFailure
	looked, found := 0, 0
	for _, e := range entries {
		if looked == maxDockerfiles {
			break
		}
		if base := strings.ToLower(path.Base(e.Path)); !strings.Contains(base, "dockerfile") && !strings.HasPrefix(base, "containerfile") {
			continue
		}
		looked++
		if in, ok := a.instruction(ctx, revision, e.Path, f); ok {
			only = placedAt(f, e.Path, in)
			found++
		}
	}
	if found == 1 {
		return only
	}
	return f
}

func placedAt(f selfheal.BuildFailure, name string, in buildlog.Instruction) selfheal.BuildFailure {
	f.Dockerfile, f.Line, f.End = path.Clean(name), in.Line, in.End
	if f.Command == "" {
		f.Command = in.Text
	}
	return f
}

// instruction finds the failed step in one file; ok is false when it is not there.
func (a *App) instruction(ctx context.Context, revision, name string, f selfheal.BuildFailure) (buildlog.Instruction, bool) {
	name = path.Clean(name)
	if name == "." || strings.HasPrefix(name, "../") {
		return buildlog.Instruction{}, false
	}
	content, err := a.repository.File(ctx, revision, name)
	if err != nil {
		return buildlog.Instruction{}, false
	}
	return buildlog.Locate(content, f)
}

func (a *App) scrubbed(f selfheal.BuildFailure) selfheal.BuildFailure {
	f.Step, f.Command = a.redactor.String(f.Step), a.redactor.String(f.Command)
	f.Errors = slices.Clone(f.Errors)
	for i := range f.Errors {
		f.Errors[i].Message = a.redactor.String(f.Errors[i].Message)
	}
	if len(f.Tail) > 0 {
		f.Tail = strings.Split(a.redactor.String(strings.Join(f.Tail, "\n")), "\n") // some secrets span lines
	}
	return f
}

// maxQuoted is how many lines of an instruction are quoted.
const maxQuoted = 6

// quote reads the lines of the failed instruction; none when they cannot be read.
func (a *App) quote(ctx context.Context, revision string, f selfheal.BuildFailure) []string {
	if f.End == 0 && f.Builder != "make" || f.Dockerfile == "" || f.Line == 0 || revision == "" {
		return nil // it was not found, and what stands there may be anything
	}
	content, err := a.repository.File(ctx, revision, strings.TrimPrefix(f.Dockerfile, "./"))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(content), "\n")
	if f.Line > len(lines) {
		return nil
	}
	var quoted []string
	for _, text := range lines[f.Line-1 : min(len(lines), max(f.Line, f.End), f.Line-1+maxQuoted)] {
		quoted = append(quoted, a.redactor.String(strings.TrimRight(text, "\r")))
	}
	return quoted
}
