package cli

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/triage"
)

// causeFlags are the flags of every command that looks for a cause.
func causeFlags(f *pflag.FlagSet, r *app.CauseRequest) {
	f.StringVar(&r.Lookback, "lookback", "", "how far back deploys may be the cause: so many, this one included (3), or of so long a time (48h, 7d)")
	f.StringArrayVar(&r.Deploys, "deploy", nil, "earlier deploy, as REVISION@TIME (repeatable; default: those of the journal)")
	f.StringVar(&r.DeploysFile, "deploys", "", "file with earlier deploys: an RFC 3339 time and a revision per line, or JSON lines")
	f.BoolVar(&r.Prove, "prove", false, "run the --replay and --verify commands at the candidates to find the cause, whatever the evidence says")
	f.IntVar(&r.ProveRuns, "prove-runs", 0, "runs at most to find the cause (default 40)")
	f.DurationVar(&r.ProveTime, "prove-time", 0, "time after which no further run begins to find the cause (default 30m)")
}

// commandFlags are the flags of every command that runs commands of the user.
func commandFlags(f *pflag.FlagSet, r *app.CommandRequest) {
	f.StringArrayVar(&r.Verify, "verify", nil, "shell command that must succeed on the repaired revision (repeatable)")
	f.StringArrayVar(&r.Replay, "replay", nil, "shell command that must fail on the deployed revision and succeed on the repaired one (repeatable)")
	f.DurationVar(&r.Timeout, "timeout", 0, "longest run of one --verify or --replay command (default 10m)")
	f.BoolVar(&r.Network, "network", false, "let --verify and --replay commands use the network")
	f.BoolVar(&r.Unsafe, "unsafe-no-sandbox", false, "do not confine --verify and --replay commands, whatever the repository's code does")
}

// validateCause refuses what cannot be meant.
func validateCause(f *pflag.FlagSet, cause app.CauseRequest, commands app.CommandRequest) error {
	if cause.Lookback != "" {
		if _, err := triage.ParseLookback(cause.Lookback); err != nil {
			return err
		}
	}
	switch {
	case f.Changed("timeout") && commands.Timeout <= 0:
		return selfheal.Usagef("", "--timeout must be positive")
	case f.Changed("prove-runs") && cause.ProveRuns < 1:
		return selfheal.Usagef("", "--prove-runs must be positive")
	case f.Changed("prove-time") && cause.ProveTime <= 0:
		return selfheal.Usagef("", "--prove-time must be positive")
	case len(cause.Deploys) > 0 && cause.DeploysFile != "":
		return selfheal.Usagef("give one of them", "--deploy and --deploys exclude each other")
	}
	return nil
}

// settleUnsafe takes the environment into account, and says aloud when commands are not going to be confined.
func settleUnsafe(env *Environment, commands *app.CommandRequest) {
	if commands.Unsafe = commands.Unsafe || env.Getenv(unsafeVariable) == "1"; commands.Unsafe {
		fmt.Fprintln(env.Err, "selfheal: WARNING: --unsafe-no-sandbox: the repository's code runs with everything that you may do")
	}
}

// parseDeployedAt reads the flag --deployed-at.
func parseDeployedAt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, selfheal.Usagef("e.g. --deployed-at 2026-11-23T14:05:00Z", "--deployed-at is not an RFC 3339 time: %q", text)
	}
	return at.UTC(), nil
}
