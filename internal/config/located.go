package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"selfheal"
	"selfheal/internal/redact"
	"selfheal/internal/suggest"
)

// located turns the errors of the YAML library into one error that shows every
// place, like a compiler does.
func located(name string, text []byte, err error) error {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	var found []*yaml.LoadError
	switch {
	case errors.As(err, &many):
		found = many.Errors
	case errors.As(err, &one):
		found = []*yaml.LoadError{one}
	default:
		return &selfheal.Error{Code: selfheal.CodeUsage, Op: "configuration " + name, Message: "not YAML", Err: err}
	}
	lines := strings.Split(string(text), "\n")
	var shown []string
	hint := ""
	for _, e := range found {
		shown = append(shown, place(name, lines, e))
		if hint == "" {
			hint = suggestion(e.Message)
		}
	}
	return &selfheal.Error{Code: selfheal.CodeUsage, Message: strings.Join(shown, "\n"), Hint: hint}
}

func place(name string, lines []string, e *yaml.LoadError) string {
	line, column := e.Mark.Line, max(e.Mark.Column, 1)
	if line < 1 || line > len(lines) {
		return fmt.Sprintf("%s: %s", name, e.Message)
	}
	shown := redact.New().String(strings.TrimRight(lines[line-1], "\r")) // a secret may stand where none belongs
	return fmt.Sprintf("%s:%d:%d: %s\n  %s\n  %s^", name, line, column, e.Message, shown, strings.Repeat(" ", column-1))
}

var unknownField = regexp.MustCompile(`field (\S+) not found`)

// suggestion names the known key that is closest to an unknown one.
func suggestion(message string) string {
	match := unknownField.FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	best, distance := "", 3
	for _, key := range keys(reflect.TypeFor[Config](), map[reflect.Type]bool{}) {
		if d := suggest.Distance(match[1], key); d < distance {
			best, distance = key, d
		}
	}
	if best == "" {
		return "run selfheal config schema for the known keys"
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// keys lists every key that any part of the configuration knows.
func keys(t reflect.Type, seen map[reflect.Type]bool) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	var all []string
	for field := range t.Fields() {
		if key, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); key != "" && key != "-" {
			all = append(all, key)
			all = append(all, keys(field.Type, seen)...)
		}
	}
	return all
}
