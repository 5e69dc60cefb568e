#!/bin/bash
# How much of lib/ the quick tests reach: builds with counters, runs tests of the library itself on all engines, and prints, for
# each file, the lines and branches that were met; build-coverage/branches.txt gets those that were not. The reference has a page
# that judges these, "What the tests do not reach".
#
#   tests/coverage.sh [SUITE...]    without a suite all but those that measure, or read files, or are of the bindings

set -eu -o pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
build=build-coverage
report=$build/branches.txt
suites=()
for suite; do suites+=(--suite "$suite"); done
for tool in gcovr gcc; do
  command -v $tool >/dev/null || { echo "apt-get install --no-install-recommends $tool" >&2; exit 2; }
done
[ -e $build/build.ninja ] || CC=gcc meson setup $build -Db_coverage=true -Dc_args=-fprofile-update=atomic -Dbuildtype=debug -Ddocs=disabled
ninja -C $build
find $build -name '*.gcda' -delete # of earlier runs

export CASCADE_QUICK=1
[ $# -gt 0 ] || suites=(--no-suite guards --no-suite bench --no-suite memory --no-suite selfcheck --no-suite python --no-suite ruby
  --no-suite django --no-suite cpp)
tests/servers run meson test -C $build --no-rebuild --timeout-multiplier 3 "${suites[@]}" || echo 'some tests failed' >&2

gcovr --root . --filter lib/ --exclude-unreachable-branches --object-directory $build --json=$build/coverage.json $build
gcovr --root . --add-tracefile $build/coverage.json --txt
gcovr --root . --add-tracefile $build/coverage.json --branches --txt
/usr/bin/python3 - $build/coverage.json >"$report" <<'CODE'
import json, pathlib, sys

for file in json.loads(pathlib.Path(sys.argv[1]).read_text())["files"]:
    source = pathlib.Path(file["file"]).read_text().splitlines()
    for line in file["lines"]:
        missed = sum(1 for branch in line.get("branches", ()) if branch["count"] == 0)
        if missed or (line["count"] == 0 and not line.get("gcovr/noncode")):
            what = f"{missed} of {len(line['branches'])} branches" if line.get("branches") else "never"
            print(f"{file['file']}:{line['line_number']}: {what}: {source[line['line_number'] - 1].strip()}")
CODE
echo "$(wc -l <"$report") lines with something that was not met: $report"
