package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/buildlog"
	"selfheal/internal/git/gittest"
)

// buildStory is what was done to a service and what its build printed then. The
// answers were written down before the first run.
type buildStory struct {
	name string
	// window is what was committed since the last green build: subject, then
	// paths with what to replace (nothing: all of it) by what; "-" deletes, "->"
	// renames, and "mode:PATH" takes the right to execute away.
	window []commit
	output string

	class   selfheal.BuildClass
	at      int // line of the Dockerfile; 0 where there is none
	cause   selfheal.Cause
	culprit int    // of window
	path    string // of the culprit line
	line    string // part of it
}

type commit struct {
	subject string
	edits   []string
}

func edit(subject string, edits ...string) commit { return commit{subject, edits} }

// docs and tune are commits that break nothing.
func docs() commit { return edit("docs", "README.md", "# Shop", "# The shop") }
func tune() commit { return edit("tune", "pkg2/part.go", "x + 2", "x + 20") }

const dockerfile = `FROM golang:1.26 AS build
WORKDIR /app
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -o /server .
FROM debian:12-slim
RUN apt-get update && apt-get install -y ca-certificates
COPY --from=build /server /server
COPY config/default.yaml /etc/shop.yaml
COPY scripts/start.sh /start.sh
RUN /start.sh --check
RUN pip install -r requirements.txt
RUN npm ci && npm run build
`

func serviceFiles() map[string]string {
	files := map[string]string{
		"Dockerfile":           dockerfile,
		".dockerignore":        ".git\n*.log\n",
		"go.mod":               "module example.com/shop\n\ngo 1.26\n\nrequire (\n\texample.com/money v1.4.0\n\texample.com/queue v0.3.1\n)\n",
		"go.sum":               "example.com/money v1.4.0 h1:aaaa=\nexample.com/queue v0.3.1 h1:bbbb=\n",
		"main.go":              "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/prices\"\n)\n\nfunc main() {\n\tfmt.Println(prices.Total(3))\n}\n",
		"prices/prices.go":     "package prices\n\n// Total is the price of n items.\nfunc Total(n int) int {\n\treturn n * 7\n}\n",
		"prices/price_test.go": "package prices\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {\n\tif Total(2) != 14 {\n\t\tt.Error(\"wrong total\")\n\t}\n}\n",
		"config/default.yaml":  "port: 8080\nworkers: 4\n",
		"scripts/start.sh":     "#!/bin/sh\nexec /server \"$@\"\n",
		"requirements.txt":     "requests==2.31.0\nflask==3.0.0\n",
		"package.json":         "{\n  \"name\": \"shop\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"left-pad\": \"1.3.0\"\n  }\n}\n",
		"src/app.ts":           "export function total(n: number): number {\n  return n * 7;\n}\n",
		"Makefile":             "all: server\n\nserver: main.go\n\tgo build -o server .\n",
		"README.md":            "# Shop\n",
	}
	for i := range 6 {
		files[fmt.Sprintf("pkg%d/part.go", i)] = fmt.Sprintf("package pkg%d\n\nfunc Part%d(x int) int {\n\treturn x + %d\n}\n", i, i, i)
	}
	return files
}

// buildKit prints a failing build as BuildKit does: the step's output, the error,
// the output again, and the instruction.
func buildKit(step string, line int, output, failure string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n#9 %s\n", step)
	for text := range strings.Lines(output) {
		fmt.Fprintf(&b, "#9 0.412 %s", text)
	}
	fmt.Fprintf(&b, "#9 ERROR: %s\n------\n > %s:\n", failure, step)
	for text := range strings.Lines(output) {
		fmt.Fprintf(&b, "0.412 %s", text)
	}
	b.WriteString("------\n")
	if line > 0 {
		_, instruction, _ := strings.Cut(step, "] ")
		fmt.Fprintf(&b, "Dockerfile:%d\n--------------------\n  %2d | >>> %s\n--------------------\n", line, line, instruction)
	}
	return b.String() + "ERROR: failed to build: failed to solve: " + failure + "\n"
}

func ran(command string, code int) string {
	return fmt.Sprintf("process \"/bin/sh -c %s\" did not complete successfully: exit code: %d", command, code)
}

