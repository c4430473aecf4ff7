#!/bin/sh
# Records what real loggers write: record.sh OUTDIR. Needs go, python3 and npm, and
# the network for npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
clean() { sed -e "s#$work#/srv/shop#g" -e "s/\"hostname\":\"[^\"]*\"/\"hostname\":\"web-1\"/g"; }

cp "$here/loggers.js" shop.js
npm install --silent --no-audit --no-fund pino bunyan winston >/dev/null
for logger in pino bunyan winston winstonText; do node shop.js $logger 2>&1 | clean >"$out/node.$logger.log"; done

cp "$here/loggers.py" shop.py
for logger in basic formatted; do python3 shop.py $logger 2>&1 | clean >"$out/python.$logger.log"; done

cp "$here/loggers.go.txt" main.go
go build -o shop main.go
for logger in json text default log; do ./shop $logger | clean >"$out/go.$logger.log"; done
