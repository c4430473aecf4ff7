// Package simulate makes worlds to measure detection in: a service's errors over a
// baseline and the window after a deploy, minute by minute, with all that makes
// real counts unlike independent Poisson ones. In go a profile and a seed; out
// comes a [World], the same for the same seed, into which a regression can be
// injected.
package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"selfheal"
	"selfheal/internal/detect"
)

// Profile says what kind of service a world is. The zero value of every noise is none.
type Profile struct {
	Name       string
	Signatures int           // background error signatures
	Baseline   time.Duration // whole hours
	Window     time.Duration // whole minutes

	FrailtyShape   float64 // median gamma shape of the hourly rates; 0: constant rates
	Diurnal        float64 // amplitude of the day's traffic, in [0, 1)
	Weekend        float64 // traffic of a weekend day relative to a weekday; 0: the same
	TrafficSpread  float64 // standard deviation of the logarithm of a day's traffic level
	Bursty         float64 // share of signatures that come in bursts of retries
	BurstSize      float64 // mean size of those bursts
	Outages        float64 // outages of dependencies per hour
	Dependencies   int     // each signature belongs to one of these with probability 1/2
	Cron           float64 // share of signatures that a daily job adds to
	NovelPerHour   float64 // never seen messages per hour and 200 signatures
	NovelClustered float64 // share of those that come as a cluster
	Lines          int     // lines that are no errors, apart from those that follow traffic closely
}

// Ideal is the world of the textbook: stationary independent Poisson counts.
func Ideal(signatures int) Profile {
	return Profile{Name: "ideal", Signatures: signatures, Baseline: 7 * 24 * time.Hour, Window: time.Hour, Lines: 10}
}

// Typical is a service with a day and a week, retries, outages and noise.
func Typical(signatures int) Profile {
	p := Ideal(signatures)
	p.Name = "typical"
	p.FrailtyShape, p.Diurnal, p.Weekend, p.TrafficSpread = 8, 0.5, 0.6, 0.1
	p.Bursty, p.BurstSize = 0.4, 4
	p.Outages, p.Dependencies, p.Cron = 0.12, 6, 0.03
	p.NovelPerHour, p.NovelClustered = 0.8, 0.35
	return p
}

// Nasty has more of everything.
func Nasty(signatures int) Profile {
	p := Typical(signatures)
	p.Name = "nasty"
	p.FrailtyShape, p.Diurnal, p.Weekend, p.TrafficSpread = 3, 0.7, 0.4, 0.25
	p.Bursty, p.BurstSize = 0.6, 8
	p.Outages, p.Cron = 0.25, 0.06
	p.NovelPerHour, p.NovelClustered = 2.5, 0.5
	return p
}

// World is one simulated deploy.
type World struct {
	Input  detect.Input
	Outage bool // a dependency was down during the window

	random  *rand.Rand
	sources []source
	lines   []source
	counts  []int64 // of the source that runs, per minute since from
	share   float64 // of the new revision in the window's traffic
	from    int64   // first minute of the baseline
	deploy  int64   // first minute of the window
	end     int64
}

// source is what makes one signature's occurrences.
type source struct {
	id         selfheal.SignatureID
	perHour    float64
	shape      float64 // of the hourly gamma frailty; 0: none
	traffic    float64 // exponent with which it follows traffic
	burst      float64 // mean burst size; 1: single
	dependency int     // -1: none
	surge      float64 // rate during an outage of the dependency, relative to normal
	cron       int     // minute of the day of its daily job; -1: none
	cronSize   float64
}

// span is a range of minutes.
type span struct{ from, to int64 }

