package detect

import (
	"maps"
	"slices"
	"time"

	"selfheal"
)

// Monitor judges a deploy while it is being watched. It is fitted to the baseline
// once, is fed counts as they come, and decides on every minute that is complete,
// so that it does not matter how often, in what batches, or in which order it is
// fed: the same counts give the same answer, also after a restart that feeds them
// anew. A flag is kept from the minute at which the evidence sufficed, unless
// later minutes show that others moved with it or that it was a blip: then the
// signature is set aside, and says that it had been flagged.
//
// A Monitor is not safe for concurrent use.
type Monitor struct {
	j       *judgement
	decided int64 // minutes before this one are decided
	late    bool  // counts of decided minutes came in
}

// Batch is what one look brings.
type Batch struct {
	// Counts are occurrences that no batch before held, of any minutes of the window.
	Counts selfheal.Counts
	// Concurrent are those of the previous revision, where it goes on serving.
	Concurrent selfheal.Counts
	// Signatures describes signatures that [Input.Signatures] does not.
	Signatures map[selfheal.SignatureID]*selfheal.Signature
	// Through says until when the counts are complete. A minute is decided once it is.
	Through time.Time
}

// NewMonitor fits the baseline. Of the window it reads the interval only: its
// counts are what [Monitor.Observe] is for. The baseline must not change afterwards.
func NewMonitor(in Input, o Options) *Monitor {
	m := &Monitor{j: newJudgement(in, o.usable())}
	m.decided = m.j.timeline.window.from
	return m
}

// Observe adds counts and decides the minutes that are now complete. Counts of
// minutes that were decided before are judged as if they had come in time.
func (m *Monitor) Observe(b Batch) {
	m.add(b)
	to := selfheal.MinuteOf(b.Through)
	if !b.Through.Before(m.j.end) {
		to = m.j.timeline.window.to
	}
	m.advance(to)
}

// add merges a batch into what is known of the window.
func (m *Monitor) add(b Batch) {
	j := m.j
	for _, id := range slices.Sorted(maps.Keys(b.Counts.Series)) {
		signature := j.in.Signatures[id]
		if signature == nil {
			signature = b.Signatures[id]
		}
		m.merge(j.watched(id, signature), b.Counts.Series[id])
	}
	j.records += b.Counts.Records
	m.merge(&j.all, &b.Counts.All)
	if j.beside == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(b.Concurrent.Series)) {
		m.merge(j.beside.of(id), b.Concurrent.Series[id])
	}
	j.beside.records += b.Concurrent.Records
	m.merge(&j.beside.all, &b.Concurrent.All)
}

func (m *Monitor) merge(known, more *selfheal.Series) {
	if more == nil {
		return
	}
	for _, c := range more.Counts {
		if c.N > 0 {
			known.Add(c.Minute, min(c.N, mostPerMinute))
			m.late = m.late || c.Minute < m.decided
		}
	}
	known.Merge(&selfheal.Series{Reach: more.Reach})
	known.Undated += min(max(more.Undated, 0), mostPerMinute)
}

// mostPerMinute keeps hostile counts from overflowing when they are added up.
const mostPerMinute = 1 << 40

// advance decides all minutes before one.
func (m *Monitor) advance(to int64) {
	j := m.j
	if !j.timeline.dated {
		j.once()
		return
	}
	to = min(to, j.timeline.window.to)
	if m.late {
		j.rewind()
		to = max(to, m.decided)
		m.decided, m.late = j.timeline.window.from, false
	}
	for ; m.decided < to; m.decided++ {
		j.step(m.decided)
	}
}

// Flags says which signatures were flagged by the last complete minute, each with the end
// of the first minute at which it was; those that were taken back are among them. It is
// what Result says without the words, at a fraction of the cost.
func (m *Monitor) Flags() map[selfheal.SignatureID]time.Time {
	flags := map[selfheal.SignatureID]time.Time{}
	for _, s := range m.j.subjects {
		if s.detected > 0 {
			flags[s.signature.ID] = m.j.endOf(s.detected)
		}
	}
	for _, p := range m.j.pulses {
		if p.detected > 0 {
			flags[p.signature.ID] = m.j.endOf(p.detected)
		}
	}
	return flags
}

// Result says what is known after the last complete minute.
func (m *Monitor) Result() Result { return m.j.result() }

// Reset forgets the window and keeps what was learnt from the baseline.
func (m *Monitor) Reset() {
	j := m.j
	known := j.subjects[:0]
	for _, s := range j.subjects {
		if s.isNew() {
			delete(j.byID, s.signature.ID)
			continue
		}
		s.after = &selfheal.Series{}
		known = append(known, s)
	}
	clear(j.subjects[len(known):])
	j.subjects = known
	clear(j.bystanders)
	j.records, j.all = 0, selfheal.Series{}
	if j.beside != nil {
		j.beside = newBeside()
	}
	j.rewind()
	m.decided, m.late = j.timeline.window.from, false
}
