package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/pgconnect"
	"selfheal/internal/pgconnect/pgtest"
	"selfheal/internal/store/postgres"
	"selfheal/internal/store/sqlite"
	"selfheal/internal/token"
)

// roundsVariable is how often a serving process is killed; the default is few, since each takes seconds.
const roundsVariable = "SELFHEAL_KILL_ROUNDS"

// databases is a real Postgres, where there is one.
var databases pgtest.Server

// tests runs the package's tests and then stops the databases.
type tests struct{ *testing.M }

func (t tests) Run() int { return databases.Main(t.M) }

// unflushed is how much of what was acknowledged a kill may lose: the flush interval,
// and the time that a flush takes on a slow machine.
const unflushed = 8 * time.Second

// patience is longer than what a killed process held: its lease of an incident, and its
// job until another takes it over; and the race detector is slow.
const patience = 5 * time.Minute

// TestKillServe: a process that takes logs in, watches a deploy and opens a pull
// request is killed at random moments under load. Nothing that was acknowledged
// earlier than the flush interval is lost, nothing is counted twice, the watch goes on,
// and there is one incident and one pull request.
func TestKillServe(t *testing.T) {
	t.Parallel()
	killServe(t, filepath.Join(t.TempDir(), "selfheal.db"), 1)
}

// TestKillServeTogether: the same of three processes that share a store in Postgres.
func TestKillServeTogether(t *testing.T) {
	t.Parallel()
	killServe(t, databases.Address(t), 3)
}

func killServe(t *testing.T, store string, instances int) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: killing a serving process takes a while")
	}
	rounds := 3
	if text := os.Getenv(roundsVariable); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", roundsVariable, err)
		}
	}
	s := newServed(t, store, instances)
	for _, i := range s.instances {
		i.begin()
	}
	s.announce()
	for round := range rounds {
		s.load(3*time.Second + rand.N(6*time.Second))
		victim := s.instances[rand.IntN(instances)]
		victim.kill()
		if victim.begin(); t.Failed() {
			t.Fatalf("round %d of %d", round+1, rounds)
		}
	}
	s.load(2 * time.Second)
	s.await("a pull request", func() bool { return s.incidents(`"pull_request":"`) == 1 })
	for _, i := range s.instances {
		i.end()
	}
	s.check()
}

// served is a service that some processes look after, and what was sent to them.
type served struct {
	t          *testing.T
	repository *gittest.Repository
	base, head string
	store      string // a file, or the address of a database
	secret     string
	deployed   time.Time
	instances  []*instance
	sent       int64
	certain    int64 // of what was acknowledged, what no kill may have lost
}

// instance is one process.
type instance struct {
	*served
	state, url   string
	process      *exec.Cmd
	said         string    // file of what it said
	acknowledged []sending // since it began
}

type sending struct {
	at time.Time
	n  int64
}

func newServed(t *testing.T, store string, instances int) *served {
	t.Helper()
	const file = "package prices\n\nvar lists = map[string][]int{}\n\n// Find gives a price.\nfunc Find(region string, position int) int {\n\tlist := lists[region]\n\treturn list[%s]\n}\n"
	r := gittest.New(t)
	s := &served{t: t, repository: r, store: store, deployed: time.Now().Add(-15 * time.Minute).Truncate(time.Second)}
	secret, hash := token.New()
	s.secret = secret
	s.base = r.Commit("prices: find", "go.mod", "module example.com/shop\n\ngo 1.21\n", "prices/find.go", fmt.Sprintf(file, "position"),
		"selfheal.yaml", "service: shop\nserve:\n  every: 1s\n  repair: revert\n  tokens:\n    - {name: test, hash: "+hash+", scopes: [ingest, read]}\n")
	s.head = r.Commit("prices: count from the end", "prices/find.go", fmt.Sprintf(file, "len(list)"))
	state := t.TempDir() // machines that share a store share the local forge as well
	for range instances {
		s.instances = append(s.instances, &instance{served: s, state: state})
	}
	return s
}

