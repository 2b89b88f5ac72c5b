#!/usr/bin/env bash
# A peer talks to the software chips through PC/SC: opensc-tool, which shares no code with our readers or our chip.
set -u
cccd=$(realpath "${CCCD:-build/gcc/cccd}")
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"
export CCCD=$cccd CCCD_HOME=$work/no-home CCCD_LANG=en WORK=$work TMPDIR=$work/tmp
unset CCCD_READER CCCD_PASSWORD_FILE CCCD_LAB PCSCLITE_CSOCK_NAME
n=0
tap() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		[ -n "${3:-}" ] && [ -f "$3" ] && sed 's/^/# /' "$3" | tail -n 30
	fi
}
if ! command -v opensc-tool >/dev/null || [ ! -x /usr/sbin/pcscd ]; then
	echo "ok 1 - opensc-tool or pcscd is not installed # SKIP"
	exit 0
fi

# What a script inside the lab may use.
cat >"$work/in" <<'S'
reader() { printf 'CCCD Lab %02d 00 %02X' $((($1 + 1) / 2)) $((($1 - 1) % 2)); }
apdu() { # reader number, then APDUs: last answer, bytes without blanks
	local r=$1 a=()
	shift
	for x in "$@"; do a+=(-s "$x"); done
	opensc-tool -c default -r "$(reader "$r")" "${a[@]}" 2>&1
}
serial() { apdu "$1" 80CA9F7F00 | sed -n '/SW1=0x90/,$p' | grep -oE '^([0-9A-F]{2} )+' | tr -d ' \n' | cut -c27-42; }
S
lab() { "$cccd" lab run "$@"; }
# Folders and processes of labs that should be gone; the marker is in the command line of each.
gone() {
	for _ in $(seq 100); do
		[ -z "$(ls "$work/tmp")" ] && ! pgrep -f "$work" >/dev/null && return 0
		sleep 0.05
	done
	ls "$work/tmp"
	pgrep -af "$work"
	return 1
}

# ---- two at once
for i in 1 2; do
	"$cccd" lab run --chips 3 -- bash -c '. "$WORK/in"
		echo "$PCSCLITE_CSOCK_NAME" >"$WORK/socket.$0"
		touch "$WORK/up.$0"
		for _ in $(seq 400); do [ -e "$WORK/up.1" ] && [ -e "$WORK/up.2" ] && break; sleep 0.05; done
		[ -e "$WORK/up.1" ] && [ -e "$WORK/up.2" ] || exit 9
		"$CCCD" reader list >"$WORK/list.$0" || exit 8
		for r in 1 2 3; do serial $r; done >"$WORK/serials.$0"
		exit 3' $i >"$work/out.$i" 2>&1 &
	pids[i]=$!
done
wait "${pids[1]}"
rc1=$?
wait "${pids[2]}"
rc2=$?
[ $rc1 = 3 ] && [ $rc2 = 3 ]
tap $? "two labs run at once, each with the exit code of its command ($rc1, $rc2)" "$work/out.1"
! cmp -s "$work/socket.1" "$work/socket.2"
tap $? "each has its own socket"
[ "$(cat "$work"/serials.? | grep -cE '^[0-9A-F]{16}$')" = 6 ] && [ "$(cat "$work"/serials.? | sort -u | wc -l)" = 6 ]
tap $? "six chips, six serials" "$work/serials.1"
[ "$(grep -c 'CCCD Lab' "$work/list.1")" -ge 3 ]
tap $? "reader list shows the chips" "$work/list.1"
gone >"$work/out"
tap $? "nothing is left of them" "$work/out"

# ---- 16 readers in order, kinds of chips
lab --chips 16 -- bash -c '. "$WORK/in"
	opensc-tool -l >"$WORK/list"
	for r in $(seq 16); do [ -n "$(serial $r)" ] || exit $r; done' >"$work/out" 2>&1
