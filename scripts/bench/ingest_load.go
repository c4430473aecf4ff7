package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"selfheal/internal/source/otlp"
)

// load sends prepared requests again and again, dated anew each time.
type load struct {
	o        *ingestOptions
	protocol string
	requests []*loadRequest
	send     func(ctx context.Context, body []byte) (refused bool, err error)
	close    func()
	size     float64 // bytes of a record
}

// loadRequest is one prepared request.
type loadRequest struct {
	mu    sync.Mutex
	body  []byte
	times []int // where the times of its records stand
}

func newLoad(o *ingestOptions, protocol string, at listening, signatures int) (*load, error) {
	l := &load{o: o, protocol: protocol}
	random := rand.New(rand.NewPCG(1, uint64(signatures)))
	each := max(4, (2*signatures+o.batch-1)/o.batch) // so that every signature occurs
	for s := range o.services {
		for range each {
			l.requests = append(l.requests, prepare(random, s, signatures, o.batch))
		}
	}
	bytes := 0
	for _, r := range l.requests {
		bytes += len(r.body)
	}
	l.size = float64(bytes) / float64(len(l.requests)*o.batch)
	if protocol == "gRPC" {
		return l, l.overGRPC(at.GRPC)
	}
	l.overHTTP("http://"+at.HTTP+otlp.Path, protocol == "HTTP gzip")
	return l, nil
}

// prepare makes a request of a service with so many signatures: mostly lines that
// tell of its work, a tenth errors, every hundredth record with a stack trace.
func prepare(random *rand.Rand, service, signatures, records int) *loadRequest {
	var scope []byte
	var times []int
	for range records {
		which := random.IntN(signatures)
		record := []byte{}
		record = protowire.AppendFixed64(protowire.AppendTag(record, 1, protowire.Fixed64Type), 0)
		severity := uint64(9)
		if which%10 == 0 {
			severity = 17
		}
		record = protowire.AppendVarint(protowire.AppendTag(record, 2, protowire.VarintType), severity)
		record = appendLoadMessage(record, 5, appendLoadString(nil, 1, fmt.Sprintf("%s of order %d for customer %d took %d ms", words(which), random.IntN(1e6), random.IntN(1e5), random.IntN(900))))
		record = appendLoadPair(record, 6, "http.route", "/orders/{id}")
		record = appendLoadPair(record, 6, "code.namespace", "com.example.shop.orders")
		record = appendLoadPair(record, 6, "thread.name", fmt.Sprint("worker-", random.IntN(16)))
		if which%100 == 0 {
			record = appendLoadPair(record, 6, "exception.type", "java.lang.IllegalStateException")
			record = appendLoadPair(record, 6, "exception.stacktrace", stackOf(which))
		}
		id := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, random.Uint64()), random.Uint64())
		record = protowire.AppendBytes(protowire.AppendTag(record, 9, protowire.BytesType), id)
		scope = protowire.AppendVarint(protowire.AppendTag(scope, 2, protowire.BytesType), uint64(len(record)))
		times = append(times, len(scope)+1)
		scope = append(scope, record...)
	}
	var resource []byte
	resource = appendLoadPair(resource, 1, "service.name", fmt.Sprint("service-", service))
	resource = appendLoadPair(resource, 1, "service.version", "1.2.0")
	resource = appendLoadPair(resource, 1, "deployment.environment.name", "production")
	resource = appendLoadPair(resource, 1, "service.instance.id", fmt.Sprint("pod-", random.IntN(8)))
	logs := appendLoadMessage(appendLoadMessage(nil, 1, resource), 2, scope)
	body := appendLoadMessage(nil, 1, logs)
	for i := range times {
		times[i] += len(body) - len(scope) // the records are the last that stands in it
	}
	return &loadRequest{body: body, times: times}
}

// words names a signature in letters, because digits are values.
func words(n int) string {
	verbs := []string{"placement", "charging", "shipping", "refund", "lookup", "export", "import", "validation", "pricing", "packing"}
	var name strings.Builder
	for rest := n / len(verbs); ; rest /= 20 {
		name.WriteByte("bcdfghjklmnpqrstvwxz"[rest%20])
		name.WriteByte('a')
		if rest < 20 {
			break
		}
	}
	return verbs[n%len(verbs)] + " by " + name.String()
}

