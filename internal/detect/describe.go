package detect

import (
	"selfheal"
)

// anomaly writes down what is known of a subject.
func (j *judgement) anomaly(s *subject, silence selfheal.Silence, reason string) selfheal.Anomaly {
	a := selfheal.Anomaly{
		Signature: s.signature.ID,
		Kind:      s.kind(),
		Severity:  s.signature.Severity,
		Observed:  whole(s.count),
		Expected:  j.expected(s),
		PValue:    s.p,
		QValue:    s.q,
		EValue:    evidence(s.p),
		Silence:   silence,
		Chart:     j.chart(s.before, s.after),
	}
	if j.comparable {
		a.Ratio = j.ratio(s)
	}
	if j.timeline.dated {
		j.dates(s, &a)
	}
	j.reach(&a, s.after)
	a.Priority = j.priority(&a, s.signature)
	a.Why = j.why(s, &a, reason)
	return a
}

// reach says how widely a signature occurred.
func (j *judgement) reach(a *selfheal.Anomaly, after *selfheal.Series) {
	if after.Reach == nil {
		return
	}
	a.Instances, _ = after.Reach.Instances.Count()
	a.Traces, _ = after.Reach.Traces.Count()
	if j.all.Reach != nil {
		a.Serving, _ = j.all.Reach.Instances.Count()
	}
}

// ratio of the rates in what was seen, half an occurrence added on either side so
// that it is always finite.
func (j *judgement) ratio(s *subject) selfheal.Ratio {
	exposure := j.seenExposure(s)
	if exposure <= 0 {
		return selfheal.Ratio{}
	}
	r := selfheal.Ratio{Estimate: min((s.count+0.5)/(j.expected(s)+0.5*exposure), largestRatio)}
	r.Low, r.High = s.model.interval(s.capped, exposure)
	r.Low = min(r.Low, r.Estimate)
	if r.High > 0 {
		r.High = max(r.High, r.Estimate)
	}
	return r
}

// qualify computes the q-values of all subjects.
func (j *judgement) qualify() {
	p := make([]float64, len(j.subjects))
	for i, s := range j.subjects {
		p[i] = s.p
	}
	for i, q := range qValues(p, j.tested) {
		j.subjects[i].q = min(q, 1)
	}
}

const (
	// pageRate is how many occurrences per minute wake somebody, pageRatio how many
	// times as many as usual.
	pageRate  = 1
	pageRatio = 10
	// pageTraces is in how many requests it occurred, where they are known.
	pageTraces = 3
)

// priority says how soon a person should look: by class, rate, reach and novelty. A crash
// of a kind never seen, or an error that is new or tenfold and comes every minute,
// cannot wait; a warning, or a slower error, can until office hours; a line that
// went silent is between the two, since only people know what it stood for.
func (j *judgement) priority(a *selfheal.Anomaly, signature *selfheal.Signature) selfheal.Priority {
	if !a.Flagged() {
		return ""
	}
	perMinute := 0.0
	if j.timeline.dated && !a.Onset.IsZero() {
		perMinute = float64(a.Observed) / max(float64(j.now-selfheal.MinuteOf(a.Onset)), 1)
	}
	// One request, or one client that tries again and again, can wait until the morning.
	wide := a.Traces == 0 || a.Traces >= pageTraces
	grave := wide && (a.Kind == selfheal.AnomalyNew || a.Ratio.Estimate >= pageRatio)
	switch {
	case a.Kind == selfheal.AnomalyBuild:
		return selfheal.PriorityTicket
	case a.Kind == selfheal.AnomalyNew && a.Severity >= selfheal.SeverityFatal:
		return selfheal.PriorityPage
	case a.Kind == selfheal.AnomalyDrop && a.Severity >= selfheal.SeverityWarn:
		return selfheal.PriorityNote
	case a.Kind == selfheal.AnomalyDrop:
		return selfheal.PriorityTicket
	case signature.Severity >= selfheal.SeverityError && grave && perMinute >= pageRate:
		return selfheal.PriorityPage
	case signature.Severity < selfheal.SeverityError && signature.Kind == selfheal.KindMessage:
		return selfheal.PriorityNote
	}
	return selfheal.PriorityTicket
}
