#!/bin/bash
# Puts the binary interface on record, as of now: layouts and numbers (layout.txt), functions and types (libcascade.abi), and the
# headers and a program of this day (frozen). For a release; before it, after a change that is meant and told in CHANGELOG.md under
# ABI.

[ $# -eq 1 ] && [ -e "$1/lib/libcascade.so.0" ] || { echo "usage: tests/abi/record.sh BUILD, which gcc has just built" >&2; exit 2; }
set -eu
build=$(realpath "$1")
cd "$(dirname "$(readlink -f "$0")")/../.."
abi=tests/abi headers=(include "$build/include")
/usr/bin/python3 $abi/layout.py $abi/layout.txt cc "${headers[@]}" --record
/usr/bin/python3 $abi/guard.py $abi/libcascade.abi "$build"/lib/libcascade.so.0 "${headers[@]}" --record
rm -rf $abi/frozen/include
for folder in "${headers[@]}"; do
  for header in $(cd "$folder" && find . -name '*.h'); do
    mkdir -p "$abi/frozen/include/$(dirname "$header")"
    gcc -w -fpreprocessed -dD -E -P "$folder/$header" >"$abi/frozen/include/$header" # without the comments
  done
done
cp tests/scenario/runner.c $abi/frozen/program.c
cp tests/scenario/scenario.json $abi/frozen/
