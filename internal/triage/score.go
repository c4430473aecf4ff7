package triage

import (
	"math"
	"regexp"
	"sort"

	"selfheal"
	"selfheal/internal/triage/prove"
)

// Scores of the two alternatives to "one of the commits", before evidence.
const (
	scoreUnknown  = 2.5
	scoreExternal = 0.0
	// scoreUnknownBuild takes the place of scoreUnknown for a build that failed: the
	// previous revision did build, so little but the change can be the reason.
	scoreUnknownBuild = 1.0
)

// infrastructureFactor is what is left of evidence from the code when the error
// speaks of the outside world: the code that meets an outage is not its cause.
const infrastructureFactor = 0.35

// excused tells whether a finding rests on words that the commit only gave to an old failure.
func (r *ranking) excused(f finding) bool {
	for _, c := range r.counters {
		if c.excuses == f.commit+1 && (f.family == familyLiteral || f.family == familySite || f.family == familyName) {
			return true
		}
	}
	return false
}

// A culprit rarely leaves no trace at all, so a commit without evidence is less
// likely than chance: otherwise many such commits would drown the one that has some.
const (
	penaltySilent = 1.5
	silentBelow   = 1.5 // evidence from which nothing is taken off
)

// hopBesides is what is left of a call hop beside direct evidence.
const hopBesides = 0.5

// ranking is the outcome for one symptom.
type ranking struct {
	symptom  symptom
	findings []finding
	counters []counter
	scores   []float64 // per commit; what cannot run has minus infinity
	tiers    []tier    // per commit
	// probabilities of the commits, then of the outside world and of something else; they add up to 1.
	probabilities []float64
	external      float64
	unknown       float64
	outside       float64                  // score of the outside world
	other         float64                  // score of something else
	noDoubt       float64                  // the same, before what speaks against the change
	deploys       []selfheal.Exposure      // newest first
	trial         *prove.Answer            // nil when nothing was run for this symptom
	unreached     map[int]selfheal.Exhibit // against the commits that nothing leads from to the error
	suspect       int                      // the commit that led before the trial; -1 when none did
}

// expose takes into account how well the time of each commit's deploy agrees with
// the onset; logPriors is nil where there is one deploy only.
func (r *ranking) expose(logPriors []float64) {
	for i, p := range logPriors {
		r.scores[i] += p
	}
	r.normalise()
}

// distance takes into account which commits nothing leads from to the error.
func (r *ranking) distance(unreached map[int]selfheal.Exhibit) {
	r.unreached = unreached
	for commit, x := range unreached {
		r.scores[commit] += x.Weight
	}
	r.normalise()
}

// rank weighs the findings. Of each family the strongest counts per commit,
// families add up, and a softmax over all explanations gives probabilities.
func rank(s symptom, findings []finding, counters []counter, touched []int) ranking {
	r := ranking{symptom: s, findings: findings, counters: counters}
	outside, unknown, factor := scoreExternal, scoreUnknown, 1.0
	if s.signature.Kind == selfheal.KindBuild {
		unknown = scoreUnknownBuild
	}
	r.noDoubt = unknown
	for _, c := range counters {
		outside += c.outside
		unknown += c.unknown
		if c.infrastructure {
			factor = infrastructureFactor
		}
	}
	best := make([][families]float64, len(touched))
	for _, f := range findings {
		if r.excused(f) {
			continue
		}
		if w := f.exhibit.Weight; w > best[f.commit][f.family] {
			best[f.commit][f.family] = w
		}
	}
	r.findTiers(len(touched))
	r.scores = make([]float64, len(touched))
	for i, n := range touched {
		if n == 0 {
			r.scores[i] = math.Inf(-1)
			continue
		}
		evidence := total(best[i], factor)
		r.scores[i] = evidence + 0.5/(1+float64(n)/10) - penaltySilent*max(0, 1-evidence/silentBelow)
	}
	r.outside, r.other = outside, unknown
	r.normalise()
	return r
}

// best gives the highest score of a commit.
func (r *ranking) best() float64 {
	best := math.Inf(-1)
	for _, s := range r.scores {
		best = max(best, s)
	}
	return best
}

// normalise turns scores into probabilities.
func (r *ranking) normalise() {
	r.probabilities, r.external, r.unknown = softmax(r.scores, r.outside, r.other)
	r.hold()
}

// ownShare is how much a ranking keeps of its own scores beside those of its siblings.
const ownShare = 0.65

// blendSiblings makes symptoms that say the same agree: one fault often fails in
// several places, and a commit that explains all of them is the better
// explanation than one that explains the loudest.
func blendSiblings(rankings []ranking) {
	groups := map[string][]int{}
	for i := range rankings {
		if key := siblingKey(rankings[i].symptom); key != "" {
			groups[key] = append(groups[key], i)
		}
	}
	for _, group := range groups {
		if len(group) < 2 {
			continue
		}
		mean := make([]float64, len(rankings[group[0]].scores))
		for _, i := range group {
			for c, s := range rankings[i].scores {
				mean[c] += s / float64(len(group))
			}
		}
		for _, i := range group {
			for c := range mean {
				rankings[i].scores[c] = ownShare*rankings[i].scores[c] + (1-ownShare)*mean[c]
			}
			rankings[i].normalise()
		}
	}
}

// siblingKey is what symptoms of one fault have in common: the type and message
// of the innermost exception. Empty when there is none.
func siblingKey(s symptom) string {
	chain := s.signature.Sample.Exceptions
	if len(chain) == 0 {
		return ""
	}
	innermost := chain[len(chain)-1]
	return innermost.Type + "\x00" + numbers.ReplaceAllString(innermost.Message, "0")
}

var numbers = regexp.MustCompile(`[0-9]+`)

// total adds up the families. A call hop says little more once the error was seen
// in the changed function itself.
func total(best [families]float64, factor float64) float64 {
	if max(best[familyFrame], best[familySite], best[familyLiteral]) > weightHop {
		best[familyHop] *= hopBesides
	}
	sum := 0.0
	for family, w := range best {
		if isCodeFamily(family) {
			w *= factor
		}
		sum += w
	}
	return sum
}

// isCodeFamily tells the families that say "this code was running" from those
// that say "this setting or name was changed".
func isCodeFamily(f int) bool {
	switch family(f) {
	case familyFrame, familyLiteral, familySite, familyHop:
		return true
	}
	return false
}

func softmax(scores []float64, outside, unknown float64) (probabilities []float64, external, other float64) {
	top := max(outside, unknown)
	for _, s := range scores {
		top = max(top, s)
	}
	sum := math.Exp(outside-top) + math.Exp(unknown-top)
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	probabilities = make([]float64, len(scores))
	for i, s := range scores {
		probabilities[i] = math.Exp(s-top) / sum
	}
	return probabilities, math.Exp(outside-top) / sum, math.Exp(unknown-top) / sum
}

// order gives the commits by probability, most likely first; of equals the newer first.
func (r *ranking) order() []int {
	order := make([]int, len(r.scores))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	sort.SliceStable(order, func(i, j int) bool { return r.probabilities[order[i]] > r.probabilities[order[j]] })
	return order
}

// top gives the most likely commit and how much less likely the next one is; ok is false without commits.
func (r *ranking) top() (commit int, probability, second float64, ok bool) {
	order := r.order()
	if len(order) == 0 {
		return 0, 0, 0, false
	}
	if len(order) > 1 {
		second = r.probabilities[order[1]]
	}
	return order[0], r.probabilities[order[0]], second, true
}
