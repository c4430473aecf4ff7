package hosted

import "selfheal"

// Tally takes the states of many checks together.
type Tally struct {
	seen, pending bool
	failed        []selfheal.Check
}

// maxFailed bounds how many failed checks are kept.
const maxFailed = 20

// Add counts one check.
func (t *Tally) Add(state selfheal.CheckState, check selfheal.Check) {
	t.seen = true
	switch state {
	case selfheal.ChecksPending:
		t.pending = true
	case selfheal.ChecksFailed:
		if len(t.failed) < maxFailed {
			t.failed = append(t.failed, check)
		}
	}
}

// Checks is the sum: one that failed makes all failed, one that runs keeps all waiting.
func (t *Tally) Checks() selfheal.Checks {
	c := selfheal.Checks{State: selfheal.ChecksPassed, Failed: t.failed}
	switch {
	case len(t.failed) > 0:
		c.State = selfheal.ChecksFailed
	case t.pending:
		c.State = selfheal.ChecksPending
	case !t.seen:
		c.State = selfheal.ChecksNone
	}
	return c
}
