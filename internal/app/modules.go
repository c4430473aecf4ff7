package app

import (
	"context"
	"fmt"

	"selfheal/internal/git"
	"selfheal/internal/modules"
)

// modules are the prefixes of the service's own code: configured, or found in
// the build files and sources of the deployed repository.
func (a *App) modules(ctx context.Context) ([]string, error) {
	if len(a.config.Group.Modules) > 0 {
		return a.config.Group.Modules, nil
	}
	entries, err := a.repository.ListFiles(ctx, "HEAD")
	if err != nil {
		return nil, ctx.Err() // an empty repository has no code of its own
	}
	files := make([]modules.File, 0, len(entries))
	blobs := make(map[string]string, len(entries))
	for _, e := range entries {
		if !e.Symlink {
			files = append(files, modules.File{Path: e.Path, Size: e.Size})
			blobs[e.Path] = e.Blob
		}
	}
	found, err := modules.Find(files, readBlobs(ctx, a.repository, blobs))
	if err != nil {
		return nil, fmt.Errorf("find the modules of the service: %w", err)
	}
	return found, nil
}

// readBlobs reads files of a revision, given the object that each path has there.
func readBlobs(ctx context.Context, r *git.Repository, blobs map[string]string) modules.Read {
	return func(paths []string, limit int64, f func(string, []byte)) error {
		ids := make([]string, len(paths))
		for i, path := range paths {
			ids[i] = blobs[path]
		}
		return r.ReadBlobs(ctx, ids, limit, func(i int, content []byte, ok bool) error {
			if ok {
				f(paths[i], content)
			}
			return nil
		})
	}
}
