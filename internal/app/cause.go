package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/backtest"
	"selfheal/internal/triage"
)

// CauseRequest says where the cause is looked for, and how.
type CauseRequest struct {
	Lookback    string   // see [triage.ParseLookback]; empty: from the configuration
	Deploys     []string // REVISION@TIME of earlier deploys; or:
	DeploysFile string   // file with a time and a revision per line; neither: from the journal
	Prove       bool     // run the commands whatever the evidence says
	ProveRuns   int      // 0: from the configuration
	ProveTime   time.Duration
}

// CommandRequest are the commands that show an error or prove a repair.
type CommandRequest struct {
	Verify, Replay  []string // empty: from the configuration
	Timeout         time.Duration
	Network, Unsafe bool
}

// intent completes what is asked for from the configuration.
func (a *App) intent(commands CommandRequest, cause CauseRequest) (selfheal.Intent, error) {
	c := a.config
	intent := selfheal.Intent{
		Verify: commands.Verify, Replay: commands.Replay, Timeout: cmp.Or(selfheal.Duration(commands.Timeout), c.Repair.Timeout),
		Network: commands.Network || c.Repair.Network, Unsafe: commands.Unsafe,
		Prove: selfheal.Proving{
			When: c.Triage.Prove, Runs: cmp.Or(cause.ProveRuns, c.Triage.ProveRuns), Time: cmp.Or(selfheal.Duration(cause.ProveTime), c.Triage.ProveTime),
		},
	}
	if len(intent.Verify) == 0 {
		intent.Verify = c.Repair.Verify
	}
	if len(intent.Replay) == 0 {
		intent.Replay = c.Repair.Replay
	}
	if cause.Prove {
		intent.Prove.When = selfheal.ProveAlways
		if len(intent.Replay)+len(intent.Verify) == 0 {
			return intent, selfheal.Usagef("give --replay COMMAND, or repair.replay or repair.verify in selfheal.yaml", "--prove has no command to run")
		}
	}
	return intent, nil
}

// earlier gives the deploys before one that may be the cause of its anomalies,
// oldest first.
func (a *App) earlier(ctx context.Context, assessment selfheal.Assessment, r CauseRequest) ([]selfheal.Deploy, error) {
	lookback, given := a.config.Triage.Lookback, len(r.Deploys) > 0 || r.DeploysFile != ""
	if r.Lookback != "" {
		var err error
		if lookback, err = triage.ParseLookback(r.Lookback); err != nil {
			return nil, err
		}
	}
	if lookback.Deploys <= 1 && lookback.Age == 0 && (!given || r.Lookback != "") {
		return nil, nil
	}
	all, err := a.pastDeploys(ctx, assessment.Deploy, r)
	if err != nil {
		return nil, err
	}
	if r.Lookback == "" && given {
		return all, nil
	}
	return lookback.Of(all, began(assessment, a.settings.Clock())), nil
}

// began is when the last of the anomalies did.
func began(assessment selfheal.Assessment, now time.Time) time.Time {
	last := assessment.Deploy.Time
	for _, anomaly := range assessment.Anomalies {
		if anomaly.Onset.After(last) {
			last = anomaly.Onset
		}
	}
	if last.IsZero() {
		return now
	}
	return last
}

// pastDeploys gives the deploys of the same service and environment that came
// before one, oldest first: those that are given, else those of the journal.
func (a *App) pastDeploys(ctx context.Context, of selfheal.Deploy, r CauseRequest) ([]selfheal.Deploy, error) {
	var all []selfheal.Deploy
	var err error
	if len(r.Deploys) > 0 || r.DeploysFile != "" {
		all, err = a.givenDeploys(ctx, of, r)
	} else {
		all, err = a.journalledDeploys(ctx, of)
	}
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d selfheal.Deploy) bool {
		return d.Revision == of.Revision || !of.Time.IsZero() && !d.Time.Before(of.Time)
	})
	slices.SortStableFunc(all, func(a, b selfheal.Deploy) int { return a.Time.Compare(b.Time) })
	for i := range all {
		if i > 0 {
			all[i].Previous = all[i-1].Revision
		}
	}
	return all, nil
}

// givenDeploys reads what the user says of earlier deploys.
func (a *App) givenDeploys(ctx context.Context, of selfheal.Deploy, r CauseRequest) ([]selfheal.Deploy, error) {
	var moments []backtest.Moment
	if r.DeploysFile != "" {
		var err error
		if moments, err = readMoments(r.DeploysFile); err != nil {
			return nil, err
		}
	}
	for _, text := range r.Deploys {
		m, err := parseDeploy(text)
		if err != nil {
			return nil, err
		}
		moments = append(moments, m)
	}
	var all []selfheal.Deploy
	for _, m := range moments {
		id, err := a.history.Load().Resolve(ctx, m.Revision)
		if err != nil {
			return nil, err
		}
		all = append(all, selfheal.Deploy{Service: of.Service, Environment: of.Environment, Revision: id, Time: m.Time.UTC()})
	}
	return all, nil
}

// parseDeploy reads REVISION@TIME. A revision may hold an @ itself (main@{1}).
func parseDeploy(text string) (m backtest.Moment, err error) {
	at := strings.LastIndexByte(text, '@')
	if at > 0 {
		if m, err = readMoment(text[at+1:] + " " + text[:at]); err == nil {
			return m, nil
		}
	}
	return m, selfheal.Usagef("write it as REVISION@TIME, e.g. v1.4.0@2026-11-23T14:05:00Z", "%q is not a deploy", text)
}

// journalledDeploys gives the deploys that were judged before, as far as the
// repository has their revisions.
func (a *App) journalledDeploys(ctx context.Context, of selfheal.Deploy) ([]selfheal.Deploy, error) {
	assessments, err := a.assessments(ctx, of.Service)
	if err != nil {
		return nil, err
	}
	var all []selfheal.Deploy
	for _, assessment := range assessments {
		d := assessment.Deploy
		if d.Environment != of.Environment || d.Time.IsZero() || d.Status == selfheal.DeployBuildFailed || d.Previous == "" {
			continue
		}
		_, headErr := a.history.Load().Resolve(ctx, d.Revision)
		_, baseErr := a.history.Load().Resolve(ctx, d.Previous)
		if err := errors.Join(headErr, baseErr); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			continue // rewritten history: what it brought cannot be read
		}
		all = append(all, d)
	}
	return all, nil
}
