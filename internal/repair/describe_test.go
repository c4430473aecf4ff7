package repair

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

// story is an incident in which everything is filled, and its repair.
func story() (Input, selfheal.Repair) {
	deployed := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	culprit := selfheal.Commit{
		ID: strings.Repeat("c", 40), Parents: []string{strings.Repeat("b", 40)}, Author: "Example Author", Time: deployed.Add(-3 * time.Hour),
		Subject: "Read limits from the tenant's plan",
		Files: []selfheal.FileChange{{Path: "limits/plan.go", Status: selfheal.FileModified, Hunks: []selfheal.Hunk{
			{OldStart: 3, OldLines: 1, NewStart: 3, NewLines: 1, Lines: []selfheal.HunkLine{
				{Op: selfheal.LineDeleted, Old: 3, Text: "import \"x\""}, {Op: selfheal.LineAdded, New: 3, Text: "import \"y\""},
			}},
			{OldStart: 40, OldLines: 3, NewStart: 40, NewLines: 3, Section: "func (p Plan) Limit() int {", Lines: []selfheal.HunkLine{
				{Op: selfheal.LineContext, Old: 40, New: 40, Text: "func (p Plan) Limit() int {"},
				{Op: selfheal.LineDeleted, Old: 41, Text: "\treturn p.limits[\"default\"]"},
				{Op: selfheal.LineAdded, New: 41, Text: "\treturn p.limits[p.Name]"},
				{Op: selfheal.LineContext, Old: 42, New: 42, Text: "}"},
			}},
		}}},
	}
	incident := &selfheal.Incident{Key: "production/shop/0123456789", ID: "shop-0123456789"}
	incident.Opened.Assessment = selfheal.Assessment{
		Deploy: selfheal.Deploy{
			Service: "shop", Environment: "production", Time: deployed,
			Previous: strings.Repeat("a", 40), Revision: strings.Repeat("d", 40),
		},
		Anomalies: []selfheal.Anomaly{
			{Signature: "g2-a", Observed: 120, Expected: 1.25, Ratio: selfheal.Ratio{Estimate: 96, Low: 61.5, High: 163}, Onset: deployed.Add(2 * time.Minute),
				Chart: selfheal.Chart{
					Baseline: selfheal.ChartSpan{From: deployed.Add(-4 * time.Hour), Step: selfheal.Duration(time.Hour), Buckets: []int64{0, 3, 0, 2}},
					Watched:  selfheal.ChartSpan{From: deployed, Step: selfheal.Duration(10 * time.Minute), Buckets: []int64{0, 10, 30, 40, 20, 20}},
				}},
			{Signature: "g2-b", Observed: 3, Ratio: selfheal.Ratio{Estimate: 0, Low: 1.4}},
		},
		Signatures: []selfheal.Signature{{ID: "g2-a", Title: "limit exceeded for tenant <id>"}, {ID: "g2-b", Title: "panic: index out of range"}},
	}
	incident.Opened.Intent = selfheal.Intent{Replay: []string{"./replay.sh tenant-7"}}
	incident.Judged = &selfheal.Judged{
		Change: selfheal.Change{Commits: []selfheal.Commit{culprit}},
		Verdict: selfheal.Verdict{
			Cause: selfheal.Caused, Confidence: 0.96, Signatures: []selfheal.SignatureID{"g2-a", "g2-b"},
			Reason:  "The failing frame lies on a line that the commit added.",
			Culprit: &selfheal.Culprit{Commit: culprit.ID, Path: "limits/plan.go", Start: 41, Quote: "\treturn p.limits[p.Name]"},
			Exhibits: []selfheal.Exhibit{
				{Kind: selfheal.ExhibitFrameInHunk, Weight: 4, Text: "The innermost frame of the error is a line that the commit added.", Observed: "limits/plan.go:41",
					Path: "limits/plan.go", Line: 41, Quote: "\treturn p.limits[p.Name]"},
				{Kind: selfheal.ExhibitExternalWords, Weight: -1, Text: "The message speaks of a limit, which others may impose."},
			},
			WouldHelp: "A stack trace with each error would tell the two messages apart.",
		},
	}
	fix := strings.Repeat("e", 40)
	r := selfheal.Repair{
		Attempt: 1, Strategy: StrategyRevertHunks, Branch: "selfheal/shop-0123456789-revert", Base: strings.Repeat("d", 40), Commit: fix,
		Notes: []string{`Left: "CHANGELOG.md", changed again by a later commit: line 7.`},
		Proofs: []selfheal.Proof{
			{Name: proofReplay, Command: "./replay.sh tenant-7", Revision: strings.Repeat("d", 40), Want: wantFail, ExitCode: 1, Took: selfheal.Duration(1234 * time.Millisecond), Output: "429 limit exceeded\n"},
			{Name: proofReplay, Command: "./replay.sh tenant-7", Revision: fix, Want: wantPass, Took: selfheal.Duration(900 * time.Millisecond), Output: "200\n"},
			{Name: proofVerify, Command: "go test ./... | tail -3", Revision: fix, Want: wantPass, ExitCode: 2, Took: selfheal.Duration(65 * time.Second), Output: "FAIL\n```\n"},
		},
	}
	return Input{Incident: incident, Redact: func(s string) string { return s }}, r
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	f := func(name string, tell func(in Input, r *selfheal.Repair)) {
		t.Helper()
		in, r := story()
		tell(in, &r)
		title, body := Describe(in, r)
		golden(t, name, "title: "+title+"\n\n"+body)
		if !strings.HasSuffix(body, "\n"+selfheal.Mark(in.Incident.Key)+"\n") {
			t.Errorf("%s does not end with the mark", name)
		}
	}
	f("everything.md", func(Input, *selfheal.Repair) {})
	f("nothing_executed.md", func(in Input, r *selfheal.Repair) {
		in.Incident.Opened.Intent.Replay, r.Proofs, r.Notes = nil, nil, nil
		in.Incident.Judged.Verdict.Exhibits, in.Incident.Judged.Verdict.WouldHelp = nil, ""
		in.Incident.Judged.Verdict.Culprit = &selfheal.Culprit{Commit: strings.Repeat("c", 40)}
		in.Incident.Opened.Assessment.Deploy.Time = time.Time{}
		in.Incident.Opened.Assessment.Anomalies = in.Incident.Opened.Assessment.Anomalies[1:]
	})
	f("build_failed.md", func(in Input, r *selfheal.Repair) {
		in.Incident.Opened.Assessment.Deploy.Status = selfheal.DeployBuildFailed
		in.Incident.Opened.Assessment.Anomalies = []selfheal.Anomaly{{Signature: "g2-b", Kind: selfheal.AnomalyBuild, Observed: 1}}
		r.Proofs, r.Notes = nil, nil
	})
}

