// Package terminal tells people on a terminal, or in a file that is read like one.
//
// In go notices, out come a few lines each. Whatever a notice quotes, no byte of it
// is a control character when it is written.
package terminal

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/markup"
)

// Channel writes notices. It is safe for concurrent use.
type Channel struct {
	mu     sync.Mutex
	w      io.Writer
	colour bool
}

var _ selfheal.Channel = (*Channel)(nil)

// New makes a channel; colour says whether w understands ANSI colours.
func New(w io.Writer, colour bool) *Channel { return &Channel{w: w, colour: colour} }

// Notify writes one notice in one write.
func (c *Channel) Notify(ctx context.Context, n selfheal.Notice) (retry bool, err error) {
	if err := ctx.Err(); err != nil {
		return true, err
	}
	text := render(n, c.colour)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.w, text); err != nil {
		return true, fmt.Errorf("write notice: %w", err)
	}
	return false, nil
}

// colours are those of the occasions: red for what is broken, green for what is well.
var colours = map[selfheal.NoticeKind]string{
	selfheal.NoticeRegression: "\x1b[31;1m", selfheal.NoticeCannotObserve: "\x1b[33;1m", selfheal.NoticeInconclusive: "\x1b[33;1m",
	selfheal.NoticePullRequest: "\x1b[36;1m", selfheal.NoticeHealed: "\x1b[32;1m", selfheal.NoticeRolledBack: "\x1b[32;1m",
}

func render(n selfheal.Notice, colour bool) string {
	occasion := strings.ToUpper(channel.Occasion(n))
	if code := colours[n.Kind]; colour && code != "" {
		occasion = code + occasion + "\x1b[0m"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", n.Time.UTC().Format("2006-01-02 15:04:05Z"), occasion)
	if where := channel.Where(n); where != "" {
		b.WriteString("  " + where)
	}
	b.WriteString("\n")
	if title := channel.Title(n); title != "" {
		b.WriteString("  " + title + "\n")
	}
	for _, f := range channel.Facts(n) {
		if f.Name != "Service" && f.Name != "Environment" { // they are in the line above
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, f.Value)
		}
	}
	if text := markup.Plain(n.Text); text != "" {
		b.WriteString("\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n")
	}
	if address := markup.WebAddress(n.URL); address != "" {
		b.WriteString("  " + address + "\n")
	}
	return strings.ReplaceAll(b.String(), "\n  \n", "\n\n") + "\n"
}
