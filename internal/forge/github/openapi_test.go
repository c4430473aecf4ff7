package github

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// openAPIVariable names the file of GitHub's published OpenAPI description, e.g.
// api.github.com.json of the npm package @octokit/openapi (13 MB).
const openAPIVariable = "SELFHEAL_GITHUB_OPENAPI"

// spec is the part of the description that requests are held against.
type spec struct {
	root       map[string]any
	operations []operation
	mu         sync.Mutex
	seen       map[string]bool
}

// operation is one method of one path.
type operation struct {
	method, path string
	pattern      *regexp.Regexp
	definition   map[string]any
}

var loadSpec = sync.OnceValues(func() (*spec, error) {
	path := os.Getenv(openAPIVariable)
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &spec{seen: map[string]bool{}}
	if err := json.Unmarshal(text, &s.root); err != nil {
		return nil, err
	}
	for path, item := range object(s.root["paths"]) {
		pattern := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllStringFunc(regexp.QuoteMeta(path), func(name string) string {
			if name == `\{ref\}` || name == `\{path\}` {
				return `.+` // may hold slashes, as the description says of both
			}
			return `[^/]+`
		})
		for method, definition := range object(item) {
			s.operations = append(s.operations, operation{strings.ToUpper(method), path, regexp.MustCompile("^" + pattern + "$"), object(definition)})
		}
	}
	// The more of a path is fixed, the better it fits.
	slices.SortFunc(s.operations, func(a, b operation) int {
		return cmp.Or(strings.Count(a.path, "{")-strings.Count(b.path, "{"), len(b.path)-len(a.path))
	})
	return s, nil
})

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func list(v any) []any            { l, _ := v.([]any); return l }

// openAPI gives the description where there is one.
func openAPI(t *testing.T) *spec {
	t.Helper()
	s, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOpenAPI says loudly when nothing is held against the description, and that
// the check finds what is wrong.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := openAPI(t)
	if s == nil {
		t.Skipf("SKIPPED: requests are not held against GitHub's OpenAPI description: set %s to its file (npm pack @octokit/openapi)", openAPIVariable)
	}
	f := func(method, path, body, want string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://x"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(s.problems(request, ""))
		if !strings.Contains(got, want) || want == "[]" && got != want {
			t.Errorf("%s %s %s: %s, want %s", method, path, body, got, want)
		}
	}
	f("POST", "/repos/o/r/pulls", `{"title":"a","head":"b","base":"c"}`, "[]")
	f("POST", "/repos/o/r/pulls", `{"title":"a","base":"c"}`, "head is required")
	f("POST", "/repos/o/r/pulls", `{"title":1,"head":"b","base":"c"}`, "title is no string")
	f("POST", "/repos/o/r/pulls", `{"title":"a","head":"b","base":"c","x":1}`, "x is not known")
	f("GET", "/repos/o/r/pulls?state=all&sort=created", ``, "[]")
	f("GET", "/repos/o/r/pulls?state=every", ``, "state")
	f("GET", "/repos/o/r/pulls?colour=red", ``, "colour is not known")
	f("GET", "/repos/o/r/pull", ``, "no operation")
	f("POST", "/repos/o/r/issues/1/labels", `{"labels":["a"]}`, "[]")
}

// checker holds every request against the description; nil where there is none.
func (s *spec) checker(t *testing.T) func(*http.Request) {
	if s == nil {
		return nil
	}
	return func(r *http.Request) { s.check(t, r, "/api/v3") }
}

// check holds a request against the description.
func (s *spec) check(t *testing.T, r *http.Request, prefix string) {
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		return // is described by a schema of its own
	}
	for _, problem := range s.problems(r, prefix) {
		t.Errorf("%s %s: %s", r.Method, r.URL.Path, problem)
	}
}

