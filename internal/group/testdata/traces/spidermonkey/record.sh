#!/bin/sh
# Needs gjs, which runs on SpiderMonkey.
cd "$(dirname "$0")" || exit 1
command -v gjs >/dev/null || exit 1
here=$(pwd)
for bug in owner total closure pay logged; do
	gjs "$here/shop.js" $bug 2>&1 | sed "s|$here|/srv/shop|g; s|^(gjs:[0-9]*)|(gjs:4711)|" >$bug.log
done
