package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/token"
)

// Serve configures selfheal serve.
type Serve struct {
	// Listen is the address that is listened on, host:port.
	Listen string `yaml:"listen" json:"listen,omitempty"`
	// GRPC is the address on which OTLP logs are taken in over gRPC; by default none.
	GRPC string `yaml:"grpc" json:"grpc,omitempty"`
	// TLS serves by a certificate; without it, put a proxy in front of anything but localhost.
	TLS *ServeTLS `yaml:"tls" json:"tls,omitempty"`
	// Tokens are who may ask for what; selfheal token makes one.
	Tokens []ServeToken `yaml:"tokens" json:"tokens,omitempty"`
	// Sentry are the projects whose SDKs send their events here.
	Sentry []ServeProject `yaml:"sentry" json:"sentry,omitempty"`
	// OpenMetrics serves /metrics without a token.
	OpenMetrics bool `yaml:"open_metrics" json:"open_metrics,omitempty"`
	// Services are the repositories of the services that are looked after, each with its own selfheal.yaml; by default the one that the configuration is of.
	Services []ServeService `yaml:"services" json:"services,omitempty"`
	// Window is how long a deploy is watched.
	Window selfheal.Duration `yaml:"window" json:"window,omitempty" jsonschema:"type=string"`
	// Every is how often a watched deploy is looked at.
	Every selfheal.Duration `yaml:"every" json:"every,omitempty" jsonschema:"type=string"`
	// Repair is what is done about a regression: none, revert, command, agent or auto (repair.strategies).
	Repair string `yaml:"repair" json:"repair,omitempty"`
	// DryRun does everything but push and open a pull request.
	DryRun bool `yaml:"dry_run" json:"dry_run,omitempty"`
	// Workers is how many deploys and incidents are worked on at once.
	Workers int `yaml:"workers" json:"workers,omitempty"`
	// Keep is how long counts are kept.
	Keep selfheal.Duration `yaml:"keep" json:"keep,omitempty" jsonschema:"type=string"`
}

// ServeTLS names a certificate and its key, PEM files that are read again when they change.
type ServeTLS struct {
	// CertFile is the path of the certificate, with the chain below it.
	CertFile string `yaml:"cert_file" json:"cert_file"`
	// KeyFile is the path of its private key.
	KeyFile string `yaml:"key_file" json:"key_file"`
}

// ServeToken is what is known of a token.
type ServeToken struct {
	// Name says who uses it; it stands in the journal.
	Name string `yaml:"name" json:"name"`
	// Hash is the SHA-256 of the token, in hexadecimal.
	Hash string `yaml:"hash" json:"hash"`
	// Scopes are what it may be used for.
	Scopes []token.Scope `yaml:"scopes" json:"scopes" jsonschema:"enum=ingest,enum=read,enum=operate"`
}

// ServeProject is a project as Sentry's SDKs know it, by its DSN: https://KEY@HOST/ID.
type ServeProject struct {
	// ID is the number of the project in the DSN; any will do.
	ID string `yaml:"id" json:"id"`
	// KeyHash is the SHA-256 of the DSN's key, in hexadecimal; selfheal token makes both.
	KeyHash string `yaml:"key_hash" json:"key_hash"`
	// Service is the service that the project's events are of.
	Service string `yaml:"service" json:"service"`
}

// Project gives the service of a project, where the key is its key.
func (s Serve) Project(project, key string) (service string, known bool) {
	hash := []byte(token.Hash(key))
	for _, p := range s.Sentry {
		if subtle.ConstantTimeCompare(hash, []byte(strings.ToLower(p.KeyHash))) == 1 && p.ID == project {
			service, known = p.Service, true
		}
	}
	return service, known
}

// ServeService is the repository of a service.
type ServeService struct {
	// Path is the folder of a clone of its repository.
	Path string `yaml:"path" json:"path"`
	// Environments are where it is deployed; by default the environment of its selfheal.yaml.
	Environments []string `yaml:"environments" json:"environments,omitempty"`
}

func defaultServe() Serve {
	return Serve{
		Listen: "127.0.0.1:8420", Window: selfheal.Duration(time.Hour), Every: selfheal.Duration(15 * time.Second),
		Repair: "none", Workers: 4, Keep: selfheal.Duration(28 * 24 * time.Hour),
	}
}

// KnownTokens are the tokens as the server takes them.
func (s Serve) KnownTokens() token.Tokens {
	var all token.Tokens
	for _, t := range s.Tokens {
		all = append(all, token.Token{Name: t.Name, Hash: t.Hash, Scopes: t.Scopes})
	}
	return all
}

func (s Serve) validate() error {
	var all []error
	say := func(hint, format string, args ...any) { all = append(all, selfheal.Usagef(hint, format, args...)) }
	for name, address := range map[string]string{"listen": s.Listen, "grpc": s.GRPC} {
		if address == "" && name == "grpc" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			say("write it as host:port, e.g. 127.0.0.1:8420", "%s is no address: %q", name, address)
		}
	}
	for i, t := range s.KnownTokens() {
		if err := t.Validate(); err != nil {
			all = append(all, fmt.Errorf("tokens[%d]: %w", i, err))
		}
	}
	for i, p := range s.Sentry {
		if hash, err := hex.DecodeString(p.KeyHash); err != nil || len(hash) != sha256.Size || p.ID == "" || p.Service == "" {
			say("key_hash is a SHA-256 in hexadecimal; selfheal token makes one", "sentry[%d] needs id, key_hash and service", i)
		}
	}
	for i, service := range s.Services {
		if service.Path == "" {
			say("", "services[%d]: path is missing", i)
		}
	}
	if s.TLS != nil && (s.TLS.CertFile == "" || s.TLS.KeyFile == "") {
		say("", "tls needs cert_file and key_file")
	}
	if w := time.Duration(s.Window); w < 5*time.Minute || w > 7*24*time.Hour {
		say("e.g. 1h", "window must be from 5 minutes to 7 days, not %s", s.Window)
	}
	if e := time.Duration(s.Every); e < time.Second || e > time.Duration(s.Window) {
		say("e.g. 15s", "every must be from 1 second to the window's length, not %s", s.Every)
	}
	if s.Workers < 1 {
		say("", "workers must be positive, not %d", s.Workers)
	}
	if time.Duration(s.Keep) < 24*time.Hour {
		say("e.g. 672h", "keep must be at least a day, not %s", s.Keep)
	}
	return below("serve", errors.Join(all...))
}
