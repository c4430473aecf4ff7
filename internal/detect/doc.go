// Package detect is the room that says which signatures a deploy made worse.
//
// In go the counts of every signature before and after the deploy; out come the
// anomalies that count against the deploy, those that were looked at and set
// aside with the reason, and a sentence about what this window could have shown.
// It is pure: no clock, no randomness, no log text; the same counts give the same
// answer in whatever order they are held, and on however many machines they
// were counted.
//
// # Watching and reading
//
// A [Monitor] is fitted to the baseline once, is fed counts as they come, and
// decides on every minute that is complete; [Judge] feeds one the whole window. So
// it does not matter how often anybody looks: every minute is looked at, when it is
// known, and the first at which the evidence suffices is when it was flagged.
//
// # How a signature is judged
//
// The baseline is chopped into blocks as long as the window. From them come the
// signature's rate (blocks of past outages winsorised), the season over the hours
// of the day, the size phi of its bursts (variance over mean of short stretches
// within a block), and the frailty tau, the squared coefficient of variation of
// its rate from block to block. Bursts and frailties are shrunk towards those of
// all signatures, because one signature alone has too few blocks to tell. A block beyond
// what its frailty lets the largest of so many reach is an outage and no sign of frailty. A minute
// counts for little more than what is usual: one client's retry loop is not a
// thousand errors. Of a signature that came in a few clusters at most, a minute
// counts once.
//
// With counts deflated by phi, the chance of a count as high as n is that of a
// negative binomial. Without frailty and bursts it is the exact conditional test
// of two Poisson rates (Przyborowski and Wilenski, 1940): both are the same
// regularised incomplete beta function, once with the baseline's count plus one
// as its shape, once with that and the frailty combined.
//
// # Why looking is free
//
// The planned window is tested whole, in halves, in quarters and so on. A stretch
// is tested against what the baseline lets it reach by its end, and until then its
// count only grows: it crosses the bound at some look exactly when it is beyond it
// at the end. So each test costs what one look costs, the stretches share the
// budget as fixed weights, and the smallest weighted chance so far is a p-value at
// whatever time one stops. Benjamini and Hochberg's procedure over these bounds the
// share of false discoveries among all signatures. The price is that a rise is
// told a little later than by a test that knew the moment of the look; short
// stretches make up for it where the rise is large. The same chance turned into a
// bet (see evidence) is the e-value that an anomaly carries.
//
// A stretch that begins after the deploy is also compared with the window before it: the
// gamma distribution of this window's rate is updated by what came so far. A rise that begins late
// stands out from its own hour where hours differ.
//
// Significance alone is not worth waking anybody. A rise must also be at least
// twofold, in the stretch that tells, over the rate and over the same minutes of the days
// before; a new signature must go on coming for longer, densely or over a long span, or
// be more numerous, than the chance clusters of unknown messages that the baseline shows
// and than the blips of a rollout, and less is asked of what begins with the deploy, as few
// clusters happen to do; and whatever a signature reached by itself in the
// baseline, in stretches of any beginning, is usual. Crashes and build errors need to occur
// only once. The first two minutes after a deploy say nothing about a known signature.
//
// # Common cause
//
// Where several signatures rose together in the baseline, far more of them than
// chance or traffic explain, a dependency was down. What that added is taken out of
// their rates, their frailty and what is usual for each of them alone. When as many of
// them, or enough of the company that a signature had in one of these outages, rise
// together in the window, the minutes in which they do are left out, and who has
// nothing to show outside is set aside. A common rise that begins with the deploy
// and lasts is not excused: a deploy can break several things at once. Beside that, a rise
// is compared from its own first minute on with what its company does, added up, so that
// many small rises speak as one; and a crowd far beyond the usual that begins minutes
// after the deploy, or before it, needs no precedent. A flag on a known
// signature waits a few minutes for others to rise as well. Should they do so later,
// or should what was flagged turn out to be a blip, the flag is taken back: the
// signature is set aside, with the times of both.
//
// Where the previous revision goes on serving beside the new one, it is the control
// group: the same dependencies, traffic and hour. Expectations are scaled to the new
// revision's share, and a conditional test, whose evidence holds at every look too,
// must agree with what the baseline says. A message that only a small share of the traffic logs stands
// out with less from the clusters of unknown messages, of which few come in that share alone.
//
// # Drops
//
// A line that is no error, comes often and steadily, and goes silent after the deploy is
// as much of a regression. Its silence is measured in occurrences that should have come
// given the traffic, and compared with the longest silences of the baseline, and how much rarer each longer
// one is, so that neither nights nor jobs
// that run by the hour look like one. The lines share their budget of false drops so that together they
// are told soonest: most goes to those that come seldom. When nearly all lines are silent, the traffic is
// gone, or its records are: that is for those who watch the observability. Lines that
// are counted by the hour can be told silent after an hour at the earliest.
//
// # Shifts
//
// Among errors that mean the same, which somebody else gathers, another one than before
// may become dominant while the rates are what they may be: see [Shifts].
//
// # Exposure
//
// Rates are per minute where both intervals have their times. How much is served relative to
// what the hour of the day explains, the info-level signatures show, in every hour of the
// baseline and in the window. How far a signature follows that (its elasticity, between not at all
// and in proportion) is estimated from the baseline and shrunk towards that of all; its expectation
// moves accordingly within what the baseline knows of traffic, and in proportion to what is beyond.
// So a weekend is no reason to think that a rate varies by itself. Logs without times are
// compared per record, at a single look.
//
// # What it does not do
//
// The bounds hold for the model, and real counts are unlike any model: the accuracy
// command shows by how much. What else a change can reach is not known here: a
// regression that sets in late, and raises just those signatures that an outage raised
// before, or very many, is taken for an outage, whereas one of a dependency that was never
// down before and raises few, or goes down with the deploy, is a rise like any other. Whether the change
// can have caused it is for triage to say.
package detect
