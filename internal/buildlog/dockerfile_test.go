package buildlog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/buildlog"
)

func TestInstructions(t *testing.T) {
	t.Parallel()
	f := func(content string, want ...buildlog.Instruction) {
		t.Helper()
		if diff := cmp.Diff(want, buildlog.Instructions([]byte(content))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", content, diff)
		}
	}
	f("FROM a\n\n# note\nRUN x \\\n  # inside\n\n  && y\n", buildlog.Instruction{Line: 1, End: 1, Text: "FROM a"}, buildlog.Instruction{Line: 4, End: 7, Text: "RUN x && y"})
	f("# escape=`\nRUN a `\n b\n", buildlog.Instruction{Line: 2, End: 3, Text: "RUN a b"})
	f("RUN <<EOF\nmake\nEOF\nCOPY a b", buildlog.Instruction{Line: 1, End: 3, Text: "RUN <<EOF"}, buildlog.Instruction{Line: 4, End: 4, Text: "COPY a b"})
	f("RUN a \\", buildlog.Instruction{Line: 1, End: 1, Text: "RUN a"})
	f("")
}

func TestLocate(t *testing.T) {
	t.Parallel()
	const content = "ARG VERSION=1\nFROM golang:1.26 AS build\nWORKDIR /app\nCOPY . .\nRUN go build \\\n  -ldflags $VERSION .\nFROM debian:12\nCOPY . .\nRUN make\n"
	f := func(failure selfheal.BuildFailure, want int) {
		t.Helper()
		if in, ok := buildlog.Locate([]byte(content), failure); ok != (want > 0) || in.Line != want {
			t.Errorf("%+v: line %d %v, want %d", failure, in.Line, ok, want)
		}
	}
	f(selfheal.BuildFailure{Line: 6}, 5)
	f(selfheal.BuildFailure{Line: 60}, 0)
	f(selfheal.BuildFailure{Line: 9, Command: "RUN make"}, 9)
	f(selfheal.BuildFailure{Line: 9, Command: "RUN npm ci"}, 0) // another file's line
	f(selfheal.BuildFailure{Command: "RUN make"}, 9)
	f(selfheal.BuildFailure{Command: "run  make"}, 9)
	f(selfheal.BuildFailure{Command: "RUN go build -ldflags 1 ."}, 5)
	f(selfheal.BuildFailure{Command: "COPY . ."}, 0) // which of the two is not known
	f(selfheal.BuildFailure{Command: "RUN gone"}, 0)
	f(selfheal.BuildFailure{Step: "[internal] load metadata for docker.io/library/debian:12"}, 7)
	f(selfheal.BuildFailure{}, 0)
}

func FuzzInstructions(f *testing.F) {
	f.Add([]byte("FROM a\nRUN <<A <<B\nx\nA\ny\nB\nRUN a \\\n# b\n"), "RUN x", "[1/1] RUN x", 2)
	f.Add([]byte("# escape=`\nRUN a `"), "", "", 0)
	f.Fuzz(func(t *testing.T, content []byte, command, step string, line int) {
		last := 0
		for _, in := range buildlog.Instructions(content) {
			if in.Line <= last || in.End < in.Line {
				t.Fatalf("line %d to %d after %d", in.Line, in.End, last)
			}
			last = in.End
		}
		buildlog.Locate(content, selfheal.BuildFailure{Command: command, Step: step, Line: line})
	})
}