func classic(step, output, failure string) string {
	return "Sending build context to Docker daemon  4.096kB\r\r\nStep 1/14 : FROM golang:1.26 AS build\n ---> 2dcc5c047390\nStep " + step + "\n ---> Running in 68cb2c4abe58\n\x1b[91m" + output + "\x1b[0m" + failure + "\n"
}

func buildStories() []buildStory {
	const goBuild, pip, npm = "[build 6/6] RUN go build -o /server .", "[stage-1 6/7] RUN pip install -r requirements.txt", "[stage-1 7/7] RUN npm ci && npm run build"
	return []buildStory{
		{
			name: "compile error on a changed line", window: []commit{tune(), edit("discount", "prices/prices.go", "return n * 7", "return n * 7 - discount"), docs()},
			output: buildKit(goBuild, 6, "# example.com/shop/prices\nprices/prices.go:5:17: undefined: discount\n", ran("go build -o /server .", 1)),
			class:  selfheal.BuildCompile, at: 6, cause: selfheal.Caused, culprit: 1, path: "prices/prices.go", line: "discount",
		},
		{
			name: "renamed function, forgotten caller", window: []commit{docs(), edit("name", "prices/prices.go", "Total is", "Sum is", "prices/prices.go", "func Total", "func Sum", "prices/price_test.go", "Total(2)", "Sum(2)"), tune()},
			output: classic("6/14 : RUN go build -o /server .", "# example.com/shop\n./main.go:10:21: undefined: prices.Total\n", "The command '/bin/sh -c go build -o /server .' returned a non-zero code: 1"),
			class:  selfheal.BuildCompile, at: 6, cause: selfheal.Caused, culprit: 1, path: "prices/prices.go", line: "func Sum",
		},
		{
			name: "copied file was deleted", window: []commit{tune(), edit("no defaults", "config/default.yaml", "-", ""), docs()},
			output: buildKit("[stage-1 4/7] COPY config/default.yaml /etc/shop.yaml", 10, "", `failed to calculate checksum of ref 4ln0v4iq::tidne9jnx: "/config/default.yaml": not found`),
			class:  selfheal.BuildMissingFile, at: 10, cause: selfheal.Caused, culprit: 1, path: "config/default.yaml", line: "port",
		},
		{
			name: "copied document was deleted", window: []commit{tune(), edit("no readme", "README.md", "-", "")},
			output: "STEP 1/14: FROM golang:1.26 AS build\nSTEP 5/14: COPY README.md /usr/share/doc/\nError: building at STEP \"COPY README.md /usr/share/doc/\": checking on sources under \"/work\": copier: stat: \"/README.md\": no such file or directory\n",
			class:  selfheal.BuildMissingFile, cause: selfheal.Caused, culprit: 1, path: "README.md", line: "# Shop",
		},
		{
			name: "copy of a file that never was", window: []commit{docs(), edit("certificates", "Dockerfile", "COPY scripts/start.sh /start.sh", "COPY scripts/start.sh /start.sh\nCOPY certs/root.pem /etc/ssl/"), tune()},
			output: classic("12/15 : COPY certs/root.pem /etc/ssl/", "", "COPY failed: file not found in build context or excluded by .dockerignore: stat certs/root.pem: file does not exist"),
			class:  selfheal.BuildMissingFile, at: 12, cause: selfheal.Caused, culprit: 1, path: "Dockerfile", line: "certs/root.pem",
		},
		{
			name: "context leaves a file out", window: []commit{edit("smaller context", ".dockerignore", "*.log", "*.log\nscripts"), tune()},
			output: buildKit("[stage-1 5/7] COPY scripts/start.sh /start.sh", 11, "", `failed to calculate checksum of ref a::b: "/scripts/start.sh": not found`),
			class:  selfheal.BuildMissingFile, at: 11, cause: selfheal.Caused, culprit: 0, path: ".dockerignore", line: "scripts",
		},
		{
			name: "unknown instruction", window: []commit{tune(), edit("check", "Dockerfile", "RUN /start.sh --check", "RUNN /start.sh --check"), docs()},
			output: "#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\nDockerfile:12\n--------------------\n  10 |     COPY config/default.yaml /etc/shop.yaml\n  11 |     COPY scripts/start.sh /start.sh\n  12 | >>> RUNN /start.sh --check\n--------------------\nERROR: failed to solve: dockerfile parse error on line 12: unknown instruction: RUNN (did you mean RUN?)\n",
			class:  selfheal.BuildSyntax, at: 12, cause: selfheal.Caused, culprit: 1, path: "Dockerfile", line: "RUNN",
		},
		{
			name: "base image that does not exist", window: []commit{edit("next Go", "Dockerfile", "golang:1.26", "golang:1.99"), tune()},
			output: "#2 [internal] load metadata for docker.io/library/golang:1.99\n#2 ERROR: docker.io/library/golang:1.99: not found\n------\n > [internal] load metadata for docker.io/library/golang:1.99:\n------\nDockerfile:1\n--------------------\n   1 | >>> FROM golang:1.99 AS build\n--------------------\nERROR: failed to build: failed to solve: golang:1.99: failed to resolve source metadata for docker.io/library/golang:1.99: docker.io/library/golang:1.99: not found\n",
			class:  selfheal.BuildDependency, at: 1, cause: selfheal.Caused, culprit: 0, path: "Dockerfile", line: "golang:1.99",
		},
		{
			name: "other base image without the tool", window: []commit{tune(), edit("smaller image", "Dockerfile", "debian:12-slim", "alpine:3.20"), docs()},
			output: buildKit("[stage-1 2/7] RUN apt-get update && apt-get install -y ca-certificates", 8, "/bin/sh: apt-get: not found\n", ran("apt-get update && apt-get install -y ca-certificates", 127)),
			class:  selfheal.BuildMissingFile, at: 8, cause: selfheal.Caused, culprit: 1, path: "Dockerfile", line: "alpine:3.20",
		},
		{
			name: "removed package of the distribution", window: []commit{docs(), edit("no certificates", "Dockerfile", "RUN apt-get update && apt-get install -y ca-certificates\n", ""), tune(),
				edit("fetch", "Dockerfile", "RUN /start.sh --check", "RUN update-ca-certificates --fresh && /start.sh --check")},
			output: buildKit("[stage-1 5/7] RUN update-ca-certificates --fresh && /start.sh --check", 11, "/bin/sh: 1: update-ca-certificates: not found\n", ran("update-ca-certificates --fresh && /start.sh --check", 127)),
			class:  selfheal.BuildMissingFile, at: 11, cause: selfheal.Caused, culprit: 3, path: "Dockerfile", line: "update-ca-certificates",
		},
		{
			name: "version of a Python package that is not there", window: []commit{tune(), edit("newer requests", "requirements.txt", "requests==2.31.0", "requests==2.99.0"), docs()},
			output: buildKit(pip, 13, "ERROR: Could not find a version that satisfies the requirement requests==2.99.0 (from versions: 2.30.0, 2.31.0, 2.32.3)\nERROR: No matching distribution found for requests==2.99.0\n", ran("pip install -r requirements.txt", 1)),
			class:  selfheal.BuildDependency, at: 13, cause: selfheal.Caused, culprit: 1, path: "requirements.txt", line: "2.99.0",
		},
		{
			name: "version of a npm package that is not there", window: []commit{edit("newer pad", "package.json", "\"1.3.0\"", "\"9.9.9\""), tune()},
			output: buildKit(npm, 14, "npm error code ETARGET\nnpm error notarget No matching version found for left-pad@9.9.9.\nnpm error notarget In most cases you or one of your dependencies are requesting a package version that doesn't exist.\n", ran("npm ci && npm run build", 1)),
			class:  selfheal.BuildDependency, at: 14, cause: selfheal.Caused, culprit: 0, path: "package.json", line: "9.9.9",
		},
		{
			name: "manifest and lock file out of step", window: []commit{docs(), edit("bump money", "go.mod", "money v1.4.0", "money v1.5.0"), tune()},
			output: buildKit(goBuild, 6, "prices/prices.go:3:8: missing go.sum entry for module providing package example.com/money (imported by example.com/shop/prices); to add:\n\tgo get example.com/shop/prices\n", ran("go build -o /server .", 1)),
			class:  selfheal.BuildDependency, at: 6, cause: selfheal.Caused, culprit: 1, path: "go.mod", line: "money v1.5.0",
		},
		{
			name: "manifest that is no JSON", window: []commit{edit("dependency", "package.json", "\"1.3.0\"\n", "\"1.3.0\",\n"), tune()},
			output: buildKit(npm, 14, "npm error code EJSONPARSE\nnpm error JSON.parse Invalid package.json: JSONParseError: Expected double-quoted property name in JSON at position 92\n", ran("npm ci && npm run build", 1)),
			class:  selfheal.BuildSyntax, at: 14, cause: selfheal.Caused, culprit: 0, path: "package.json", line: "1.3.0",
		},
		{
			name: "type error", window: []commit{tune(), edit("text", "src/app.ts", "return n * 7", "return n + ' coins'"), docs()},
			output: buildKit(npm, 14, "src/app.ts(2,3): error TS2322: Type 'string' is not assignable to type 'number'.\nnpm error code 2\nnpm error command failed\n", ran("npm ci && npm run build", 2)),
			class:  selfheal.BuildCompile, at: 14, cause: selfheal.Caused, culprit: 1, path: "src/app.ts", line: "coins",
		},
		{
			name: "test of the build was changed", window: []commit{edit("stricter test", "prices/price_test.go", "!= 14", "!= 15"), docs()},
			output: "--- FAIL: TestTotal (0.00s)\n    price_test.go:7: wrong total\nFAIL\nFAIL\texample.com/shop/prices\t0.002s\n",
			class:  selfheal.BuildTest, cause: selfheal.Caused, culprit: 0, path: "prices/price_test.go", line: "15",
		},
		{
			name: "makefile with spaces", window: []commit{edit("strip", "Makefile", "\tgo build -o server .", "    go build -ldflags -s -o server ."), tune()},
			output: "Makefile:4: *** missing separator.  Stop.\n",
			class:  selfheal.BuildSyntax, cause: selfheal.Caused, culprit: 0, path: "Makefile", line: "-ldflags",
		},
		{
			name: "host that the change brought", window: []commit{tune(), edit("mirror", "Dockerfile", "RUN go mod download", "RUN GOPROXY=https://mirror.exampel.com go mod download"), docs()},
			output: buildKit("[build 4/6] RUN GOPROXY=https://mirror.exampel.com go mod download", 4, "go: example.com/money@v1.4.0: Get \"https://mirror.exampel.com/example.com/money/@v/v1.4.0.mod\": dial tcp: lookup mirror.exampel.com on 10.0.0.2:53: no such host\n", ran("GOPROXY=https://mirror.exampel.com go mod download", 1)),
			class:  selfheal.BuildNetwork, at: 4, cause: selfheal.Caused, culprit: 1, path: "Dockerfile", line: "mirror.exampel.com",
		},

		// From here on the change is harmless.
		{
			name: "placebo: registry down", window: []commit{edit("newer Go", "Dockerfile", "golang:1.26", "golang:1.26.3"), tune()},
			output: "#2 [internal] load metadata for docker.io/library/golang:1.26.3\n#2 ERROR: failed to do request: Head \"https://registry-1.docker.io/v2/library/golang/manifests/1.26.3\": dial tcp 10.1.2.3:443: connect: connection refused\n------\n > [internal] load metadata for docker.io/library/golang:1.26.3:\n------\nDockerfile:1\n--------------------\n   1 | >>> FROM golang:1.26.3 AS build\n--------------------\nERROR: failed to solve: failed to do request: Head \"https://registry-1.docker.io/v2/library/golang/manifests/1.26.3\": dial tcp 10.1.2.3:443: connect: connection refused\n",
			class:  selfheal.BuildNetwork, at: 1, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: registry answers 503", window: []commit{edit("newer pad", "package.json", "\"1.3.0\"", "\"1.3.1\""), tune()},
			output: buildKit(npm, 14, "npm error code E503\nnpm error 503 Service Unavailable - GET https://registry.npmjs.org/left-pad\n", ran("npm ci && npm run build", 1)),
			class:  selfheal.BuildRegistry, at: 14, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: pull limit", window: []commit{edit("newer Go", "Dockerfile", "golang:1.26", "golang:1.26.3")},
			output: "Step 1/14 : FROM golang:1.26.3 AS build\ntoomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit\n",
			class:  selfheal.BuildRateLimit, at: 1, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: disk full while compiling", window: []commit{edit("eight", "prices/prices.go", "n * 7", "n * 8"), tune()},
			output: buildKit(goBuild, 6, "# example.com/shop/prices\ncompile: writing output: write $WORK/b002/_pkg_.a: no space left on device\n", ran("go build -o /server .", 1)),
			class:  selfheal.BuildDisk, at: 6, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: flaky download of what was bumped", window: []commit{edit("newer requests", "requirements.txt", "requests==2.31.0", "requests==2.32.3"), docs()},
			output: buildKit(pip, 13, "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('<HTTPSConnection object at 0x7fdc439f0390>: Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/requests/\nERROR: Could not find a version that satisfies the requirement requests==2.32.3 (from versions: none)\nERROR: No matching distribution found for requests==2.32.3\n", ran("pip install -r requirements.txt", 1)),
			class:  selfheal.BuildNetwork, at: 13, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: module proxy down, import added", window: []commit{edit("queue", "prices/prices.go", "package prices\n", "package prices\n\nimport _ \"example.com/queue\"\n"), tune()},
			output: buildKit(goBuild, 6, "prices/prices.go:3:8: example.com/queue@v0.3.1: Get \"https://proxy.golang.org/example.com/queue/@v/v0.3.1.zip\": net/http: TLS handshake timeout\n", ran("go build -o /server .", 1)),
			class:  selfheal.BuildTimeout, at: 6, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: mirror of the distribution", window: []commit{edit("workers", "config/default.yaml", "workers: 4", "workers: 8"), tune()},
			output: buildKit("[stage-1 2/7] RUN apt-get update && apt-get install -y ca-certificates", 8, "Err:1 http://deb.debian.org/debian bookworm InRelease\n  Temporary failure resolving 'deb.debian.org'\nW: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'\nE: Unable to locate package ca-certificates\n", ran("apt-get update && apt-get install -y ca-certificates", 100)),
			class:  selfheal.BuildNetwork, at: 8, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: memory", window: []commit{edit("text", "src/app.ts", "n * 7", "n * 9"), docs()},
			output: buildKit(npm, 14, "<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\nAborted (core dumped)\n", ran("npm ci && npm run build", 134)),
			class:  selfheal.BuildMemory, at: 14, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: daemon is not there", window: []commit{edit("check", "Dockerfile", "--check", "--check --fast")},
			output: "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n",
			class:  selfheal.BuildNetwork, cause: selfheal.NotCaused,
		},
		{
			name: "placebo: package that somebody else withdrew", window: []commit{edit("flask", "requirements.txt", "flask==3.0.0", "flask==3.0.1"), tune()},
			output: buildKit(pip, 13, "ERROR: Could not find a version that satisfies the requirement requests==2.31.0 (from versions: 2.30.0, 2.32.3)\nERROR: No matching distribution found for requests==2.31.0\n", ran("pip install -r requirements.txt", 1)),
			class:  selfheal.BuildDependency, at: 13, cause: selfheal.Inconclusive,
		},
		{
			name: "placebo: only documents since", window: []commit{docs()},
			output: buildKit(goBuild, 6, "fatal error: unexpected signal during runtime execution\n", ran("go build -o /server .", 2)),
			class:  selfheal.BuildUnknown, at: 6, cause: selfheal.NotCaused,
		},
	}
}

