package modules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length in bytes of the longest name that is believed.
const maxName = 200

// names are what the files of one language say.
type names struct {
	built     []string // by a build file
	inherited []string // by a build file that quotes another one, perhaps of another repository
	declared  []string // by sources, each what its types and functions are in
	packages  []string // of dependencies, as the build file names them
}

// own gives the modules of one language: of the names in build files those that
// the sources agree with, and for the other sources what they have in common.
func (n *names) own(l *language) []string {
	slices.Sort(n.declared)
	declared := slices.DeleteFunc(slices.Compact(n.declared), func(name string) bool { return !isName(name, '.') || l.isForeign(n, name) })
	var all []string
	for _, name := range slices.Concat(n.built, n.inherited) {
		agreed := slices.ContainsFunc(declared, func(d string) bool { return within(d, name) })
		if agreed || len(declared) == 0 && slices.Contains(n.built, name) {
			all = append(all, name)
		}
	}
	groups := make(map[string][]string)
	for _, name := range declared {
		key := ownerOf(name, l)
		groups[key] = append(groups[key], name)
	}
	largest := largestOf(groups)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		rest := slices.DeleteFunc(slices.Clone(groups[key]), func(name string) bool { return withinAny(name, all) })
		all = append(all, l.together(rest, key == largest)...)
	}
	return all
}

// together gives the modules that hold the names of one owner. Only where most of
// the code is may they be as wide as the owner's name: a repository that patches
// two classes of org.apache does not own all of it.
func (l *language) together(rest []string, largest bool) []string {
	if len(rest) == 0 {
		return nil
	}
	prefix := commonPrefix(rest)
	if largest || strings.Count(prefix, ".")+1 >= l.width || len(rest) > maxModules/4 {
		return []string{prefix}
	}
	return rest
}

// ownerOf gives the labels of a name that tell whose it is.
func ownerOf(name string, l *language) string {
	labels := strings.Split(name, ".")
	return strings.Join(labels[:min(len(labels), l.owner(labels))], ".")
}

// largestOf gives the key of the group with most names, the first of equals.
func largestOf(groups map[string][]string) string {
	keys := slices.Sorted(maps.Keys(groups))
	if len(keys) == 0 {
		return ""
	}
	return slices.MaxFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[a]), len(groups[b])), strings.Compare(b, a))
	})
}

// commonPrefix gives the labels that all names begin with.
func commonPrefix(all []string) string {
	common := strings.Split(all[0], ".")
	for _, name := range all[1:] {
		labels := strings.Split(name, ".")
		n := 0
		for n < len(common) && n < len(labels) && common[n] == labels[n] {
			n++
		}
		common = common[:n]
	}
	return strings.Join(common, ".")
}

// isName tells of words of letters, digits and underscores with the given
// separator between them.
func isName(name string, separator rune) bool {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return false
	}
	for word := range strings.SplitSeq(name, string(separator)) {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			return false
		}
	}
	return true
}
