#!/usr/bin/env bash
# Lint of a card that the station issued itself, of a person before issuing, and of a person whose data old readers would lose.
set -u
. tests/support/station.sh
cp -r tests/data/people "$work/people"
long=$(printf 'Thôn Đông Hòa, %.0s' 1 2 3 4 5 6 7 8)
head -n 1 tests/data/people/people.jsonl | sed -E 's/"residence": *"[^"]*"/"residence":"'"$long"'xã An Bình"/' >"$work/people/people.jsonl"
N=$(grep -oE '"number": *"[0-9]{12}"' "$work/people/people.jsonl" | grep -oE '[0-9]{12}')
M=$(grep -oE '"number": *"[0-9]{12}"' tests/data/people/people.jsonl | sed -n 2p | grep -oE '[0-9]{12}')
export N M
sed -n 2p tests/data/people/people.jsonl >>"$work/people/people.jsonl"
home() { # settings
	rm -rf "$work/home" "$work/card"
	mkdir -m 700 "$work/home"
	echo "$1" >"$work/home/settings.json"
	cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE" && "$cccd" pki init >"$work/out" 2>&1 && "$cccd" registry import "$work/people/people.jsonl" >>"$work/out" 2>&1
}

home '{"pki.ec-parameters":"explicit","lds.version":"1.8","lds.sod-version":"1"}'
"$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue "$M" && "$CCCD" card inspect --number "$M" --dump "$WORK/card"' >"$work/out" 2>&1 &&
	"$cccd" card lint "$work/card" --trust "$work/home/trust" >"$work/out" 2>&1 && grep -q '^0 errors, 0 warnings' "$work/out"
tap $? "a card of the station has no error and no warning"
"$cccd" card lint "$M" >"$work/out" 2>&1 && grep -q '^0 errors' "$work/out"
tap $? "neither has what would be issued for a person"
"$cccd" card lint "$N" --json >"$work/out" 2>&1 && grep -q '"rule": "dg13.residence"' "$work/out" && grep -q '"family": "dg13-scan"' "$work/out"
tap $? "a long residence is told before it is issued, by the readers that lose it"
printf 'x' | dd of="$work/card/DG1.bin" bs=1 seek=7 conv=notrunc status=none
"$cccd" card lint "$work/card" >"$work/out" 2>&1
[ $? = 3 ] && grep -q 'mrz.alphabet' "$work/out" && grep -q 'lso.wrong: DG1' "$work/out"
tap $? "one changed byte is exit code 3, by name"
"$cccd" lab run --chips 1 -- "$cccd" card issue "$N" >"$work/out" 2>&1
[ $? = 0 ] && grep -q 'Note: scanners of DG13 that stop at a gap: The residence is lost.' "$work/out"
tap $? "issuing warns"
home '{"issue.readers":"hold"}'
"$cccd" lab run --chips 1 -- "$cccd" card issue "$N" >"$work/out" 2>&1
[ $? = 3 ] && grep -q 'HELD' "$work/out" && grep -q 'issue.readers' "$work/out"
tap $? "or holds, by the setting"
"$cccd" card lint --help >"$work/out" 2>&1 && grep -q -- '--mrz' "$work/out"
tap $? "help"
echo "1..$n"
