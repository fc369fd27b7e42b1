#!/bin/sh
# run.sh -- runs fuzzers that are built, one after the other, and sums them up.
#
#   tests/fuzz/run.sh SECONDS TARGET...
#
# New inputs go to build/fuzz/corpus/TARGET, what breaks a target to
# build/fuzz/found; the corpora in the tree are only read. Ends with 1 when
# anything was found.
set -u

cd "$(dirname -- "$0")/../.." || exit 2
seconds=$1
shift
[ -n "${SIPWARDEN_FUZZ_BUILD:-}" ] || SIPWARDEN_FUZZ_BUILD=build/fuzz
work=$SIPWARDEN_FUZZ_BUILD
table=$work/summary
mkdir -p "$work/found" "$work/log"
: >"$table"

# watch LOG PID: a line each ten seconds while it runs.
watch() {
	waited=0
	while kill -0 "$2" 2>/dev/null; do
		sleep 1
		waited=$((waited + 1))
		[ $((waited % 10)) -eq 0 ] || continue
		printf '  %4d s  %s\n' "$waited" "$(grep -o 'cov: .*' "$1" |
			tail -n 1 | sed 's/ L:.*//')"
	done
}

# final LOG NAME: a figure of libFuzzer's closing statistics.
final() {
	sed -n "s/^stat::$2: *//p" "$1" | tail -n 1
}

run() {
	target=$1 log=$work/log/$1 status=0
	set -- "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 \
		"-artifact_prefix=$work/found/$target-" -print_final_stats=1 \
		"$work/corpus/$target"
	[ ! -f "tests/fuzz/$target.dict" ] ||
		set -- "-dict=tests/fuzz/$target.dict" "$@"
	[ ! -d "tests/fuzz/corpus/$target" ] ||
		set -- "$@" "tests/fuzz/corpus/$target"
	mkdir -p "$work/corpus/$target"
	printf 'fuzz %s, %s s\n' "$target" "$seconds"
	"$work/bin/${target}_fuzz" "$@" >"$log" 2>&1 &
	fuzzer=$!
	watch "$log" "$fuzzer"
	wait "$fuzzer" || status=$?
	found=-
	if [ "$status" -ne 0 ]; then
		found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
		[ -n "$found" ] || found="see $log"
		grep -E 'panic|ERROR|SUMMARY' "$log" | head -n 5
	fi
	printf '%-22s %10s %12s %9s %6s  %s\n' "$target" "$seconds" \
		"$(final "$log" number_of_executed_units)" \
		"$(final "$log" average_exec_per_sec)" \
		"$(final "$log" peak_rss_mb)" "$found" >>"$table"
}

broken=0
for target; do
	run "$target"
	[ "$status" -eq 0 ] || broken=$((broken + 1))
done
printf '\n%-22s %10s %12s %9s %6s  %s\n' target seconds inputs per_s MB found
cat "$table"
[ "$broken" -eq 0 ]
