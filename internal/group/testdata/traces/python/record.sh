#!/bin/sh
# Needs Python 3.11 or later.
cd "$(dirname "$0")" || exit 1
command -v python3 >/dev/null || exit 1
out=$(mktemp -d)
cp crash.py.txt "$out/shop.py"
lib=$(python3 -c 'import asyncio, os; print(os.path.dirname(os.path.dirname(asyncio.__file__)))')
for bug in noted chained forgotten group nested recursion mutual logged syntax thread pool ignored bare partial multiline; do
	python3 "$out/shop.py" $bug 2>&1 | sed "s|$out|/srv/shop|g; s|$lib|/usr/lib/python3.11|g" >$bug.log
done
rm -rf "$out"
