package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"selfheal"
)

// submission is the model's answer.
type submission struct {
	Cause       selfheal.Cause `json:"cause"`
	Confidence  float64        `json:"confidence"`
	Mechanism   string         `json:"mechanism"`
	Commit      string         `json:"commit"`
	Path        string         `json:"path"`
	Revision    string         `json:"revision"` // "new" or "old"
	Line        int            `json:"line"`
	Quote       string         `json:"quote"`
	Citations   []citation     `json:"citations"`
	Alternative string         `json:"alternative"`
}

// citation is a line of code, or a piece of a log.
type citation struct {
	Kind      string `json:"kind"` // "log" or "code"
	Signature string `json:"signature"`
	Path      string `json:"path"`
	Revision  string `json:"revision"`
	Line      int    `json:"line"`
	Quote     string `json:"quote"`
}

const submissionSchema = `{"type":"object","required":["cause","confidence","mechanism","citations"],"properties":{
"cause":{"type":"string","enum":["caused","not_caused","inconclusive"]},
"confidence":{"type":"number","minimum":0,"maximum":1,"description":"how sure you are of the cause"},
"mechanism":{"type":"string","description":"two sentences at most: how the changed line leads to the error, or what else does"},
"commit":{"type":"string","description":"for caused: id of the commit, at least 7 characters"},
"path":{"type":"string","description":"for caused: file of the line"},
"revision":{"type":"string","enum":["new","old"],"description":"for caused: new for an added line, old for a deleted one"},
"line":{"type":"integer","description":"for caused: number of the line in that revision"},
"quote":{"type":"string","description":"for caused: the whole line, exactly"},
"citations":{"type":"array","items":{"type":"object","required":["kind","quote"],"properties":{
"kind":{"type":"string","enum":["log","code"]},
"signature":{"type":"string","description":"for log: whose sample it is"},
"path":{"type":"string"},"revision":{"type":"string","enum":["new","old"]},"line":{"type":"integer"},
"quote":{"type":"string","description":"exactly as it stands there"}}}},
"alternative":{"type":"string","description":"the best other explanation, and why you reject it"}}}`

const (
	maxCitations = 20
	minLogQuote  = 8  // characters: anything shorter is found in any log
	minStep      = 12 // characters of a line of code that shows a step: a brace shows none
	maxMechanism = 400
)

// checked is a submission of which everything that it cites exists.
type checked struct {
	submission
	commit string // full id
	steps  int    // different cited lines of code beside the culprit's own that say something
	log    string // a cited log text
	// signatures are those whose samples hold a cited log text.
	signatures []selfheal.SignatureID
	// revisionID is where the culprit's line can be read, exact what it reads there.
	revisionID, exact string
}

// check reads a submission and everything that it cites. The error lists all that
// is wrong, in words for the model.
func (c *court) check(ctx context.Context, text []byte) (checked, error) {
	var s checked
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s.submission); err != nil {
		return s, fmt.Errorf("the submission does not have the form that is asked for: %w", err)
	}
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if s.Cause != selfheal.Caused && s.Cause != selfheal.NotCaused && s.Cause != selfheal.Inconclusive {
		say("cause must be caused, not_caused or inconclusive")
	}
	if !(s.Confidence >= 0 && s.Confidence <= 1) {
		say("confidence must be between 0 and 1")
	}
	if strings.TrimSpace(s.Mechanism) == "" {
		say("mechanism is missing")
	}
	if len(s.Citations) > maxCitations {
		say("at most %d citations", maxCitations)
		s.Citations = s.Citations[:maxCitations]
	}
	lines := map[string]bool{}
	for i, cited := range s.Citations {
		if err := c.checkCitation(ctx, &s, cited); err != nil {
			say("citation %d: %w", i+1, err)
		} else if cited.Kind == "code" && len(words(cited.Quote)) >= minStep && (cited.Path != s.Path || cited.Line != s.Line) {
			lines[fmt.Sprintf("%s:%d", cited.Path, cited.Line)] = true
		}
	}
	s.steps = len(lines)
	if s.Cause != selfheal.Inconclusive && s.log == "" {
		say("cite at least one log text")
	}
	if s.Cause == selfheal.Caused {
		wrong = append(wrong, c.checkCulprit(ctx, &s))
	}
	wrong = append(wrong, c.contradicts(&s))
	return s, errors.Join(wrong...)
}

func (c *court) checkCitation(ctx context.Context, s *checked, cited citation) error {
	switch cited.Kind {
	case "log":
		found, err := c.logged(cited)
		if err == nil {
			s.log, s.signatures = cited.Quote, append(s.signatures, found...)
		}
		return err
	case "code":
		_, err := c.lineStands(ctx, cited.Path, cited.Revision, cited.Line, cited.Quote)
		return err
	}
	return errors.New("kind must be log or code")
}

