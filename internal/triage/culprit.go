package triage

import (
	"context"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// Adjustments for the choice of the line inside the blamed commit.
const (
	bonusAdded     = 0.4
	penaltyImport  = -2.5
	penaltyBare    = -3.0 // punctuation only
	penaltyLogging = -0.5
	penaltySigned  = -0.3 // a function's first line says less than its body
)

var (
	importLine  = regexp.MustCompile(`^\s*(?:import\b|from\s+\S+\s+import\b|use\s|using\s|package\s|require\b|#include\b|"[\w./-]+"\s*$|\w+ "[\w./-]+/[\w./-]+"\s*$|(?:const|var|let)\s+\S+\s*=\s*require\()`)
	bareLine    = regexp.MustCompile(`^[\s{}()\[\];,]*(?:else|end|try|default:|return|break|continue)?[\s{}()\[\];,:]*$`)
	loggingLine = regexp.MustCompile(`(?i)\b(?:log(?:ger|ging)?|slog|console|level)\b[\w.]*\(|\.(?:debugf?|infof?|warnf?|printf?|println)\(`)
	signedLine  = regexp.MustCompile(`^\s*(?:func|def|async def|function|class|public|private|protected|type|struct|interface)\b`)
)

// culpritOf chooses the line of the blamed commit that the evidence points to
// and gives it as a culprit, or only the commit when no line can be read back.
func (e *evidence) culpritOf(ctx context.Context, repo *git.Repository, r *ranking, commit int) (*selfheal.Culprit, error) {
	culprit := &selfheal.Culprit{Commit: e.change.Commits[commit].ID, Revision: e.change.Head}
	for _, i := range e.rankLines(r, commit) {
		c := e.culpritAt(commit, i)
		ok, err := quoteHolds(ctx, repo, c.Revision, c.Path, c.Start, c.Quote)
		if err != nil {
			return nil, err
		}
		if ok {
			c.Within, err = e.within(ctx, repo, commit, c)
			return c, err
		}
	}
	return culprit, nil
}

// within finds the commit of a merge that wrote the line; empty for what is no
// merge, and for a line that the merge itself wrote or took away.
func (e *evidence) within(ctx context.Context, repo *git.Repository, commit int, c *selfheal.Culprit) (string, error) {
	merge := e.change.Commits[commit]
	if len(merge.Parents) < 2 || merge.Undone || c.Revision != e.change.Head {
		return "", nil
	}
	lines, err := repo.BlameWithin(ctx, e.chain.bases[commit], c.Revision, c.Path, c.Start, c.Start)
	if err != nil || len(lines) == 0 || lines[0].Old || lines[0].Commit == merge.ID {
		return "", err
	}
	return lines[0].Commit, nil
}

// maxLineTries is how many lines are tried before only the commit is named.
const maxLineTries = 5

// rankLines gives the commit's edits that can be read somewhere, most suspicious first.
func (e *evidence) rankLines(r *ranking, commit int) []int {
	points := map[int]float64{}
	for _, f := range r.findings {
		if f.commit == commit {
			for _, p := range f.lines {
				points[p.edit] = math.Max(points[p.edit], p.weight) + 0.25*math.Min(points[p.edit], p.weight)
			}
		}
	}
	var lines []int
	for i, edit := range e.edits {
		if edit.commit == commit {
			lines = append(lines, i)
		}
	}
	e.echo(r.symptom, lines, points)
	lines = slices.DeleteFunc(lines, func(i int) bool { return e.edits[i].at.line == 0 })
	for _, i := range lines {
		points[i] += lineNature(e.edits[i])
	}
	sort.SliceStable(lines, func(i, j int) bool { return points[lines[i]] > points[lines[j]] })
	return lines[:min(len(lines), maxLineTries)]
}

// weightEcho is what a word of the message counts on a line, when no other line
// of the commit has it.
const weightEcho = 1.0

// echo gives points to lines for the words of the message on them, the more the
// fewer lines of the commit have the word. Across commits common words say
// nothing; within one they still tell the lines apart.
func (e *evidence) echo(s symptom, lines []int, points map[int]float64) {
	terms := messageTerms(s.words)
	found := map[string][]int{}
	for _, i := range lines {
		var previous string
		index.EachWord([]byte(e.edits[i].text), func(raw []byte) {
			text := string(raw)
			for _, term := range []string{text, previous + " " + text} {
				if at := found[term]; terms[term] > 0 && (len(at) == 0 || at[len(at)-1] != i) {
					found[term] = append(at, i)
				}
			}
			previous = text
		})
	}
	sums := map[int]float64{}
	for term, at := range found {
		for _, i := range at {
			sums[i] += weightEcho * terms[term] / float64(len(at))
		}
	}
	for i, sum := range sums {
		points[i] += min(sum, 2*weightEcho)
	}
}

// lineNature says how likely a line of that form is to be the cause, by itself.
func lineNature(e edit) float64 {
	score := 0.0
	if e.op == selfheal.LineAdded {
		score += bonusAdded
	}
	switch {
	case bareLine.MatchString(e.text):
		score += penaltyBare
	case importLine.MatchString(e.text):
		score += penaltyImport
	case loggingLine.MatchString(e.text):
		score += penaltyLogging
	case signedLine.MatchString(e.text):
		score += penaltySigned
	}
	if e.class == selfheal.ClassGenerated {
		score--
	}
	return score
}

func (e *evidence) culpritAt(commit, index int) *selfheal.Culprit {
	edit := e.edits[index]
	c := &selfheal.Culprit{
		Commit: e.change.Commits[commit].ID, Path: edit.at.path, Revision: e.change.Head,
		Start: edit.at.line, End: edit.at.line, Quote: shorten(edit.text),
	}
	if edit.op == selfheal.LineDeleted {
		c.Revision = e.chain.bases[commit]
	}
	return c
}

// quoteHolds reads the line again and tells whether the quote is what stands there.
func quoteHolds(ctx context.Context, repo *git.Repository, revision, path string, number int, quote string) (bool, error) {
	content, err := repo.File(ctx, revision, path)
	if err != nil {
		if code := selfheal.CodeOf(err); code == selfheal.CodeNotFound {
			return false, nil
		}
		return false, err
	}
	return lineIs(content, number, quote), nil
}

func lineIs(content []byte, number int, quote string) bool {
	text := string(content)
	for n := 1; ; n++ {
		line, rest, more := strings.Cut(text, "\n")
		if n == number {
			return shorten(strings.TrimSuffix(line, "\r")) == quote
		}
		if !more {
			return false
		}
		text = rest
	}
}
