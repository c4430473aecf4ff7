// Package giteatest runs a real Gitea for tests: a process with its own data, on
// a free port of this machine. Where there is none, tests skip and say so.
package giteatest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
)

// Variable names the Gitea program; its templates lie beside it, as make gitea
// puts them.
const Variable = "SELFHEAL_GITEA"

const password = "a-password-for-tests-1"

// Server is a Gitea that runs.
type Server struct {
	URL   string
	admin string // token of the user that is selfheal's
	mu    sync.Mutex
	count int // of repositories
}

// Bot is the name of selfheal's user.
const Bot = "heal-bot"

// Run starts a Gitea for the tests of a package and calls f; without a program it
// calls f with nil. It is for TestMain.
func Run(f func(*Server) int) int {
	program := os.Getenv(Variable)
	if program == "" {
		return f(nil)
	}
	dir, err := os.MkdirTemp("", "selfheal-gitea-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is in the system's temporary directory
	s, stop, err := start(program, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start Gitea:", err)
		return 1
	}
	defer stop()
	return f(s)
}

// Need skips a test where there is no Gitea.
func Need(t testing.TB, s *Server) {
	t.Helper()
	if s == nil {
		t.Skipf("SKIPPED: no real Gitea: build one with make gitea and set %s=$PWD/bin/gitea/gitea", Variable)
	}
}

func start(program, dir string) (*Server, func(), error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + port}
	config := filepath.Join(dir, "app.ini")
	if err := os.WriteFile(config, []byte(settings(dir, filepath.Dir(program), s.URL, port)), 0o600); err != nil {
		return nil, nil, err
	}
	log, err := os.Create(filepath.Join(dir, "gitea.log"))
	if err != nil {
		return nil, nil, err
	}
	command := exec.Command(program, "-c", config, "-w", dir, "web")
	command.Env = append(os.Environ(), "HOME="+dir, "GITEA_WORK_DIR="+dir)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = command.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
		_ = command.Wait()
		timer.Stop()
		_ = log.Close()
	}
	if err := s.ready(program, config, dir); err != nil {
		stop()
		said, _ := os.ReadFile(log.Name())
		return nil, nil, fmt.Errorf("%w\n%s", err, said)
	}
	return s, stop, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

func settings(dir, static, url, port string) string {
	name := "git"
	if me, err := user.Current(); err == nil {
		name = me.Username
	}
	return fmt.Sprintf(`APP_NAME = test
RUN_USER = %s
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %s
ROOT_URL = %s/
STATIC_ROOT_PATH = %s
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = %s
SQLITE_JOURNAL_MODE = WAL
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-tests
INTERNAL_TOKEN = eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYmYiOjE3MDAwMDAwMDB9.x
[service]
DISABLE_REGISTRATION = true
ENABLE_NOTIFY_MAIL = false
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[log]
LEVEL = Error
`, name, port, url, static, filepath.Join(dir, "gitea.db"))
}

// ready waits for the server, then makes its people.
func (s *Server) ready(program, config, dir string) error {
	deadline := time.Now().Add(90 * time.Second)
	for {
		if status, _, err := s.ask(http.MethodGet, "/api/v1/version", "", nil); err == nil && status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			return errors.New("it did not answer")
		}
		time.Sleep(100 * time.Millisecond) // a real server starts
	}
	command := exec.Command(program, "-c", config, "-w", dir, "admin", "user", "create", "--username", Bot, "--password", password,
		"--email", "bot@example.com", "--admin", "--must-change-password=false", "--access-token", "--access-token-scopes", "all")
	command.Env = append(os.Environ(), "HOME="+dir, "GITEA_WORK_DIR="+dir)
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	for field := range strings.FieldsSeq(string(out)) {
		if len(field) == 40 {
			s.admin = field
		}
	}
	if s.admin == "" {
		return fmt.Errorf("no token in %s", out)
	}
	for name, email := range map[string]string{forgetest.Writer: "author@example.com", forgetest.Stranger: "mallory@example.com"} {
		body := map[string]any{"username": name, "email": email, "password": password, "must_change_password": false}
		if status, said, err := s.ask(http.MethodPost, "/api/v1/admin/users", Bot, body); err != nil || status != http.StatusCreated {
			return fmt.Errorf("make user: %d %s: %w", status, said, err)
		}
	}
	return nil
}

