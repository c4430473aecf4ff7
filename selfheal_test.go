package selfheal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

// TestSeries: whatever the order in which occurrences arrive, a series is sorted,
// without duplicates or zeros, and sums are those of a plain map.
func TestSeries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOf(rapid.Int64Range(-50, 50)).Draw(t, "minutes")
		var whole, left, right selfheal.Series
		plain := map[int64]int64{}
		for i, m := range minutes {
			whole.Add(m, 1)
			plain[m]++
			if i%2 == 0 {
				left.Add(m, 1)
			} else {
				right.Add(m, 1)
			}
		}
		left.Merge(&right)
		if diff := cmp.Diff(whole, left); diff != "" {
			t.Fatalf("merging halves differs from counting the whole:\n%s", diff)
		}
		if !slices.IsSortedFunc(whole.Counts, func(a, b selfheal.Count) int { return int(a.Minute - b.Minute) }) || len(whole.Counts) != len(plain) {
			t.Fatalf("not sorted, or with duplicates: %v", whole.Counts)
		}
		from := rapid.Int64Range(-60, 60).Draw(t, "from")
		to := rapid.Int64Range(-60, 60).Draw(t, "to")
		var want int64
		for m, n := range plain {
			if m >= from && m < to {
				want += n
			}
		}
		if got := whole.Between(from, to); got != want {
			t.Fatalf("between %d and %d: got %d, want %d", from, to, got, want)
		}
	})
}

func TestMinuteOf(t *testing.T) {
	t.Parallel()
	f := func(text string, want string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := selfheal.MinuteTime(selfheal.MinuteOf(at)).Format(time.RFC3339); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f("2026-03-04T12:34:56.789Z", "2026-03-04T12:34:00Z")
	f("1969-12-31T23:59:30Z", "1969-12-31T23:59:00Z")
	f("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
}

func events(t *testing.T, pairs ...any) []selfheal.Event {
	t.Helper()
	var all []selfheal.Event
	for i := 0; i < len(pairs); i += 2 {
		e, err := selfheal.NewEvent(time.Unix(int64(i), 0), "test", pairs[i].(selfheal.EventType), pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func TestFold(t *testing.T) {
	t.Parallel()
	f := func(want selfheal.Stage, pairs ...any) *selfheal.Incident {
		t.Helper()
		i, err := selfheal.Fold("production/shop/1", events(t, pairs...))
		if err != nil {
			t.Fatal(err)
		}
		if i.Stage != want || i.Version != len(pairs)/2 {
			t.Errorf("got stage %s, version %d; want %s, %d", i.Stage, i.Version, want, len(pairs)/2)
		}
		return i
	}
	opened := []any{selfheal.EventIncidentOpened, selfheal.Opened{ID: "shop-1"}}
	told := append(slices.Clone(opened),
		selfheal.EventVerdictReached, selfheal.Judged{Verdict: selfheal.Verdict{Cause: selfheal.Caused}},
		selfheal.EventDecisionMade, selfheal.Decision{Action: selfheal.ActionRevert},
	)
	f(selfheal.StageOpened, opened...)
	i := f(selfheal.StageDecided, told...)
	if i.ID != "shop-1" || i.Status() != selfheal.StatusRegression {
		t.Errorf("got %q, %s", i.ID, i.Status())
	}
	i = f(selfheal.StageDecided, append(slices.Clone(told), selfheal.EventIntentChanged, selfheal.Intent{Repair: true})...)
	if !i.Opened.Intent.Repair {
		t.Error("the changed intent is lost")
	}
	i = f(selfheal.StageOpened, append(slices.Clone(told), selfheal.EventIncidentReassessed, selfheal.Opened{ID: "shop-1"})...)
	if i.Judged != nil || i.Decision != nil {
		t.Error("a new assessment keeps the old verdict")
	}
	i = f(selfheal.StageDecided, append(slices.Clone(told), selfheal.EventType("from.the.future"), map[string]int{"a": 1})...)
	if len(i.Events) != 4 {
		t.Error("an event of unknown type is lost")
	}
	f(selfheal.StageClosed, append(slices.Clone(told), selfheal.EventIncidentClosed, selfheal.Closed{Reason: "told"})...)
}

func TestFoldRefusesGarbage(t *testing.T) {
	t.Parallel()
	_, err := selfheal.Fold("k", []selfheal.Event{{Type: selfheal.EventVerdictReached, Payload: json.RawMessage(`{"verdict":7}`)}})
	if err == nil {
		t.Error("a payload of the wrong shape was accepted")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	inner := selfheal.Usagef("do that", "wrong %s", "thing")
	err := fmt.Errorf("outer: %w", &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read", Message: "broken", Err: inner})
	if got, want := err.Error(), "outer: read: broken: wrong thing"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) != "do that" {
		t.Errorf("got code %q, hint %q", selfheal.CodeOf(err), selfheal.HintOf(err))
	}
	if plain := errors.New("x"); selfheal.CodeOf(plain) != selfheal.CodeInternal || selfheal.HintOf(plain) != "" {
		t.Error("a plain error has a code or a hint of its own")
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	want := map[selfheal.Status]int{
		selfheal.StatusClean: 0, selfheal.StatusNotCaused: 0, selfheal.StatusRegression: 10,
		selfheal.StatusInconclusive: 11, selfheal.StatusCannotObserve: 12, "nonsense": 1,
	}
	for status, code := range want {
		if got := status.ExitCode(); got != code {
			t.Errorf("%s: got %d, want %d", status, got, code)
		}
	}
}

func TestDeployKey(t *testing.T) {
	t.Parallel()
	d := selfheal.Deploy{Service: "shop", Environment: "production", Revision: "b", Previous: "a"}
	later := d
	later.Time = time.Unix(1, 0)
	if d.Key() != later.Key() {
		t.Error("the time of a deploy is part of its identity")
	}
	other := d
	other.Previous = "c"
	if d.Key() == other.Key() {
		t.Error("the previous revision is not part of the identity")
	}
}

func TestProven(t *testing.T) {
	t.Parallel()
	f := func(want bool, proofs ...selfheal.Proof) {
		t.Helper()
		if got := (selfheal.Repair{Proofs: proofs}).Proven(); got != want {
			t.Errorf("%+v: got %t", proofs, got)
		}
	}
	f(false)
	f(true, selfheal.Proof{Want: "pass"})
	f(true, selfheal.Proof{Want: "pass"}, selfheal.Proof{Want: "fail", ExitCode: 1})
	f(false, selfheal.Proof{Want: "pass", ExitCode: 1})
	f(false, selfheal.Proof{Want: "fail"})
	f(false, selfheal.Proof{Want: "fail", ExitCode: -1, TimedOut: true})
}

func TestDurationText(t *testing.T) {
	t.Parallel()
	var d selfheal.Duration
	if err := json.Unmarshal([]byte(`"1h30m"`), &d); err != nil || time.Duration(d) != 90*time.Minute {
		t.Errorf("got %v, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`"soon"`), &d); err == nil {
		t.Error("accepted nonsense")
	}
	if text, err := json.Marshal(d); err != nil || string(text) != `"1h30m0s"` {
		t.Errorf("got %s, %v", text, err)
	}
}
