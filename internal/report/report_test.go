package report_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/report"
)

func TestNewDerivesStatus(t *testing.T) {
	t.Parallel()
	f := func(name string, r report.Report, status selfheal.Status, code int) {
		t.Helper()
		if r.Schema != report.Schema || r.Status != status || r.ExitCode != code {
			t.Errorf("%s: schema %q, status %q, exit code %d; want %q, %d", name, r.Schema, r.Status, r.ExitCode, status, code)
		}
	}
	f("regression", regression(t), selfheal.StatusRegression, 10)
	f("clean", clean(t), selfheal.StatusClean, 0)
	f("cannot observe", cannotObserve(t), selfheal.StatusCannotObserve, 12)
	f("not caused", notCaused(t), selfheal.StatusNotCaused, 0)
	f("inconclusive", inconclusive(t), selfheal.StatusInconclusive, 11)
	f("build failure", buildFailure(t), selfheal.StatusRegression, 10)
	f("nobody has judged", report.New("", generated, assessment(), nil), selfheal.StatusInconclusive, 11)
	f("opened only", report.New("", generated, assessment(), incident(t, opened(t, assessment()))), selfheal.StatusInconclusive, 11)

	blind := assessment()
	blind.Window.Observability.Problems = []selfheal.Problem{{Code: selfheal.ProblemSourceDown, Detail: "gone"}}
	f("what was seen to break counts", report.New("", generated, blind, regression(t).Incident), selfheal.StatusRegression, 10)
	blind.Anomalies = nil
	f("blindness is never clean", report.New("", generated, blind, nil), selfheal.StatusCannotObserve, 12)
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	f := func(r report.Report, want string) {
		t.Helper()
		if got := strings.TrimPrefix(r.Headline, "shop@production 3f9c2a1b7d: "); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	f(regression(t), `1 error appeared and 1 error rose since 02:43 UTC; commit 8c1d0f22aa "pricing: read the default region from the settings" (internal/pricing/region.go:33), 97 % sure`)
	f(clean(t), "nothing changed for the worse in 1 h; 41 signatures compared over 7,204 records")
	f(cannotObserve(t), "no judgement is possible: none of the 412 records of the window comes from 3f9c2a1b7d; all come from a41f0c9be2")
	f(notCaused(t), "1 error rose since 02:19 UTC, and this deploy is not the cause, over 99 % sure")
	f(inconclusive(t), `1 error rose since 02:44 UTC; the evidence does not say why; closest is commit 8c1d0f22aa "pricing: read the default region from the settings", 48 %`)
	f(buildFailure(t), `1 error broke the build; commit 8c1d0f22aa "pricing: read the default region from the settings" (internal/pricing/region.go:31), over 99 % sure`)
	f(report.New("", generated, assessment(), nil), "1 error appeared and 1 error rose since 02:43 UTC; the cause has not been looked for")
	f(report.New("", generated.AddDate(0, 0, 3), assessment(), nil),
		"1 error appeared and 1 error rose since Nov 22 02:43 UTC; the cause has not been looked for")

	v := verdict()
	v.Culprit = nil
	f(report.New("", generated, assessment(), incident(t, opened(t, assessment()), judged(t, v, change()))),
		"1 error appeared and 1 error rose since 02:43 UTC; this deploy caused it, 97 % sure")
}

// Next follows the incident through its stages.
func TestNext(t *testing.T) {
	t.Parallel()
	decision := selfheal.Decision{Action: selfheal.ActionRevert}
	dry, hold := decision, decision
	dry.DryRun, hold.Action = true, selfheal.ActionHold
	prepared, failed := repair(), repair()
	prepared.Proofs, failed.Failure = nil, "it conflicts"
	pr, done, rejected := pullRequest(), pullRequest(), pullRequest()
	done.State, done.Merged, rejected.State = selfheal.PullRequestMerged, merged, selfheal.PullRequestClosed
	persisting, unknown, superseded := outcome(), outcome(), outcome()
	persisting.State, unknown.State, superseded.State = selfheal.OutcomePersisting, selfheal.OutcomeUnknown, selfheal.OutcomeSuperseded

	tell := selfheal.Decision{Action: selfheal.ActionTell, Reason: "the policy allows no reverts"}
	on := func(kind selfheal.EventType, payload any) selfheal.Event { return event(t, 2*time.Hour, kind, payload) }
	f := func(want string, events ...selfheal.Event) {
		t.Helper()
		events = append([]selfheal.Event{opened(t, assessment()), judged(t, verdict(), change())}, events...)
		if got := report.New("", generated, assessment(), incident(t, events...)).Next; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	decided := on(selfheal.EventDecisionMade, decision)
	f("Take the culprit commit back, or fix it.")
	f("Run it again with --repair revert to have the culprit commit taken back on a branch, and proven.", decided)
	f("Take the culprit commit back, or fix it: selfheal may not do it by itself, see the decision below.", on(selfheal.EventDecisionMade, tell))
	f("Wait: more evidence is needed before anything is changed.", on(selfheal.EventDecisionMade, hold))
	f("Nothing was changed: this is a dry run. Run it again without --dry-run to get the pull request.", on(selfheal.EventDecisionMade, dry))
	f("Repair it by hand: it conflicts", decided, on(selfheal.EventRepairFailed, failed))
	f("Wait: the repair is being proven on branch selfheal/shop-3f9c2a1b7d-default-region.", decided, on(selfheal.EventRepairPrepared, prepared))
	f("Review and merge pull request #1. https://forge.example.com/shop/pulls/1", decided, on(selfheal.EventPullRequestOpened, pr))
	f("Deploy e2f1d0c9b8, the merge of pull request #1.", decided, on(selfheal.EventPullRequestMerged, done))
	f("Take over: pull request #1 was closed without a merge.", decided, on(selfheal.EventPullRequestRejected, rejected))
	f("Wait: the repair is deployed and being watched.", decided, on(selfheal.EventPullRequestMerged, done),
		on(selfheal.EventFixDeployed, selfheal.FixDeployed{}))
	f("Nothing: the repair is deployed and production shows that it worked.", decided, on(selfheal.EventOutcomeRecorded, outcome()))
	f("Take over: the repair is deployed and the errors go on.", decided, on(selfheal.EventOutcomeRecorded, persisting))
	f("Check by hand: too little was seen since the repair to tell whether it worked.", decided, on(selfheal.EventOutcomeRecorded, unknown))
	f("Take over: the repair was superseded.", decided, on(selfheal.EventOutcomeRecorded, superseded))
}

func TestTimelineIsInOrder(t *testing.T) {
	t.Parallel()
	r := regression(t)
	for at := 1; at < len(r.Timeline); at++ {
		if r.Timeline[at].Time.Before(r.Timeline[at-1].Time) {
			t.Errorf("entry %d is older than the one before it", at)
		}
	}
	if got, want := r.Timeline[0].What, "3f9c2a1b7d was deployed by release-bot"; got != want {
		t.Errorf("first entry: got %q, want %q", got, want)
	}
}

// A damaged journal costs the words of one entry, not the report.
func TestTimelineSurvivesBadPayload(t *testing.T) {
	t.Parallel()
	i := incident(t, opened(t, assessment()))
	i.Events = append(i.Events, selfheal.Event{Time: generated, Type: selfheal.EventDecisionMade, Payload: []byte("{")},
		selfheal.Event{Time: generated, Type: "from.the_future", Payload: []byte("1")})
	r := report.New("", generated, assessment(), i)
	last := r.Timeline[len(r.Timeline)-2:]
	if last[0].What != "decision.made" || last[1].What != "from.the_future" {
		t.Errorf("got %q and %q", last[0].What, last[1].What)
	}
}

// The JSON document is read back by other programs: its top-level fields are a promise.
func TestJSONFields(t *testing.T) {
	t.Parallel()
	for name, r := range fixtures(t) {
		document := decoded[map[string]any](t, render(t, func(w io.Writer) error { return report.JSON(w, r) }))
		for _, field := range []string{
			"schema", "version", "generated", "status", "exit_code", "headline", "next", "assessment", "incident", "timeline", "places",
		} {
			if _, present := document[field]; !present {
				t.Errorf("%s: field %q is missing", name, field)
			}
			delete(document, field)
		}
		for field := range document {
			t.Errorf("%s: field %q is not documented here", name, field)
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	r := clean(t)
	got := decoded[report.Report](t, render(t, func(w io.Writer) error { return report.JSON(w, r) }))
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

var errFull = errors.New("no space left on device")

type fullDisk struct{ written int }

func (d *fullDisk) Write(p []byte) (int, error) {
	d.written++
	return 0, errFull
}

// Every renderer hands over everything at once and reports what the writer says.
func TestWriteErrors(t *testing.T) {
	t.Parallel()
	r := regression(t)
	f := func(name string, draw func(io.Writer) error) {
		t.Helper()
		disk := &fullDisk{}
		if err := draw(disk); !errors.Is(err, errFull) || disk.written != 1 {
			t.Errorf("%s: %v after %d writes", name, err, disk.written)
		}
	}
	f("text", func(w io.Writer) error { return report.Text(w, r, report.TextOptions{}) })
	f("json", func(w io.Writer) error { return report.JSON(w, r) })
	f("sarif", func(w io.Writer) error { return report.SARIF(w, r) })
	f("html", func(w io.Writer) error { return report.HTML(w, r) })
	f("svg", func(w io.Writer) error { return report.SVG(w, "x", "x") })
	f("signatures", func(w io.Writer) error { return report.Signatures(w, report.SignatureTable{}, report.TextOptions{}) })
	f("incidents", func(w io.Writer) error { return report.Incidents(w, nil, report.TextOptions{}) })
}

func TestTextKeepsTheWidth(t *testing.T) {
	t.Parallel()
	for _, r := range fixtures(t) {
		for _, width := range []int{40, 61, 80, 100, 120, 300} {
			mustFit(t, render(t, func(w io.Writer) error { return report.Text(w, r, report.TextOptions{Width: width, Color: true}) }), width)
		}
		standard := render(t, func(w io.Writer) error { return report.Text(w, r, report.TextOptions{}) })
		mustFit(t, standard, 100)
		mustBeInert(t, "text without colour", standard)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	incidents := []*selfheal.Incident{regression(t).Incident, notCaused(t).Incident, buildFailure(t).Incident}
	for name, draw := range map[string]func(io.Writer) error{
		"incidents.txt": func(w io.Writer) error { return report.Incidents(w, incidents, report.TextOptions{Width: 120}) },
	} {
		golden(t, "tables/"+name, render(t, draw))
	}
	empty := string(render(t, func(w io.Writer) error { return report.Incidents(w, nil, report.TextOptions{}) }))
	if want := "no incidents\n"; empty != want {
		t.Errorf("got %q, want %q", empty, want)
	}
}
