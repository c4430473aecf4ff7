#!/bin/sh
# Writes the samples of this folder: frames that util-linux's logger (2.38) sent to a local socket, and what rsyslog (8.2302) wrote of them.
# make.sh needs logger, rsyslogd and python3 (for the listener).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
clean() { sed -e "s# $(hostname) # web-1 #g" -e "s#tzKnown=\"1\" isSynced=\"[01]\"[^]]*#tzKnown=\"1\" isSynced=\"0\"#"; }
cat >listen.py <<'END'
"""Writes each datagram that arrives as one line, until one says "over"."""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 5514))
while True:
    line = s.recv(65536).rstrip(b"\n")
    if line.endswith(b"over"):
        break
    sys.stdout.buffer.write(line + b"\n")
END
send() { # priority, text
	logger --server 127.0.0.1 --port 5514 --udp $style -t shop --id=4711 -p "$1" -- "$2"
}
record() { # file
	python3 listen.py >frames &
	listener=$!
	sleep 1
	send user.info 'order taken'
	send user.warning 'slow order'
	send user.info 'client said level=error "gone" to order für 注文'
	send user.err 'order lost: no owner'
	send user.crit 'giving up'
	send local0.notice '{"level":"error","msg":"order lost","err":"no owner","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}'
	if [ "$1" = rfc5424 ]; then
		logger --server 127.0.0.1 --port 5514 --udp $style -t shop --id=4711 -p user.err --msgid lost --sd-id 'shop@32473' --sd-param 'trace_id="4bf92f3577b34da6a3ce929d0e0e4736"' --sd-param 'note="a b"' -- 'order lost'
	fi
	logger --server 127.0.0.1 --port 5514 --udp -t shop over
	wait $listener
	clean <frames >"$here/$1.log"
}
style=--rfc3164 && record rfc3164
style=--rfc5424 && record rfc5424

cat >rsyslog.conf <<END
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="5514")
action(type="omfile" file="$work/traditional" template="RSYSLOG_TraditionalFileFormat")
action(type="omfile" file="$work/file" template="RSYSLOG_FileFormat")
action(type="omfile" file="$work/protocol" template="RSYSLOG_SyslogProtocol23Format")
END
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/pid" &
daemon=$!
sleep 1
style=--rfc5424
send user.info 'order taken'
send user.warning 'slow order'
send user.info 'client said level=error "gone" to order für 注文'
send user.err 'order lost: no owner'
sleep 1
kill $daemon
wait $daemon || true
for format in traditional file protocol; do grep shop "$format" | clean >"$here/rsyslog-$format.log"; done
