package modules

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// readGoMod reads the module directive.
func readGoMod(n *names, _ string, text []byte) {
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("module "))
		if !found {
			continue
		}
		rest, _, _ = bytes.Cut(rest, []byte("//"))
		name := string(bytes.Trim(bytes.TrimSpace(rest), "\"`"))
		if name != "" && len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			n.built = append(n.built, name)
		}
		return
	}
}

// readComposer reads the namespaces that a PHP project loads from its own
// folders: keys such as "Shop\\" of autoload.
func readComposer(n *names, _ string, text []byte) {
	var project struct {
		Autoload struct {
			PSR4 map[string]json.RawMessage `json:"psr-4"`
			PSR0 map[string]json.RawMessage `json:"psr-0"`
		} `json:"autoload"`
	}
	if json.Unmarshal(text, &project) != nil {
		return
	}
	for _, namespaces := range []map[string]json.RawMessage{project.Autoload.PSR4, project.Autoload.PSR0} {
		for namespace := range namespaces {
			if namespace = strings.Trim(namespace, `\`); isName(namespace, '\\') {
				n.built = append(n.built, namespace)
			}
		}
	}
}

// readPubspec reads the name of a Dart package: a line "name: shop" at the
// margin, which is all that is needed of the YAML.
func readPubspec(n *names, _ string, text []byte) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("name:")); ok {
			rest, _, _ = bytes.Cut(rest, []byte("#"))
			if name := strings.Trim(string(bytes.TrimSpace(rest)), `"'`); isName(name, '.') {
				n.built = append(n.built, name)
			}
			return
		}
	}
}

// readMix reads the application of an Elixir project ("app: :shop"), whose modules
// are customarily in Shop, and the packages it depends on ("{:phoenix, ...}").
func readMix(n *names, _ string, text []byte) {
	if _, rest, ok := bytes.Cut(text, []byte("app: :")); ok {
		if name := camel(atom(rest)); name != "" {
			n.built = append(n.built, name)
		}
	}
	for rest := text; ; {
		_, after, ok := bytes.Cut(rest, []byte("{:"))
		if !ok {
			return
		}
		if name := flat(atom(after)); name != "" {
			n.packages = append(n.packages, name)
		}
		rest = after
	}
}

// atom gives the name at the beginning of a text.
func atom(text []byte) string {
	end := 0
	for end < len(text) && end < maxName && (text[end] == '_' || text[end] >= 'a' && text[end] <= 'z' || text[end] >= '0' && text[end] <= '9') {
		end++
	}
	return string(text[:end])
}

// camel gives the module of an application: ShopWeb of shop_web.
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// flat makes names of applications and of modules comparable: neither tells
// where the other has capitals or underscores.
func flat(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// readDefmodule reads the outermost name of the first module that an Elixir file defines.
func readDefmodule(n *names, _ string, text []byte) {
	for line := range bytes.Lines(text) {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("defmodule "))
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSpace(string(rest[:min(len(rest), maxName)])), " ")
		if name = firstLabel(strings.TrimSuffix(name, ",")); isName(name, '.') && unicode.IsUpper(rune(name[0])) {
			n.declared = append(n.declared, name)
		}
		return
	}
}

// isElixirLibrary: tasks are modules of Mix, and some modules extend those of a
// dependency. Another application of the same repository is none.
func isElixirLibrary(n *names, name string) bool {
	if name == "Mix" {
		return true
	}
	flattened := flat(name)
	return slices.Contains(n.packages, flattened) && !slices.ContainsFunc(n.built, func(own string) bool { return flat(own) == flattened })
}
