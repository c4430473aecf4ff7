package app

import (
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/redact"
)

func TestLiveSource(t *testing.T) {
	t.Parallel()
	f := func(s config.Source, want []string, code selfheal.Code) {
		t.Helper()
		a := &App{settings: Settings{Getenv: func(string) string { return "" }, Clock: time.Now}, config: config.Config{Source: s}, redactor: redact.New()}
		source, err := a.liveSource(t.Context())
		var got []string
		if err == nil {
			err = source.Read(t.Context(), selfheal.Query{Service: "shop"}, func(e *selfheal.Entry) error { got = append(got, string(e.Line)); return nil })
		}
		if code == "" && err != nil || code != "" && selfheal.CodeOf(err) != code || len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
			t.Errorf("%+v: %q, %v, want %q %s", s, got, err, want, code)
		}
	}
	f(config.Source{Kind: config.SourceExec, Command: []string{"echo", "lines of {service}"}}, []string{"lines of shop"}, "")
	f(config.Source{Kind: config.SourceExec, Command: []string{"false"}}, nil, selfheal.CodeUnavailable)
	f(config.Source{Kind: config.SourceLoki}, nil, selfheal.CodeUsage)
	f(config.Source{}, nil, selfheal.CodeUsage)
}
