package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// kube is a small API server: lists in pages, watches by version, bookmarks,
// versions that are forgotten (410), all of three kinds of objects.
type kube struct {
	mu      sync.Mutex
	version int
	oldest  int // versions before it are gone
	objects map[string]map[string]any
	log     []kubeEvent
	news    chan struct{} // closed and replaced on every change
	lists   int
	refuse  bool
	gone    bool // says 410 by the status instead of by an event
	from    map[string]int
	asked   *sync.Cond
}

type kubeEvent struct {
	version    int
	kind, what string
	object     any
}

func newKube() *kube {
	k := &kube{from: map[string]int{}, objects: map[string]map[string]any{"deployments": {}, "replicasets": {}, "pods": {}}, news: make(chan struct{}), version: 100}
	k.asked = sync.NewCond(&k.mu)
	return k
}

// settle waits until the watcher knows of everything.
func (k *kube) settle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for kind := range k.objects {
		for k.from[kind] < k.version {
			k.asked.Wait()
		}
	}
}

// put creates or changes an object; nil deletes it.
func (k *kube) put(kind, uid string, object map[string]any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.version++
	what := "MODIFIED"
	old, known := k.objects[kind][uid]
	switch {
	case object == nil:
		what, object = "DELETED", old.(map[string]any)
		delete(k.objects[kind], uid)
	case !known:
		what = "ADDED"
	}
	meta := object["metadata"].(map[string]any)
	meta["uid"], meta["resourceVersion"] = uid, strconv.Itoa(k.version)
	if what != "DELETED" {
		k.objects[kind][uid] = object
	}
	text, _ := json.Marshal(object)
	k.log = append(k.log, kubeEvent{k.version, kind, what, json.RawMessage(text)})
	close(k.news)
	k.news = make(chan struct{})
}

func (k *kube) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := lastPart(r.URL.Path)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.refuse:
		http.Error(w, `{"kind":"Status","code":403,"message":"forbidden"}`, http.StatusForbidden)
	case r.URL.Query().Get("watch") == "":
		k.list(w, r, kind)
	default:
		k.watch(w, r, kind)
	}
}

func (k *kube) list(w http.ResponseWriter, r *http.Request, kind string) {
	k.lists++
	var uids []string
	for uid := range k.objects[kind] {
		uids = append(uids, uid)
	}
	// Pages of one object each, by an offset: continue tokens are opaque anyway.
	at, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	slicesSort(uids)
	page := map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(k.version)}, "items": []any{}}
	if at < len(uids) {
		page["items"] = []any{k.objects[kind][uids[at]]}
		if at+1 < len(uids) {
			page["metadata"].(map[string]any)["continue"] = strconv.Itoa(at + 1)
		}
	}
	json.NewEncoder(w).Encode(page)
}

// watch answers with what is new; with nothing new it waits for one change.
func (k *kube) watch(w http.ResponseWriter, r *http.Request, kind string) {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	k.from[kind] = from
	k.asked.Broadcast()
	if k.expired(w, from) {
		return
	}
	if k.send(w, kind, from) == 0 && from == k.version {
		news := k.news
		k.mu.Unlock()
		select {
		case <-news:
		case <-r.Context().Done():
		}
		k.mu.Lock()
		if k.expired(w, from) {
			return
		}
		k.send(w, kind, from)
	}
	fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"%d"}}}`+"\n", k.version)
}

func (k *kube) expired(w http.ResponseWriter, from int) bool {
	if from >= k.oldest {
		return false
	}
	if k.gone {
		w.WriteHeader(http.StatusGone)
	} else {
		fmt.Fprint(w, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}`+"\n")
	}
	return true
}

func (k *kube) send(w http.ResponseWriter, kind string, from int) (n int) {
	for _, e := range k.log {
		if e.version > from && e.kind == kind {
			json.NewEncoder(w).Encode(map[string]any{"type": e.what, "object": e.object})
			n++
		}
	}
	return n
}

func slicesSort(s []string) {
	for i := range s {
		for j := i + 1; j < len(s); j++ {
			if s[j] < s[i] {
				s[i], s[j] = s[j], s[i]
			}
		}
	}
}

type kv = map[string]any

func at(minutes int) string {
	return received.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)
}

