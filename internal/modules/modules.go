// Package modules finds the names by which stack traces tell a service's own
// code from its dependencies: "example.com/shop", "com.acme.shop", "Shop.Api".
//
// In go the files of one revision of the service's repository; out come the
// prefixes that the names of its packages, namespaces and modules have. They are
// read from what the build tool reads, and where sources say in their first
// lines what they belong to, the sources have the last word: a Maven group may
// be the parent's, and a namespace need not have the project's name.
//
// Read are Go (go.mod), the JVM (pom.xml, build.gradle, gradle.properties, package
// clauses), .NET (project files, namespace declarations), Elixir (mix.exs,
// defmodule), PHP (composer.json) and Dart (pubspec.yaml). The frames of Python,
// JavaScript, Ruby and Rust tell by their paths whose they are; names as short as
// theirs ("app", "net") would be taken for those of other languages.
//
// A repository is hostile data: nothing of it is executed, and how many files of
// which size are read is bounded.
package modules

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Bounds of what is read of a repository and given back.
const (
	maxBuildFiles  = 1000
	maxBuildBytes  = 1 << 20
	maxSources     = 3000
	maxSourceBytes = 256 << 10
	maxPerFolder   = 3 // sources of one folder: nearly always they all say the same
	maxBytes       = 64 << 20
	maxModules     = 256
)

// File is one file of a revision.
type File struct {
	Path string // with slashes, from the root of the repository
	Size int64  // bytes; 0 where that is not known
}

// Read calls f with the content of every file named that can be read and is no
// larger than limit bytes. The bytes are valid only during the call.
type Read func(paths []string, limit int64, f func(path string, content []byte)) error

// Find gives the names of the code of a revision with the given files, sorted,
// none of them within another, at most 256. None is no error: nothing was found
// that tells. Errors are those of read, which is called once.
func Find(files []File, read Read) ([]string, error) {
	all := languages()
	chosen := choose(files, all)
	found := make([]names, len(all))
	err := read(chosen.paths, maxBuildBytes, func(path string, content []byte) {
		if c, ok := chosen.of[path]; ok {
			c.read(&found[c.language], path, content)
		}
	})
	if err != nil {
		return nil, err
	}
	var modules []string
	for i := range all {
		own := found[i].own(&all[i])
		if all[i].name == golang && len(own) == 0 && chosen.mostlyGo {
			// Go without go.mod: names of other languages would make dependencies of all its
			// packages, which without names are judged by their paths.
			return nil, nil
		}
		modules = append(modules, own...)
	}
	return widest(modules), nil
}

// widest leaves out what lies within another module, and what is too many.
func widest(modules []string) []string {
	slices.SortFunc(modules, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	var kept []string
	for _, m := range modules {
		if len(kept) < maxModules && !withinAny(m, kept) {
			kept = append(kept, m)
		}
	}
	slices.Sort(kept)
	return kept
}

// within tells whether a name is a module's or lies in it.
func within(name, module string) bool {
	rest, ok := strings.CutPrefix(name, module)
	return ok && (rest == "" || strings.IndexByte(`./\`, rest[0]) >= 0)
}

func withinAny(name string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return within(name, m) })
}

// choice is one file that is read, and how.
type choice struct {
	path     string
	size     int64
	language int // index in languages
	rank     int // of a source: how many of its folder come before it
	read     func(*names, string, []byte)
}

// choices are the files that are read.
type choices struct {
	of       map[string]choice
	paths    []string
	mostlyGo bool // more files of Go than of the other languages whose sources are read
}

// choose picks build files, and of every folder some sources, those nearest to
// the root first: they have the shortest names.
func choose(files []File, languages []language) *choices {
	c := &choices{of: make(map[string]choice)}
	var builds, sources []choice
	perFolder := make(map[string]int)
	goFiles := 0
	for _, f := range files {
		if isForeign(f.Path) {
			continue
		}
		if path.Ext(f.Path) == ".go" {
			goFiles++
		}
		one, isBuild := choiceOf(f, languages)
		switch folder := path.Dir(f.Path) + "\x00" + path.Ext(f.Path); {
		case one.read == nil:
		case isBuild:
			builds = append(builds, one)
		default:
			goFiles--
			if perFolder[folder]++; perFolder[folder] <= maxPerFolder {
				one.rank = perFolder[folder]
				sources = append(sources, one)
			}
		}
	}
	c.mostlyGo = goFiles > 0
	slices.SortStableFunc(builds, nearest)
	slices.SortStableFunc(sources, nearest)
	c.take(builds[:min(len(builds), maxBuildFiles)])
	c.take(sources[:min(len(sources), maxSources)])
	return c
}

// choiceOf tells how a file is read; read is nil where it is not.
func choiceOf(f File, languages []language) (one choice, isBuild bool) {
	test := isTest(f.Path)
	for i := range languages {
		l := &languages[i]
		one = choice{path: f.Path, size: f.Size, language: i}
		switch base := path.Base(f.Path); {
		case test && l.name != golang:
		case l.isBuildFile(base) && f.Size <= maxBuildBytes:
			one.read = l.build
			return one, true
		case slices.Contains(l.extensions, path.Ext(base)) && f.Size <= maxSourceBytes:
			one.read = l.source
			return one, false
		}
	}
	return choice{}, false
}

// nearest orders the first file of every folder before the second ones, and
// among those what is nearest to the root first.
func nearest(a, b choice) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(strings.Count(a.path, "/"), strings.Count(b.path, "/")))
}

// take adds files as long as there is room for their bytes.
func (c *choices) take(all []choice) {
	var sum int64
	for _, one := range all {
		// Where the size is not known, that of a usual source.
		if sum += max(one.size, 16<<10); sum > maxBytes/2 {
			return
		}
		c.of[one.path] = one
		c.paths = append(c.paths, one.path)
	}
}

// isForeign tells of files in folders that hold other people's code, or data of tests.
func isForeign(name string) bool {
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		switch folder {
		case "vendor", "third_party", "node_modules", "testdata":
			return true
		}
	}
	return false
}

// isTest tells of the files of tests as the build tools of the JVM ("src/test",
// "src/integrationTest") and others ("test/") lay them out.
func isTest(name string) bool {
	folders := strings.Split(path.Dir(name), "/")
	for i, folder := range folders {
		if i == 0 && (folder == "test" || folder == "tests") || i > 0 && folders[i-1] == "src" && strings.Contains(strings.ToLower(folder), "test") {
			return true
		}
	}
	return false
}
