package hook

import (
	"strconv"
	"strings"
	"time"
)

// What is read of the objects of Kubernetes (apps/v1, v1); all else is dropped as
// it comes in, which keeps a large cluster small in memory.

type kubeMeta struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	UID         string            `json:"uid"`
	Version     string            `json:"resourceVersion"`
	Generation  int64             `json:"generation"`
	Created     stamp             `json:"creationTimestamp"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Owners      []kubeOwner       `json:"ownerReferences"`
}

type kubeOwner struct {
	UID        string `json:"uid"`
	Controller bool   `json:"controller"`
}

// owner is the UID of the object that controls this one.
func (m kubeMeta) owner() string {
	for _, o := range m.Owners {
		if o.Controller {
			return o.UID
		}
	}
	return ""
}

const revisionAnnotation = "deployment.kubernetes.io/revision"

// number counts the rollouts of a deployment; 0 when it is not known yet.
func (m kubeMeta) number() int {
	n, err := strconv.Atoi(m.Annotations[revisionAnnotation])
	if err != nil {
		return 0
	}
	return n
}

type kubeCondition struct {
	Type       string `json:"type"`
	Status     string `json:"status"`
	Reason     string `json:"reason"`
	Message    string `json:"message"`
	Updated    stamp  `json:"lastUpdateTime"`
	Transition stamp  `json:"lastTransitionTime"`
}

func condition(all []kubeCondition, kind string) kubeCondition {
	for _, c := range all {
		if c.Type == kind {
			return c
		}
	}
	return kubeCondition{}
}

type kubeTemplate struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Containers []kubeContainer `json:"containers"`
	} `json:"spec"`
}

type kubeContainer struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	Env   []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"env"`
}

// version is the service.version that a container's program logs by its
// environment (OTEL_RESOURCE_ATTRIBUTES).
func (c kubeContainer) version() string {
	for _, variable := range c.Env {
		if variable.Name != "OTEL_RESOURCE_ATTRIBUTES" {
			continue
		}
		for pair := range strings.SplitSeq(variable.Value, ",") {
			if key, value, _ := strings.Cut(strings.TrimSpace(pair), "="); key == "service.version" {
				return value
			}
		}
	}
	return ""
}

// revision is what the template deploys: what its program will log, else the
// commit that the image was labelled with, else the version label, else the tag or
// digest of the first image.
func (t kubeTemplate) revision() string {
	for _, c := range t.Spec.Containers {
		if v := c.version(); revision.MatchString(v) {
			return v
		}
	}
	candidates := []string{t.Metadata.Annotations["org.opencontainers.image.revision"], t.Metadata.Labels["app.kubernetes.io/version"]}
	if len(t.Spec.Containers) > 0 {
		_, tag, digest := splitImage(t.Spec.Containers[0].Image)
		candidates = append(candidates, tag, digest)
	}
	for _, candidate := range candidates {
		if revision.MatchString(candidate) {
			return candidate
		}
	}
	return ""
}

func (t kubeTemplate) images() []string {
	all := make([]string, len(t.Spec.Containers))
	for i, c := range t.Spec.Containers {
		all[i] = c.Image
	}
	return all
}

type kubeDeployment struct {
	Metadata kubeMeta `json:"metadata"`
	Spec     struct {
		Replicas *int         `json:"replicas"`
		Template kubeTemplate `json:"template"`
	} `json:"spec"`
	Status struct {
		Observed   int64           `json:"observedGeneration"`
		Conditions []kubeCondition `json:"conditions"`
	} `json:"status"`
}

func (d kubeDeployment) meta() kubeMeta { return d.Metadata }

type kubeReplicaSet struct {
	Metadata kubeMeta `json:"metadata"`
	Spec     struct {
		Template kubeTemplate `json:"template"`
	} `json:"spec"`
}

func (s kubeReplicaSet) meta() kubeMeta { return s.Metadata }

type kubePod struct {
	Metadata kubeMeta `json:"metadata"`
	Status   struct {
		Conditions []kubeCondition       `json:"conditions"`
		Inits      []kubeContainerStatus `json:"initContainerStatuses"`
		Containers []kubeContainerStatus `json:"containerStatuses"`
	} `json:"status"`
}

func (p kubePod) meta() kubeMeta { return p.Metadata }

type kubeContainerStatus struct {
	Name     string    `json:"name"`
	Restarts int       `json:"restartCount"`
	State    kubeState `json:"state"`
	Last     kubeState `json:"lastState"`
}

type kubeState struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Terminated *struct {
		ExitCode int    `json:"exitCode"`
		Reason   string `json:"reason"`
	} `json:"terminated"`
}

// readySince is when a pod began to take traffic; zero when it takes none.
func (p kubePod) readySince() time.Time {
	if c := condition(p.Status.Conditions, "Ready"); c.Status == "True" {
		return c.Transition.Time
	}
	return time.Time{}
}
