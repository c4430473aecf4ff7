package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

var now = time.Date(2031, 5, 14, 15, 30, 42, 0, time.UTC)

func makeWorld(t *testing.T, scenario Scenario) *World {
	t.Helper()
	w, err := Prepare(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "world"), Scenario: scenario, Seed: 1, Now: now})
	if err != nil {
		t.Fatal(err, selfheal.HintOf(err))
	}
	return w
}

// event is a line of the service's log.
type event struct {
	Time     time.Time
	Level    string
	Msg      string
	Err      string
	Tenant   string
	Trace    string `json:"trace_id"`
	Revision string `json:"service.version"`
	Status   int
}

// readEvents gives the JSON lines of log files, and how many panics they report.
func readEvents(t *testing.T, paths ...string) (events []event, panics int64) {
	t.Helper()
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		var text io.Reader = file
		if isGzip(path) {
			if text, err = gzip.NewReader(file); err != nil {
				t.Fatal(err)
			}
		}
		lines := bufio.NewScanner(text)
		for lines.Scan() {
			if bytes.Contains(lines.Bytes(), []byte(" http: panic serving ")) {
				panics++
			}
			if !bytes.HasPrefix(lines.Bytes(), []byte("{")) {
				continue
			}
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatalf("%s: %v: %s", path, err, lines.Bytes())
			}
			events = append(events, e)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return events, panics
}

func count(events []event, want func(event) bool) int {
	n := 0
	for _, e := range events {
		if want(e) {
			n++
		}
	}
	return n
}

func says(parts ...string) func(event) bool {
	return func(e event) bool {
		for _, part := range parts {
			if strings.Contains(e.Msg+" err="+e.Err, part) {
				return true
			}
		}
		return false
	}
}

// faultsByTrace gives what the requests that met one of the faults logged of it, by trace id.
func faultsByTrace(events []event, kinds []string) map[string][]string {
	faults := make(map[string][]string)
	for _, e := range events {
		if says(kinds...)(e) {
			faults[e.Trace] = append(faults[e.Trace], e.Msg+" err="+e.Err)
		}
	}
	return faults
}

func isRequest(e event) bool { return e.Msg == "request" }

// checkLog asserts what holds for every log: dated inside its interval and in
// order, of one revision, and with one line for every request that was sent.
func checkLog(t *testing.T, w *World, revision string, interval selfheal.Interval, paths ...string) []event {
	t.Helper()
	events, panics := readEvents(t, paths...)
	last := interval.From
	for _, e := range events {
		if e.Revision != revision {
			t.Fatalf("a line of revision %s in the log of %s", e.Revision, revision)
		}
		if e.Time.Before(last) || !interval.Contains(e.Time) {
			t.Fatalf("%v is out of order or outside %v", e.Time, interval)
		}
		last = e.Time
	}
	sent := w.sent[paths[0]]
	if got := int64(count(events, isRequest)); got != sent.sent || got == 0 {
		t.Errorf("%d requests are logged, %d were sent", got, sent.sent)
	}
	if panics != sent.aborted {
		t.Errorf("%d panics are logged, %d connections were aborted", panics, sent.aborted)
	}
	if got := int64(count(events, func(e event) bool { return isRequest(e) && e.Status >= 500 })); got != sent.failed+sent.aborted {
		t.Errorf("%d requests are logged as failed, %d failed and %d were aborted", got, sent.failed, sent.aborted)
	}
	return events
}

func checkBaseline(t *testing.T, w *World) []event {
	t.Helper()
	if len(w.Baseline) != 7 || len(w.Watched) != 1 {
		t.Fatalf("%d files of the week and %d of the hour", len(w.Baseline), len(w.Watched))
	}
	week := checkLog(t, w, w.Base, w.BaselineInterval, w.Baseline...)
	if requests := count(week, isRequest); requests < 50_000 || requests > 100_000 {
		t.Errorf("a week of %d requests", requests)
	}
	for _, background := range []string{
		"payment provider answered 503", "payment provider answered 504", "warehouse answered 503",
		"context deadline exceeded", "charge attempt failed", "payment declined", "bad request body", "unknown tenant",
	} {
		if count(week, says(background)) == 0 {
			t.Errorf("the week has no %q", background)
		}
	}
	if w.sent[w.Baseline[0]].aborted == 0 {
		t.Error("the week has no panic")
	}
	return week
}

