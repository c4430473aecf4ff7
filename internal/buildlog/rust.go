package buildlog

import (
	"path"
	"regexp"
	"strings"

	"selfheal"
)

var (
	rustError   = regexp.MustCompile(`^error(?:\[(E\d+)\])?: (.+)$`)
	rustArrow   = regexp.MustCompile(`^\s*--> ([^\s:]+):(\d+):(\d+)$`)
	rustPanic   = regexp.MustCompile(`^thread '([^']*)'(?: \(\d+\))? panicked at ([^\s:]+):(\d+):(\d+):?$`)
	rustWrapper = regexp.MustCompile(`^(?:could not compile|test failed, to rerun|aborting due to|process didn't exit successfully|\d+ targets? failed|build failed)`)
	cargoAbsent = regexp.MustCompile(`^(?:no matching package|failed to (?:select a version|get |download|load source|fetch|query|parse lock|update registry)|unable to (?:get|update)|the lock file .* needs to be updated|package .* cannot be built because it requires|failed to load manifest|failed to resolve|could not find .Cargo\.toml)`)
	cargoCaused = regexp.MustCompile(`^\s+(?:\[\d+\] )?(\S.*)$`)
)

// parseRust reads the errors of rustc, cargo and Rust's tests.
func parseRust(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool = "cargo"
	if m := rustPanic.FindStringSubmatch(text); m != nil && len(lines) > 1 {
		f.Class, f.File, f.Line, f.Column = selfheal.BuildTest, m[2], number(m[3]), number(m[4])
		f.Message = "test failed: " + m[1] + ": " + lines[1].text
		return f, 2
	}
	m := rustError.FindStringSubmatch(text)
	if m == nil {
		return found{}, 0
	}
	f.Code, f.Message = m[1], m[2]
	if rustWrapper.MatchString(f.Message) {
		f.weak = true
		return f, 1
	}
	if cargoAbsent.MatchString(f.Message) {
		return cargoFetch(f, lines)
	}
	for i := 1; i < min(len(lines), 8); i++ {
		if at := rustArrow.FindStringSubmatch(lines[i].text); at != nil {
			f.Tool, f.Class, f.File, f.Line, f.Column = "rustc", selfheal.BuildCompile, at[1], number(at[2]), number(at[3])
			if strings.HasPrefix(path.Base(f.File), "Cargo.") {
				f.Tool, f.Class = "cargo", selfheal.BuildSyntax
			}
			return f, i + 1
		}
		if rustError.MatchString(lines[i].text) || strings.TrimSpace(lines[i].text) == "" {
			break
		}
	}
	if m[1] != "" || strings.HasPrefix(f.Message, "linking with") || strings.HasPrefix(f.Message, "linker ") {
		f.Tool, f.Class = "rustc", selfheal.BuildCompile
		f.classify(f.Message)
		return f, 1
	}
	return found{}, 0
}

// cargoFetch reads what cargo says of a package that it does not get, with its causes below.
func cargoFetch(f found, lines []line) (found, int) {
	f.Class = selfheal.BuildDependency
	n := 1
	for n < min(len(lines), 16) && !rustError.MatchString(lines[n].text) {
		n++
	}
	for _, l := range lines[:n] {
		if class := classIn(l.text, exhausted, unreachable); class != "" {
			f.Class = class
			if m := cargoCaused.FindStringSubmatch(l.text); m != nil {
				f.Message += ": " + m[1]
			}
			break
		}
	}
	return f, n
}
