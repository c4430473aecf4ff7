package sourcetest

import (
	"testing"

	"selfheal"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, Harness{
		New: func(_ *testing.T, streams map[string][]string) selfheal.Source {
			m := &Memory{}
			for name, lines := range streams {
				m.Streams = append(m.Streams, MemoryStream{Name: name, Lines: lines})
			}
			return m
		},
		Broken: func(*testing.T) selfheal.Source {
			return &Memory{Err: &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "gone"}}
		},
	})
}
