// Package index knows where things stand in the source code of a revision:
// which literals log statements and errors hold, which functions there are and
// what they call, where environment variables, settings, flags, routes, metrics,
// tables and columns are named, and in which files a word occurs.
//
// In goes a repository and the list of a revision's files ([Cache.Index]); out
// comes an [Index] that is asked by message ([Index.Emitters]), by function
// ([Index.Callers], [Index.Defining]) and by name ([Index.Named], [Index.Defined]).
//
// A file's content is parsed once ([Parse]) and remembered by the id of its blob
// in a [Cache], which may be kept in a file: the next revision parses what it
// changed. Go is read by the standard parser; other languages by one lexer that
// tells strings, comments and brackets apart, and by the shape of what stands
// before a block. Nothing is typed, and nothing fails: what a parser cannot make
// sense of it leaves out.
//
// The content is hostile: time and memory stay within a small multiple of its
// size. What an index says of a line is a hint; who quotes the line reads it
// from the repository.
package index
