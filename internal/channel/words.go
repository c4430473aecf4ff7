package channel

import (
	"strings"

	"selfheal"
	"selfheal/internal/channel/markup"
)

// kindWords are the occasions as people are told of them.
var kindWords = map[selfheal.NoticeKind]string{
	selfheal.NoticeRegression:    "regression found",
	selfheal.NoticePullRequest:   "pull request ready",
	selfheal.NoticeRolledBack:    "rolled back",
	selfheal.NoticeHealed:        "healed",
	selfheal.NoticeCannotObserve: "cannot observe",
	selfheal.NoticeInconclusive:  "inconclusive",
	selfheal.NoticeSummary:       "notices held back",
}

// Kinds are all occasions, as users write them.
func Kinds() []string {
	return []string{
		string(selfheal.NoticeRegression), string(selfheal.NoticePullRequest), string(selfheal.NoticeRolledBack),
		string(selfheal.NoticeHealed), string(selfheal.NoticeCannotObserve), string(selfheal.NoticeInconclusive),
	}
}

// Occasion says in words what a notice is about.
func Occasion(n selfheal.Notice) string {
	if words, ok := kindWords[n.Kind]; ok {
		return words
	}
	return "notice"
}

const maxTitle = 200 // characters

// Title is what happened, on one clean line.
func Title(n selfheal.Notice) string { return markup.OneLine(n.Title, maxTitle) }

// Where names the service and the environment on one clean line; empty when the
// notice is about no deploy.
func Where(n selfheal.Notice) string {
	service, environment := markup.OneLine(n.Deploy.Service, 80), markup.OneLine(n.Deploy.Environment, 80)
	switch {
	case service == "":
		return environment
	case environment == "":
		return service
	}
	return service + " in " + environment
}

// Headline is the notice on one clean line: occasion, place, title.
func Headline(n selfheal.Notice) string {
	parts := []string{Occasion(n)}
	for _, part := range []string{Where(n), Title(n)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Fact is one line of what a notice is about, clean.
type Fact struct{ Name, Value string }

// Facts are what people look for first.
func Facts(n selfheal.Notice) []Fact {
	d := n.Deploy
	revision := markup.OneLine(selfheal.ShortRevision(d.Revision), 20)
	if d.Previous != "" && revision != "" {
		revision += " (before: " + markup.OneLine(selfheal.ShortRevision(d.Previous), 20) + ")"
	}
	all := []Fact{
		{"Service", markup.OneLine(d.Service, 80)}, {"Environment", markup.OneLine(d.Environment, 80)},
		{"Revision", revision}, {"Deployed by", markup.OneLine(d.By, 80)}, {"Incident", markup.OneLine(n.Incident, 120)},
	}
	kept := all[:0]
	for _, f := range all {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}
