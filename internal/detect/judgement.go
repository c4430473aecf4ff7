package detect

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"selfheal"
)

// judgement is the state of one Monitor: what the baseline taught, and what is
// known after the minutes that were decided.
type judgement struct {
	in       Input
	options  Options
	timeline timeline
	end      time.Time // of the planned window
	// comparable says that there are a baseline and a window at all.
	comparable bool

	subjects    []*subject // known ones by name, then new ones by appearance
	byID        map[selfheal.SignatureID]*subject
	unknown     model // of a signature that the baseline never shows
	noise       noise
	noiseBeside []noise // the same with twice, four times, ... as many clusters put up with
	common      *common // what signatures do together; nil when nothing is comparable
	traffic     *traffic
	pulses      pulses
	beside      *beside // the previous revision; nil where it does not serve
	bystanders  map[selfheal.SignatureID]*selfheal.Series

	now       int64   // minutes before this one are decided
	scale     float64 // traffic of the new revision relative to what the baseline predicts
	threshold float64 // largest chance that the false-discovery rate allows at the moment
	tested    int     // subjects known or seen
	records   int64
	all       selfheal.Series // records of the window
}

func newJudgement(in Input, o Options) *judgement {
	j := &judgement{
		in: in, options: o, timeline: newTimeline(in), scale: 1,
		byID:       map[selfheal.SignatureID]*subject{},
		bystanders: map[selfheal.SignatureID]*selfheal.Series{},
	}
	j.end = in.WatchedInterval.From.Add(horizonOf(in))
	if in.Concurrent != nil {
		j.beside = newBeside()
	}
	var controls []selfheal.SignatureID
	for _, id := range slices.Sorted(maps.Keys(in.Baseline.Series)) {
		before := j.before(id)
		switch total := tally(before); {
		case total == 0:
		case judged(in.Signatures[id]):
			j.admit(&subject{signature: in.Signatures[id], before: before, total: total})
		default:
			controls = append(controls, id)
		}
	}
	j.comparable = j.timeline.baseExposure > 0 && anything(&in.Baseline)
	j.traffic = j.newTraffic(controls)
	if j.comparable {
		j.fit()
	} else {
		j.common = &common{}
	}
	j.pulses = j.newPulses(controls)
	j.rewind()
	return j
}

// admit adds a subject.
func (j *judgement) admit(s *subject) *subject {
	s.after = &selfheal.Series{}
	s.index = len(j.subjects)
	j.subjects = append(j.subjects, s)
	j.byID[s.signature.ID] = s
	return s
}

// watched gives the series that the window's counts of a signature go to.
func (j *judgement) watched(id selfheal.SignatureID, signature *selfheal.Signature) *selfheal.Series {
	if s := j.byID[id]; s != nil {
		return s.after
	}
	if judged(signature) {
		s := j.admit(&subject{signature: signature, before: &selfheal.Series{}})
		s.model, s.rare = j.unknown, j.timeline.dated
		s.reset()
		return s.after
	}
	series := j.bystanders[id]
	if series == nil {
		series = &selfheal.Series{}
		j.bystanders[id] = series
	}
	return series
}

// judged tells whether a signature can be a regression by occurring more often.
func judged(s *selfheal.Signature) bool {
	if s == nil || s.Kind == selfheal.KindOverflow {
		return false
	}
	return s.Severity >= selfheal.SeverityWarn || s.Kind == selfheal.KindException || s.Kind == selfheal.KindBuild
}

// anything tells whether anything at all was logged.
func anything(c *selfheal.Counts) bool {
	if c.Records > 0 || tally(&c.All) > 0 {
		return true
	}
	for _, series := range c.Series {
		if series != nil && tally(series) > 0 {
			return true
		}
	}
	return false
}

// fit learns from the baseline.
func (j *judgement) fit() {
	surveys := make([]survey, len(j.subjects)+1)
	for i, s := range j.subjects {
		surveys[i] = newSurvey(s.before, s.total, &j.timeline, excuse{})
	}
	surveys[len(j.subjects)] = newSurvey(&selfheal.Series{}, 0, &j.timeline, excuse{})
	models := fitModels(surveys, &j.timeline)
	models = j.excuseOutages(models, surveys)
	j.unknown = models[len(j.subjects)]
	clusters, crashes := j.findRare()
	for i, s := range j.subjects {
		s.model = models[i]
		if s.rare && j.timeline.dated {
			s.model.byMinute(float64(len(s.before.Counts)) + float64(max(s.before.Undated, 0)))
		}
	}
	if j.timeline.dated {
		j.unknown.byMinute(0)
	}
	j.noise = j.learnNoise(clusters, crashes, j.options.NoiseClusters, seldomLeast)
	for times := 2.0; j.beside != nil && times <= mostBeside; times *= 2 {
		j.noiseBeside = append(j.noiseBeside, j.learnNoise(clusters, crashes, min(times*j.options.NoiseClusters, 1), promptLeast))
	}
}

