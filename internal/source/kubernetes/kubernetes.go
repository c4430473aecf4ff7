// Package kubernetes reads the logs of pods from the API of a cluster.
//
// In go a label selector and an interval; out come the lines of each container of
// the pods that match, with those of the container before it where it was restarted,
// and the version that the pod's labels or the image state. A container that ended
// badly is an entry of its own. Only pods that still exist have logs: what a rollout
// has taken away, only a log store still knows.
package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
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
	defaultSelector = "app.kubernetes.io/name={service}"
	versionLabel    = "app.kubernetes.io/version"
	// firstBytes is how much of a log is asked for at once, mostBytes where so much is of one second.
	firstBytes = 4 << 20
	mostBytes  = 60 << 20
)

// Config of a [Source].
type Config struct {
	// Connection.URL and the credentials come from the cluster or the kubeconfig file.
	backend.Connection
	// Kubeconfig is the path of the kubeconfig file; by default $KUBECONFIG, the service account of the pod that this runs in, or ~/.kube/config.
	Kubeconfig string
	// Context is the context of the file; the current one by default.
	Context string
	// Namespace is where the pods are, with the places {service} and {environment}; that of the context by default.
	Namespace string
	// Selector is a label selector with the same places; app.kubernetes.io/name={service} by default.
	Selector string
	// Container is the only container whose logs are read; all by default.
	Container string
	// RevisionLabel is the pod's label that states the revision; app.kubernetes.io/version by default, then the image's tag.
	RevisionLabel string
	// Getenv looks up environment variables; required.
	Getenv func(string) string
	// Bytes is how much of a log is asked for at once; 4 MiB by default.
	Bytes int
}

// Source reads the logs of pods.
type Source struct {
	config Config
	client *backend.Client
}

var (
	_ selfheal.Source  = (*Source)(nil)
	_ selfheal.Prober  = (*Source)(nil)
	_ selfheal.Clocked = (*Source)(nil)
)

