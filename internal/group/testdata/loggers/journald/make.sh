#!/bin/sh
# Writes the samples of this folder: entries that a real systemd-journald (252) took in, as journalctl prints them.
# make.sh needs root (it runs the daemon in a mount namespace of its own), unshare, systemd and python3.
# Ids of the machine are replaced by zeros of the same length.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >shop.py <<'END'
"""Fails, so that the traceback goes to the journal line by line."""
import sys
print("order taken")
print("<4>slow order")
print('client said level=error "gone" to order für 注文')
print('{"level":"error","msg":"order lost","err":"no owner","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","service.version":"1.4.0"}')
sys.stdout.flush()
def fail():
    return {}["owner"]
fail()
END
cat >native.py <<'END'
"""Speaks journald's own protocol: fields, and values with line breaks in their binary form."""
import socket, struct
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def send(**fields):
    out = b""
    for name, value in fields.items():
        value = value if isinstance(value, bytes) else value.encode()
        out += name.encode() + (b"\n" + struct.pack("<Q", len(value)) + value if b"\n" in value else b"=" + value) + b"\n"
    s.sendto(out, "/run/systemd/journal/socket")
send(MESSAGE="order taken", PRIORITY="6", SYSLOG_IDENTIFIER="shop", ORDER="7", CODE_FILE="shop.c")
send(MESSAGE="order lost: no owner", PRIORITY="3", SYSLOG_IDENTIFIER="shop", TRACE_ID="4bf92f3577b34da6a3ce929d0e0e4736")
send(MESSAGE="first line\nsecond line", PRIORITY="6", SYSLOG_IDENTIFIER="shop")
send(MESSAGE="ten\nbytes\n", PRIORITY="4", SYSLOG_IDENTIFIER="shop")
send(MESSAGE=b"no text: \xff\xfe\x00 \x1b[31mred\x1b[0m", PRIORITY="4", SYSLOG_IDENTIFIER="shop")
send(MESSAGE="giving up", PRIORITY="2", SYSLOG_IDENTIFIER="shop")
END
cat >run.sh <<'END'
mount -t tmpfs run /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/units
/lib/systemd/systemd-journald 2>/dev/null &
daemon=$!
sleep 2
systemd-cat -t shop /usr/bin/python3 shop.py || true
sleep 1
/usr/bin/python3 native.py
logger -u /run/systemd/journal/dev-log -t shop -p user.err 'order lost: no owner, by syslog(3)'
sleep 1
for format in export json short short-iso short-precise cat; do journalctl -D /run/log/journal -o $format SYSLOG_IDENTIFIER=shop >$format.out; done
kill $daemon
END
unshare -m sh run.sh
machine=$(cat /etc/machine-id)
boot=$(tr -d - </proc/sys/kernel/random/boot_id)
for format in export json short short-iso short-precise cat; do
	LC_ALL=C sed -e "s#$machine#00000000000000000000000000000000#g" -e "s#$boot#00000000000000000000000000000000#g" -e "s#$work#/srv/shop#g" \
		-e "s#_HOSTNAME=$(hostname)\$#_HOSTNAME=web-1#" -e "s#\"_HOSTNAME\":\"$(hostname)\"#\"_HOSTNAME\":\"web-1\"#" -e "s# $(hostname) # web-1 #" $format.out >"$here/$format.log"
done
