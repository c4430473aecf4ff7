package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
)

// passed are the variables that a command sees as they are. Everything else,
// and with it every secret of the caller, stays out.
var passed = [...]string{
	"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"GOFLAGS", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOTOOLCHAIN", "GOROOT", "CGO_ENABLED",
}

// userinfo is the name and password in an address such as that of a private module proxy.
var userinfo = regexp.MustCompile(`//[^/@,|]*@`)

// environment makes the command's environment. home is empty and its own; Go's
// caches would lie there by default, so they are named.
func environment(getenv func(string) string, dir, home, temporary string, extra []string) []string {
	var env []string
	for _, name := range passed {
		if value := getenv(name); value != "" {
			env = append(env, name+"="+userinfo.ReplaceAllString(value, "//"))
		}
	}
	env = append(env, "HOME="+home, "TMPDIR="+temporary, "PWD="+dir, "CI=true")
	for name, path := range goDirectories(getenv) {
		if path != "" {
			env = append(env, name+"="+path)
		}
	}
	return append(env, extra...)
}

// goDirectories is where Go keeps what takes long to make again; empty when unknown.
func goDirectories(getenv func(string) string) map[string]string {
	home := getenv("HOME")
	cache := getenv("GOCACHE")
	if cache == "" {
		switch base := getenv("XDG_CACHE_HOME"); {
		case home != "" && runtime.GOOS == "darwin":
			cache = filepath.Join(home, "Library", "Caches", "go-build")
		case base != "":
			cache = filepath.Join(base, "go-build")
		case home != "":
			cache = filepath.Join(home, ".cache", "go-build")
		}
	}
	modules := getenv("GOMODCACHE")
	if modules == "" {
		if roots := filepath.SplitList(getenv("GOPATH")); len(roots) > 0 && roots[0] != "" {
			modules = filepath.Join(roots[0], "pkg", "mod")
		} else if home != "" {
			modules = filepath.Join(home, "go", "pkg", "mod")
		}
	}
	return map[string]string{"GOCACHE": cache, "GOMODCACHE": modules}
}

// removeHome deletes the home directory also when programs left read-only
// directories in it. What cannot be deleted lies among the temporary files.
func removeHome(home string) {
	if os.RemoveAll(home) == nil {
		return
	}
	_ = filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700) //nolint:gosec // a directory needs its x bit to be emptied
		}
		return nil
	})
	_ = os.RemoveAll(home)
}
