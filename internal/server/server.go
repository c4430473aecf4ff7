package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"selfheal"
	"selfheal/internal/report"
	"selfheal/internal/token"
)

// Bounds of what a request may be.
const (
	maxBody    = 1 << 20 // of the API; receivers of logs have their own
	listAtMost = 200
)

// Server is the handler of everything.
type Server struct {
	config Config
	mux    *http.ServeMux
	api    huma.API
}

// New puts the handlers together.
func New(c Config) *Server {
	c.Poll = cmp.Or(c.Poll, time.Second)
	s := &Server{config: c, mux: http.NewServeMux()}
	description := huma.DefaultConfig("selfheal", c.Version)
	description.Info.Description = "Looks after a service once it has been deployed."
	description.OpenAPIPath, description.DocsPath, description.SchemasPath = "/openapi", "", ""
	description.CreateHooks = nil // no links to schemas in the answers
	description.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "Made with selfheal token"},
	}
	s.api = humago.New(s.mux, description)
	s.api.UseMiddleware(s.authorise)
	s.operations()
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	s.mux.HandleFunc("GET /readyz", s.ready)
	s.mux.Handle("GET /api/v1/events", s.guarded(token.Read, http.HandlerFunc(s.events)))
	if c.Metrics != nil {
		scope := token.Read
		if c.OpenMetrics {
			scope = ""
		}
		s.mux.Handle("GET /metrics", s.guarded(scope, c.Metrics.Handler()))
	}
	for _, door := range c.Doors {
		s.mux.Handle(door.Pattern, s.guarded(door.Scope, door.Handler))
	}
	return s
}

// OpenAPI is the description of the API as a YAML document.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().YAML() }

// ServeHTTP answers with headers that keep browsers from making anything of what they get.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// HTTP gives the net/http server around the handler, with the time that a client has.
// The writing of an answer is not bounded there: events go on for ever.
func (s *Server) HTTP() *http.Server {
	return &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.config.Backend.Ready(r.Context()); err != nil {
		http.Error(w, report.Visible(err.Error()), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// guarded lets only requests through whose token has a scope.
func (s *Server) guarded(scope token.Scope, next http.Handler) http.Handler {
	if scope == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, status := s.config.Tokens.Allowed(r.Header.Get("Authorization"), scope); status != http.StatusOK {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, refusal(status, scope), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refusal(status int, scope token.Scope) string {
	if status == http.StatusForbidden {
		return fmt.Sprintf("this token may not be used for that: it needs the scope %s", scope)
	}
	return fmt.Sprintf("a token with the scope %s is needed: Authorization: Bearer TOKEN", scope)
}

type contextKey string

const byKey contextKey = "by"

// authorise does for the API what guarded does for other handlers.
func (s *Server) authorise(c huma.Context, next func(huma.Context)) {
	scope, _ := c.Operation().Metadata["scope"].(token.Scope)
	by, status := s.config.Tokens.Allowed(c.Header("Authorization"), scope)
	if status != http.StatusOK {
		c.SetHeader("WWW-Authenticate", "Bearer")
		_ = huma.WriteErr(s.api, c, status, refusal(status, scope))
		return
	}
	next(huma.WithValue(c, byKey, by))
}

// asker is the name of the token that a request came with.
func asker(ctx context.Context) string {
	by, _ := ctx.Value(byKey).(string)
	return by
}

// answer turns an error into the status of an answer.
func answer(err error) error {
	if err == nil {
		return nil
	}
	message, details := err.Error(), []error(nil)
	if hint := selfheal.HintOf(err); hint != "" {
		details = append(details, errors.New(hint))
	}
	switch selfheal.CodeOf(err) {
	case selfheal.CodeUsage:
		return huma.Error422UnprocessableEntity(message, details...)
	case selfheal.CodeNotFound:
		return huma.Error404NotFound(message, details...)
	case selfheal.CodeConflict, selfheal.CodeRefused:
		return huma.Error409Conflict(message, details...)
	case selfheal.CodeUnavailable:
		return huma.Error503ServiceUnavailable(message, details...)
	}
	return huma.Error500InternalServerError("selfheal failed; its log says why")
}
