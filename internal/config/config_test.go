package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"selfheal"
	"selfheal/internal/config"
)

var update = flag.Bool("update", false, "rewrite the committed schema")

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("selfheal.yaml", []byte(`
service: shop
environment: staging
group:
  modules: [example.com/shop]
triage:
  classes:
    - {path: "assets/**", class: runtime}
decide:
  min_confidence: 0.9
repair:
  verify: ["make test"]
  timeout: 90s
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Service != "shop" || c.Environment != "staging" || c.Decide.MinConfidence != 0.9 || !c.Decide.Revert {
		t.Errorf("got %+v", c)
	}
	if c.Repair.Timeout.String() != "1m30s" || len(c.Repair.Verify) != 1 || c.Triage.Classes[0].Class != selfheal.ClassRuntime {
		t.Errorf("got %+v", c)
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# only a comment\n"} {
		c, err := config.Parse("selfheal.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if c.Environment != config.Default().Environment || c.Repair.Timeout != config.Default().Repair.Timeout {
			t.Errorf("%q: got %+v", text, c)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	f := func(text string, want ...string) {
		t.Helper()
		_, err := config.Parse("selfheal.yaml", []byte(text))
		if err == nil {
			t.Errorf("no error for:\n%s", text)
			return
		}
		if selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("code %q for:\n%s", selfheal.CodeOf(err), text)
		}
		full := err.Error() + "\nhint: " + selfheal.HintOf(err)
		for _, part := range want {
			if !strings.Contains(full, part) {
				t.Errorf("error lacks %q:\n%s", part, full)
			}
		}
	}
	f("servce: shop\n", "selfheal.yaml:1:", "servce", `did you mean "service"?`)
	f("service: shop\nrepair:\n  verfy: [x]\n", "selfheal.yaml:3:", `did you mean "verify"?`, "    ^")
	f("servce: a\nenvironmen: b\n", "selfheal.yaml:1:", "selfheal.yaml:2:")
	f("repair:\n  timeout: soon\n", "selfheal.yaml:2:", "not a duration")
	f("repair:\n  timeout: -1s\n", "repair.timeout")
	f("decide:\n  min_confidence: 7\n", "decide.min_confidence")
	f("triage:\n  classes:\n    - {path: a, class: runtme}\n", "triage.classes[0]", "runtme")
	f("service: [\n", "selfheal.yaml")
	f("service: a\nservice: b\n", "selfheal.yaml:2:")
	f("- a\n- b\n", "selfheal.yaml")
	f("\x00\x01", "selfheal.yaml")
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("got %v", err)
	}
	c, err := config.Find(t.TempDir())
	if err != nil || c.Environment != "production" {
		t.Errorf("a repository without a file: got %+v, %v", c, err)
	}
}

// TestSchema keeps the committed JSON Schema equal to what the types say.
func TestSchema(t *testing.T) {
	t.Parallel()
	reflector := &jsonschema.Reflector{ExpandedStruct: true}
	for _, dir := range []string{".", "../decide", "../detect"} {
		if err := reflector.AddGoComments("selfheal/internal/config", dir); err != nil {
			t.Fatal(err)
		}
	}
	schema := reflector.Reflect(&config.Config{})
	schema.ID = "https://selfheal.example/selfheal.schema.json"
	schema.Title = "selfheal.yaml"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile("selfheal.schema.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(text, config.Schema) {
		t.Error("selfheal.schema.json is not what the types say; run: make generate")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"service: a\n", "repair: {timeout: 1s}\n", "a: &a [*a]\n", "\xff", "? {a: b}\n: c\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("selfheal.yaml", text)
		if err == nil && c.Validate() != nil {
			t.Errorf("accepted an invalid configuration: %q", text)
		}
	})
}
