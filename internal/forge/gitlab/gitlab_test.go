package gitlab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/forgetest/fake"
	"selfheal/internal/forge/owners"
)

const repo = "group/sub/shop"

// fakeAPI answers as GitLab's API is documented to.
type fakeAPI struct {
	*fake.Forge
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int, message any) {
	send(w, status, map[string]any{"message": message})
}

func (f *fakeAPI) handler() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, handle http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v4"+strings.Replace(path, "{project}", "/projects/{id}", 1), func(w http.ResponseWriter, r *http.Request) {
			if id := r.PathValue("id"); id != "" && id != repo {
				fail(w, http.StatusNotFound, "404 Project Not Found")
				return
			}
			handle(w, r)
		})
	}
	route("GET {project}", func(w http.ResponseWriter, _ *http.Request) {
		send(w, 200, map[string]any{"path_with_namespace": repo})
	})
	route("GET {project}/repository/branches/{branch}", f.branch)
	route("GET {project}/repository/files/{path}/raw", f.file)
	route("GET {project}/repository/commits/{sha}", f.commit)
	route("GET {project}/repository/commits/{sha}/statuses", f.statuses)
	route("GET {project}/merge_requests", f.list)
	route("POST {project}/merge_requests", f.create)
	route("GET {project}/merge_requests/{n}", f.withPull(func(w http.ResponseWriter, _ *http.Request, p *fake.Pull) { send(w, 200, f.render(p)) }))
	route("PUT {project}/merge_requests/{n}", f.withPull(f.put))
	route("GET {project}/merge_requests/{n}/notes", f.withPull(f.notes))
	route("POST {project}/merge_requests/{n}/notes", f.withPull(f.note))
	route("GET {project}/members/all/{user}", f.member)
	route("GET /user", func(w http.ResponseWriter, _ *http.Request) { send(w, 200, f.user(fake.Bot)) })
	route("GET /users", f.users)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Private-Token") != fake.Token {
			fail(w, http.StatusUnauthorized, "401 Unauthorized")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (f *fakeAPI) withPull(handle func(http.ResponseWriter, *http.Request, *fake.Pull)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.PathValue("n"))
		p := f.Find(number)
		if p == nil {
			fail(w, http.StatusNotFound, "404 Not found")
			return
		}
		handle(w, r, p)
	}
}

func (f *fakeAPI) user(name string) map[string]any {
	return map[string]any{"id": slices.Index(f.Users(), name) + 1, "username": name}
}

func (f *fakeAPI) users(w http.ResponseWriter, r *http.Request) {
	found := []any{}
	query := r.URL.Query()
	for _, name := range f.Users() {
		if query.Get("username") == name || query.Get("search") == fake.WriterEmail && name == forgetest.Writer {
			found = append(found, f.user(name))
		}
	}
	send(w, 200, found)
}

func (f *fakeAPI) member(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("user"))
	level := map[string]int{forgetest.Writer: 30, fake.Bot: 40}[f.Users()[id-1]]
	if level == 0 {
		fail(w, http.StatusNotFound, "404 Not found")
		return
	}
	send(w, 200, map[string]any{"id": id, "access_level": level})
}

func (f *fakeAPI) render(p *fake.Pull) map[string]any {
	from, state := 1, "opened"
	if p.Foreign {
		from = 2
	}
	var merged any
	switch {
	case p.Merged != "":
		state, merged = "merged", p.Merged
	case p.Closed:
		state = "closed"
	}
	reviewers := []any{}
	for _, name := range p.Reviewers {
		reviewers = append(reviewers, f.user(name))
	}
	return map[string]any{
		"iid": p.Number, "web_url": fmt.Sprintf("https://gitlab.example/%s/-/merge_requests/%d", repo, p.Number), "state": state,
		"title": p.Title, "description": p.Body, "author": f.user(p.Author), "labels": p.Labels, "reviewers": reviewers,
		"source_branch": p.Source, "target_branch": p.Target, "source_project_id": from, "target_project_id": 1,
		"sha": f.Head(p), "created_at": p.Created, "merge_commit_sha": merged, "squash_commit_sha": nil,
	}
}

func (f *fakeAPI) branch(w http.ResponseWriter, r *http.Request) {
	tip := f.Tip(r.PathValue("branch"))
	if tip == "" {
		fail(w, http.StatusNotFound, "404 Branch Not Found")
		return
	}
	send(w, 200, map[string]any{"name": r.PathValue("branch"), "commit": map[string]any{"id": tip}})
}

