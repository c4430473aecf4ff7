// Package detect is the room that says which signatures a deploy made worse.
//
// In go the counts of every signature before and after the deploy; out come the
// anomalies that count against the deploy, those that were looked at and set
// aside with the reason, and a sentence about what this window could have shown.
// It is pure: no clock, no randomness, no log text; the same counts give the same
// answer in whatever order they are held, and on however many machines they
// were counted.
//
// # How a signature is judged
//
// The baseline is chopped into blocks as long as the window. From them come the
// signature's rate (blocks of past outages winsorised), the season over the hours
// of the day, the size phi of its bursts (variance over mean of short stretches
// within a block), and the frailty tau, the squared coefficient of variation of
// its rate from block to block. Bursts and frailties are shrunk towards those of
// all signatures, because one signature alone has too few blocks to tell.
//
// With counts deflated by phi, the chance of a count as high as n is that of a
// negative binomial. Without frailty and bursts it is the exact conditional test
// of two Poisson rates (Przyborowski and Wilenski, 1940): both are the same
// regularised incomplete beta function, once with the baseline's count plus one
// as its shape, once with that and the frailty combined. Benjamini and Hochberg's
// procedure then bounds the share of false discoveries among all signatures.
//
// Significance alone is not worth waking anybody. A rise must also be at least
// twofold; a new signature must repeat, and last longer or be more numerous than the
// chance clusters of unknown messages that the baseline shows; and whatever a signature
// reached by itself in the baseline is usual. Crashes and build errors need to
// occur only once.
//
// # Common cause
//
// Where several signatures rose together in the baseline, far more of them than
// chance or traffic explain, a dependency was down. What that added is taken out of
// their rates, their frailty and what is usual for each of them alone. When as many of them rise
// together in the window, the minutes in which they do are left out, and who has
// nothing to show outside is set aside. A common rise that begins with the deploy
// and lasts is not excused: a deploy can break several things at once.
//
// # Exposure
//
// Rates are per minute where both intervals have their times. Should more traffic
// be served than the hour of the day explains, as the info-level signatures show,
// the expectation grows with it. Logs without times are compared per record.
//
// # What it does not do
//
// The bounds hold for one look at the end of the window. Who judges anew at every
// look and keeps what any of them flags has up to twice the false alarms, as the
// accuracy command shows with -poll. Drops are not looked for. What else a change
// can reach is not known here: a regression that sets in late, and raises just those
// signatures that an outage raised before, is taken for that outage, whereas one of
// a dependency that was never down before, or goes down with the deploy, is a rise
// like any other. Whether the change can have caused it is for triage to say.
package detect