// Token is that of selfheal's user.
func (s *Server) Token() string { return s.admin }

// ask sends a request to the API as somebody; empty: as nobody.
func (s *Server) ask(method, path, who string, body any) (int, []byte, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		payload = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, payload)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if who != "" {
		request.SetBasicAuth(who, password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// do is ask for what must succeed.
func (s *Server) do(t testing.TB, method, path, who string, body, answer any) {
	t.Helper()
	status, text, err := s.ask(method, path, who, body)
	if err != nil || status < 200 || status > 299 {
		t.Fatalf("%s %s: %d %s: %v", method, path, status, text, err)
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			t.Fatal(err)
		}
	}
}

// Repository is one repository of the server, with people around it.
type Repository struct {
	Server *Server
	Name   string // owner/name
	open   func(t testing.TB, url, name string) selfheal.Forge
	dir    string // of the repository that people push from
}

var _ forgetest.Hosted = (*Repository)(nil)

// Repository makes one that begins with main of the repository at dir. open makes the client.
func (s *Server) Repository(t testing.TB, dir string, open func(t testing.TB, url, name string) selfheal.Forge) *Repository {
	t.Helper()
	s.mu.Lock()
	s.count++
	name := "shop" + strconv.Itoa(s.count)
	s.mu.Unlock()
	s.do(t, http.MethodPost, "/api/v1/user/repos", Bot, map[string]any{"name": name, "default_branch": "main"}, nil)
	r := &Repository{Server: s, Name: Bot + "/" + name, open: open, dir: dir}
	s.do(t, http.MethodPut, "/api/v1/repos/"+r.Name+"/collaborators/"+forgetest.Writer, Bot, map[string]any{"permission": "write"}, nil)
	r.push(t, dir, "main", "main", r.Name, Bot)
	r.wait(t, "the first push", func() bool {
		var answer struct {
			Empty bool `json:"empty"`
		}
		s.do(t, http.MethodGet, r.api(""), Bot, nil, &answer)
		return !answer.Empty
	})
	return r
}

// wait waits for what Gitea does in the background.
func (r *Repository) wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("Gitea is not done with %s", what)
		}
	}
}

// push pushes as a person does.
func (r *Repository) push(t testing.TB, dir, commit, branch, repository, who string) {
	t.Helper()
	command := exec.Command("git", "-C", dir, "push", "--quiet", "--force", r.remote(repository), commit+":refs/heads/"+branch)
	basic := base64.StdEncoding.EncodeToString([]byte(who + ":" + password))
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic "+basic)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("push: %v: %s", err, out)
	}
}

func (r *Repository) remote(repository string) string {
	return r.Server.URL + "/" + repository + ".git"
}

func (r *Repository) api(below string) string { return "/api/v1/repos/" + r.Name + below }

// Open implements [forgetest.Server].
func (r *Repository) Open(t testing.TB) selfheal.Forge { return r.open(t, r.Server.URL, r.Name) }

// OpenAt implements [forgetest.Hosted].
func (r *Repository) OpenAt(t testing.TB, url string) selfheal.Forge { return r.open(t, url, r.Name) }

// URL implements [forgetest.Hosted].
func (r *Repository) URL() string { return r.Server.URL }

// Remote implements [forgetest.Server]: the repository is public.
func (r *Repository) Remote() string { return r.remote(r.Name) }

// Self implements [forgetest.Hosted].
func (r *Repository) Self() string { return Bot }

// Merge implements [forgetest.Server]. A draft is made ready for it, as people do.
func (r *Repository) Merge(t testing.TB, number int) {
	t.Helper()
	path := r.api("/pulls/" + strconv.Itoa(number))
	var pr struct {
		Title string `json:"title"`
	}
	r.Server.do(t, http.MethodGet, path, forgetest.Writer, nil, &pr)
	r.Server.do(t, http.MethodPatch, path, forgetest.Writer, map[string]any{"title": strings.TrimPrefix(pr.Title, "WIP: ")}, nil)
	r.wait(t, "merging", func() bool { // it looks for conflicts in the background
		status, _, err := r.Server.ask(http.MethodPost, path+"/merge", forgetest.Writer, map[string]any{"Do": "merge"})
		return err == nil && status == http.StatusOK
	})
}

