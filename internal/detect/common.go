package detect

import (
	"cmp"
	"math"
	"slices"
)

const (
	// stretchesPerWindow is into how many stretches a window is cut to see what moves together.
	stretchesPerWindow = 6
	// shortestStretch is in minutes; stretchesAtMost bounds the memory per signature.
	shortestStretch = 5
	stretchesAtMost = 4096
	// A stretch is raised when its count is raisedBy standard deviations above the mean.
	raisedBy = 2.5
	// A stretch is an outage when this many signatures more than usual are raised,
	// and crowdSpreads times the spread of that number.
	leastCrowded = 4
	crowdSpreads = 3
	// calmStretches below that end an outage.
	calmStretches = 2
)

// grid cuts baseline and window into stretches, so that one ends where the window begins.
type grid struct {
	step           int64
	from           int64 // of the baseline's first stretch
	before, window int   // stretches in the baseline and in the window
}

func newGrid(t *timeline) grid {
	step := max(t.window.length()/stretchesPerWindow, shortestStretch, t.base.length()/stretchesAtMost)
	g := grid{step: step, before: int(t.base.length() / step), window: int(max(t.window.length()/step, 1))}
	g.from = t.base.to - int64(g.before)*step
	return g
}

// at gives the stretch of a minute of the baseline, or -1.
func (g grid) at(minute int64) int {
	if minute < g.from {
		return -1
	}
	if i := int((minute - g.from) / g.step); i < g.before {
		return i
	}
	return -1
}

// inWindow gives the stretch of a minute of the window, counted from its first. The last is the longest.
func (g grid) inWindow(minute int64, t *timeline) int {
	return min(int((minute-t.window.from)/g.step), g.window-1)
}

// extent gives the minutes of a stretch.
func (g grid) extent(i int, t *timeline) minutes {
	if i < g.before {
		from := g.from + int64(i)*g.step
		return minutes{from, from + g.step}
	}
	from := t.window.from + int64(i-g.before)*g.step
	if i == g.before+g.window-1 {
		return minutes{from, t.window.to}
	}
	return minutes{from, from + g.step}
}

// movement is the stretches of the baseline, and as they come of the window, in which a signature's occurrences
// are raised above the mean, in order. They are few: most of thousands of signatures occur in a few stretches.
type movement []rise

// rise says how small a share of a stretch's occurrences the mean is.
type rise struct {
	stretch int32
	ratio   float32
}

// from gives the rises from a stretch on.
func (m movement) from(stretch int) movement {
	at, _ := slices.BinarySearchFunc(m, stretch, func(r rise, stretch int) int { return cmp.Compare(int(r.stretch), stretch) })
	return m[at:]
}

// until gives the rises before a stretch.
func (m movement) until(stretch int) movement { return m[:len(m)-len(m.from(stretch))] }

// at gives the ratio of a stretch; zero where nothing is raised.
func (m movement) at(stretch int) float32 {
	if rest := m.from(stretch); len(rest) > 0 && int(rest[0].stretch) == stretch {
		return rest[0].ratio
	}
	return 0
}

func (g grid) movement(s *subject, m *model, t *timeline, counts []float64) movement {
	clear(counts)
	for _, c := range s.before.Counts {
		if i := g.at(c.Minute); i >= 0 {
			counts[i] += min(float64(max(c.N, 0)), m.cap)
		}
	}
	var v movement
	for i, n := range counts {
		if n > 0 {
			if ratio := raised(m, n, g.extent(i, t), t.flow.factorIn(m, g.extent(i, t)), t); ratio > 0 {
				v = append(v, rise{int32(i), ratio})
			}
		}
	}
	return slices.Clip(v)
}

// raised gives mean over count when a stretch's count is raised, zero when not.
func raised(m *model, n float64, span minutes, factor float64, t *timeline) float32 {
	perMinute := factor * m.known * m.burst / t.baseExposure
	mean := perMinute * float64(span.length()) * m.season.at(hourOf((span.from+span.to)/2))
	if n-m.burst > mean+raisedBy*math.Sqrt(m.burst*mean+m.frailty*mean*mean) {
		return float32(mean / n)
	}
	return 0
}

// outage is a run of stretches of the baseline in which unusually many signatures rose together.
type outage struct {
	from, to int   // stretches [from, to)
	members  []int // subjects
}

func (o *outage) has(subject int) bool {
	_, member := slices.BinarySearch(o.members, subject)
	return member
}