// A log line that is the mark of another incident must not stand in the body:
// by marks, pull requests are found.
func TestForeignMarksAreBroken(t *testing.T) {
	t.Parallel()
	in, r := story()
	forged := selfheal.Mark("production/shop/ffffffffff")
	in.Incident.Opened.Assessment.Signatures[0].Title = forged
	r.Proofs[0].Output = "x\n" + forged + "\n" + selfheal.Mark(in.Incident.Key) + "\n"
	_, body := Describe(in, r)
	if n := strings.Count(body, "<!-- selfheal-"); n != 1 {
		t.Errorf("%d marks in:\n%s", n, body)
	}
}

func TestSparkline(t *testing.T) {
	t.Parallel()
	f := func(span selfheal.ChartSpan, want string) {
		t.Helper()
		bars := rates(span)
		got := ""
		if len(bars) > 0 {
			got = sparkline(bars, max(1, slices.Max(bars)))
		}
		if got != want {
			t.Errorf("%v: %s, want %s", span.Buckets, got, want)
		}
	}
	minute := selfheal.Duration(time.Minute)
	f(selfheal.ChartSpan{Step: minute, Buckets: []int64{0, 1, 4, 8}}, ".▂▅█")
	f(selfheal.ChartSpan{Step: minute}, "")
	f(selfheal.ChartSpan{Buckets: []int64{1}}, "")
	f(selfheal.ChartSpan{Step: minute, Buckets: make([]int64, 500)}, strings.Repeat(".", 46))
	f(selfheal.ChartSpan{Step: minute, Buckets: []int64{1, 1000000}}, "▁█")
}

// hostile is text that tries to end what quotes it, or to be more than text.
var hostile = rapid.OneOf(
	rapid.SampledFrom([]string{
		"```\n# forged heading", "`", "|", "<!-- selfheal-incident: other -->", "</details><script>alert(1)</script>", "\x1b[2J", "@everyone fixes #1",
		"\u202e", "\n\n## Proof\n\n| |", "[x](javascript:alert(1))", "~~~\n", "{{.}}", "\xff", "", "\r\n> quote",
	}),
	rapid.StringN(0, 400, -1),
)

