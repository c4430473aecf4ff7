package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// view is what the readable formats have in common: the report in words, in
// reading order, every string already [Visible]. A nil or empty part is absent
// from the page. Text and HTML only arrange it.
type view struct {
	Word     string // REGRESSION, CLEAN, ...
	Tone     tone
	Subject  string // shop@production 3f9c2a1b7d
	Headline string // without the subject
	Next     string
	Compared []fact

	Anomalies   []anomalyView
	Verdict     *verdictView
	Further     []furtherView // incidents of the deploy with other causes
	Decision    *decisionView
	Repair      *repairView
	PullRequest *pullRequestView
	Outcome     *outcomeView
	Asked       []anomalyView
	SetAside    []asideView
	Unseen      []limitView
	Timeline    []momentView
	Places      []fact
	Colophon    string
}

// tone is the colour family of a status.
type tone string

const (
	toneGood    tone = "good"
	toneBad     tone = "bad"
	toneUnsure  tone = "unsure"
	toneNeutral tone = "neutral"
)

// fact is a labelled line.
type fact struct {
	Label string
	Value string
	Link  string // Value, when it is a web address that is safe to follow
}

// newFact makes both strings visible.
func newFact(label, value string) fact {
	f := fact{Label: oneLine(label, titleLimit), Value: oneLine(value, sentenceLimit)}
	f.Link = webLink(f.Value)
	return f
}

// webLink gives an address that may become a link: of the web, never javascript: or data:.
func webLink(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}

type asideView struct {
	Title  string
	Reason string
	Ratio  string
	Why    string
}

// explanation is the sentence with the numbers, or else the bare reason.
func (a asideView) explanation() string {
	if a.Why != "" {
		return a.Why
	}
	return a.Reason
}

type limitView struct {
	Label  string // the problem's code, "note", or "power"
	Detail string
	Hint   string
	Blocks bool // forbids a judgement
}

type momentView struct {
	Day   string // set on the first entry of each day
	Clock string
	Actor string
	What  string
}

// Lengths of untrusted one-line texts, in characters.
const (
	titleLimit    = 200 // of a signature, a commit or a pull request
	sentenceLimit = 600
)

func newView(r Report) view {
	index := newSignatures(r.Assessment, r.Incident)
	v := view{
		Word: strings.ToUpper(statusWords(r.Status)), Tone: toneOf(r.Status),
		Subject:  oneLine(subject(r.Assessment.Deploy), titleLimit),
		Next:     oneLine(r.Next, sentenceLimit),
		Compared: compared(r.Assessment),
		SetAside: setAside(r.Assessment, index),
		Unseen:   unseen(r.Assessment),
		Timeline: momentViews(r.Timeline),
		Places:   placeFacts(r.Places),
		Colophon: oneLine(fmt.Sprintf("selfheal %s, %s", r.Version, minuteUTC(r.Generated)), titleLimit),
	}
	v.Headline = strings.TrimPrefix(oneLine(r.Headline, sentenceLimit), v.Subject+": ")
	for _, a := range r.Assessment.Anomalies {
		v.Anomalies = append(v.Anomalies, newAnomalyView(a, index[a.Signature], r.Assessment))
	}
	for _, a := range r.Assessment.Asked {
		v.Asked = append(v.Asked, newAnomalyView(a, index[a.Signature], r.Assessment))
	}
	if r.Incident != nil {
		v.addIncident(r.Incident, index)
		v.Further = newFurtherViews(r.Further, index)
	}
	return v
}

func (v *view) addIncident(i *selfheal.Incident, index signatures) {
	if i.Judged != nil {
		v.Verdict = newVerdictView(i.Judged)
	}
	if i.Decision != nil {
		v.Decision = newDecisionView(*i.Decision)
	}
	if i.Repair != nil {
		v.Repair = newRepairView(*i.Repair, i.Opened.Assessment.Deploy.Revision)
	}
	if i.PullRequest != nil {
		v.PullRequest = newPullRequestView(*i.PullRequest)
	}
	if i.Outcome != nil {
		v.Outcome = newOutcomeView(*i.Outcome, index)
	}
}

func statusWords(s selfheal.Status) string {
	return oneLine(strings.ReplaceAll(string(s), "_", " "), titleLimit)
}

func toneOf(s selfheal.Status) tone {
	switch s {
	case selfheal.StatusClean:
		return toneGood
	case selfheal.StatusRegression:
		return toneBad
	case selfheal.StatusNotCaused:
		return toneNeutral
	default:
		return toneUnsure
	}
}

