package modules

import (
	"path"
	"strings"
)

func isProject(base string) bool {
	switch path.Ext(base) {
	case ".csproj", ".fsproj", ".vbproj":
		return true
	}
	return false
}

// readProject reads the root namespace of a project: set, or the name of its
// assembly, or else of its file, as MSBuild has it.
func readProject(n *names, name string, text []byte) {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	var root, assembly string
	eachElement(text, func(path []string, value string) {
		if len(path) != 3 || path[1] != "PropertyGroup" {
			return
		}
		value = strings.NewReplacer("$(MSBuildProjectName)", base, `$(MSBuildProjectName.Replace(" ", "_"))`, strings.ReplaceAll(base, " ", "_")).Replace(value)
		switch {
		case !isName(value, '.'): // made of other properties
		case path[2] == "RootNamespace":
			root = value
		case path[2] == "AssemblyName":
			assembly = value
		}
	})
	for _, candidate := range []string{root, assembly, strings.ReplaceAll(base, " ", "_")} {
		if isName(candidate, '.') {
			n.built = append(n.built, candidate)
			return
		}
	}
}

// readNamespace reads the first namespace that a C# or F# file declares.
func readNamespace(n *names, _ string, text []byte) {
	name := declaration(text, "namespace")
	if name != "" && name != "rec" && name != "global" { // F#'s "namespace rec Shop"
		n.declared = append(n.declared, name)
	}
}

// isDotnetLibrary: extension methods are customarily declared in the namespace
// of what they extend.
func isDotnetLibrary(_ *names, name string) bool {
	first := firstLabel(name)
	return first == "System" || first == "Microsoft"
}
