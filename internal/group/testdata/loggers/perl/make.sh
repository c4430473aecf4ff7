#!/bin/sh
# Writes the sample of this folder with the real logger: make.sh. Needs perl 5.36 and Debian 12's liblog-log4perl-perl (1.57).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/shop.pl" "$work/shop.pl"
perl "$work/shop.pl" 2>&1 | sed "s#$work#/srv/shop#g" >"$here/log4perl.log"
