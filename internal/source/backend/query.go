package backend

import (
	"strings"
	"unicode"

	"selfheal"
)

// Expand puts the service and the environment into the places {service} and
// {environment} of a query, quoted as the store's language wants it. A name with
// control characters is CodeUsage, as is a place for which there is no name.
func Expand(template string, q selfheal.Query, quote func(string) string) (string, error) {
	for _, place := range []struct{ key, name string }{{"service", q.Service}, {"environment", q.Environment}} {
		if !strings.Contains(template, "{"+place.key+"}") {
			continue
		}
		if place.name == "" {
			return "", selfheal.Usagef("set "+place.key+" in selfheal.yaml, or write the query without {"+place.key+"}", "the query of the source asks for the %s, which is not known", place.key)
		}
		if strings.ContainsFunc(place.name, unicode.IsControl) {
			return "", selfheal.Usagef("check "+place.key+" in selfheal.yaml", "the name of the %s has control characters", place.key)
		}
		template = strings.ReplaceAll(template, "{"+place.key+"}", quote(place.name))
	}
	return template, nil
}

// InQuotes escapes a name for a place between double quotes.
func InQuotes(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
}
