#!/bin/sh
# Needs elixir.
cd "$(dirname "$0")" || exit 1
command -v elixir >/dev/null || exit 1
for bug in owner clause closure charge match server task spawn logged; do
	elixir shop.ex $bug >$bug.log 2>&1
done
true
