package email

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"selfheal/internal/channel/channeltest"
)

// post is one mail that a server took.
type post struct {
	from      string
	to        []string
	text      string
	encrypted bool
	user      string
}

// mailServer speaks SMTP (RFC 5321) as far as clients need it, with a certificate
// of its own.
type mailServer struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config
	implicit bool
	noTLS    bool
	mu       sync.Mutex
	fault    channeltest.Fault
	posts    []post
	read     []string // of the posts that were looked at
}

// certificate is that of net/http's test servers, valid for example.com and 127.0.0.1.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, pool
}

func serve(t *testing.T, change func(*mailServer)) (*mailServer, *tls.Config) {
	t.Helper()
	own, pool := certificate(t)
	s := &mailServer{t: t, tls: own}
	if change != nil {
		change(s)
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if s.implicit {
		s.listener = tls.NewListener(s.listener, own)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() { s.listener.Close(); group.Wait() })
	return s, &tls.Config{RootCAs: pool}
}

// talk is one session.
func (s *mailServer) talk(conn net.Conn) {
	defer func() { conn.Close() }()
	r := bufio.NewReader(conn)
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == channeltest.Hanging {
		r.ReadByte() // until the client goes away
		return
	}
	say("220 mail.example.com ESMTP")
	p := post{encrypted: s.implicit}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.example.com")
			if !p.encrypted && !s.noTLS {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			secured := tls.Server(conn, s.tls)
			conn, r, p.encrypted = secured, bufio.NewReader(secured), true
		case "AUTH":
			decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if part := strings.Split(string(decoded), "\x00"); len(part) == 3 && part[2] == password {
				p.user = part[1]
				say("235 welcome")
			} else {
				say("535 5.7.8 wrong: %s", decoded)
			}
		case "MAIL":
			switch fault {
			case channeltest.Passing:
				say("451 4.7.1 greylisted, try again later")
				continue
			case channeltest.Lasting:
				say("550 5.7.1 you may not send, %s", password)
				continue
			}
			p.from = rest
			say("250 ok")
		case "RCPT":
			p.to = append(p.to, rest)
			say("250 ok")
		case "DATA":
			say("354 go on")
			p.text = data(r)
			s.mu.Lock()
			s.posts = append(s.posts, p)
			s.mu.Unlock()
			say("250 taken")
		case "*": // gives up signing in
			say("501 5.7.0 given up")
		case "QUIT":
			say("221 bye")
			return
		default:
			s.t.Errorf("the client says %q", line)
			say("500 what?")
		}
	}
}

// data reads a mail up to the line with a dot.
func data(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}
