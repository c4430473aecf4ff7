package report

import (
	"fmt"
	"io"

	"selfheal"
)

// Identities is what is known of a service's signatures beyond their own ids.
type Identities struct {
	Service   string              `json:"service"`
	Overrides []selfheal.Override `json:"overrides"` // what people said, oldest first
	Aliases   []selfheal.Alias    `json:"aliases"`   // signatures that are the same error as an older one
	Patterns  []selfheal.Pattern  `json:"patterns"`  // templates with places for values
}

// IdentitiesText writes what people said and what the logs taught, a line each.
func IdentitiesText(w io.Writer, known Identities, o TextOptions) error {
	p := newPrinter(o)
	section := func(heading string, n int, row func(i int) string) {
		if n == 0 {
			return
		}
		p.line(p.bold(heading))
		for i := range n {
			p.paragraph(2, row(i), p.plain)
		}
	}
	if len(known.Overrides)+len(known.Aliases)+len(known.Patterns) == 0 {
		p.line(fit("nothing is known of the signatures of "+oneLine(known.Service, titleLimit)+" beyond their ids", p.width))
		return p.flush(w)
	}
	section("Said by people", len(known.Overrides), func(i int) string { return overrideWords(known.Overrides[i]) })
	section("The same error as an older signature", len(known.Aliases), func(i int) string {
		a := known.Aliases[i]
		return fmt.Sprintf("%s is %s: %s", oneLine(string(a.From), titleLimit), oneLine(string(a.To), titleLimit), oneLine(a.Why, sentenceLimit))
	})
	section("Places that hold values", len(known.Patterns), func(i int) string {
		return fmt.Sprintf("%s %s", oneLine(string(known.Patterns[i].Signature), titleLimit), oneLine(known.Patterns[i].Template, sentenceLimit))
	})
	return p.flush(w)
}

func overrideWords(o selfheal.Override) string {
	words := string(o.Action) + " " + string(o.Signature.ID)
	switch {
	case o.Into != nil:
		words += " into " + string(o.Into.ID)
	case o.Title != "":
		words += " to " + o.Title
	}
	words += " (" + o.Signature.Title + ")"
	if o.Reason != "" {
		words += ": " + o.Reason
	}
	return oneLine(words, sentenceLimit)
}
