#!/bin/sh
# Needs node. main.3f2a1b.js is written as bundlers write: one line, short names, a hash in the file's name.
cd "$(dirname "$0")" || exit 1
command -v node >/dev/null || exit 1
here=$(pwd)
for bug in async aggregate value properties system timer event logged nested string multiline eval syntax; do
	node "$here/crash.js" $bug 2>&1 | sed "s|$here|/srv/shop|g" >$bug.log
done
# main.9c4e7d.js is the same from another build, which gave other names.
for bug in a b c; do
	node "$here/main.3f2a1b.js" $bug 2>&1 | sed "s|$here|/srv/shop/dist|g" >bundle-$bug.log
	node "$here/main.9c4e7d.js" $bug 2>&1 | sed "s|$here|/srv/shop/dist|g" >rebuilt-$bug.log
done
