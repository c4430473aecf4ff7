// Package accuracy measures how well a grouping of log lines agrees with a
// labelled one.
//
// In go the label of every line and the group and template that were found for
// it; out come the metrics of Jiang et al., "A Large-scale Evaluation for Log
// Parsing Techniques: How Far are We?", ISSTA 2024 (the Loghub-2.0 paper).
package accuracy

import (
	"regexp"
	"strings"
)

// Line is one labelled line and what was found for it.
type Line struct {
	Label    string // template given by people; lines with equal labels are one group
	Group    string // identity of the group that was found
	Template string // template that was found, masks written as <...>
}

// Metrics are all between 0 and 1.
type Metrics struct {
	GA  float64 // share of lines in a group that equals their labelled group
	PGA float64 // share of found groups that equal a labelled one
	RGA float64 // share of labelled groups that were found
	FGA float64 // harmonic mean of PGA and RGA
	PA  float64 // share of lines whose template reads like the label
	FTA float64 // harmonic mean of the shares of found, and of labelled, templates that are right

	Lines  int
	Found  int // groups
	Labels int // groups
}

// Evaluate compares found groups with labelled ones. For PA and FTA both sides
// are normalised: every mask is one wildcard, and wildcards that only
// punctuation separates are one.
func Evaluate(lines []Line) Metrics {
	m := Metrics{Lines: len(lines)}
	if len(lines) == 0 {
		return m
	}
	labelled := count(lines, func(l Line) string { return l.Label })
	found := count(lines, func(l Line) string { return l.Group })
	both := count(lines, func(l Line) string { return l.Label + "\x00" + l.Group })
	m.Found, m.Labels = len(found), len(labelled)
	right, rightLines := 0, 0
	for key, n := range both {
		label, group, _ := strings.Cut(key, "\x00")
		if labelled[label] == n && found[group] == n {
			right++
			rightLines += n
		}
	}
	m.GA = share(rightLines, len(lines))
	m.PGA, m.RGA = share(right, m.Found), share(right, m.Labels)
	m.FGA = harmonic(m.PGA, m.RGA)
	m.templates(lines)
	return m
}

// templates fills in PA and FTA. A found template is right when it reads like
// the one label that all its lines have.
func (m *Metrics) templates(lines []Line) {
	normal := make(map[string]string)
	canon := func(s string) string {
		n, ok := normal[s]
		if !ok {
			n = Normalize(s)
			normal[s] = n
		}
		return n
	}
	labels := make(map[string]bool)
	labelsOf := make(map[string]map[string]bool)
	hits := 0
	for _, l := range lines {
		label, template := canon(l.Label), canon(l.Template)
		labels[label] = true
		if labelsOf[template] == nil {
			labelsOf[template] = make(map[string]bool)
		}
		labelsOf[template][label] = true
		if label == template {
			hits++
		}
	}
	right := 0
	for template, of := range labelsOf {
		if len(of) == 1 && of[template] {
			right++
		}
	}
	m.PA = share(hits, len(lines))
	m.FTA = harmonic(share(right, len(labelsOf)), share(right, len(labels)))
}

var (
	mask      = regexp.MustCompile(`<[a-z*]+>`)
	adjacent  = regexp.MustCompile(`<\*>(?:[^\sA-Za-z<>]*<\*>)+`)
	separated = regexp.MustCompile(`<\*>(?:[ ,]+<\*>)+`)
	sticky    = regexp.MustCompile(`[^\s"'()\[\]{}=,;:<>]*<\*>[^\s"'()\[\]{}=,;:<>]*`)
	spaces    = regexp.MustCompile(`\s+`)
)

// Normalize writes every mask as <*>, joins wildcards that only punctuation
// separates, and lets a wildcard take the rest of its word.
func Normalize(template string) string {
	s := mask.ReplaceAllString(template, "<*>")
	s = sticky.ReplaceAllString(s, "<*>")
	s = adjacent.ReplaceAllString(s, "<*>")
	s = separated.ReplaceAllString(s, "<*>")
	return strings.TrimSpace(spaces.ReplaceAllString(s, " "))
}

func count(lines []Line, key func(Line) string) map[string]int {
	n := make(map[string]int)
	for _, l := range lines {
		n[key(l)]++
	}
	return n
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func harmonic(a, b float64) float64 {
	if a+b == 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}
