package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	tscPlain      = regexp.MustCompile(`^([^\s()][^()]*\.[cm]?[jt]sx?|[^\s()]+\.(?:vue|json))\((\d+),(\d+)\): error (TS\d+): (.+)$`)
	tscPretty     = regexp.MustCompile(`^(\S+\.(?:[cm]?[jt]sx?|vue|json)):(\d+):(\d+) - error (TS\d+): (.+)$`)
	tscGlobal     = regexp.MustCompile(`^error (TS\d+): (.+)$`)
	webpackError  = regexp.MustCompile(`^(?:\[[^\]]*\] )?ERROR in (\S+?)(?:[ :](\d+):(\d+)(?:-\d+(?::\d+)?)?)?$`)
	webpackCode   = regexp.MustCompile(`^(?:\[tsl\] ERROR.*|(TS\d+): (.+))$`)
	webpackAt     = regexp.MustCompile(`^\s*@ (\S+) (\d+):(\d+)`)
	esbuildError  = regexp.MustCompile(`^(?:✘|X|\x{2718}) \[ERROR\] (.+)$`)
	esbuildAt     = regexp.MustCompile(`^\s+(\S+\.\w+):(\d+):(\d+):$`)
	viteError     = regexp.MustCompile(`^(?:error during build:|Build failed with \d+ errors?:)\s*$`)
	viteAt        = regexp.MustCompile(`^(?:file: |\s*)?(/?\S+\.\w+)(?::| \()(\d+):(\d+)\)?(?:: (?:ERROR: )?(.+))?$`)
	unresolvedJS  = regexp.MustCompile(`(?:Can't resolve|Could not resolve|Cannot find module|Failed to resolve import|Rollup failed to resolve import) ['"]([^'"]+)['"]`)
	eslintFile    = regexp.MustCompile(`^(/?\S+\.(?:[cm]?[jt]sx?|vue|svelte))$`)
	eslintProblem = regexp.MustCompile(`^\s+(\d+):(\d+)\s+error\s+(.+?)(?:\s{2,}(\S+))?$`)
)

// parseTypeScript reads the errors of tsc, webpack, esbuild, Vite and ESLint.
func parseTypeScript(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool, f.Class = "tsc", selfheal.BuildCompile
	for _, pattern := range []*regexp.Regexp{tscPlain, tscPretty} {
		if m := pattern.FindStringSubmatch(text); m != nil {
			f.File, f.Line, f.Column, f.Code, f.Message = m[1], number(m[2]), number(m[3]), m[4], m[5]
			return f, 1
		}
	}
	if m := tscGlobal.FindStringSubmatch(text); m != nil {
		f.Code, f.Message = m[1], m[2]
		return f, 1
	}
	if m := webpackError.FindStringSubmatch(text); m != nil {
		return parseWebpack(m, lines)
	}
	if m := esbuildError.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message = "esbuild", m[1]
		f.bundled()
		for i := 1; i < min(len(lines), 5); i++ {
			if at := esbuildAt.FindStringSubmatch(lines[i].text); at != nil {
				f.File, f.Line, f.Column = at[1], number(at[2]), number(at[3])
				return f, i + 1
			}
		}
		return f, 1
	}
	if viteError.MatchString(text) {
		return parseVite(lines)
	}
	if m := eslintFile.FindStringSubmatch(text); m != nil && len(lines) > 1 {
		if p := eslintProblem.FindStringSubmatch(lines[1].text); p != nil {
			f.Tool, f.File, f.Line, f.Column, f.Message, f.Code = "eslint", m[1], number(p[1]), number(p[2]), p[3], p[4]
			return f, 2
		}
	}
	return found{}, 0
}

// parseWebpack reads an error whose text stands below its place.
func parseWebpack(m []string, lines []line) (f found, n int) {
	if len(lines) < 2 {
		return found{}, 0
	}
	f.Tool, f.Class, f.File, f.Line, f.Column, f.Message = "webpack", selfheal.BuildCompile, m[1], number(m[2]), number(m[3]), lines[1].text
	if code := webpackCode.FindStringSubmatch(lines[1].text); code != nil && code[1] != "" {
		f.Code, f.Message = code[1], code[2]
	}
	f.bundled()
	n = 2
	for ; n < min(len(lines), 12) && strings.TrimSpace(lines[n].text) != ""; n++ {
		if at := webpackAt.FindStringSubmatch(lines[n].text); at != nil && f.Line == 0 {
			f.File, f.Line, f.Column = at[1], number(at[2]), number(at[3])
		}
	}
	return f, n
}

// parseVite reads what stands below the line by which Vite and Rollup give up.
func parseVite(lines []line) (f found, n int) {
	f.Tool, f.Class = "vite", selfheal.BuildCompile
	for n = 1; n < min(len(lines), 10); n++ {
		text := strings.TrimSpace(lines[n].text)
		if m := viteAt.FindStringSubmatch(lines[n].text); m != nil && f.File == "" {
			f.File, f.Line, f.Column = m[1], number(m[2]), number(m[3])
			if f.Message == "" {
				f.Message = m[4]
			}
			break
		}
		if f.Message == "" {
			f.Message = text
		}
	}
	f.bundled()
	return f, n
}

// bundled gives the error of a bundler the class of what is missing: a package
// rather than a file of the repository.
func (f *found) bundled() {
	f.classify(f.Message)
	if m := unresolvedJS.FindStringSubmatch(f.Message); m != nil && !strings.HasPrefix(m[1], ".") && !strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], "@/") {
		f.Class = selfheal.BuildDependency
	}
}
