package report

import (
	"fmt"
	"strings"
	"time"

	"selfheal"
)

// LookLine says in one line what is known of a deploy that is being watched; state is
// the same without the figures that change at every look.
func LookLine(elapsed, planned time.Duration, a selfheal.Assessment) (line, state string) {
	observability := a.Window.Observability
	state = "nothing changed for the worse so far"
	switch {
	case elapsed < time.Minute && len(a.Anomalies) == 0:
		return fmt.Sprintf("waiting for the first whole minute of %s", minutes(planned)), "waiting"
	case len(a.Anomalies) > 0:
		kinds := map[selfheal.AnomalyKind]int64{}
		for _, anomaly := range a.Anomalies {
			kinds[anomaly.Kind]++
		}
		state = list(changes(kinds)) + ": " + strongest(a)
	case len(observability.Problems) > 0:
		state = "not seen well: " + string(observability.Problems[0].Code)
	}
	line = fmt.Sprintf("%s of %s, %s: %s", minutes(elapsed), minutes(planned), plural(observability.Watched.Records, "record"), state)
	switch {
	case len(a.Anomalies) > 0:
		line += " " + sparkline(a.Anomalies[0].Chart.Watched.Buckets, sparkWidth)
	case len(observability.Problems) > 0:
		line = strings.TrimSuffix(line, state) + "not seen well: " + observability.Problems[0].Detail
	}
	return Visible(line), state
}

// strongest is the title of what changed most.
func strongest(a selfheal.Assessment) string {
	for _, s := range a.Signatures {
		if s.ID == a.Anomalies[0].Signature {
			return s.Title
		}
	}
	return string(a.Anomalies[0].Signature)
}

func minutes(d time.Duration) string {
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}
