package app

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"selfheal/internal/token"
)

// credentials of gRPC are those of HTTP: the same tokens, the same certificate.
func (p *process) credentials() ([]grpc.ServerOption, error) {
	options := []grpc.ServerOption{grpc.UnaryInterceptor(p.authorised)}
	files := p.steward.Load().config.Serve.TLS
	if files == nil {
		return options, nil
	}
	certificate, err := newCertificate(*files)
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12}
	return append(options, grpc.Creds(credentials.NewTLS(secure))), nil
}

func (p *process) authorised(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	given, _ := metadata.FromIncomingContext(ctx)
	authorization := strings.Join(given.Get("authorization"), "")
	_, answer := p.steward.Load().config.Serve.KnownTokens().Allowed(authorization, token.Ingest)
	switch answer {
	case http.StatusUnauthorized:
		return nil, status.Error(codes.Unauthenticated, "a token with the scope ingest is needed")
	case http.StatusForbidden:
		return nil, status.Error(codes.PermissionDenied, "this token may not send logs: it needs the scope ingest")
	}
	return next(ctx, request)
}