// common is what the signatures of a service do together.
type common struct {
	grid      grid
	movements []movement // per subject
	outages   []outage
	crowd     []int // per stretch, how many of those that rose in an outage are raised
	limit     int   // of crowd, from which a stretch is an outage
	usual     int   // the same of all signatures
	now       int   // stretch of the window that is being watched
	counts    []float64
	models    []model
	proneTo   []bool // per subject, whether it rose in an outage of the baseline
}

// learnCommon looks for outages of dependencies in the baseline: times at which
// several signatures rose together.
func learnCommon(subjects []*subject, models []model, t *timeline) *common {
	c := &common{}
	if !t.dated {
		return c
	}
	if c.grid = newGrid(t); c.grid.before < stretchesPerWindow*hoursPerDay {
		return c
	}
	c.movements = make([]movement, len(subjects))
	c.models = models
	counts := make([]float64, c.grid.before)
	for i, s := range subjects {
		c.movements[i] = c.grid.movement(s, &models[i], t, counts)
	}
	crowd := c.crowds(func(int) bool { return true })
	c.usual = crowdLimit(crowd[:c.grid.before])
	c.findOutages(crowd, c.usual)
	c.proneTo = make([]bool, len(subjects))
	for _, o := range c.outages {
		for _, member := range o.members {
			c.proneTo[member] = true
		}
	}
	c.crowd = c.crowds(c.prone)
	c.limit = crowdLimit(c.crowd[:c.grid.before])
	c.counts = make([]float64, len(subjects))
	return c
}

// crowds counts the raised signatures of every stretch.
func (c *common) crowds(counted func(subject int) bool) []int {
	crowd := make([]int, c.grid.before+c.grid.window)
	for subject, movement := range c.movements {
		if !counted(subject) {
			continue
		}
		for _, r := range movement {
			crowd[r.stretch]++
		}
	}
	return crowd
}

// crowdLimit is what the number of signatures that are raised by chance, or with
// the traffic, hardly ever reaches.
func crowdLimit(crowd []int) int {
	sorted := slices.Sorted(slices.Values(crowd))
	middle, high := sorted[len(sorted)/2], sorted[len(sorted)*84/100]
	return middle + max(leastCrowded, crowdSpreads*(high-middle), int(math.Ceil(crowdSpreads*math.Sqrt(float64(middle)))))
}

// findOutages collects the runs of crowded stretches of the baseline: one that reaches the limit, or
// several that nearly do, of the same signatures.
func (c *common) findOutages(crowd []int, limit int) {
	for i := 0; i < c.grid.before; i++ {
		from, most := i, 0
		for i < c.grid.before && crowd[i] >= limit-1 {
			most = max(most, crowd[i])
			i++
		}
		if i == from || most < limit && i < from+2 {
			continue
		}
		if members := c.members(from, i); most >= limit || len(members) >= leastCrowded {
			c.outages = append(c.outages, outage{from, i, members})
		}
	}
}

// members are the subjects raised in at least half of the stretches.
func (c *common) members(from, to int) []int {
	var members []int
	for subject, movement := range c.movements {
		if 2*len(movement.from(from).until(to)) >= to-from {
			members = append(members, subject)
		}
	}
	return members
}

// prone tells whether a subject rose in an outage of the baseline.
func (c *common) prone(subject int) bool { return subject < len(c.proneTo) && c.proneTo[subject] }

// excuse is what a signature's baseline counts less for: the stretches in which it
// rose together with others count as the mean.
type excuse struct {
	grid  grid
	ratio movement // of the stretches in which something is excused; nil when nowhere
}

func (c *common) excuse(subject int) excuse {
	e := excuse{grid: c.grid}
	if !c.prone(subject) {
		return e
	}
	for _, r := range c.movements[subject].until(c.grid.before) {
		if c.inOutage(subject, int(r.stretch)) || c.company(subject, int(r.stretch)) > 0 {
			e.ratio = append(e.ratio, r)
		}
	}
	return e
}

// inOutage tells whether a stretch is one of an outage in which a subject rose.
func (c *common) inOutage(subject, stretch int) bool {
	return slices.ContainsFunc(c.outages, func(o outage) bool { return o.from <= stretch && stretch < o.to && o.has(subject) })
}

// of gives what an occurrence in a minute of the baseline counts for.
func (e *excuse) of(minute int64) float64 {
	if e.ratio == nil {
		return 1
	}
	if i := e.grid.at(minute); i >= 0 {
		if ratio := e.ratio.at(i); ratio > 0 {
			return float64(ratio)
		}
	}
	return 1
}
