#!/usr/bin/env bash
# The lab: several at once, nothing left behind however it ends, cards changed and torn while it runs.
set -u
cccd=$(realpath "${CCCD:-build/gcc/cccd}")
work=$(mktemp -d)
chmod 755 "$work"
export CCCD=$cccd CCCD_LANG=en TMPDIR=$work WORK=$work CCCD_HOME=$work/none
unset CCCD_READER CCCD_PASSWORD_FILE CCCD_LAB PCSCLITE_CSOCK_NAME
trap 'rm -rf "$work"' EXIT
n=0
tap() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		[ -f "$work/out" ] && sed 's/^/# /' "$work/out" | tail -n 20
	fi
}
# What a lab leaves: folders, and processes that name this test's folder.
left() { ls -d "$work"/cccd-lab-* 2>/dev/null; pgrep -f "$work/cccd-lab-"; }
gone() { # within 5 seconds
	for _ in $(seq 100); do
		[ -z "$(left)" ] && return 0
		sleep 0.05
	done
	left >"$work/out"
	return 1
}

"$cccd" lab run --chips 3 -- sh -c '"$CCCD" reader list --json >"$WORK/list"; exit 7' >"$work/out" 2>&1
[ $? = 7 ]
tap $? "the command's exit code is the lab's"
[ "$(grep -o '"card":true\|"card_present":true\|"card": *true' "$work/list" | wc -l)" = 3 ]
tap $? "three chips are seen"
gone
tap $? "nothing is left after the command"

"$cccd" lab run --chips 17 -- true >"$work/out" 2>&1
[ $? = 2 ] && grep -q '1 to 16' "$work/out"
tap $? "more chips than pcscd serves are refused"
"$cccd" lab run -- "$work/no-such-program" >"$work/out" 2>&1
[ $? = 127 ]
tap $? "a command that is not there"
"$cccd" lab card new --reader 'CCCD Lab 01 00 00' >"$work/out" 2>&1
[ $? = 1 ] && grep -q 'Not inside a lab' "$work/out"
tap $? "changing a card outside a lab"

# ---- sixteen readers, and several labs at once
"$cccd" lab run --chips 16 -- "$cccd" reader list >"$work/out" 2>&1
[ "$(grep -c '3B87800180318973D421C078' "$work/out")" = 16 ]
tap $? "sixteen chips in sixteen readers"
for i in 1 2 3; do
	"$cccd" lab run --chips 2 -- sh -c 'sleep 1; "$CCCD" reader list' >"$work/par$i" 2>&1 &
done
wait
[ "$(cat "$work"/par? | grep -c '3B87800180318973D421C078')" = 6 ]
tap $? "three labs at once, two chips each"

# ---- changing and tearing cards
"$cccd" lab run --chips 2 --state "$work/state" -- sh -c '
	cmp -s "$WORK/state/slot-01.chip" "$WORK/state/slot-02.chip" && exit 10
	r="CCCD Lab 01 00 01"
	cp "$WORK/state/slot-02.chip" "$WORK/before"
	"$CCCD" lab card new --reader "$r" || exit 11
	cmp -s "$WORK/state/slot-02.chip" "$WORK/before" && exit 12
	"$CCCD" lab card eject --reader "$r" || exit 13
	"$CCCD" reader list | grep -q "01 00 01  empty" || exit 14
	"$CCCD" lab card insert "$WORK/before" --reader "$r" || exit 15
	cmp -s "$WORK/state/slot-02.chip" "$WORK/before" || exit 16
	"$CCCD" lab card insert "$WORK/list" --reader "$r" && exit 17
	"$CCCD" lab card dance --reader "$r" && exit 18
	exit 0' >"$work/out" 2>&1
tap $? "new, eject, insert; what is no chip is refused"
"$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" lab card tear --at 2 --kind before || exit 11
	"$CCCD" card inspect --can 123456; rc=$?
	[ $rc = 5 ] || exit 12
	"$CCCD" lab card insert --reader "CCCD Lab 01 00 00" || exit 13
	"$CCCD" reader list | grep -q "01 00 00  card"' >"$work/out" 2>&1
tap $? "a torn card leaves the reader, and comes back as it was"

# ---- however it ends
"$cccd" lab run --chips 2 -- sleep 60 >"$work/out" 2>&1 &
lab=$!
for _ in $(seq 100); do pgrep -P $lab -x sleep >/dev/null && break; sleep 0.05; done
kill -TERM $lab
wait $lab
[ $? = 143 ] && gone
tap $? "SIGTERM reaches the command and nothing is left"
"$cccd" lab run --chips 2 -- sleep 61 >"$work/out" 2>&1 &
lab=$!
for _ in $(seq 100); do pgrep -P $lab -x sleep >/dev/null && break; sleep 0.05; done
kill -KILL $lab
wait $lab 2>/dev/null
gone && ! pgrep -f 'sleep 61' >/dev/null
tap $? "kill -9 of the lab leaves no process and no folder"

"$cccd" lab run --state "$work/one" -- "$cccd" lab run --state "$work/one" -- true >"$work/out" 2>&1
[ $? = 1 ] && grep -q 'Another lab is using' "$work/out"
tap $? "two labs do not write one folder of chips"
"$cccd" lab run --state "$work/one" -- true >"$work/out" 2>&1
tap $? "after the lab its folder is free"

# ---- without root
if [ "$(id -u)" = 0 ] && unshare -U true 2>/dev/null; then
	install -m 755 "$cccd" "$work/cccd"
	mkdir -m 777 "$work/user"
	TMPDIR=$work/user setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$work/cccd" lab run --chips 2 -- "$work/cccd" reader list >"$work/out" 2>&1
	[ $? = 0 ] && [ "$(grep -c '3B87800180318973D421C078' "$work/out")" = 2 ]
	tap $? "works without root"
else
	n=$((n + 1))
	echo "ok $n - works without root # SKIP no user namespaces here, or not started by root"
fi
