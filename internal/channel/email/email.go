// Package email tells people by mail.
//
// In go notices, out go mails over SMTP, encrypted, each as text and as HTML. All
// mails about one deploy stand in one thread. Whatever a notice quotes, it adds no
// header, no recipient and no markup.
package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// Encryption is how the connection is protected.
type Encryption string

// The encryptions.
const (
	StartTLS Encryption = "starttls" // begins in clear and must change to TLS; usual on port 587
	TLS      Encryption = "tls"      // from the first byte; usual on port 465
	None     Encryption = "none"     // only to this machine
)

// Config is what a [Channel] needs.
type Config struct {
	Server     string     // host:port; by default port 587, of TLS 465
	Encryption Encryption // by default StartTLS, of port 465 TLS
	Username   string
	Password   httpx.Secret // needs Username
	From       string       // an address, with a name if wanted
	To         []string
	Clock      selfheal.Clock // by default the system's
	Timeout    time.Duration  // of one mail, 30 s by default
	// TLS changes how certificates are checked; nil for the usual.
	TLS *tls.Config
}

// Channel sends mails. It is safe for concurrent use.
type Channel struct {
	config Config
	host   string
	from   *mail.Address
	to     []*mail.Address
}

var _ selfheal.Channel = (*Channel)(nil)

const maxRecipients = 50

// New makes a channel.
func New(c Config) (*Channel, error) {
	channel := &Channel{}
	var err error
	if channel.host, c.Server, err = server(c); err != nil {
		return nil, err
	}
	if c.Encryption == "" {
		c.Encryption = StartTLS
		if strings.HasSuffix(c.Server, ":465") {
			c.Encryption = TLS
		}
	}
	if channel.from, err = mail.ParseAddress(c.From); err != nil {
		return nil, selfheal.Usagef(`write it as "selfheal <selfheal@example.com>"`, "from is no address")
	}
	if len(c.To) == 0 || len(c.To) > maxRecipients {
		return nil, selfheal.Usagef(fmt.Sprintf("name 1 to %d addresses", maxRecipients), "e-mail has %d recipients", len(c.To))
	}
	for _, to := range c.To {
		address, err := mail.ParseAddress(to)
		if err != nil {
			return nil, selfheal.Usagef("write it as ada@example.com", "a recipient is no address")
		}
		channel.to = append(channel.to, address)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	channel.config = c
	return channel, channel.check()
}

// server completes the address with the port.
func server(c Config) (host, address string, err error) {
	address = c.Server
	if _, _, err := net.SplitHostPort(address); err != nil {
		port := "587"
		if c.Encryption == TLS {
			port = "465"
		}
		address = net.JoinHostPort(address, port)
	}
	host, _, err = net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsAny(address, " \r\n/") {
		return "", "", selfheal.Usagef("write it as smtp.example.com:587", "e-mail has no server")
	}
	return host, address, nil
}

// check refuses what would send secrets in clear.
func (c *Channel) check() error {
	switch c.config.Encryption {
	case StartTLS, TLS:
	case None:
		if ip := net.ParseIP(c.host); c.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return selfheal.Usagef("use starttls or tls", "mail to another machine is sent in clear")
		}
	default:
		return selfheal.Usagef("use starttls, tls or none", "no such encryption: %q", c.config.Encryption)
	}
	if (c.config.Username == "") != (c.config.Password == "") {
		return selfheal.Usagef("set both or none", "only one of username and password is set")
	}
	return nil
}

// Notify sends one notice to all recipients, in one mail.
func (c *Channel) Notify(ctx context.Context, n selfheal.Notice) (retry bool, err error) {
	text, err := c.compose(n)
	if err != nil {
		return false, fmt.Errorf("compose mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	if err := c.send(ctx, text); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return mayPass(err), explain(err)
	}
	return false, nil
}

// send speaks SMTP. The connection is broken off when ctx ends.
func (c *Channel) send(ctx context.Context, text []byte) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads or writes is told so
	defer stop()
	client, err := smtp.NewClient(conn, c.host)
	if err != nil {
		_ = conn.Close() // the first error counts
		return err
	}
	defer func() { _ = client.Close() }() // after Quit it is closed already
	if err := c.begin(client); err != nil {
		return err
	}
	if err := client.Mail(c.from.Address); err != nil {
		return err
	}
	for _, to := range c.to {
		if err := client.Rcpt(to.Address); err != nil {
			return err
		}
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(text); err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	_ = client.Quit() // the mail was taken: sending it again would be worse than an unfriendly end
	return nil
}

func (c *Channel) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	if c.config.Encryption == TLS {
		return (&tls.Dialer{NetDialer: &dialer, Config: c.tls()}).DialContext(ctx, "tcp", c.config.Server)
	}
	return dialer.DialContext(ctx, "tcp", c.config.Server)
}

func (c *Channel) tls() *tls.Config {
	own := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.config.TLS != nil {
		own = c.config.TLS.Clone()
	}
	own.ServerName = cmp.Or(own.ServerName, c.host)
	return own
}

var errNoTLS = errors.New("the server does not offer STARTTLS")

// begin greets, encrypts and signs in.
func (c *Channel) begin(client *smtp.Client) error {
	if c.config.Encryption == StartTLS {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return errNoTLS
		}
		if err := client.StartTLS(c.tls()); err != nil {
			return err
		}
	}
	if c.config.Username == "" {
		return nil
	}
	return client.Auth(smtp.PlainAuth("", c.config.Username, string(c.config.Password), c.host))
}

// mayPass tells what another attempt may not meet: replies 4xx and connections that
// broke (RFC 5321 section 4.2.1).
func mayPass(err error) bool {
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return reply.Code >= 400 && reply.Code < 500
	}
	var certificate *tls.CertificateVerificationError
	return !errors.Is(err, errNoTLS) && !errors.As(err, &certificate)
}

func explain(err error) error {
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "send mail", Message: "the mail server did not take it"}
	var certificate *tls.CertificateVerificationError
	switch reply, ok := errors.AsType[*textproto.Error](err); {
	case ok && (reply.Code == 530 || reply.Code == 534 || reply.Code == 535):
		e.Err, e.Hint = fmt.Errorf("reply %d", reply.Code), "check username and password of the channel; some providers want a password of its own for programs"
	case ok: // what the server says may repeat what it was sent
		e.Err = fmt.Errorf("reply %d %s", reply.Code, httpx.OneLine(reply.Msg, 200))
	case errors.Is(err, errNoTLS):
		e.Err, e.Hint = err, "use encryption: tls with port 465, or another server: passwords and notices are not sent in clear"
	case errors.As(err, &certificate):
		e.Err, e.Hint = errors.New("its certificate is not valid for its name"), "check the name of the server"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Err = err
	default:
		e.Err, e.Hint = errors.New(httpx.OneLine(err.Error(), 200)), "check server and encryption of the channel"
	}
	return e
}
