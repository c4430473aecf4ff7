package detect_test

import (
	"testing"

	"selfheal"
	"selfheal/internal/detect"
)

// TestGiven: errors count, and anything else only when there is no error.
func TestGiven(t *testing.T) {
	t.Parallel()
	signature := func(id selfheal.SignatureID, severity selfheal.Severity, line int64) *selfheal.Signature {
		return &selfheal.Signature{ID: id, Kind: selfheal.KindMessage, Severity: severity, Sample: selfheal.Sample{Line: line}}
	}
	counts := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{"late": {Undated: 2}, "early": {Undated: 1}, "info": {Undated: 9}}}
	all := map[selfheal.SignatureID]*selfheal.Signature{
		"late": signature("late", selfheal.SeverityError, 9), "early": signature("early", selfheal.SeverityWarn, 3), "info": signature("info", selfheal.SeverityInfo, 1),
	}
	got := detect.Given(counts, all)
	if len(got) != 2 || got[0].Signature != "early" || got[1].Signature != "late" || got[1].Observed != 2 || !got[1].Flagged() {
		t.Errorf("%+v", got)
	}
	delete(all, "late")
	delete(all, "early")
	if got := detect.Given(counts, all); len(got) != 1 || got[0].Signature != "info" {
		t.Errorf("without errors: %+v", got)
	}
}
