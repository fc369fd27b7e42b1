#!/bin/sh
# planted.sh -- shows that each fuzzer finds a bug that is put there for it.
#
#   tests/fuzz/planted.sh [NAME]...
#
# planted/TARGET.patch (or TARGET-more.patch) breaks one parser. In a copy of
# the tree each is applied, its target built and run until it finds something,
# for at most SIPWARDEN_PLANTED_SECONDS (300) from the corpus in the tree
# alone; then the patch is taken back. Ends with 1 when one was not found.
set -u

cd "$(dirname -- "$0")/../.." || exit 2
root=$(pwd)
most=${SIPWARDEN_PLANTED_SECONDS:-300}
copy=$(mktemp -d "${TMPDIR:-/tmp}/sipwarden-planted.XXXXXX") || exit 2
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM HUP

[ $# -gt 0 ] || for patch in tests/fuzz/planted/*.patch; do
	set -- "$@" "$(basename "$patch" .patch)"
done
# What git knows of, as it stands.
git ls-files -z -- . ':!:show' | tar --null --ignore-failed-read -cf - -T - \
	2>/dev/null | tar -xf - -C "$copy"
cd "$copy" || exit 2
cmake --preset fuzz >configure.log 2>&1 || {
	cat configure.log
	exit 2
}

# hunt TARGET: sets took; 0 when something was found.
hunt() {
	rm -rf work
	mkdir -p work
	set -- "$1" "-max_total_time=$most" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=work/found- work
	[ ! -f "tests/fuzz/$1.dict" ] ||
		set -- "$@" "-dict=tests/fuzz/$1.dict"
	[ ! -d "tests/fuzz/corpus/$1" ] || set -- "$@" "tests/fuzz/corpus/$1"
	target=$1
	shift
	began=$(date +%s)
	"build/fuzz/bin/${target}_fuzz" "$@" >"hunt.log" 2>&1
	status=$?
	took=$(($(date +%s) - began))
	# 77: an assertion; 1: a sanitizer; 70, 71: too slow, too large.
	[ "$status" -ne 0 ]
}

missed=0
for name; do
	patch=$root/tests/fuzz/planted/$name.patch
	target=${name%%-*}
	git apply "$patch" || exit 2
	if ! ninja -j "$(nproc)" -C build/fuzz "${target}_fuzz" >build.log 2>&1; then
		tail -n 20 build.log
		exit 2
	fi
	if hunt "$target"; then
		printf '%-24s found after %3d s   %s\n' "$name" "$took" \
			"$(grep -hE 'SUMMARY|panic' hunt.log | head -n 1 |
				sed 's/.*panic: //' | cut -c 1-90)"
	else
		printf '%-24s NOT FOUND in %s s\n' "$name" "$took"
		missed=$((missed + 1))
	fi
	git apply -R "$patch" || exit 2
done
[ "$missed" -eq 0 ]
