#!/usr/bin/env bash
# Runs test programs, one more at a time than there are processors (JOBS), for many wait for cards and servers; those that take long
# come first, those of tests/peers one after the other at the end, for they share what npm installs. Each prints TAP lines: "ok ...", "not ok ...", "... # SKIP". Output of a test is shown only when it
# fails. Last line: N passed, N failed (, N skipped).
set -u
BUILD=${BUILD:-build/gcc}
logs=$BUILD/logs
mkdir -p "$logs"
# Stations that tests make flush each step to disk: in memory that costs nothing, and no test is about power loss. Where
# programs can't be run from it, or it is small, the usual place stays.
shm=$(mktemp -d /dev/shm/cccd-suite-XXXXXX 2>/dev/null)
if [ -n "$shm" ]; then
	trap 'rm -rf "$shm"' EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\n' >"$shm/runs" && chmod 755 "$shm" "$shm/runs"
	if [ -z "${TMPDIR:-}" ] && "$shm/runs" 2>/dev/null && [ "$(df -k --output=avail "$shm" | tail -n 1)" -gt 2097152 ]; then
		export TMPDIR=$shm
	fi
fi
# Whoever runs the suite may have a station of their own: no test sees it.
unset CCCD_STORE CCCD_READER CCCD_LANG CCCD_PASSWORD_FILE
export CCCD_HOME=$PWD/$logs/no-station
export CMOCKA_MESSAGE_OUTPUT=TAP BUILD logs CCCD=${CCCD:-$PWD/$BUILD/cccd}

run_one() {
	local t=$1 name log start rc s p f
	name=$(basename "$t")
	log=$logs/$name.log
	start=$SECONDS
	"$t" >"$log" 2>&1 </dev/null
	rc=$?
	# cmocka writes a skipped case as "not ok N # SKIP name", TAP as "ok N - name # SKIP why".
	s=$(grep -aciE '^[[:space:]]*(not )?ok\b.*# *skip' "$log")
	p=$(grep -aE '^[[:space:]]*ok\b' "$log" | grep -viEc '# *skip')
	f=$(grep -aE '^[[:space:]]*not ok\b' "$log" | grep -viEc '# *skip')
	# A crash, or a non-zero exit without a "not ok", is a failure of its own; so is a test that tested nothing.
	if [ $rc -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
	if [ $((p + f + s)) -eq 0 ]; then f=1; fi
	echo "$p $f $s $t" >"$logs/$name.result"
	{
		printf '%-44s %4d passed %3d failed %3d skipped  %3d s\n' "$name" "$p" "$f" "$s" $((SECONDS - start))
		grep -aE '^# (figure|count):' "$log" | sed 's/^# /    /'
		[ "$f" -eq 0 ] || sed 's/^/    | /' "$log" | tail -n 80
	} >"$logs/$name.report"
	# One report at a time, whole.
	flock "$logs/lock" cat "$logs/$name.report"
}
export -f run_one

# A long program that starts last leaves the other processors idle.
first=() together=() alone=()
for t in "$@"; do
	rm -f "$logs/$(basename "$t").result"
	case $t in
	*tests/peers/*) alone+=("$t") ;;
	*/postgres_test.sh) first=("$t" ${first[@]+"${first[@]}"}) ;;
	*/*_variations_test | */*_crash_test | */*_fault_test | */*hostile*_test | */settings_test.sh) first+=("$t") ;;
	*) together+=("$t") ;;
	esac
done
together=(${first[@]+"${first[@]}"} ${together[@]+"${together[@]}"})
[ ${#together[@]} -eq 0 ] ||
	printf '%s\0' "${together[@]}" | xargs -0 -r -n 1 -P "${JOBS:-$(($(nproc) + 1))}" bash -c 'run_one "$0"'
for t in ${alone[@]+"${alone[@]}"}; do run_one "$t"; done

passed=0 failed=0 skipped=0 broken=()
for t in "$@"; do
	read -r p f s _ <"$logs/$(basename "$t").result" 2>/dev/null || { p=0 f=1 s=0; }
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || broken+=("$t")
done
[ ${#broken[@]} -eq 0 ] || printf 'failed: %s\n' "${broken[@]}"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
