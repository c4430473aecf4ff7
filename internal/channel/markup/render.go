package markup

import (
	"html"
	"strings"
)

// HTML renders Markdown as the inside of an HTML body, without scripts, styles,
// images and forms.
func HTML(text string) string {
	var b strings.Builder
	list := false
	for _, bl := range parse(text) {
		if (bl.kind == item) != list {
			list = !list
			b.WriteString(map[bool]string{true: "<ul>\n", false: "</ul>\n"}[list])
		}
		b.WriteString(bl.html())
	}
	if list {
		b.WriteString("</ul>\n")
	}
	return b.String()
}

func (bl block) html() string {
	inner := join(bl.spans, span.html)
	switch bl.kind {
	case heading:
		return "<h3>" + inner + "</h3>\n"
	case item:
		return "<li>" + inner + "</li>\n"
	case quote:
		return "<blockquote>" + inner + "</blockquote>\n"
	case codeBlock:
		return "<pre>" + html.EscapeString(bl.text) + "</pre>\n"
	}
	return "<p>" + inner + "</p>\n"
}

func (s span) html() string {
	text := html.EscapeString(s.text)
	switch s.style {
	case bold:
		return "<b>" + text + "</b>"
	case emphasis:
		return "<em>" + text + "</em>"
	case code:
		return "<code>" + text + "</code>"
	case link:
		return `<a href="` + html.EscapeString(s.url) + `" rel="noreferrer">` + text + "</a>"
	}
	return text
}

// Slack renders Markdown as Slack's mrkdwn
// (https://docs.slack.dev/messaging/formatting-message-text), one text per block.
func Slack(text string) []string {
	var all []string
	for _, bl := range parse(text) {
		all = append(all, bl.slack())
	}
	return all
}

func (bl block) slack() string {
	inner := join(bl.spans, span.slack)
	switch bl.kind {
	case heading:
		return "*" + strings.ReplaceAll(inner, "*", "") + "*"
	case item:
		return "• " + inner
	case quote:
		return "> " + inner
	case codeBlock:
		return "```\n" + SlackCode(bl.text) + "\n```"
	}
	return inner
}

func (s span) slack() string {
	switch s.style {
	case bold:
		return "*" + SlackText(s.text) + "*"
	case emphasis:
		return "_" + SlackText(s.text) + "_"
	case code:
		return "`" + strings.ReplaceAll(slackEscape.Replace(s.text), "`", "ˋ") + "`"
	case link:
		return "<" + strings.ReplaceAll(s.url, "&", "&amp;") + "|" + SlackText(s.text) + ">"
	}
	return SlackText(s.text)
}

// slackEscape is all that Slack asks for: mentions, links and commands are in
// angle brackets.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackLiteral keeps marks from formatting, which Slack has no escape for: a
// space without width behind one makes it an ordinary character.
var slackLiteral = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "`\u200b", "@", "@\u200b")

// SlackText is clean text as a part of mrkdwn that formats, links and mentions nothing.
func SlackText(text string) string { return slackLiteral.Replace(text) }

// SlackCode is clean text for the inside of a code block, which it cannot end.
func SlackCode(text string) string {
	return strings.ReplaceAll(slackEscape.Replace(text), "``", "`\u200b`\u200b")
}

// Plain renders Markdown as text for terminals, mail and chat.
func Plain(text string) string {
	blocks := parse(text)
	var b strings.Builder
	for i, bl := range blocks {
		if i > 0 {
			b.WriteString(map[bool]string{true: "\n", false: "\n\n"}[bl.kind == item && blocks[i-1].kind == item])
		}
		b.WriteString(bl.plain())
	}
	return b.String()
}

func (bl block) plain() string {
	inner := join(bl.spans, span.plain)
	switch bl.kind {
	case item:
		return "- " + inner
	case quote:
		return "> " + inner
	case codeBlock:
		return "    " + strings.ReplaceAll(bl.text, "\n", "\n    ")
	}
	return inner
}

func (s span) plain() string {
	if s.style == link && s.url != s.text {
		return s.text + " (" + s.url + ")"
	}
	return s.text
}

func join(spans []span, render func(span) string) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(render(s))
	}
	return b.String()
}