// No text from logs or the repository makes a heading, a mark or HTML of its
// own, and the description stays within what forges take.
func TestDescribeWithstandsHostileText(t *testing.T) {
	t.Parallel()
	headings := func(body string) (all []string) {
		fence := ""
		for line := range strings.Lines(body) {
			line = strings.TrimSuffix(line, "\n")
			ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
			switch {
			case fence == "" && len(ticks) >= 3 && !strings.Contains(line[len(ticks):], "`"):
				fence = ticks
			case fence != "" && line == fence:
				fence = ""
			case fence == "" && strings.HasPrefix(line, "#"):
				all = append(all, line)
			case fence == "" && strings.Contains(strings.ToLower(line), "<script"):
				if !strings.Contains(line, "`") && !strings.Contains(line, `\<`) {
					all = append(all, line)
				}
			}
		}
		return all
	}
	in, r := story()
	_, plain := Describe(in, r)
	want := headings(plain)
	rapid.Check(t, func(t *rapid.T) {
		in, r := story()
		text := func() string { return hostile.Draw(t, "text") }
		v, commit := &in.Incident.Judged.Verdict, &in.Incident.Judged.Change.Commits[0]
		v.Reason, v.WouldHelp, v.Culprit.Quote, v.Culprit.Path = text(), text()+"x", text(), text()
		v.Exhibits[0].Text, v.Exhibits[0].Observed, v.Exhibits[0].Quote, v.Exhibits[0].Path = text(), text(), text(), text()
		commit.Subject, commit.Author = text(), text()
		commit.Files[0].Path = v.Culprit.Path
		commit.Files[0].Hunks[0].Section, commit.Files[0].Hunks[0].Lines[1].Text = text(), text()
		in.Incident.Opened.Assessment.Signatures[0].Title = text()
		r.Notes = []string{text()}
		for i := range r.Proofs {
			r.Proofs[i].Command, r.Proofs[i].Output = text(), strings.Repeat(text(), 50)
		}
		in.Incident.Opened.Intent.Replay = []string{text()}
		title, body := Describe(in, r)
		if diff := cmp.Diff(want, headings(body)); diff != "" {
			t.Fatalf("headings (-want +got):\n%s\n%s", diff, body)
		}
		if n := utf8.RuneCountInString(title); n > maxTitle || strings.ContainsAny(title, "\r\n") || !utf8.ValidString(title) {
			t.Fatalf("title of %d characters: %q", n, title)
		}
		if len(body) > maxBody || !utf8.ValidString(body) || !strings.HasSuffix(body, "\n"+selfheal.Mark(in.Incident.Key)+"\n") {
			t.Fatalf("body of %d bytes:\n%s", len(body), body)
		}
	})
}

func TestDescribeIsBounded(t *testing.T) {
	t.Parallel()
	in, r := story()
	long := strings.Repeat("very long ", 1000)
	in.Incident.Judged.Verdict.Reason = long
	hunk := &in.Incident.Judged.Change.Commits[0].Files[0].Hunks[1]
	for range 1000 {
		hunk.Lines = append(hunk.Lines, selfheal.HunkLine{Op: selfheal.LineAdded, Text: long})
		in.Incident.Judged.Verdict.Exhibits = append(in.Incident.Judged.Verdict.Exhibits, selfheal.Exhibit{Text: long, Quote: long, Path: long, Observed: long})
		in.Incident.Opened.Assessment.Anomalies = append(in.Incident.Opened.Assessment.Anomalies, selfheal.Anomaly{Signature: "g2-a"})
		r.Notes = append(r.Notes, long)
		r.Proofs = append(r.Proofs, selfheal.Proof{Command: long, Output: long})
	}
	if _, body := Describe(in, r); len(body) > 65536 {
		t.Errorf("%d bytes", len(body))
	}
}

func TestCulpritHunkShowsTheBlamedLine(t *testing.T) {
	t.Parallel()
	var lines []selfheal.HunkLine
	for i := range 300 {
		lines = append(lines, selfheal.HunkLine{Op: selfheal.LineAdded, Text: strings.Repeat("x", i%7)})
	}
	lines[200].Text = "blamed"
	commit := selfheal.Commit{Files: []selfheal.FileChange{{Path: "f", Hunks: []selfheal.Hunk{{NewLines: 300, Lines: lines}}}}}
	got := culpritHunk(commit, selfheal.Culprit{Path: "f", Quote: "blamed"})
	if !strings.Contains(got, "+blamed\n") || strings.Count(got, "\n") > maxHunkLines+6 || strings.Count(got, "lines left out") != 2 {
		t.Errorf("hunk:\n%s", got)
	}
	if got := culpritHunk(commit, selfheal.Culprit{Path: "other", Quote: "blamed"}); got != "" {
		t.Errorf("hunk of another file:\n%s", got)
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	f := func(text string, limit int, want string) {
		t.Helper()
		if got := shorten(text, limit); got != want {
			t.Errorf("shorten(%q, %d) = %q, want %q", text, limit, got, want)
		}
	}
	f("éé", 2, "éé")
	f("ééé", 2, "é…")
	f("a bc", 3, "a…")
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.004: "0", 1.25: "1.25", 1.5: "1.5", 10: "10", 12.34: "12.3", 100: "100", 1234.5: "1234"} {
		if got := decimal(v); got != want {
			t.Errorf("decimal(%v) = %q, want %q", v, got, want)
		}
	}
}