// laterBuildStories were written after the rules were, and answered before they were run.
func laterBuildStories() []buildStory {
	return []buildStory{
		{
			name: "later: script lost its mode", window: []commit{tune(), edit("mode", "mode:scripts/start.sh", "", ""), docs()},
			output: buildKit("[stage-1 6/8] RUN /start.sh --check", 12, "/bin/sh: 1: /start.sh: Permission denied\n", ran("/start.sh --check", 126)),
			class:  selfheal.BuildPermission, at: 12, cause: selfheal.Caused, culprit: 1,
		},
		{
			name: "later: copied file was renamed", window: []commit{edit("clearer name", "config/default.yaml", "->", "config/settings.yaml"), tune()},
			output: classic("10/14 : COPY config/default.yaml /etc/shop.yaml", "", "COPY failed: file not found in build context or excluded by .dockerignore: stat config/default.yaml: file does not exist"),
			class:  selfheal.BuildMissingFile, at: 10, cause: selfheal.Caused, culprit: 0,
		},
		{
			name: "later: module was deleted that another one imports", window: []commit{docs(), edit("unused", "src/app.ts", "-", ""), tune()},
			output: buildKit("[stage-1 8/8] RUN npm ci && npm run build", 14, "✘ [ERROR] Could not resolve \"./app\"\n\n    src/index.ts:1:22:\n      1 │ import { total } from \"./app\";\n        ╵                       ~~~~~~~\n\n1 error\n", ran("npm ci && npm run build", 1)),
			class:  selfheal.BuildCompile, at: 14, cause: selfheal.Caused, culprit: 1, path: "src/app.ts", line: "export function total",
		},
		{
			name: "later: command with a mistyped flag", window: []commit{tune(), edit("strip", "Dockerfile", "RUN go build -o /server .", "RUN go build -ldflag=-s -o /server ."), docs()},
			output: buildKit("[build 6/6] RUN go build -ldflag=-s -o /server .", 6, "flag provided but not defined: -ldflag\nusage: go build [-o output] [build flags] [packages]\nRun 'go help build' for details.\n", ran("go build -ldflag=-s -o /server .", 2)),
			class:  selfheal.BuildUnknown, at: 6, cause: selfheal.Caused, culprit: 1, path: "Dockerfile", line: "-ldflag=-s",
		},
		{
			name: "later: requirements file is not copied any more", window: []commit{edit("smaller context", "Dockerfile", "RUN pip install -r requirements.txt", "RUN pip install -r deps/requirements.txt"), tune()},
			output: buildKit("[stage-1 7/8] RUN pip install -r deps/requirements.txt", 13, "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'deps/requirements.txt'\n", ran("pip install -r deps/requirements.txt", 1)),
			class:  selfheal.BuildMissingFile, at: 13, cause: selfheal.Caused, culprit: 0, path: "Dockerfile", line: "deps/requirements.txt",
		},
		{
			name: "later: Python that does not parse", window: []commit{docs(), edit("rates", "rates.py", "", "def rate(:\n    return 1\n"), tune()},
			output: buildKit("[stage-1 7/8] RUN python -m compileall .", 0, "***   File \"./rates.py\", line 1\n    def rate(:\n             ^\nSyntaxError: invalid syntax\n", ran("python -m compileall .", 1)),
			class:  selfheal.BuildCompile, cause: selfheal.Caused, culprit: 1, path: "rates.py", line: "def rate(:",
		},
		{
			name: "later: target of make that is gone", window: []commit{edit("tidy", "Makefile", "server: main.go\n\tgo build -o server .\n", ""), docs()},
			output: "make: *** No rule to make target 'server', needed by 'all'.  Stop.\n",
			class:  selfheal.BuildMissingFile, cause: selfheal.Caused, culprit: 0, path: "Makefile", line: "server",
		},
		{
			name: "later placebo: lock file bumped, registry resets the connection", window: []commit{edit("bump", "package.json", "\"1.3.0\"", "\"1.3.1\"")},
			output: buildKit("[stage-1 8/8] RUN npm ci && npm run build", 14, "npm error code ECONNRESET\nnpm error network aborted\nnpm error network This is a problem related to network connectivity.\n", ran("npm ci && npm run build", 1)),
			class:  selfheal.BuildNetwork, at: 14, cause: selfheal.NotCaused,
		},
		{
			name: "later placebo: builder runs out of disk while exporting", window: []commit{edit("check", "Dockerfile", "--check", "--check --all"), tune()},
			output: "#12 exporting to image\n#12 exporting layers 2.1s done\n#12 ERROR: failed to copy: write /var/lib/buildkit/x: no space left on device\n------\n > exporting to image:\n------\nERROR: failed to build: failed to solve: failed to copy: write /var/lib/buildkit/x: no space left on device\n",
			class:  selfheal.BuildDisk, cause: selfheal.NotCaused,
		},
		{
			name: "later placebo: compiler is killed", window: []commit{edit("eight", "prices/prices.go", "n * 7", "n * 8"), tune()},
			output: buildKit("[build 6/6] RUN go build -o /server .", 6, "example.com/shop/prices: /usr/local/go/pkg/tool/linux_amd64/compile: signal: killed\n", ran("go build -o /server .", 1)),
			class:  selfheal.BuildKilled, at: 6, cause: selfheal.NotCaused,
		},
		{
			name: "later placebo: mirror without the old release", window: []commit{edit("workers", "config/default.yaml", "workers: 4", "workers: 6"), tune()},
			output: buildKit("[stage-1 2/7] RUN apt-get update && apt-get install -y ca-certificates", 8, "Err:4 http://deb.debian.org/debian buster Release\n  404  Not Found [IP: 10.0.0.8 80]\nE: The repository 'http://deb.debian.org/debian buster Release' does not have a Release file.\n", ran("apt-get update && apt-get install -y ca-certificates", 100)),
			class:  selfheal.BuildDependency, at: 8, cause: selfheal.Inconclusive,
		},
	}
}

