#!/bin/sh
# Needs rustc. short: without a backtrace; full: all frames; release: optimised, so that frames are inlined.
cd "$(dirname "$0")" || exit 1
command -v rustc >/dev/null || exit 1
here=$(pwd)
out=$(mktemp -d)
cp crash.rs.txt "$out/shop.rs"
cd "$out" || exit 1
clean() { sed "s|$out|/srv/shop|g; s|^ *at /[^ ]*rustlib/src/rust|             at /rustc|"; }
rustc -C debuginfo=1 -o app shop.rs 2>/dev/null
rustc -O -C debuginfo=1 -o fast shop.rs 2>/dev/null
for bug in trait generic closure thread unwrap returned reported message; do
	RUST_BACKTRACE=1 ./app $bug 2>&1 | clean >"$here/$bug.log"
done
RUST_BACKTRACE=0 ./app generic 2>&1 | clean >"$here/short.log"
RUST_BACKTRACE=full ./app generic 2>&1 | clean >"$here/full.log"
RUST_BACKTRACE=1 ./fast generic 2>&1 | clean >"$here/release.log"
rm -rf "$out"
