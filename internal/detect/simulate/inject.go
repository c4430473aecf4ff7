package simulate

import (
	"maps"

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
	w.occur(Injected, perMinute, 1, s)
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
		w.occur(s.id, (factor-1)*s.perHour*w.frailty(s.shape)/60, s.burst, span{w.deploy + from, w.end})
		return s.id, true
	}
	return "", false
}

// Deployed gives the first minute of the window.
func (w *World) Deployed() int64 { return w.deploy }

// Judge runs detection on the world.
func (w *World) Judge(o detect.Options) detect.Result { return detect.Judge(w.Input, o) }
