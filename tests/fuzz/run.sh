#!/usr/bin/env bash
# Builds each fuzz target given (default: all) with clang, libFuzzer and the sanitizers, runs each FUZZ_SECONDS (60) seconds,
# FUZZ_JOBS (number of cores) at a time, from the corpus in tests/fuzz/corpus/NAME. New inputs gather in build/fuzz/NAME/found.
# A finding is kept in build/fuzz/NAME and its report is printed. Last line: N passed, N failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${FUZZ_SECONDS:-60}
jobs=${FUZZ_JOBS:-$(nproc)}
[ $# -gt 0 ] || set -- tests/fuzz/*_fuzz.c
names=() programs=()
for src in "$@"; do
	name=$(basename "$src" _fuzz.c)
	names+=("$name") programs+=("build/fuzz/tests/fuzz/${name}_fuzz")
done
${MAKE:-make} -s --no-print-directory FUZZ=1 BUILD=build/fuzz CC="${FUZZ_CC:-clang}" "${programs[@]}" || { echo "0 passed, ${#names[@]} failed"; exit 1; }

run_target() {
	local name=$1 dir=build/fuzz/$1 options=()
	mkdir -p "$dir/found" "tests/fuzz/corpus/$name"
	[ -f "tests/fuzz/$name.dict" ] && options+=("-dict=tests/fuzz/$name.dict")
	# shellcheck disable=SC2207 # the options are words
	options+=($(sed -n 's|^/\* libfuzzer: \(.*\) \*/$|\1|p' "tests/fuzz/${name}_fuzz.c"))
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
		"build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$dir/" "${options[@]}" "$dir/found" "tests/fuzz/corpus/$name" >"$dir/log" 2>&1 </dev/null
	echo $? >"$dir/rc"
}

running=0
for name in "${names[@]}"; do
	run_target "$name" &
	running=$((running + 1))
	if [ "$running" -ge "$jobs" ]; then
		wait -n
		running=$((running - 1))
	fi
done
wait

passed=0 failed=0
for name in "${names[@]}"; do
	dir=build/fuzz/$name
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/log")
	edges=$(grep -o 'cov: [0-9]*' "$dir/log" | tail -n 1)
	if [ "$(cat "$dir/rc")" -eq 0 ]; then
		passed=$((passed + 1))
		printf '%-24s %10s runs  %s\n' "$name" "$runs" "$edges"
	else
		failed=$((failed + 1))
		printf '%-24s FINDING, see %s\n' "$name" "$dir"
		grep -aE -A 25 'ERROR:|runtime error|assertion failed' "$dir/log" | head -n 60 | sed 's/^/    | /'
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
