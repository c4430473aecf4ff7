package hook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"selfheal"
)

// cdEvent is what is read of a CDEvent (https://cdevents.dev/docs/cd/). The version
// of the specification is context.version until 0.5 and context.specversion after.
type cdEvent struct {
	Context struct {
		Version     string `json:"version"`
		SpecVersion string `json:"specversion"`
		ID          string `json:"id"`
		Source      string `json:"source"`
		Type        string `json:"type"`
		Timestamp   stamp  `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Content struct {
			Environment struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"environment"`
			ArtifactID string `json:"artifactId"`
		} `json:"content"`
	} `json:"subject"`
}

// cloudEvent is the envelope of the structured mode (CloudEvents 1.0, JSON format).
type cloudEvent struct {
	SpecVersion string          `json:"specversion"`
	Type        string          `json:"type"`
	Data        json.RawMessage `json:"data"`
}

const maxBatch = 100 // events of one delivery

// parseCDEvents reads a CDEvent by the mode in which it was sent: binary (ce-*
// headers, the event as the body), structured (an envelope), a batch of
// envelopes, or the event alone.
func parseCDEvents(header http.Header, body []byte) (parsed, error) {
	media, _, err := mime.ParseMediaType(cmp.Or(header.Get("Content-Type"), "application/json"))
	if err != nil {
		return parsed{}, fmt.Errorf("%w: Content-Type is none", errMalformed)
	}
	switch media {
	case "application/cloudevents+json":
		var envelope cloudEvent
		if err := decode(body, &envelope); err != nil {
			return parsed{}, err
		}
		return envelope.parse()
	case "application/cloudevents-batch+json":
		return parseBatch(body)
	}
	return parseCDEvent(body, header.Get("Ce-Type"))
}

func parseBatch(body []byte) (parsed, error) {
	var envelopes []cloudEvent
	if err := decode(body, &envelopes); err != nil {
		return parsed{}, err
	}
	if len(envelopes) > maxBatch {
		return parsed{}, fmt.Errorf("%w: more than %d events in one batch", errMalformed, maxBatch)
	}
	all := nothing("the batch is empty")
	for _, envelope := range envelopes {
		p, err := envelope.parse()
		if err != nil {
			return parsed{}, err
		}
		all.events, all.reason = append(all.events, p.events...), p.reason
	}
	return all, nil
}

func (c cloudEvent) parse() (parsed, error) {
	if len(c.Data) == 0 {
		return parsed{}, fmt.Errorf("%w: data is missing", errMalformed)
	}
	return parseCDEvent(c.Data, c.Type)
}

// cdPhases are the events of a service that say what serves. A rollback too names
// the artifact that serves now, so it is told from an upgrade by what served before.
var cdPhases = map[string]selfheal.Phase{
	"deployed": selfheal.PhaseServing, "upgraded": selfheal.PhaseServing, "rolledback": selfheal.PhaseServing,
}

var cdType = regexp.MustCompile(`^dev\.cdevents\.([a-z]+)\.([a-z]+)(?:\.(\d+)\.\d+\.\d+(?:-[a-z0-9.]+)?)?$`)

// parseCDEvent reads the event itself; declared is its type by the envelope.
func parseCDEvent(body []byte, declared string) (parsed, error) {
	var e cdEvent
	if err := decode(body, &e); err != nil {
		return parsed{}, err
	}
	if declared != "" && e.Context.Type != declared {
		return parsed{}, fmt.Errorf("%w: the envelope says %s, the event %s", errMalformed, strconv.Quote(declared), strconv.Quote(e.Context.Type))
	}
	m := cdType.FindStringSubmatch(strings.ToLower(e.Context.Type))
	if m == nil || e.Context.ID == "" {
		return parsed{}, fmt.Errorf("%w: context.type or context.id is missing or no CDEvent's", errMalformed)
	}
	phase, known := cdPhases[m[2]]
	if m[1] != "service" || !known {
		return nothing("%s.%s says nothing of which revision serves", m[1], m[2]), nil
	}
	if m[3] != "0" && m[3] != "" {
		return nothing("version %s of service events is not known", m[3]), nil
	}
	environment := cmp.Or(e.Subject.Content.Environment.Name, e.Subject.Content.Environment.ID)
	return one(event{
		id: e.Context.Source + "#" + e.Context.ID, from: "cdevents service." + m[2],
		service: lastPart(e.Subject.ID), environment: lastPart(environment), revision: artifactRevision(e.Subject.Content.ArtifactID),
		phase: phase, time: e.Context.Timestamp.Time, detail: e.Subject.Content.ArtifactID,
	}), nil
}

var commitLike = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// artifactRevision finds the revision in a package URL
// (https://github.com/package-url/purl-spec): the commit of its vcs_url, else a tag
// that reads like a commit, else its version.
func artifactRevision(artifact string) string {
	rest, _, _ := strings.Cut(artifact, "#")
	rest, qualifiers, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(qualifiers)
	if err == nil {
		if commit := afterAt(values.Get("vcs_url")); commitLike.MatchString(commit) {
			return commit
		}
		if tag := values.Get("tag"); commitLike.MatchString(tag) {
			return tag
		}
	}
	version, err := url.PathUnescape(afterAt(rest))
	if err != nil {
		return ""
	}
	return version
}

// afterAt is what follows the last @, or nothing.
func afterAt(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return s[at+1:]
	}
	return ""
}
