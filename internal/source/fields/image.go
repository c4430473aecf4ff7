package fields

import (
	"regexp"
	"strings"
)

var digest = regexp.MustCompile(`@sha256:([0-9a-f]{12})[0-9a-f]*$`)

// ImageRevision is the revision that the name of a container image states: its tag,
// where that is no word that moves, else the beginning of its digest; empty when it
// states none.
func ImageRevision(image string) string {
	pinned := ""
	if m := digest.FindStringSubmatch(image); m != nil {
		image, pinned = strings.TrimSuffix(image, m[0]), m[1]
	}
	_, tag, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	switch tag {
	case "", "latest", "stable", "main", "master", "edge", "dev":
		return pinned
	}
	return tag
}
