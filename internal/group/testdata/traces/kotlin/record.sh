#!/bin/sh
# Needs kotlinc and a JDK.
cd "$(dirname "$0")" || exit 1
command -v kotlinc >/dev/null || exit 1
out=$(mktemp -d)
kotlinc shop.kt -jvm-target 1.8 -include-runtime -d "$out/shop.jar" 2>/dev/null
for bug in owner extension companion lambda chained lazy; do
	java -cp "$out/shop.jar" com.acme.shop.ShopKt $bug >$bug.log 2>&1
done
rm -rf "$out"
