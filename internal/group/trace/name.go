package trace

import (
	"strings"

	"selfheal"
)

// FunctionName gives the normalised name of a frame's function without its
// package, class or receiver. A closure has the name of the function that it is
// written in where the runtime prints that, else it has none.
func FunctionName(f *selfheal.Frame) string {
	name := string(appendName(nil, f.Function))
	name = strings.TrimPrefix(name, "lambda$") // the JVM's "lambda$handle$0"
	for name != "" {
		at := strings.LastIndexAny(name, ".:#> ")
		last := name[at+1:]
		if at >= 0 && strings.HasSuffix(name, ">") && last == "" { // "<anonymous>", "<lambda>", "<module>"
			return ""
		}
		if !isClosureName(last) {
			return last
		}
		name = strings.TrimRight(name[:max(at, 0)], ".:#>- ")
	}
	return ""
}

// TypeName gives the name of an exception's type without its package.
func TypeName(typ string) string {
	name := string(appendName(nil, typ))
	return name[strings.LastIndexAny(name, ".:\\$")+1:]
}

// isClosureName tells of the words that compilers give to unnamed functions.
func isClosureName(word string) bool {
	switch word {
	case "", "func", "gowrap", "deferwrap", "range", "{{closure}}", "{closure}", "closure", "lambda", "lambda$new", "lambda$static", "anonymous", "block", "fn", "-fm":
		return true
	}
	return strings.HasPrefix(word, "func") && len(word) > 4 && word[4] == '-'
}
