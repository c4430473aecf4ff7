// Package hook learns of deploys: it takes in what platforms and pipelines
// announce, asks those that announce nothing, and infers from the logs what
// nobody said.
//
// In go webhooks (headers and a body), the answers of polled APIs, or counts per
// revision; out come announcements ([selfheal.Announcement]). Whatever arrives is hostile until its signature
// holds, and its text stays hostile after that: names and revisions that are no
// names and revisions are refused, nothing in a payload is ever fetched, and an
// event that comes twice, late or out of order changes nothing.
package hook
