package body_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"selfheal/internal/source/body"
)

func packed(t *testing.T, text string, open func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var out bytes.Buffer
	w := open(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestRead: bodies of every encoding and size around the caps; whatever happens, what
// was reserved is given back.
func TestRead(t *testing.T) {
	t.Parallel()
	r := body.New(body.Limits{MaxBody: 300 << 10, MaxInFlight: 600 << 10, ReadTimeout: time.Minute, Clock: time.Now})
	f := func(name, encoding, text, want string, wantErr error) {
		t.Helper()
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
		request.Header.Set("Content-Encoding", encoding)
		got, done, err := r.Read(httptest.NewRecorder(), request)
		if !errors.Is(err, wantErr) || err == nil && string(got) != want {
			t.Errorf("%s: %d bytes, %v; want %d, %v", name, len(got), err, len(want), wantErr)
		}
		done()
		if !r.Reserve(600 << 10) {
			t.Fatalf("%s: something is still reserved", name)
		}
		r.Release(600 << 10)
	}
	long, most := strings.Repeat("long ", 50<<10), strings.Repeat("x", 301<<10)
	writers := map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
	for range 2 { // also with the memory of the first round
		f("empty", "", "", "", nil)
		f("long", "identity", long, long, nil)
		f("too large", "", most, "", body.ErrTooLarge)
		f("brotli", "br", long, "", body.ErrEncoding)
		for encoding, open := range writers {
			f(encoding, encoding, packed(t, long, open), long, nil)
			f("large "+encoding, encoding, packed(t, most, open), "", body.ErrTooLarge)
			f("no "+encoding, encoding, long, "", body.ErrUnreadable)
			f("half "+encoding, encoding, packed(t, long, open)[:40], "", body.ErrUnreadable)
		}
	}
}

// TestBusy: memory that others hold is not given twice.
func TestBusy(t *testing.T) {
	t.Parallel()
	r := body.New(body.Limits{MaxBody: 1 << 20, MaxInFlight: 100 << 10, ReadTimeout: time.Minute, Clock: time.Now})
	read := func(n int) (func(), error) {
		_, done, err := r.Read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", n))))
		return done, err
	}
	first, err := read(10)
	if err != nil {
		t.Fatal(err)
	}
	second, err := read(10)
	second()
	if !errors.Is(err, body.ErrBusy) {
		t.Errorf("got %v", err)
	}
	first()
	third, err := read(90 << 10)
	third()
	if !errors.Is(err, body.ErrBusy) {
		t.Errorf("a body that grows beyond: %v", err)
	}
	if fourth, err := read(10); err != nil {
		t.Error(err)
	} else {
		fourth()
	}
}
