#!/bin/sh
# Needs jsc, the shell of JavaScriptCore (Debian's libjavascriptcoregtk-4.0-bin).
cd "$(dirname "$0")" || exit 1
command -v jsc >/dev/null || exit 1
here=$(dirname "$(pwd)")
for bug in owner total closure pay logged; do
	jsc "$here/spidermonkey/shop.js" -- $bug 2>&1 | sed "s|$here/spidermonkey|/srv/shop|g" >$bug.log
done
