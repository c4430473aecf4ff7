#!/bin/sh
# Writes the samples of this folder with the real servers: make.sh. Needs Debian 12's nginx (1.22), postgresql-15,
# redis-server (7.0), apache2 (2.4), mariadb-server (10.11), haproxy (2.6), curl and a user "postgres" to run the database as.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
clean() { sed "s#$work#/srv/shop#g"; }

cat >nginx.conf <<END
daemon off;
pid $work/nginx.pid;
error_log $work/error.log info;
events {}
http {
	access_log $work/access.log combined;
	server {
		listen 127.0.0.1:8078;
		location / { return 200 "ok"; }
		location /orders { proxy_pass http://127.0.0.1:9; }
		location /files { root $work; }
	}
}
END
nginx -c "$work/nginx.conf" 2>/dev/null &
server=$!
sleep 1
for path in / /orders/7 '/files/%22für%22'; do curl -s -o /dev/null "http://127.0.0.1:8078$path"; done
kill $server
wait $server || true
clean <access.log >"$here/nginx-access.log"
clean <error.log | grep -v 'worker process\|signal\|exit\|OS:' >"$here/nginx-error.log"

bin=/usr/lib/postgresql/15/bin
mkdir db
chown postgres db
runuser -u postgres -- $bin/initdb -D "$work/db" >/dev/null 2>&1
cat >>db/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$work/db'
log_destination = 'stderr,jsonlog'
logging_collector = on
log_directory = 'log'
log_filename = 'db'
log_line_prefix = '%m [%p] %u@%d '
log_statement = 'ddl'
log_timezone = 'Europe/Berlin'
END
runuser -u postgres -- $bin/pg_ctl -D "$work/db" -w start >/dev/null
query() { runuser -u postgres -- psql -q -h "$work/db" -d postgres -c "$1" >/dev/null 2>&1 || true; }
query "CREATE TABLE orders (id int PRIMARY KEY, owner text NOT NULL)"
query "INSERT INTO orders VALUES (7, NULL)"
query 'SELECT "für" FROM orders
WHERE owner = 1'
query "DO \$\$ BEGIN RAISE WARNING 'slow order'; RAISE LOG 'client said level=error \"gone\"'; END \$\$"
runuser -u postgres -- $bin/pg_ctl -D "$work/db" -w stop >/dev/null
clean <db/log/db >"$here/postgres.log"
clean <db/log/db.json >"$here/postgres-json.log"

redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work" --daemonize no >redis.log 2>&1 &
server=$!
sleep 1
redis-cli -s "$work/redis.sock" config set dir /proc >/dev/null 2>&1 || true
kill $server
wait $server || true
clean <redis.log >"$here/redis.log"

cat >apache.conf <<END
ServerRoot $work
ServerName web-1
PidFile $work/apache.pid
Listen 127.0.0.1:8079
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
ErrorLog $work/apache-error.log
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
CustomLog $work/apache-access.log combined
DocumentRoot $work
ProxyPass /orders http://127.0.0.1:9
<Location /secret>
Require all denied
</Location>
END
apache2 -f "$work/apache.conf" -D FOREGROUND &
server=$!
sleep 1
for path in /none /secret /orders/7; do curl -s -o /dev/null "http://127.0.0.1:8079$path"; done
kill $server
wait $server || true
clean <apache-access.log >"$here/apache-access.log"
clean <apache-error.log >"$here/apache-error.log"

mkdir maria
chown mysql maria
mariadb-install-db --user=mysql --datadir="$work/maria" --auth-root-authentication-method=normal >/dev/null 2>&1
mariadbd --no-defaults --user=mysql --datadir="$work/maria" --socket="$work/maria/s" --skip-networking --plugin-load=nothing=nothing.so 2>maria.log &
server=$!
sleep 4
kill $server
wait $server || true
clean <maria.log | grep -v InnoDB | sed 's#server_uid [^ ]*#server_uid 0#' >"$here/mariadb.log"

cat >haproxy.cfg <<END
global
	log stdout format raw daemon
defaults
	mode http
	log global
	option httplog
	timeout connect 1s
	timeout client 1s
	timeout server 1s
frontend shop
	bind 127.0.0.1:8081
	default_backend orders
backend orders
	server one 127.0.0.1:9
END
haproxy -f haproxy.cfg >haproxy.log 2>&1 &
server=$!
sleep 1
curl -s -o /dev/null http://127.0.0.1:8081/orders/7
kill $server
wait $server || true
clean <haproxy.log >"$here/haproxy.log"
