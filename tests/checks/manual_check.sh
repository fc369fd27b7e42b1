#!/bin/sh
# manual_check.sh -- each program has a sound manual that names its options.
set -eu
build=${SIPWARDEN_BUILD:-build/dev}
faults=0
fault() {
	echo "$*"
	faults=$((faults + 1))
}
for program in "$build"/bin/sipwarden "$build"/bin/sipwarden-*; do
	name=$(basename "$program")
	# what only tests and benchmarks use is not installed
	case $name in sipwarden-load | sipwarden-relay) continue ;; esac
	page=docs/man/$name.8
	[ "$name" != sipwarden ] || page=docs/man/$name.1
	if [ ! -f "$page" ]; then
		fault "$page is missing"
		continue
	fi
	for word in $("$program" --help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
		# in troff a hyphen of an option is written \-
		grep -q -F -e "$(printf %s "$word" | sed 's/-/\\-/g')" "$page" ||
			fault "$page does not name $word"
	done
done
# No date: the version says how old a page is.
said=$(mandoc -T lint -W warning docs/man/* | grep -v 'missing date') || :
[ -z "$said" ] || fault "$said"
[ "$faults" -eq 0 ] || {
	echo "$faults to mend, in docs/man/."
	exit 1
}