// deployment is one of generation and rollout number n, with a progress condition.
func deployment(n int, image, reason string, minute int) kv {
	status := "True"
	if reason == "ProgressDeadlineExceeded" {
		status = "False"
	}
	return kv{
		"metadata": kv{"name": "shop", "namespace": "store", "generation": n, "annotations": kv{revisionAnnotation: strconv.Itoa(n)}},
		"spec":     kv{"replicas": 2, "template": kv{"metadata": kv{"labels": kv{"app": "shop"}}, "spec": kv{"containers": []any{kv{"name": "web", "image": image}}}}},
		"status": kv{"observedGeneration": n, "conditions": []any{
			kv{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
			kv{"type": "Progressing", "status": status, "reason": reason, "message": `ReplicaSet "shop-1" has timed out progressing.`, "lastUpdateTime": at(minute)},
		}},
	}
}

func replicaSet(n int, image string) kv {
	return kv{
		"metadata": kv{"name": fmt.Sprintf("shop-%d", n), "namespace": "store", "creationTimestamp": at(0), "annotations": kv{revisionAnnotation: strconv.Itoa(n)}, "ownerReferences": []any{kv{"uid": "d", "controller": true}}},
		"spec":     kv{"template": kv{"spec": kv{"containers": []any{kv{"name": "web", "image": image}}}}},
	}
}

// pod is of a replica set; ready since a minute, or not (-1), waiting for a reason.
func pod(set, name string, created, ready int, waiting string) kv {
	conditions := []any{kv{"type": "PodScheduled", "status": "True"}, kv{"type": "Ready", "status": "False", "lastTransitionTime": at(created)}}
	if ready >= 0 {
		conditions[1] = kv{"type": "Ready", "status": "True", "lastTransitionTime": at(ready)}
	}
	container := kv{"name": "web", "restartCount": 0, "state": kv{"running": kv{}}}
	if waiting != "" {
		container["restartCount"] = 4
		container["state"] = kv{"waiting": kv{"reason": waiting, "message": "back-off 1m20s restarting failed container"}}
		container["lastState"] = kv{"terminated": kv{"exitCode": 2, "reason": "Error"}}
	}
	return kv{
		"metadata": kv{"name": name, "namespace": "store", "creationTimestamp": at(created), "ownerReferences": []any{kv{"uid": set, "controller": true}}},
		"status":   kv{"conditions": conditions, "containerStatuses": []any{container}},
	}
}

// cluster is a watcher on a kube, its announcements as they come.
type cluster struct {
	*kube
	mu    sync.Mutex
	now   time.Time
	fails int
	said  chan selfheal.Announcement
	tick  chan struct{}
}

func (c *cluster) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets the clock go on to a minute once everything is known, and the watcher look.
func (c *cluster) pass(minutes int) {
	c.settle()
	c.mu.Lock()
	c.now = received.Add(time.Duration(minutes) * time.Minute)
	c.mu.Unlock()
	c.tick <- struct{}{}
}

// hold is of a tick, and no other pause.
const hold = 7 * time.Second

func watchKube(t *testing.T, api *kube, change func(*KubernetesConfig)) *cluster {
	t.Helper()
	c := &cluster{kube: api, now: received.Add(time.Minute), said: make(chan selfheal.Announcement, 100), tick: make(chan struct{})}
	config := KubernetesConfig{
		Client: client(t, api), Environment: "production", Clock: c.clock, Hold: hold,
		Sleep: func(ctx context.Context, d time.Duration) error {
			if d != hold { // what is not the tick waits for nothing
				return ctx.Err()
			}
			select {
			case <-c.tick:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}
	if change != nil {
		change(&config)
	}
	k, err := NewKubernetes(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- k.Run(ctx, func(_ context.Context, a selfheal.Announcement) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.fails > 0 {
				c.fails--
				return errors.New("disk full")
			}
			c.said <- a
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return c
}

func (c *cluster) expect(t *testing.T, phase selfheal.Phase, revision, previous string, minute int, detail string) {
	t.Helper()
	select {
	case a := <-c.said:
		if a.Phase == deploying && phase != deploying { // whether it is seen depends on which object comes first
			c.expect(t, phase, revision, previous, minute, detail)
			return
		}
		got := fmt.Sprintf("%s %s after %q at %d", a.Phase, a.Deploy.Revision, a.Deploy.Previous, int(a.Deploy.Time.Sub(received).Minutes()))
		want := fmt.Sprintf("%s %s after %q at %d", phase, revision, previous, minute)
		if got != want || !strings.Contains(a.Detail, detail) || a.Deploy.Environment != "production" || a.Deploy.Service != "shop" {
			t.Fatalf("got %s (%s), want %s (%s)", got, a.Detail, want, detail)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing was said; want %s %s", phase, revision)
	}
}

func running(image string) *kube {
	api := newKube()
	api.put("replicasets", "rs1", replicaSet(1, image))
	api.put("pods", "p1", pod("rs1", "shop-1-a", 0, 1, ""))
	api.put("deployments", "d", deployment(1, image, "NewReplicaSetAvailable", 1))
	return api
}

const deploying = selfheal.PhaseDeploying

func TestKubernetesRollout(t *testing.T) {
	t.Parallel()
	c := watchKube(t, running("ghcr.io/octo-org/shop:v1"), nil)
	c.expect(t, serving, "v1", "", 1, "")
	// A new image: the controller has not looked yet, then makes a replica set and a pod.
	fresh := deployment(2, "ghcr.io/octo-org/shop:v2", "ReplicaSetUpdated", 1)
	fresh["status"].(kv)["observedGeneration"] = 1
	c.put("deployments", "d", fresh)
	c.put("replicasets", "rs2", replicaSet(2, "ghcr.io/octo-org/shop:v2"))
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, -1, ""))
	c.put("deployments", "d", deployment(2, "ghcr.io/octo-org/shop:v2", "ReplicaSetUpdated", 1))
	c.expect(t, deploying, "v2", "v1", 1, "")
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, 1, ""))
	c.expect(t, serving, "v2", "v1", 1, "")
}

func TestKubernetesCrashLoop(t *testing.T) {
	t.Parallel()
	c := watchKube(t, running("shop:v1"), nil)
	c.expect(t, serving, "v1", "", 1, "")
	c.put("replicasets", "rs2", replicaSet(2, "shop:v2"))
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, -1, "CrashLoopBackOff"))
	c.put("deployments", "d", deployment(2, "shop:v2", "ReplicaSetUpdated", 1))
	c.expect(t, failed, "v2", "v1", 1, "crash loop: container web of pod shop-2-a was started 5 times, the last ended with exit code 2")
}

