package report

import (
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"selfheal"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// sourceRoot stands for wherever the reader has checked the repository out.
	sourceRoot = "%SRCROOT%"
	// fingerprintName carries a version of its own, as the specification asks.
	fingerprintName = "selfhealSignature/v1"
)

// SARIF writes the report as SARIF 2.1.0: one result per anomaly, at the culprit
// line where there is one, with the exhibits as related locations and the
// newest stack. Paths of the repository are relative to %SRCROOT%. When nothing
// could be observed the invocation is unsuccessful and its notifications say
// why, so that no reader takes the empty list for a clean bill.
func SARIF(w io.Writer, r Report) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "selfheal", Version: oneLine(r.Version, titleLimit), Rules: sarifRules(), Notifications: sarifNotices(r.Assessment),
		}},
		Automation: sarifAutomation{oneLine("selfheal/"+r.Assessment.Deploy.Key(), titleLimit)},
		Bases: map[string]sarifArtifactLocation{
			sourceRoot: {Description: &sarifMessage{"root of the service's repository"}},
		},
		Provenance: sarifProvenances(r),
		Invoked:    []sarifInvocation{sarifInvoked(r)},
		Results:    []sarifResult{},
	}
	index := newSignatures(r.Assessment, r.Incident)
	for _, a := range r.Assessment.Anomalies {
		run.Results = append(run.Results, newSarifResult(r, a, index[a.Signature]))
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// sarifKinds fixes the order of the rules, which results refer to by index.
func sarifKinds() []selfheal.AnomalyKind {
	return []selfheal.AnomalyKind{
		selfheal.AnomalyNew, selfheal.AnomalyRise, selfheal.AnomalyDrop, selfheal.AnomalyShift, selfheal.AnomalyBuild, selfheal.AnomalyMonitor,
	}
}

func sarifRules() []sarifDescriptor {
	var rules []sarifDescriptor
	for _, kind := range sarifKinds() {
		name, short, full := ruleWords(kind)
		rules = append(rules, sarifDescriptor{
			ID: "selfheal/" + string(kind), Name: name, Short: &sarifMessage{short}, Full: &sarifMessage{full},
			Default: &sarifConfiguration{"error"},
		})
	}
	return rules
}

func ruleWords(kind selfheal.AnomalyKind) (name, short, full string) {
	switch kind {
	case selfheal.AnomalyNew:
		return "NewErrorAfterDeploy", "An error appeared with the deploy.",
			"The logs after the deploy hold an error that the baseline before it does not."
	case selfheal.AnomalyRise:
		return "RisenErrorAfterDeploy", "An error became more frequent with the deploy.",
			"The logs after the deploy hold an error more often than its rate in the baseline explains."
	case selfheal.AnomalyDrop:
		return "SilentAfterDeploy", "A message went silent with the deploy.",
			"The logs after the deploy lack a message that the baseline makes probable."
	case selfheal.AnomalyShift:
		return "ShiftedErrorAfterDeploy", "Another error than before became the most frequent of its kind.",
			"Of the errors that mean the same, another one than in the baseline dominates the logs after the deploy."
	case selfheal.AnomalyBuild:
		return "BuildError", "The build failed with this error.",
			"The deployed revision could not be built; this is an error that the build printed."
	default:
		return "MonitorCrossed", "A monitor crossed its bound.", "A configured monitor crossed its bound after the deploy."
	}
}

// sarifProvenances names the repository when its address is a URI, as the format demands.
func sarifProvenances(r Report) []sarifProvenance {
	if r.Incident == nil {
		return nil
	}
	u, err := url.Parse(Visible(r.Incident.Opened.Repository))
	if err != nil || u.Host == "" || u.Scheme == "" {
		return nil
	}
	u.User = nil
	return []sarifProvenance{{
		Repository: u.String(), Revision: oneLine(r.Assessment.Deploy.Revision, titleLimit), MappedTo: sarifArtifactLocation{Base: sourceRoot},
	}}
}

func sarifInvoked(r Report) sarifInvocation {
	seen := r.Assessment.Window.Observability
	invocation := sarifInvocation{
		Successful: len(seen.Problems) == 0, ExitCode: r.ExitCode, ExitReason: statusWords(r.Status),
		End: r.Generated.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	add := func(p selfheal.Problem, level string) {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{
			Descriptor: sarifReference{noticeID(p.Code)}, Level: level,
			Message: sarifMessage{oneLine(strings.TrimSpace(p.Detail+" "+p.Hint), sentenceLimit)},
		})
	}
	for _, p := range seen.Problems {
		add(p, "error")
	}
	for _, p := range seen.Notes {
		add(p, "note")
	}
	return invocation
}

func noticeID(code selfheal.ProblemCode) string {
	return "selfheal/observability/" + oneLine(string(code), titleLimit)
}

// sarifNotices describes each notification that occurs, once.
func sarifNotices(a selfheal.Assessment) []sarifDescriptor {
	seen := a.Window.Observability
	var notices []sarifDescriptor
	for _, p := range slices.Concat(seen.Problems, seen.Notes) {
		id := noticeID(p.Code)
		if !slices.ContainsFunc(notices, func(d sarifDescriptor) bool { return d.ID == id }) {
			notices = append(notices, sarifDescriptor{ID: id})
		}
	}
	return notices
}

func newSarifResult(r Report, a selfheal.Anomaly, s selfheal.Signature) sarifResult {
	result := sarifResult{
		RuleID: "selfheal/" + string(a.Kind), RuleIndex: slices.Index(sarifKinds(), a.Kind),
		Fingerprints: map[string]string{fingerprintName: oneLine(string(a.Signature), titleLimit)},
		Stacks:       sarifStacks(s.Sample),
		Properties: sarifProperties{
			Signature: oneLine(string(a.Signature), titleLimit), Observed: a.Observed, Expected: a.Expected, PValue: a.PValue,
		},
	}
	if result.RuleIndex < 0 { // a kind from a newer journal
		result.RuleID = "selfheal/" + oneLine(string(a.Kind), titleLimit)
	}
	verdict := covering(r.Incident, a.Signature)
	result.Level = sarifLevel(verdict)
	result.Message = sarifMessage{sarifText(r, verdict, a, s)}
	if verdict != nil {
		result.Properties.Confidence = verdict.Confidence
		result.Locations = culpritLocations(r.Assessment.Deploy, verdict)
		result.Related = exhibitLocations(verdict, a.Signature)
	}
	if len(result.Locations) == 0 {
		service := r.Assessment.Deploy.Service
		result.Locations = []sarifLocation{{Logical: []sarifLogical{{oneLine(service, titleLimit), "service"}}}}
	}
	return result
}

// covering gives the verdict when it covers the signature, or nil.
func covering(i *selfheal.Incident, id selfheal.SignatureID) *selfheal.Verdict {
	if i == nil || i.Verdict() == nil || !slices.Contains(i.Verdict().Signatures, id) {
		return nil
	}
	return i.Verdict()
}

func sarifLevel(v *selfheal.Verdict) string {
	switch {
	case v == nil:
		return "warning"
	case v.Cause == selfheal.Caused:
		return "error"
	case v.Cause == selfheal.NotCaused:
		return "note"
	}
	return "warning"
}

func sarifText(r Report, v *selfheal.Verdict, a selfheal.Anomaly, s selfheal.Signature) string {
	title := s.Title
	if title == "" {
		title = string(a.Signature)
	}
	text := strings.TrimSpace(sentence(oneLine(title, titleLimit)) + ". " + a.Why)
	if v == nil {
		return oneLine(text, sentenceLimit)
	}
	text += " Verdict: " + sureWords(*v) + "."
	if v.Culprit != nil {
		text += " Culprit: " + commitPhrase(r.Incident.Judged, v.Culprit) + "."
	}
	return oneLine(text, sentenceLimit)
}

// culpritLocations is empty when no line is blamed.
func culpritLocations(d selfheal.Deploy, v *selfheal.Verdict) []sarifLocation {
	c := v.Culprit
	if c == nil || c.Path == "" {
		return nil
	}
	where := sarifPlace(c.Path, c.Start, c.End, c.Quote)
	if where.Physical == nil {
		return nil
	}
	if c.Revision != "" && c.Revision == d.Previous {
		where.Message = &sarifMessage{"This line was deleted; its number is that of revision " + oneLine(selfheal.ShortRevision(c.Revision), titleLimit) + "."}
	}
	return []sarifLocation{where}
}

// exhibitLocations are the places in the repository that the evidence points at.
func exhibitLocations(v *selfheal.Verdict, id selfheal.SignatureID) []sarifLocation {
	var places []sarifLocation
	for _, e := range v.Exhibits {
		if e.Path == "" || e.Signature != "" && e.Signature != id {
			continue
		}
		place := sarifPlace(e.Path, e.Line, 0, e.Quote)
		if place.Physical == nil {
			continue
		}
		place.ID = len(places) + 1
		place.Message = &sarifMessage{oneLine(e.Text, sentenceLimit)}
		places = append(places, place)
	}
	return places
}

// sarifPlace is a line of a file of the repository; without a physical location
// when the path names none.
func sarifPlace(file string, start, end int, quote string) sarifLocation {
	uri := fileURI(file)
	if uri == "" {
		return sarifLocation{}
	}
	physical := &sarifPhysical{Artifact: sarifArtifactLocation{URI: uri, Base: sourceRoot}}
	if strings.HasPrefix(uri, "file:") {
		physical.Artifact.Base = ""
	}
	if start > 0 {
		physical.Region = &sarifRegion{Start: start, End: max(start, end)}
		if quote != "" {
			physical.Region.Snippet = &sarifMessage{oneLine(quote, sentenceLimit)}
		}
	}
	return sarifLocation{Physical: physical}
}

func sarifStacks(sample selfheal.Sample) []sarifStack {
	const limit = 60
	var stacks []sarifStack
	for _, e := range sample.Exceptions {
		stack := sarifStack{Message: sarifMessage{oneLine(strings.TrimSuffix(e.Type+": "+e.Message, ": "), titleLimit)}, Frames: []sarifFrame{}}
		for _, f := range e.Frames[:min(limit, len(e.Frames))] {
			where := sarifLocation{Logical: []sarifLogical{{newFrameView(f).Function, "function"}}}
			where.Physical = sarifPlace(f.File, f.Line, 0, "").Physical
			stack.Frames = append(stack.Frames, sarifFrame{where})
		}
		stacks = append(stacks, stack)
	}
	return stacks
}

// fileURI makes a path a URI reference: relative ones stay relative and never
// leave the root, absolute ones become file URIs. It is empty for the root itself.
func fileURI(file string) string {
	file = Visible(strings.ReplaceAll(file, `\`, "/"))
	if drive := len(file) > 1 && file[1] == ':'; drive {
		file = "/" + file
	}
	if strings.HasPrefix(file, "/") {
		return (&url.URL{Scheme: "file", Path: path.Clean(file)}).String()
	}
	return (&url.URL{Path: strings.TrimPrefix(path.Clean("/"+file), "/")}).String()
}
