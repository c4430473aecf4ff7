package config

import (
	"strings"
	"testing"

	"selfheal/internal/token"
)

func TestServeSettings(t *testing.T) {
	t.Parallel()
	_, hash := token.New()
	f := func(section, want string) {
		t.Helper()
		_, err := Parse("selfheal.yaml", []byte("serve: "+section+"\n"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", section, err, want)
		}
	}
	f("{}", "")
	f("{listen: ':8420', grpc: '127.0.0.1:4317', window: 30m, every: 5s, workers: 2, keep: 168h}", "")
	f("{tokens: [{name: ci, hash: "+hash+", scopes: [ingest, read]}]}", "")
	f("{sentry: [{id: '1', key_hash: "+hash+", service: shop}]}", "")
	f("{services: [{path: /srv/shop, environments: [prod, staging]}]}", "")
	f("{listen: here}", "no address")
	f("{tokens: [{name: ci, hash: secret, scopes: [ingest]}]}", "not a SHA-256")
	f("{tokens: [{name: ci, hash: "+hash+", scopes: [everything]}]}", "unknown scope")
	f("{sentry: [{id: '1', key_hash: x, service: shop}]}", "needs id, key_hash and service")
	f("{window: 1m}", "from 5 minutes to 7 days")
	f("{every: 2h}", "from 1 second to the window's length")
	f("{keep: 1h}", "at least a day")
	f("{tls: {cert_file: a.pem}}", "cert_file and key_file")
	f("{services: [{}]}", "path is missing")
	f("{listens: ':1'}", "listens")
}

// A project is known by its key alone, and by that of no other project.
func TestServeProject(t *testing.T) {
	t.Parallel()
	shop, shopHash := token.New()
	_, otherHash := token.New()
	s := Serve{Sentry: []ServeProject{{ID: "1", KeyHash: strings.ToUpper(shopHash), Service: "shop"}, {ID: "2", KeyHash: otherHash, Service: "other"}}}
	f := func(project, key, want string) {
		t.Helper()
		if got, known := s.Project(project, key); got != want || known != (want != "") {
			t.Errorf("project %s: %q, %v; want %q", project, got, known, want)
		}
	}
	f("1", shop, "shop")
	f("2", shop, "")
	f("1", "", "")
	f("3", shop, "")
}
