package app

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// StateDir is where selfheal keeps what it knows between runs:
// $XDG_STATE_HOME/selfheal, by default ~/.local/state/selfheal.
func StateDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "selfheal"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &selfheal.Error{Code: selfheal.CodeUsage, Message: "no state directory", Hint: "give --store FILE, or set HOME or XDG_STATE_HOME", Err: err}
	}
	return filepath.Join(home, ".local", "state", "selfheal"), nil
}

// storeFile is the journal's name inside the state directory.
const storeFile = "selfheal.db"

// sourceIndex is what triage remembers of the code of a repository: a file that
// can be deleted at any time.
func (a *App) sourceIndex(repository string) *index.Cache {
	return index.NewCache(filepath.Join(a.stateDir, "index", repositoryName(repository)))
}

// repositoryName is a folder name for what is kept about one repository:
// readable, and distinct for each path.
func repositoryName(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, filepath.Base(dir))
	return name + "-" + hex.EncodeToString(sum[:4])
}

// store is what keeps everything that is remembered.
type store interface {
	selfheal.Store
	selfheal.PullRequestStore
	selfheal.CountStore
	selfheal.JournalReader
	io.Closer
}

// streamKey is the key of the journal's stream of a kind.
func streamKey(name string, kind selfheal.StreamKind) string {
	return strings.TrimPrefix(name, selfheal.StreamName(kind, ""))
}
