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
	Top5   int // the culprit is among the first five
	Lines  int // the blamed line is right
	// MRR is the mean of 1/rank of the culprit over the cases with a cause.
	MRR float64
	// Undecided are verdicts "inconclusive" on cases that are no placebo.
	Undecided int

	Blames  int // verdicts "caused" on cases that are no placebo
	Right   int // of those: with the right commit
	Covered int // cases with a cause that were blamed on the right commit

	Acquittals int // verdicts "not caused" on cases that are no placebo
	Deserved   int // of those: where the change is not the cause

	Placebos    int // placebo pairs
	FalseBlames int // of those: blamed

	// Calibration is the mean distance between confidence and truth over the
	// blames, in ten bins weighted by their size (expected calibration error).
	Calibration float64
	Slowest     time.Duration
	Total       time.Duration // of all judgements
	Tokens      int64         // that a language model read and wrote: none takes part
}

// Summarise counts results.
func Summarise(results []Result) Summary {
	var s Summary
	for _, r := range results {
		s.add(r)
	}
	if s.Caused > 0 {
		s.MRR /= float64(s.Caused)
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
	s.Total += r.Took
	if r.Placebo() {
		s.Placebos++
		s.FalseBlames += count(r.Blamed())
		return
	}
	s.Cases++
	s.Blames += count(r.Blamed())
	s.Right += count(r.RightBlame())
	s.Undecided += count(r.Verdict.Cause == selfheal.Inconclusive)
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
	s.Top5 += count(rank >= 1 && rank <= 5)
	if rank > 0 {
		s.MRR += 1 / float64(rank)
	}
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

// Bin is one row of a reliability table: the blames of about one confidence.
type Bin struct {
	From, To   float64 // confidence
	Blames     int
	Right      int
	Confidence float64 // mean
}

// Reliability sorts the blames, placebos included, by their confidence. Bins
// without blames are left out.
func Reliability(results []Result) []Bin {
	const bins = 10
	all := make([]Bin, bins)
	for _, r := range results {
		if !r.Blamed() {
			continue
		}
		bin := &all[min(int(r.Verdict.Confidence*bins), bins-1)]
		bin.Blames++
		bin.Right += count(r.RightBlame())
		bin.Confidence += r.Verdict.Confidence
	}
	for i := range all {
		all[i].From, all[i].To = float64(i)/bins, float64(i+1)/bins
		all[i].Confidence /= max(1, float64(all[i].Blames))
	}
	return slices.DeleteFunc(all, func(b Bin) bool { return b.Blames == 0 })
}

func calibration(results []Result) float64 {
	off, total := 0.0, 0
	for _, b := range Reliability(results) {
		off += abs(float64(b.Blames)*b.Confidence - float64(b.Right))
		total += b.Blames
	}
	return off / max(1, float64(total))
}

func abs(x float64) float64 { return max(x, -x) }

// Print writes one line per result and the summary.
func Print(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tCHANGE OF\tWANT\tGOT\tCONFIDENCE\tRANK\tLINE\tTIME\tCULPRIT")
	var near, far []Result
	for _, r := range results {
		if r.Lookback {
			far = append(far, r)
			continue
		}
		near = append(near, r)
		if r.Placebo() && !r.Blamed() && r.Err == nil {
			continue
		}
		fmt.Fprintln(table, strings.Join(r.row(), "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, Summarise(near)); err != nil {
		return err
	}
	if err := printReliability(w, near); err != nil || len(far) == 0 {
		return err
	}
	return printLookback(w, near, far)
}

func printReliability(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nCONFIDENCE OF BLAMES\tMEAN\tRIGHT")
	for _, b := range Reliability(results) {
		fmt.Fprintf(table, "%.1f to %.1f\t%.3f\t%d of %d\n", b.From, b.To, b.Confidence, b.Right, b.Blames)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(table, "\nBEST EVIDENCE\tRIGHT COMMIT BLAMED\tANOTHER BLAMED\tNOBODY BLAMED")
	for _, row := range ByEvidence(results) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\n", row.Tier, row.Right, row.Wrong, row.None)
	}
	return table.Flush()
}

// TierRow counts the answers that rest on evidence of one tier.
type TierRow struct {
	Tier               selfheal.EvidenceTier
	Right, Wrong, None int // blames of the culprit, of somebody else, and of nobody
}

// ByEvidence sorts the answers, placebos included, by the best evidence for the
// commit that leads. Tiers without answers are left out.
func ByEvidence(results []Result) []TierRow {
	rows := []TierRow{
		{Tier: selfheal.EvidenceExecuted}, {Tier: selfheal.EvidenceDirect}, {Tier: selfheal.EvidenceIndirect}, {Tier: selfheal.EvidenceCircumstantial},
	}
	for _, r := range results {
		if r.Err != nil || r.Verdict.Basis == nil {
			continue
		}
		i := slices.IndexFunc(rows, func(row TierRow) bool { return row.Tier == r.Verdict.Basis.Evidence })
		switch {
		case i < 0:
		case r.RightBlame():
			rows[i].Right++
		case r.Blamed():
			rows[i].Wrong++
		default:
			rows[i].None++
		}
	}
	return slices.DeleteFunc(rows, func(row TierRow) bool { return row.Right+row.Wrong+row.None == 0 })
}

// printLookback compares the same cases with this deploy alone and with
// unrelated ones in front.
func printLookback(w io.Writer, near, far []Result) error {
	near = slices.DeleteFunc(slices.Clone(near), Result.Placebo)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nCASE\tDEPLOYS\tCANDIDATES\tRANK ALONE\tRANK\tGOT\tCONFIDENCE")
	for i, r := range far {
		if r.Err != nil {
			fmt.Fprintf(table, "%s\terror: %v\n", r.Question.ID, r.Err)
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\t%.2f\n", r.Question.ID, len(r.Verdict.Deploys), len(r.Verdict.Candidates), near[i].Rank(), r.Rank(), r.Verdict.Cause, r.Verdict.Confidence)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nwith unrelated deploys in front (alone: top-1 %d of %d)\n%s", Summarise(near).Top1, Summarise(near).Caused, Summarise(far))
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
	row("culprit among five (top-5)", s.Top5, s.Caused)
	fmt.Fprintf(&b, "%-34s %.3f\n", "mean reciprocal rank (MRR)", s.MRR)
	row("line right (+-3)", s.Lines, s.Caused)
	row("blames that are right (precision)", s.Right, s.Blames)
	row("causes that are blamed (coverage)", s.Covered, s.Caused)
	row("acquittals that are right", s.Deserved, s.Acquittals)
	row("inconclusive", s.Undecided, s.Cases)
	row("placebo pairs that are blamed", s.FalseBlames, s.Placebos)
	fmt.Fprintf(&b, "%-34s %.3f\n", "calibration error of blames", s.Calibration)
	fmt.Fprintf(&b, "%-34s %s\n", "slowest judgement", s.Slowest.Round(time.Millisecond))
	fmt.Fprintf(&b, "%-34s %s\n", "all judgements", s.Total.Round(time.Millisecond))
	fmt.Fprintf(&b, "%-34s %d\n", "tokens of a language model", s.Tokens)
	if s.Failed > 0 {
		fmt.Fprintf(&b, "%-34s %d\n", "could not be judged", s.Failed)
	}
	return b.String()
}
