package modules

import (
	"slices"
	"strings"
)

// golang is the one language that is treated apart: the names of its modules decide alone.
const golang = "go"

// language is what the names of one runtime are read from.
type language struct {
	name        string
	isBuildFile func(base string) bool
	build       func(n *names, path string, text []byte)
	extensions  []string // of sources; none where they do not say what they belong to
	source      func(n *names, path string, text []byte)
	// owner is how many of a name's labels tell whose it is: two of com.acme.shop, one of Acme.Shop.
	owner func(labels []string) int
	// width is how many labels a module must have that holds code apart from most of it.
	width int
	// isForeign tells of names that sources may declare though others own them.
	isForeign func(n *names, name string) bool
}

func languages() []language {
	one := func([]string) int { return 1 }
	never := func(*names, string) bool { return false }
	return []language{
		{name: golang, isBuildFile: is("go.mod"), build: readGoMod, owner: one, isForeign: never},
		{name: "jvm", isBuildFile: is("pom.xml", "build.gradle", "build.gradle.kts", "gradle.properties"), build: readJVM,
			extensions: []string{".java", ".kt", ".scala", ".groovy"}, source: readPackage, owner: jvmOwner, width: 3, isForeign: isJVMLibrary},
		{name: "dotnet", isBuildFile: isProject, build: readProject,
			extensions: []string{".cs", ".fs"}, source: readNamespace, owner: one, width: 2, isForeign: isDotnetLibrary},
		{name: "elixir", isBuildFile: is("mix.exs"), build: readMix,
			extensions: []string{".ex"}, source: readDefmodule, owner: one, width: 1, isForeign: isElixirLibrary},
		{name: "php", isBuildFile: is("composer.json"), build: readComposer, owner: one, isForeign: never},
		{name: "dart", isBuildFile: is("pubspec.yaml"), build: readPubspec, owner: one, isForeign: never},
	}
}

func is(bases ...string) func(string) bool {
	return func(base string) bool { return slices.Contains(bases, base) }
}

// firstLabel is a name up to its first dot.
func firstLabel(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}
