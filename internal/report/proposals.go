package report

import (
	"fmt"
	"io"
	"strings"

	"selfheal"
)

// PullRequests lists pull requests in the order given: number, when it was
// opened, how it stands and its title, and below it where it is.
func PullRequests(w io.Writer, all []selfheal.PullRequest, o TextOptions) error {
	p := newPrinter(o)
	if len(all) == 0 {
		p.line("no pull requests")
		return p.flush(w)
	}
	table := [][]string{{"NUMBER", "OPENED", "STATE", "TITLE"}}
	for _, pr := range all {
		table = append(table, []string{
			fmt.Sprintf("#%d", pr.Number), pr.Time.UTC().Format(minuteLayout), proposalState(pr), oneLine(pr.Title, titleLimit),
		})
	}
	p.table(table, func(row int) string { return oneLine(all[row].URL, sentenceLimit) })
	return p.flush(w)
}

func proposalState(pr selfheal.PullRequest) string {
	if pr.State == selfheal.PullRequestOpen && pr.Draft {
		return "draft"
	}
	return oneLine(string(pr.State), titleLimit)
}

// Proposal is a pull request with what its forge knows besides.
type Proposal struct {
	selfheal.PullRequest
	Incident string
	Checks   *selfheal.Checks
	Reviews  []selfheal.Review
}

// PullRequest shows one pull request: how it stands, who is asked, what the checks
// and people say, and its text as it was written.
func PullRequest(w io.Writer, pr Proposal, o TextOptions) error {
	p := newPrinter(o)
	p.line(p.bold(fit(oneLine(fmt.Sprintf("#%d %s", pr.Number, pr.Title), sentenceLimit), p.width)))
	p.blank()
	facts := []fact{
		newFact("state", proposalState(pr.PullRequest)),
		newFact("branch", fmt.Sprintf("%s at %s, into %s", pr.Source, selfheal.ShortRevision(pr.Commit), pr.Target)),
		newFact("opened", pr.Time.UTC().Format(minuteLayout)),
	}
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, newFact(label, value))
		}
	}
	add("merged as", pr.Merged)
	add("labels", strings.Join(pr.Labels, ", "))
	add("reviewers", strings.Join(pr.Reviewers, ", "))
	add("incident", pr.Incident)
	if pr.Checks != nil {
		add("checks", string(pr.Checks.State))
		for _, c := range pr.Checks.Failed {
			add("failed", strings.TrimSpace(c.Name+" "+c.Text+" "+c.URL))
		}
	}
	p.facts(0, facts)
	p.places(0, []fact{newFact("at", pr.URL)})
	p.said(pr.Reviews)
	p.section("Text")
	p.verbatim(0, strings.Split(Visible(strings.TrimSpace(pr.Body)), "\n"), proposalLines, p.plain)
	return p.flush(w)
}

// proposalLines is how much of a description is shown.
const proposalLines = 400

// said lists what people wrote.
func (p *printer) said(reviews []selfheal.Review) {
	if len(reviews) == 0 {
		return
	}
	p.section("Comments")
	for _, r := range reviews {
		who := r.Author + ", " + r.Time.UTC().Format(minuteLayout)
		if r.Addressed {
			who += ", to selfheal"
		}
		if r.Rejects {
			who += ", asks for changes"
		}
		p.paragraph(0, oneLine(who, sentenceLimit), p.faint)
		p.verbatim(2, strings.Split(Visible(strings.TrimSpace(r.Text)), "\n"), 20, p.plain)
	}
}
