package hook

import (
	"fmt"
	"strconv"
	"strings"

	"selfheal"
)

// genericPayload is selfheal's own form. Only revision is required where the hook
// names the service and the environment.
type genericPayload struct {
	Ping        bool   `json:"ping"`
	ID          string `json:"id"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Repository  string `json:"repository"`
	Revision    string `json:"revision"`
	Previous    string `json:"previous"`
	Phase       string `json:"phase"`
	Time        stamp  `json:"time"`
	By          string `json:"by"`
	URL         string `json:"url"`
	Detail      string `json:"detail"`
}

// genericPhases are the phases by their names, and by other usual ones.
var genericPhases = map[string]selfheal.Phase{
	"": selfheal.PhaseServing, "serving": selfheal.PhaseServing, "succeeded": selfheal.PhaseServing, "success": selfheal.PhaseServing,
	"failed": selfheal.PhaseFailed, "failure": selfheal.PhaseFailed, "rolled-back": selfheal.PhaseRolledBack,
	"building": selfheal.PhaseBuilding, "deploying": selfheal.PhaseDeploying, "build-failed": selfheal.PhaseBuildFail,
}

func parseGeneric(body []byte) (parsed, error) {
	var p genericPayload
	if err := decode(body, &p); err != nil {
		return parsed{}, err
	}
	if p.Ping {
		return parsed{ping: true}, nil
	}
	phase, known := genericPhases[strings.ToLower(p.Phase)]
	switch {
	case !known:
		return parsed{}, fmt.Errorf("%w: no such phase: %s; use serving, failed, rolled-back, building, deploying or build-failed", errMalformed, strconv.Quote(p.Phase))
	case p.Revision == "":
		return parsed{}, fmt.Errorf("%w: revision is missing", errMalformed)
	}
	return one(event{
		id: p.ID, from: "generic", repository: p.Repository, service: p.Service, environment: p.Environment,
		revision: p.Revision, previous: p.Previous, phase: phase, time: p.Time.Time, by: p.By, url: p.URL, detail: p.Detail,
	}), nil
}