// begin starts the process and waits until it listens.
func (i *instance) begin() {
	i.t.Helper()
	i.process = exec.Command("selfheal", "serve", "--repo", i.repository.Dir, "--store", i.store, "--listen", "127.0.0.1:0")
	i.process.Env = append(os.Environ(), "SELFHEAL_UNSAFE_NO_SANDBOX=1", "XDG_STATE_HOME="+i.state)
	said, err := os.CreateTemp(i.t.TempDir(), "said")
	if err != nil {
		i.t.Fatal(err)
	}
	i.process.Stderr, i.said = said, said.Name()
	if err := i.process.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = i.process.Process.Kill() })
	i.await("the process listens", func() bool {
		text, _ := os.ReadFile(said.Name())
		_, address, found := strings.Cut(string(text), "listens on ")
		i.url = "http://" + strings.TrimSpace(strings.SplitN(address, "\n", 2)[0])
		return found && strings.Contains(address, "\n")
	})
}

func (s *served) await(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			_, deploys := s.instances[0].do(http.MethodGet, "/api/v1/deploys", nil)
			_, incidents := s.instances[0].do(http.MethodGet, "/api/v1/incidents", nil)
			said, _ := os.ReadFile(s.instances[0].said)
			s.t.Fatalf("not within %s: %s\ndeploys: %s\nincidents: %s\nthe process said: %s", patience, what, deploys, incidents, said)
		}
	}
}

func (i *instance) do(method, path string, body any) (int, string) {
	i.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		i.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(i.t.Context(), method, i.url+path, bytes.NewReader(text))
	if err != nil {
		i.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+i.secret)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	_, _ = answer.ReadFrom(response.Body)
	return response.StatusCode, answer.String()
}

// announce reports the deploy, and what was logged before it and since.
func (s *served) announce() {
	s.t.Helper()
	var before, since []any
	for at := s.deployed.Add(-90 * time.Minute); at.Before(time.Now().Add(-time.Minute)); at = at.Add(10 * time.Second) {
		before = append(before, record(at, 9, "order placed"))
	}
	for at := s.deployed.Add(time.Minute); at.Before(time.Now().Add(-time.Minute)); at = at.Add(10 * time.Second) {
		since = append(since, record(at, 17, "panic: runtime error: index out of range [0] with length 0\n\ngoroutine 7 [running]:\nexample.com/shop/prices.Find(...)\n\t/src/prices/find.go:8 +0x1d\n"))
	}
	first := s.instances[0]
	first.send(before)
	first.send(since)
	status, answer := first.do(http.MethodPost, "/api/v1/deploys", map[string]any{"service": "shop", "environment": "production", "revision": s.head, "previous": s.base, "time": s.deployed})
	if status != http.StatusAccepted {
		s.t.Fatalf("announce: %d %s", status, answer)
	}
	// What a kill may lose must not be what the test is about.
	s.await("what was logged is flushed", func() bool {
		for _, i := range s.instances {
			_, metrics := i.do(http.MethodGet, "/metrics", nil)
			_, records, found := strings.Cut(metrics, `selfheal_window_records{environment="production",service="shop"} `)
			if found && !strings.HasPrefix(records, "0\n") {
				return true
			}
		}
		return false
	})
}

func record(at time.Time, severity int, text string) any {
	return map[string]any{"timeUnixNano": strconv.FormatInt(at.UnixNano(), 10), "severityNumber": severity, "body": map[string]any{"stringValue": text}}
}

// send sends records; only what is acknowledged counts as such.
func (i *instance) send(records []any) {
	i.t.Helper()
	name := map[string]any{"key": "service.name", "value": map[string]any{"stringValue": "shop"}}
	i.sent += int64(len(records))
	status, _ := i.do(http.MethodPost, "/v1/logs", map[string]any{"resourceLogs": []any{map[string]any{
		"resource": map[string]any{"attributes": []any{name}}, "scopeLogs": []any{map[string]any{"logRecords": records}}}}})
	if status == http.StatusOK {
		i.acknowledged = append(i.acknowledged, sending{time.Now(), int64(len(records))})
	}
}

