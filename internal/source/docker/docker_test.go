package docker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

func frame(stream byte, text string) []byte {
	header := []byte{stream, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(header[4:], uint32(len(text)))
	return append(header, text...)
}

// fake answers as the Docker Engine does.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/version":
		fmt.Fprint(w, `{"ApiVersion":"1.43"}`)
	case "/containers/json":
		if r.FormValue("filters") != `{"label":["com.docker.compose.service=shop"]}` {
			fmt.Fprint(w, "[]")
			return
		}
		fmt.Fprint(w, `[{"Id":"abc","Names":["/shop-1"],"Image":"registry.example.com:5000/shop:1.4.0","Labels":{"com.docker.compose.service":"shop"}}]`)
	case "/containers/abc/json":
		fmt.Fprint(w, `{"Config":{"Tty":false},"State":{"Running":true,"ExitCode":0,"FinishedAt":"0001-01-01T00:00:00Z"}}`)
	case "/containers/abc/logs":
		for _, line := range f {
			_, _ = w.Write(frame(1, line.Time.Format(time.RFC3339Nano)+" "+line.Text+"\n"))
		}
	default:
		http.NotFound(w, r)
	}
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store:   func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		New:     func(t *testing.T, c backend.Connection) selfheal.Source { return open(t, Config{Connection: c}) },
		Unpaged: true,
	})
}

func TestFrames(t *testing.T) {
	t.Parallel()
	at := "2026-11-23T09:10:00.000000001Z "
	join := func(frames ...[]byte) (all []byte) {
		for _, f := range frames {
			all = append(all, f...)
		}
		return all
	}
	f := func(name string, body []byte, tty bool, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			r := reader{name: "c", interval: selfheal.Interval{To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}, yield: func(e *selfheal.Entry) error {
				got = append(got, e.Stream+" "+string(e.Line))
				return nil
			}}
			if err := r.all(body, tty); err != nil {
				got = append(got, "error")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
	f("nothing", nil, false)
	f("both streams", join(frame(1, at+"a\n"), frame(2, at+"b\r\n"), frame(1, at+"\n")), false, "c/stdout a", "c/stderr b", "c/stdout ")
	f("a line in pieces", join(frame(1, at+"long "), frame(2, at+"x\n"), frame(1, at+"line\n")), false, "c/stderr x", "c/stdout long line")
	f("a line without an end", frame(1, at+"a"), false, "c/stdout a")
	f("a terminal", []byte(at+"a\r\n"+at+"b\n"), true, "c/stdout a", "c/stdout b")
	f("cut off in a frame", frame(1, at+"a\n")[:20], false, "error")
	f("cut off in a header", join(frame(1, at+"a\n"), []byte{1, 0}), false, "c/stdout a", "error")
	f("no frames", []byte("<html>an error page</html>"), false, "error")
	f("no time", frame(1, "a\n"), false, "error")
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(1, "2026-11-23T09:10:00Z a\n"), false)
	f.Add([]byte("2026-11-23T09:10:00Z a\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, tty bool) {
		size := 0
		r := reader{interval: selfheal.Interval{To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, yield: func(e *selfheal.Entry) error { size += len(e.Line); return nil }}
		_ = r.all(body, tty) // any error will do
		if size > len(body) {
			t.Errorf("%d bytes became %d", len(body), size)
		}
	})
}

func TestEnded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	f := func(state string, want string) {
		t.Helper()
		var i inspected
		if err := json.Unmarshal([]byte(`{"Config":{},"State":`+state+`}`), &i); err != nil {
			t.Fatal(err)
		}
		got := ""
		if e := ended(container{ID: "abc", Image: "shop:1.4.0"}, &i, selfheal.Interval{From: at, To: at.Add(time.Hour)}); e != nil {
			got = e.Record.Revision + " " + string(e.Record.Message)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
	f(`{"ExitCode":0,"FinishedAt":"2026-11-23T09:20:00Z"}`, "")
	f(`{"ExitCode":137,"OOMKilled":true,"FinishedAt":"2026-11-23T09:20:00Z"}`, "1.4.0 container ended with exit code 137: out of memory")
	f(`{"ExitCode":1,"FinishedAt":"2026-11-23T08:20:00Z"}`, "")
}

func TestNobodyMatches(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: sourcetest.Answering(t, fake{}.ServeHTTP)})
	err := s.Read(t.Context(), selfheal.Query{Service: "other"}, func(*selfheal.Entry) error { return nil })
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
		t.Errorf("no container: %v", err)
	}
}

// TestRealEngine runs a container on the engine whose socket SELFHEAL_DOCKER names,
// from the image of SELFHEAL_DOCKER_IMAGE, which has a shell.
func TestRealEngine(t *testing.T) {
	t.Parallel()
	socket, image := os.Getenv("SELFHEAL_DOCKER"), os.Getenv("SELFHEAL_DOCKER_IMAGE")
	if socket == "" || image == "" {
		t.Skip("SKIPPED: set SELFHEAL_DOCKER to an engine's socket and SELFHEAL_DOCKER_IMAGE to an image with a shell to run this against the real one")
	}
	name := fmt.Sprintf("selfheal-test-%d", os.Getpid())
	docker := func(args ...string) (string, error) {
		out, err := exec.Command("docker", append([]string{"-H", "unix://" + socket}, args...)...).CombinedOutput()
		return string(out), err
	}
	began := time.Now().Add(-time.Second)
	t.Cleanup(func() { _, _ = docker("rm", "-f", name) })
	out, err := docker("run", "--name", name, "--network=none", "--label=com.docker.compose.service="+name, image, "sh", "-c",
		"i=0; while [ $i -lt 2000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; exit 3")
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("docker run: %v: %s", err, out)
	}
	s := open(t, Config{Connection: backend.Connection{URL: "unix://" + socket}})
	got := map[string][]string{}
	q := selfheal.Query{Service: name, Interval: selfheal.Interval{From: began, To: time.Now().Add(time.Second)}}
	err = s.Read(t.Context(), q, func(e *selfheal.Entry) error {
		text := string(e.Line)
		if e.Record != nil {
			text = string(e.Record.Message)
		}
		got[e.Stream] = append(got[e.Stream], text)
		return nil
	})
	want := map[string][]string{name: {"container ended with exit code 3"}}
	for i := range 2000 {
		want[name+"/stdout"] = append(want[name+"/stdout"], fmt.Sprint("out ", i))
		want[name+"/stderr"] = append(want[name+"/stderr"], fmt.Sprint("err ", i))
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v; docker run: %s (-want +got):\n%.2000s", err, out[:min(len(out), 300)], diff)
	}
	if skew, err := s.Skew(t.Context()); err != nil || skew.Abs() > 2*time.Second {
		t.Errorf("the clock of this machine is %s ahead of itself: %v", skew, err)
	}
}
