package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/demo"
	"selfheal/internal/report"
	"selfheal/internal/sandbox"
)

type demoOptions struct {
	scenario, dir, format string
	picture               string
	seed                  uint64
	keep                  bool
}

func newDemoCommand(env *Environment) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way, from a deploy to a healed incident, on a real service",
		Long: `demo makes a git repository of a small HTTP service, builds it, runs it under a
week of generated traffic (compressed into seconds), deploys a range of commits,
and lets selfheal do its work on what the service logged: detect, find the
culprit, revert it on a branch, prove the revert, open a pull request on a local
forge, and watch whether the fix heals. It needs Go and git, and no network.

Scenarios:
` + scenarioTable() + `
It exits with 0 when selfheal came to the scenario's right answer.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runDemo(c.Context(), env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.scenario, "scenario", string(demo.Regression), "what happens: "+strings.Join(scenarioNames(), ", "))
	f.StringVar(&o.dir, "dir", "", "folder to work in (default: a new temporary one)")
	f.BoolVar(&o.keep, "keep", false, "leave the repository, the logs and the store for exploring")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the generated traffic")
	f.StringVar(&o.format, "format", "text", "text or json")
	f.StringVar(&o.picture, "picture", "", "also draw the report, as the terminal shows it, into this SVG file")
	return c
}

func scenarioNames() []string {
	var names []string
	for _, s := range demo.Scenarios() {
		names = append(names, string(s.Name))
	}
	return names
}

func scenarioTable() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range demo.Scenarios() {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", s.Name, s.Description, s.Status)
	}
	_ = w.Flush() // a strings.Builder does not fail
	return b.String()
}

func runDemo(ctx context.Context, env *Environment, o demoOptions) error {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	dir, err := demoDir(o.dir)
	if err != nil {
		return err
	}
	began := env.Clock()
	world, err := demo.Prepare(ctx, demo.Options{
		Dir: filepath.Join(dir, "world"), Scenario: demo.Scenario(o.scenario), Seed: o.seed, Now: began.Add(-timeForFix),
		Progress: func(step string) { env.progress("%s", step) },
	})
	if err != nil {
		return err
	}
	result, err := playDemo(ctx, env, world)
	env.progressDone()
	if err != nil {
		return err
	}
	if err := saveDemo(env, dir, o, &result); err != nil {
		return err
	}
	if err := render(env.Out, result, o.format, env, true); err != nil {
		return err
	}
	return o.conclude(env, world.Truth, result, env.Clock().Sub(began))
}

// timeForFix puts the watched hour far enough into the past that the hour after
// the fix has passed too.
const timeForFix = 75 * time.Minute

func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "selfheal-demo-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", selfheal.Usagef("name a folder that is empty or does not exist", "%s is not empty", dir)
	}
	return dir, os.MkdirAll(dir, 0o750)
}

// playDemo judges the deploy; where that leads to a pull request it then plays
// the person who merges it, deploys the fix, and looks again.
func playDemo(ctx context.Context, env *Environment, w *demo.World) (result report.Report, err error) {
	a, err := env.open(ctx, app.Settings{
		Repository: w.Repository, StorePath: filepath.Join(w.Dir, "state", "selfheal.db"),
	})
	if err != nil {
		return report.Report{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	confined := sandbox.Detect(ctx, "").Confined()
	if !confined {
		fmt.Fprintln(env.Err, "selfheal: commands cannot be confined on this machine (see selfheal sandbox check); the demo's own service runs unconfined")
	}
	result, err = a.Check(ctx, app.CheckRequest{
		Command: "demo", Repository: w.Repository, Base: w.Base, Head: w.Head,
		Baseline: w.Baseline, Window: w.Watched, BuildLog: w.BuildLog, DeployedAt: w.DeployedAt,
		Service: w.Service, Environment: w.Environment,
		Repair: true, CommandRequest: app.CommandRequest{Verify: w.Verify, Replay: w.Replay, Timeout: 5 * time.Minute, Unsafe: !confined},
	})
	if err != nil || result.Incident == nil || result.Incident.PullRequest == nil {
		return result, err
	}
	env.progress("merging the pull request, as a person would")
	merged, err := a.Merge(ctx, result.Incident, "the demo, in place of a reviewer")
	if err != nil {
		return report.Report{}, err
	}
	forge, err := a.Forge(ctx)
	if err != nil {
		return report.Report{}, err
	}
	deploy, logs, _, err := w.DeployFix(ctx, forge.Directory(), merged.Merged)
	if err != nil {
		return report.Report{}, err
	}
	env.progress("watching the fix")
	return a.FixDeployed(ctx, "demo", result.Incident.Key, deploy, logs)
}

// saveDemo writes the report beside the world, and removes the world unless it is kept.
func saveDemo(env *Environment, dir string, o demoOptions, r *report.Report) error {
	r.Places = nil
	if o.keep {
		r.Places = append(r.Places,
			report.Place{Label: "repository", Path: filepath.Join(dir, "world", "shop")},
			report.Place{Label: "everything", Path: filepath.Join(dir, "world")})
	} else if err := os.RemoveAll(filepath.Join(dir, "world")); err != nil {
		return err
	}
	r.Places = append(r.Places,
		report.Place{Label: "HTML", Path: filepath.Join(dir, "report.html")},
		report.Place{Label: "JSON", Path: filepath.Join(dir, "report.json")})
	if o.picture != "" {
		if err := drawDemo(o.picture, dir, *r); err != nil {
			return err
		}
	}
	for _, format := range []string{"html", "json"} {
		var b strings.Builder
		if err := render(&b, *r, format, env, false); err != nil {
			return err
		}
		if err := app.WriteFile(filepath.Join(dir, "report."+format), []byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

// drawDemo draws what a terminal of 100 columns shows. The folder is a passing
// thing of this machine, so the picture calls it by a name.
func drawDemo(path, dir string, r report.Report) error {
	r.Places = nil
	var ansi, picture strings.Builder
	if err := report.Text(&ansi, r, report.TextOptions{Width: 100, Color: true}); err != nil {
		return err
	}
	if err := report.SVG(&picture, strings.ReplaceAll(ansi.String(), dir, "demo"), "selfheal demo"); err != nil {
		return err
	}
	return app.WriteFile(path, []byte(picture.String()))
}

// conclude compares the report with what the scenario knows to be true.
func (o *demoOptions) conclude(env *Environment, truth demo.Truth, r report.Report, took time.Duration) error {
	if wrong := wrongAnswer(truth, r); wrong != "" {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "scenario " + o.scenario, Message: "selfheal came to the wrong answer: " + wrong,
			Hint: "please report this, with the JSON report"}
	}
	if o.format == "text" {
		fmt.Fprintf(env.Out, "\nThat is the scenario's right answer, after %s.\n", took.Round(time.Second))
	}
	return nil
}
