package otlp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"selfheal"
	"selfheal/internal/source/otlp"
)

// sink remembers the messages of what it took.
type sink struct {
	mu       sync.Mutex
	batches  int
	messages []string
	records  []selfheal.Record // without what may not be kept
	err      error
}

func (s *sink) Take(_ context.Context, batch []selfheal.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.batches++
	for _, e := range batch {
		s.messages = append(s.messages, string(e.Record.Message))
		r := *e.Record
		r.Message = bytes.Clone(r.Message)
		r.Attributes = nil
		for _, a := range e.Record.Attributes {
			r.Attributes = append(r.Attributes, selfheal.Attribute{Key: bytes.Clone(a.Key), Value: bytes.Clone(a.Value)})
		}
		s.records = append(s.records, r)
	}
	return nil
}

func (s *sink) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages
}

type bench struct {
	*sink
	receiver *otlp.Receiver
	url      string
}

func setup(t *testing.T, change ...func(*otlp.Config)) *bench {
	t.Helper()
	b := &bench{sink: &sink{}}
	config := otlp.Config{Sink: b.sink, Clock: time.Now}
	for _, f := range change {
		f(&config)
	}
	var err error
	if b.receiver, err = otlp.New(config); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b.receiver.Handler())
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func request(t *testing.T, bodies ...string) []byte {
	t.Helper()
	scope := &logs.ScopeLogs{}
	for _, body := range bodies {
		scope.LogRecords = append(scope.LogRecords, &logs.LogRecord{Body: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: body}}})
	}
	out, err := proto.Marshal(&logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{scope}}}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	protobuf = "application/x-protobuf"
	jsonType = "application/json"
)

// post sends a body and gives the answer with its body.
func (b *bench) post(t *testing.T, kind, encoding string, body []byte) (reply, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+otlp.Path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Status, response.Header}, answer
}

// reply is an answer whose body was read.
type reply struct {
	StatusCode int
	Status     string
	Header     http.Header
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := request(t, "one", "two")
	const object = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"json"}}]}]}]}`
	for range 3 { // further requests find the memory of the first
		for encoding, packed := range map[string][]byte{"": body, "identity": body, "gzip": gzipped(t, body), "zstd": zstandard(t, body)} {
			if response, answer := b.post(t, protobuf, encoding, packed); response.StatusCode != http.StatusOK || len(answer) > 0 || response.Header.Get("Content-Type") != protobuf {
				t.Errorf("%s: %s %q", encoding, response.Status, answer)
			}
		}
		if response, answer := b.post(t, jsonType+"; charset=utf-8", "", []byte(object)); response.StatusCode != http.StatusOK || string(answer) != "{}" || response.Header.Get("Content-Type") != jsonType {
			t.Errorf("JSON: %s %q", response.Status, answer)
		}
		if response, _ := b.post(t, protobuf, "", nil); response.StatusCode != http.StatusOK {
			t.Errorf("an empty request: %s", response.Status)
		}
	}
	if got := strings.Join(b.taken(), " "); strings.Count(got, "one two") != 12 || strings.Count(got, "json") != 3 || b.batches != 15 {
		t.Errorf("%d batches: %s", b.batches, got)
	}
}

// TestRefusals: what clients are told, so that they give up or try again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	body := request(t, "one")
	down := &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the store is down"}
	f := func(name, kind, encoding string, body []byte, sinkErr error, want int, code codes.Code) {
		t.Helper()
		b := setup(t, func(c *otlp.Config) { c.MaxBody = 1 << 10 })
		b.fails(sinkErr)
		response, answer := b.post(t, kind, encoding, body)
		var said struct {
			Code    codes.Code
			Message string
		}
		if response.Header.Get("Content-Type") == jsonType {
			if err := json.Unmarshal(answer, &said); err != nil {
				t.Errorf("%s: %v in %q", name, err, answer)
			}
		} else {
			var s rpcstatus.Status
			if err := proto.Unmarshal(answer, &s); err != nil {
				t.Errorf("%s: %v in %q", name, err, answer)
			}
			said.Code, said.Message = codes.Code(s.GetCode()), s.GetMessage()
		}
		retry := want == http.StatusServiceUnavailable || want == http.StatusTooManyRequests
		if response.StatusCode != want || said.Code != code || said.Message == "" || (response.Header.Get("Retry-After") != "") != retry {
			t.Errorf("%s: %s, %v %q, retry after %q", name, response.Status, said.Code, said.Message, response.Header.Get("Retry-After"))
		}
		if len(b.taken()) > 0 {
			t.Errorf("%s: %q was taken", name, b.taken())
		}
	}
	large := bytes.Repeat([]byte("x"), 2<<10)
	f("no protobuf", protobuf, "", []byte("{}"), nil, 400, codes.InvalidArgument)
	f("no JSON", jsonType, "", []byte("\x0a\x00"), nil, 400, codes.InvalidArgument)
	f("another type", "text/plain", "", body, nil, 415, codes.InvalidArgument)
	f("another encoding", protobuf, "br", body, nil, 415, codes.InvalidArgument)
	f("not packed", protobuf, "gzip", body, nil, 400, codes.InvalidArgument)
	f("cut off", protobuf, "gzip", gzipped(t, body)[:20], nil, 400, codes.InvalidArgument)
	f("not zstd", protobuf, "zstd", body, nil, 400, codes.InvalidArgument)
	f("too large", protobuf, "", large, nil, 413, codes.ResourceExhausted)
	f("a bomb", protobuf, "gzip", gzipped(t, large), nil, 413, codes.ResourceExhausted)
	f("another bomb", jsonType, "zstd", zstandard(t, large), nil, 413, codes.ResourceExhausted)
	f("the store is down", protobuf, "", body, down, 503, codes.Unavailable)
	f("given up", jsonType, "", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`), context.Canceled, 503, codes.Unavailable)
	f("not wanted", protobuf, "", body, &selfheal.Error{Code: selfheal.CodeRefused, Message: "not this service"}, 403, codes.PermissionDenied)
}

