#!/bin/sh
# Needs Mono (mcs, mono).
cd "$(dirname "$0")" || exit 1
command -v mcs >/dev/null || exit 1
here=$(pwd)
out=$(mktemp -d)
mcs -debug -out:"$out/shop.exe" "$here/shop.cs"
for bug in owner key generic chained lambda async aggregate logged; do
	mono --debug "$out/shop.exe" $bug 2>&1 | sed "s|$here|/srv/shop|g" >$bug.log
done
rm -rf "$out"
