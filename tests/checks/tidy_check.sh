#!/bin/sh
# tidy_check.sh -- clang-tidy is content with every source of the programs.
set -eu
build=${SIPWARDEN_BUILD:-build/dev}
# The analyzer takes ten minutes and more: ./dev check asks for it, ./dev test
# leaves it out.
case ${SIPWARDEN_TIDY:-quick} in
whole) checks='' ;;
*) checks='-clang-analyzer-*' ;;
esac
found=$build/tidy
rm -rf "$found"
mkdir -p "$found"
# The programs' sources: a test that a tool finds odd still tests.
# shellcheck disable=SC2016 # the inner sh expands it
find lib proxy scanners archiver policies cli -name '*.c' -printf '%s %p\n' |
	sort -rn | cut -d ' ' -f 2 |
	xargs -P "$(nproc)" -I FILE sh -c \
		'out=$1/$(printf %s "$2" | tr / .)
		clang-tidy -p "$3" --quiet --checks="$4" "$2" >"$out" 2>"$out.noise" ||
			{ cat "$out" "$out.noise"; exit 1; }' \
		tidy "$found" FILE "$build" "$checks" || {
	echo 'Mend what clang-tidy says above, or silence one line with' \
		'"NOLINT(check): reason".'
	exit 1
}