// stackOf makes a stack trace of 24 frames that is its own for every n.
func stackOf(n int) string {
	var b strings.Builder
	b.WriteString("java.lang.IllegalStateException: no amount\n")
	for i := range 24 {
		fmt.Fprintf(&b, "\tat com.example.shop.%s.Handler.step%s(Handler.java:%d)\n", strings.ReplaceAll(words(n), " ", ""), string(rune('a'+i)), 10+i)
	}
	return b.String()
}

func appendLoadMessage(dst []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), content)
}

func appendLoadString(dst []byte, number protowire.Number, text string) []byte {
	return protowire.AppendString(protowire.AppendTag(dst, number, protowire.BytesType), text)
}

func appendLoadPair(dst []byte, number protowire.Number, key, value string) []byte {
	return appendLoadMessage(dst, number, appendLoadMessage(appendLoadString(nil, 1, key), 2, appendLoadString(nil, 1, value)))
}

// overHTTP sends by POST. Packed requests are packed once: their times stay.
func (l *load) overHTTP(url string, packed bool) {
	transport := &http.Transport{MaxIdleConnsPerHost: l.o.connections}
	client := &http.Client{Transport: transport}
	l.close = transport.CloseIdleConnections
	if packed {
		now := time.Now()
		for _, r := range l.requests {
			r.date(now)
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, _ = z.Write(r.body) // into memory
			_ = z.Close()
			r.body, r.times = out.Bytes(), nil
		}
	}
	l.send = func(ctx context.Context, body []byte) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return false, err
		}
		request.Header.Set("Content-Type", "application/x-protobuf")
		if packed {
			request.Header.Set("Content-Encoding", "gzip")
		}
		response, err := client.Do(request)
		if err != nil {
			return false, err
		}
		defer response.Body.Close() //nolint:errcheck // it was only read
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode != http.StatusOK, err
	}
}

// bytesCodec sends what is prepared as it is.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil //nolint:forcetypeassert // only load calls it
}

func (bytesCodec) Unmarshal(mem.BufferSlice, any) error { return nil }

// overGRPC sends over one connection, as exporters do.
func (l *load) overGRPC(address string) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{})))
	if err != nil {
		return err
	}
	l.close = func() { _ = conn.Close() }
	l.send = func(ctx context.Context, body []byte) (bool, error) {
		var answer []byte
		return false, conn.Invoke(ctx, "/opentelemetry.proto.collector.logs.v1.LogsService/Export", &body, &answer)
	}
	return nil
}

// date writes the present time into all records.
func (r *loadRequest) date(now time.Time) {
	for _, at := range r.times {
		binary.LittleEndian.PutUint64(r.body[at:], uint64(now.UnixNano()))
	}
}

// run sends over all connections for a while, each the next request when the one
// before is answered.
func (l *load) run(ctx context.Context, length time.Duration) (ingestRow, error) {
	defer l.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	results := make([]ingestRow, l.o.connections)
	latencies := make([][]time.Duration, l.o.connections)
	var senders sync.WaitGroup
	for c := range l.o.connections {
		senders.Go(func() {
			for i := c; time.Since(begin) < length && ctx.Err() == nil; i += l.o.connections {
				r := l.requests[i%len(l.requests)]
				r.mu.Lock()
				r.date(time.Now())
				sent := time.Now()
				refused, err := l.send(ctx, r.body)
				latencies[c] = append(latencies[c], time.Since(sent))
				r.mu.Unlock()
				if err != nil {
					cancel(err)
					return
				}
				if refused {
					results[c].Refused++
				}
			}
		})
	}
	senders.Wait()
	took := time.Since(begin)
	row := ingestRow{Bytes: l.size}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	for _, r := range results {
		row.Refused += r.Refused
	}
	row.PerSecond = float64((len(all)-row.Refused)*l.o.batch) / took.Seconds()
	row.P50, row.P99 = all[len(all)/2], all[len(all)*99/100]
	return row, context.Cause(ctx)
}