// New makes a world.
func New(p Profile, seed uint64) *World {
	w := &World{random: rand.New(rand.NewPCG(seed, 0x5eed)), share: 1} //nolint:gosec // a simulation must be repeatable
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(w.random.IntN(7*24*60)) * time.Minute)
	w.from = selfheal.MinuteOf(start)
	w.deploy = w.from + int64(p.Baseline/time.Minute)
	w.end = w.deploy + int64(p.Window/time.Minute)
	w.Input = detect.Input{
		BaselineInterval: selfheal.Interval{From: start, To: selfheal.MinuteTime(w.deploy)},
		WatchedInterval:  selfheal.Interval{From: selfheal.MinuteTime(w.deploy), To: selfheal.MinuteTime(w.end)},
		DeployedAt:       selfheal.MinuteTime(w.deploy),
		Baseline:         selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		Watched:          selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		Signatures:       map[selfheal.SignatureID]*selfheal.Signature{},
	}
	w.counts = make([]int64, w.end-w.from)
	traffic := w.traffic(p)
	outages := w.outages(p)
	for i := range p.Signatures {
		s := w.source(p, w.describe("known", i, selfheal.SeverityError))
		w.sources = append(w.sources, s)
		w.run(s, traffic, outages)
	}
	w.controls(traffic)
	w.novel(p)
	w.random = rand.New(rand.NewPCG(seed, 0x11e5)) //nolint:gosec // as above; apart, so that more lines leave the errors alone
	for i := range p.Lines {
		s := w.line(p, i)
		w.lines = append(w.lines, s)
		w.run(s, traffic, outages)
	}
	w.counts = nil
	return w
}

// line is like a source, of "order placed" and the like: the first two come once a
// minute, one by one and in bursts, the others from every other minute to ten times a minute.
func (w *World) line(p Profile, i int) source {
	s := w.source(p, w.describe("line", i, selfheal.SeverityInfo))
	s.dependency = -1
	s.perHour = 60 * math.Exp(w.uniform(math.Log(0.5), math.Log(10)))
	switch i {
	case 0:
		s.perHour, s.burst = 60, 1
	case 1:
		s.perHour, s.burst = 60, max(1, p.BurstSize)
	}
	return s
}

// traffic is relative to its mean, per hour since the start.
func (w *World) traffic(p Profile) []float64 {
	levels := make([]float64, (w.end-w.from)/60+2)
	phase := w.random.Float64() * 2 * math.Pi
	day := 1.0
	for h := range levels {
		t := selfheal.MinuteTime(w.from + int64(h)*60)
		if h == 0 || t.Hour() == 0 {
			day = math.Exp(w.random.NormFloat64() * p.TrafficSpread)
		}
		levels[h] = day * (1 + p.Diurnal*math.Sin(float64(t.Hour())/24*2*math.Pi+phase))
		if weekday := t.Weekday(); p.Weekend > 0 && (weekday == time.Saturday || weekday == time.Sunday) {
			levels[h] *= p.Weekend
		}
	}
	return levels
}

// outages per dependency, over baseline and window.
func (w *World) outages(p Profile) [][]span {
	all := make([][]span, p.Dependencies)
	if p.Outages == 0 {
		return all
	}
	at := float64(w.from)
	for {
		at += w.random.ExpFloat64() * 60 / p.Outages
		if int64(at) >= w.end {
			return all
		}
		length := min(120, 3+w.random.ExpFloat64()*20)
		d := w.random.IntN(p.Dependencies)
		s := span{int64(at), int64(at + length)}
		all[d] = append(all[d], s)
		w.Outage = w.Outage || s.to > w.deploy
	}
}

func (w *World) source(p Profile, id selfheal.SignatureID) source {
	s := source{
		id:         id,
		perHour:    math.Exp(w.uniform(math.Log(0.5), math.Log(300))),
		burst:      1,
		dependency: -1,
		cron:       -1,
	}
	if w.random.Float64() < 0.4 {
		s.perHour = math.Exp(w.uniform(math.Log(0.01), math.Log(0.5)))
	}
	if p.FrailtyShape > 0 {
		s.shape = p.FrailtyShape * math.Exp(0.5*w.random.NormFloat64())
		s.traffic = w.random.Float64()
	}
	if w.random.Float64() < p.Bursty {
		s.burst = 1 + w.random.ExpFloat64()*(p.BurstSize-1)
	}
	if p.Dependencies > 0 && w.random.Float64() < 0.5 {
		s.dependency = w.random.IntN(p.Dependencies)
		s.surge = math.Exp(w.uniform(math.Log(1.5), math.Log(30)))
	}
	if w.random.Float64() < p.Cron {
		s.cron = w.random.IntN(24 * 60)
		s.cronSize = w.uniform(10, 200)
	}
	return s
}

