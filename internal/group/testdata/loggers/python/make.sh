#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs Debian 12's
# python3-structlog (22.3), -pythonjsonlogger (2.0.1), -loguru (0.6), -graypy (2.1), -uvicorn (0.17) and gunicorn (20.1).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/shop.py" "$here/web.py" .
clean() { sed -e "s#$work#/srv/shop#g" -e "s#\"$(hostname -f)\"#\"web-1\"#g" -e "s#\"$(hostname)\"#\"web-1\"#g" >"$here/$1"; }
for logger in basic formatted dashes json-logger structlog-json structlog-dict structlog-console structlog-logfmt gelf loguru loguru-json; do
	/usr/bin/python3 shop.py $logger 2>&1 | clean $logger.log
done
serve() {
	"$@" >server.log 2>&1 &
	server=$!
	sleep 2
	for path in / /fail /; do curl -s -o /dev/null "http://127.0.0.1:8077$path" || true; done
	kill -TERM $server
	wait $server || true
}
serve /usr/bin/python3 -m uvicorn web:asgi --port 8077
clean uvicorn.log <server.log
serve /usr/bin/gunicorn web:wsgi --bind 127.0.0.1:8077 --access-logfile -
clean gunicorn.log <server.log
