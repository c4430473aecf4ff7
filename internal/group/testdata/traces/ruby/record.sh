#!/bin/sh
# Needs ruby; for rails.log also the gems actionpack and railties.
cd "$(dirname "$0")" || exit 1
command -v ruby >/dev/null || exit 1
here=$(pwd)
for bug in owner block chained open recursion logged full thread; do
	ruby "$here/shop.rb" $bug 2>&1 | sed "s|$here|/srv/shop|g" >$bug.log
done
RAILS_ENV=production ruby "$here/rails.rb" 2>/dev/null | sed "s|$here|/srv/shop|g" >rails.log
