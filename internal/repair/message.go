package repair

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"selfheal"
)

// maxTitle is how long a title may be, in characters, before forges and git log cut it.
const maxTitle = 72

// maxSlug is how long the readable part of a branch name may be.
const maxSlug = 32

// branchName is selfheal/INCIDENT-ACTION-SLUG, in characters that every forge takes.
func branchName(incident, action, subject string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, subject)
	words := strings.FieldsFunc(slug, func(r rune) bool { return r == '-' })
	length, fitting := 0, 0
	for fitting < len(words) && length+len(words[fitting]) < maxSlug {
		length += len(words[fitting]) + 1
		fitting++
	}
	return strings.Join(append([]string{"selfheal/" + incident + "-" + action}, words[:fitting]...), "-")
}

// revertSubject is the first line of a revert, as git writes it, in at most 72 characters.
func revertSubject(subject string) string {
	subject = strings.Join(strings.Fields(strings.ToValidUTF8(subject, "\uFFFD")), " ")
	return `Revert "` + inert(shorten(subject, maxTitle-len(`Revert ""`))) + `"`
}

// reaching matches what in a commit's subject forges act on: mentions, and issues
// that are named by number or by address, which "fixes" in front would close again.
var reaching = regexp.MustCompile(`(?i)([@#!&~%$]|\bGH-)([\pL\pN_])|(:)(//)`)

// inert keeps a quoted subject from mentioning people and closing issues, by a
// character that nobody sees.
func inert(subject string) string { return reaching.ReplaceAllString(subject, "$1$3\u200b$2$4") }

// shorten cuts text to a number of characters, the last of which then says so.
func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:limit-1]), " ") + "…"
}

// commitBody says what is taken back and why. Texts from logs stay out: in a
// commit message they could close issues or mention people.
func commitBody(in Input, culprit selfheal.Commit, strategy string) string {
	what := "This reverts commit " + culprit.ID + "."
	if strategy == StrategyRevertHunks {
		what = "This reverts commit " + culprit.ID + ",\nas far as later commits did not change the same lines again."
	}
	if strategy == StrategyRevertFile {
		what = "This reverts commit " + culprit.ID + ",\nin the one file that is blamed."
	}
	deploy := in.deploy()
	why := fmt.Sprintf("Since revision %s was deployed to %s, %s.", selfheal.ShortRevision(deploy.Revision), deploy.Environment, in.extent())
	if deploy.Status == selfheal.DeployBuildFailed {
		why = fmt.Sprintf("Revision %s does not build: %s.", selfheal.ShortRevision(deploy.Revision), in.extent())
	}
	return what + "\n\n" + wrapText(why, maxTitle)
}

// extent is how much is broken, in words.
func (in Input) extent() string {
	errors := in.errors()
	var observed int64
	var expected float64
	for _, a := range errors {
		observed += a.Observed
		expected += a.Expected
	}
	kinds := "one error"
	if len(errors) != 1 {
		kinds = strconv.Itoa(len(errors)) + " different errors"
	}
	if in.deploy().Status == selfheal.DeployBuildFailed {
		return kinds + " of the build"
	}
	return fmt.Sprintf("%s of %s occurred %s where %s expected", kinds, in.deploy().Service, times(observed), wereExpected(expected))
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return strconv.FormatInt(n, 10) + " times"
}

func wereExpected(expected float64) string {
	if expected < 0.05 {
		return "none was"
	}
	return decimal(expected) + " were"
}

// decimal writes a figure with three digits at most, none of them needless.
func decimal(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
}

// errors are the anomalies that the verdict blames on the culprit, in the order of the assessment.
func (in Input) errors() []selfheal.Anomaly {
	covered := in.verdict().Signatures
	var found []selfheal.Anomaly
	for _, a := range in.Incident.Opened.Assessment.Anomalies {
		if a.Flagged() && (len(covered) == 0 || slices.Contains(covered, a.Signature)) {
			found = append(found, a)
		}
	}
	return found
}

// wrapText breaks text at spaces into lines of at most width bytes where words allow it.
func wrapText(text string, width int) string {
	var b strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(word) > width:
			b.WriteByte('\n')
			length = 0
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}

// blamed is the culprit commit as far as it is known.
func (in Input) blamed() selfheal.Commit {
	culprit := in.verdict().Culprit
	if culprit == nil {
		return selfheal.Commit{}
	}
	commit, _ := in.commit(culprit.Commit)
	return commit
}

func (in Input) fixBranch() string {
	return branchName(in.Incident.ID, "fix", in.blamed().Subject)
}

// fixSubject is the first line of a commit that somebody wrote, in at most 72 characters.
func (in Input) fixSubject() string {
	if in.Round != nil {
		return "Answer what was said of the repair"
	}
	return in.fixTitle()
}

// fixTitle names the whole of the repair.
func (in Input) fixTitle() string {
	subject := oneLine(strings.ToValidUTF8(in.blamed().Subject, "\uFFFD"))
	if subject == "" {
		return "Fix what the deploy of " + selfheal.ShortRevision(in.deploy().Revision) + " broke"
	}
	return `Fix what "` + inert(shorten(subject, maxTitle-len(`Fix what "" broke`))) + `" broke`
}

// fixBody says why a commit that somebody wrote was made. As in [commitBody],
// texts from logs, people and models stay out.
func (in Input) fixBody(strategy string) string {
	deploy := in.deploy()
	text := "This was written by a command that selfheal was configured to run."
	if strategy == StrategyAgent {
		text = "This was written by selfheal's agent, a language model."
	}
	if id := in.blamed().ID; id != "" {
		text += " It repairs what commit " + selfheal.ShortRevision(id) + " broke."
	}
	why := fmt.Sprintf("Since revision %s was deployed to %s, %s.", selfheal.ShortRevision(deploy.Revision), deploy.Environment, in.extent())
	if deploy.Status == selfheal.DeployBuildFailed {
		why = fmt.Sprintf("Revision %s does not build: %s.", selfheal.ShortRevision(deploy.Revision), in.extent())
	}
	return wrapText(text, maxTitle) + "\n\n" + wrapText(why, maxTitle)
}
