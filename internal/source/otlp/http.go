package otlp

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"selfheal"
	"selfheal/internal/source/body"
)

// Path is where exporters send logs to by default.
const Path = "/v1/logs"

// Handler serves POST /v1/logs.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, r.serve)
	return mux
}

// failure is an answer that is no success.
type failure struct {
	status  int // of HTTP
	code    int // of gRPC, which the body states
	message string
	retry   bool
}

func (r *Receiver) serve(w http.ResponseWriter, request *http.Request) {
	f, ok := formatOf(request)
	if !ok {
		r.fail(w, formatProto, failure{http.StatusUnsupportedMediaType, codeInvalid, "send application/x-protobuf or application/json", false})
		return
	}
	text, done, err := r.bodies.Read(w, request)
	defer done()
	if err != nil {
		r.fail(w, f, r.unreadable(err))
		return
	}
	rejected, err := r.export(request.Context(), text, f)
	if err != nil {
		r.fail(w, f, failureOf(err))
		return
	}
	answer(w, f, http.StatusOK, success(f, rejected))
}

// formatOf reads the content type. Clients that state none, such as curl, are no exporters.
func formatOf(request *http.Request) (format, bool) {
	kind, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
	switch kind {
	case "application/x-protobuf", "application/protobuf":
		return formatProto, true
	case "application/json":
		return formatJSON, true
	}
	return formatProto, false
}

// failureOf says what to tell a client of an error of the sink.
func failureOf(err error) failure {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return failure{http.StatusServiceUnavailable, codeUnavailable, "the request was given up", true}
	case selfheal.CodeOf(err) == selfheal.CodeUsage:
		return failure{http.StatusBadRequest, codeInvalid, err.Error(), false}
	case selfheal.CodeOf(err) == selfheal.CodeRefused:
		return failure{http.StatusForbidden, codeForbidden, err.Error(), false}
	}
	return failure{http.StatusServiceUnavailable, codeUnavailable, err.Error(), true}
}

func (r *Receiver) fail(w http.ResponseWriter, f format, why failure) {
	if why.retry {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(r.config.RetryAfter/time.Second))))
	}
	answer(w, f, why.status, status(f, why.code, why.message))
}

func answer(w http.ResponseWriter, f format, code int, body []byte) {
	kind := "application/x-protobuf"
	if f == formatJSON {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that is gone learns nothing anyway
}

// unreadable says what to tell a client of a body that could not be read.
func (r *Receiver) unreadable(err error) failure {
	switch {
	case errors.Is(err, body.ErrBusy):
		return failure{http.StatusTooManyRequests, codeExhausted, err.Error(), true}
	case errors.Is(err, body.ErrTooLarge):
		return failure{http.StatusRequestEntityTooLarge, codeExhausted, fmt.Sprintf("%v than %d bytes: send smaller batches", err, r.config.MaxBody), false}
	case errors.Is(err, body.ErrEncoding):
		return failure{http.StatusUnsupportedMediaType, codeInvalid, "send gzip, zstd or no content encoding", false}
	case errors.Is(err, body.ErrSlow):
		return failure{http.StatusRequestTimeout, codeUnavailable, err.Error(), false}
	}
	return failure{http.StatusBadRequest, codeInvalid, err.Error(), false}
}
