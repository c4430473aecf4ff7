package slack

import (
	"strings"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/channel/markup"
)

// Limits of Block Kit (https://docs.slack.dev/reference/block-kit/blocks).
const (
	maxHeader  = 150  // characters
	maxSection = 2900 // of 3000 characters
	maxBodies  = 40   // of 50 blocks
)

// block is any block of Block Kit.
type block struct {
	Type     string    `json:"type"`
	Text     *text     `json:"text,omitempty"`
	Elements []element `json:"elements,omitempty"`
}

// text is a text object. Verbatim keeps Slack from finding links and names in it by itself.
type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

// element is a button, or a text in a context block.
type element struct {
	Type     string   `json:"type"`
	Text     any      `json:"text,omitempty"` // *text of a button, string of a context
	Verbatim bool     `json:"verbatim,omitempty"`
	ActionID string   `json:"action_id,omitempty"`
	Value    string   `json:"value,omitempty"`
	URL      string   `json:"url,omitempty"`
	Style    string   `json:"style,omitempty"`
	Confirm  *confirm `json:"confirm,omitempty"`
}

// confirm asks once more before a button counts.
type confirm struct {
	Title   text `json:"title"`
	Text    text `json:"text"`
	Confirm text `json:"confirm"`
	Deny    text `json:"deny"`
}

func plainText(s string) text {
	return text{Type: "plain_text", Text: s}
}

func header(s string) block {
	t := plainText(clip(strings.TrimSpace(s), maxHeader))
	return block{Type: "header", Text: &t}
}

func section(mrkdwn string) block {
	return block{Type: "section", Text: &text{Type: "mrkdwn", Text: clip(mrkdwn, maxSection), Verbatim: true}}
}

func note(mrkdwn string) block {
	return block{Type: "context", Elements: []element{{Type: "mrkdwn", Text: clip(mrkdwn, 1900), Verbatim: true}}}
}

// body packs the blocks of a text into as few sections as hold them.
func body(parts []string) []block {
	var packed []string
	for _, part := range parts {
		part = clipPart(part)
		last := len(packed) - 1
		if last >= 0 && utf8.RuneCountInString(packed[last])+1+utf8.RuneCountInString(part) <= maxSection {
			packed[last] += "\n" + part
			continue
		}
		packed = append(packed, part)
	}
	var all []block
	for i, each := range packed {
		if i == maxBodies {
			return append(all, section("…"))
		}
		if each != "" {
			all = append(all, section(each))
		}
	}
	return all
}

// clipPart cuts what is too long for one section. A code block that is cut is
// closed again: what follows must not become code.
func clipPart(part string) string {
	if utf8.RuneCountInString(part) <= maxSection {
		return part
	}
	if strings.HasPrefix(part, "```\n") {
		return clip(strings.TrimSuffix(part, "\n```"), maxSection-10) + "\n```"
	}
	return clip(part, maxSection)
}

// clip cuts after so many characters; what is cut in the middle of an entity or a
// link loses it whole.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	cut := []rune(s)[:most-1]
	kept := string(cut)
	if open := strings.LastIndexByte(kept, '<'); open > strings.LastIndexByte(kept, '>') {
		kept = kept[:open]
	}
	if amp := strings.LastIndexByte(kept, '&'); amp > strings.LastIndexByte(kept, ';') && len(kept)-amp < 6 {
		kept = kept[:amp]
	}
	return kept + "…"
}

// buttons are what can be done about a notice. An open pull request can be approved;
// an incident can be dismissed, and put off.
func (c *Channel) buttons(n selfheal.Notice) block {
	b := block{Type: "actions"}
	value := markup.OneLine(n.Incident, 500)
	if c.config.Buttons && value != "" && value == n.Incident {
		switch n.Kind {
		case selfheal.NoticePullRequest:
			b.Elements = append(b.Elements, button("Approve", actionApprove, value, "primary"), dismissButton(value), c.snoozeButton(value))
		case selfheal.NoticeRegression, selfheal.NoticeInconclusive:
			b.Elements = append(b.Elements, dismissButton(value), c.snoozeButton(value))
		}
	}
	if address := markup.WebAddress(n.URL); address != "" {
		open := button("Open", actionOpen, "", "")
		open.URL = address
		b.Elements = append(b.Elements, open)
	}
	return b
}

func button(label, action, value, style string) element {
	t := plainText(label)
	return element{Type: "button", Text: &t, ActionID: action, Value: value, Style: style}
}

func dismissButton(value string) element {
	b := button("Dismiss", actionDismiss, value, "danger")
	b.Confirm = &confirm{
		Title: plainText("Dismiss this incident?"), Text: plainText("Nothing more is done about it."),
		Confirm: plainText("Dismiss"), Deny: plainText("Keep"),
	}
	return b
}

func (c *Channel) snoozeButton(value string) element {
	period := c.config.Snooze.String()
	for _, zero := range []string{"m0s", "h0m"} { // 4h0m0s is read as 4h
		if strings.HasSuffix(period, zero) {
			period = period[:len(period)-2]
		}
	}
	return button("Snooze "+period, actionSnooze, c.config.Snooze.String()+" "+value, "")
}
