package detect

import (
	"cmp"
	"fmt"
	"slices"

	"selfheal"
)

// Build gives the anomalies of a build that failed: every error that its output
// shows, in the order in which the builder printed them. There is nothing to
// test, since a build that succeeds prints none.
func Build(counts selfheal.Counts, signatures map[selfheal.SignatureID]*selfheal.Signature) []selfheal.Anomaly {
	found := pick(signatures, func(s *selfheal.Signature) bool { return s.Kind == selfheal.KindBuild })
	anomalies := make([]selfheal.Anomaly, 0, len(found))
	for _, s := range found {
		n := counts.Of(s.ID).Total()
		anomalies = append(anomalies, selfheal.Anomaly{
			Signature: s.ID, Kind: selfheal.AnomalyBuild, Severity: s.Severity, Observed: n,
			Onset: s.First, Detected: s.First,
			Why: fmt.Sprintf("the build failed, and printed this %s (line %d of its log)", times(n), s.Sample.Line),
		})
	}
	return anomalies
}

func pick(signatures map[selfheal.SignatureID]*selfheal.Signature, keep func(*selfheal.Signature) bool) []*selfheal.Signature {
	var picked []*selfheal.Signature
	for _, s := range signatures {
		if keep(s) {
			picked = append(picked, s)
		}
	}
	slices.SortFunc(picked, func(a, b *selfheal.Signature) int {
		return cmp.Or(cmp.Compare(a.Sample.Line, b.Sample.Line), cmp.Compare(a.ID, b.ID))
	})
	return picked
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
