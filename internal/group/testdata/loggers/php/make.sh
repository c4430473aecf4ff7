#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs php 8.2 and Debian 12's php-monolog (2.9).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/shop.php" .
clean() { sed "s#$work#/srv/shop#g" >"$here/$1.log"; }
php -d log_errors=1 -d display_errors=0 -d error_log="$work/php.log" shop.php error-log || true
clean error-log <php.log
php -d log_errors=1 -d display_errors=0 -d html_errors=0 shop.php error-log 2>&1 | clean stderr
for logger in monolog-line monolog-json monolog-logstash; do php shop.php $logger 2>&1 | clean $logger; done
