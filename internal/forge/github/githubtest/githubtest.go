// Package githubtest is a stand-in for GitHub: its API as it is documented, before
// a repository that git's own server serves.
package githubtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/forgetest/fake"
)

// Repository is the one that it has.
const Repository = "octo-org/shop"

// API answers as GitHub's API is documented to.
type API struct {
	*fake.Forge
	Check func(*http.Request) // sees every request that has the right token; may be nil
}

// Send answers with JSON.
func Send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// Fail answers as GitHub does when it refuses.
func Fail(w http.ResponseWriter, status int, message string) {
	Send(w, status, map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

// Invalid answers as GitHub does when what it was sent is wrong.
func Invalid(w http.ResponseWriter, message string) {
	Send(w, http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "errors": []any{map[string]any{"resource": "PullRequest", "code": "custom", "message": message}},
	})
}

// Handler routes as the API of Enterprise Server does, below /api/v3.
func (f *API) Handler() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, handle http.HandlerFunc) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v3"+strings.Replace(path, "{repo}", "/repos/"+Repository, 1), handle)
	}
	route("GET {repo}", func(w http.ResponseWriter, _ *http.Request) { Send(w, 200, map[string]any{"full_name": Repository}) })
	route("GET {repo}/git/ref/heads/{branch...}", f.tip)
	route("GET {repo}/contents/{path...}", f.contents)
	route("GET {repo}/pulls", f.list)
	route("POST {repo}/pulls", f.create)
	route("GET {repo}/pulls/{n}", f.withPull(func(w http.ResponseWriter, _ *http.Request, p *fake.Pull) { Send(w, 200, f.render(p)) }))
	route("PATCH {repo}/pulls/{n}", f.withPull(f.patch))
	route("POST {repo}/pulls/{n}/requested_reviewers", f.withPull(f.requestReview))
	route("GET {repo}/pulls/{n}/comments", func(w http.ResponseWriter, _ *http.Request) { Send(w, 200, []any{}) })
	route("GET {repo}/pulls/{n}/reviews", func(w http.ResponseWriter, _ *http.Request) { Send(w, 200, []any{}) })
	route("POST {repo}/issues/{n}/labels", f.withPull(f.label))
	route("GET {repo}/issues/{n}/comments", f.withPull(f.comments))
	route("POST {repo}/issues/{n}/comments", f.withPull(f.comment))
	route("GET {repo}/commits/{sha}", f.commit)
	route("GET {repo}/commits/{sha}/check-runs", f.checkRuns)
	route("GET {repo}/commits/{sha}/status", func(w http.ResponseWriter, _ *http.Request) { Send(w, 200, map[string]any{"statuses": []any{}}) })
	route("GET {repo}/collaborators/{who}/permission", func(w http.ResponseWriter, r *http.Request) {
		permission := "read"
		if r.PathValue("who") == forgetest.Writer {
			permission = "write"
		}
		Send(w, 200, map[string]any{"permission": permission})
	})
	route("GET /user", func(w http.ResponseWriter, _ *http.Request) { Send(w, 200, map[string]any{"login": fake.Bot}) })
	route("POST /graphql", f.graphql)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+fake.Token {
			Fail(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		if f.Check != nil {
			f.Check(r)
		}
		mux.ServeHTTP(w, r)
	})
}

func (f *API) withPull(handle func(http.ResponseWriter, *http.Request, *fake.Pull)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.PathValue("n"))
		p := f.Find(number)
		if p == nil {
			Fail(w, http.StatusNotFound, "Not Found")
			return
		}
		handle(w, r, p)
	}
}

func (f *API) render(p *fake.Pull) map[string]any {
	from := 1
	if p.Foreign {
		from = 2
	}
	state := "open"
	if p.Closed || p.Merged != "" {
		state = "closed"
	}
	labels, reviewers, teams := []any{}, []any{}, []any{}
	for _, label := range p.Labels {
		labels = append(labels, map[string]any{"id": 1, "name": label})
	}
	for _, name := range p.Reviewers {
		reviewers = append(reviewers, map[string]any{"login": name})
	}
	return map[string]any{
		"number": p.Number, "node_id": fmt.Sprintf("PR_%d", p.Number), "html_url": fmt.Sprintf("https://github.example/%s/pull/%d", Repository, p.Number),
		"state": state, "title": p.Title, "body": p.Body, "draft": p.Draft, "user": map[string]any{"login": p.Author},
		"labels": labels, "requested_reviewers": reviewers, "requested_teams": teams, "created_at": p.Created, "merged_at": p.MergedAt,
		// Of an open one this is the commit of a trial merge: not to be taken for the merge.
		"merge_commit_sha": mergeCommit(p),
		"head":             map[string]any{"ref": p.Source, "sha": f.Head(p), "repo": map[string]any{"id": from}},
		"base":             map[string]any{"ref": p.Target, "sha": f.Tip(p.Target), "repo": map[string]any{"id": 1}},
	}
}

