package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/triage"
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
	f("triage:\n  lookback: soon\n", "selfheal.yaml:2:", "neither a number of deploys", "48h")
	f("triage:\n  prove: perhaps\n", "triage.prove", "auto, never or always")
	f("triage:\n  prove_runs: 0\n", "triage.prove_runs")
	f("triage:\n  prove_time: -1m\n", "triage.prove_time")
	f("service: [\n", "selfheal.yaml")
	f("service: a\nservice: b\n", "selfheal.yaml:2:")
	f("- a\n- b\n", "selfheal.yaml")
	f("\x00\x01", "selfheal.yaml")
}

func TestSearchForTheCause(t *testing.T) {
	t.Parallel()
	f := func(text string, want config.Triage) {
		t.Helper()
		c, err := config.Parse("selfheal.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.Triage); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	standard := config.Default().Triage
	f("service: shop\n", standard)
	want := standard
	want.Lookback, want.Prove, want.ProveRuns = triage.Lookback{Deploys: 3}, selfheal.ProveNever, 9
	f("triage:\n  lookback: 3\n  prove: never\n  prove_runs: 9\n", want)
	f("triage:\n  lookback: \"3\"\n  prove: never\n  prove_runs: 9\n", want)
	want = standard
	want.Lookback, want.ProveTime = triage.Lookback{Age: 48 * time.Hour}, selfheal.Duration(5*time.Minute)
	f("triage:\n  lookback: 48h\n  prove_time: 5m\n", want)
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
	asText := func(t reflect.Type) *jsonschema.Schema {
		if t == reflect.TypeFor[triage.Lookback]() {
			return &jsonschema.Schema{Type: "string"}
		}
		return nil
	}
	reflector := &jsonschema.Reflector{ExpandedStruct: true, Mapper: asText}
	if err := reflector.AddGoComments("selfheal", "../.."); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "../decide", "../detect", "../agent", "../source/fields"} {
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
	committed := map[string][]byte{"selfheal.schema.json": text, "../../docs/reference/config.md": reference(schema)}
	for path, want := range committed {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the types say; run: make generate (%v)", path, err)
		}
	}
}

// reference lists every key with its type and what it means, as Markdown.
func reference(schema *jsonschema.Schema) []byte {
	var b bytes.Buffer
	b.WriteString("# selfheal.yaml\n\nGenerated from the types (`make generate`). All keys are optional; `selfheal config check` shows every mistake.\n\n| key | type | meaning |\n|---|---|---|\n")
	describe(&b, "", schema, schema.Definitions)
	return b.Bytes()
}

func describe(b *bytes.Buffer, prefix string, schema *jsonschema.Schema, definitions jsonschema.Definitions) {
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		key, property := prefix+pair.Key, pair.Value
		item, kind := property, property.Type
		if kind == "array" {
			item, key, kind = property.Items, key+"[]", "list of "+property.Items.Type
		}
		if inner := definitions[strings.TrimPrefix(item.Ref, "#/$defs/")]; inner != nil && inner.Properties != nil {
			describe(b, key+".", inner, definitions)
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", key, kind, strings.Join(strings.Fields(property.Description), " "))
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