// compared lists what the judgement rests on.
func compared(a selfheal.Assessment) []fact {
	var facts []fact
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, newFact(label, value))
		}
	}
	seen := a.Window.Observability
	add("deploy", deployWords(a.Deploy))
	add("page", a.Deploy.URL)
	add("baseline", coverageWords(a.Window.Baseline, seen.Baseline))
	add("window", coverageWords(a.Window.Watched, seen.Watched))
	add("revisions", revisionWords(seen.Watched.Revisions))
	if a.Tested > 0 {
		add("compared", fmt.Sprintf("%s: %s flagged, %s set aside", plural(int64(a.Tested), "signature"),
			count(int64(len(a.Anomalies))), count(int64(len(a.SetAside)))))
	}
	return facts
}

func deployWords(d selfheal.Deploy) string {
	verb := " replaced "
	if d.Status == selfheal.DeployBuildFailed || d.Status == selfheal.DeployFailed {
		verb = " was to replace "
	}
	text := selfheal.ShortRevision(d.Revision)
	if d.Previous != "" {
		text += verb + selfheal.ShortRevision(d.Previous)
	}
	if !d.Time.IsZero() {
		text += " on " + d.Time.UTC().Format(secondLayout) + " UTC"
	}
	text += by(d.By)
	switch d.Status {
	case selfheal.DeployBuildFailed:
		text += "; its build failed"
	case selfheal.DeployFailed:
		text += "; it never became healthy"
	default:
	}
	return text
}

func coverageWords(i selfheal.Interval, c selfheal.Coverage) string {
	if i == (selfheal.Interval{}) && c.Records == 0 {
		return ""
	}
	text := plural(c.Records, "record")
	if c.Bytes > 0 {
		text += ", " + byteSize(c.Bytes)
	}
	if c.Streams > 0 {
		text += " in " + plural(int64(c.Streams), "stream")
	}
	return interval(i) + ", " + text
}

// revisionWords lists the revisions that the window's records state, most frequent first.
func revisionWords(revisions map[string]int64) string {
	const shown = 4
	ids := slices.SortedFunc(maps.Keys(revisions), func(a, b string) int {
		if revisions[a] != revisions[b] {
			return int(max(-1, min(1, revisions[b]-revisions[a])))
		}
		return strings.Compare(a, b)
	})
	var words []string
	for _, id := range ids[:min(shown, len(ids))] {
		words = append(words, selfheal.ShortRevision(id)+" in "+plural(revisions[id], "record"))
	}
	if more := len(ids) - shown; more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return list(words)
}

func setAside(a selfheal.Assessment, index signatures) []asideView {
	var views []asideView
	for _, anomaly := range a.SetAside {
		views = append(views, asideView{
			Title:  oneLine(index.title(anomaly.Signature), titleLimit),
			Reason: oneLine(silences(anomaly.Silence), titleLimit),
			Ratio:  oneLine(ratioWords(anomaly), titleLimit),
			Why:    oneLine(anomaly.Why, sentenceLimit),
		})
	}
	return views
}

// ratioWords is the ratio in one word: "new" where there is nothing to divide by.
func ratioWords(a selfheal.Anomaly) string {
	if a.Ratio.Estimate <= 0 {
		return string(a.Kind)
	}
	return times(a.Ratio.Estimate)
}

func unseen(a selfheal.Assessment) []limitView {
	var views []limitView
	add := func(p selfheal.Problem, blocks bool) {
		views = append(views, limitView{
			Label:  oneLine(strings.ReplaceAll(string(p.Code), "-", " "), titleLimit),
			Detail: oneLine(p.Detail, sentenceLimit), Hint: oneLine(p.Hint, sentenceLimit), Blocks: blocks,
		})
	}
	for _, p := range a.Window.Observability.Problems {
		add(p, true)
	}
	for _, p := range a.Window.Observability.Notes {
		add(p, false)
	}
	if a.Power != "" {
		add(selfheal.Problem{Code: "power", Detail: a.Power}, false)
	}
	return views
}

func momentViews(moments []Moment) []momentView {
	var views []momentView
	var day time.Time
	for _, m := range moments {
		v := momentView{
			Clock: m.Time.UTC().Format(clockLayout),
			Actor: oneLine(m.Actor, titleLimit), What: oneLine(m.What, sentenceLimit),
		}
		if today := m.Time.UTC().Truncate(24 * time.Hour); !today.Equal(day) {
			day, v.Day = today, today.Format(dayLayout)
		}
		views = append(views, v)
	}
	return views
}

func placeFacts(places []Place) []fact {
	var facts []fact
	for _, p := range places {
		facts = append(facts, newFact(p.Label, p.Path))
	}
	return facts
}
