#!/bin/sh
# Needs go, and a C compiler for the race detector.
cd "$(dirname "$0")" || exit 1
command -v go >/dev/null || exit 1
here=$(pwd)
out=$(mktemp -d)
cp crash.go.txt "$out/main.go"
cd "$out" || exit 1
export GO111MODULE=off GOTRACEBACK=all
clean() { sed "s|$out|/srv/shop|g; s|$(go env GOROOT)|/usr/local/go|g"; }
CGO_ENABLED=0 go build -o app main.go
for bug in value error repanic writes fault serving deadlock overflow dump log slog; do
	./app $bug 2>&1 | head -n 200 | clean >"$here/$bug.log"
done
if CGO_ENABLED=1 go build -race -o raced main.go; then
	./raced race 2>&1 | clean >"$here/race.log"
fi
rm -rf "$out"