// New makes a Source. The cluster is not asked before it is read, but credentials are looked for.
func New(c Config) (*Source, error) {
	if c.URL == "" {
		found, err := c.access()
		if err != nil {
			return nil, err
		}
		c.URL, c.HTTP, c.Namespace = found.url, &http.Client{Transport: found.transport}, cmp.Or(c.Namespace, found.namespace)
	}
	c.Namespace, c.Selector = cmp.Or(c.Namespace, "default"), cmp.Or(c.Selector, defaultSelector)
	c.RevisionLabel, c.Bytes = cmp.Or(c.RevisionLabel, versionLabel), cmp.Or(c.Bytes, firstBytes)
	client, err := backend.Open(c.Connection, "Kubernetes", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

// access finds the credentials, and refuses to send them in clear.
func (c Config) access() (access, error) {
	found, err := findAccess(c, c.Getenv)
	if err != nil {
		return access{}, err
	}
	if u, err := url.Parse(found.url); err != nil || u.Scheme != "https" && !loopback(u.Hostname()) {
		return access{}, selfheal.Usagef("use https", "the credentials would be sent in clear to the cluster")
	}
	return found, nil
}

// Client gives a client of the cluster's API with the credentials that a [Source]
// would use; an answer may take as long as timeout.
func Client(c Config, timeout time.Duration) (*httpx.Client, error) {
	found, err := c.access()
	if err != nil {
		return nil, err
	}
	return httpx.New(httpx.Config{Base: found.url, Name: "Kubernetes", HTTP: &http.Client{Transport: found.transport}, Timeout: timeout, Clock: c.Clock})
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

type podList struct {
	Metadata *struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items *[]pod `json:"items"`
}

// Check implements [backend.Checked].
func (l *podList) Check() error {
	if l.Metadata == nil || l.Items == nil {
		return errors.New("there is no list of pods")
	}
	return nil
}

type pod struct {
	Metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Status struct {
		Init []containerStatus `json:"initContainerStatuses"`
		Main []containerStatus `json:"containerStatuses"`
	} `json:"status"`
}

type containerStatus struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	State state  `json:"state"`
	Last  state  `json:"lastState"`
}

type state struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Running    *struct{}   `json:"running"`
	Terminated *terminated `json:"terminated"`
}

type terminated struct {
	ExitCode int       `json:"exitCode"`
	Reason   string    `json:"reason"`
	Message  string    `json:"message"`
	Finished time.Time `json:"finishedAt"`
}

// pods lists those that match, and the namespace they are in.
func (s *Source) pods(ctx context.Context, q selfheal.Query) ([]pod, error) {
	same := func(name string) string { return name }
	namespace, err := backend.Expand(s.config.Namespace, q, same)
	if err != nil {
		return nil, err
	}
	selector, err := backend.Expand(s.config.Selector, q, same)
	if err != nil {
		return nil, err
	}
	var all []pod
	values := url.Values{"labelSelector": {selector}, "limit": {"500"}}
	for {
		var page podList
		if err := s.client.Get(ctx, "/api/v1/namespaces/"+url.PathEscape(namespace)+"/pods", values, &page); err != nil {
			return nil, err
		}
		all = append(all, *page.Items...)
		if page.Metadata.Continue == "" {
			break
		}
		if values.Get("continue") == page.Metadata.Continue {
			return nil, s.client.Wrong(errors.New("its list of pods does not end"))
		}
		values.Set("continue", page.Metadata.Continue)
	}
	if len(all) == 0 {
		return nil, s.client.Lost("check source.namespace and source.selector", "has no pod "+selector+" in "+namespace)
	}
	for i := range all {
		all[i].Metadata.Namespace = namespace
	}
	slices.SortFunc(all, func(a, b pod) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
	return all, nil
}

// Read implements [selfheal.Source]. Where no container has started, that is an error.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	all, err := s.pods(ctx, q)
	if err != nil {
		return err
	}
	i := s.config.Interval(q.Interval, 0)
	started, waiting := 0, "no container"
	for _, p := range all {
		for _, c := range slices.Concat(p.Status.Init, p.Status.Main) {
			if s.config.Container != "" && c.Name != s.config.Container {
				continue
			}
			if c.State.Waiting != nil {
				waiting = p.Metadata.Name + "/" + c.Name + ": " + c.State.Waiting.Reason + " " + c.State.Waiting.Message
			}
			if c.State.Running == nil && c.State.Terminated == nil && c.Last.Terminated == nil {
				continue
			}
			started++
			if err := s.container(ctx, p, c, i, yield); err != nil {
				return err
			}
		}
	}
	if started == 0 {
		return s.client.Lost("see kubectl describe pod", "has started none of the containers ("+httpx.OneLine(waiting, 200)+")")
	}
	return nil
}

// container reads what a container printed before and since its last restart, and
// tells how it ended.
func (s *Source) container(ctx context.Context, p pod, c containerStatus, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	name := p.Metadata.Name + "/" + c.Name
	o := &selfheal.Origin{
		Service: p.Metadata.Labels["app.kubernetes.io/name"], Instance: p.Metadata.Name,
		Revision: cmp.Or(p.Metadata.Labels[s.config.RevisionLabel], fields.ImageRevision(c.Image)),
	}
	if last := c.Last.Terminated; last != nil && !last.Finished.Before(i.From) {
		gone := ""
		err := s.logs(ctx, p, c, true, name+" (previous)", o, i, yield)
		if status := httpx.Status(err); status == http.StatusNotFound || status == http.StatusBadRequest {
			gone = "; its log is gone"
		} else if err != nil {
			return err
		}
		if err := report(name, o, last, gone, i, yield); err != nil {
			return err
		}
	}
	if c.State.Running == nil && c.State.Terminated == nil {
		return nil
	}
	if err := s.logs(ctx, p, c, false, name, o, i, yield); err != nil {
		return err
	}
	if end := c.State.Terminated; end != nil {
		return report(name, o, end, "", i, yield)
	}
	return nil
}

// report yields an entry about a container that ended badly within the interval.
func report(name string, o *selfheal.Origin, end *terminated, more string, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	if end.ExitCode == 0 || end.Finished.Before(i.From) || !end.Finished.Before(i.To) {
		return nil
	}
	text := fmt.Sprintf("container ended with exit code %d: %s%s", end.ExitCode, cmp.Or(end.Reason, "no reason"), more)
	return yield(&selfheal.Entry{Stream: name + " (state)", Time: end.Finished, Record: &selfheal.Record{
		Time: end.Finished, Zone: "Z", Severity: selfheal.SeverityError, Message: []byte(text), Raw: []byte(text),
		Service: o.Service, Revision: o.Revision, Instance: o.Instance,
	}})
}

// logs reads one container's log, by time: the API goes on from a second, and gives so many bytes.
func (s *Source) logs(ctx context.Context, p pod, c containerStatus, previous bool, stream string, o *selfheal.Origin, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	path := "/api/v1/namespaces/" + url.PathEscape(p.Metadata.Namespace) + "/pods/" + url.PathEscape(p.Metadata.Name) + "/log"
	values := url.Values{"container": {c.Name}, "timestamps": {"true"}}
	if previous {
		values.Set("previous", "true")
	}
	pages := backend.ByTime{Client: s.client, Limit: mostBytes, Most: mostBytes, Fetch: func(ctx context.Context, from, to time.Time, _ int) ([]backend.Item, error) {
		for size := s.config.Bytes; ; size = min(4*size, mostBytes) {
			values.Set("sinceTime", from.UTC().Truncate(time.Second).Format(time.RFC3339))
			values.Set("limitBytes", strconv.Itoa(size))
			body, err := s.client.Bytes(ctx, path, values)
			if err != nil {
				return nil, err
			}
			l := log{stream: stream, origin: o, from: from, to: to, whole: len(body) < size}
			if err := l.read(body); err != nil {
				return nil, s.client.Wrong(err)
			}
			if l.whole || l.last.After(from) || !l.last.Before(to) {
				return l.items, nil
			}
			if size == mostBytes {
				return nil, s.client.Lost("narrow source.selector", fmt.Sprintf("has more than %d MiB of one second in %s", mostBytes>>20, stream))
			}
		}
	}}
	return pages.Read(ctx, i, yield)
}

// log is a part of a container's log.
type log struct {
	stream   string
	origin   *selfheal.Origin
	from, to time.Time
	whole    bool // it ends where the log ends, not where the answer does
	last     time.Time
	items    []backend.Item
}

// read takes the lines, "TIME text" each.
func (l *log) read(body []byte) error {
	for line := range strings.Lines(string(body)) {
		if !l.whole && !strings.HasSuffix(line, "\n") {
			return nil // cut off in the middle: it comes whole with the next part
		}
		stamp, text, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return errors.New("a line without its time")
		}
		l.last = at
		if at.Before(l.from) || !at.Before(l.to) {
			continue // the API goes by whole seconds, and knows no end
		}
		l.items = append(l.items, backend.Item{Time: at, Key: backend.KeyOf(text), Entry: &selfheal.Entry{Stream: l.stream, Line: []byte(text), Time: at, Origin: l.origin}})
	}
	return nil
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	var version struct {
		Version string `json:"gitVersion"`
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
