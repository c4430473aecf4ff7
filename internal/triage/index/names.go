package index

import (
	"regexp"
	"slices"
	"strings"
)

// Kind says what a name stands for.
type Kind uint8

// The kinds of names.
const (
	KindEnvironment Kind = iota + 1 // environment variable
	KindSetting                     // key of a configuration
	KindFlag                        // of the command line, without dashes
	KindRoute                       // path of a request
	KindMetric
	KindTable     // of a database
	KindColumn    // of a table
	KindException // class or value of errors
	kinds
)

var kindNames = [...]string{"name", "environment variable", "setting", "flag", "route", "metric", "table", "column", "exception"}

// String gives the kind in words.
func (k Kind) String() string { return kindNames[min(k, kinds)%kinds] }

// Name is one place where the code names something that exists outside of it.
type Name struct {
	Kind Kind
	Text string
	Line int
	// Defines says that the place brings the name about (registers the route,
	// declares the flag, creates the table) rather than asking for it.
	Defines bool
}

// maxNameBytes is how long a name may be.
const maxNameBytes = 120

// readers are the last words before the parenthesis or bracket of a literal that is a name.
var readers = map[string]Name{
	"Getenv": {Kind: KindEnvironment}, "LookupEnv": {Kind: KindEnvironment}, "getenv": {Kind: KindEnvironment}, "environ": {Kind: KindEnvironment},
	"ENV": {Kind: KindEnvironment}, "_ENV": {Kind: KindEnvironment}, "$_ENV": {Kind: KindEnvironment}, "GetEnvironmentVariable": {Kind: KindEnvironment}, "env": {Kind: KindEnvironment},
	"var": {Kind: KindEnvironment}, "get_env": {Kind: KindEnvironment}, "fetch_env": {Kind: KindEnvironment},
	"Setenv": {Kind: KindEnvironment, Defines: true}, "putenv": {Kind: KindEnvironment, Defines: true},
	"add_argument": {Kind: KindFlag, Defines: true}, "option": {Kind: KindFlag, Defines: true}, "addOption": {Kind: KindFlag, Defines: true}, "Option": {Kind: KindFlag, Defines: true},
	"HandleFunc": {Kind: KindRoute, Defines: true}, "Handle": {Kind: KindRoute, Defines: true}, "route": {Kind: KindRoute, Defines: true}, "Route": {Kind: KindRoute, Defines: true},
	"path": {Kind: KindRoute, Defines: true}, "GetMapping": {Kind: KindRoute, Defines: true}, "PostMapping": {Kind: KindRoute, Defines: true}, "PutMapping": {Kind: KindRoute, Defines: true},
	"DeleteMapping": {Kind: KindRoute, Defines: true}, "PatchMapping": {Kind: KindRoute, Defines: true}, "RequestMapping": {Kind: KindRoute, Defines: true},
	"HttpGet": {Kind: KindRoute, Defines: true}, "HttpPost": {Kind: KindRoute, Defines: true}, "MapGet": {Kind: KindRoute, Defines: true}, "MapPost": {Kind: KindRoute, Defines: true},
	"GET": {Kind: KindRoute, Defines: true}, "POST": {Kind: KindRoute, Defines: true}, "PUT": {Kind: KindRoute, Defines: true}, "DELETE": {Kind: KindRoute, Defines: true},
	"fetch": {Kind: KindRoute}, "axios": {Kind: KindRoute},
	"getProperty": {Kind: KindSetting}, "Value": {Kind: KindSetting}, "GetString": {Kind: KindSetting}, "GetInt": {Kind: KindSetting}, "GetBool": {Kind: KindSetting},
	"config": {Kind: KindSetting}, "settings": {Kind: KindSetting}, "conf": {Kind: KindSetting},
}

var (
	plainName    = regexp.MustCompile(`^[A-Za-z_][\w.-]*$`)
	flagCall     = regexp.MustCompile(`(?i)\b\w*flags?(?:et)?\b(?:\(\))?\.\w+\((?:&?[\w.]+,\s*)?$|\bfs\.\w+\((?:&?[\w.]+,\s*)?$`)
	settingCall  = regexp.MustCompile(`(?i)(?:config|conf|cfg|settings|viper|properties)(?:\(\))?(?:\.(?:get|fetch|read|require|lookup)\w*\(|\[)$`)
	routeCall    = regexp.MustCompile(`(?i)(?:app|router|route|r|mux|api|server|bp|blueprint)\.(?:get|post|put|delete|patch|all|use|any)\($`)
	requestCall  = regexp.MustCompile(`(?i)(?:http|client|axios|requests|session|\$)\.(?:get|post|put|delete|patch|NewRequest)\w*\((?:[^"]*,\s*)?$`)
	metricCall   = regexp.MustCompile(`(?i)(?:counter|gauge|histogram|summary|metrics?|statsd|increment|timing|timer)\w*(?:\.\w+)*\(?[{\s]*$|\bName:\s*$`)
	environment  = regexp.MustCompile(`(?:process\.env|import\.meta\.env)\.([A-Za-z_]\w*)`)
	errorName    = regexp.MustCompile(`(?:Error|Exception|Fault|Failure)$|^[eE]rr[A-Z]`)
	sqlStatement = regexp.MustCompile(`(?i)^\s*(?:select|insert|update|delete|create|alter|drop|with)\s`)
	sqlTable     = regexp.MustCompile(`(?i)\b(from|join|into|update|table)\s+(?:if\s+(?:not\s+)?exists\s+)?[` + "`" + `"\[]?(?:\w+\.)?([A-Za-z_]\w*)`)
	sqlColumn    = regexp.MustCompile(`(?i)\b(add|drop|rename|alter|modify)\s+column\s+(?:if\s+(?:not\s+)?exists\s+)?[` + "`" + `"]?([A-Za-z_]\w*)`)
	sqlList      = regexp.MustCompile(`(?is)\bselect\s+(.{1,400}?)\s+from\b|\binto\s+\w+\s*\(([^)]{1,400})\)|\bset\s+(.{1,400}?)(?:\bwhere\b|$)`)
	sqlItem      = regexp.MustCompile(`^\s*(?:\w+\.)?[` + "`" + `"]?([A-Za-z_]\w*)[` + "`" + `"]?\s*(?:$|=|as\b)`)
)

