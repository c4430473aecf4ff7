package detect

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"selfheal"
)

// setAsideAtMost bounds how many silenced signatures a result carries.
const setAsideAtMost = 50

// Input is everything that is known about one deploy's counts.
type Input struct {
	// Baseline and Watched are occurrences per signature and minute, dated or not.
	Baseline, Watched selfheal.Counts
	// BaselineInterval and WatchedInterval are what the counts cover; zero where the logs carry no times.
	BaselineInterval, WatchedInterval selfheal.Interval
	// DeployedAt is when the new revision began to serve; zero when unknown: the window's start is taken.
	DeployedAt time.Time
	// Signatures describes the counted signatures. Those of severity WARN and above, exceptions
	// and build errors are judged; all others, and those missing here, only serve as exposure.
	Signatures map[selfheal.SignatureID]*selfheal.Signature
	// Ignored are signatures of which a person said that they never count.
	Ignored map[selfheal.SignatureID]bool
}

// Result is what detection says about one deploy.
type Result struct {
	Anomalies []selfheal.Anomaly // flagged, strongest first
	SetAside  []selfheal.Anomaly // elevated and silenced, strongest first, at most 50
	Tested    int                // signatures that were compared
	Power     string             // what this window could and could not have shown
}

// Judge compares the window with the baseline, signature by signature. Options
// that Validate refuses are replaced by the defaults.
func Judge(in Input, o Options) Result {
	j := newJudgement(in, o.usable())
	j.test()
	result := Result{
		Anomalies: []selfheal.Anomaly{},
		SetAside:  []selfheal.Anomaly{},
		Tested:    len(j.subjects),
	}
	for _, s := range j.strongestFirst() {
		switch silence, reason := j.silence(s); {
		case silence == "":
			j.flagged++
			result.Anomalies = append(result.Anomalies, j.anomaly(s, "", ""))
		case s.elevated() && len(result.SetAside) < setAsideAtMost:
			result.SetAside = append(result.SetAside, j.anomaly(s, silence, reason))
		}
	}
	result.Power = j.power()
	return result
}

// subject is one signature on trial.
type subject struct {
	signature     *selfheal.Signature
	before, after *selfheal.Series

	total  float64 // occurrences in the baseline
	count  float64 // occurrences in the window
	capped float64 // the same, minutes capped
	active int     // distinct minutes of the window in which it occurred; unbounded without times
	span   int64   // minutes from the first of these to the last; unbounded without times
	rare   bool    // in the baseline it came in a few clusters at most
	model  model
	excuse excuse // the outages in its baseline
	index  int    // among all subjects
	p, q   float64
}

// judgement is one call of Judge.
type judgement struct {
	in       Input
	options  Options
	timeline timeline
	// comparable says that there are a baseline and a window at all.
	comparable bool
	traffic    float64 // served in the window relative to what the baseline predicts
	subjects   []*subject
	unknown    model // of a signature that the baseline never shows
	noise      noise
	common     *common // what signatures do together; nil when nothing is comparable
	threshold  float64 // largest p-value that the false-discovery rate allows
	flagged    int
}

func newJudgement(in Input, o Options) *judgement {
	j := &judgement{in: in, options: o, timeline: newTimeline(in)}
	var controls []selfheal.SignatureID
	for _, id := range slices.Sorted(maps.Keys(union(in.Baseline.Series, in.Watched.Series))) {
		signature := in.Signatures[id]
		if !judged(signature) {
			controls = append(controls, id)
			continue
		}
		s := &subject{signature: signature, before: in.Baseline.Of(id), after: in.Watched.Of(id)}
		s.total, s.count = tally(s.before), tally(s.after)
		if s.total > 0 || s.count > 0 {
			j.subjects = append(j.subjects, s)
		}
	}
	j.comparable = j.timeline.baseExposure > 0 && j.timeline.windowExposure > 0 && anything(&in.Baseline)
	j.traffic = j.trafficFactor(controls)
	return j
}

func union(a, b map[selfheal.SignatureID]*selfheal.Series) map[selfheal.SignatureID]struct{} {
	all := make(map[selfheal.SignatureID]struct{}, len(a)+len(b))
	for id := range a {
		all[id] = struct{}{}
	}
	for id := range b {
		all[id] = struct{}{}
	}
	return all
}

// judged tells whether a signature can be a regression at all.
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

