package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// KubernetesConfig is what a [Kubernetes] needs. Client is required.
type KubernetesConfig struct {
	// Client talks to the API server. Its timeout must be longer than Hold, and its
	// credentials allow to list and watch deployments, replicasets (apps/v1) and pods.
	Client    *httpx.Client
	Namespace string // empty for all
	Selector  string // of labels, that deployments and their pods carry; empty for all
	// Environment is what a namespace is called without a rule; empty for its name.
	Environment string
	Rules       []Rule

	Hold       time.Duration // of one watch, and so the longest delay; 10 s by default
	StuckAfter time.Duration // that a rollout may take without any ready pod; 5 min by default
	Failed     func(error)   // is told of what did not work, which is then tried again; nil for nobody
	Clock      selfheal.Clock
	Sleep      func(context.Context, time.Duration) error // nil for real time
}

// Kubernetes watches the rollouts of deployments: a new template that serves,
// that is stuck, that loops through crashes, or that exceeded its deadline.
type Kubernetes struct {
	config      KubernetesConfig
	hook        Hook
	deployments feed[kubeDeployment]
	sets        feed[kubeReplicaSet]
	pods        feed[kubePod]
	told        map[string]map[selfheal.Phase]bool // by rollout
}

// NewKubernetes makes a watcher.
func NewKubernetes(c KubernetesConfig) (*Kubernetes, error) {
	if c.Client == nil {
		return nil, errors.New("kubernetes: no client")
	}
	for i, rule := range c.Rules {
		if err := rule.Validate(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	if c.Hold <= 0 {
		c.Hold = 10 * time.Second
	}
	if c.StuckAfter <= 0 {
		c.StuckAfter = 5 * time.Minute
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = pauseFor
	}
	k := &Kubernetes{config: c, hook: Hook{Environment: c.Environment, Rules: c.Rules}, told: map[string]map[selfheal.Phase]bool{}}
	begin(&k.deployments, c, "/apis/apps/v1", "deployments")
	begin(&k.sets, c, "/apis/apps/v1", "replicasets")
	begin(&k.pods, c, "/api/v1", "pods")
	return k, nil
}

func begin[T object](f *feed[T], c KubernetesConfig, group, kind string) {
	f.client, f.selector, f.hold, f.path = c.Client, c.Selector, c.Hold, group+"/"+kind
	if c.Namespace != "" {
		f.path = group + "/namespaces/" + url.PathEscape(c.Namespace) + "/" + kind
	}
}

// Run watches until ctx ends, and hands what it sees to sink. What sink does not
// take is handed to it again.
func (k *Kubernetes) Run(ctx context.Context, sink func(context.Context, selfheal.Announcement) error) error {
	ctx, cancel := context.WithCancel(ctx)
	changed := make(chan struct{}, 1)
	var group sync.WaitGroup
	for _, step := range []func(context.Context) (bool, error){k.deployments.step, k.sets.step, k.pods.step} {
		group.Go(func() { k.follow(ctx, step, changed) })
	}
	group.Go(func() { k.tick(ctx, changed) })
	defer group.Wait()
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
			if err := k.tell(ctx, sink); err != nil && k.config.Failed != nil {
				k.config.Failed(err)
			}
		}
	}
}

// breath is the least between two watches that bring nothing: something on the
// way may end them at once.
const breath = 200 * time.Millisecond

// follow keeps one feed going; after a failure it waits longer each time.
func (k *Kubernetes) follow(ctx context.Context, step func(context.Context) (bool, error), changed chan<- struct{}) {
	pause := time.Second
	for ctx.Err() == nil {
		news, err := step(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			if k.config.Failed != nil {
				k.config.Failed(err)
			}
			if k.config.Sleep(ctx, pause) != nil {
				return
			}
			pause = min(2*pause, time.Minute)
			continue
		}
		pause = time.Second
		if news {
			notify(changed)
		} else if k.config.Sleep(ctx, breath) != nil {
			return
		}
	}
}

// tick looks again where nothing changed: that nothing happens is what "stuck" means.
func (k *Kubernetes) tick(ctx context.Context, changed chan<- struct{}) {
	for k.config.Sleep(ctx, k.config.Hold) == nil {
		notify(changed)
	}
}

func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default: // somebody will look anyway
	}
}

// tell hands to sink what was not told yet.
func (k *Kubernetes) tell(ctx context.Context, sink func(context.Context, selfheal.Announcement) error) error {
	deployments, listed := k.deployments.snapshot()
	sets, setsListed := k.sets.snapshot()
	pods, podsListed := k.pods.snapshot()
	if !listed || !setsListed || !podsListed {
		return nil
	}
	all := make([]kubeDeployment, 0, len(deployments))
	for _, d := range deployments {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b kubeDeployment) int {
		return cmp.Or(cmp.Compare(a.Metadata.Namespace, b.Metadata.Namespace), cmp.Compare(a.Metadata.Name, b.Metadata.Name))
	})
	told := map[string]map[selfheal.Phase]bool{}
	var failed error
	for _, d := range all {
		r := newRollout(d, sets, pods)
		key := fmt.Sprintf("%s/%s/%s/%d", d.Metadata.Namespace, d.Metadata.Name, d.Metadata.UID, d.Metadata.number())
		told[key] = k.told[key]
		if told[key] == nil {
			told[key] = map[selfheal.Phase]bool{}
		}
		failed = errors.Join(failed, k.tellOne(ctx, r, key, told[key], sink))
	}
	k.told = told // of what is no more, nothing is remembered
	return failed
}

func (k *Kubernetes) tellOne(ctx context.Context, r rollout, key string, told map[selfheal.Phase]bool, sink func(context.Context, selfheal.Announcement) error) error {
	now := k.config.Clock()
	s := r.judge(now, k.config.StuckAfter)
	if s.phase == selfheal.PhaseOther || told[s.phase] {
		return nil
	}
	a, ok := k.announcement(r, s, key, now)
	if ok {
		if err := sink(ctx, a); err != nil {
			return fmt.Errorf("keep announcement: %w", err)
		}
	}
	told[s.phase] = true
	return nil
}

func (k *Kubernetes) announcement(r rollout, s state, key string, now time.Time) (selfheal.Announcement, bool) {
	m, template := r.deployment.Metadata, r.deployment.Spec.Template
	e := event{
		id: key + "/" + string(s.phase), from: "kubernetes",
		service: cmp.Or(template.Metadata.Labels["app.kubernetes.io/name"], m.Name), namespace: m.Namespace,
		images: template.images(), revision: template.revision(), previous: r.previous(),
		phase: s.phase, time: s.time, by: m.Annotations["kubernetes.io/change-cause"], detail: s.detail,
	}
	rule, ok := k.hook.rule(e)
	if !ok {
		return selfheal.Announcement{}, false
	}
	e = e.under(rule, k.hook)
	if e.unusable() != "" || !revision.MatchString(e.revision) {
		return selfheal.Announcement{}, false
	}
	if e.time.IsZero() || e.time.After(now) {
		e.time = now.UTC()
	}
	return e.announcement(), true
}
