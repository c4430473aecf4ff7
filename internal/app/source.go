package app

import (
	"context"
	"io"

	"selfheal"
	"selfheal/internal/source/file"
)

// logSource opens patterns of log files; "-" stands for stdin.
func logSource(patterns []string, stdin io.Reader) (selfheal.Source, error) {
	source, err := file.New(file.Config{Patterns: patterns, Stdin: stdin})
	return files{source}, err
}

// files lets several goroutines read, each a file of its own.
type files struct{ *file.Source }

func (f files) Streams(ctx context.Context, _ selfheal.Query) ([]selfheal.SourceStream, error) {
	found, err := f.Source.Streams(ctx)
	if err != nil {
		return nil, err
	}
	streams := make([]selfheal.SourceStream, len(found))
	for i, stream := range found {
		streams[i] = selfheal.SourceStream{Name: stream.Name, Read: stream.Read}
	}
	return streams, nil
}
