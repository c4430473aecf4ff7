package hook

import "strings"

const shortestCommit = 7 // characters that senders abbreviate a commit to

// SameRevision tells whether two revisions are one: equal, or one the abbreviation
// of the other where both are commits.
func SameRevision(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= shortestCommit && strings.HasPrefix(b, a) && fullCommit.MatchString(b) && commitLike.MatchString(a)
}
