#!/bin/sh
# Writes the samples of this folder with the real loggers: make.sh. Needs ruby 3.1 and Debian 12's ruby-lograge (0.10).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/shop.rb" .
for logger in logger lograge warn; do
	LC_ALL=C.UTF-8 /usr/bin/ruby shop.rb $logger 2>&1 | sed "s#$work#/srv/shop#g" >"$here/$logger.log"
done
