package report_test

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal/internal/report"
)

// checker walks a SARIF document and reports what the specification forbids.
type checker struct {
	t    *testing.T
	path string
}

func (c checker) in(format string, args ...any) checker {
	return checker{c.t, c.path + fmt.Sprintf(format, args...)}
}

func (c checker) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s: %s", c.path, fmt.Sprintf(format, args...))
}

// object gives a member that has to be an object; ok is false when it is absent.
func (c checker) object(parent map[string]any, name string) (member map[string]any, ok bool) {
	value, present := parent[name]
	if !present {
		return nil, false
	}
	member, isObject := value.(map[string]any)
	if !isObject {
		c.errorf("%s is no object: %v", name, value)
	}
	return member, isObject
}

// required gives a member that has to be there.
func (c checker) required(parent map[string]any, name string) map[string]any {
	member, ok := c.object(parent, name)
	if !ok {
		c.errorf("%s is missing", name)
	}
	return member
}

func (c checker) text(parent map[string]any, name string) string {
	text, ok := parent[name].(string)
	if !ok {
		c.errorf("%s is missing or no text: %v", name, parent[name])
	}
	return text
}

// objects gives the elements of a list of objects, none when it is absent.
func (c checker) objects(parent map[string]any, name string) []map[string]any {
	value, present := parent[name]
	if !present {
		return nil
	}
	list, isList := value.([]any)
	if !isList {
		c.errorf("%s is no list: %v", name, value)
	}
	var all []map[string]any
	for _, element := range list {
		object, isObject := element.(map[string]any)
		if !isObject {
			c.errorf("%s holds %v", name, element)
			continue
		}
		all = append(all, object)
	}
	return all
}

func (c checker) oneOf(parent map[string]any, name string, allowed ...string) {
	if text := c.text(parent, name); !slices.Contains(allowed, text) {
		c.errorf("%s is %q, allowed are %q", name, text, allowed)
	}
}

// checkSARIF holds a document against the required properties, types and
// enumerations of SARIF 2.1.0 for everything that the report writes.
func checkSARIF(t *testing.T, document []byte) map[string]any {
	t.Helper()
	log := decoded[map[string]any](t, document)
	c := checker{t, "$"}
	c.oneOf(log, "version", "2.1.0")
	runs := c.objects(log, "runs")
	if len(runs) != 1 {
		t.Fatalf("%d runs, want 1", len(runs))
	}
	run := runs[0]
	c = c.in(".run")
	driver := c.required(c.required(run, "tool"), "driver")
	if c.text(driver, "name") == "" {
		c.errorf("driver has no name")
	}
	rules := c.descriptors(driver, "rules")
	notices := c.descriptors(driver, "notifications")
	bases := c.required(run, "originalUriBaseIds")
	c.invocations(run, notices)
	if _, isList := run["results"].([]any); !isList {
		c.errorf("results is %v: null would mean that nothing was analysed", run["results"])
	}
	for at, result := range c.objects(run, "results") {
		c.in(".results[%d]", at).result(result, rules, bases)
	}
	for _, provenance := range c.objects(run, "versionControlProvenance") {
		if u, err := url.Parse(c.text(provenance, "repositoryUri")); err != nil || !u.IsAbs() {
			c.errorf("repositoryUri is not absolute: %v", provenance["repositoryUri"])
		}
	}
	return run
}

// descriptors checks that every id is there and unique, and gives them in order.
func (c checker) descriptors(driver map[string]any, name string) []string {
	var ids []string
	for _, d := range c.objects(driver, name) {
		id := c.text(d, "id")
		if slices.Contains(ids, id) {
			c.errorf("%s holds %q twice", name, id)
		}
		ids = append(ids, id)
		if short, ok := c.object(d, "shortDescription"); ok {
			c.text(short, "text")
		}
	}
	return ids
}

func (c checker) invocations(run map[string]any, notices []string) {
	invocations := c.objects(run, "invocations")
	if len(invocations) != 1 {
		c.errorf("%d invocations, want 1", len(invocations))
	}
	for _, invocation := range invocations {
		if _, ok := invocation["executionSuccessful"].(bool); !ok {
			c.errorf("executionSuccessful is missing")
		}
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", c.text(invocation, "endTimeUtc")); err != nil {
			c.errorf("endTimeUtc: %v", err)
		}
		for _, n := range c.objects(invocation, "toolExecutionNotifications") {
			c.oneOf(n, "level", "none", "note", "warning", "error")
			c.text(c.required(n, "message"), "text")
			if id := c.text(c.required(n, "descriptor"), "id"); !slices.Contains(notices, id) {
				c.errorf("notification %q is not described", id)
			}
		}
	}
}

