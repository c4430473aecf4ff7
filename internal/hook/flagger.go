package hook

import (
	"fmt"

	"selfheal"
)

// flaggerPayload is what Flagger sends to a webhook of type event
// (https://docs.flagger.app/usage/webhooks#event-webhooks). Metadata has, besides
// eventMessage, eventType and timestamp (milliseconds since 1970), what the
// webhook's own metadata in the Canary says.
type flaggerPayload struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Phase     string            `json:"phase"`
	Checksum  string            `json:"checksum"`
	Metadata  map[string]string `json:"metadata"`
}

// flaggerPhases are the phases of a Canary that say something of what serves. A
// canary takes traffic while it is progressing.
var flaggerPhases = map[string]selfheal.Phase{
	"Progressing": selfheal.PhaseDeploying, "Waiting": selfheal.PhaseDeploying, "WaitingPromotion": selfheal.PhaseDeploying,
	"Promoting": selfheal.PhaseDeploying, "Finalising": selfheal.PhaseDeploying,
	"Succeeded": selfheal.PhaseServing, "Failed": selfheal.PhaseRolledBack,
}

func parseFlagger(body []byte) (parsed, error) {
	var p flaggerPayload
	if err := decode(body, &p); err != nil {
		return parsed{}, err
	}
	if p.Name == "" || p.Phase == "" {
		return parsed{}, fmt.Errorf("%w: name or phase is missing", errMalformed)
	}
	phase, known := flaggerPhases[p.Phase]
	if !known { // Initializing, Initialized, Terminating, Terminated
		return nothing("a canary that is %q says nothing of what serves", p.Phase), nil
	}
	var at stamp
	_ = at.UnmarshalJSON([]byte(p.Metadata["timestamp"])) // what is no time is none
	return one(event{
		id:      fmt.Sprintf("%s/%s/%s/%s/%s", p.Namespace, p.Name, p.Checksum, p.Phase, p.Metadata["timestamp"]),
		from:    "flagger",
		service: p.Name, environment: p.Metadata["environment"], namespace: p.Namespace, revision: p.Metadata["revision"],
		phase: phase, time: at.Time, detail: p.Metadata["eventMessage"],
	}), nil
}