// logged gives the signatures in whose samples a quote stands.
func (c *court) logged(cited citation) (found []selfheal.SignatureID, err error) {
	quote := words(cited.Quote)
	if len(quote) < minLogQuote {
		return nil, fmt.Errorf("a log quote has at least %d characters", minLogQuote)
	}
	for _, s := range c.in.Signatures {
		if (cited.Signature == "" || strings.HasPrefix(string(s.ID), cited.Signature)) && strings.Contains(words(s.Sample.Text), quote) {
			found = append(found, s.ID)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("this text is in no sample")
	}
	return found, nil
}

// words compares texts without their white space, which fences and terminals change.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// lineStands gives a line of a revision, if it reads as quoted.
func (c *court) lineStands(ctx context.Context, path, revision string, line int, quote string) (string, error) {
	id, err := c.side(revision)
	if err != nil {
		return "", err
	}
	if words(quote) == "" {
		return "", errors.New("the quote is empty")
	}
	content, err := c.in.Repository.File(ctx, id, path)
	if err != nil {
		return "", fmt.Errorf("there is no file %q in %q", clip(path, 100), revision)
	}
	lines := strings.Split(string(content), "\n")
	if line < 1 || line > len(lines) {
		return "", fmt.Errorf("%q has %d lines in %q, none with number %d", clip(path, 100), len(lines), revision, line)
	}
	if words(lines[line-1]) != words(quote) {
		return "", fmt.Errorf("line %d of %q in %q does not read as quoted", line, clip(path, 100), revision)
	}
	return strings.TrimSuffix(lines[line-1], "\r"), nil
}

// side gives the revision that a citation means.
func (c *court) side(name string) (string, error) {
	switch name {
	case "new":
		return c.in.Change.Head, nil
	case "old":
		return c.in.Change.Base, nil
	}
	return "", errors.New("revision must be new or old")
}

// checkCulprit tells whether the blamed line is one that the commit changed, in a file that runs.
func (c *court) checkCulprit(ctx context.Context, s *checked) error {
	var commit *selfheal.Commit
	for i := range c.in.Change.Commits {
		if len(s.Commit) >= 7 && strings.HasPrefix(c.in.Change.Commits[i].ID, s.Commit) {
			commit = &c.in.Change.Commits[i]
		}
	}
	if commit == nil {
		return fmt.Errorf("commit %q is not one that was deployed", clip(s.Commit, 50))
	}
	s.commit = commit.ID
	op := selfheal.LineAdded
	if s.Revision == "old" {
		op = selfheal.LineDeleted
	}
	changed := false
	for _, f := range commit.Files {
		if f.Path != s.Path && f.OldPath != s.Path {
			continue
		}
		if !f.Class.Deployable() {
			return fmt.Errorf("%q is %s and does not run", clip(s.Path, 100), f.Class)
		}
		for _, h := range f.Hunks {
			changed = changed || slices.ContainsFunc(h.Lines, func(l selfheal.HunkLine) bool { return l.Op == op && words(l.Text) == words(s.Quote) })
		}
	}
	if !changed {
		return fmt.Errorf("commit %s has no line %s%q in %q", clip(s.Commit, 50), op, clip(s.Quote, 200), clip(s.Path, 100))
	}
	exact, err := c.lineStands(ctx, s.Path, s.Revision, s.Line, s.Quote)
	if err != nil {
		return err
	}
	s.exact = exact
	s.revisionID, err = c.side(s.Revision)
	return err
}

// contradicts tells whether a submission says the opposite of a hard exhibit.
func (c *court) contradicts(s *checked) error {
	if against := hardAgainst(c.in.Verdict); against != nil && s.Cause == selfheal.Caused {
		return fmt.Errorf("it contradicts what is certain: %s", against.Text)
	}
	hard := hardFor(c.in.Verdict)
	if hard == nil || s.Cause == selfheal.Caused && s.commit == c.in.Verdict.Culprit.Commit {
		return nil
	}
	return fmt.Errorf("it contradicts what is certain: %s", hard.Text)
}

// hardAgainst gives the exhibit that excludes the change as the cause.
func hardAgainst(v selfheal.Verdict) *selfheal.Exhibit {
	for i, x := range v.Exhibits {
		switch {
		case x.Kind == selfheal.ExhibitNothingRuns, x.Kind == selfheal.ExhibitEarlyOnset,
			x.Kind == selfheal.ExhibitExecution && x.Weight < 0:
			return &v.Exhibits[i]
		}
	}
	return nil
}

// certain is the confidence from which the place that an exhibit shows settles the question.
const certain = 0.95

// hardFor gives the exhibit that proves the blame: it was run, or the failing frame,
// or the compiler, points at the changed line and nothing comes near.
func hardFor(v selfheal.Verdict) *selfheal.Exhibit {
	if v.Cause != selfheal.Caused || v.Culprit == nil {
		return nil
	}
	for i, x := range v.Exhibits {
		if x.Commit != v.Culprit.Commit || x.Weight <= 0 {
			continue
		}
		pinned := x.Kind == selfheal.ExhibitFrameInHunk || x.Kind == selfheal.ExhibitBuildLine
		if x.Kind == selfheal.ExhibitExecution || pinned && v.Confidence >= certain {
			return &v.Exhibits[i]
		}
	}
	return nil
}

// clip cuts a text at n characters and puts it on one line.
func clip(s string, n int) string {
	s = words(s)
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
