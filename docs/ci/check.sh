#!/bin/sh
# Judges a deploy from any CI system, or by hand:
#
#   check.sh PREVIOUS REVISION BASELINE WINDOW
#
# PREVIOUS and REVISION are what git knows, BASELINE and WINDOW patterns of log
# files. The report is left in selfheal.json and selfheal.md. The exit code is 10
# where the deploy broke something; what cannot be judged is told and lets the
# pipeline go on.
set -eu
if [ "$#" -ne 4 ]; then
  echo "usage: $0 PREVIOUS REVISION BASELINE WINDOW" >&2
  exit 2
fi
judge() {
  selfheal check --base "$1" --head "$2" --baseline "$3" --window "$4" --format "$5" --out "$6"
}
code=0
judge "$1" "$2" "$3" "$4" json selfheal.json || code=$?
case "$code" in
  0 | 10 | 11 | 12) judge "$1" "$2" "$3" "$4" markdown selfheal.md || true ;;
  *) exit "$code" ;;
esac
case "$code" in
  11) echo "selfheal: something changed, and the evidence does not say why; see selfheal.md" >&2 ;;
  12) echo "selfheal: no judgement is possible; see selfheal.md" >&2 ;;
  10) exit 10 ;;
esac
