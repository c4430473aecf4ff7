// Package config reads selfheal.yaml: one strict file, defaults in code, every
// error at once with its line and a caret. In: a path. Out: a Config that is
// valid as a whole, or an error that says where it is not.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/decide"
	"selfheal/internal/detect"
	"selfheal/internal/group/decode"
	"selfheal/internal/triage"
)

// FileName is the file that is looked for in the repository.
const FileName = "selfheal.yaml"

// Config is everything that selfheal.yaml may say. Every field has a default.
type Config struct {
	// Service is the name of the service; by default the name of the repository's folder.
	Service string `yaml:"service" json:"service,omitempty"`
	// Environment is where it is deployed.
	Environment string `yaml:"environment" json:"environment,omitempty"`
	// Target is the branch that pull requests are made against; by default the repository's default branch.
	Target string `yaml:"target" json:"target,omitempty"`
	// Store is the path of the SQLite file that holds the journal; by default in the user's state directory.
	Store string `yaml:"store" json:"store,omitempty"`
	// Source says where the logs of the service are read, where they are not named on the command line.
	Source Source `yaml:"source" json:"source,omitzero"`
	// Group says how records get their signatures.
	Group Group `yaml:"group" json:"group,omitzero"`
	// Related says how signatures that mean the same are found; by the words they share, unless more is configured.
	Related Related `yaml:"related" json:"related,omitzero"`
	// Detect says when a signature counts as changed.
	Detect detect.Options `yaml:"detect" json:"detect,omitzero"`
	// Triage says where the cause is looked for, and what the files of the repository are.
	Triage Triage `yaml:"triage" json:"triage,omitzero"`
	// Decide says which remedies are allowed.
	Decide decide.Policy `yaml:"decide" json:"decide,omitzero"`
	// Repair says how a repair is proven.
	Repair Repair `yaml:"repair" json:"repair,omitzero"`
	// Forge says where pull requests are opened; on the local forge, unless more is configured.
	Forge Forge `yaml:"forge" json:"forge,omitzero"`
	// Models are the models that agents may ask. Without any, nothing is ever sent to one.
	Models []Model `yaml:"models" json:"models,omitempty"`
	// Agent says which models do what, and what that may cost.
	Agent Agent `yaml:"agent" json:"agent,omitzero"`
	// Serve says how selfheal serve listens, and what it looks after.
	Serve Serve `yaml:"serve" json:"serve,omitzero"`
	// Hooks are the ways to learn of deploys: webhooks that are listened to, and platforms that are asked.
	Hooks []Hook `yaml:"hooks" json:"hooks,omitempty"`
	// Channels are the ways to tell people.
	Channels []Channel `yaml:"channels" json:"channels,omitempty"`
}

// Group configures the grouping of records.
type Group struct {
	// Modules are the package or module prefixes of the service's own code, e.g. "example.com/shop"; by default found in the repository: go.mod, pom.xml, build.gradle, project files of .NET, mix.exs, composer.json, pubspec.yaml, and packages and namespaces that its sources declare.
	Modules []string `yaml:"modules" json:"modules,omitempty"`
	// Format is what the logs are read as, where finding it line by line is not wanted: auto, plain, json, logfmt, klog, syslog or journald.
	Format string `yaml:"format" json:"format,omitempty" jsonschema:"enum=auto,enum=plain,enum=json,enum=logfmt,enum=klog,enum=syslog,enum=journald"`
}

// Triage configures the search for the cause.
type Triage struct {
	// Classes override the class of files; the first match wins.
	Classes []ClassRule `yaml:"classes" json:"classes,omitempty"`
	// Lookback is how far back deploys are looked for that may be the cause of an error that shows late: so many of the last ones, the deploy in question included ("3"), or those of so long a time ("48h", "7d"). By default the deploy in question alone.
	Lookback triage.Lookback `yaml:"lookback" json:"lookback,omitzero"`
	// Prove says when commands are run to find the cause: auto (when a replay command is given and the evidence does not decide), never, or always (when there is a replay or verify command).
	Prove selfheal.ProveWhen `yaml:"prove" json:"prove,omitempty" jsonschema:"enum=auto,enum=never,enum=always"`
	// ProveRuns is how often commands are run for it at most.
	ProveRuns int `yaml:"prove_runs" json:"prove_runs,omitempty"`
	// ProveTime is the time after which no further run begins.
	ProveTime selfheal.Duration `yaml:"prove_time" json:"prove_time,omitempty" jsonschema:"type=string"`
	// Agent lets the models of agent.roles.triage have a second look at verdicts that the rules leave open; as --agent does.
	Agent bool `yaml:"agent" json:"agent,omitempty"`
}

// ClassRule gives all files that match a pattern a class.
type ClassRule struct {
	// Path is a pattern relative to the repository; ** matches any number of folders.
	Path string `yaml:"path" json:"path"`
	// Class is the class of the files that match.
	Class selfheal.FileClass `yaml:"class" json:"class" jsonschema:"enum=runtime,enum=config,enum=prompt,enum=dependency,enum=migration,enum=build,enum=generated,enum=test,enum=docs,enum=ci"`
}