func TestPartialSuccess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var body bytes.Buffer
	body.WriteString(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}`)
	body.WriteString(strings.Repeat(",{}", 100_002))
	body.WriteString(`]}]}]}`)
	response, answer := b.post(t, jsonType, "", body.Bytes())
	if want := `{"partialSuccess":{"rejectedLogRecords":"3",`; response.StatusCode != http.StatusOK || !strings.HasPrefix(string(answer), want) || !json.Valid(answer) {
		t.Errorf("%s %s", response.Status, answer)
	}
}

// TestBusy: requests that together take too much memory are asked to come back.
func TestBusy(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *otlp.Config) { c.MaxInFlight = 100 << 10 })
	response, _ := b.post(t, protobuf, "", request(t, strings.Repeat("x", 200<<10)))
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "5" {
		t.Errorf("%s", response.Status)
	}
	if response, _ := b.post(t, protobuf, "", request(t, "one")); response.StatusCode != http.StatusOK {
		t.Errorf("what was reserved is not given back: %s", response.Status)
	}
}

// TestSlowClient: a client that does not send what it announced is cut off.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *otlp.Config) { c.ReadTimeout = 50 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\nabc"); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("got %q", answer)
	}
}

func TestOtherRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, want := range map[string]int{otlp.Path: http.StatusMethodNotAllowed, "/v1/traces": http.StatusNotFound} {
		response, err := http.Get(b.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("GET %s: %s", path, response.Status)
		}
	}
}

// dial serves over gRPC and connects.
func (b *bench) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.receiver.ServeGRPC(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func export(t *testing.T, conn *grpc.ClientConn, body []byte, o ...grpc.CallOption) error {
	t.Helper()
	var data logs.LogsData // of the form of an export request
	if err := proto.Unmarshal(body, &data); err != nil {
		t.Fatal(err)
	}
	return conn.Invoke(t.Context(), "/opentelemetry.proto.collector.logs.v1.LogsService/Export", &data, &emptypb.Empty{}, o...)
}

func TestGRPC(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *otlp.Config) { c.MaxBody = 1 << 10 })
	conn := b.dial(t)
	for _, o := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
		if err := export(t, conn, request(t, "one", "two"), o...); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(b.taken(), " "); got != "one two one two" {
		t.Errorf("took %s", got)
	}
	if err := export(t, conn, request(t, strings.Repeat("x", 2<<10))); status.Code(err) != codes.ResourceExhausted || len(status.Convert(err).Details()) > 0 {
		t.Errorf("too large: %v", err)
	}
	b.fails(&selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the store is down"})
	err := export(t, conn, request(t, "one"))
	if details := status.Convert(err).Details(); status.Code(err) != codes.Unavailable || len(details) != 1 {
		t.Errorf("the store is down: %v, %v", err, details)
	} else if info, ok := details[0].(*errdetails.RetryInfo); !ok || info.GetRetryDelay().AsDuration() != 5*time.Second {
		t.Errorf("the store is down: %v", details)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []otlp.Config{{}, {Sink: &sink{}}, {Sink: &sink{}, Clock: time.Now, MaxBody: -1}} {
		if _, err := otlp.New(c); err == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}
