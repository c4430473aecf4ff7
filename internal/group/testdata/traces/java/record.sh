#!/bin/sh
# Needs a JDK.
cd "$(dirname "$0")" || exit 1
command -v javac >/dev/null || exit 1
out=$(mktemp -d)
cp Crash.java.txt "$out/Crash.java"
javac -g -d "$out" "$out/Crash.java"
for bug in chained suppressed circular overflow initializer future executor logged missing bare; do
	timeout 10 java -Xss512k -cp "$out" Crash $bug 2>&1 | head -n 120 >$bug.log
done
rm -rf "$out"
