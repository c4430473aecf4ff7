package simulate

import (
	"maps"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"selfheal"
	"selfheal/internal/detect"
)

// Injected is the signature that [World.InjectNew] and [World.InjectBlip] add.
const Injected selfheal.SignatureID = "injected"

// Fork gives a world with the same counts, whose window may be changed without
// changing this one's.
func (w *World) Fork() *World {
	fork := *w
	fork.Input.Watched.Series = make(map[selfheal.SignatureID]*selfheal.Series, len(w.Input.Watched.Series))
	for id, series := range w.Input.Watched.Series {
		fork.Input.Watched.Series[id] = &selfheal.Series{Counts: append([]selfheal.Count(nil), series.Counts...)}
	}
	fork.Input.Signatures = maps.Clone(w.Input.Signatures)
	return &fork
}

// InjectNew makes a new error occur at a rate from a minute of the window on.
func (w *World) InjectNew(perMinute float64, from int64) selfheal.SignatureID {
	return w.inject(perMinute, span{w.deploy + from, w.end})
}

// InjectBlip makes a new error occur in the first minutes after the deploy only.
func (w *World) InjectBlip(perMinute float64, length int64) selfheal.SignatureID {
	return w.inject(perMinute, span{w.deploy, w.deploy + length})
}

func (w *World) inject(perMinute float64, s span) selfheal.SignatureID {
	w.Input.Signatures[Injected] = &selfheal.Signature{
		ID: Injected, Kind: selfheal.KindException, Severity: selfheal.SeverityError, Title: "injected",
	}
	w.occur(perMinute*w.share, 1, s, func(minute int64) { w.Count(Injected, minute, 1) })
	return Injected
}

// InjectRise multiplies the rate of one background signature whose rate per hour
// lies in [low, high), from a minute of the window on. There is none when ok is false.
func (w *World) InjectRise(factor, low, high float64, from int64) (id selfheal.SignatureID, ok bool) {
	first := w.random.IntN(max(len(w.sources), 1))
	for i := range w.sources {
		s := w.sources[(first+i)%len(w.sources)]
		if s.perHour < low || s.perHour >= high {
			continue
		}
		more := (factor - 1) * w.share * s.perHour * w.frailty(s.shape) / 60
		w.occur(more, s.burst, span{w.deploy + from, w.end}, func(minute int64) { w.Count(s.id, minute, 1) })
		return s.id, true
	}
	return "", false
}

// InjectKnownBlip makes a background signature whose rate per hour lies in [low, high)
// occur so many times as often in the first minutes after the deploy.
func (w *World) InjectKnownBlip(factor, low, high float64, length int64) (id selfheal.SignatureID, ok bool) {
	end := w.end
	w.end = w.deploy + length
	defer func() { w.end = end }()
	return w.InjectRise(factor, low, high, 0)
}

// InjectDrop silences a line that comes once a minute, one by one or in bursts,
// from a minute of the window on.
func (w *World) InjectDrop(bursts bool, from int64) (id selfheal.SignatureID, ok bool) {
	line := 0
	if bursts {
		line = 1
	}
	if len(w.lines) <= line {
		return "", false
	}
	id = w.lines[line].id
	series := w.Input.Watched.Of(id)
	w.Input.Watched.Series[id] = &selfheal.Series{Counts: slices.DeleteFunc(series.Counts, func(c selfheal.Count) bool {
		return c.Minute >= w.deploy+from
	})}
	return id, true
}

// Canary gives the new revision a share of the window's traffic, and the rest to
// the previous one that goes on serving. What is injected afterwards hits the new one.
func (w *World) Canary(share float64) {
	w.share = share
	newer := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}
	older := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}
	for _, id := range slices.Sorted(maps.Keys(w.Input.Watched.Series)) {
		for _, c := range w.Input.Watched.Series[id].Counts {
			n := int64(distuv.Binomial{N: float64(c.N), P: share, Src: w.random}.Rand())
			give(&newer, id, c.Minute, n)
			give(&older, id, c.Minute, c.N-n)
		}
	}
	w.Input.Watched, w.Input.Concurrent = newer, &older
}

func give(counts *selfheal.Counts, id selfheal.SignatureID, minute, n int64) {
	if n == 0 {
		return
	}
	if counts.Series[id] == nil {
		counts.Series[id] = &selfheal.Series{}
	}
	counts.Series[id].Add(minute, n)
	counts.All.Add(minute, n)
	counts.Records += n
}

// Deployed gives the first minute of the window.
func (w *World) Deployed() int64 { return w.deploy }

// Judge runs detection on the world.
func (w *World) Judge(o detect.Options) detect.Result { return detect.Judge(w.Input, o) }
