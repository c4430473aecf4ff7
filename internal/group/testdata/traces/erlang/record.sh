#!/bin/sh
# Needs erlang (erlc, erl).
cd "$(dirname "$0")" || exit 1
command -v erlc >/dev/null || exit 1
out=$(mktemp -d)
erlc +debug_info -o "$out" shop.erl
for bug in server crash spawn; do
	erl -noshell -pa "$out" -eval "shop:run($bug)." -s init stop >$bug.log 2>&1
done
rm -rf "$out" erl_crash.dump
