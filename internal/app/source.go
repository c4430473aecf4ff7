package app

import (
	"io"

	"selfheal"
	"selfheal/internal/source/file"
)

// logSource opens patterns of log files; "-" stands for stdin.
func logSource(patterns []string, stdin io.Reader) (selfheal.Source, error) {
	return file.New(file.Config{Patterns: patterns, Stdin: stdin})
}
