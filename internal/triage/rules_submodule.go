package triage

import (
	"fmt"
	"strings"

	"selfheal"
)

// submoduleRule finds submodules that were moved to another revision and that
// hold a frame of the error. Their files are not in the repository, so no other
// rule finds them.
func (b *bench) submoduleRule() []finding {
	var out []finding
	for i, e := range b.edits {
		if e.class != selfheal.ClassDependency || e.op != selfheal.LineAdded || !strings.HasPrefix(e.text, submodulePrefix) {
			continue
		}
		depth := 0
		for _, f := range b.symptom.frames {
			if standardLibrary.MatchString(f.file) {
				continue
			}
			if strings.Contains("/"+f.file, "/"+e.at.path+"/") {
				x := selfheal.Exhibit{
					Kind: selfheal.ExhibitDependency, Weight: weightDependency / (1 + frameDecay*float64(depth)), Commit: b.change.Commits[e.commit].ID,
					Text: fmt.Sprintf("this commit moved the submodule %s, in which the error shows, to another revision", shorten(e.at.path)), Observed: f.quote,
				}
				out = append(out, finding{family: familyDependency, commit: e.commit, exhibit: x, lines: []pointer{{i, x.Weight}}})
				break
			}
			depth++
		}
	}
	return out
}
