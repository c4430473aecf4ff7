package modules

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// readJVM reads the group of a Maven or Gradle project.
func readJVM(n *names, name string, text []byte) {
	switch path.Base(name) {
	case "pom.xml":
		readPOM(n, text)
	case "gradle.properties":
		readProperties(n, text)
	default:
		readGradle(n, text)
	}
}

// readPOM reads the groupId of a Maven project, else its parent's, which it
// inherits. Properties of the same file are filled in.
func readPOM(n *names, text []byte) {
	var own, parent string
	properties := make(map[string]string)
	eachElement(text, func(path []string, value string) {
		switch {
		case slices.Equal(path, []string{"project", "groupId"}):
			own = value
		case slices.Equal(path, []string{"project", "parent", "groupId"}):
			parent = value
		case len(path) == 3 && path[0] == "project" && path[1] == "properties":
			properties["${"+path[2]+"}"] = value
		}
	})
	for _, group := range []*string{&own, &parent} {
		if value, ok := properties[*group]; ok {
			*group = value
		}
	}
	switch {
	case isGroup(own):
		n.built = append(n.built, own)
	case own == "" && isGroup(parent):
		n.inherited = append(n.inherited, parent)
	}
}

// isGroup tells of groups that can be told from the name of a task's group
// ("build") and from a whole domain ("com").
func isGroup(name string) bool { return isName(name, '.') && strings.Contains(name, ".") }

// readGradle reads lines such as
//
//	group = "com.acme"
//	group 'com.acme'
//
// and no others: a build script is a program, and is not run.
func readGradle(n *names, text []byte) {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("group"))
		if !ok {
			continue
		}
		rest = bytes.TrimLeft(rest, " \t=(")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		if group, _, ok := bytes.Cut(rest[1:], rest[:1]); ok && isGroup(string(group)) {
			n.built = append(n.built, string(group))
		}
	}
}

// readProperties reads a line "group=com.acme" of gradle.properties, in whatever case.
func readProperties(n *names, text []byte) {
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(string(line), "=")
		if group := strings.TrimSpace(value); strings.EqualFold(strings.TrimSpace(key), "group") && isGroup(group) {
			n.built = append(n.built, group)
		}
	}
}

// readPackage reads the package clause of a Java, Kotlin, Scala or Groovy file.
func readPackage(n *names, _ string, text []byte) {
	name := declaration(text, "package")
	if name != "" && name != "object" && !isDomain(name) { // Scala's "package object"
		n.declared = append(n.declared, name)
	}
}

// isDomain tells of a package of one short label: as a module it would hold
// all code of a domain ("com", "io").
func isDomain(name string) bool { return !strings.Contains(name, ".") && len(name) <= 3 }

// declaration gives the name behind a keyword at the beginning of a line, outside comments.
func declaration(text []byte, keyword string) string {
	comment := false
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		if comment || bytes.HasPrefix(line, []byte("/*")) {
			_, rest, closed := bytes.Cut(line, []byte("*/"))
			if comment = !closed; comment {
				continue
			}
			line = bytes.TrimSpace(rest)
		}
		rest, ok := bytes.CutPrefix(line, []byte(keyword))
		if !ok || len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
			continue
		}
		name := strings.ReplaceAll(string(bytes.TrimSpace(rest)), "`", "")
		if end := strings.IndexAny(name, " \t;{/"); end >= 0 {
			name = name[:end]
		}
		if isName(name, '.') {
			return name
		}
	}
	return ""
}

// jvmOwner: a company has the first two labels, whoever has a page with a host of
// many three ("io.github.ann", "uk.co.acme").
func jvmOwner(labels []string) int {
	if len(labels) > 1 {
		switch labels[1] {
		case "github", "gitlab", "bitbucket", "sourceforge", "googlecode", "gitee", "co", "com", "org", "net", "gov", "edu", "ac":
			return 3
		}
	}
	return 2
}

// isJVMLibrary: what of the platform a repository may carry patched copies of.
func isJVMLibrary(_ *names, name string) bool {
	switch firstLabel(name) {
	case "java", "javax", "jakarta", "jdk", "sun", "kotlin", "kotlinx", "scala", "groovy":
		return true
	}
	return false
}
