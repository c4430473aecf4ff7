package triage

import (
	"math"

	"selfheal"
	"selfheal/internal/triage/index"
)

// survey says how rare the words of the errors and of the change are in the deployed code.
type survey struct {
	surveyed int // program files
	// frequency counts the program files that contain a term.
	frequency map[index.Term]int
}

// interest is the set of terms that are counted.
type interest map[index.Term]bool

func (in interest) addName(name string) { in[index.TermOf(name)] = true }

func (in interest) addMessage(words []word) {
	for i, w := range words {
		in.addName(w.text)
		if i > 0 {
			in[index.PairOf(words[i-1].text, w.text)] = true
		}
	}
}

func takeSurvey(x *index.Index, in interest) *survey {
	return &survey{surveyed: len(x.Paths), frequency: x.Frequencies(in)}
}

// ownCode tells whether a file is code of the service that runs: no test, no
// documentation, and nothing vendored.
func ownCode(path string) bool {
	class, _ := (&Classifier{}).Classify(path, nil)
	return class.Deployable() && class != selfheal.ClassDependency
}

// surprise is the number of bits by which it is unexpected that a commit which
// touches that many files touches one with the term: -log2 of the probability
// under random choice of files.
func (s *survey) surprise(t index.Term, touched int) float64 {
	n := float64(max(s.surveyed, 2))
	frequency := min(float64(max(s.frequency[t], 1)), n)
	p := 1 - math.Pow(1-frequency/(n+1), float64(max(touched, 1)))
	return -math.Log2(min(max(p, 1e-6), 1))
}

// scale gives the surprise at which a name counts fully, in bits: no name of a
// small repository can be as surprising as one of a large repository.
func (s *survey) scale(most float64) float64 {
	return min(most, math.Log2(float64(max(s.surveyed, 2))+1))
}
