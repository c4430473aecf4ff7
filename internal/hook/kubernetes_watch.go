package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"selfheal/internal/httpx"
)

// object is what a feed keeps.
type object interface{ meta() kubeMeta }

// feed mirrors one kind of objects by the list and watch protocol
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
// A watch is asked for with timeoutSeconds, and its answer read whole: changes are
// seen at most that much later, and every connection has an end.
type feed[T object] struct {
	client   *httpx.Client
	path     string
	selector string
	hold     time.Duration // of one watch

	mu      sync.Mutex
	objects map[string]T // by UID; nil until the first list
	version string       // from which the next watch goes on; empty asks for a list
}

const listPage = 500 // objects of one answer

// errGone: the version that a watch was to go on from is forgotten. A list is next.
var errGone = errors.New("the version is gone")

// step lists, or watches for a while, and tells whether anything changed.
func (f *feed[T]) step(ctx context.Context) (changed bool, err error) {
	if f.at() == "" {
		return true, f.list(ctx)
	}
	n, err := f.watch(ctx)
	if errors.Is(err, errGone) {
		f.goOn("")
		return false, nil
	}
	return n > 0, err
}

func (f *feed[T]) at() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version
}

func (f *feed[T]) goOn(version string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version = version
}

// snapshot gives all objects; false until they were listed.
func (f *feed[T]) snapshot() (map[string]T, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.objects), f.objects != nil
}

func (f *feed[T]) list(ctx context.Context) error {
	objects, next := map[string]T{}, ""
	for {
		query := url.Values{"limit": {strconv.Itoa(listPage)}}
		f.narrow(query)
		if next != "" {
			query.Set("continue", next)
		}
		var page struct {
			Metadata struct {
				Version  string `json:"resourceVersion"`
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []T `json:"items"`
		}
		if _, err := f.client.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: f.path, Query: query}, &page); err != nil {
			return fmt.Errorf("list %s: %w", f.path, err) // also of a continue token that is gone: the next list begins anew
		}
		for _, o := range page.Items {
			objects[o.meta().UID] = o
		}
		if next = page.Metadata.Continue; next == "" {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.objects, f.version = objects, page.Metadata.Version
			return nil
		}
	}
}

func (f *feed[T]) narrow(query url.Values) {
	if f.selector != "" {
		query.Set("labelSelector", f.selector)
	}
}

// watch asks what changed since, and waits a while for it. It gives the number of changes.
func (f *feed[T]) watch(ctx context.Context) (int, error) {
	query := url.Values{
		"watch": {"1"}, "resourceVersion": {f.at()}, "allowWatchBookmarks": {"true"},
		"timeoutSeconds": {strconv.Itoa(max(1, int(f.hold/time.Second)))},
	}
	f.narrow(query)
	response, err := f.client.Do(ctx, httpx.Request{Method: http.MethodGet, Path: f.path, Query: query})
	switch {
	case httpx.Status(err) == http.StatusGone:
		return 0, errGone
	case err != nil:
		return 0, fmt.Errorf("watch %s: %w", f.path, err)
	}
	return f.apply(response.Body)
}

// apply takes the events of a watch in, one JSON object after the other. What
// breaks off midway is asked for again from the last that was whole.
func (f *feed[T]) apply(events []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changes := 0
	for decoder := json.NewDecoder(bytes.NewReader(events)); decoder.More(); {
		var e struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&e); err != nil {
			return changes, nil
		}
		if e.Type == "ERROR" {
			return changes, watchError(e.Object)
		}
		var o T
		if err := json.Unmarshal(e.Object, &o); err != nil {
			return changes, fmt.Errorf("watch %s: %w", f.path, err)
		}
		m := o.meta()
		switch e.Type {
		case "DELETED":
			delete(f.objects, m.UID)
			changes++
		case "ADDED", "MODIFIED":
			f.objects[m.UID] = o
			changes++
		}
		if m.Version != "" {
			f.version = m.Version
		}
	}
	return changes, nil
}

// watchError is the Status object of an ERROR event. 410 says that the version is
// gone; after anything else too the safe way is a list.
func watchError(object []byte) error {
	var status struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(object, &status); err != nil {
		return errGone
	}
	return fmt.Errorf("%w: %d %s", errGone, status.Code, httpx.OneLine(status.Message, maxText))
}
