// Package agent lets a model have a second look at a verdict that the rules of
// triage have reached.
//
// In: the rules' verdict and what it rests on. Out: the same verdict, moved within
// bounds, with what the model contributed and what that cost. The model gets a small
// dossier and tools that read; its one way to answer is a submission of which code
// checks every cited line, commit and log text. What does not exist, or contradicts a
// hard exhibit, is sent back once and then counts for nothing.
//
// The bounds, kept by [merge]: a model cannot blame a change of which nothing runs,
// nor a commit outside of the change; it cannot turn "not caused" into more than
// "inconclusive"; a blame that only it has made stays below the confidence from which
// the default policy acts; and it cannot overrule a hard exhibit at all.
package agent
