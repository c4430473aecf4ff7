// Package channel tells people: it routes notices ([selfheal.Notice]) to the
// channels that want them, each once, no faster than people can read, and no
// channel waits for another.
//
// In go notices, out comes what became of each on each channel ([Delivery]). What
// could not be delivered now is the caller's to keep and to give again: the same
// notice twice is one. How notices look is in the packages below; whatever in them
// comes from logs is hostile there, and shown without being obeyed (see markup).
package channel