func (s *spec) problems(r *http.Request, prefix string) []string {
	path := strings.TrimPrefix(r.URL.Path, prefix)
	at := slices.IndexFunc(s.operations, func(o operation) bool { return o.method == r.Method && o.pattern.MatchString(path) })
	if at < 0 {
		return []string{"no operation"}
	}
	o := s.operations[at]
	s.mu.Lock()
	s.seen[o.method+" "+o.path] = true
	s.mu.Unlock()
	problems := s.query(r, o)
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	content := object(object(s.resolve(o.definition["requestBody"]))["content"])
	schema := object(content["application/json"])["schema"]
	switch {
	case len(raw) == 0:
	case schema == nil:
		problems = append(problems, "takes no body")
	default:
		var body any
		if err := json.Unmarshal(raw, &body); err != nil {
			return append(problems, err.Error())
		}
		problems = append(problems, s.fits("", body, schema)...)
	}
	return problems
}

// query checks names and choices of the parameters.
func (s *spec) query(r *http.Request, o operation) []string {
	known := map[string]map[string]any{}
	for _, p := range list(o.definition["parameters"]) {
		parameter := object(s.resolve(p))
		if parameter["in"] == "query" {
			known[fmt.Sprint(parameter["name"])] = object(s.resolve(parameter["schema"]))
		}
	}
	var problems []string
	for name, values := range r.URL.Query() {
		schema, ok := known[name]
		if !ok {
			problems = append(problems, "parameter "+name+" is not known")
			continue
		}
		if choices := list(schema["enum"]); len(choices) > 0 && !slices.Contains(choices, any(values[0])) {
			problems = append(problems, fmt.Sprintf("parameter %s is %q, not one of %v", name, values[0], choices))
		}
	}
	return problems
}

// resolve follows a reference within the description.
func (s *spec) resolve(v any) any {
	for {
		target, ok := object(v)["$ref"].(string)
		if !ok {
			return v
		}
		v = any(s.root)
		for part := range strings.SplitSeq(strings.TrimPrefix(target, "#/"), "/") {
			v = object(v)[part]
		}
	}
}

// fits checks a value: types, required and known fields, choices.
func (s *spec) fits(at string, value, raw any) []string {
	schema := object(s.resolve(raw))
	for _, kind := range []string{"oneOf", "anyOf"} {
		choices := list(schema[kind])
		if len(choices) == 0 {
			continue
		}
		var problems []string
		for _, choice := range choices {
			problems = s.fits(at, value, choice)
			if len(problems) == 0 {
				break
			}
		}
		if len(problems) > 0 {
			return problems
		}
	}
	switch schema["type"] {
	case "string":
		text, ok := value.(string)
		if !ok {
			return []string{at + " is no string"}
		}
		if choices := list(schema["enum"]); len(choices) > 0 && !slices.Contains(choices, any(text)) {
			return []string{fmt.Sprintf("%s is %q, not one of %v", at, text, choices)}
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return []string{at + " is no boolean"}
		}
	case "integer", "number":
		if _, ok := value.(float64); !ok {
			return []string{at + " is no number"}
		}
	case "array":
		items, ok := value.([]any)
		if !ok {
			return []string{at + " is no array"}
		}
		var problems []string
		for _, item := range items {
			problems = append(problems, s.fits(at+"[]", item, schema["items"])...)
		}
		return problems
	case "object":
		return s.fitsObject(at, value, schema)
	}
	return nil
}

func (s *spec) fitsObject(at string, value any, schema map[string]any) []string {
	fields, ok := value.(map[string]any)
	if !ok {
		return []string{at + " is no object"}
	}
	var problems []string
	for _, name := range list(schema["required"]) {
		if _, there := fields[fmt.Sprint(name)]; !there {
			problems = append(problems, fmt.Sprintf("%s%v is required", at, name))
		}
	}
	properties := object(schema["properties"])
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		property, there := properties[name]
		if name == "agent_assignment" && at == "" {
			continue // in preview: the documentation has it, the description has not
		}
		if !there {
			problems = append(problems, at+name+" is not known")
			continue
		}
		problems = append(problems, s.fits(at+name, fields[name], property)...)
	}
	return problems
}
