#!/bin/sh
# Makes all samples anew: runs record.sh of each runtime that is installed.
# Files named *.written.log come from no program here; they were written by hand
# after the runtime's documented format.
cd "$(dirname "$0")" || exit 1
for script in */record.sh; do
	echo "$script"
	sh "$script" || echo "$script: skipped" >&2
done
