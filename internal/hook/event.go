package hook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// eventKind says what an event must be matched by to be a deploy.
type eventKind int

const (
	kindDeployment eventKind = iota
	kindWorkflow
	kindPush
)

// event is what a dialect read, in the sender's words.
type event struct {
	id   string // unique within the dialect; empty when the sender gives none
	kind eventKind
	from string

	repository, service, environment, workflow, branch string
	namespace                                          string // of Kubernetes: an environment where nothing better is known
	images                                             []string
	revision, previous                                 string
	phase                                              selfheal.Phase
	time                                               time.Time // zero when the sender does not say
	by, url, detail                                    string
}

// parsed is what a dialect made of a payload.
type parsed struct {
	events []event
	ping   bool
	reason string // why there is no event
}

func nothing(format string, args ...any) parsed { return parsed{reason: fmt.Sprintf(format, args...)} }

func one(e event) parsed { return parsed{events: []event{e}} }

// name is what services and environments may be called: it stands in keys of
// incidents, names of branches and marks in pull requests.
var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func isName(s string) bool { return name.MatchString(s) }

// revision is what may be handed to git and looked for in logs: a commit, a tag,
// or an image's digest. It never begins like an option.
var revision = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/+@-]{0,199}$`)

const (
	maxText = 300  // characters of a text for people
	maxURL  = 2000 // bytes
)

// announce makes the announcement of an event, or says why there is none. An
// error is of the sender (errMalformed) or of what resolves revisions.
func (r *Receiver) announce(ctx context.Context, h Hook, e event) (*selfheal.Announcement, string, error) {
	rule, ok := h.rule(e)
	if !ok {
		return nil, "no rule says that it is a deploy: " + e.describe(), nil
	}
	if e.phase == selfheal.PhaseOther || e.phase == "" {
		return nil, cmp.Or(e.detail, "nothing that concerns a deploy"), nil
	}
	e = e.under(rule, h)
	if reason := e.unusable(); reason != "" {
		return nil, reason, nil
	}
	if err := e.date(r.config.Clock(), r.config.Tolerance); err != nil {
		return nil, "", err
	}
	if e.revision == "" {
		if reason, err := e.resolve(ctx, r.config.Resolve); reason != "" || err != nil {
			return nil, reason, err
		}
	}
	if !revision.MatchString(e.revision) || e.previous != "" && !revision.MatchString(e.previous) {
		return nil, "", fmt.Errorf("%w: the revision is none: %s", errMalformed, strconv.Quote(httpx.Clip(e.revision, 80)))
	}
	a := e.announcement()
	return &a, "", nil
}

// under names the service and the environment as a rule says.
func (e event) under(rule Rule, h Hook) event {
	if rule.Image != "" {
		e.revision, e.previous = imageRevision(e.images, rule.Image), ""
	}
	if e.kind == kindPush && rule.Serves && e.phase == selfheal.PhaseBuilding {
		e.phase = selfheal.PhaseServing
	}
	e.service = cmp.Or(rule.AsService, e.service, h.Service, path.Base("/"+e.repository))
	e.environment = cmp.Or(rule.AsEnvironment, e.environment, h.Environment, e.namespace)
	return e
}

func (e event) unusable() string {
	switch {
	case e.environment == "":
		return "the sender names no environment: set environment of the hook"
	case !isName(e.service):
		return fmt.Sprintf("%s is no name of a service: add a rule that gives it one", strconv.Quote(httpx.Clip(e.service, 80)))
	case !isName(e.environment):
		return fmt.Sprintf("%s is no name of an environment: add a rule that gives it one", strconv.Quote(httpx.Clip(e.environment, 80)))
	}
	return ""
}

// date gives an event a time. One of the future would count as the newest for
// ever, so it is refused.
func (e *event) date(now time.Time, tolerance time.Duration) error {
	switch {
	case e.time.IsZero():
		e.time = now
	case e.time.After(now.Add(tolerance)):
		return fmt.Errorf("%w: it is dated %s, in the future: check the clock of the sender", errMalformed, e.time.UTC().Format(time.RFC3339))
	}
	e.time = e.time.UTC()
	return nil
}

// resolve asks which revision it is. Only what serves can be asked for: of a canary
// that failed, what serves is another one.
func (e *event) resolve(ctx context.Context, resolve func(context.Context, string, string) (string, error)) (string, error) {
	if resolve == nil || e.phase != selfheal.PhaseServing {
		return "the sender does not say which revision it is, and nothing tells which one serves", nil
	}
	found, err := resolve(ctx, e.service, e.environment)
	if selfheal.CodeOf(err) == selfheal.CodeNotFound && err != nil {
		return "the sender does not say which revision it is, and none serves", nil
	}
	e.revision = found
	return "", err
}

func (e event) announcement() selfheal.Announcement {
	d := selfheal.Deploy{
		Service: e.service, Environment: e.environment, Revision: e.revision, Previous: e.previous,
		Time: e.time, Status: selfheal.DeploySucceeded, By: httpx.OneLine(e.by, maxText), URL: webAddress(e.url),
	}
	switch e.phase {
	case selfheal.PhaseFailed:
		d.Status = selfheal.DeployFailed
	case selfheal.PhaseBuildFail:
		d.Status = selfheal.DeployBuildFailed
	}
	return selfheal.Announcement{ID: e.name(), Deploy: d, Phase: e.phase, From: e.from, Detail: httpx.OneLine(e.detail, maxText)}
}

// name is the announcement's ID. What the sender does not name is named by what it
// says, and when: the same said twice is one event.
func (e event) name() string {
	id := e.id
	if id == "" {
		id = strings.Join([]string{e.revision, string(e.phase), e.time.UTC().Format(time.RFC3339Nano)}, "\x00")
	}
	// One event may be a deploy of several services, by several hooks.
	id = strings.Join([]string{e.from, e.environment, e.service, id}, "/")
	if len(id) <= 160 && httpx.OneLine(id, 160) == id {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return e.from + "/" + hex.EncodeToString(sum[:16])
}

// describe says which event it is, for the people who write rules.
func (e event) describe() string {
	parts := []string{e.from}
	for _, p := range [][2]string{{"repository", e.repository}, {"environment", cmp.Or(e.environment, e.namespace)}, {"service", e.service}, {"workflow", e.workflow}, {"branch", e.branch}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+strconv.Quote(httpx.OneLine(p[1], 80)))
		}
	}
	return strings.Join(parts, ", ")
}

// webAddress keeps an address that a person may be led to, and no other.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

var errMalformed = errors.New("malformed event")

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %s", errMalformed, httpx.OneLine(err.Error(), 200))
	}
	return nil
}

// stamp is a time in any of the forms that senders write: RFC 3339, GitLab's
// "2021-04-28 21:50:00 +0200" and "... UTC", seconds or milliseconds since 1970.
// What is none of them is zero: an event is not refused for that.
type stamp struct{ time.Time }

var stampLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05.999999999"}

// UnmarshalJSON reads a text or a number.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	for _, layout := range stampLayouts {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1970 && t.Year() < 10000 {
			s.Time = t.UTC()
			return nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n < 1e14 {
		if n < 1e11 {
			n *= 1000
		}
		s.Time = time.UnixMilli(n).UTC()
	}
	return nil
}

// when is the first of several times that is known.
func when(times ...stamp) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}
