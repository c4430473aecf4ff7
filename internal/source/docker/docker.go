// Package docker reads the logs of containers from the Docker Engine's HTTP API,
// usually by its socket.
//
// In go labels or a name and an interval; out come the lines of each container that
// matches, stopped ones too, standard output and error apart, each with the image
// that the container runs. A container that ended badly within the interval is an
// entry of its own.
package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

const (
	defaultHost = "unix:///var/run/docker.sock"
	// shortest is the least time of which the logs are asked for at once.
	shortest = time.Millisecond
)

// Config of a [Source].
type Config struct {
	// Connection.URL is unix:///var/run/docker.sock by default, or the address of an engine that listens on http or https.
	backend.Connection
	// Labels select containers, with the places {service} and {environment}; by default com.docker.compose.service={service}, where there is no Name.
	Labels []string
	// Name is the name of the container, or a part of it, with the same places.
	Name string
}

// Source reads from a Docker Engine.
type Source struct {
	config Config
	client *backend.Client
}

var (
	_ selfheal.Source  = (*Source)(nil)
	_ selfheal.Prober  = (*Source)(nil)
	_ selfheal.Clocked = (*Source)(nil)
)

// New makes a Source. Nothing is asked before it is read.
func New(c Config) (*Source, error) {
	c.URL = cmp.Or(c.URL, defaultHost)
	if socket, ok := strings.CutPrefix(c.URL, "unix://"); ok {
		dialer := &net.Dialer{}
		c.URL = "http://docker"
		c.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}}}
	}
	if len(c.Labels) == 0 && c.Name == "" {
		c.Labels = []string{"com.docker.compose.service={service}"}
	}
	client, err := backend.Open(c.Connection, "Docker", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

// container is one of the list, and what inspecting it says.
type container struct {
	ID     string            `json:"Id"`
	Names  []string          `json:"Names"`
	Image  string            `json:"Image"`
	Labels map[string]string `json:"Labels"`
}

func (c container) name() string {
	if len(c.Names) == 0 {
		return c.ID[:min(12, len(c.ID))]
	}
	return strings.TrimPrefix(c.Names[0], "/")
}

// origin is what the engine knows of the container's lines.
func (c container) origin() *selfheal.Origin {
	return &selfheal.Origin{
		Service: c.Labels["com.docker.compose.service"], Instance: c.name(),
		Revision: cmp.Or(c.Labels["org.opencontainers.image.revision"], c.Labels["org.opencontainers.image.version"], fields.ImageRevision(c.Image)),
	}
}

type inspected struct {
	Config *struct {
		Tty bool `json:"Tty"`
	} `json:"Config"`
	State *struct {
		Running    bool      `json:"Running"`
		OOMKilled  bool      `json:"OOMKilled"`
		ExitCode   int       `json:"ExitCode"`
		Error      string    `json:"Error"`
		FinishedAt time.Time `json:"FinishedAt"`
	} `json:"State"`
}

// Check implements [backend.Checked].
func (i *inspected) Check() error {
	if i.Config == nil || i.State == nil {
		return errors.New("a container without its state")
	}
	return nil
}

// containers lists those that match, by name.
func (s *Source) containers(ctx context.Context, q selfheal.Query) ([]container, error) {
	same := func(name string) string { return name }
	filters := map[string][]string{}
	for _, label := range s.config.Labels {
		label, err := backend.Expand(label, q, same)
		if err != nil {
			return nil, err
		}
		filters["label"] = append(filters["label"], label)
	}
	if s.config.Name != "" {
		name, err := backend.Expand(s.config.Name, q, same)
		if err != nil {
			return nil, err
		}
		filters["name"] = []string{name}
	}
	text, err := json.Marshal(filters)
	if err != nil {
		return nil, err
	}
	var all []container
	if err := s.client.Get(ctx, "/containers/json", url.Values{"all": {"true"}, "filters": {string(text)}}, &all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, s.client.Lost("check source.labels or source.name", "has no container that matches "+string(text))
	}
	for _, c := range all {
		if c.ID == "" {
			return nil, s.client.Wrong(errors.New("a container without id"))
		}
	}
	slices.SortFunc(all, func(a, b container) int { return cmp.Compare(a.name(), b.name()) })
	return all, nil
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	all, err := s.containers(ctx, q)
	if err != nil {
		return err
	}
	i := s.config.Interval(q.Interval, 0)
	for _, c := range all {
		var state inspected
		if err := s.client.Get(ctx, "/containers/"+url.PathEscape(c.ID)+"/json", nil, &state); err != nil {
			return err
		}
		if err := s.logs(ctx, c, state.Config.Tty, i, yield); err != nil {
			return err
		}
		if e := ended(c, &state, i); e != nil {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// logs reads the interval in one go, or in halves where that is too much at once.
func (s *Source) logs(ctx context.Context, c container, tty bool, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	body, err := s.client.Bytes(ctx, "/containers/"+url.PathEscape(c.ID)+"/logs", url.Values{
		"stdout": {"true"}, "stderr": {"true"}, "timestamps": {"true"}, "since": {stamp(i.From)}, "until": {stamp(i.To)},
	})
	if length := i.To.Sub(i.From); httpx.TooLarge(err) && length > shortest {
		middle := i.From.Add(length / 2)
		if err := s.logs(ctx, c, tty, selfheal.Interval{From: i.From, To: middle}, yield); err != nil {
			return err
		}
		return s.logs(ctx, c, tty, selfheal.Interval{From: middle, To: i.To}, yield)
	} else if err != nil {
		return err
	}
	read := reader{name: c.name(), origin: c.origin(), interval: i, yield: yield}
	if err := read.all(body, tty); errors.Is(err, errFraming) {
		return s.client.Wrong(err)
	} else if err != nil {
		return err
	}
	return nil
}

// stamp writes a time as the engine takes it.
func stamp(t time.Time) string {
	return strconv.FormatInt(t.Unix(), 10) + "." + fmt.Sprintf("%09d", t.Nanosecond())
}

// ended is an entry about a container that ended badly within the interval; nil when it did not.
func ended(c container, state *inspected, i selfheal.Interval) *selfheal.Entry {
	at := state.State.FinishedAt
	if state.State.ExitCode == 0 && !state.State.OOMKilled || at.Before(i.From) || !at.Before(i.To) {
		return nil
	}
	message := fmt.Sprintf("container ended with exit code %d", state.State.ExitCode)
	if state.State.OOMKilled {
		message += ": out of memory"
	}
	o := c.origin()
	return &selfheal.Entry{Stream: c.name(), Time: at, Record: &selfheal.Record{
		Time: at, Zone: "Z", Severity: selfheal.SeverityError, Message: []byte(message), Raw: []byte(message),
		Service: o.Service, Revision: o.Revision, Instance: o.Instance,
	}}
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	var version struct {
		Version string `json:"ApiVersion"`
	}
	if err := s.client.Get(ctx, "/version", nil, &version); err != nil {
		return err
	}
	if version.Version == "" {
		return s.client.Wrong(errors.New("it has no version"))
	}
	return nil
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}
