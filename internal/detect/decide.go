package detect

import (
	"cmp"
	"slices"
)

// holdMinutes is how long the flag of a known signature waits, in a service that
// has had outages of dependencies: others need a moment to show that they rise as well.
const holdMinutes = 4

// decide flags what the evidence suffices for now. Benjamini and Hochberg's
// procedure runs over chances that already hold at every look, and counts those
// only that nothing else explains: an outage, however many signatures it raises,
// must not lower the bar for others.
func (j *judgement) decide() {
	rate := j.options.FalseDiscoveryRate
	var standing []*subject
	for _, s := range j.subjects {
		switch {
		case s.count == 0:
		case s.detected > 0:
			j.reconsider(s)
			if s.retracted == 0 && s.standing <= rate {
				standing = append(standing, s)
			}
		case j.crashed(s) && !j.beforeDeploy(s):
			s.crossed, s.detected, s.standing = j.now, j.now, s.p
		case s.p <= rate:
			if s.standing = j.stands(s); s.standing <= rate {
				standing = append(standing, s)
			}
		}
	}
	slices.SortStableFunc(standing, func(a, b *subject) int { return cmp.Compare(a.standing, b.standing) })
	tests := float64(max(j.tested, 1))
	found := 0
	for i, s := range standing {
		if s.standing <= rate*float64(i+1)/tests {
			found = i + 1
		}
	}
	for _, s := range standing[:found] {
		j.flag(s)
	}
	j.threshold = min(rate*float64(found+1)/tests, rate)
}

// aloneAt is the largest chance at which a signature is flagged when no other is.
func (j *judgement) aloneAt() float64 {
	return j.options.FalseDiscoveryRate / float64(max(j.tested, 1))
}

// flag notes that the evidence suffices, and flags as soon as nothing is waited for.
func (j *judgement) flag(s *subject) {
	if s.crossed == 0 {
		s.crossed = j.now
	}
	if s.detected == 0 && !j.held(s) {
		s.detected = j.now
	}
}

// held tells whether a flag waits for others to rise as well.
func (j *judgement) held(s *subject) bool {
	return j.timeline.dated && s.crossed > 0 && j.now < min(s.crossed+holdMinutes, j.timeline.window.to) && !s.isNew() && len(j.common.outages) > 0
}

// reconsider takes a flag back, or puts it up again, as later minutes have it.
func (j *judgement) reconsider(s *subject) {
	if silence, _ := j.takenBack(s); silence == "" {
		s.retracted = 0
	} else if s.retracted == 0 {
		s.retracted = j.now
	}
}

// stands gives the smallest chance of those trials that nothing else explains.
func (j *judgement) stands(s *subject) float64 {
	if j.beforeDeploy(s) {
		return 1
	}
	for _, rule := range j.rules() {
		if silence, _ := rule(s); silence != "" {
			return 1
		}
	}
	least := 1.0
	for i := range s.trials {
		if p := s.trials[i].p; p < least && p <= j.options.FalseDiscoveryRate && j.largeEnough(s, i) && !j.reached(s, i) {
			least = p
		}
	}
	return least
}
