#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs go and the module proxy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/main.go.txt" main.go
cat >go.mod <<END
module shop

go 1.26

require (
	github.com/apex/log v1.9.0
	github.com/go-kit/log v0.2.1
	github.com/golang/glog v1.2.5
	github.com/hashicorp/go-hclog v1.6.3
	github.com/pkg/errors v0.9.1
	github.com/rs/zerolog v1.35.1
	github.com/sirupsen/logrus v1.10.2
	go.opentelemetry.io/collector/pdata v1.36.0
	go.opentelemetry.io/otel v1.47.0
	go.opentelemetry.io/otel/exporters/stdout/stdoutlog v0.23.0
	go.opentelemetry.io/otel/log v1.47.0
	go.opentelemetry.io/otel/sdk v1.47.0
	go.opentelemetry.io/otel/sdk/log v1.47.0
	go.uber.org/zap v1.28.0
	k8s.io/klog/v2 v2.140.0
)
END
go mod tidy >/dev/null 2>&1
go build -o shop .
for logger in slog-json slog-text slog-default log zap zap-development zerolog zerolog-console logrus-json logrus-text logrus-terminal \
	klog glog gokit apex hclog hclog-json otel-stdout otel-file; do
	./shop $logger 2>&1 | sed -e "s#$work#/srv/shop#g" -e "s#$(basename "$work")/#shop/#g" -e "s#$(go env GOROOT)#/usr/local/go#g" -e "s#$(go env GOMODCACHE)#/go/pkg/mod#g" >"$here/$logger.log"
done
