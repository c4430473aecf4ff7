package detect

import (
	"fmt"
	"math"
	"slices"

	"selfheal"
)

const (
	// Of those that rose with a signature in one outage, this share, and at least so
	// many, must be raised again for it to be the same once more.
	companyShare = 0.2
	leastCompany = 2
	// What a deploy breaks at once begins within apartMinutes of it.
	apartMinutes = 4
)

// rewind forgets the window.
func (c *common) rewind() {
	c.now = 0
	clear(c.counts)
	if len(c.outages) == 0 {
		return
	}
	for i, m := range c.movements {
		c.movements[i] = m.until(c.grid.before)
	}
	clear(c.crowd[c.grid.before:])
}

// see takes in a minute of a subject. A stretch is raised as soon as it holds more than it should when it is over.
func (c *common) see(s *subject, minute int64, n float64, traffic float64, t *timeline) {
	if !c.prone(s.index) {
		return
	}
	stretch := c.grid.inWindow(minute, t)
	if stretch != c.now {
		c.now = stretch
		clear(c.counts)
	}
	m := &c.models[s.index]
	c.counts[s.index] += min(n, m.cap)
	at := c.grid.before + stretch
	if v := c.movements[s.index]; v.at(at) == 0 {
		if ratio := raised(m, c.counts[s.index], c.grid.extent(at, t), t.flow.now(m, traffic), t); ratio > 0 {
			c.movements[s.index] = append(v, rise{int32(at), ratio})
			c.crowd[at]++
		}
	}
}

// shared silences a rise that lies in minutes in which as many other signatures
// rise as in outages of the baseline, and which rose in those.
func (j *judgement) shared(s *subject) (selfheal.Silence, string) {
	c := j.common
	if len(c.outages) == 0 || s.isNew() || s.after.Undated > 0 {
		return "", ""
	}
	mask, most := c.mask(s.index, j)
	if most == 0 {
		return "", ""
	}
	outside, exposure := 0.0, 0.0
	for i, masked := range mask {
		if span := c.grid.extent(c.grid.before+i, &j.timeline); !masked {
			n, _, _ := observe(within(s.after, minutes{span.from, min(span.to, j.now)}), s.model.cap)
			outside += n
			exposure += j.exposure(s, span)
		}
	}
	weight := j.timeline.levels[0].weight
	if exposure > 0 && s.model.chance(outside, exposure)/weight <= j.aloneAt() {
		return "", ""
	}
	from := c.grid.extent(c.precedent().from, &j.timeline).from
	return selfheal.SilenceSharedCause, fmt.Sprintf("%s rose in the same minutes, as in the outage of %s",
		plural(float64(most), "other signature"), selfheal.MinuteTime(from).Format("Jan 2 15:04"))
}

// precedent is the latest outage that was over before the window, if there is one.
func (c *common) precedent() outage {
	for _, o := range slices.Backward(c.outages) {
		if o.to < c.grid.before {
			return o
		}
	}
	return c.outages[0]
}

// mask finds the stretches of the window that are as crowded, by others than one
// subject, as outages of the baseline, and one more on either side of them; most
// is the largest crowd. What begins with the deploy and lasts may be the deploy's
// own doing: it masks nothing until it is over.
func (c *common) mask(subject int, j *judgement) (mask []bool, most int) {
	t := &j.timeline
	mask = make([]bool, c.grid.window)
	over := c.grid.inWindow(j.now, t) // stretches before this one are over
	if j.now >= t.window.to {
		over = c.grid.window
	}
	deployed := c.grid.inWindow(min(max(t.deploy, t.window.from), t.window.to-1), t)
	later := j.beganLater(j.subjects[subject])
	before := t.base.to == t.window.from && c.together(subject, -1) > 0
	for from := 0; from < len(mask); from++ {
		if c.together(subject, from) == 0 {
			continue
		}
		to, crowd := c.run(subject, from)
		apart := from != deployed || from == 0 && before || later
		if apart || to+calmStretches <= over {
			most = max(most, crowd)
			for i := max(from-1, 0); i < min(to+1, len(mask)); i++ {
				mask[i] = true
			}
		}
		from = to
	}
	return mask, most
}

// beganLater tells whether a subject's own excess begins clearly after the deploy.
func (j *judgement) beganLater(s *subject) bool {
	span := j.seen()
	at := changePoint(within(s.after, span), span, s.model.cap, j.perMinute(s))
	return at < span.to && at >= j.timeline.deploy+apartMinutes
}

// run follows an outage from a stretch of the window to where it has calmed down.
func (c *common) run(subject, from int) (to, crowd int) {
	to = from
	for i := from; i < c.grid.window && i-to < calmStretches; i++ {
		if n := c.together(subject, i); n > 0 {
			to, crowd = i+1, max(crowd, n)
		}
	}
	return to, crowd
}

// together counts the signatures that are raised in a stretch of the window, besides
// one subject, when these are as many as in an outage, or enough of those that rose
// with it in an outage of the baseline; zero when not.
func (c *common) together(subject, stretch int) int {
	at := c.grid.before + stretch
	others := c.crowd[at]
	if c.movements[subject].at(at) > 0 && c.prone(subject) {
		others--
	}
	if others >= c.limit-1 {
		return others
	}
	return c.company(subject, at)
}

// company counts those that are raised in a stretch and rose with a subject in one
// outage of the baseline; zero when they are too few to speak for another one.
func (c *common) company(subject, at int) int {
	for _, o := range c.outages {
		if !o.has(subject) {
			continue
		}
		n := 0
		for _, member := range o.members {
			if member != subject && c.movements[member].at(at) > 0 {
				n++
			}
		}
		if n >= max(leastCompany, int(math.Ceil(companyShare*float64(len(o.members)-1)))) {
			return n
		}
	}
	return 0
}
