// Package chat tells people by any of the services that shoutrrr speaks to:
// Discord, Teams, Mattermost, Matrix, Telegram, ntfy, Pushover and others.
//
// In go notices, out goes one plain text each. The services read marks and mentions
// in it each in its own way, so those in quoted text are broken up for all of them.
package chat

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nicholas-fedor/shoutrrr"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/markup"
	"selfheal/internal/httpx"
)

// Sender sends one text. The only real one is shoutrrr's.
type Sender func(text string) error

// Channel sends texts. It is safe for concurrent use.
type Channel struct {
	send   Sender
	secret httpx.Secret
	busy   chan struct{} // one message at a time: shoutrrr cannot be stopped
}

var _ selfheal.Channel = (*Channel)(nil)

// excluded are services that are reached otherwise, or that do what no notice may:
// logger prints the text, generic lets query parameters shape the request.
var excluded = map[string]string{
	"logger": "use the kind terminal", "generic": "use the kind webhook, which signs", "smtp": "use the kind email", "slack": "use the kind slack",
}

// New makes a channel for the service of an address such as discord://TOKEN@ID
// (https://shoutrrr.nickfedor.com/services/overview/). The address is a secret.
func New(address httpx.Secret) (*Channel, error) {
	scheme, _, ok := strings.Cut(string(address), "://")
	if !ok {
		return nil, selfheal.Usagef("write it as shoutrrr does, e.g. discord://TOKEN@ID", "the chat has no address")
	}
	scheme, _, _ = strings.Cut(scheme, "+")
	if hint, found := excluded[scheme]; found {
		return nil, selfheal.Usagef(hint, "%s is not reached by chat", scheme)
	}
	router, err := shoutrrr.CreateSender(string(address))
	if err != nil {
		return nil, &selfheal.Error{
			Code: selfheal.CodeUsage, Op: "chat", Message: "shoutrrr does not understand the address",
			Hint: "compare it with the page of the service in shoutrrr's documentation", Err: errors.New(scrub(address, err.Error())),
		}
	}
	return WithSender(address, func(text string) error { return errors.Join(router.Send(text, nil)...) }), nil
}

// WithSender makes a channel that sends in another way; secret stands in no error.
func WithSender(secret httpx.Secret, send Sender) *Channel {
	return &Channel{send: send, secret: secret, busy: make(chan struct{}, 1)}
}

// Notify sends one notice. A message that hangs is left behind; until it has ended,
// no other one is begun.
func (c *Channel) Notify(ctx context.Context, n selfheal.Notice) (retry bool, err error) {
	select {
	case c.busy <- struct{}{}:
	default:
		return true, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "send chat message", Message: "the message before is still being sent"}
	}
	if ctx.Err() != nil {
		<-c.busy
		return true, context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() {
		err := c.send(Text(n))
		<-c.busy
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return true, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "send chat message", Message: "the service did not take it", Err: errors.New(scrub(c.secret, err.Error()))}
		}
		return false, nil
	case <-ctx.Done():
		return true, fmt.Errorf("send chat message: %w", context.Cause(ctx))
	}
}

const maxMessage = 1500 // characters: services cut or refuse longer ones, Discord from 2000 on

// Text is the message of a notice.
func Text(n selfheal.Notice) string {
	var b strings.Builder
	b.WriteString(Defuse(channel.Headline(n)) + "\n")
	for _, f := range channel.Facts(n) {
		if f.Name != "Service" && f.Name != "Environment" { // they are in the line above
			b.WriteString(Defuse(f.Name+": "+f.Value) + "\n")
		}
	}
	if text := clip(Defuse(markup.Plain(n.Text)), maxMessage-300); text != "" {
		b.WriteString("\n" + text + "\n")
	}
	if address := markup.WebAddress(n.URL); address != "" {
		b.WriteString("\n" + address + "\n")
	}
	return b.String()
}

// defuse puts a space without width where services look for mentions, links and
// markup of the kinds of Markdown, HTML, BBCode and mrkdwn.
var defuse = strings.NewReplacer("@", "@\u200b", "<", "<\u200b", "](", "]\u200b(", "://", ":\u200b//", "#", "#\u200b", "&", "&\u200b",
	"`", "`\u200b", "*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "|", "|\u200b", "[", "[\u200b")

// Defuse makes clean text mean nothing but itself to the services.
func Defuse(text string) string { return defuse.Replace(text) }

func clip(text string, most int) string {
	for i := range text {
		if most--; most < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// scrub takes every part of a secret address out of what shoutrrr says.
func scrub(secret httpx.Secret, said string) string {
	parts := strings.FieldsFunc(string(secret), func(r rune) bool { return strings.ContainsRune("/:@?&=+#,;", r) })
	for _, part := range append([]string{string(secret)}, parts...) {
		for _, form := range []string{part, unescaped(part), url.QueryEscape(part), url.PathEscape(part)} {
			if len(form) >= 5 {
				said = strings.ReplaceAll(said, form, "[secret]")
			}
		}
	}
	return httpx.OneLine(said, 300)
}

func unescaped(text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