// tell commits what the story tells and gives the commits of its window.
func (s buildStory) tell(t *testing.T) (r *gittest.Repository, base string, ids []string) {
	t.Helper()
	r = gittest.New(t)
	files := serviceFiles()
	var all []string
	for p, content := range files {
		all = append(all, p, content)
	}
	r.Commit("service", all...)
	r.Git("update-index", "--chmod=+x", "scripts/start.sh")
	r.Git("config", "core.fileMode", "false")
	base = r.Commit("start script can be run")
	for _, c := range s.window {
		for i := 0; i < len(c.edits); i += 3 {
			p, from, to := c.edits[i], c.edits[i+1], c.edits[i+2]
			switch {
			case from == "-":
				r.Remove(p)
				continue
			case from == "->":
				r.Git("mv", p, to)
				continue
			case strings.HasPrefix(p, "mode:"):
				mode := strings.TrimPrefix(p, "mode:")
				r.Git("update-index", "--chmod=-x", mode)
				continue
			}
			if !strings.Contains(files[p], from) {
				t.Fatalf("no %q in %s", from, p)
			}
			files[p] = strings.Replace(files[p], from, to, 1)
			r.Write(p, files[p])
		}
		ids = append(ids, r.Commit(c.subject))
	}
	return r, base, ids
}

