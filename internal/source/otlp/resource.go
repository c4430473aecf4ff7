package otlp

import (
	"cmp"
	"strings"
)

// resource is what the attributes of a resource say of all its records.
type resource struct {
	service, environment, revision, instance, stream string

	pod, host, container string
	legacyEnvironment    string // deployment.environment, until semantic conventions 1.27
	commit               string
}

// set takes one attribute.
func (r *resource) set(n *names, key, value []byte) {
	var to *string
	switch string(key) {
	case "service.name":
		to = &r.service
	case "service.version":
		to = &r.revision
	case "vcs.ref.head.revision":
		to = &r.commit
	case "deployment.environment.name":
		to = &r.environment
	case "deployment.environment":
		to = &r.legacyEnvironment
	case "service.instance.id":
		to = &r.instance
	case "k8s.pod.name":
		to = &r.pod
	case "host.name":
		to = &r.host
	case "container.id":
		to = &r.container
	default:
		return
	}
	*to = n.of(value)
}

// settle picks among names for the same thing: of an instance the one that people
// know it by.
func (r *resource) settle() {
	r.instance = cmp.Or(r.pod, r.instance, r.host, r.container)
	r.environment = cmp.Or(r.environment, r.legacyEnvironment)
	r.revision = cmp.Or(r.revision, r.commit)
	r.stream = cmp.Or(r.instance, "otlp")
}

// names interns the few names that resources have.
type names struct{ all map[string]string }

// Bounds of the interned names; further ones are allocated each time, longer ones cut.
const (
	maxNames = 1024
	maxName  = 256
)

func (n *names) of(b []byte) string {
	b = b[:min(len(b), maxName)]
	if s, ok := n.all[string(b)]; ok {
		return s
	}
	s := strings.ToValidUTF8(string(b), "")
	if n.all == nil {
		n.all = map[string]string{}
	}
	if len(n.all) < maxNames && s == string(b) {
		n.all[s] = s
	}
	return s
}
