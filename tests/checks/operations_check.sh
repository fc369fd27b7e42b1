#!/bin/sh
# operations_check.sh -- docs/operations.md names every event and every count.
set -eu
build=${SIPWARDEN_BUILD:-build/dev}
page=docs/operations.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
faults=0
# What code and page have, sorted; what only one of them has is a fault.
compare() {
	LC_ALL=C sort -u -o "$work/code" "$work/code"
	LC_ALL=C sort -u -o "$work/page" "$work/page"
	for name in $(LC_ALL=C comm -23 "$work/code" "$work/page"); do
		echo "$page does not tell of $1 $name"
		faults=$((faults + 1))
	done
	for name in $(LC_ALL=C comm -13 "$work/code" "$work/page"); do
		echo "$page tells of $1 $name, which no program has"
		faults=$((faults + 1))
	done
}
# Words may be put together from two string literals at a line's end only
# behind a space, so an event stands in one piece.
find proxy scanners archiver lib cli policies -name '*.[ch]' -exec \
	grep -hoE 'event=[a-z][a-z-]*' {} + | sed 's/event=//' >"$work/code"
# shellcheck disable=SC2016 # the backticks are the page's
sed -n '/^## The log/,/^## Reload/p' "$page" |
	sed -n 's/^| `\([a-z-]*\)` |.*/\1/p' >"$work/page"
compare event
# Whole rows: name, kind and what it says.
"$build/bin/sipwarden" stats --names | grep '^|' | tr ' ' '_' >"$work/code"
sed -n '/^## Statistics/,/^## The log/p' "$page" | grep '^|' |
	tr ' ' '_' >"$work/page"
compare row
[ "$faults" -eq 0 ] || {
	echo "$faults to mend: events by hand, rows as" \
		"\`sipwarden stats --names\` prints them."
	exit 1
}
