package app

import (
	"bufio"
	"bytes"
	"context"
	"path"
	"strings"
)

// modules are the prefixes of the service's own code: configured, or read from
// the go.mod files of the deployed repository.
func (a *App) modules(ctx context.Context) []string {
	if len(a.config.Group.Modules) > 0 {
		return a.config.Group.Modules
	}
	files, err := a.repository.ListFiles(ctx, "HEAD")
	if err != nil {
		return nil // an empty repository has no code of its own
	}
	var modules []string
	for _, f := range files {
		if path.Base(f.Path) != "go.mod" || strings.Contains("/"+f.Path, "/testdata/") || strings.Contains("/"+f.Path, "/vendor/") {
			continue
		}
		if text, err := a.repository.File(ctx, "HEAD", f.Path); err == nil {
			if module := moduleOf(text); module != "" {
				modules = append(modules, module)
			}
		}
	}
	return modules
}

// moduleOf reads the module directive of a go.mod file.
func moduleOf(text []byte) string {
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		if rest, found := strings.CutPrefix(strings.TrimSpace(scanner.Text()), "module "); found {
			return strings.Trim(strings.TrimSpace(rest), `"`)
		}
	}
	return ""
}
