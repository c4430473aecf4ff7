#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs node 20 and npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/shop.js" shop.js
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund @elastic/ecs-pino-format@1.5.0 @elastic/ecs-winston-format@1.5.3 @opentelemetry/api@1.9.1 @opentelemetry/api-logs@0.223.1 @opentelemetry/resources@2.12.1 @opentelemetry/sdk-logs@0.223.1 bunyan@2.0.5 gelf-pro@1.4.0 log4js@6.9.1 pino@10.4.0 winston@3.19.0  >/dev/null
for logger in pino bunyan winston-json winston-simple winston-color winston-logstash winston-ecs pino-ecs log4js console otel gelf; do
	node shop.js $logger 2>&1 | sed -e "s#$work#/srv/shop#g" -e "s#\"$(hostname)\"#\"web-1\"#g" >"$here/$logger.log"
done