func (f *API) tip(w http.ResponseWriter, r *http.Request) {
	tip := f.Tip(r.PathValue("branch"))
	if tip == "" {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	Send(w, 200, map[string]any{"ref": "refs/heads/" + r.PathValue("branch"), "object": map[string]any{"type": "commit", "sha": tip}})
}

func (f *API) contents(w http.ResponseWriter, r *http.Request) {
	text, ok := f.File(r.URL.Query().Get("ref"), r.PathValue("path"))
	if !ok {
		Fail(w, http.StatusNotFound, "Not Found")
		return
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	Send(w, 200, map[string]any{"type": "file", "encoding": "base64", "content": encoded[:len(encoded)/2] + "\n" + encoded[len(encoded)/2:] + "\n"})
}

func (f *API) list(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	head := r.URL.Query().Get("head")
	for _, p := range slices.Backward(f.Pulls) {
		owner := "octo-org"
		if p.Foreign {
			owner = p.Author
		}
		if head == "" || head == owner+":"+p.Source {
			all = append(all, f.render(p))
		}
	}
	Send(w, 200, all)
}

// Decode reads the body of a request.
func Decode(r *http.Request) map[string]any {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	return body
}

func (f *API) create(w http.ResponseWriter, r *http.Request) {
	body := Decode(r)
	head, _ := body["head"].(string)
	base, _ := body["base"].(string)
	switch {
	case f.OpenOf(head) != nil:
		Invalid(w, "A pull request already exists for octo-org:"+head+".")
		return
	case f.Tip(head) == "" || f.Tip(base) == "":
		Invalid(w, "head is invalid")
		return
	}
	title, _ := body["title"].(string)
	text, _ := body["body"].(string)
	draft, _ := body["draft"].(bool)
	Send(w, http.StatusCreated, f.render(f.Add(&fake.Pull{Title: title, Body: text, Source: head, Target: base, Draft: draft, Author: fake.Bot})))
}

func (f *API) patch(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	body := Decode(r)
	if title, ok := body["title"].(string); ok {
		p.Title = title
	}
	if text, ok := body["body"].(string); ok {
		p.Body = text
	}
	if body["state"] == "closed" {
		f.Close(p)
	}
	Send(w, 200, f.render(p))
}

func (f *API) requestReview(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	names, _ := Decode(r)["reviewers"].([]any)
	for _, name := range names {
		name, _ := name.(string)
		if !f.Knows(name) || name == p.Author {
			Fail(w, http.StatusUnprocessableEntity, "Reviews may only be requested from collaborators.")
			return
		}
		p.Reviewers = append(p.Reviewers, name)
	}
	Send(w, http.StatusCreated, f.render(p))
}

func (f *API) label(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	names, _ := Decode(r)["labels"].([]any)
	for _, name := range names {
		name, _ := name.(string)
		p.Labels = append(p.Labels, name)
	}
	Send(w, 200, f.render(p)["labels"])
}

func (f *API) comments(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
	all := []any{}
	for _, remark := range f.Remarks {
		if remark.Pull == p.Number && !remark.Time.Before(since) {
			all = append(all, map[string]any{"id": remark.ID, "user": map[string]any{"login": remark.Author}, "body": remark.Text, "created_at": remark.Time})
		}
	}
	Send(w, 200, all)
}

func (f *API) comment(w http.ResponseWriter, r *http.Request, p *fake.Pull) {
	text, _ := Decode(r)["body"].(string)
	Send(w, http.StatusCreated, map[string]any{"id": f.Remark(p.Number, fake.Bot, text).ID})
}

func (f *API) commit(w http.ResponseWriter, r *http.Request) {
	email := f.AuthorOf(r.PathValue("sha"))
	switch email {
	case "":
		Fail(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+r.PathValue("sha"))
	case fake.WriterEmail:
		Send(w, 200, map[string]any{"sha": r.PathValue("sha"), "author": map[string]any{"login": forgetest.Writer}})
	default:
		Send(w, 200, map[string]any{"sha": r.PathValue("sha"), "author": nil})
	}
}

func (f *API) checkRuns(w http.ResponseWriter, r *http.Request) {
	runs := []any{}
	for _, s := range f.Statuses {
		if s.Commit != r.PathValue("sha") {
			continue
		}
		run := map[string]any{"name": s.Name, "status": "completed", "conclusion": s.State, "html_url": "https://ci.example/1", "output": map[string]any{"title": nil}}
		if s.State == "pending" {
			run["status"], run["conclusion"] = "in_progress", nil
		}
		runs = append(runs, run)
	}
	Send(w, 200, map[string]any{"total_count": len(runs), "check_runs": runs})
}

func (f *API) graphql(w http.ResponseWriter, r *http.Request) {
	body := Decode(r)
	query, _ := body["query"].(string)
	variables, _ := body["variables"].(map[string]any)
	id, _ := variables["id"].(string)
	number, _ := strconv.Atoi(strings.TrimPrefix(id, "PR_"))
	p := f.Find(number)
	if p == nil {
		Send(w, 200, map[string]any{"errors": []any{map[string]any{"type": "NOT_FOUND", "message": "Could not resolve to a node"}}})
		return
	}
	p.Draft = strings.Contains(query, "convertPullRequestToDraft")
	Send(w, 200, map[string]any{"data": map[string]any{}})
}

func mergeCommit(p *fake.Pull) string {
	if p.Merged == "" {
		return strings.Repeat("e", 40)
	}
	return p.Merged
}
