package triage

import (
	"context"
	"math"
	"sort"

	"selfheal"
	"selfheal/internal/git"
)

// survey is what one pass over the deployed tree finds: where the errors' words
// stand, and how rare each is.
type survey struct {
	files    []git.Entry // every file of the head
	surveyed int         // program files that were read
	// frequency counts the program files that contain a term (a word, or two
	// words in a row).
	frequency map[term]int
	// phrases holds for each program file the terms of at least two words that it contains.
	phrases map[string][]term
}

// term is the hash of a word or of a sequence of words.
type term uint64

// Limits of the pass; beyond them files are left out, and evidence in them is not found.
const (
	maxSurveyBytes = 600 << 20
	maxCandidates  = 160 // files read closely because they hold phrases of the error
	maxCommon      = 60  // files in which a phrase may occur and still lead somewhere
)

const (
	fnvOffset term = 14695981039346656037
	fnvPrime  term = 1099511628211
)

func termOf(text []byte) term {
	h := fnvOffset
	for _, c := range text {
		h = (h ^ term(c)) * fnvPrime
	}
	return h
}

// join makes the term of a sequence from the terms of its parts.
func (t term) join(next term) term { return (t*31+next)*fnvPrime ^ 0x9e3779b97f4a7c15 }

// interest is the set of terms that are counted. Phrases of two words count when
// they are long enough to identify something.
type interest struct {
	words map[term]bool
	pairs map[term]bool
}

func newInterest() interest { return interest{map[term]bool{}, map[term]bool{}} }

func (in interest) addName(name string) { in.words[termOf([]byte(name))] = true }

func (in interest) addMessage(words []word) {
	for i, w := range words {
		in.addName(w.text)
		if i > 0 {
			in.pairs[pairOf(words[i-1].text, w.text)] = true
		}
	}
}

func pairOf(a, b string) term { return termOf([]byte(a)).join(termOf([]byte(b))) }

// takeSurvey reads all program files of the head once.
func takeSurvey(ctx context.Context, repo *git.Repository, files []git.Entry, in interest) (*survey, error) {
	s := &survey{files: files, frequency: map[term]int{}, phrases: map[string][]term{}}
	var (
		blobs []string
		paths []string
		total int64
	)
	for _, f := range files {
		if f.Symlink || f.Size > maxBlob || total+f.Size > maxSurveyBytes || languageOf(f.Path) == nil || !ownCode(f.Path) {
			continue
		}
		total += f.Size
		blobs, paths = append(blobs, f.Blob), append(paths, f.Path)
	}
	err := repo.ReadBlobs(ctx, blobs, maxBlob, func(i int, content []byte, ok bool) error {
		if ok {
			s.read(paths[i], content, in)
		}
		return nil
	})
	return s, err
}

// ownCode tells whether a file is code of the service that runs: no test, no
// documentation, and nothing vendored.
func ownCode(path string) bool {
	class, _ := (&Classifier{}).Classify(path, nil)
	return class.Deployable() && class != selfheal.ClassDependency
}

func (s *survey) read(path string, content []byte, in interest) {
	s.surveyed++
	seen := map[term]bool{}
	var previous term
	eachWord(content, func(text []byte) {
		t := termOf(text)
		if in.words[t] {
			seen[t] = true
		}
		if pair := previous.join(t); in.pairs[pair] && !seen[pair] {
			seen[pair] = true
			s.phrases[path] = append(s.phrases[path], pair)
		}
		previous = t
	})
	for t := range seen {
		s.frequency[t]++
	}
}

// candidates lists the files that hold the rarest phrases of a message, best first.
func (s *survey) candidates(words []word) []string {
	pairs := map[term]bool{}
	for i := 1; i < len(words); i++ {
		if len(words[i-1].text)+len(words[i].text) >= minStatic/2 {
			pairs[pairOf(words[i-1].text, words[i].text)] = true
		}
	}
	type scored struct {
		path  string
		score float64
	}
	var found []scored
	for path, terms := range s.phrases {
		score := 0.0
		for _, t := range terms {
			if pairs[t] && s.frequency[t] <= maxCommon {
				score += 1 / float64(s.frequency[t])
			}
		}
		if score > 0 {
			found = append(found, scored{path, score})
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].score != found[j].score {
			return found[i].score > found[j].score
		}
		return found[i].path < found[j].path
	})
	paths := make([]string, 0, min(len(found), maxCandidates))
	for _, f := range found[:min(len(found), maxCandidates)] {
		paths = append(paths, f.path)
	}
	return paths
}

// surprise is the number of bits by which it is unexpected that a commit which
// touches that many files touches one with the term: -log2 of the probability
// under random choice of files.
func (s *survey) surprise(t term, touched int) float64 {
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
