package file

import (
	"path/filepath"
	"slices"
	"strings"
)

// age is what orders the files of one glob: the log they belong to, and how
// often it was rotated since.
type age struct {
	log     string // name without rotation and compression suffixes
	rotated int    // 0 for the live file
	suffix  string // date-like rotation suffix
}

// sortByAge orders file names so that logs stand together, each oldest first:
// app.log.2.gz, app.log.1, app.log; app.log-20261122, app.log. Numbers compare by value.
func sortByAge(names []string) {
	slices.SortFunc(names, func(a, b string) int {
		x, y := ageOf(a), ageOf(b)
		if c := natural(x.log, y.log); c != 0 {
			return c
		}
		if x.rotated != y.rotated {
			return y.rotated - x.rotated
		}
		if (x.suffix == "") != (y.suffix == "") {
			return strings.Compare(y.suffix, x.suffix) // the live file is the newest
		}
		if c := natural(x.suffix, y.suffix); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}

// ageOf reads the suffixes that logrotate and its like append.
func ageOf(name string) age {
	dir, base := filepath.Split(name)
	for _, ext := range []string{".gz", ".zst", ".zstd"} {
		base = strings.TrimSuffix(base, ext)
	}
	at := strings.LastIndexAny(base, ".-")
	if at <= 0 || !startsWithDigit(base[at+1:]) || !strings.Contains(base[:at], ".") {
		return age{log: dir + base}
	}
	for { // app.log-2026-11-22: a date is several numbers
		next := strings.LastIndexAny(base[:at], ".-_")
		if next <= 0 || next+1 == at || strings.Trim(base[next+1:at], "0123456789") != "" {
			break
		}
		at = next
	}
	suffix := base[at+1:]
	if n, ok := small(suffix); ok {
		return age{log: dir + base[:at], rotated: n}
	}
	return age{log: dir + base[:at], suffix: suffix}
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// small reads a rotation count; dates are longer.
func small(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || len(s) > 3 {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

// natural compares names with runs of digits compared by value.
func natural(a, b string) int {
	for a != "" && b != "" {
		if startsWithDigit(a) && startsWithDigit(b) {
			x, y := digits(a), digits(b)
			a, b = a[len(x):], b[len(y):]
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) string {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}