func TestKubernetesStuck(t *testing.T) {
	t.Parallel()
	c := watchKube(t, running("shop:v1"), nil)
	c.expect(t, serving, "v1", "", 1, "")
	c.put("replicasets", "rs2", replicaSet(2, "shop:v2"))
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, -1, "ImagePullBackOff"))
	c.put("deployments", "d", deployment(2, "shop:v2", "ReplicaSetUpdated", 1))
	c.expect(t, deploying, "v2", "v1", 1, "")
	c.pass(8)
	c.expect(t, failed, "v2", "v1", 8, "stuck: no pod is ready after 7m0s; container web of pod shop-2-a: ImagePullBackOff")
	c.put("deployments", "d", deployment(2, "shop:v2", "ProgressDeadlineExceeded", 11))
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, -1, ""))
	// It recovers after all.
	c.put("deployments", "d", deployment(2, "shop:v2", "NewReplicaSetAvailable", 8))
	c.put("pods", "p2", pod("rs2", "shop-2-a", 1, 8, ""))
	c.expect(t, serving, "v2", "v1", 8, "")
}

func TestKubernetesDeadline(t *testing.T) {
	t.Parallel()
	c := watchKube(t, running("shop:v1"), nil)
	c.expect(t, serving, "v1", "", 1, "")
	c.put("replicasets", "rs2", replicaSet(2, "shop:v2"))
	c.put("deployments", "d", deployment(2, "shop:v2", "ProgressDeadlineExceeded", 1))
	c.expect(t, failed, "v2", "v1", 1, `ProgressDeadlineExceeded: ReplicaSet "shop-1" has timed out`)
}

// TestKubernetesGone: after 410, by a status or by an event, everything is listed
// again, nothing is said twice, and what was deleted meanwhile is forgotten.
func TestKubernetesGone(t *testing.T) {
	t.Parallel()
	for _, byStatus := range []bool{true, false} {
		t.Run(strconv.FormatBool(byStatus), func(t *testing.T) {
			t.Parallel()
			api := running("shop:v1")
			api.gone = byStatus
			c := watchKube(t, api, nil)
			c.expect(t, serving, "v1", "", 1, "")
			api.mu.Lock()
			api.oldest, api.log = api.version+10, nil
			api.version += 20
			lists := api.lists
			api.mu.Unlock()
			c.put("replicasets", "rs2", replicaSet(2, "shop:v2"))
			c.put("pods", "p2", pod("rs2", "shop-2-a", 1, 1, ""))
			c.put("deployments", "d", deployment(2, "shop:v2", "ReplicaSetUpdated", 1))
			for {
				a := <-c.said
				if a.Deploy.Revision != "v2" {
					t.Fatalf("said again: %+v", a)
				}
				if a.Phase == serving {
					break
				}
			}
			api.mu.Lock()
			defer api.mu.Unlock()
			if api.lists <= lists {
				t.Error("nothing was listed again")
			}
		})
	}
}

