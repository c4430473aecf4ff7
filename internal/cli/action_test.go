package cli_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v4"
)

// actionFile is action.yml, as far as the runner of these tests knows it.
type actionFile struct {
	Inputs map[string]struct {
		Description string `yaml:"description"`
		Required    bool   `yaml:"required"`
		Default     string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Description string `yaml:"description"`
		Value       string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string       `yaml:"using"`
		Steps []actionStep `yaml:"steps"`
	} `yaml:"runs"`
}

type actionStep struct {
	Name      string            `yaml:"name"`
	ID        string            `yaml:"id"`
	Uses      string            `yaml:"uses"`
	Shell     string            `yaml:"shell"`
	Run       string            `yaml:"run"`
	Directory string            `yaml:"working-directory"`
	Env       map[string]string `yaml:"env"`
}

func readAction() (actionFile, error) {
	var a actionFile
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		return a, err
	}
	return a, yaml.Unmarshal(text, &a)
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z]+)\.([a-z_-]+) *\}\}`)

// expand puts in what GitHub would for the contexts that action.yml uses.
func expand(text string, values map[string]string) (string, error) {
	var unknown error
	text = expression.ReplaceAllStringFunc(text, func(found string) string {
		m := expression.FindStringSubmatch(found)
		value, known := values[m[1]+"."+m[2]]
		if !known {
			unknown = fmt.Errorf("unknown expression %s", found)
		}
		return value
	})
	return text, unknown
}

// step runs one step of the action as a runner does: in bash, with what is in the
// environment and nothing put into the script.
func (s actionStep) run(values map[string]string, dir string, env []string, log *os.File) (int, error) {
	if s.Shell != "bash" {
		return 0, fmt.Errorf("step %q: shell %q", s.Name, s.Shell)
	}
	if expression.MatchString(s.Run) {
		return 0, fmt.Errorf("step %q puts an expression into its script, where anybody's text would be run", s.Name)
	}
	command := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	command.Dir, command.Stdout, command.Stderr = dir, log, log
	if s.Directory != "" {
		var err error
		if command.Dir, err = expand(s.Directory, values); err != nil {
			return 0, err
		}
	}
	command.Env = slices.Clone(env)
	for name, text := range s.Env {
		value, err := expand(text, values)
		if err != nil {
			return 0, err
		}
		command.Env = append(command.Env, name+"="+value)
	}
	err := command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// build runs the step "Build selfheal", once per story; temp is what the runner calls RUNNER_TEMP.
func build(a actionFile, temp string) error {
	if _, err := os.Stat(temp); err == nil {
		return nil
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(temp, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	at := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.Name == "Build selfheal" })
	code, err := a.Runs.Steps[at].run(map[string]string{"github.action_path": root}, temp, append(os.Environ(), "RUNNER_TEMP="+temp), log)
	if err == nil && code != 0 {
		text, _ := os.ReadFile(log.Name())
		err = fmt.Errorf("exit code %d:\n%s", code, text)
	}
	return err
}

// action runs the step that judges, with the program that the step before it built.
func action(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: action CODE NAME=VALUE...")
	}
	a, err := readAction()
	ts.Check(err)
	temp := ts.MkAbs("runner")
	ts.Check(build(a, temp))
	values := map[string]string{"github.token": "ghs_of_the_workflow"}
	for name, input := range a.Inputs {
		values["inputs."+name], err = expand(input.Default, values)
		ts.Check(err)
	}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		if _, known := a.Inputs[name]; !known {
			ts.Fatalf("the action has no input %q", name)
		}
		values["inputs."+name] = strings.ReplaceAll(value, `\n`, "\n")
	}
	env := []string{"RUNNER_TEMP=" + temp, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT=" + ts.MkAbs("output"), "GITHUB_STEP_SUMMARY=" + ts.MkAbs("summary")}
	for _, name := range []string{"PATH", "HOME", "XDG_STATE_HOME", "GIT_CONFIG_GLOBAL", "SELFHEAL_UNSAFE_NO_SANDBOX", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY", "GITHUB_SHA"} {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	for _, file := range []string{"output", "summary"} {
		ts.Check(os.WriteFile(ts.MkAbs(file), nil, 0o600))
	}
	log, err := os.Create(ts.MkAbs("log"))
	ts.Check(err)
	defer log.Close()
	at := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.ID == "judge" })
	code, err := a.Runs.Steps[at].run(values, ts.MkAbs("."), env, log)
	ts.Check(err)
	if want := number(ts, args[0]); code != want {
		text, _ := os.ReadFile(log.Name())
		ts.Fatalf("exit code %d, want %d:\n%s", code, want, text)
	}
}

// TestAction holds action.yml against what the program reads and writes.
func TestAction(t *testing.T) {
	t.Parallel()
	a, err := readAction()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("ci.go")
	if err != nil {
		t.Fatal(err)
	}
	writer, err := os.ReadFile("ci_github.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "action.md"))
	if err != nil {
		t.Fatal(err)
	}
	judge := a.Runs.Steps[len(a.Runs.Steps)-1]
	passed := 0
	for name, input := range a.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if name == "token" {
			variable = "GITHUB_TOKEN"
		}
		if judge.Env[variable] != "${{ inputs."+name+" }}" {
			t.Errorf("the input %s is not handed on as %s", name, variable)
		}
		passed++
		if name != "token" && !regexp.MustCompile(`["=]`+name+`"`).Match(source) {
			t.Errorf("the input %s is not read", name)
		}
		if input.Description == "" || !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the input %s is not documented", name)
		}
	}
	if a.Runs.Using != "composite" || passed+1 != len(judge.Env) { // and WORKFLOW_TOKEN
		t.Errorf("using %s, %d variables for %d inputs", a.Runs.Using, len(judge.Env), passed)
	}
	for name, output := range a.Outputs {
		if output.Value != "${{ steps.judge.outputs."+name+" }}" || !strings.Contains(string(writer), `{"`+name+`", `) {
			t.Errorf("the output %s is not written", name)
		}
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the output %s is not documented", name)
		}
	}
}

// outputsOf reads the file of outputs as the runner does.
func outputsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, end, ok := strings.Cut(s.Text(), "<<")
		if !ok {
			t.Fatalf("no output begins at %q", s.Text())
		}
		var lines []string
		for s.Scan() && s.Text() != end {
			lines = append(lines, s.Text())
		}
		all[name] = strings.Join(lines, "\n")
	}
	return all
}

// TestExamples holds the example workflows against action.yml.
func TestExamples(t *testing.T) {
	t.Parallel()
	a, err := readAction()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "ci", "github-*.yml"))
	if err != nil || len(pages) != 3 {
		t.Fatalf("%v, %v", pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var w struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Steps []struct {
					Uses string
					With map[string]any
				}
			}
		}
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		used := 0
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "OWNER/selfheal@") {
					continue
				}
				used++
				for name := range step.With {
					if _, known := a.Inputs[name]; !known {
						t.Errorf("%s: the action has no input %q", page, name)
					}
				}
			}
		}
		if used != 1 || len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: %d uses, permissions %v", page, used, w.Permissions)
		}
	}
}

// gitlab runs the script of docs/ci/gitlab.yml as a runner of GitLab does: one
// line after the other, in a shell that stops at the first error.
func gitlab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: gitlab CODE NAME=VALUE...")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci", "gitlab.yml"))
	ts.Check(err)
	var template map[string]struct {
		Before []string `yaml:"before_script"`
		Script []string `yaml:"script"`
	}
	ts.Check(yaml.Unmarshal(text, &template))
	job := template[".selfheal"]
	if len(job.Script) == 0 {
		ts.Fatalf("the template has no script")
	}
	command := exec.Command("sh", "-e", "-c", strings.Join(append(job.Before, job.Script...), "\n"))
	command.Dir = ts.MkAbs(".")
	command.Env = args[1:]
	for _, name := range []string{"PATH", "HOME", "XDG_STATE_HOME", "GIT_CONFIG_GLOBAL", "SELFHEAL_UNSAFE_NO_SANDBOX"} {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	if want := number(ts, args[0]); command.ProcessState.ExitCode() != want {
		ts.Fatalf("exit code %d, want %d:\n%s", command.ProcessState.ExitCode(), want, out)
	}
}