// load sends records to all in turn for a while.
func (s *served) load(length time.Duration) {
	for end, n := time.Now().Add(length), 0; time.Now().Before(end); n++ {
		batch := make([]any, 0, 100)
		for range 100 {
			batch = append(batch, record(time.Now(), 9, "order placed"))
		}
		s.instances[n%len(s.instances)].send(batch)
		time.Sleep(20 * time.Millisecond)
	}
}

// kill ends the process at once, while it is being asked for things.
func (i *instance) kill() {
	i.t.Helper()
	var asking sync.WaitGroup
	asking.Go(func() { i.do(http.MethodGet, "/api/v1/incidents", nil) })
	if err := i.process.Process.Kill(); err != nil {
		i.t.Fatal(err)
	}
	at := time.Now()
	_ = i.process.Wait()
	asking.Wait()
	for _, a := range i.acknowledged {
		if at.Sub(a.at) > unflushed {
			i.certain += a.n
		}
	}
	i.acknowledged = nil
}

// end asks the process to stop: what was taken in is flushed.
func (i *instance) end() {
	i.t.Helper()
	if err := i.process.Process.Signal(syscall.SIGTERM); err != nil {
		i.t.Fatal(err)
	}
	if err := i.process.Wait(); err != nil {
		i.t.Errorf("the process did not stop well: %v", err)
	}
	for _, a := range i.acknowledged {
		i.certain += a.n
	}
}

// incidents counts what is said of incidents.
func (s *served) incidents(what string) int {
	s.t.Helper()
	_, answer := s.instances[0].do(http.MethodGet, "/api/v1/incidents", nil)
	return strings.Count(answer, what)
}

func (s *served) check() {
	s.t.Helper()
	store := s.open()
	counted, err := store.Counted(s.t.Context(), selfheal.Scope{Service: "shop", Environment: "production"}, selfheal.Interval{})
	if err != nil {
		s.t.Fatal(err)
	}
	var records int64
	for _, c := range counted {
		records += c.Counts.Records
	}
	if records < s.certain || records > s.sent {
		s.t.Errorf("%d records are counted, %d were sent, of which %d must be there", records, s.sent, s.certain)
	}
	s.t.Logf("%d records are counted, %d were sent, of which %d must be there", records, s.sent, s.certain)
	s.checkJournal(store)
}

// kept is what a store has to say for itself.
type kept interface {
	selfheal.Store
	selfheal.CountStore
	selfheal.JournalReader
	io.Closer
}

func (s *served) open() (store kept) {
	s.t.Helper()
	var err error
	if pgconnect.Is(s.store) {
		store, err = postgres.Open(s.t.Context(), s.store)
	} else {
		store, err = sqlite.Open(s.t.Context(), s.store)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { store.Close() })
	return store
}

func (s *served) checkJournal(store kept) {
	s.t.Helper()
	streams := func(kind selfheal.StreamKind) int {
		all, err := store.Streams(s.t.Context(), kind, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		return len(all)
	}
	if n := streams(selfheal.StreamIncident); n != 1 {
		s.t.Errorf("%d incidents, want one", n)
	}
	if n := streams(selfheal.StreamDeploy); n != 1 {
		s.t.Errorf("%d deploys, want one", n)
	}
	events, err := store.Since(s.t.Context(), 0, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	started, opened := 0, 0
	for _, e := range events {
		switch e.Type {
		case selfheal.EventWatchStarted:
			started++
		case selfheal.EventPullRequestOpened:
			opened++
		}
	}
	if started != 1 || opened != 1 {
		s.t.Errorf("%d watches were started and %d pull requests opened, want one each", started, opened)
	}
}
