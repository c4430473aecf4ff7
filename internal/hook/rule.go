package hook

import (
	"cmp"
	"path"
	"strings"

	"selfheal"
)

// Rule says of which service and environment an event is a deploy. The first five
// are patterns of what the sender says (* stands for anything but a slash); what is
// empty matches all. The first rule that matches wins.
type Rule struct {
	Repository  string // owner/name
	Environment string // of a deployment; a Kubernetes namespace
	Service     string // an Argo CD application, a Flagger canary, a Kubernetes deployment, the subject of a CDEvent
	Workflow    string // name of a workflow whose success is a deploy
	Branch      string // a branch that a push to deploys

	AsService     string // what the service is called here; by default as the sender calls it, else as the repository
	AsEnvironment string
	// Image takes the revision from the tag of the image whose name matches, e.g.
	// "ghcr.io/octo-org/shop": of Argo CD, whose own revision is that of the manifests.
	Image string
	// Serves says that what is pushed serves soon: a push then begins the watching.
	Serves bool
}

// Validate refuses patterns and names that are none.
func (r Rule) Validate() error {
	for _, pattern := range []string{r.Repository, r.Environment, r.Service, r.Workflow, r.Branch, r.Image} {
		if _, err := path.Match(pattern, ""); err != nil {
			return selfheal.Usagef("* and ? stand for anything, [a-z] for one of several characters", "%q is no pattern", pattern)
		}
	}
	for _, name := range []string{r.AsService, r.AsEnvironment} {
		if name != "" && !isName(name) {
			return selfheal.Usagef("use letters, digits, dots, dashes and underscores", "%q is no name", name)
		}
	}
	if r.Workflow != "" && r.Branch != "" && r.Serves {
		return selfheal.Usagef("serves is for pushes; a workflow that succeeded serves anyway", "workflow and serves are both set")
	}
	return nil
}

// matches tells whether a rule is about an event. Workflows and pushes are deploys
// only where a rule says so: most of them are not.
func (r Rule) matches(e event) bool {
	switch e.kind {
	case kindWorkflow:
		if r.Workflow == "" {
			return false
		}
	case kindPush:
		if r.Branch == "" || r.Workflow != "" {
			return false
		}
	case kindDeployment:
		if r.Workflow != "" {
			return false
		}
	}
	return like(r.Repository, e.repository) && like(r.Environment, cmp.Or(e.environment, e.namespace)) && like(r.Service, e.service) &&
		like(r.Workflow, e.workflow) && like(r.Branch, e.branch)
}

func like(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, text)
	return err == nil && ok
}

// rule gives the rule for an event. Without any rule, deployments need none.
func (h Hook) rule(e event) (Rule, bool) {
	for _, r := range h.Rules {
		if r.matches(e) {
			return r, true
		}
	}
	return Rule{}, len(h.Rules) == 0 && e.kind == kindDeployment
}

// imageRevision gives the tag, else the digest, of the image whose name matches.
func imageRevision(images []string, pattern string) string {
	for _, image := range images {
		name, tag, digest := splitImage(image)
		if like(pattern, name) {
			if tag != "" {
				return tag
			}
			return digest
		}
	}
	return ""
}

// splitImage takes REGISTRY/NAME:TAG@DIGEST apart.
func splitImage(image string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}
