#!/bin/sh
# coverage.sh -- runs tests in build/coverage and says which lines they ran.
#
#   tests/coverage.sh [PATTERN]    all tests, or those whose names match
#
# Counters are written when a program ends. One that is killed with -9 (the
# tests of crashes do that) loses what it counted since its start; the same
# code runs in other tests that end their programs, so little is lost, and
# what is shown is never too much. The scanner's workers and loader always end
# by _exit or a signal: scanners/worker.c and loader.c show next to nothing,
# though each scan runs them. Fails below 85 % in one of the folders.
set -u

cd "$(dirname -- "$0")/.." || exit 2
build=build/coverage
least=85
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --output-on-failure -LE check \
	${1:+-R "$1"} </dev/null
tested=$?
mkdir -p "$build/report"
gcovr --root . --object-directory "$build" --filter '(lib|proxy|archiver|scanners|policies)/' \
	--exclude "$build/" --gcov-ignore-parse-errors \
	--json-summary "$build/report/summary.json" \
	--txt "$build/report/lines.txt" \
	--html-details "$build/report/index.html" >/dev/null || exit 2
python3 -B - "$build/report/summary.json" "$least" <<'END'
import collections
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    files = json.load(file)["files"]
sums = collections.defaultdict(lambda: [0, 0])
for entry in files:
    for key in (entry["filename"].split("/")[0], "all"):
        sums[key][0] += entry["line_covered"]
        sums[key][1] += entry["line_total"]
print("%-12s %8s %8s %8s" % ("folder", "lines", "run", "share"))
low = False
for name in sorted(sums, key=lambda name: (name == "all", name)):
    run, total = sums[name]
    low |= 100 * run < int(sys.argv[2]) * total
    print("%-12s %8d %8d %7.1f %%" % (name, total, run, 100 * run / total))
print("\nleast covered")
worst = sorted(files, key=lambda entry: entry["line_covered"] - entry["line_total"])
for entry in worst[:20]:
    print("%-52s %5d of %5d lines not run" % (
        entry["filename"], entry["line_total"] - entry["line_covered"], entry["line_total"]))
sys.exit(low)
END
covered=$?
echo "line by line: $build/report/index.html"
[ "$tested" -eq 0 ] && [ "$covered" -eq 0 ]
