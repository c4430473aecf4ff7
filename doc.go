// Package selfheal holds the nouns and the ports of the program: what every
// room talks about, and the few interfaces through which it meets the world.
//
// selfheal looks after a service once it has been deployed. A [Deploy] opens a
// [Window]; the log lines of that window ([Entry]) are decoded into [Record]s,
// each of which has a [Signature]; counts of signatures before and after the
// deploy give [Anomaly]s; anomalies and the [Change] that was deployed give a
// [Verdict] resting on [Exhibit]s; the verdict gives a [Decision], the decision
// a [Repair], and the counts after the repair an [Outcome]. All of it is carried
// in one folder, the [Incident], which is a fold over the [Event]s of the
// journal.
//
// The package imports the standard library only, and every other package of the
// program may import it. It contains no behaviour beyond what a noun needs to
// keep its own invariants.
package selfheal
