package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"selfheal"
	"selfheal/internal/eval"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
	"selfheal/internal/triage"
)

// TriageRequest asks which change caused errors that are given.
type TriageRequest struct {
	Incident   string    // id of an incident to judge again; or:
	Errors     []string  // patterns of files with the errors' log lines or stack traces; "-" is Stdin
	Base, Head string    // revisions, in any spelling that git knows
	Service    string    // empty: from the configuration
	DeployedAt time.Time // zero: not known
	CommandRequest
	CauseRequest
	Stdin io.Reader
}

// Triage judges a change. Nothing is journalled.
func (a *App) Triage(ctx context.Context, r TriageRequest) (report.Report, error) {
	p, err := a.Pipeline(ctx, "triage")
	if err != nil {
		return report.Report{}, err
	}
	opened, err := a.question(ctx, p, r)
	if err != nil {
		return report.Report{}, err
	}
	if opened.Intent, err = a.intent(r.CommandRequest, r.CauseRequest); err != nil {
		return report.Report{}, err
	}
	earlier, err := a.earlier(ctx, opened.Assessment, r.CauseRequest)
	if err != nil {
		return report.Report{}, err
	}
	if len(earlier) > 0 || r.Lookback != "" {
		opened.Earlier = earlier
	}
	a.settings.Progress("examining the change")
	incidents, err := p.Examine(ctx, opened)
	if err != nil {
		return report.Report{}, err
	}
	return a.report(opened.Assessment, incidents...), nil
}

// question is what is asked about: the errors of an incident, or those that are given.
func (a *App) question(ctx context.Context, p *pipeline.Pipeline, r TriageRequest) (selfheal.Opened, error) {
	if r.Incident != "" {
		incident, err := a.incident(ctx, r.Incident)
		if err != nil {
			return selfheal.Opened{}, err
		}
		return incident.Opened, nil
	}
	plan, err := a.plan(ctx, CheckRequest{Base: r.Base, Head: r.Head, Service: r.Service, DeployedAt: r.DeployedAt})
	if err != nil {
		return selfheal.Opened{}, err
	}
	source, err := logSource(r.Errors, r.Stdin)
	if err != nil {
		return selfheal.Opened{}, err
	}
	return p.Given(ctx, plan, a.repository.Directory(), source)
}

// ClassifiedFile is a file with its class and the rule that gave it.
type ClassifiedFile struct {
	Path   string             `json:"path"`
	Class  selfheal.FileClass `json:"class"`
	Rule   string             `json:"rule"`
	Blamed bool               `json:"can_be_blamed"` // it has a part in what is deployed
}

// Classify gives the classes of the files that changed between two revisions,
// looked into as triage does; without a base, of all files of head.
func (a *App) Classify(ctx context.Context, base, head string) ([]ClassifiedFile, error) {
	classifier, err := triage.NewClassifier(overrides(a.config.Triage.Classes))
	if err != nil {
		return nil, err
	}
	if head, err = a.repository.Resolve(ctx, head); err != nil {
		return nil, err
	}
	if base == "" {
		return a.classifyAll(ctx, classifier, head)
	}
	if base, err = a.repository.Resolve(ctx, base); err != nil {
		return nil, err
	}
	change, err := triage.ReadChange(ctx, a.repository, base, head, classifier)
	if err != nil {
		return nil, err
	}
	files := make([]ClassifiedFile, 0, len(change.Files))
	for _, f := range change.Files {
		files = append(files, ClassifiedFile{f.Path, f.Class, f.Rule, f.Class.Deployable()})
	}
	return files, nil
}

// contentLimit is how much of a file is looked at.
const contentLimit = 1 << 20

func (a *App) classifyAll(ctx context.Context, classifier *triage.Classifier, head string) ([]ClassifiedFile, error) {
	entries, err := a.repository.ListFiles(ctx, head)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = head + ":" + e.Path
	}
	files := make([]ClassifiedFile, len(entries))
	err = a.repository.ReadBlobs(ctx, names, contentLimit, func(i int, content []byte, ok bool) error {
		if !ok {
			content = nil
		}
		class, rule := classifier.Classify(entries[i].Path, content)
		files[i] = ClassifiedFile{entries[i].Path, class, rule, class.Deployable()}
		return nil
	})
	return files, err
}

// Eval scores triage on folders of labelled cases, and writes the tables.
func Eval(ctx context.Context, w io.Writer, folders []string, repositories string, placebos bool, lookback int) error {
	var cases []eval.Case
	for _, folder := range folders {
		loaded, err := eval.Load(folder)
		if err != nil {
			return err
		}
		cases = append(cases, loaded...)
	}
	results, err := (&eval.Runner{Mirrors: repositories, Placebos: placebos, Lookback: lookback}).Run(ctx, cases)
	if err != nil {
		return fmt.Errorf("judge cases: %w", err)
	}
	return eval.Print(w, results)
}
