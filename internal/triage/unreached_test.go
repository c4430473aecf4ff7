package triage

import (
	"slices"
	"strings"
	"testing"

	"selfheal"
)

// kindsAgainst gives the kinds of exhibits that speak against the change.
func kindsAgainst(v selfheal.Verdict) []selfheal.ExhibitKind {
	var kinds []selfheal.ExhibitKind
	for _, x := range v.Exhibits {
		if x.Weight < 0 {
			kinds = append(kinds, x.Kind)
		}
	}
	return kinds
}

func TestChangeOutOfReach(t *testing.T) {
	t.Parallel()
	const asked = "cannot load the cart of this tenant: request names no tenant"
	f, base := shop(t)
	head := f.Commit("another part", "pkg3/part.go", "package pkg3\n\nfunc Part3(x int) int {\n\treturn x + 300\n}\n")
	v := judge(t, f, base, head, asked)
	kinds := kindsAgainst(v)
	if !slices.Contains(kinds, selfheal.ExhibitUnreached) || !slices.Contains(kinds, selfheal.ExhibitUntouched) {
		t.Errorf("against: %v", kinds)
	}
	for _, x := range v.Exhibits {
		if x.Kind == selfheal.ExhibitUntouched && !strings.Contains(x.Text, "last changed by "+short(base)) {
			t.Errorf("untouched: %s", x.Text)
		}
	}
	if v.Basis.Evidence != selfheal.EvidenceCircumstantial || v.Cause == selfheal.Caused {
		t.Errorf("%s by %s evidence", v.Cause, v.Basis.Evidence)
	}

	guilty := f.Commit("require a known tenant", "store.go", strings.Replace(shopStore, `if tenant == "" {`, `if !knownTenant(tenant) {`, 1))
	v = judge(t, f, head, guilty, asked)
	if kinds := kindsAgainst(v); slices.Contains(kinds, selfheal.ExhibitUnreached) || slices.Contains(kinds, selfheal.ExhibitUntouched) {
		t.Errorf("against the guard that changed: %v", kinds)
	}
	if v.Cause != selfheal.Caused || v.Basis.Evidence != selfheal.EvidenceIndirect || v.Confidence > maxIndirect {
		t.Errorf("%s %.2f by %s evidence", v.Cause, v.Confidence, v.Basis.Evidence)
	}
}
