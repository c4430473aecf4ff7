package channel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/markdown"
)

// Route is one channel, and which notices it gets. Empty lists want all.
type Route struct {
	Name    string
	Channel selfheal.Channel
	// Least is the severity from which on notices are told. What becomes of an
	// incident that was told of is told whatever its severity.
	Least                  selfheal.Severity
	Services, Environments []string // patterns; * stands for anything but a slash
	Kinds                  []selfheal.NoticeKind
	// Burst is how many notices are told within Per, 10 within 10 min by default. What
	// is more is held back, and told in one summary.
	Burst int
	Per   time.Duration
}

// wants tells whether a notice goes by a route, whatever its severity.
func (r Route) wants(n selfheal.Notice) bool {
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, n.Kind)) && like(r.Services, n.Deploy.Service) && like(r.Environments, n.Deploy.Environment)
}

func like(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

func (r Route) validate() error {
	if r.Name == "" || r.Channel == nil {
		return errors.New("a route needs a name and a channel")
	}
	for _, pattern := range slices.Concat(r.Services, r.Environments) {
		if _, err := path.Match(pattern, ""); err != nil {
			return selfheal.Usagef("* and ? stand for anything, [a-z] for one of several characters", "channel %s: %q is no pattern", r.Name, pattern)
		}
	}
	return nil
}

// Options are how a [Router] delivers. The zero value takes the defaults.
type Options struct {
	Window   time.Duration // in which the same notice is told once, 24 h by default
	Attempts int           // 3 by default
	Patience time.Duration // for all attempts on one channel, 1 min by default
	Clock    selfheal.Clock
	Sleep    func(context.Context, time.Duration) error // nil for real time
}

func (o Options) complete() Options {
	if o.Window <= 0 {
		o.Window = 24 * time.Hour
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// State is what became of a notice on one channel.
type State string

// The states.
const (
	Delivered State = "delivered"
	Duplicate State = "duplicate" // it was told already
	Held      State = "held"      // too many at once: it stands in a summary later
	Failed    State = "failed"
)

// Delivery is what became of a notice on one channel. Where it Failed with Retry,
// delivering the same notice again later may help, and tells nobody twice.
type Delivery struct {
	Channel  string
	State    State
	Retry    bool
	Attempts int
	Err      error
}

// Router delivers notices. It is safe for concurrent use.
type Router struct {
	options Options
	lanes   []*lane
}

// New makes a router.
func New(routes []Route, o Options) (*Router, error) {
	r := &Router{options: o.complete()}
	for _, route := range routes {
		if err := route.validate(); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(r.lanes, func(l *lane) bool { return l.Name == route.Name }) {
			return nil, selfheal.Usagef("give each its own name", "two channels are called %s", route.Name)
		}
		r.lanes = append(r.lanes, newLane(route, r.options))
	}
	return r, nil
}

// Deliver tells a notice on every channel that wants it, on all at the same time,
// and gives what became of it on each, in the order of the routes. It returns when
// the last is done or out of patience.
func (r *Router) Deliver(ctx context.Context, n selfheal.Notice) []Delivery {
	return r.each(ctx, func(l *lane) bool { return l.takes(n) }, func(ctx context.Context, l *lane) Delivery { return l.tell(ctx, n) })
}

// Flush tells the summaries of what was held back, where there is room again.
func (r *Router) Flush(ctx context.Context) []Delivery {
	return r.each(ctx, (*lane).overdue, func(ctx context.Context, l *lane) Delivery { return l.summarise(ctx) })
}

func (r *Router) each(ctx context.Context, which func(*lane) bool, do func(context.Context, *lane) Delivery) []Delivery {
	ctx, cancel := context.WithTimeout(ctx, r.options.Patience)
	var pending []chan Delivery
	var lanes []*lane
	var running sync.WaitGroup
	for _, l := range r.lanes {
		if !which(l) {
			continue
		}
		done := make(chan Delivery, 1)
		pending, lanes = append(pending, done), append(lanes, l)
		running.Go(func() { done <- l.alone(ctx, do) })
	}
	go func() { // a channel that does not heed its context is left behind, not waited for
		running.Wait()
		cancel()
	}()
	all := make([]Delivery, 0, len(pending))
	for i, done := range pending {
		select {
		case d := <-done:
			all = append(all, d)
		case <-ctx.Done():
			all = append(all, late(ctx, lanes[i].Name, done))
		}
	}
	return all
}

// late is a delivery that may have ended just now.
func late(ctx context.Context, name string, done <-chan Delivery) Delivery {
	select {
	case d := <-done:
		return d
	default:
		return Delivery{Channel: name, State: Failed, Retry: true, Err: fmt.Errorf("channel %s took too long: %w", name, context.Cause(ctx))}
	}
}

// lane is a route with what was told on it.
type lane struct {
	Route
	options Options
	turn    chan struct{} // holds one token: a channel gets one notice at a time

	mu    sync.Mutex
	told  map[string]time.Time // keys of notices
	about map[string]time.Time // keys of incidents
	sent  []time.Time          // within Per
	held  []selfheal.Notice    // at most maxHeld
	more  int                  // held besides
}

const (
	maxHeld     = 20    // notices that a summary names
	maxTold     = 10000 // keys that are remembered
	incidentFor = 14 * 24 * time.Hour
)

func newLane(route Route, o Options) *lane {
	if route.Burst <= 0 {
		route.Burst = 10
	}
	if route.Per <= 0 {
		route.Per = 10 * time.Minute
	}
	return &lane{Route: route, options: o, turn: make(chan struct{}, 1), told: map[string]time.Time{}, about: map[string]time.Time{}}
}

// takes tells whether a notice is for this lane.
func (l *lane) takes(n selfheal.Notice) bool {
	if !l.wants(n) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, followed := l.about[n.Incident]
	return n.Severity >= l.Least || n.Incident != "" && followed
}

// alone waits for the lane's turn.
func (l *lane) alone(ctx context.Context, do func(context.Context, *lane) Delivery) Delivery {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
		return do(ctx, l)
	case <-ctx.Done():
		return Delivery{Channel: l.Name, State: Failed, Retry: true, Err: fmt.Errorf("channel %s is busy: %w", l.Name, context.Cause(ctx))}
	}
}

func (l *lane) tell(ctx context.Context, n selfheal.Notice) Delivery {
	switch state := l.admit(n); state {
	case Duplicate, Held:
		return Delivery{Channel: l.Name, State: state}
	}
	if l.overdue() { // first what people missed; it may be one notice beyond the limit
		l.summarise(ctx)
	}
	d := l.send(ctx, n)
	if d.State == Delivered {
		l.remember(n)
	}
	return d
}

// admit says whether a notice may be told now: "" when it may.
func (l *lane) admit(n selfheal.Notice) State {
	now := l.options.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.told[n.Key()]; ok && now.Sub(at) < l.options.Window {
		return Duplicate
	}
	if l.room(now) > 0 {
		return ""
	}
	if len(l.held) < maxHeld {
		l.held = append(l.held, n)
	} else {
		l.more++
	}
	l.note(n, now)
	return Held
}

// room is how many notices may be told now.
func (l *lane) room(now time.Time) int {
	l.sent = slices.DeleteFunc(l.sent, func(at time.Time) bool { return now.Sub(at) >= l.Per })
	return l.Burst - len(l.sent)
}

func (l *lane) remember(n selfheal.Notice) {
	now := l.options.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(n, now)
}

func (l *lane) note(n selfheal.Notice, now time.Time) {
	l.told[n.Key()] = now
	forget(l.told, now, l.options.Window)
	if n.Incident != "" {
		l.about[n.Incident] = now
		forget(l.about, now, incidentFor)
	}
}

// forget keeps a memory bounded: by age, and where that is not enough, by number.
func forget(memory map[string]time.Time, now time.Time, age time.Duration) {
	if len(memory) <= maxTold {
		return
	}
	for key, at := range memory {
		if now.Sub(at) >= age {
			delete(memory, key)
		}
	}
	for key := range memory { // more at once, so that it need not be done every time
		if len(memory) <= maxTold*3/4 {
			return
		}
		delete(memory, key)
	}
}

// overdue tells whether something was held back and can be told now.
func (l *lane) overdue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held) > 0 && l.room(l.options.Clock()) > 0
}

