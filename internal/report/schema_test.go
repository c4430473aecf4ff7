package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"selfheal"
	"selfheal/internal/report"
)

// schemaFile is the JSON Schema of the report, and so of the verdict in it.
const schemaFile = "../../docs/reference/report.schema.json"

// reportSchema makes the schema from the types and their comments.
func reportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	duration := func(t reflect.Type) *jsonschema.Schema {
		if t == reflect.TypeFor[selfheal.Duration]() {
			return &jsonschema.Schema{Type: "string", Description: "a Go duration, e.g. 1m30s"}
		}
		return nil
	}
	reflector := &jsonschema.Reflector{ExpandedStruct: true, Mapper: duration}
	if err := reflector.AddGoComments("selfheal/internal/report", "."); err != nil {
		t.Fatal(err)
	}
	schema := reflector.Reflect(&report.Report{})
	schema.ID = "https://selfheal.example/report.schema.json"
	schema.Title = report.Schema
	return schema
}

// TestSchema keeps the committed JSON Schema equal to what the types say.
func TestSchema(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(reportSchema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say; run the test with -update (%v)", schemaFile, err)
	}
}

// TestReportsKeepTheirSchema holds every kind of report against it: no member
// that it does not name, none missing that it demands, each of its type.
func TestReportsKeepTheirSchema(t *testing.T) {
	t.Parallel()
	schema := reportSchema(t)
	for name, r := range fixtures(t) {
		var b bytes.Buffer
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(b.Bytes(), &document); err != nil {
			t.Fatal(err)
		}
		for _, problem := range violations(schema, schema, document, name) {
			t.Error(problem)
		}
	}
	if found := violations(schema, schema, map[string]any{"schema": 7.0, "nosuch": true}, "broken"); len(found) < 3 {
		t.Errorf("a broken document has %d problems only: %v", len(found), found)
	}
}

func violations(root, s *jsonschema.Schema, value any, at string) (problems []string) {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return violations(root, root.Definitions[name], value, at)
	}
	wrong := func(format string, args ...any) { problems = append(problems, at+": "+fmt.Sprintf(format, args...)) }
	if value == nil {
		return nil // Go writes null for what is absent
	}
	kinds := map[string]bool{}
	switch value := value.(type) {
	case map[string]any:
		kinds["object"] = true
		for key, member := range value {
			property := s.AdditionalProperties
			if s.Properties != nil {
				if known, ok := s.Properties.Get(key); ok {
					property = known
				}
			}
			if property == nil || property == jsonschema.FalseSchema {
				wrong("unknown member %q", key)
				continue
			}
			problems = append(problems, violations(root, property, member, at+"."+key)...)
		}
		for _, key := range s.Required {
			if _, ok := value[key]; !ok {
				wrong("%q is missing", key)
			}
		}
	case []any:
		kinds["array"] = true
		for i, element := range value {
			if s.Items != nil {
				problems = append(problems, violations(root, s.Items, element, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case string:
		kinds["string"] = true
	case bool:
		kinds["boolean"] = true
	case float64:
		kinds["number"], kinds["integer"] = true, value == float64(int64(value))
	}
	if s.Type != "" && !kinds[s.Type] {
		wrong("%v is no %s", value, s.Type)
	}
	return problems
}
