package eval

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"selfheal"
)

// tolerance is how many lines off a blamed line may be to count as hit.
const tolerance = 3

// Summary counts what triage got right. Rates are left to the reader: the
// numbers are small.
type Summary struct {
	Cases  int // that could be judged
	Failed int // that could not, see Result.Err

	Caused int // cases whose change is the cause
	Top1   int // of those: the culprit is the first candidate
	Top3   int // the culprit is among the first three
	Lines  int // the blamed line is right

	Blames  int // verdicts "caused" on cases that are no placebo
	Right   int // of those: with the right commit
	Covered int // cases with a cause that were blamed on the right commit

	Acquittals int // verdicts "not caused" on cases that are no placebo
	Deserved   int // of those: where the change is not the cause

	Placebos    int // placebo pairs
	FalseBlames int // of those: blamed

	// Calibration is the mean distance between confidence and truth over the
	// blames, in five bins weighted by their size (expected calibration error).
	Calibration float64
	Slowest     time.Duration
}

// Summarise counts results.
func Summarise(results []Result) Summary {
	var s Summary
	for _, r := range results {
		s.add(r)
	}
	s.Calibration = calibration(results)
	return s
}

func (s *Summary) add(r Result) {
	if r.Err != nil {
		s.Failed++
		return
	}
	s.Slowest = max(s.Slowest, r.Took)
	if r.Placebo() {
		s.Placebos++
		s.FalseBlames += count(r.Blamed())
		return
	}
	s.Cases++
	s.Blames += count(r.Blamed())
	s.Right += count(r.RightBlame())
	acquitted := r.Verdict.Cause == selfheal.NotCaused
	s.Acquittals += count(acquitted)
	s.Deserved += count(acquitted && r.Label.Verdict == selfheal.NotCaused)
	if r.Label.Verdict != selfheal.Caused {
		return
	}
	s.Caused++
	rank := r.Rank()
	s.Top1 += count(rank == 1)
	s.Top3 += count(rank >= 1 && rank <= 3)
	s.Lines += count(r.LineHit())
	s.Covered += count(r.RightBlame())
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Blamed tells whether the verdict is "caused".
func (r Result) Blamed() bool { return r.Err == nil && r.Verdict.Cause == selfheal.Caused }

// RightBlame tells whether the verdict blames the culprit. In a placebo pair no blame is right.
func (r Result) RightBlame() bool {
	return r.Blamed() && !r.Placebo() && r.Verdict.Culprit != nil && r.Verdict.Culprit.Commit == r.Label.Culprit
}

// Rank is the place of the culprit among the candidates, from 1; 0 when it is not there.
func (r Result) Rank() int {
	return 1 + slices.IndexFunc(r.Verdict.Candidates, func(c selfheal.Candidate) bool { return c.Commit == r.Label.Culprit })
}

// LineHit tells whether the blamed line is at most three lines from an acceptable one.
func (r Result) LineHit() bool {
	c := r.Verdict.Culprit
	if c == nil || c.Start == 0 {
		return false
	}
	side := "new"
	if c.Revision == r.Question.Base {
		side = "old"
	}
	return slices.ContainsFunc(r.Label.Spots, func(s Spot) bool {
		near := s.Side == side && c.Start >= s.Start-tolerance && c.Start <= s.End+tolerance
		return s.File == c.Path && (near || s.Loose && c.Commit == r.Label.Culprit)
	})
}

func calibration(results []Result) float64 {
	const bins = 5
	var sum, right, size [bins]float64
	total := 0.0
	for _, r := range results {
		if !r.Blamed() {
			continue
		}
		bin := min(int(r.Verdict.Confidence*bins), bins-1)
		sum[bin] += r.Verdict.Confidence
		right[bin] += float64(count(r.RightBlame()))
		size[bin]++
		total++
	}
	if total == 0 {
		return 0
	}
	off := 0.0
	for b := range bins {
		off += abs(sum[b]-right[b]) / total
	}
	return off
}

func abs(x float64) float64 { return max(x, -x) }

// Print writes one line per result and the summary.
func Print(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tCHANGE OF\tWANT\tGOT\tCONFIDENCE\tRANK\tLINE\tTIME\tCULPRIT")
	for _, r := range results {
		if r.Placebo() && !r.Blamed() && r.Err == nil {
			continue
		}
		fmt.Fprintln(table, strings.Join(r.row(), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, Summarise(results))
	return err
}

func (r Result) row() []string {
	change, want := "", string(r.Label.Verdict)
	if r.Placebo() {
		change, want = r.Window, "no blame"
	}
	if r.Err != nil {
		return []string{r.Question.ID, change, want, "error: " + r.Err.Error()}
	}
	line, culprit := "", ""
	if c := r.Verdict.Culprit; c != nil {
		line = fmt.Sprint(r.LineHit())
		culprit = fmt.Sprintf("%.10s %s:%d", c.Commit, c.Path, c.Start)
	}
	return []string{
		r.Question.ID, change, want, string(r.Verdict.Cause), fmt.Sprintf("%.2f", r.Verdict.Confidence),
		fmt.Sprint(r.Rank()), line, r.Took.Round(time.Millisecond).String(), culprit,
	}
}

// String renders the counts, one per line.
func (s Summary) String() string {
	var b strings.Builder
	row := func(name string, n, of int) { fmt.Fprintf(&b, "%-34s %d of %d\n", name, n, of) }
	row("culprit first (top-1)", s.Top1, s.Caused)
	row("culprit among three (top-3)", s.Top3, s.Caused)
	row("line right (+-3)", s.Lines, s.Caused)
	row("blames that are right (precision)", s.Right, s.Blames)
	row("causes that are blamed (coverage)", s.Covered, s.Caused)
	row("acquittals that are right", s.Deserved, s.Acquittals)
	row("placebo pairs that are blamed", s.FalseBlames, s.Placebos)
	fmt.Fprintf(&b, "%-34s %.3f\n", "calibration error of blames", s.Calibration)
	fmt.Fprintf(&b, "%-34s %s\n", "slowest judgement", s.Slowest.Round(time.Millisecond))
	if s.Failed > 0 {
		fmt.Fprintf(&b, "%-34s %d\n", "could not be judged", s.Failed)
	}
	return b.String()
}