// summarise tells what was held back.
func (l *lane) summarise(ctx context.Context) Delivery {
	l.mu.Lock()
	held, more := l.held, l.more
	l.held, l.more = nil, 0
	l.mu.Unlock()
	if len(held) == 0 {
		return Delivery{Channel: l.Name, State: Duplicate}
	}
	d := l.send(ctx, summary(held, more, l.options.Clock()))
	if d.State == Failed { // it is said next time
		l.mu.Lock()
		l.more += more + max(0, len(held)+len(l.held)-maxHeld)
		l.held = slices.Concat(held, l.held)[:min(maxHeld, len(held)+len(l.held))]
		l.mu.Unlock()
	}
	return d
}

func summary(held []selfheal.Notice, more int, now time.Time) selfheal.Notice {
	n := selfheal.Notice{Time: now, Kind: selfheal.NoticeSummary, Title: fmt.Sprintf("%d notices since %s", len(held)+more, held[0].Time.UTC().Format("15:04 MST"))}
	var text strings.Builder
	for _, each := range held {
		n.Severity = max(n.Severity, each.Severity)
		fmt.Fprintf(&text, "- %s\n", markdown.Text(Headline(each)))
	}
	if more > 0 {
		fmt.Fprintf(&text, "- and %d more\n", more)
	}
	n.Text = text.String()
	return n
}

// send makes as many attempts as may help.
func (l *lane) send(ctx context.Context, n selfheal.Notice) Delivery {
	l.mu.Lock()
	l.sent = append(l.sent, l.options.Clock())
	l.mu.Unlock()
	d := Delivery{Channel: l.Name}
	pause := time.Second
	for {
		d.Attempts++
		d.Retry, d.Err = l.Channel.Notify(ctx, n)
		if d.Err == nil {
			d.State, d.Retry = Delivered, false
			return d
		}
		d.State = Failed
		if !d.Retry || d.Attempts >= l.options.Attempts || ctx.Err() != nil {
			return d
		}
		if l.options.Sleep(ctx, cmp.Or(asked(d.Err), pause)) != nil {
			return d
		}
		pause *= 2
	}
}

// asked is how long a channel's service asks to wait.
func asked(err error) time.Duration {
	var refusal interface{ RetryAfter() time.Duration }
	if errors.As(err, &refusal) {
		return refusal.RetryAfter()
	}
	return 0
}
