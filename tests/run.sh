#!/usr/bin/env bash
# Runs test programs one after the other and adds up. Each prints TAP lines: "ok ...", "not ok ...", "... # SKIP".
# Output of a test is shown only when it fails. Last line: N passed, N failed (, N skipped).
set -u
BUILD=${BUILD:-build/gcc}
logs=$BUILD/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0 broken=()
export CMOCKA_MESSAGE_OUTPUT=TAP BUILD CCCD=${CCCD:-$PWD/$BUILD/cccd}
for t in "$@"; do
	log=$logs/$(basename "$t").log
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
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-44s %4d passed %3d failed %3d skipped  %3d s\n' "$(basename "$t")" "$p" "$f" "$s" $((SECONDS - start))
	grep -aE '^# (figure|count):' "$log" | sed 's/^# /    /'
	if [ "$f" -ne 0 ]; then
		broken+=("$t")
		sed 's/^/    | /' "$log" | tail -n 80
	fi
done
[ ${#broken[@]} -eq 0 ] || printf 'failed: %s\n' "${broken[@]}"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
