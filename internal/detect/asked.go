package detect

import (
	"fmt"
	"math"

	"selfheal"
)

// asked says of the signatures that somebody asked about why they count or do not.
func (j *judgement) asked() []selfheal.Anomaly {
	var answers []selfheal.Anomaly
	for _, id := range j.in.Asked {
		if signature := j.in.Signatures[id]; signature != nil {
			answers = append(answers, j.answer(signature))
		} else if s := j.byID[id]; s != nil {
			answers = append(answers, j.answer(s.signature))
		}
	}
	return answers
}

func (j *judgement) answer(signature *selfheal.Signature) selfheal.Anomaly {
	s, p := j.byID[signature.ID], j.pulses.of(signature.ID)
	switch {
	case s != nil && s.count > 0:
		silence, reason := j.silence(s)
		return j.anomaly(s, silence, reason)
	case j.onlyPrevious(signature.ID):
		return j.bystander(signature, selfheal.SilenceOldRevision,
			fmt.Sprintf("only the previous revision beside it logged it: %s", number(tally(j.beside.of(signature.ID)))))
	case p != nil:
		return j.heard(p)
	case s != nil:
		return j.anomaly(s, selfheal.SilenceNotSignificant, fmt.Sprintf("it does not occur in the window; it would count from %s on", number(j.countFor(s))))
	}
	return j.bystander(signature, selfheal.SilenceNoPower, j.unheard())
}

// onlyPrevious tells whether just the previous revision shows a signature.
func (j *judgement) onlyPrevious(id selfheal.SignatureID) bool {
	if j.beside == nil || j.beside.series[id] == nil {
		return false
	}
	s := j.byID[id]
	return (s == nil || s.count == 0) && tally(series(j.bystanders[id])) == 0
}

// of finds the pulse of a signature; nil when it has none.
func (all pulses) of(id selfheal.SignatureID) *pulse {
	for _, p := range all {
		if p.signature.ID == id {
			return p
		}
	}
	return nil
}

// heard says of a line that should keep coming whether it does.
func (j *judgement) heard(p *pulse) selfheal.Anomaly {
	silence, reason, silent := p.silence(j)
	if silent {
		return p.anomaly(j, silence, reason)
	}
	a := p.anomaly(j, selfheal.SilenceNotSignificant, "")
	t := &j.timeline
	a.Why = fmt.Sprintf("%s in %s where the %s before predict %s; %s missing in a row would be flagged",
		number(p.count), t.extent(float64(j.now-t.window.from)), t.extent(t.baseExposure), number(a.Expected), number(math.Ceil(p.needed)))
	if quiet := j.now - max(p.from, t.window.from); quiet > 0 {
		a.Why += fmt.Sprintf(", the last %s show none", t.extent(float64(quiet)))
	}
	return a
}

// unheard says why a line that is no error is not looked at for drops either.
func (j *judgement) unheard() string {
	const noError = "it is no error, so that more of it never counts; "
	if j.options.Drops == DropsOff || j.options.Method.fixed() {
		return noError + "its silence is not looked for (detect.drops)"
	}
	return noError + "it comes too seldom for its silence to mean anything"
}

// bystander describes a signature that is not judged.
func (j *judgement) bystander(signature *selfheal.Signature, silence selfheal.Silence, reason string) selfheal.Anomaly {
	before, after := series(j.in.Baseline.Series[signature.ID]), series(j.bystanders[signature.ID])
	a := selfheal.Anomaly{
		Signature: signature.ID, Kind: selfheal.AnomalyRise, Severity: signature.Severity,
		Observed: whole(tally(after)), PValue: 1, QValue: 1, EValue: 1, Silence: silence,
		Chart: j.chart(before, after),
	}
	if tally(before) == 0 {
		a.Kind = selfheal.AnomalyNew
	}
	t := &j.timeline
	if t.baseExposure > 0 {
		a.Expected = tally(before) * t.windowExposure / t.baseExposure
	}
	a.Why = fmt.Sprintf("%s in %s, %s in the %s before; %s", number(tally(after)), t.extent(t.windowExposure), number(tally(before)), t.extent(t.baseExposure), reason)
	return a
}
