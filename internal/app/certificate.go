package app

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/config"
)

// certificate is read again when its files change, so that renewing it needs no restart.
type certificate struct {
	files config.ServeTLS

	mu   sync.Mutex
	read time.Time // modification of the newer file
	pair *tls.Certificate
}

func newCertificate(files config.ServeTLS) (*certificate, error) {
	c := &certificate{files: files}
	_, err := c.get(nil)
	return c, err
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.changed()
	if c.pair != nil && !changed.After(c.read) {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil && c.pair != nil {
		return c.pair, nil // half written: the old one is still good
	}
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read certificate", Message: c.files.CertFile, Hint: "see serve.tls", Err: err}
	}
	c.pair, c.read = &pair, changed
	return c.pair, nil
}

func (c *certificate) changed() time.Time {
	var newest time.Time
	for _, name := range []string{c.files.CertFile, c.files.KeyFile} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}
