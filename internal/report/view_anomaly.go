package report

import (
	"fmt"
	"slices"
	"strings"

	"selfheal"
)

// anomalyView is one flagged signature as a reader sees it.
type anomalyView struct {
	Kind     string // NEW, RISE, ...
	Flagged  bool
	Answer   string // to whoever asked whether it counts
	Severity string // "" when the records state none
	ID       string
	Title    string
	Why      string
	Facts    []fact // the numbers, in a fixed order
	Chart    *chart
	Sample   []string // lines of an occurrence
	Which    string   // of the occurrences that is: of errors the newest is kept, of all others the first
	Source   string   // where and when the sample was logged
	Frames   []frameView
	Related  []relatedView
}

// relatedView is a signature that seems to mean the same.
type relatedView struct {
	Similarity, Title, ID string
}

// frameView is one stack frame.
type frameView struct {
	Function string
	Place    string // file:line as printed; "" when unknown
	InApp    bool
}

func newAnomalyView(a selfheal.Anomaly, s selfheal.Signature, all selfheal.Assessment) anomalyView {
	v := anomalyView{
		Kind:    oneLine(strings.ToUpper(string(a.Kind)), titleLimit),
		Flagged: a.Flagged(),
		Answer:  "flagged",
		ID:      oneLine(string(a.Signature), titleLimit),
		Title:   oneLine(s.Title, titleLimit),
		Why:     oneLine(a.Why, sentenceLimit),
		Facts:   anomalyFacts(a, all.Window.Watched),
		Chart:   newChart(a, all),
		Source:  oneLine(sampleSource(s.Sample), titleLimit),
		Frames:  frameViews(s),
		Which:   "first",
	}
	if s.IsError() {
		v.Which = "newest"
	}
	if !v.Flagged {
		v.Answer = oneLine("not flagged: "+silences(a.Silence), titleLimit)
	}
	for _, r := range all.Related[a.Signature] {
		similarity := fmt.Sprintf("%.2f", r.Similarity)
		if r.Member {
			similarity = "part"
		}
		v.Related = append(v.Related, relatedView{similarity, oneLine(r.Title, titleLimit), oneLine(string(r.Signature), titleLimit)})
	}
	if v.Title == "" {
		v.Title = v.ID
	}
	if severity := max(a.Severity, s.Severity); severity != selfheal.SeverityUnspecified {
		v.Severity = severity.String()
	}
	if text := strings.TrimSpace(s.Sample.Text); text != "" {
		v.Sample = strings.Split(Visible(text), "\n")
	}
	return v
}

// reachWords says how widely an error occurred.
func reachWords(a selfheal.Anomaly) string {
	var words []string
	switch {
	case a.Instances > 0 && a.Serving > 1:
		words = append(words, count(a.Instances)+" of "+plural(max(a.Serving, a.Instances), "instance"))
	case a.Instances > 0:
		words = append(words, plural(a.Instances, "instance"))
	}
	if a.Traces > 0 {
		words = append(words, plural(a.Traces, "request"))
	}
	return strings.Join(words, ", ")
}

// anomalyFacts leaves out what a build error has not: a build is not a rate.
func anomalyFacts(a selfheal.Anomaly, watched selfheal.Interval) []fact {
	var facts []fact
	add := func(label, value string) { facts = append(facts, newFact(label, value)) }
	seen := count(a.Observed)
	if length := watched.Duration(); length > 0 && a.Observed > 0 && a.Kind != selfheal.AnomalyBuild {
		seen += " (" + rate(float64(a.Observed), length) + ")"
	}
	add("seen", seen)
	if a.Kind == selfheal.AnomalyBuild {
		return facts
	}
	add("expected", amount(a.Expected))
	if a.Ratio.Estimate > 0 && a.Kind != selfheal.AnomalyNew { // a new error has nothing to be compared with
		add("ratio", ratioInterval(a.Ratio))
	}
	add("by chance", chance(a.PValue))
	if reach := reachWords(a); reach != "" {
		add("reach", reach)
	}
	if !a.Onset.IsZero() {
		add("since", clock(a.Onset, watched.From)+" UTC")
	}
	if !a.Detected.IsZero() {
		add("evident at", clock(a.Detected, watched.From)+" UTC")
	}
	return facts
}

// ratioInterval writes ×155 (95 %: 96 to 260).
func ratioInterval(r selfheal.Ratio) string {
	switch {
	case r.Low <= 0 && r.High <= 0:
		return times(r.Estimate)
	case r.High <= 0:
		return fmt.Sprintf("%s (95 %%: at least %s)", times(r.Estimate), amount(r.Low))
	}
	return fmt.Sprintf("%s (95 %%: %s to %s)", times(r.Estimate), amount(r.Low), amount(r.High))
}

func sampleSource(s selfheal.Sample) string {
	var parts []string
	if s.Stream != "" {
		parts = append(parts, location(s.Stream, int(s.Line)))
	}
	if !s.Time.IsZero() {
		parts = append(parts, s.Time.UTC().Format(secondLayout)+" UTC")
	}
	if s.Revision != "" {
		parts = append(parts, "revision "+selfheal.ShortRevision(s.Revision))
	}
	return strings.Join(parts, ", ")
}

// frameViews prefers the sample's frames, which have lines, to the signature's,
// which have only what is stable. Innermost first, all exceptions of the chain.
func frameViews(s selfheal.Signature) []frameView {
	const limit = 60
	var views []frameView
	for _, e := range slices.Backward(s.Sample.Exceptions) {
		for _, f := range e.Frames {
			if len(views) == limit {
				return views
			}
			views = append(views, newFrameView(f))
		}
	}
	if len(views) > 0 {
		return views
	}
	for _, f := range s.Frames[:min(limit, len(s.Frames))] {
		views = append(views, frameView{Function: oneLine(f, titleLimit), InApp: true})
	}
	return views
}

func newFrameView(f selfheal.Frame) frameView {
	name := f.Function
	if f.Package != "" && !strings.Contains(name, f.Package) {
		name = f.Package + "." + name
	}
	return frameView{
		Function: oneLine(name, titleLimit),
		Place:    oneLine(location(f.File, f.Line), titleLimit),
		InApp:    f.InApp,
	}
}
