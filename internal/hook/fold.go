package hook

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// Watch is one deploy that began to serve, and so is to be watched.
type Watch struct {
	Deploy selfheal.Deploy `json:"deploy"`
	// Announced is the ID of the announcement that began it, and From who made it.
	Announced string `json:"announced"`
	From      string `json:"from"`
	// Rollback: the revision had been deployed before the one that it replaced.
	Rollback bool `json:"rollback,omitempty"`
	// Ended is when something else took its place; zero while it serves.
	Ended time.Time `json:"ended,omitzero"`
	End   End       `json:"end,omitempty"`
}

// End says why a deploy serves no more.
type End string

// The ends.
const (
	EndSuperseded End = "superseded"  // another revision serves
	EndFailed     End = "failed"      // it never became healthy
	EndRolledBack End = "rolled-back" // it was taken out of service
)

// maxAnnouncements is how many announcements of one scope are remembered, the newest.
const maxAnnouncements = 500

// Timeline is what was announced of one service in one environment. The zero value
// knows nothing. In whichever order, and however often, announcements are added:
// what follows from them is the same.
type Timeline struct {
	ids    map[string]bool
	events []selfheal.Announcement // ordered by before
}

// Add takes an announcement in, and tells whether it says anything new. What
// neither begins nor ends the watching of a deploy is left out.
func (t *Timeline) Add(a selfheal.Announcement) bool {
	switch a.Phase {
	case selfheal.PhaseServing, selfheal.PhaseFailed, selfheal.PhaseRolledBack:
	default:
		return false
	}
	if a.Deploy.Revision == "" || t.ids[a.ID] {
		return false
	}
	at, _ := slices.BinarySearchFunc(t.events, a, compareAnnouncements)
	if at == 0 && len(t.events) == maxAnnouncements {
		return false // older than all that is remembered
	}
	if t.ids == nil {
		t.ids = map[string]bool{}
	}
	t.events = slices.Insert(t.events, at, a)
	t.ids[a.ID] = true
	if len(t.events) > maxAnnouncements {
		delete(t.ids, t.events[0].ID)
		t.events = slices.Delete(t.events, 0, 1)
	}
	return true
}

// compareAnnouncements orders by time. Of what is said of one moment, ends come
// first: what began to serve at that moment serves afterwards.
func compareAnnouncements(a, b selfheal.Announcement) int {
	rank := func(p selfheal.Phase) int {
		if p == selfheal.PhaseServing {
			return 1
		}
		return 0
	}
	return cmp.Or(a.Deploy.Time.Compare(b.Deploy.Time), cmp.Compare(rank(a.Phase), rank(b.Phase)),
		strings.Compare(a.Deploy.Revision, b.Deploy.Revision), strings.Compare(a.ID, b.ID))
}

// Watches gives the deploys that began to serve, oldest first. All but the last have ended.
func (t *Timeline) Watches() []Watch {
	var f fold
	for _, a := range t.events {
		f.apply(a)
	}
	return f.watches
}

// Current gives the deploy that serves; false when none is known to.
func (t *Timeline) Current() (Watch, bool) {
	watches := t.Watches()
	if len(watches) == 0 || !watches[len(watches)-1].Ended.IsZero() {
		return Watch{}, false
	}
	return watches[len(watches)-1], true
}

// Fold sorts announcements by what they are about.
func Fold(announcements []selfheal.Announcement) map[selfheal.Scope]*Timeline {
	all := map[selfheal.Scope]*Timeline{}
	for _, a := range announcements {
		scope := selfheal.Scope{Service: a.Deploy.Service, Environment: a.Deploy.Environment}
		if all[scope] == nil {
			all[scope] = &Timeline{}
		}
		all[scope].Add(a)
	}
	return all
}

// fold walks through announcements in the order of their times.
type fold struct {
	watches []Watch
}

func (f *fold) apply(a selfheal.Announcement) {
	if a.Phase == selfheal.PhaseServing {
		f.serve(a)
		return
	}
	// An end of what does not serve, such as a newer revision that never became
	// healthy, or an older one that was replaced long ago, ends nothing.
	current := f.current()
	if current == nil || !SameRevision(current.Deploy.Revision, a.Deploy.Revision) {
		return
	}
	current.Ended, current.End = a.Deploy.Time, EndRolledBack
	if a.Phase == selfheal.PhaseFailed {
		current.End, current.Deploy.Status = EndFailed, selfheal.DeployFailed
	}
}

func (f *fold) current() *Watch {
	if len(f.watches) == 0 {
		return nil
	}
	if last := &f.watches[len(f.watches)-1]; last.Ended.IsZero() {
		return last
	}
	return nil
}

func (f *fold) serve(a selfheal.Announcement) {
	current := f.current()
	if current != nil && SameRevision(current.Deploy.Revision, a.Deploy.Revision) {
		current.learn(a.Deploy)
		return
	}
	w := Watch{Deploy: a.Deploy, Announced: a.ID, From: a.From, Rollback: f.returns(a.Deploy.Revision)}
	if w.Deploy.Previous == "" || SameRevision(w.Deploy.Previous, w.Deploy.Revision) {
		w.Deploy.Previous = f.before(a.Deploy.Revision)
	}
	if current != nil {
		current.Ended, current.End = a.Deploy.Time, EndSuperseded
	}
	f.watches = append(f.watches, w)
}

// learn takes over what another announcement of the same deploy says besides: one
// sender abbreviates the commit, another knows who deployed.
func (w *Watch) learn(d selfheal.Deploy) {
	if len(d.Revision) > len(w.Deploy.Revision) {
		w.Deploy.Revision = d.Revision
	}
	if SameRevision(d.Previous, w.Deploy.Previous) && len(d.Previous) > len(w.Deploy.Previous) {
		w.Deploy.Previous = d.Previous
	}
	w.Deploy.By, w.Deploy.URL = cmp.Or(w.Deploy.By, d.By), cmp.Or(w.Deploy.URL, d.URL)
}

// before is the last revision that served and is another one.
func (f *fold) before(revision string) string {
	for _, w := range slices.Backward(f.watches) {
		if !SameRevision(w.Deploy.Revision, revision) {
			return w.Deploy.Revision
		}
	}
	return ""
}

// returns tells whether a revision served before the one that served last. The
// last one itself, deployed again, is no rollback.
func (f *fold) returns(revision string) bool {
	last := len(f.watches) - 1
	if last < 0 || SameRevision(f.watches[last].Deploy.Revision, revision) {
		return false
	}
	return slices.ContainsFunc(f.watches[:last], func(w Watch) bool { return SameRevision(w.Deploy.Revision, revision) })
}

const shortestCommit = 7 // characters that senders abbreviate a commit to

// SameRevision tells whether two revisions are one: equal, or one the abbreviation
// of the other where both are commits.
func SameRevision(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= shortestCommit && strings.HasPrefix(b, a) && fullCommit.MatchString(b) && commitLike.MatchString(a)
}
