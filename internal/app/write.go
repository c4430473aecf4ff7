package app

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"selfheal"
)

// WriteFile replaces a file as a whole: readers see the old content or the new
// one, never a part, whatever happens meanwhile.
func WriteFile(path string, content []byte) error {
	if err := writeFile(path, content); err != nil {
		e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "write " + path, Message: "not written", Err: err}
		switch {
		case errors.Is(err, os.ErrNotExist):
			e.Code, e.Hint = selfheal.CodeUsage, "make the folder first"
		case errors.Is(err, os.ErrPermission):
			e.Code, e.Hint = selfheal.CodeUsage, "choose a place you may write to"
		case errors.Is(err, syscall.ENOSPC):
			e.Hint = "free space on the disk, or choose another place"
		}
		return e
	}
	return nil
}

func writeFile(path string, content []byte) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // the error that matters is on its way already
		}
	}()
	if _, err = temporary.Write(content); err != nil {
		_ = temporary.Close()
		return err
	}
	if err = errors.Join(temporary.Chmod(0o644), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