// run lets a source occur over baseline and window.
func (w *World) run(s source, traffic []float64, outages [][]span) {
	note := func(minute int64) { w.counts[minute-w.from]++ }
	for from := w.from; from < w.end; from += 60 {
		to := min(from+60, w.end)
		rate := s.perHour * w.frailty(s.shape) * math.Pow(traffic[(from-w.from)/60], s.traffic)
		w.occur(rate/60, s.burst, span{from, to}, note)
		if s.dependency >= 0 {
			for _, o := range outages[s.dependency] {
				w.occur(rate/60*(s.surge-1), s.burst, span{max(from, o.from), min(to, o.to)}, note)
			}
		}
	}
	if s.cron >= 0 {
		for day := w.from - w.from%1440; day < w.end; day += 1440 {
			at := day + int64(s.cron)
			w.occur(s.cronSize*w.frailty(10)/10, 1, span{max(at, w.from), min(at+10, w.end)}, note)
		}
	}
	w.file(s.id)
}

// file moves what a source counted to its series.
func (w *World) file(id selfheal.SignatureID) {
	for i, n := range w.counts {
		if n > 0 {
			w.Count(id, w.from+int64(i), n)
			w.counts[i] = 0
		}
	}
}

func (w *World) frailty(shape float64) float64 {
	if shape <= 0 {
		return 1
	}
	return distuv.Gamma{Alpha: shape, Beta: shape, Src: w.random}.Rand()
}

// occur draws Poisson bursts at a mean number of occurrences per minute, and notes the
// minute of every occurrence. A burst's occurrences spread over up to three minutes.
func (w *World) occur(perMinute, burst float64, s span, note func(minute int64)) {
	length := float64(s.to - s.from)
	if length <= 0 || perMinute <= 0 {
		return
	}
	bursts := int(distuv.Poisson{Lambda: max(perMinute*length/burst, 1e-9), Src: w.random}.Rand())
	for range bursts {
		at := s.from + int64(w.random.Float64()*length)
		size := 1
		if burst > 1 {
			size = 1 + int(math.Log(1-w.random.Float64())/math.Log(1-1/burst))
		}
		for i := range size {
			note(min(at+int64(i)%3, w.end-1))
		}
	}
}

// Count adds occurrences at a minute, before or after the deploy.
func (w *World) Count(id selfheal.SignatureID, minute, n int64) {
	counts := &w.Input.Watched
	if minute < w.deploy {
		counts = &w.Input.Baseline
	}
	series := counts.Series[id]
	if series == nil {
		series = &selfheal.Series{}
		counts.Series[id] = series
	}
	series.Add(minute, n)
	counts.Records += n
}

// controls are info lines that follow traffic.
func (w *World) controls(traffic []float64) {
	for i := range 5 {
		id := w.describe("info", i, selfheal.SeverityInfo)
		perMinute := math.Exp(w.uniform(math.Log(2), math.Log(50)))
		for minute := w.from; minute < w.end; minute++ {
			mean := perMinute * traffic[(minute-w.from)/60]
			if n := int64(math.Round(mean + math.Sqrt(mean)*w.random.NormFloat64())); n > 0 {
				w.Count(id, minute, n)
			}
		}
	}
}

// novel makes messages that nobody saw before: half of them once, others in
// clusters of a few minutes, one in ten of those for up to an hour.
func (w *World) novel(p Profile) {
	perHour := p.NovelPerHour * float64(p.Signatures) / 200
	if perHour == 0 {
		return
	}
	at := float64(w.from)
	for i := 0; ; i++ {
		if at += w.random.ExpFloat64() * 60 / perHour; int64(at) >= w.end {
			return
		}
		id := w.describe("novel", i, selfheal.SeverityError)
		w.Count(id, int64(at), 1)
		if w.random.Float64() >= p.NovelClustered {
			continue
		}
		length := w.uniform(1, 5)
		if w.random.Float64() < 0.1 {
			length = w.uniform(5, 60)
		}
		for range 1 + int(w.random.ExpFloat64()*6) {
			w.Count(id, min(int64(at+w.random.Float64()*length), w.end-1), 1)
		}
	}
}

func (w *World) describe(group string, i int, severity selfheal.Severity) selfheal.SignatureID {
	id := selfheal.SignatureID(fmt.Sprintf("%s-%04d", group, i))
	w.Input.Signatures[id] = &selfheal.Signature{ID: id, Kind: selfheal.KindMessage, Severity: severity, Title: string(id)}
	return id
}

func (w *World) uniform(low, high float64) float64 { return low + (high-low)*w.random.Float64() }
