package otlp

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"time"

	"selfheal"
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
	_ = http.NewResponseController(w).SetReadDeadline(r.config.Clock().Add(r.config.ReadTimeout)) // not supported by some test servers
	buffer, reserved, failed := r.read(request)
	defer r.giveBack(buffer, reserved)
	if failed != nil {
		r.fail(w, f, *failed)
		return
	}
	rejected, err := r.export(request.Context(), *buffer, f)
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

// usualBody is how large a buffer may be to be kept for the next request; firstBody
// is what a request begins with.
const (
	usualBody = 2 << 20
	firstBody = 64 << 10
)

// read reads and unpacks the body. What it reserved must be given back, also when it failed.
func (r *Receiver) read(request *http.Request) (buffer *[]byte, reserved int64, failed *failure) {
	buffer = r.buffer()
	reserved = int64(cap(*buffer))
	if !r.reserve(reserved) {
		return buffer, 0, busy()
	}
	body, done, err := r.unpack.open(request.Body, request.Header.Get("Content-Encoding"))
	defer done()
	switch {
	case errors.Is(err, errEncoding):
		return buffer, reserved, &failure{http.StatusUnsupportedMediaType, codeInvalid, "send gzip, zstd or no content encoding", false}
	case err != nil:
		return buffer, reserved, unreadable(err)
	case request.ContentLength > int64(r.config.MaxBody):
		return buffer, reserved, r.tooLarge()
	}
	for {
		if len(*buffer) == cap(*buffer) {
			if more := int64(cap(*buffer)); r.reserve(more) {
				reserved += more
			} else {
				return buffer, reserved, busy()
			}
			*buffer = append(make([]byte, 0, 2*cap(*buffer)), *buffer...)
		}
		n, err := body.Read((*buffer)[len(*buffer):cap(*buffer)])
		*buffer = (*buffer)[:len(*buffer)+n]
		switch {
		case len(*buffer) > r.config.MaxBody:
			return buffer, reserved, r.tooLarge()
		case errors.Is(err, io.EOF):
			return buffer, reserved, nil
		case err != nil:
			return buffer, reserved, unreadable(err)
		}
	}
}

func (r *Receiver) buffer() *[]byte {
	if b, ok := r.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, firstBody)
	return &b
}

func (r *Receiver) giveBack(buffer *[]byte, reserved int64) {
	r.release(reserved)
	if cap(*buffer) <= usualBody {
		*buffer = (*buffer)[:0]
		r.buffers.Put(buffer)
	}
}

func busy() *failure {
	return &failure{http.StatusTooManyRequests, codeExhausted, "too many requests at once", true}
}

func (r *Receiver) tooLarge() *failure {
	return &failure{http.StatusRequestEntityTooLarge, codeExhausted, "the request is larger than " + strconv.Itoa(r.config.MaxBody) + " bytes: send smaller batches", false}
}

// unreadable tells a client that was too slow from one whose body is broken.
func unreadable(err error) *failure {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &failure{http.StatusRequestTimeout, codeUnavailable, "the request took too long to arrive", false}
	}
	return &failure{http.StatusBadRequest, codeInvalid, "the body cannot be read: " + err.Error(), false}
}