// TestKubernetesKeepsTrying: what could not be listed or kept is tried again.
func TestKubernetesKeepsTrying(t *testing.T) {
	t.Parallel()
	api := running("shop:v1")
	api.refuse = true
	told := make(chan error, 1000)
	c := watchKube(t, api, func(k *KubernetesConfig) {
		k.Failed = func(err error) {
			select {
			case told <- err:
			default:
			}
		}
	})
	if err := <-told; !strings.Contains(err.Error(), "403") {
		t.Error(err)
	}
	c.mu.Lock()
	c.fails = 1
	c.mu.Unlock()
	api.mu.Lock()
	api.refuse = false
	api.mu.Unlock()
	for err := range told {
		if strings.Contains(err.Error(), "disk full") {
			break
		}
	}
	c.tick <- struct{}{}
	c.expect(t, serving, "v1", "", 1, "")
}

func TestKubernetesRules(t *testing.T) {
	t.Parallel()
	api := running("ghcr.io/octo-org/shop:v1")
	other := deployment(1, "ghcr.io/octo-org/worker:v7", "NewReplicaSetAvailable", 1)
	other["metadata"].(kv)["name"] = "worker"
	c := watchKube(t, api, func(k *KubernetesConfig) {
		k.Rules = []Rule{{Service: "shop", Environment: "store", Image: "ghcr.io/octo-org/*", AsEnvironment: "production"}}
	})
	c.expect(t, serving, "v1", "", 1, "")
	c.put("deployments", "w", other)
	c.put("pods", "p1", pod("rs1", "shop-1-a", 0, 1, ""))
	c.pass(2)
	if len(c.said) != 0 {
		t.Errorf("no rule is about it: %+v", <-c.said)
	}
}

func TestTemplateRevision(t *testing.T) {
	t.Parallel()
	f := func(template, want string) {
		t.Helper()
		var k kubeTemplate
		if err := json.Unmarshal([]byte(template), &k); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, k.revision()); diff != "" {
			t.Errorf("%s: %s", template, diff)
		}
	}
	const image = `"containers":[{"name":"web","image":"reg.example.com:5000/shop:v2@sha256:0b31"}]`
	f(`{"spec":{`+image+`}}`, "v2")
	f(`{"spec":{"containers":[{"image":"reg.example.com:5000/shop@sha256:0b31"}]}}`, "sha256:0b31")
	f(`{"spec":{"containers":[{"image":"reg.example.com:5000/shop"}]}}`, "")
	f(`{"metadata":{"labels":{"app.kubernetes.io/version":"1.4.0"}},"spec":{`+image+`}}`, "1.4.0")
	f(`{"metadata":{"annotations":{"org.opencontainers.image.revision":"abc1234"},"labels":{"app.kubernetes.io/version":"1.4.0"}},"spec":{`+image+`}}`, "abc1234")
	f(`{"spec":{"containers":[{"image":"shop:v2","env":[{"name":"OTEL_RESOURCE_ATTRIBUTES","value":"service.name=shop, service.version=9f8e7d6"}]}]}}`, "9f8e7d6")
	f(`{"spec":{"containers":[{"image":"shop:v2","env":[{"name":"OTEL_RESOURCE_ATTRIBUTES","value":"service.version=$(GIT)"}]}]}}`, "v2")
	f(`{}`, "")
}

// FuzzWatchEvents: whatever a server sends, nothing panics, and what was whole counts.
func FuzzWatchEvents(f *testing.F) {
	f.Add([]byte(`{"type":"ADDED","object":{"metadata":{"uid":"a","resourceVersion":"7"}}}` + "\n" + `{"type":"BOOK`))
	f.Add([]byte(`{"type":"ERROR","object":{"code":410}}`))
	f.Add([]byte(`{"type":"DELETED","object":null}`))
	f.Fuzz(func(t *testing.T, events []byte) {
		w := feed[kubePod]{objects: map[string]kubePod{}, version: "1"}
		n, _ := w.apply(events)
		if n < 0 || len(w.objects) > n || w.version == "" {
			t.Fatalf("%d changes, %d objects, version %q", n, len(w.objects), w.version)
		}
	})
}