func (c checker) result(result map[string]any, rules []string, bases map[string]any) {
	c.oneOf(result, "level", "none", "note", "warning", "error")
	if c.text(c.required(result, "message"), "text") == "" {
		c.errorf("message is empty")
	}
	index, _ := result["ruleIndex"].(float64)
	if index >= 0 && (int(index) >= len(rules) || rules[int(index)] != c.text(result, "ruleId")) {
		c.errorf("rule %d is not %v", int(index), result["ruleId"])
	}
	if fingerprints := c.required(result, "partialFingerprints"); len(fingerprints) == 0 {
		c.errorf("no fingerprint")
	}
	locations := c.objects(result, "locations")
	if len(locations) == 0 {
		c.errorf("no location")
	}
	for _, l := range append(locations, c.objects(result, "relatedLocations")...) {
		c.location(l, bases)
	}
	for _, stack := range c.objects(result, "stacks") {
		if _, present := stack["frames"].([]any); !present {
			c.errorf("stack without frames")
		}
		for _, frame := range c.objects(stack, "frames") {
			c.location(c.required(frame, "location"), bases)
		}
	}
}

func (c checker) location(l map[string]any, bases map[string]any) {
	for _, logical := range c.objects(l, "logicalLocations") {
		c.text(logical, "fullyQualifiedName")
	}
	physical, ok := c.object(l, "physicalLocation")
	if !ok {
		return
	}
	artifact := c.required(physical, "artifactLocation")
	u, err := url.Parse(c.text(artifact, "uri"))
	if err != nil {
		c.errorf("uri: %v", err)
		return
	}
	if base, present := artifact["uriBaseId"]; present {
		if _, known := bases[base.(string)]; !known || u.IsAbs() || strings.HasPrefix(u.Path, "/") || u.Path == ".." || strings.HasPrefix(u.Path, "../") {
			c.errorf("%q does not lie below %v", u, base)
		}
	}
	if region, present := c.object(physical, "region"); present {
		if start, _ := region["startLine"].(float64); start < 1 {
			c.errorf("startLine is %v", region["startLine"])
		}
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	for name, r := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := checkSARIF(t, render(t, func(w io.Writer) error { return report.SARIF(w, r) }))
			c := checker{t, name}
			results := c.objects(run, "results")
			if len(results) != len(r.Assessment.Anomalies) {
				t.Errorf("%d results for %d anomalies", len(results), len(r.Assessment.Anomalies))
			}
			levels := map[string]string{"regression": "error", "build-failure": "error", "not-caused": "note", "inconclusive": "warning"}
			for _, result := range results {
				if result["level"] != levels[name] {
					t.Errorf("level %v, want %q", result["level"], levels[name])
				}
			}
			successful := c.objects(run, "invocations")[0]["executionSuccessful"]
			if successful != (name != "cannot-observe") {
				t.Errorf("executionSuccessful is %v", successful)
			}
		})
	}
}

func TestSARIFPointsAtTheCulprit(t *testing.T) {
	t.Parallel()
	run := checkSARIF(t, render(t, func(w io.Writer) error { return report.SARIF(w, regression(t)) }))
	c := checker{t, "regression"}
	result := c.objects(run, "results")[0]
	physical := c.required(c.objects(result, "locations")[0], "physicalLocation")
	if uri := c.required(physical, "artifactLocation")["uri"]; uri != "internal/pricing/region.go" {
		t.Errorf("uri is %v", uri)
	}
	if line := c.required(physical, "region")["startLine"]; line != 33.0 {
		t.Errorf("startLine is %v", line)
	}
	if got := c.required(result, "partialFingerprints")["selfhealSignature/v1"]; got != string(lookup) {
		t.Errorf("fingerprint is %v", got)
	}
	if related := c.objects(result, "relatedLocations"); len(related) != 2 {
		t.Errorf("%d related locations, want the 2 exhibits of this signature that have a place", len(related))
	}
	frames := c.objects(c.objects(result, "stacks")[0], "frames")
	if len(frames) != 3 {
		t.Errorf("%d frames, want 3", len(frames))
	}
}
