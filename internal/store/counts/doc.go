// Package counts is what every store of counts has in common, whatever its
// database: how the counts of one minute or hour are packed into a blob, how such
// rows add up to [selfheal.Counted], and how the rows of an hour become one.
//
// In go tallies, out come rows; in go rows, out come sums. Nothing here knows a
// database, and everything that is read is checked: a damaged row is [ErrDamaged].
package counts
