// Package report says what selfheal found out about one deploy, to the person
// who has to act on it.
//
// In goes a [selfheal.Assessment] and, when there is one, the
// [selfheal.Incident] that grew out of it; out comes the same content as text
// for a terminal ([Text]), as one self-contained web page ([HTML]), as a stable
// JSON document ([JSON]) and as SARIF 2.1.0 for code-scanning tools ([SARIF]).
// [Signatures] and [Incidents] print the lists of the commands of those names,
// and [SVG] turns a terminal text into a picture.
//
// The package is pure: its only effect is writing to the given io.Writer, in
// one piece, so that a failure leaves nothing half-rendered behind.
//
// Log lines, commit messages and file names are hostile. Everything that a
// person reads goes through [Visible] while the view that all readable formats
// share is built, and no format adds text to it that did not.
package report