rc=$?
[ $rc = 0 ] && [ "$(grep -oE 'CCCD Lab [0-9A-F ]+' "$work/list" | sed 's/ *$//' | sort -c 2>&1 | wc -l)" = 0 ] && [ "$(grep -c 'CCCD Lab' "$work/list")" = 16 ]
tap $? "16 readers, named in the order of their chips" "$work/list"
lab --personality icao -- bash -c '. "$WORK/in"; apdu 1 00A4000C023F00 00A4020C022F01 00B0000000' >"$work/out" 2>&1
[ "$(grep -c 'SW1=0x90, SW2=0x00' "$work/out")" = 3 ]
tap $? "personality icao has an MF with EF.ATR/INFO" "$work/out"
lab -- bash -c '. "$WORK/in"; apdu 1 00A4000C023F00 00CA7F6600' >"$work/out" 2>&1
grep -q 'SW1=0x6D, SW2=0x00' "$work/out" && grep -qE '7F 66 0[89A] 02' "$work/out"
tap $? "personality cccd has none, and tells its lengths" "$work/out"
lab --short -- bash -c '. "$WORK/in"; apdu 1 00CA7F6600' >"$work/out" 2>&1
grep -q 'SW1=0x6A, SW2=0x88' "$work/out"
tap $? "--short: no extended length" "$work/out"

# ---- cards in and out
lab --chips 2 --state "$work/state" -- bash -c '. "$WORK/in"
	r=$(reader 2)
	one=$(serial 2)
	"$CCCD" lab card eject --reader "$r" && [ -z "$(serial 2)" ] || exit 11
	"$CCCD" lab card insert --reader "$r" && [ "$(serial 2)" = "$one" ] || exit 12
	cp "$WORK/state/slot-02.chip" "$WORK/kept.chip" || exit 13
	"$CCCD" lab card new --reader "$r" || exit 14
	two=$(serial 2)
	[ -n "$two" ] && [ "$two" != "$one" ] || exit 15
	"$CCCD" lab card insert "$WORK/kept.chip" --reader "$r" && [ "$(serial 2)" = "$one" ] || exit 16
	head -c 100 "$WORK/kept.chip" >"$WORK/cut.chip"
	"$CCCD" lab card insert "$WORK/cut.chip" --reader "$r" 2>/dev/null && exit 17
	"$CCCD" lab card insert --reader "$r" && [ "$(serial 2)" = "$one" ] || exit 18
	echo "$one" >"$WORK/one"
	serial 1 >"$WORK/other"' >"$work/out" 2>&1
tap $? "eject, insert, new, a saved chip, a broken file" "$work/out"
lab --chips 2 --state "$work/state" -- bash -c '. "$WORK/in"; [ "$(serial 2)" = "$(cat "$WORK/one")" ] && [ "$(serial 1)" = "$(cat "$WORK/other")" ]' >"$work/out" 2>&1
tap $? "--state: the same chips in the next lab" "$work/out"

# ---- tears: INITIALIZE UPDATE raises the sequence counter (the last 3 of 32 bytes)
lab -- bash -c '. "$WORK/in"
	update=8050000008000000000000000000 r=$(reader 1)
	count() { apdu 1 $update | grep -oE "^([0-9A-F]{2} )+" | tr -d " \n" | cut -c59-64; }
	a=$(count)
	for kind in before after mid-write; do
		"$CCCD" lab card tear --at 1 --kind $kind --reader "$r" >&2 || exit 11
		apdu 1 $update | grep -q "SW1=0x90" && exit 12
		"$CCCD" lab card insert --reader "$r" >&2 || exit 13
		b=$(count)
		echo "$kind $((16#$b - 16#$a))"
		a=$b
	done >"$WORK/tears"' >"$work/out" 2>&1
rc=$?
# count itself makes one: before and mid-write add nothing, after adds the one whose answer was lost.
[ $rc = 0 ] && [ "$(cat "$work/tears")" = "$(printf 'before 1\nafter 2\nmid-write 1')" ]
tap $? "a torn card is out of the reader, and its memory is as the tear left it ($rc)" "$work/tears"
