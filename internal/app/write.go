package app

import (
	"errors"
	"os"
	"syscall"

	"selfheal/internal/atomicfile"

	"selfheal"
)

// WriteFile replaces a file as a whole: readers see the old content or the new
// one, never a part, whatever happens meanwhile.
func WriteFile(path string, content []byte) error {
	if err := atomicfile.Write(path, content, 0o644); err != nil {
		e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "write " + path, Message: "the file was not written", Err: err}
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
