// Package ref checks the names that a forge is given: branches, commits and
// repositories may come from anywhere, and become arguments of git and parts of
// addresses.
//
// In goes a name, out comes nil or an error that quotes it safely.
package ref

import (
	"regexp"
	"strings"

	"selfheal"
)

var fullID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// noBranch matches names that git refuses as a branch, or that could be taken
// for something else: options, other references, several names.
var noBranch = regexp.MustCompile(`^$|^[-/.]|[/.]$|\.\.|//|/\.|@\{|\.lock(/|$)|[\x00-\x20\x7f~^:?*\[\\]|^@$|^HEAD$|^refs/`)

// maxBranch keeps names within what file systems hold.
const maxBranch = 200

// CheckBranch gives CodeRefused for what is no name of a branch.
func CheckBranch(branch string) error {
	if len(branch) > maxBranch || noBranch.MatchString(branch) || strings.ToValidUTF8(branch, "") != branch {
		return &selfheal.Error{
			Code: selfheal.CodeRefused, Message: "not a branch name: " + Quoted(branch),
			Hint: "use letters, digits, and - . _ / between them",
		}
	}
	return nil
}

// CheckCommit gives CodeInternal for what is no full commit id.
func CheckCommit(commit string) error {
	if !fullID.MatchString(commit) {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "push", Message: "not a full commit id: " + Quoted(commit)}
	}
	return nil
}

// Quoted makes a hostile name fit for an error message.
func Quoted(name string) string {
	if len(name) > maxBranch {
		name = name[:maxBranch]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\uFFFD'
		}
		return r
	}, `"`+strings.ToValidUTF8(name, "\uFFFD")+`"`)
}