func openBuild(t *testing.T, dir string) *app.App {
	t.Helper()
	a, err := app.Open(context.Background(), app.Settings{
		Repository: dir, StorePath: filepath.Join(t.TempDir(), "selfheal.db"),
		Getenv: func(string) string { return "" }, Clock: time.Now, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestBuildStories(t *testing.T) {
	t.Parallel()
	for _, s := range append(buildStories(), laterBuildStories()...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r, base, ids := s.tell(t)
			a := openBuild(t, r.Dir)
			b, err := a.BuildFailed(context.Background(), app.BuildRequest{
				CheckRequest: app.CheckRequest{Base: base, Command: "build"},
				Args:         []string{"docker", "build", "."},
				Checkout:     app.Checkout{Revision: ids[len(ids)-1]},
				Output:       []byte(s.output), Failure: buildlog.Parse([]byte(s.output), 1),
			})
			if err != nil {
				t.Fatal(err)
			}
			if b.Failure.Class != s.class || b.Failure.Line != s.at && s.at != 0 {
				t.Errorf("%s at line %d, want %s at %d", b.Failure.Class, b.Failure.Line, s.class, s.at)
			}
			s.check(t, b.Report.Incident, ids)
		})
	}
}

func (s buildStory) check(t *testing.T, incident *selfheal.Incident, ids []string) {
	t.Helper()
	if incident == nil || incident.Verdict() == nil {
		t.Fatal("there is no verdict")
	}
	v := incident.Verdict()
	wrong := v.Cause != s.cause
	if c := v.Culprit; !wrong && s.cause == selfheal.Caused {
		wrong = c.Commit != ids[s.culprit] || c.Path != s.path || !strings.Contains(c.Quote, s.line)
	}
	if !wrong {
		return
	}
	t.Errorf("%s %.2f: %s", v.Cause, v.Confidence, v.Reason)
	if v.Culprit != nil {
		t.Logf("culprit %+v", *v.Culprit)
	}
	for _, x := range v.Exhibits {
		t.Logf("  %s %.2f %s [%s] %s:%d %s", x.Kind, x.Weight, x.Text, x.Observed, x.Path, x.Line, x.Quote)
	}
	for _, c := range v.Candidates {
		t.Logf("  %s %.2f %.2f", c.Subject, c.Score, c.Probability)
	}
}