// Reject implements [forgetest.Server].
func (r *Repository) Reject(t testing.TB, number int) {
	t.Helper()
	r.Server.do(t, http.MethodPatch, r.api("/pulls/"+strconv.Itoa(number)), forgetest.Writer, map[string]any{"state": "closed"}, nil)
}

// Push implements [forgetest.Server].
func (r *Repository) Push(t testing.TB, dir, commit, branch string) {
	t.Helper()
	r.push(t, dir, commit, branch, r.Name, forgetest.Writer)
}

// Protect implements [forgetest.Hosted].
func (r *Repository) Protect(t testing.TB) {
	t.Helper()
	r.Server.do(t, http.MethodPost, r.api("/branch_protections"), Bot, map[string]any{"rule_name": "selfheal/**", "enable_push": false}, nil)
}

// Propose implements [forgetest.Hosted].
func (r *Repository) Propose(t testing.TB, dir, commit string, pr selfheal.PullRequest) {
	t.Helper()
	_, name, _ := strings.Cut(r.Name, "/")
	fork := forgetest.Stranger + "/" + name
	if status, _, _ := r.Server.ask(http.MethodGet, "/api/v1/repos/"+fork, forgetest.Stranger, nil); status != http.StatusOK {
		r.Server.do(t, http.MethodPost, r.api("/forks"), forgetest.Stranger, map[string]any{}, nil)
	}
	branch := pr.Source
	for n := 2; ; n++ {
		status, _, _ := r.Server.ask(http.MethodGet, "/api/v1/repos/"+fork+"/branches/"+branch, forgetest.Stranger, nil)
		if status == http.StatusNotFound {
			break
		}
		branch = pr.Source + strconv.Itoa(n)
	}
	command := exec.Command("git", "-C", dir, "commit-tree", commit+"^{tree}", "-p", commit, "-m", "by a stranger "+branch)
	command.Env = append(os.Environ(), "GIT_AUTHOR_NAME=m", "GIT_AUTHOR_EMAIL=mallory@example.com", "GIT_COMMITTER_NAME=m", "GIT_COMMITTER_EMAIL=mallory@example.com")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	r.push(t, dir, strings.TrimSpace(string(out)), branch, fork, forgetest.Stranger)
	r.Server.do(t, http.MethodPost, r.api("/pulls"), forgetest.Stranger, map[string]any{
		"title": pr.Title, "body": pr.Body + "\n" + branch, "head": forgetest.Stranger + ":" + branch, "base": pr.Target,
	}, nil)
}

// Contribute implements [forgetest.Hosted].
func (r *Repository) Contribute(t testing.TB, dir, commit string, pr selfheal.PullRequest) int {
	t.Helper()
	r.push(t, dir, commit, pr.Source, r.Name, forgetest.Writer)
	var made struct {
		Number int `json:"number"`
	}
	r.Server.do(t, http.MethodPost, r.api("/pulls"), forgetest.Writer, map[string]any{
		"title": pr.Title, "body": pr.Body, "head": pr.Source, "base": pr.Target,
	}, &made)
	return made.Number
}

// Say implements [forgetest.Hosted].
func (r *Repository) Say(t testing.TB, number int, who, text string) {
	t.Helper()
	r.Server.do(t, http.MethodPost, r.api("/issues/"+strconv.Itoa(number)+"/comments"), who, map[string]any{"body": text}, nil)
}

// Check implements [forgetest.Hosted].
func (r *Repository) Check(t testing.TB, commit, name, state string) {
	t.Helper()
	r.Server.do(t, http.MethodPost, r.api("/statuses/"+commit), Bot, map[string]any{"context": name, "state": state, "description": "by a test"}, nil)
}
