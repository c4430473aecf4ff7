package buildlog_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/buildlog"
)

// TestPiecesDoNotMatter: the same output gives the same failure however it is cut.
func TestPiecesDoNotMatter(t *testing.T) {
	t.Parallel()
	all := fixtures(t)
	rapid.Check(t, func(t *rapid.T) {
		output := all[rapid.IntRange(0, len(all)-1).Draw(t, "fixture")].Data
		r := buildlog.New()
		for rest := output; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if _, err := r.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(buildlog.Parse(output, 1), r.Failure(1)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestUnknownOutputGivesItsLastLines(t *testing.T) {
	t.Parallel()
	f := func(output string, exitCode int, class selfheal.BuildClass, message string) {
		t.Helper()
		got := buildlog.Parse([]byte(output), exitCode)
		if got.Class != class || got.Errors[0].Message != message {
			t.Errorf("%q: %s %q, want %s %q", output, got.Class, got.Errors[0].Message, class, message)
		}
	}
	f("one\ntwo\nthree\n", 1, selfheal.BuildUnknown, "three")
	f("one\nthe frobnicator could not start\nsee above\n\n\n", 1, selfheal.BuildUnknown, "the frobnicator could not start")
	f("", 1, selfheal.BuildUnknown, "the build failed without a word")
	f("", 137, selfheal.BuildKilled, "the build failed without a word; its exit code says that it was killed, as it is when memory runs out (137)")
	f("\x00\x01\xff\xfe", 1, selfheal.BuildUnknown, "\uFFFD\uFFFD")
	f("10%\r50%\r100% broken\r\n", 2, selfheal.BuildUnknown, "100% broken")
	f("\x1b]0;title\x07\x1b[31;1mall \x1b[0mbroken\x1b[", 2, selfheal.BuildUnknown, "all broken")
	f("all is well\n", 0, selfheal.BuildUnknown, "all is well")
}

// TestOutputThatLooksLikeAnotherBuilder: a step may print whatever it likes.
func TestOutputThatLooksLikeAnotherBuilder(t *testing.T) {
	t.Parallel()
	f := func(output, builder, step string) {
		t.Helper()
		got := buildlog.Parse([]byte(output), 1)
		if got.Builder != builder || got.Step != step {
			t.Errorf("%s %q, want %s %q", got.Builder, got.Step, builder, step)
		}
	}
	f("#5 [2/2] RUN cat log\n#5 0.1 Step 9/9 : RUN evil\n#5 0.1 The command 'x' returned a non-zero code: 3\n#5 ERROR: process \"cat log\" did not complete successfully: exit code: 1\n", "buildkit", "[2/2] RUN cat log")
	f("Step 2/2 : RUN cat log\n#1 [9/9] RUN evil\n#1 ERROR: process \"evil\" did not complete successfully: exit code: 9\n{\"vertexes\":[{\"digest\":\"x\",\"name\":\"[1/1] RUN evil\",\"error\":\"x\"}]}\nERROR: failed to solve: x\nThe command '/bin/sh -c cat log' returned a non-zero code: 1\n", "docker", "[2/2] RUN cat log")
	f("STEP 2/2: RUN cat log\n#1 [9/9] RUN evil\n#1 ERROR: x\nError: building at STEP \"RUN cat log\": exit status 1\n", "buildah", "[2/2] RUN cat log")
	f("# 1 is a comment\n#12 issues closed\nerror: broken\n", "", "")
}

// TestErrorsInTheMiddleAreFound: what is printed after an error does not hide it.
func TestErrorsInTheMiddleAreFound(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	fill := func() {
		for i := range 20_000 {
			fmt.Fprintf(&b, "#7 %d.1 copying part %d of the assets to where they belong\n", i, i)
		}
	}
	b.WriteString("#7 [2/2] RUN make\n")
	fill()
	b.WriteString("#7 9.9 src/cart.c:14:9: error: 'rate' undeclared\n")
	fill()
	b.WriteString("#7 ERROR: process \"make\" did not complete successfully: exit code: 2\n")
	f := buildlog.Parse(b.Bytes(), 1)
	if f.Class != selfheal.BuildCompile || f.Errors[0].File != "src/cart.c" || f.Errors[0].Line != 14 {
		t.Errorf("%s %+v", f.Class, f.Errors)
	}
}

// TestMemoryIsBounded: neither lines, nor steps, nor errors without end take more than a few megabytes.
func TestMemoryIsBounded(t *testing.T) {
	f := func(name string, size int, piece func(i int) []byte) {
		t.Helper()
		r := buildlog.New()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i, written := 0, 0; written < size; i++ {
			p := piece(i)
			_, _ = r.Write(p)
			written += len(p)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 40<<20 {
			t.Errorf("%s: %d MiB are kept", name, grown>>20)
		}
		check(t, name, r.Failure(1))
	}
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	f("one line", 64<<20, func(int) []byte { return chunk })
	long := strings.Repeat("y", 4000)
	f("many steps", 8<<20, func(i int) []byte { return fmt.Appendf(nil, "#%d [1/1] RUN x\n#%d 0.1 error: %d %s\n", i, i, i, long) })
	f("many errors", 4<<20, func(i int) []byte { return fmt.Appendf(nil, "main%d.go:%d: undefined: x%d\n", i, i, i) })
	f("many vertexes", 8<<20, func(i int) []byte {
		return fmt.Appendf(nil, "{\"logs\":[{\"vertex\":\"sha256:%d\",\"stream\":1,\"data\":\"%s\"}]}\n", i, strings.Repeat("eHh4", 5000))
	})
	noise := rand.New(rand.NewPCG(1, 2))
	f("noise", 3<<20, func(int) []byte {
		p := make([]byte, 4096)
		for i := range p {
			p[i] = byte(noise.Uint32())
		}
		return p
	})
}

func FuzzReader(f *testing.F) {
	for _, file := range fixtures(f) {
		f.Add(file.Data, 1)
	}
	f.Add([]byte("#1 [1/1] RUN \n#1 ERROR: \n------\n > [1/1] RUN :\nDockerfile:1\n-----\n 1 | >>> x\n"), 0)
	f.Add([]byte("{\"logs\":[{\"vertex\":\"\",\"data\":\"Cg==\"}],\"vertexes\":[{\"error\":\"x\"}]}"), 137)
	f.Fuzz(func(t *testing.T, output []byte, exitCode int) {
		if len(output) > 1<<16 {
			return
		}
		got := buildlog.Parse(output, exitCode)
		check(t, "fuzz", got)
		r := buildlog.New()
		for i := range output {
			_, _ = r.Write(output[i : i+1])
		}
		if diff := cmp.Diff(got, r.Failure(exitCode)); diff != "" {
			t.Fatal(diff)
		}
	})
}
