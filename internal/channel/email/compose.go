package email

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/markup"
)

// compose writes the mail (RFC 5322, RFC 2045): every header on one line of ASCII,
// text and HTML as quoted-printable parts.
func (c *Channel) compose(n selfheal.Notice) ([]byte, error) {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	if err := parts.SetBoundary("selfheal-" + digest(n.Key()+n.Time.String())); err != nil {
		return nil, err
	}
	for _, h := range c.headers(n, parts.Boundary()) {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	if err := part(parts, "text/plain", plain(n)); err != nil {
		return nil, err
	}
	if err := part(parts, "text/html", page(n)); err != nil {
		return nil, err
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (c *Channel) headers(n selfheal.Notice, boundary string) [][2]string {
	sent := c.config.Clock()
	all := [][2]string{
		{"From", c.from.String()},
		{"To", addresses(c.to)},
		{"Subject", folded(mime.QEncoding.Encode("utf-8", markup.OneLine(subject(n), 180)))},
		{"Date", sent.Format(time.RFC1123Z)},
		{"Message-ID", c.id(n.Key() + n.Time.UTC().Format(time.RFC3339Nano))},
	}
	if n.Deploy.Revision != "" { // mail programs thread by this, whether or not a mail with that ID was ever sent
		thread := c.id("deploy " + n.Deploy.Key())
		all = append(all, [2]string{"In-Reply-To", thread}, [2]string{"References", thread})
	}
	return append(all, [][2]string{
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no out-of-office replies
		{"MIME-Version", "1.0"},
		{"Content-Type", `multipart/alternative; boundary="` + boundary + `"`},
	}...)
}

func subject(n selfheal.Notice) string {
	return "[selfheal] " + channel.Headline(n)
}

// folded puts encoded words on lines of their own: a line has 998 bytes at most.
func folded(encoded string) string {
	return strings.ReplaceAll(encoded, "?= =?", "?=\r\n =?")
}

func addresses(all []*mail.Address) string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.String()
	}
	return strings.Join(texts, ",\r\n ")
}

func (c *Channel) id(of string) string {
	_, domain, _ := strings.Cut(c.from.Address, "@")
	return "<" + digest(of) + "@" + cmp.Or(domain, "localhost") + ">"
}

func digest(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:12])
}

func part(parts *multipart.Writer, media, text string) error {
	header := textproto.MIMEHeader{}
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Transfer-Encoding", "quoted-printable")
	w, err := parts.CreatePart(header)
	if err != nil {
		return err
	}
	encoder := quotedprintable.NewWriter(w)
	if _, err := encoder.Write([]byte(text)); err != nil {
		return err
	}
	return encoder.Close()
}

func plain(n selfheal.Notice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", channel.Headline(n))
	for _, f := range channel.Facts(n) {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	fmt.Fprintf(&b, "Time: %s\n", n.Time.UTC().Format("2006-01-02 15:04:05 MST"))
	if text := markup.Plain(n.Text); text != "" {
		b.WriteString("\n" + text + "\n")
	}
	if address := markup.WebAddress(n.URL); address != "" {
		b.WriteString("\n" + address + "\n")
	}
	return b.String()
}

// page is the HTML part: no script, no style sheet, nothing that is loaded.
func page(n selfheal.Notice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><body>\n<h2>%s</h2>\n<table>\n", html.EscapeString(channel.Headline(n)))
	for _, f := range channel.Facts(n) {
		fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td></tr>\n", html.EscapeString(f.Name), html.EscapeString(f.Value))
	}
	b.WriteString("</table>\n")
	b.WriteString(markup.HTML(n.Text))
	if address := markup.WebAddress(n.URL); address != "" {
		fmt.Fprintf(&b, `<p><a href="%s" rel="noreferrer">Open</a></p>`+"\n", html.EscapeString(address))
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
