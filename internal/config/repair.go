package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/repair"
)

// RepairCommand configures a command that writes a fix, such as a coding agent.
type RepairCommand struct {
	// Preset names a coding agent whose command line is known: claude, codex, opencode or aider.
	Preset string `yaml:"preset" json:"preset,omitempty" jsonschema:"enum=claude,enum=codex,enum=opencode,enum=aider"`
	// Run is the shell command itself, in place of a preset. It runs in a working copy of the deployed revision; what is to be repaired is on its standard input and in the file that SELFHEAL_DOSSIER names.
	Run string `yaml:"run" json:"run,omitempty"`
	// Timeout is the longest that it may run.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	// Network lets it use the machine's network, which an agent needs that asks a model elsewhere.
	Network bool `yaml:"network" json:"network,omitempty"`
	// Env names the environment variables that it gets besides those that every command gets, e.g. ANTHROPIC_API_KEY.
	Env []string `yaml:"env" json:"env,omitempty"`
}

// RepairGuards bounds what a command may change.
type RepairGuards struct {
	// MaxLines is how many lines may be added and deleted together.
	MaxLines int `yaml:"max_lines" json:"max_lines,omitempty"`
	// MaxFiles is how many files may be changed.
	MaxFiles int `yaml:"max_files" json:"max_files,omitempty"`
	// AllowPaths are patterns of guarded paths that are let through all the same, e.g. .github/workflows/test.yml, or a folder with a slash at its end. Tests, secrets and git's own files cannot be let through. What was, is told in the pull request.
	AllowPaths []string `yaml:"allow_paths" json:"allow_paths,omitempty"`
}

// RepairLimits are brakes over all incidents of a store; 0 is no limit. A day is the last 24 hours.
type RepairLimits struct {
	// PullRequestsPerDay is how many are opened in a day.
	PullRequestsPerDay int `yaml:"pull_requests_per_day" json:"pull_requests_per_day,omitempty"`
	// OpenPullRequests is how many may be open at once.
	OpenPullRequests int `yaml:"open_pull_requests" json:"open_pull_requests,omitempty"`
	// AttemptsPerIncident is how often one incident's branch is made; 0 means 3.
	AttemptsPerIncident int `yaml:"attempts_per_incident" json:"attempts_per_incident,omitempty"`
	// DollarsPerDay is what models may cost in a day, those of triage included.
	DollarsPerDay float64 `yaml:"dollars_per_day" json:"dollars_per_day,omitempty"`
	// Failures is after how many failures in a row nothing is begun for the time of Pause.
	Failures int `yaml:"failures" json:"failures,omitempty"`
	// Pause is how long nothing is begun then, from the last failure on.
	Pause selfheal.Duration `yaml:"pause" json:"pause,omitempty" jsonschema:"type=string"`
}

func defaultRepair() Repair {
	return Repair{
		Timeout: selfheal.Duration(10 * time.Minute),
		Command: RepairCommand{Timeout: selfheal.Duration(20 * time.Minute)},
		Guards:  RepairGuards{MaxLines: repair.DefaultMaxLines, MaxFiles: repair.DefaultMaxFiles},
		Limits: RepairLimits{
			PullRequestsPerDay: 10, OpenPullRequests: 5, AttemptsPerIncident: 3, DollarsPerDay: 10, Failures: 5, Pause: selfheal.Duration(6 * time.Hour),
		},
	}
}

// presets are command lines by documented flags of the agents, each of which
// works in the current directory without asking. The tests of this program run
// stand-ins of these names; the agents themselves were never run by them. Codex leaves confinement to the sandbox around it.
var presets = map[string]string{
	"claude":   "claude -p --permission-mode acceptEdits",
	"codex":    "codex exec --sandbox danger-full-access -",
	"opencode": `opencode run "$(cat "$SELFHEAL_DOSSIER")"`,
	"aider":    `aider --yes-always --no-auto-commits --message-file "$SELFHEAL_DOSSIER"`,
}

// Line is the command as the shell gets it; empty when none is configured.
func (c RepairCommand) Line() string {
	if c.Run != "" {
		return c.Run
	}
	return presets[c.Preset]
}

// strategies are the names that repair.strategies knows.
var strategies = []string{repair.StrategyRevert, repair.StrategyCommand, repair.StrategyAgent}

// variable is the name of an environment variable.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// withheld are variables that no command gets: by them it could push, or make
// programs load what it wrote.
var withheld = regexp.MustCompile(`(?i)^(GIT_.*|SSH_.*|LD_.*|DYLD_.*|SELFHEAL_.*|(GH|GITHUB|GITLAB|GITEA|FORGEJO|BITBUCKET|CI_JOB)_?(ENTERPRISE_)?(TOKEN|PAT|APP_.*)|HOME|PATH|TMPDIR|PWD)$`)

func (r Repair) validate() error {
	var all []error
	problem := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if r.Timeout <= 0 {
		problem("repair.timeout must be positive, not %s", r.Timeout)
	}
	for i, s := range r.Strategies {
		if !slices.Contains(strategies, s) && !repair.Delegated(s) {
			problem("repair.strategies[%d]: use revert, command, agent, open-swe or github-copilot, not %q", i, s)
		} else if slices.Index(r.Strategies, s) < i {
			problem("repair.strategies[%d]: %s is there already", i, s)
		}
	}
	if slices.Contains(r.Strategies, repair.StrategyCommand) && r.Command.Line() == "" {
		problem("repair.strategies has command, and repair.command has neither preset nor run")
	}
	if r.Guards.MaxLines < 1 || r.Guards.MaxFiles < 1 {
		problem("repair.guards: max_lines and max_files must be positive")
	}
	for i, pattern := range r.Guards.AllowPaths {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			problem("repair.guards.allow_paths[%d]: not a pattern: %q", i, pattern)
		}
	}
	if l := r.Limits; l.PullRequestsPerDay < 0 || l.OpenPullRequests < 0 || l.AttemptsPerIncident < 0 || l.DollarsPerDay < 0 || l.Failures < 0 || l.Pause < 0 {
		problem("repair.limits: a limit is positive, or 0 for none")
	}
	return errors.Join(append(all, r.Command.validate(), r.validateDelegates())...)
}

func (c RepairCommand) validate() error {
	var all []error
	if c.Preset != "" && presets[c.Preset] == "" {
		all = append(all, fmt.Errorf("repair.command.preset: no such preset: %q", c.Preset))
	}
	if c.Preset != "" && strings.TrimSpace(c.Run) != "" {
		all = append(all, errors.New("repair.command: give either preset or run"))
	}
	if c.Timeout <= 0 {
		all = append(all, fmt.Errorf("repair.command.timeout must be positive, not %s", c.Timeout))
	}
	for i, name := range c.Env {
		switch {
		case !variable.MatchString(name):
			all = append(all, fmt.Errorf("repair.command.env[%d]: names only, the values are taken from the environment", i))
		case withheld.MatchString(name):
			all = append(all, fmt.Errorf("repair.command.env[%d]: %s is not given to commands", i, name))
		}
	}
	return errors.Join(all...)
}