// namesOf finds the names of a file, by what stands before its literals.
func namesOf(code []byte, t tokens, functions []Function) []Name {
	var names []Name
	add := func(n Name) {
		if len(n.Text) > 1 && len(n.Text) <= maxNameBytes {
			names = append(names, n)
		}
	}
	for i, l := range t.literals {
		from := t.spans[i].from
		before := code[max(lineStart(code, from), from-maxNameBytes):from]
		if n, ok := nameOf(before, l); ok {
			add(n)
		} else if len(l.Text) < MaxText && sqlStatement.MatchString(l.Text) {
			for _, n := range sqlNames(l.Text) {
				n.Line += l.Start
				add(n)
			}
		}
	}
	for line, text := range environmentLines(code) {
		for _, m := range environment.FindAllStringSubmatch(text, 20) {
			add(Name{Kind: KindEnvironment, Text: m[1], Line: line})
		}
	}
	for _, f := range functions {
		if f.Declaration && errorName.MatchString(f.Name) {
			add(Name{KindException, f.Name, f.Start, true})
		}
	}
	slices.SortStableFunc(names, func(a, b Name) int { return a.Line - b.Line })
	return names
}

// environmentLines gives the lines that read the environment as JavaScript does, by number.
func environmentLines(code []byte) map[int]string {
	found := map[int]string{}
	rest := string(code)
	if !strings.Contains(rest, "process.env.") && !strings.Contains(rest, "import.meta.env.") {
		return nil
	}
	n := 0
	for line := range strings.SplitSeq(rest, "\n") {
		if n++; strings.Contains(line, ".env.") {
			found[n] = line[:min(len(line), maxCode)]
		}
	}
	return found
}

// nameOf reads one literal by the code before it on its line.
func nameOf(before []byte, l Literal) (Name, bool) {
	n := len(before)
	text := l.Text
	if n == 0 || text == "" || len(text) > maxNameBytes {
		return Name{}, false
	}
	prefix := string(before)
	last := before[n-1]
	opener := last == '(' || last == '['
	if opener {
		word := LastWord(before[:n-1])
		if owner, isMember := strings.CutSuffix(strings.TrimSuffix(prefix[:n-1], word), "."); isMember && (word == "get" || word == "fetch" || word == "Get") {
			word = LastWord([]byte(owner))
		}
		if reader, known := readers[word]; known && fits(reader.Kind, text) {
			reader.Text, reader.Line = strings.TrimLeft(text, "-"), l.Start
			return reader, true
		}
	}
	slash, plain := text[0] == '/', plainName.MatchString(text)
	switch {
	case slash && opener && routeCall.MatchString(prefix):
		return Name{KindRoute, text, l.Start, true}, true
	case slash && requestCall.MatchString(prefix):
		return Name{KindRoute, text, l.Start, false}, true
	case plain && flagCall.MatchString(prefix):
		return Name{KindFlag, text, l.Start, true}, true
	case plain && opener && settingCall.MatchString(prefix):
		return Name{KindSetting, text, l.Start, false}, true
	case plain && strings.ContainsAny(text, "_.") && metricCall.MatchString(prefix):
		return Name{KindMetric, text, l.Start, true}, true
	}
	return Name{}, false
}

// fits tells whether a text can be a name of that kind.
func fits(kind Kind, text string) bool {
	switch kind {
	case KindRoute:
		return text[0] == '/' || strings.Contains(text, "/")
	case KindFlag:
		return strings.HasPrefix(text, "--")
	case KindEnvironment:
		return plainName.MatchString(text) && strings.ToUpper(text) == text
	}
	return plainName.MatchString(text)
}

// sqlNames reads tables and columns of a query; lines count from 0.
func sqlNames(query string) []Name {
	var names []Name
	line := func(at int) int { return strings.Count(query[:at], "\n") }
	for _, m := range sqlTable.FindAllStringSubmatchIndex(query, 20) {
		defines := strings.EqualFold(query[m[2]:m[3]], "table") && !strings.Contains(strings.ToLower(query[:m[2]]), "drop")
		names = append(names, Name{KindTable, query[m[4]:m[5]], line(m[4]), defines})
	}
	for _, m := range sqlColumn.FindAllStringSubmatchIndex(query, 50) {
		defines := strings.EqualFold(query[m[2]:m[3]], "add")
		names = append(names, Name{KindColumn, query[m[4]:m[5]], line(m[4]), defines})
	}
	for _, m := range sqlList.FindAllStringSubmatchIndex(query, 5) {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 {
				continue
			}
			at := m[g]
			for item := range strings.SplitSeq(query[m[g]:m[g+1]], ",") {
				if c := sqlItem.FindStringSubmatchIndex(item); c != nil {
					names = append(names, Name{KindColumn, item[c[2]:c[3]], line(at + c[2]), false})
				}
				at += len(item) + 1
			}
		}
	}
	return names
}
