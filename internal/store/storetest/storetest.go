// Package storetest is the conformance suite of the store ports: what every
// implementation of [selfheal.Store], [selfheal.PullRequestStore] and
// [selfheal.CountStore] must do, as tests that each implementation runs on itself.
package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// Run tests a journal with its leases. open gives a new, empty store that
// measures leases by clock and is closed by the test's cleanup.
func Run(t *testing.T, open func(t *testing.T, clock selfheal.Clock) selfheal.Store) {
	cases := map[string]func(*testing.T, selfheal.Store, *Clock){
		"events come back as they were":      eventsComeBack,
		"an unknown stream is empty":         unknownStreamIsEmpty,
		"a stale version is a conflict":      staleVersionConflicts,
		"a bad event adds nothing":           badEventAddsNothing,
		"a name without kind is refused":     nameWithoutKindIsRefused,
		"streams by last change":             streamsByLastChange,
		"kinds do not mix":                   kindsDoNotMix,
		"concurrent appends, versions once":  concurrentAppends,
		"a lease excludes others":            leaseExcludesOthers,
		"a lease ends by release and expiry": leaseEnds,
		"one of many gets the lease":         oneOfManyGetsTheLease,
		"a cancelled context writes nothing": cancelledContextWritesNothing,
		"the journal can be read as one":     journalAsOne,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			test(t, open(t, clock.Now), clock)
		})
	}
}

// Clock is a clock that the test moves.
type Clock struct {
	mutex sync.Mutex
	now   time.Time
}

// NewClock gives a clock that stands at an arbitrary fixed time.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)} }

// Now is the time the clock stands at.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

func event(n int) selfheal.Event {
	return selfheal.Event{
		Time:    time.Date(2026, 3, 1, 12, 0, n, 5, time.UTC),
		Actor:   "conformance",
		Type:    selfheal.EventDecisionMade,
		Payload: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)),
	}
}

func wantCode(t *testing.T, err error, want selfheal.Code) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want code %q", want)
	}
	if got := selfheal.CodeOf(err); got != want {
		t.Fatalf("code of %v is %q, want %q", err, got, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not as wanted (-want +got):\n%s", diff)
	}
}