func (f *fakeAPI) file(w http.ResponseWriter, r *http.Request) {
	text, ok := f.File(r.URL.Query().Get("ref"), r.PathValue("path"))
	if !ok {
		fail(w, http.StatusNotFound, "404 File Not Found")
		return
	}
	_, _ = w.Write([]byte(text))
}

func (f *fakeAPI) commit(w http.ResponseWriter, r *http.Request) {
	email := f.AuthorOf(r.PathValue("sha"))
	if email == "" {
		fail(w, http.StatusNotFound, "404 Commit Not Found")
		return
	}
	send(w, 200, map[string]any{"id": r.PathValue("sha"), "author_email": email})
}

func (f *fakeAPI) statuses(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	for _, s := range f.Statuses {
		if s.Commit == r.PathValue("sha") {
			status := map[string]string{"success": "success", "pending": "running", "failure": "failed"}[s.State]
			all = append(all, map[string]any{"name": s.Name, "status": status})
		}
	}
	send(w, 200, all)
}

func (f *fakeAPI) list(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	source := r.URL.Query().Get("source_branch")
	for _, p := range slices.Backward(f.Pulls) {
		if source == "" || p.Source == source {
			all = append(all, f.render(p))
		}
	}
	send(w, 200, all)
}

func decode(r *http.Request) map[string]any {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	return body
}

func text(body map[string]any, field string) string { s, _ := body[field].(string); return s }

func (f *fakeAPI) create(w http.ResponseWriter, r *http.Request) {
	body := decode(r)
	source := text(body, "source_branch")
	if open := f.OpenOf(source); open != nil {
		fail(w, http.StatusConflict, []string{fmt.Sprintf("Another open merge request already exists for this source branch: !%d", open.Number)})
		return
	}
	send(w, http.StatusCreated, f.render(f.Add(&fake.Pull{
		Title: text(body, "title"), Body: text(body, "description"), Source: source, Target: text(body, "target_branch"), Author: fake.Bot,
	})))
}

func (f *fakeAPI) put(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	body := decode(r)
	if title := text(body, "title"); title != "" {
		p.Title = title
	}
	if description, ok := body["description"].(string); ok {
		p.Body = description
	}
	if labels := text(body, "add_labels"); labels != "" {
		p.Labels = append(p.Labels, strings.Split(labels, ",")...)
	}
	if ids, ok := body["reviewer_ids"].([]any); ok {
		p.Reviewers = nil
		for _, id := range ids {
			id, _ := id.(float64)
			p.Reviewers = append(p.Reviewers, f.Users()[int(id)-1])
		}
	}
	if body["state_event"] == "close" {
		f.Close(p)
	}
	send(w, 200, f.render(p))
}

func (f *fakeAPI) notes(w http.ResponseWriter, _ *http.Request, p *fake.Pull) {
	all := []any{}
	for _, remark := range slices.Backward(f.Remarks) {
		if remark.Pull == p.Number {
			all = append(all, map[string]any{"id": remark.ID, "author": f.user(remark.Author), "body": remark.Text, "system": false, "created_at": remark.Time})
		}
	}
	send(w, 200, all)
}

func (f *fakeAPI) note(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	send(w, http.StatusCreated, map[string]any{"id": f.Remark(p.Number, fake.Bot, text(decode(r), "body")).ID})
}

func start(t *testing.T, dir, review string) forgetest.Hosted {
	t.Helper()
	return fake.Start(t, dir, repo,
		func(f *fake.Forge) http.Handler { return (&fakeAPI{f}).handler() },
		func(t testing.TB, url string) selfheal.Forge {
			forge, err := New(Config{
				URL: url, Repository: repo, Token: fake.Token, Review: review,
				Sleep: func(context.Context, time.Duration) error { return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return forge
		})
}

func TestForge(t *testing.T) {
	t.Parallel()
	forgetest.RunHosted(t, owners.GitLab.Places()[2], "[Everything]\n* @"+forgetest.Stranger+"\nlimit.txt @"+forgetest.Writer+"\n", start)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	forgetest.RunFaults(t, fake.Token, start)
}

func TestKills(t *testing.T) {
	t.Parallel()
	forgetest.RunKills(t, start)
}

func TestClosingKills(t *testing.T) {
	t.Parallel()
	forgetest.RunClosingKills(t, start)
}

func TestQuickActionsAreNotCarriedOut(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := quiet(in); got != want {
			t.Errorf("quiet(%q) = %q, want %q", in, got, want)
		}
	}
	f("/merge", "\u200b/merge")
	f("a\r\n  /close now\nb", "a\n  \u200b/close now\nb")
	f("see a/b and /etc", "see a/b and /etc")
	f("// comment", "// comment")
}