// Repair configures the making and proving of repairs.
type Repair struct {
	// Verify are shell commands that must succeed in a checkout of the repaired revision.
	Verify []string `yaml:"verify" json:"verify,omitempty"`
	// Replay are shell commands that must fail in a checkout of the deployed revision and succeed in one of the repaired revision.
	Replay []string `yaml:"replay" json:"replay,omitempty"`
	// Network lets these commands use the machine's network.
	Network bool `yaml:"network" json:"network,omitempty"`
	// Timeout is the longest that one command may run.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	// Strategies are the ways to repair that --repair auto tries, in this order: revert, command, agent (the models of agent.roles.fix), open-swe, github-copilot.
	Strategies []string `yaml:"strategies" json:"strategies,omitempty" jsonschema:"enum=revert,enum=command,enum=agent,enum=open-swe,enum=github-copilot"`
	// Command is what --repair command runs to have a fix written.
	Command RepairCommand `yaml:"command" json:"command,omitzero"`
	// OpenSWE is what --repair open-swe asks to write a fix.
	OpenSWE OpenSWE `yaml:"open_swe" json:"open_swe,omitzero"`
	// GitHubCopilot is what --repair github-copilot asks to write a fix.
	GitHubCopilot GitHubCopilot `yaml:"github_copilot" json:"github_copilot,omitzero"`
	// Guards bound what a command or an agent may change.
	Guards RepairGuards `yaml:"guards" json:"guards,omitzero"`
	// Limits are the brakes on repairing, over all incidents of the store.
	Limits RepairLimits `yaml:"limits" json:"limits,omitzero"`
}

// Default is the configuration without a file.
func Default() Config {
	return Config{
		Environment: "production",
		Detect:      detect.DefaultOptions(),
		Triage:      Triage{Prove: selfheal.ProveAuto, ProveRuns: 40, ProveTime: selfheal.Duration(30 * time.Minute)},
		Decide:      decide.DefaultPolicy(),
		Repair:      defaultRepair(),
		Agent:       Agent{Budget: agent.DefaultBudget()},
		Serve:       defaultServe(),
	}
}

// Load reads a file over the defaults. A missing file is CodeUsage.
func Load(path string) (Config, error) {
	c := Default()
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return c, selfheal.Usagef("leave --config out to run with the defaults", "no such file: %s", path)
	case err != nil:
		return c, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read configuration", Message: path, Err: err}
	}
	return Parse(path, text)
}

// Find loads selfheal.yaml of a repository, or gives the defaults when there is none.
func Find(repository string) (Config, error) {
	path := filepath.Join(repository, FileName)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return Default(), nil
	}
	return Load(path)
}

// Parse reads the text of a file over the defaults; name is used in errors.
func Parse(name string, text []byte) (Config, error) {
	c := Default()
	if blank(text) {
		return c, nil
	}
	if err := yaml.Load(text, &c, yaml.WithV4Defaults(), yaml.WithKnownFields()); err != nil {
		return c, located(name, text, err)
	}
	if err := c.Validate(); err != nil {
		return c, &selfheal.Error{Code: selfheal.CodeUsage, Op: "configuration " + name, Message: "not valid", Err: err}
	}
	return c, nil
}

// blank tells whether a file holds nothing but comments, which is no document to YAML.
func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var all []error
	if c.Group.Format != "" {
		if _, err := decode.ParseFormat(c.Group.Format); err != nil {
			all = append(all, fmt.Errorf("group.format: %w", err))
		}
	}
	all = append(all, c.Related.Validate(), c.Detect.Validate(), c.Decide.Validate(), c.Forge.Validate(), c.validateAgent(), c.Source.Validate())
	all = append(all, c.Triage.proving(), c.validateHooks(), c.validateChannels())
	for i, rule := range c.Triage.Classes {
		if rule.Path == "" {
			all = append(all, fmt.Errorf("triage.classes[%d]: path is missing", i))
		}
		if !slices.Contains(classes, rule.Class) {
			all = append(all, fmt.Errorf("triage.classes[%d]: no such class: %q", i, rule.Class))
		}
	}
	all = append(all, c.Repair.validate(), c.Serve.validate())
	return errors.Join(all...)
}

// proving says what is wrong with the settings of proof by execution.
func (t Triage) proving() error {
	var all []error
	switch t.Prove {
	case selfheal.ProveAuto, selfheal.ProveNever, selfheal.ProveAlways:
	default:
		all = append(all, fmt.Errorf("triage.prove: use auto, never or always, not %q", t.Prove))
	}
	if t.ProveRuns < 1 {
		all = append(all, fmt.Errorf("triage.prove_runs must be positive, not %d", t.ProveRuns))
	}
	if t.ProveTime <= 0 {
		all = append(all, fmt.Errorf("triage.prove_time must be positive, not %s", t.ProveTime))
	}
	return errors.Join(all...)
}

var classes = []selfheal.FileClass{
	selfheal.ClassRuntime, selfheal.ClassConfig, selfheal.ClassPrompt, selfheal.ClassDependency, selfheal.ClassMigration,
	selfheal.ClassBuild, selfheal.ClassGenerated, selfheal.ClassTest, selfheal.ClassDocs, selfheal.ClassCI,
}
