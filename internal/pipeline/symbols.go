package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"selfheal/internal/repair"
)

// maxSymbols bounds how many places of a name are listed.
const maxSymbols = 40

// symbols looks names up in the source index of a revision; nil where nothing is indexed.
func (p *Pipeline) symbols(in repair.Input) func(ctx context.Context, revision, name string) (string, error) {
	if p.SourceIndex == nil {
		return nil
	}
	return func(ctx context.Context, revision, name string) (string, error) {
		entries, err := in.Workspace.ListFiles(ctx, revision)
		if err != nil {
			return "", err
		}
		x, err := p.SourceIndex(in.Incident.Opened.Repository).Index(ctx, in.Workspace.Repository, entries)
		if err != nil {
			return "", errors.New("the code cannot be indexed")
		}
		var out strings.Builder
		for _, d := range x.Defining(name)[:min(maxSymbols, len(x.Defining(name)))] {
			fmt.Fprintf(&out, "defined at %s:%d\n", d.Path, d.Function.Start)
		}
		callers := x.Callers(name, maxSymbols)
		for _, c := range callers[:min(maxSymbols, len(callers))] {
			if c.Hops == 1 {
				fmt.Fprintf(&out, "used by %s at %s:%d\n", c.Function.Name, c.Path, c.Function.Start)
			}
		}
		if out.Len() == 0 {
			return "no function of that name is known: search for it", nil
		}
		return out.String(), nil
	}
}
