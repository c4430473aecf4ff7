package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// runInDocker runs a command in a container of the image that the command names.
// The image brings the toolchain; the working copy is the only thing of the
// machine in it.
func runInDocker(ctx context.Context, c Command) (Result, error) {
	if c.Image == "" {
		return Result{}, &unableError{reason: "no image was named"}
	}
	program, err := exec.LookPath("docker")
	if err != nil {
		return Result{}, &unableError{reason: "docker is not on PATH"}
	}
	if err := checkDirectory(c.Dir, host{getenv: os.Getenv}.home()); err != nil {
		return Result{}, err
	}
	if strings.ContainsAny(c.Dir, ",\"\n\r") {
		return Result{}, &unableError{reason: "docker cannot mount a path with a comma, a quote or a line end"}
	}
	if out, err := exec.CommandContext(ctx, program, "version", "--format", "{{.Server.Version}}").Output(); err != nil || len(out) < 2 {
		return Result{}, &unableError{reason: "no docker engine answers"}
	}
	return runContainer(ctx, c, program, "selfheal-"+rand.Text())
}

// dockerArguments are those of docker create. The name lets a container be killed
// whose client is gone.
func dockerArguments(c Command, name string) []string {
	limits := c.Limits.withDefaults(machineMemory())
	network := "none"
	if c.Network {
		network = "bridge"
	}
	scratch := ":rw,exec,nosuid,nodev,mode=1777,size=" + strconv.FormatInt(limits.Scratch, 10)
	args := []string{
		"create", "--rm", "--init", "--name", name, "--network", network, "--hostname", insideHostname,
		"--read-only", "--tmpfs", "/tmp" + scratch, "--tmpfs", insideHome + scratch,
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()),
		"--pids-limit", strconv.Itoa(limits.Processes), "--memory", strconv.FormatInt(limits.Memory, 10),
		"--ulimit", "nofile=" + strconv.Itoa(limits.OpenFiles), "--ulimit", "fsize=" + strconv.FormatInt(limits.FileSize, 10), "--ulimit", "core=0",
		"--mount", "type=bind,source=" + c.Dir + ",target=" + c.Dir, "--workdir", c.Dir,
	}
	for _, variable := range append([]string{"HOME=" + insideHome, "TMPDIR=/tmp", "CI=true"}, c.Env...) {
		args = append(args, "--env", variable)
	}
	for _, path := range c.ReadOnly {
		args = append(args, "--mount", "type=bind,readonly,source="+path+",target="+path)
	}
	return append(args, "--entrypoint", "/bin/sh", c.Image, "-c", c.Shell)
}

// runContainer makes a container and starts it: of the two only the first may
// fail without the command having run.
func runContainer(ctx context.Context, c Command, program, name string) (Result, error) {
	limited, cancel := withTimeout(ctx, c.Timeout)
	defer cancel()
	if out, err := exec.CommandContext(limited, program, dockerArguments(c, name)...).CombinedOutput(); err != nil {
		return Result{}, ended(ctx, &unableError{reason: fmt.Sprintf("docker create fails: %.200s", out), hint: "check the image " + c.Image})
	}
	out := newCapture(c.MaxOutput)
	cmd := exec.CommandContext(limited, program, "start", "--attach", name)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, drain
	started := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		removeContainer(ctx, program, name)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Result{}, ended(ctx, err)
	case err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && limited.Err() == nil:
		return Result{}, unavailable(err)
	}
	return Result{
		ExitCode: exitCode(cmd.ProcessState), TimedOut: limited.Err() != nil, Took: time.Since(started), Output: out.String(), Written: out.written,
		Confinement: ConfinementDocker, Network: c.Network,
	}, nil
}

// removeContainer ends a container whose client may be gone, also after the
// context has ended.
func removeContainer(ctx context.Context, program, name string) {
	killing, stop := context.WithTimeout(context.WithoutCancel(ctx), setupTime)
	defer stop()
	_ = exec.CommandContext(killing, program, "rm", "--force", name).Run() // it may have ended by itself
}
