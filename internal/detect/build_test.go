package detect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/detect"
)

func TestBuild(t *testing.T) {
	t.Parallel()
	signature := func(id string, kind selfheal.SignatureKind, severity selfheal.Severity, line int64) *selfheal.Signature {
		return &selfheal.Signature{ID: selfheal.SignatureID(id), Kind: kind, Severity: severity, Sample: selfheal.Sample{Line: line}}
	}
	f := func(name string, want []string, all ...*selfheal.Signature) {
		t.Helper()
		signatures := map[selfheal.SignatureID]*selfheal.Signature{}
		for _, s := range all {
			signatures[s.ID] = s
		}
		var got []string
		for _, a := range detect.Build(selfheal.Counts{}, signatures) {
			if a.Kind != selfheal.AnomalyBuild || !a.Flagged() || a.Why == "" {
				t.Errorf("%s: not a flagged build anomaly with its reason: %+v", name, a)
			}
			got = append(got, string(a.Signature))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	compiler := signature("c", selfheal.KindBuild, selfheal.SeverityError, 9)
	earlier := signature("d", selfheal.KindBuild, selfheal.SeverityError, 3)
	bad := signature("e", selfheal.KindMessage, selfheal.SeverityError, 5)
	f("compiler errors, in printed order", []string{"d", "c"}, compiler, bad, earlier)
	f("an empty log", nil)
}
