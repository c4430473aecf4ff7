package detect

import (
	"time"

	"selfheal"
)

// setAsideAtMost bounds how many silenced signatures a result carries.
const setAsideAtMost = 50

// Input is everything that is known about one deploy's counts.
type Input struct {
	// Baseline and Watched are occurrences per signature and minute, dated or not.
	// Signatures that are not judged for rises may be counted per hour, at its first minute.
	Baseline, Watched selfheal.Counts
	// FineFrom is from when on the baseline of those has minutes, where it begins with hours; zero: it is all alike.
	FineFrom time.Time
	// Concurrent are the counts, in the watched interval, of the previous revision where it goes
	// on serving beside the new one (canary, rolling deploy); nil where it does not. Watched then
	// holds the new revision's counts only. All, or else Records, of both tell the shares of the traffic.
	Concurrent *selfheal.Counts
	// BaselineInterval and WatchedInterval are what the counts cover; zero where the logs carry no times.
	BaselineInterval, WatchedInterval selfheal.Interval
	// Planned is how long the deploy is going to be watched from WatchedInterval.From on; the
	// length of WatchedInterval where it is longer. The budget of false alarms is spread over it.
	Planned time.Duration
	// DeployedAt is when the new revision began to serve; zero when unknown: the window's start is taken.
	DeployedAt time.Time
	// Signatures describes the counted signatures. Those of severity WARN and above, exceptions
	// and build errors are judged; all others serve as exposure, and are looked at for drops.
	Signatures map[selfheal.SignatureID]*selfheal.Signature
	// Ignored are signatures of which a person said that they never count.
	Ignored map[selfheal.SignatureID]bool
	// Excluded are the times of earlier regressions, by the signatures that they concerned:
	// what the baseline holds of those then is no guide to what is usual.
	Excluded map[selfheal.SignatureID][]selfheal.Interval
	// Asked are signatures that the result must speak about, flagged or not.
	Asked []selfheal.SignatureID
}

// Result is what detection says about one deploy.
type Result struct {
	Anomalies []selfheal.Anomaly // flagged, strongest first, drops last
	SetAside  []selfheal.Anomaly // elevated and silenced, or flagged and retracted; strongest first, at most 50
	Asked     []selfheal.Anomaly // what was asked about, in that order
	Tested    int                // signatures that were compared
	Power     string             // what this window could and could not have shown
	TellsNew  time.Duration      // after which a new error of 1 per minute is told from chance in 95 of 100 windows; zero where it is not
}

// Judge says what a [Monitor] says that has been fed the whole window: watching
// live and reading files afterwards give one answer. Options that Validate refuses
// are replaced by the defaults.
func Judge(in Input, o Options) Result {
	m := NewMonitor(in, o)
	batch := Batch{Counts: in.Watched, Through: in.WatchedInterval.To}
	if in.Concurrent != nil {
		batch.Concurrent = *in.Concurrent
	}
	m.add(refined(batch, &m.j.timeline, in.Signatures))
	m.advance(minutesOf(in.WatchedInterval).to)
	return m.Result()
}
