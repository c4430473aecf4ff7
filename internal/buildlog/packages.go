package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	aptError   = regexp.MustCompile(`^E: (.+)$`)
	aptWrapper = regexp.MustCompile(`^(?:Some index files failed|Unable to fetch some archives|Couldn't rebuild package cache|Sub-process|Unmet dependencies|Unable to correct problems)`)
	aptGone    = regexp.MustCompile(`\b404\s+Not Found|does not have a Release file|no longer has a Release file`)
	aptReason  = regexp.MustCompile(`^(?:Err:\d+ |\s{2,}|W: Failed to fetch )(.+)$`)
	aptUnmet   = regexp.MustCompile(`^\s*(\S+) : (?:Depends|Breaks|Conflicts): (.+)$`)
	apkError   = regexp.MustCompile(`^ERROR: (unable to select packages:|.+: (?:no such package|temporary error.*|unable to .*|network error.*|package mentioned in index not found.*|UNTRUSTED signature))$`)
	apkWarning = regexp.MustCompile(`^WARNING: (?:fetching|opening|Ignoring) (\S+?):? (.+)$`)
	dnfError   = regexp.MustCompile(`^(?:Error: |No match for argument: |Errors during downloading metadata for repository )(.*)$`)
	dnfAbsent  = regexp.MustCompile(`^Unable to find a match: .+|^Failed to download metadata.*|^Cannot prepare internal mirrorlist.*`)
)

// parsePackages reads the errors of the package managers of distributions: apt, apk, dnf.
func parsePackages(lines []line) (f found, n int) {
	text := lines[0].text
	if m := aptError.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message, f.Class = "apt", m[1], fetched(m[1])
		f.weak = aptWrapper.MatchString(m[1])
		if aptGone.MatchString(m[1]) { // the list of packages is older than the mirror, or the release is gone
			f.Class = selfheal.BuildDependency
		}
		return f, 1
	}
	if m := aptReason.FindStringSubmatch(text); m != nil && aptFailure.MatchString(m[1]) {
		f.Tool, f.Message, f.Class = "apt", m[1], fetched(m[1])
		return f, 1
	}
	if m := aptUnmet.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message, f.Class = "apt", m[1]+" depends on "+m[2], selfheal.BuildDependency
		return f, 1
	}
	if m := apkError.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message, f.Class, n = "apk", m[1], fetched(m[1]), 1
		if strings.HasSuffix(m[1], "packages:") && len(lines) > 1 {
			f.Message, n = strings.TrimSpace(lines[1].text), 2
		}
		return f, n
	}
	if m := apkWarning.FindStringSubmatch(text); m != nil {
		if class := classIn(m[2], unreachable); class != "" {
			f.Tool, f.Message, f.Class = "apk", m[2]+" ("+m[1]+")", class
			return f, 1
		}
		return found{}, 0
	}
	if m := dnfError.FindStringSubmatch(text); m != nil && (dnfAbsent.MatchString(m[1]) || !strings.HasPrefix(text, "Error: ")) {
		f.Tool, f.Message, f.Class = "dnf", text, fetched(text)
		return f, 1
	}
	return found{}, 0
}

// aptFailure matches the reason that apt gives below a file that it did not get.
var aptFailure = regexp.MustCompile(`^(?:Temporary failure resolving|Could not (?:resolve|connect)|Unable to connect|Connection (?:failed|timed out|refused)|Failed to fetch|Hash Sum mismatch|\d{3}\s+[A-Z])`)
