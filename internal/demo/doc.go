// Package demo makes the world that `selfheal demo` is shown in: a git
// repository of a small HTTP service with a known bug, or known innocence, and
// the logs of that service from the week before a deploy and the hour after it.
//
// A [Scenario] goes in; a [World] comes out: directories, commit ids, log files
// and, as [Truth], the answer that a judge of the deploy must arrive at.
//
// Nothing in it is written by hand but the sources of the service and its
// history (history/, one txtar archive per commit). The repository is a git
// repository; the service is compiled from it by its own build script, listens
// on loopback and is sent every single request; its payment provider and its
// warehouse are a second HTTP server that really answers 503, or does not answer
// in time. Every log line is one that the service wrote, in the order in which
// it wrote them.
//
// Only time is compressed. The simulated time is cut into slices (five minutes
// of the week, one minute of a watched hour); the requests of a slice are sent
// as fast as they are answered, and the lines that were written meanwhile are
// then stamped with times inside their slice. Patience is compressed alike: the
// time-outs of 2 s that the service has in production are 30 ms here.
// Fields that the service measured itself, such as duration_ms, are left alone.
package demo
