package hook

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"selfheal"
)

// rollout is the newest template of one deployment, with what became of it.
type rollout struct {
	deployment kubeDeployment
	sets       []kubeReplicaSet // of the deployment
	set        *kubeReplicaSet  // of the newest template; nil until the controller has made it
	pods       []kubePod        // of set
}

// newRollout picks out of a namespace's objects those of one deployment.
func newRollout(d kubeDeployment, sets map[string]kubeReplicaSet, pods map[string]kubePod) rollout {
	r := rollout{deployment: d}
	for _, s := range sets {
		if s.Metadata.owner() == d.Metadata.UID {
			r.sets = append(r.sets, s)
		}
	}
	slices.SortFunc(r.sets, func(a, b kubeReplicaSet) int { return cmp.Compare(a.Metadata.number(), b.Metadata.number()) })
	// The objects come by different ways: a replica set may be known before its deployment says so.
	r.sets = slices.DeleteFunc(r.sets, func(s kubeReplicaSet) bool { return s.Metadata.number() > d.Metadata.number() })
	if last := len(r.sets) - 1; last >= 0 && r.sets[last].Metadata.number() == d.Metadata.number() && d.Status.Observed >= d.Metadata.Generation {
		r.set = &r.sets[last]
	}
	for _, p := range pods {
		if r.set != nil && p.Metadata.owner() == r.set.Metadata.UID {
			r.pods = append(r.pods, p)
		}
	}
	slices.SortFunc(r.pods, func(a, b kubePod) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
	return r
}

// previous is the revision of the newest older template that is another one.
func (r rollout) previous() string {
	current := r.deployment.Spec.Template.revision()
	for i := len(r.sets) - 2; i >= 0; i-- {
		if older := r.sets[i].Spec.Template.revision(); older != "" && older != current {
			return older
		}
	}
	return ""
}

// young is how long after a rollout a crash loop is still one of the rollout:
// Kubernetes calls a rollout complete once its pods were up for a moment, and
// what crashes after days crashes for another reason.
const young = 30 * time.Minute

// state is how far a rollout is.
type state struct {
	phase  selfheal.Phase
	time   time.Time // zero when the objects do not say
	detail string
}

// judge reads the state of a rollout off its objects.
func (r rollout) judge(now time.Time, stuckAfter time.Duration) state {
	if r.deployment.Spec.Replicas != nil && *r.deployment.Spec.Replicas == 0 {
		return state{phase: selfheal.PhaseOther}
	}
	if r.set == nil {
		return state{phase: selfheal.PhaseOther}
	}
	progress := condition(r.deployment.Status.Conditions, "Progressing")
	if progress.Status == "False" && progress.Reason == "ProgressDeadlineExceeded" {
		return state{selfheal.PhaseFailed, progress.Updated.Time, "ProgressDeadlineExceeded: " + progress.Message}
	}
	begun := r.begun()
	complete := progress.Reason == "NewReplicaSetAvailable"
	if loop := r.crashLoop(); loop != "" && (!complete || now.Sub(begun) < young) {
		return state{selfheal.PhaseFailed, time.Time{}, loop}
	}
	if since := r.servesSince(); !since.IsZero() {
		if complete && progress.Updated.After(begun) && progress.Updated.Before(since) {
			since = progress.Updated.Time // its first pods were replaced since
		}
		return state{phase: selfheal.PhaseServing, time: since}
	}
	if waited := now.Sub(begun); waited >= stuckAfter {
		return state{selfheal.PhaseFailed, time.Time{}, fmt.Sprintf("stuck: no pod is ready after %s%s", waited.Round(time.Second), r.waiting())}
	}
	return state{phase: selfheal.PhaseDeploying, time: begun}
}

// begun is when the rollout began: a template that is rolled out again keeps its
// replica set, but gets new pods.
func (r rollout) begun() time.Time {
	begun := time.Time{}
	for _, p := range r.pods {
		if c := p.Metadata.Created.Time; begun.IsZero() || c.Before(begun) {
			begun = c
		}
	}
	if begun.IsZero() {
		return cmp.Or(condition(r.deployment.Status.Conditions, "Progressing").Updated, r.set.Metadata.Created).Time
	}
	return begun
}

// servesSince is when the first pod began to take traffic.
func (r rollout) servesSince() time.Time {
	first := time.Time{}
	for _, p := range r.pods {
		if since := p.readySince(); !since.IsZero() && (first.IsZero() || since.Before(first)) {
			first = since
		}
	}
	return first
}

// crashLoop describes a container that is started again and again.
func (r rollout) crashLoop() string {
	for _, p := range r.pods {
		for _, c := range slices.Concat(p.Status.Inits, p.Status.Containers) {
			if c.State.Waiting == nil || c.State.Waiting.Reason != "CrashLoopBackOff" {
				continue
			}
			text := fmt.Sprintf("crash loop: container %s of pod %s was started %d times", c.Name, p.Metadata.Name, c.Restarts+1)
			if end := c.Last.Terminated; end != nil {
				text += fmt.Sprintf(", the last ended with exit code %d (%s)", end.ExitCode, end.Reason)
			}
			return text
		}
	}
	return ""
}

// waiting describes what pods wait for, e.g. an image that cannot be pulled.
func (r rollout) waiting() string {
	for _, p := range r.pods {
		for _, c := range slices.Concat(p.Status.Inits, p.Status.Containers) {
			if w := c.State.Waiting; w != nil {
				return fmt.Sprintf("; container %s of pod %s: %s", c.Name, p.Metadata.Name, w.Reason)
			}
		}
		if c := condition(p.Status.Conditions, "PodScheduled"); c.Status == "False" {
			return fmt.Sprintf("; pod %s: %s: %s", p.Metadata.Name, c.Reason, c.Message)
		}
	}
	return ""
}
