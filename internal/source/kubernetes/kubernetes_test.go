package kubernetes

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

const onePod = `{"metadata":{},"items":[{"metadata":{"name":"web-1","labels":{"app.kubernetes.io/name":"shop"}},
"status":{"containerStatuses":[{"name":"app","image":"shop:1.4.0","state":{"running":{}}}]}}]}`

// fake answers as an API server does.
type fake struct {
	pods  string
	lines []sourcetest.Line
	calls *[]string
}

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.37.2"}`)
	case r.URL.Path == "/api/v1/namespaces/shop-ns/pods":
		fmt.Fprint(w, f.pods)
	case strings.HasSuffix(r.URL.Path, "/log"):
		f.log(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f fake) log(w http.ResponseWriter, r *http.Request) {
	if f.calls != nil {
		*f.calls = append(*f.calls, strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/shop-ns/pods/")+" "+r.FormValue("container")+" "+r.FormValue("previous"))
	}
	if r.FormValue("previous") == "true" && f.lines == nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"message":"previous terminated container not found"}`)
		return
	}
	since, _ := time.Parse(time.RFC3339, r.FormValue("sinceTime"))
	limit, _ := strconv.Atoi(r.FormValue("limitBytes"))
	var out bytes.Buffer
	for _, line := range f.lines {
		if !line.Time.Before(since) {
			fmt.Fprintf(&out, "%s %s\n", line.Time.Format(time.RFC3339Nano), line.Text)
		}
	}
	_, _ = w.Write(out.Bytes()[:min(limit, out.Len())])
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	c.Namespace = "{environment}-ns"
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store: func(lines []sourcetest.Line) http.Handler { return fake{pods: onePod, lines: lines} },
		New: func(t *testing.T, c backend.Connection) selfheal.Source {
			s := open(t, Config{Connection: c, Bytes: 100})
			s.config.Namespace = "shop-ns"
			return s
		},
		IsPage:  func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/log") },
		Unpaged: true, // a cluster keeps no pages: it goes by time
	})
}

func at(clock string) time.Time {
	when, err := time.Parse(time.TimeOnly, clock)
	if err != nil {
		panic(err)
	}
	return when.AddDate(2026, 10, 22)
}

func TestContainers(t *testing.T) {
	t.Parallel()
	const crashed = `{"metadata":{},"items":[{"metadata":{"name":"web-1","labels":{"app.kubernetes.io/version":"2.0.0"}},"status":{"containerStatuses":[
{"name":"app","image":"shop:1.4.0","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"2026-11-23T09:20:00Z"}}},
{"name":"side","image":"side:7","state":{"running":{}},"lastState":{"terminated":{"exitCode":1,"reason":"Error","finishedAt":"2026-11-20T09:20:00Z"}}}]}}]}`
	const waiting = `{"metadata":{},"items":[{"metadata":{"name":"web-1"},"status":{"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]}}]}`
	f := func(name, pods string, lines []sourcetest.Line, wantCalls, want []string, failure string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls, got []string
			s := open(t, Config{Connection: sourcetest.Answering(t, fake{pods: pods, lines: lines, calls: &calls}.ServeHTTP)})
			q := selfheal.Query{Service: "shop", Environment: "shop", Interval: selfheal.Interval{From: at("09:10:00"), To: at("10:10:00")}}
			err := s.Read(t.Context(), q, func(e *selfheal.Entry) error {
				if e.Record != nil {
					got = append(got, e.Stream+" "+e.Record.Revision+" "+string(e.Record.Message))
				} else {
					got = append(got, e.Stream+" "+e.Origin.Revision+" "+string(e.Line))
				}
				return nil
			})
			if failure == "" && err != nil || failure != "" && (selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), failure)) {
				t.Errorf("error %v, want %q", err, failure)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			seen := map[string]bool{}
			for _, call := range calls {
				seen[call] = true
			}
			for _, call := range wantCalls {
				if !seen[call] {
					t.Errorf("%q was not asked for: %q", call, calls)
				}
				delete(seen, call)
			}
			if len(seen) > 0 {
				t.Errorf("%v was asked for too", seen)
			}
		})
	}
	lines := []sourcetest.Line{{Time: at("09:15:00"), Text: "lost"}}
	f("a restart", crashed, lines, []string{"web-1/log app true", "web-1/log side "},
		[]string{"web-1/app (previous) 2.0.0 lost", "web-1/app (state) 2.0.0 container ended with exit code 137: OOMKilled", "web-1/side 2.0.0 lost"}, "")
	f("the log of the container before is gone", crashed, nil, []string{"web-1/log app true", "web-1/log side "},
		[]string{"web-1/app (state) 2.0.0 container ended with exit code 137: OOMKilled; its log is gone"}, "")
	f("nothing started", waiting, lines, nil, nil, "ImagePullBackOff")
	f("no pods", `{"metadata":{},"items":[]}`, lines, nil, nil, "has no pod app.kubernetes.io/name=shop in shop-ns")
	f("the image tells the revision", onePod, lines, []string{"web-1/log app "}, []string{"web-1/app 1.4.0 lost"}, "")
}

// cluster is an API server that wants this token, and the PEM of its certificate.
func startCluster(t *testing.T, token string) (url string, ca []byte) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		fake{pods: onePod}.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestAccess(t *testing.T) {
	t.Parallel()
	url, ca := startCluster(t, "t0ken")
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("ca.crt", string(ca), 0o600)
	write("token", "t0ken\n", 0o600)
	write("namespace", "shop-ns", 0o600)
	write("login", "#!/bin/sh\nprintf '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' \"$SECRET\"\n", 0o700)
	file := func(cluster, user string) string {
		return fmt.Sprintf(`{current-context: a, contexts: [{name: a, context: {cluster: c, user: u, namespace: shop-ns}}], clusters: [{name: c, cluster: {server: %q, %s}}], users: [{name: u, user: {%s}}]}`, url, cluster, user)
	}
	data := "certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca)
	f := func(name, text, context, wrong string) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "config")
			write("config", text, 0o600)
			s, err := New(Config{Context: context, Getenv: func(key string) string { return map[string]string{"KUBECONFIG": path}[key] }})
			if err == nil {
				err = s.Probe(t.Context())
			}
			if wrong == "" && err != nil || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
				t.Errorf("error %v, want %q", err, wrong)
			}
			if s != nil && err == nil && s.config.Namespace != "shop-ns" {
				t.Errorf("namespace %q", s.config.Namespace)
			}
		})
	}
	f("a token", file(data, "token: t0ken"), "", "")
	f("a file with a token", file("certificate-authority: ca.crt", "tokenFile: token"), "a", "")
	f("a plugin", file(data, "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, env: [{name: SECRET, value: t0ken}]}"), "", "")
	f("a plugin that fails", file(data, "exec: {apiVersion: v1, command: ./nowhere}"), "", "log in with nowhere")
	f("another token", file(data, "token: old"), "", "401")
	f("no authority", file("tls-server-name: x", "token: t0ken"), "", "certificate")
	f("a context that is none", file(data, "token: t0ken"), "b", `no context "b"`)
	f("an auth-provider", file(data, "auth-provider: {name: gcp}"), "", "not supported")
	f("in clear", strings.ReplaceAll(file(data, "token: t0ken"), url, "http://cluster.example.com"), "", "in clear")
	f("no YAML", "{{{", "", "no kubeconfig")

	host, port, _ := strings.Cut(strings.TrimPrefix(url, "https://"), ":")
	found, err := inCluster(dir, func(key string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}[key]
	})
	if err != nil || found.namespace != "shop-ns" {
		t.Fatalf("in a cluster: %+v, %v", found, err)
	}
	s := open(t, Config{Connection: backend.Connection{URL: found.url, HTTP: &http.Client{Transport: found.transport}}})
	if err := s.Probe(t.Context()); err != nil {
		t.Errorf("in a cluster: %v", err)
	}
}