// excuseOutages fits once more without the times at which several signatures rose
// together: what an outage of a dependency added says nothing about the rate of a
// signature, nor about how much that varies by itself.
func (j *judgement) excuseOutages(models []model, surveys []survey) []model {
	j.common = learnCommon(j.subjects, models, &j.timeline)
	if len(j.common.outages) == 0 {
		return models
	}
	for i, s := range j.subjects {
		if s.excuse = j.common.excuse(i); s.excuse.ratio != nil {
			surveys[i] = newSurvey(s.before, s.total, &j.timeline, s.excuse)
		}
	}
	return fitModels(surveys, &j.timeline)
}

// rewind forgets all decisions.
func (j *judgement) rewind() {
	j.now, j.scale, j.tested = j.timeline.window.from, 1, 0
	for _, s := range j.subjects {
		s.reset()
		if !s.isNew() {
			j.tested++
		}
	}
	j.common.rewind()
	j.traffic.rewind()
	j.pulses.rewind()
	if j.beside != nil {
		j.beside.rewind()
	}
	j.threshold = j.options.FalseDiscoveryRate / float64(max(j.tested, 1))
}

// step takes in one complete minute and decides.
func (j *judgement) step(minute int64) {
	j.now = minute + 1
	last := j.now == j.timeline.window.to
	j.traffic.step(minute, j)
	j.scale = j.shareOf(minute)
	for _, s := range j.subjects {
		n := s.take(minute)
		if last {
			n += s.undated()
		}
		if n > 0 {
			if s.count == 0 && s.isNew() {
				j.tested++
			}
			s.see(minute, n)
			j.common.see(s, minute, n, j.traffic.now, &j.timeline)
			j.weigh(s, minute, n)
		}
		if j.beside != nil {
			j.beside.weigh(s, minute, n)
		}
	}
	j.decide()
	j.pulses.step(minute, j)
}

// once judges logs without times, all at a single look.
func (j *judgement) once() {
	j.rewind()
	j.now = 1
	j.timeline.windowExposure = j.windowRecords()
	for _, s := range j.subjects {
		n := tally(s.after)
		if n == 0 {
			continue
		}
		if s.isNew() {
			j.tested++
		}
		s.count, s.capped, s.active, s.span = n, n, math.MaxInt, math.MaxInt64
		j.weigh(s, 0, n)
	}
	j.decide()
}

// windowRecords is the exposure of a window without times.
func (j *judgement) windowRecords() float64 {
	var total float64
	for _, s := range j.subjects {
		total += tally(s.after)
	}
	for _, series := range j.bystanders {
		total += tally(series)
	}
	return max(total, float64(j.records))
}

// result puts into words what is known now.
func (j *judgement) result() Result {
	r := Result{Anomalies: []selfheal.Anomaly{}, SetAside: []selfheal.Anomaly{}, Tested: j.tested}
	j.qualify()
	for _, s := range j.strongestFirst() {
		switch silence, reason := j.silence(s); {
		case silence == "":
			r.Anomalies = append(r.Anomalies, j.anomaly(s, "", ""))
		case (s.elevated(j) || s.detected > 0) && len(r.SetAside) < setAsideAtMost:
			r.SetAside = append(r.SetAside, j.anomaly(s, silence, reason))
		}
	}
	j.pulses.report(&r, j)
	r.Asked, r.Power, r.TellsNew = j.asked(), j.power(), j.tellsNew()
	return r
}

// strongestFirst orders subjects that were seen by evidence, then by size, then by name.
func (j *judgement) strongestFirst() []*subject {
	var ordered []*subject
	for _, s := range j.subjects {
		if s.count > 0 {
			ordered = append(ordered, s)
		}
	}
	slices.SortFunc(ordered, func(a, b *subject) int {
		return cmp.Or(
			cmp.Compare(a.p, b.p),
			cmp.Compare(b.signature.Severity, a.signature.Severity),
			cmp.Compare(b.count, a.count),
			cmp.Compare(a.signature.ID, b.signature.ID),
		)
	})
	return ordered
}
