#!/bin/sh
# planted_check.sh -- every fuzzer has a bug to find, and its patch still fits.
set -u
missing=0
for fuzzer in tests/fuzz/*_fuzz.c; do
	target=$(basename "$fuzzer" _fuzz.c)
	[ -f "tests/fuzz/planted/$target.patch" ] || {
		echo "$fuzzer: no tests/fuzz/planted/$target.patch"
		missing=1
	}
done
for patch in tests/fuzz/planted/*.patch; do
	git apply --check "$patch" || {
		echo "$patch: does not fit any more; break that parser anew," \
			"then run ./dev fuzz --planted $(basename "$patch" .patch)"
		missing=1
	}
done
exit "$missing"
