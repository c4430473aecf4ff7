package otlp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // which exporters pack requests with
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"selfheal/internal/source/body"
)

// Limits of connections of gRPC.
const (
	maxStreams     = 64               // requests at once, per connection
	idleConnection = 10 * time.Minute // then it is closed
	pingEvery      = time.Minute
	stopWithin     = 5 * time.Second
)

// ServeGRPC serves the LogsService of OTLP until ctx is done, then lets the calls
// at hand come to their end, for a few seconds. The listener is closed when it returns.
func (r *Receiver) ServeGRPC(ctx context.Context, listener net.Listener, more ...grpc.ServerOption) error {
	server := r.GRPC(more...)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve otlp over grpc: %w", err)
	case <-ctx.Done():
	}
	ended := make(chan struct{})
	go func() {
		server.GracefulStop()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(stopWithin):
		server.Stop()
	}
	if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve otlp over grpc: %w", err)
	}
	return nil
}

// GRPC makes a server of gRPC that knows the LogsService of OTLP and nothing else.
// Messages are taken as bytes, so other services cannot be registered with it.
// Interceptors and credentials come as options.
func (r *Receiver) GRPC(more ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append([]grpc.ServerOption{
		grpc.ForceServerCodecV2(wireCodec{}),
		grpc.MaxRecvMsgSize(r.config.MaxBody),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(r.config.ReadTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleConnection, Time: pingEvery}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}, more...)...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.logs.v1.LogsService",
		HandlerType: (*exporter)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: handleExport}},
		Metadata:    "opentelemetry/proto/collector/logs/v1/logs_service.proto",
	}, r)
	return server
}

// exporter is what gRPC calls.
type exporter interface {
	exportGRPC(ctx context.Context, request *wireMessage) (*wireMessage, error)
}

func handleExport(service any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	request := new(wireMessage)
	if err := decode(request); err != nil {
		return nil, err
	}
	defer request.free()
	call := func(ctx context.Context, request any) (any, error) {
		return service.(exporter).exportGRPC(ctx, request.(*wireMessage)) //nolint:forcetypeassert // both are registered here
	}
	if interceptor == nil {
		return call(ctx, request)
	}
	info := &grpc.UnaryServerInfo{Server: service, FullMethod: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"}
	return interceptor(ctx, request, info, call)
}

func (r *Receiver) exportGRPC(ctx context.Context, request *wireMessage) (*wireMessage, error) {
	size := int64(len(request.data))
	if !r.bodies.Reserve(size) {
		return nil, r.statusOf(r.unreadable(body.ErrBusy))
	}
	defer r.bodies.Release(size)
	rejected, err := r.export(ctx, request.data, formatProto)
	if err != nil {
		return nil, r.statusOf(failureOf(err))
	}
	return &wireMessage{data: success(formatProto, rejected)}, nil
}

// statusOf says what a client of gRPC is told; whether it may try again is told by RetryInfo.
func (r *Receiver) statusOf(why failure) error {
	s := grpcstatus.New(codes.Code(why.code), why.message)
	if why.retry {
		if with, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(r.config.RetryAfter)}); err == nil {
			s = with
		}
	}
	return s.Err()
}

// wireMessage is a message as its bytes.
type wireMessage struct {
	data   []byte
	buffer mem.Buffer
}

func (m *wireMessage) free() {
	if m.buffer != nil {
		m.buffer.Free()
	}
}

// wireCodec hands messages on as bytes. It calls itself by the name of the codec of
// protobuf, which is what they are.
type wireCodec struct{}

// Name is that of protobuf's codec.
func (wireCodec) Name() string { return "proto" }

// Marshal gives the bytes of an answer.
func (wireCodec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*wireMessage)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(m.data)}, nil
}

// Unmarshal keeps the bytes of a request until the call is over.
func (wireCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*wireMessage)
	if !ok {
		return fmt.Errorf("cannot receive a %T", v)
	}
	m.buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
	m.data = m.buffer.ReadOnlyData()
	return nil
}