// busiestHour is the largest number of matching events in any sixty minutes that begin at a full minute.
func busiestHour(events []event, want func(event) bool) int {
	perMinute := make(map[int64]int)
	for _, e := range events {
		if want(e) {
			perMinute[selfheal.MinuteOf(e.Time)]++
		}
	}
	most := 0
	for from := range perMinute {
		sum := 0
		for minute := from; minute < from+60; minute++ {
			sum += perMinute[minute]
		}
		most = max(most, sum)
	}
	return most
}

func TestRegression(t *testing.T) {
	w := makeWorld(t, "")
	week := checkBaseline(t, w)
	hour := checkLog(t, w, w.Head, w.WatchedInterval, w.Watched...)
	if want := (selfheal.Interval{From: w.DeployedAt, To: now.Truncate(time.Minute)}); w.WatchedInterval != want {
		t.Errorf("watched %v, want %v", w.WatchedInterval, want)
	}

	t.Run("the bug shows for three tenants only", func(t *testing.T) {
		for _, cause := range w.Truth.Causes {
			if n := count(week, says(cause)); n != 0 {
				t.Errorf("%q occurs %d times in the week", cause, n)
			}
			if n := count(hour, says(cause)); n < 5 {
				t.Errorf("%q occurs %d times in the hour", cause, n)
			}
		}
		victims := make(map[string]bool)
		for _, e := range hour {
			if says(w.Truth.Causes...)(e) {
				victims[e.Tenant] = true
			}
		}
		if diff := cmp.Diff(map[string]bool{"harbor-books": true, "old-mill": true, "tinker-town": true}, victims); diff != "" {
			t.Error(diff)
		}
		if n := count(hour, says(`checkout failed err=price cart: no price for sku`)); n < 5 {
			t.Errorf("%d checkouts failed for it", n)
		}
	})
	t.Run("the provider's outage is nothing new", func(t *testing.T) { checkOutage(t, w, week, hour) })
	t.Run("the culprit is in the change and on the line", func(t *testing.T) { checkCulprit(t, w) })
	t.Run("the replay tells the sides apart", func(t *testing.T) {
		for _, replay := range w.Replay {
			if out, err := shell(t, w.tree(w.Base), replay); err != nil {
				t.Errorf("fails at base: %v\n%s", err, out)
			}
			out, err := shell(t, w.tree(w.Head), replay)
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || !strings.Contains(out, "no price for sku") {
				t.Errorf("at head: %v\n%s", err, out)
			}
		}
	})
	t.Run("the same seed meets the same faults", func(t *testing.T) {
		again := w.log("again.log")
		if err := w.playHour(t.Context(), w.Head, w.WatchedInterval, w.script.spells, streamWindow, again); err != nil {
			t.Fatal(err)
		}
		repeated, _ := readEvents(t, again)
		kinds := append([]string{"unknown tenant", "bad request body", "payment declined", "answered 503", "answered 504"}, w.Truth.Causes...)
		first, second := faultsByTrace(hour, kinds), faultsByTrace(repeated, kinds)
		// A machine that stalls turns any answer into a time-out, so requests that met one in either run say nothing.
		for _, e := range slices.Concat(hour, repeated) {
			if says("deadline exceeded", "Client.Timeout")(e) {
				delete(first, e.Trace)
				delete(second, e.Trace)
			}
		}
		if len(first) < 50 {
			t.Errorf("only %d requests met a fault", len(first))
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("reverting the culprit heals", func(t *testing.T) { checkFix(t, w) })
	t.Run("outage", func(t *testing.T) { checkOutageWorld(t, w, week) })
	t.Run("docs-only", func(t *testing.T) { checkDocsOnlyWorld(t, w, week) })
}

// makeSibling makes another scenario's world without its week: that is the same as
// the one of w, line for line of the same traffic, because Base is the same commit.
func makeSibling(t *testing.T, w *World, scenario Scenario) (*World, []event) {
	t.Helper()
	sibling := makeHistoryOnly(t, scenario)
	if sibling.Base != w.Base || sibling.Head == w.Head {
		t.Fatalf("base %s and head %s, in the regression %s and %s", sibling.Base, sibling.Head, w.Base, w.Head)
	}
	if err := sibling.serveWatched(t.Context()); err != nil {
		t.Fatal(err, selfheal.HintOf(err))
	}
	return sibling, checkLog(t, sibling, sibling.Head, sibling.WatchedInterval, sibling.Watched...)
}

// makeHistoryOnly makes a world that has a repository and nothing else.
func makeHistoryOnly(t *testing.T, scenario Scenario) *World {
	t.Helper()
	script, err := findScript(scenario)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(Options{Dir: filepath.Join(t.TempDir(), "world"), Seed: 1, Now: now, Progress: func(string) {}}, script)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.makeHistory(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// checkOutage asserts that the provider fails often in the hour, and that the week knows as much.
func checkOutage(t *testing.T, w *World, week, hour []event) {
	t.Helper()
	failed := func(e event) bool { return e.Level == "ERROR" && says(w.Truth.Noise...)(e) }
	inHour, usual, total := count(hour, failed), busiestHour(week, failed), count(week, failed)
	if inHour < 30 || inHour < 5*total/168 {
		t.Errorf("%d failures of the provider in the hour, %d in the week: no rise", inHour, total)
	}
	if usual < inHour*3/4 {
		t.Errorf("%d failures in the hour, at most %d in an hour of the week", inHour, usual)
	}
}

func checkCulprit(t *testing.T, w *World) {
	t.Helper()
	inRange, err := git(t.Context(), w.Repository, nil, "rev-list", "--first-parent", w.Base+".."+w.Head)
	if err != nil {
		t.Fatal(err)
	}
	commits := strings.Fields(inRange)
	if len(commits) < 5 || commits[0] == w.Truth.Culprit || commits[len(commits)-1] == w.Truth.Culprit || !strings.Contains(inRange, w.Truth.Culprit) {
		t.Errorf("culprit %s in the range %v", w.Truth.Culprit, commits)
	}
	diff, err := git(t.Context(), w.Repository, nil, "show", "--format=", w.Truth.Culprit, "--", w.Truth.Path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(diff, "\n+"+w.Truth.Line+"\n") {
		t.Errorf("the culprit does not add the line:\n%s", diff)
	}
	text, err := git(t.Context(), w.Repository, nil, "show", w.Head+":"+w.Truth.Path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(text, w.Truth.Line+"\n") != 1 {
		t.Errorf("%q is not one line of %s at head", w.Truth.Line, w.Truth.Path)
	}
}

// checkFix reverts the culprit in a clone, pushes it to a bare repository and deploys it from there.
func checkFix(t *testing.T, w *World) {
	t.Helper()
	run := func(dir string, args ...string) string {
		t.Helper()
		out, err := git(t.Context(), dir, nil, args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	clone, bare := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "forge.git")
	run(w.Dir, "clone", "--quiet", w.Repository, clone)
	run(w.Dir, "clone", "--quiet", "--bare", w.Repository, bare)
	run(clone, "-c", "user.name=Test", "-c", "user.email=test@example.com", "revert", "--no-edit", w.Truth.Culprit)
	fix := run(clone, "rev-parse", "HEAD")
	run(clone, "push", "--quiet", bare, "HEAD:refs/heads/fix")

	deploy, logs, interval, err := w.DeployFix(t.Context(), bare, fix)
	if err != nil {
		t.Fatal(err, selfheal.HintOf(err))
	}
	if deploy.Revision != fix || deploy.Previous != w.Head || deploy.Time != interval.From || interval.Duration() != time.Hour {
		t.Errorf("deployed %+v for %v", deploy, interval)
	}
	healed := checkLog(t, w, fix, interval, logs...)
	if n := count(healed, says(w.Truth.Causes...)); n != 0 {
		t.Errorf("the bug shows %d times after the fix", n)
	}
}

func checkOutageWorld(t *testing.T, regression *World, week []event) {
	t.Helper()
	w, hour := makeSibling(t, regression, Outage)
	checkOutage(t, w, week, hour)
	if w.Truth.Status != selfheal.StatusClean || w.Truth.Culprit != "" {
		t.Errorf("%+v", w.Truth)
	}
	if n := count(hour, says("no price for sku", "cart has no total", "receipt lost")); n != 0 {
		t.Errorf("%d errors of other scenarios", n)
	}
}

func checkDocsOnlyWorld(t *testing.T, regression *World, week []event) {
	t.Helper()
	w, hour := makeSibling(t, regression, DocsOnly)
	lost := says("receipt lost err=write receipt: open receipts/orders.jsonl: no such file or directory")
	if n := count(week, lost); n != 0 {
		t.Errorf("%d receipts were lost in the week", n)
	}
	if n := count(hour, lost); n < 30 {
		t.Errorf("%d receipts were lost in the hour", n)
	}
	changed, err := git(t.Context(), w.Repository, nil, "diff", "--name-only", w.Base, w.Head)
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(changed) {
		if !strings.HasSuffix(path, ".md") && !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, ".github/") {
			t.Errorf("%s runs", path)
		}
	}
}

func TestBuildFailure(t *testing.T) {
	w := makeWorld(t, BuildFailure)
	if len(w.Baseline)+len(w.Watched) != 0 {
		t.Error("a revision that does not compile has logs")
	}
	text, err := os.ReadFile(w.BuildLog)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append([]string{"==> building shop at " + w.Head, "# example.com/shop/internal/checkout\n", "internal/checkout/service.go:"}, w.Truth.Causes...) {
		if !strings.Contains(string(text), want) {
			t.Errorf("the build log lacks %q:\n%s", want, text)
		}
	}
	checkCulprit(t, w)
	before := filepath.Join(t.TempDir(), "before")
	if err := export(t.Context(), w.Repository, w.Base, before); err != nil {
		t.Fatal(err)
	}
	for _, replay := range w.Replay {
		if out, err := shell(t, before, replay); err != nil {
			t.Errorf("fails at base: %v\n%s", err, out)
		}
		if out, err := shell(t, w.tree(w.Head), replay); err == nil {
			t.Errorf("passes at head:\n%s", out)
		}
	}
}

// shell runs a command of World.Verify or World.Replay.
func shell(t *testing.T, dir, line string) (string, error) {
	t.Helper()
	out, err := command(t.Context(), dir, buildEnvironment(), "sh", "-c", line).CombinedOutput()
	return string(out), err
}

func TestCancelLeavesNothingBehind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "world")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Prepare(ctx, Options{Dir: dir, Seed: 1, Now: now, Progress: func(step string) {
		if strings.Contains(step, "day 1 of") {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "work", "run-1", "shop.log"))
	if err != nil {
		t.Fatal(err)
	}
	addr := listeningAddr(log)
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Errorf("the service still listens on %s", addr)
	}
}

func TestPrepareRefuses(t *testing.T) {
	f := func(name string, o Options, code selfheal.Code) {
		t.Helper()
		_, err := Prepare(t.Context(), o)
		if selfheal.CodeOf(err) != code || selfheal.HintOf(err) == "" {
			t.Errorf("%s: %v, hint %q", name, err, selfheal.HintOf(err))
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f("unknown scenario", Options{Dir: t.TempDir(), Scenario: "earthquake"}, selfheal.CodeUsage)
	f("directory in use", Options{Dir: full}, selfheal.CodeUsage)
	t.Setenv("PATH", t.TempDir())
	f("no tools", Options{Dir: t.TempDir()}, selfheal.CodeUnavailable)
}
