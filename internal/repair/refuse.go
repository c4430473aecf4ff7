package repair

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"selfheal"
)

// revertsLine is what git writes into the message of a revert.
var revertsLine = regexp.MustCompile(`(?i)\bthis reverts commit ([0-9a-f]{7,64})\b`)

// revertible gives the culprit when taking it back is a safe thing to propose,
// and else the reason why it is not.
func (in Input) revertible() (culprit selfheal.Commit, reason string) {
	blamed := in.verdict().Culprit
	if blamed == nil || blamed.Commit == "" {
		return culprit, "no single commit is to blame, so there is none to take back"
	}
	culprit, known := in.commit(blamed.Commit)
	if !known {
		return culprit, "the blamed commit " + selfheal.ShortRevision(blamed.Commit) + " is not part of what was deployed"
	}
	later := in.after(culprit)
	switch by := revertOf(culprit, later); {
	case len(culprit.Parents) == 0:
		return culprit, "the blamed commit is the first of the history; taking it back would delete everything"
	case by != "":
		return culprit, "a later commit of the same deploy (" + selfheal.ShortRevision(by) + ") takes the blamed commit back already"
	case isRevert(culprit):
		return culprit, "the blamed commit is a revert itself; taking it back would bring back what somebody removed on purpose"
	}
	if path := migration(culprit); path != "" {
		return culprit, fmt.Sprintf("the blamed commit contains the migration %q; taking its code back does not take back what it did to the data", path)
	}
	return culprit, ""
}

// after lists the commits of the change that came after one of them, oldest first.
func (in Input) after(c selfheal.Commit) []selfheal.Commit {
	commits := in.change().Commits
	at := slices.IndexFunc(commits, func(other selfheal.Commit) bool { return other.ID == c.ID })
	return commits[at+1:]
}

// revertOf gives the commit that takes c back and was not taken back in turn.
func revertOf(c selfheal.Commit, later []selfheal.Commit) string {
	for i, candidate := range later {
		if slices.ContainsFunc(reverted(candidate), func(id string) bool { return strings.HasPrefix(c.ID, id) }) &&
			revertOf(candidate, later[i+1:]) == "" {
			return candidate.ID
		}
	}
	return ""
}

// reverted lists the ids that a message says it takes back, lower case and perhaps abbreviated.
func reverted(c selfheal.Commit) []string {
	var ids []string
	for _, match := range revertsLine.FindAllStringSubmatch(c.Body, -1) {
		ids = append(ids, strings.ToLower(match[1]))
	}
	return ids
}

func isRevert(c selfheal.Commit) bool {
	return len(reverted(c)) > 0 || strings.HasPrefix(c.Subject, `Revert "`) || strings.HasPrefix(c.Subject, `Reapply "`)
}

// migration names a file that changes stored data when it is deployed; empty when there is none.
func migration(c selfheal.Commit) string {
	for _, f := range c.Files {
		if f.Class == selfheal.ClassMigration {
			return f.Path
		}
	}
	return ""
}
