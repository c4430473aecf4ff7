package eval

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/source/file"
)

// observed is a case's logs, grouped.
type observed struct {
	signatures []selfheal.Signature
	window     map[selfheal.SignatureID]int64
	baseline   map[selfheal.SignatureID]int64
}

// observe groups both logs of a case.
func observe(ctx context.Context, q Question) (observed, error) {
	g := group.New(group.Options{Now: time.Now})
	window, err := countSignatures(ctx, g, filepath.Join(q.Dir, "window.log"))
	if err != nil {
		return observed{}, err
	}
	seen := observed{signatures: g.Signatures(), window: window}
	// The baseline is grouped afterwards, so that samples are those of the window.
	seen.baseline, err = countSignatures(ctx, g, filepath.Join(q.Dir, "baseline.log"))
	return seen, err
}

func countSignatures(ctx context.Context, g *group.Grouper, path string) (map[selfheal.SignatureID]int64, error) {
	counts := map[selfheal.SignatureID]int64{}
	if stat, err := os.Stat(path); err != nil || stat.Size() == 0 {
		return counts, nil // a case without a baseline has an empty one
	}
	source, err := file.New(file.Config{Patterns: []string{path}})
	if err != nil {
		return nil, err
	}
	stream := g.Stream(path)
	emit := func(_ *selfheal.Record, i group.Index) { counts[g.ID(i)]++ }
	err = source.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
		stream.Write(e, emit)
		return nil
	})
	stream.Close(emit)
	return counts, err
}

// asked gives the anomalies of the signatures that the marker matches, the more frequent first.
func (o observed) asked(marker *regexp.Regexp) ([]selfheal.Anomaly, []selfheal.Signature, error) {
	var (
		anomalies  []selfheal.Anomaly
		signatures []selfheal.Signature
	)
	for _, s := range o.signatures {
		n := o.window[s.ID]
		if n == 0 || !marked(s, marker) {
			continue
		}
		a := selfheal.Anomaly{Signature: s.ID, Kind: selfheal.AnomalyNew, Severity: s.Severity, Observed: n}
		if before := o.baseline[s.ID]; before > 0 {
			a.Kind, a.Expected = selfheal.AnomalyRise, float64(before)
		}
		anomalies, signatures = append(anomalies, a), append(signatures, s)
	}
	if len(anomalies) == 0 {
		return nil, nil, fmt.Errorf("no signature of the window matches %q", marker)
	}
	return anomalies, signatures, nil
}

func marked(s selfheal.Signature, marker *regexp.Regexp) bool {
	if marker.MatchString(s.Sample.Text) || marker.MatchString(s.Title) {
		return true
	}
	for _, e := range s.Sample.Exceptions {
		if marker.MatchString(e.Message) {
			return true
		}
	}
	return false
}