// test computes every subject's p- and q-value.
func (j *judgement) test() {
	p := make([]float64, len(j.subjects))
	if j.comparable {
		j.fit()
	}
	for i, s := range j.subjects {
		s.p = 1
		if j.comparable {
			s.p = s.model.chance(s.capped, 1)
		}
		p[i] = s.p
	}
	allowed := 1
	for i, q := range qValues(p, len(p)) {
		j.subjects[i].q = q
		if q <= j.options.FalseDiscoveryRate {
			allowed++
		}
	}
	j.threshold = j.options.FalseDiscoveryRate * float64(allowed) / float64(max(len(p), allowed))
}

func (j *judgement) fit() {
	surveys := make([]survey, len(j.subjects)+1)
	for i, s := range j.subjects {
		surveys[i] = newSurvey(s.before, s.total, &j.timeline, excuse{})
	}
	surveys[len(j.subjects)] = newSurvey(&selfheal.Series{}, 0, &j.timeline, excuse{})
	models := fitModels(surveys, &j.timeline, j.traffic)
	models = j.excuseOutages(models, surveys)
	j.unknown = models[len(j.subjects)]
	for i, s := range j.subjects {
		s.model, s.index = models[i], i
		s.capped, s.active, s.span = observe(s.after, s.model.cap)
		if !j.timeline.dated {
			s.active, s.span = math.MaxInt, math.MaxInt64
		}
	}
	j.noise = learnNoise(j.subjects, &j.timeline, j.options)
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
	return fitModels(surveys, &j.timeline, j.traffic)
}

// observe gives a series' occurrences with minutes capped, its distinct minutes,
// and how many minutes lie between the first and the last. An occurrence without
// a time counts as one in a minute of its own.
func observe(s *selfheal.Series, limit float64) (capped float64, active int, span int64) {
	undated := min(max(s.Undated, 0), 1<<30)
	capped, active = float64(max(s.Undated, 0)), int(undated)
	first := int64(math.MaxInt64)
	for _, c := range s.Counts {
		if c.N > 0 {
			capped += min(float64(c.N), limit)
			active++
			first = min(first, c.Minute)
			span = c.Minute - first + 1
		}
	}
	return capped, active, span + undated
}

// strongestFirst orders subjects by evidence, then by size, then by name.
func (j *judgement) strongestFirst() []*subject {
	ordered := slices.Clone(j.subjects)
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

// isNew tells whether the baseline never shows it.
func (s *subject) isNew() bool { return s.total == 0 }

// decisive signatures need to occur only once: a process died, or a build failed.
func (s *subject) decisive() bool {
	if s.signature.Kind == selfheal.KindBuild {
		return s.signature.Severity == selfheal.SeverityUnspecified || s.signature.Severity >= selfheal.SeverityError
	}
	return s.signature.Severity >= selfheal.SeverityFatal
}

// elevated tells whether a reader would ask why it was not flagged.
func (s *subject) elevated() bool {
	if s.count == 0 {
		return false
	}
	return s.isNew() || (s.count >= 1.5*s.model.expected && s.count >= s.model.expected+1)
}

func (s *subject) kind() selfheal.AnomalyKind {
	switch {
	case s.signature.Kind == selfheal.KindBuild:
		return selfheal.AnomalyBuild
	case s.isNew():
		return selfheal.AnomalyNew
	}
	return selfheal.AnomalyRise
}

// anomaly writes down what is known of a subject.
func (j *judgement) anomaly(s *subject, silence selfheal.Silence, reason string) selfheal.Anomaly {
	a := selfheal.Anomaly{
		Signature: s.signature.ID,
		Kind:      s.kind(),
		Severity:  s.signature.Severity,
		Observed:  whole(s.count),
		Expected:  s.model.expected,
		PValue:    s.p,
		QValue:    s.q,
		Silence:   silence,
		Chart:     j.chart(s),
	}
	if j.comparable {
		a.Ratio = j.ratio(s)
	}
	if j.timeline.dated {
		j.dates(s, &a)
	}
	a.Why = j.why(s, &a, reason)
	return a
}

// ratio of the rates, half an occurrence added on either side so that it is
// always finite.
func (j *judgement) ratio(s *subject) selfheal.Ratio {
	half := 0.5 * s.model.exposure
	r := selfheal.Ratio{Estimate: min((s.count+0.5)/(s.model.expected+half), largestRatio)}
	r.Low, r.High = s.model.interval(s.capped)
	r.Low = min(r.Low, r.Estimate)
	if r.High > 0 {
		r.High = max(r.High, r.Estimate)
	}
	return r
}
