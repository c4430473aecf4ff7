// Package group finds the identity of "the same error".
//
// In go the entries of log streams; out come [selfheal.Record]s, each with the
// index of its [selfheal.Signature]. A line is decoded (package decode), lines
// that belong to one event are assembled, stack traces are parsed (package
// trace), and what remains is masked (package template). An event with a stack
// trace is identified by its exception types and in-app functions, any other by
// its masked message, so that neither moved code nor changing values make an old
// error look new.
//
// The identity is stateless: it depends on the event alone, and two machines
// that never spoke give one event the same id. Whatever the input, memory is
// bounded: the number and size of signatures, events and samples have caps, and
// what lies beyond the cap on signatures is counted in one overflow signature.
//
// Severity is the one that was written. For a plain line that states none it is
// inferred, see inferSeverity. A Go panic is at least ERROR, whatever level the
// logger wrote around it.
package group
