#!/usr/bin/env bash
# Fingerprints from the registry's row to DG3 of a card behind a real pcscd; TAP.
set -u
. tests/support/station.sh
person() { # number, name, photo, fingerprints
	printf '{"number":"%s","full_name":"%s","birth_date":"1990-02-15","sex":"male","nationality":"Việt Nam","ethnicity":"Kinh","origin":"Hà Nội","residence":"Hà Nội","photo":"photos/%s","fingerprints":%s}\n' "$@"
}
rows=$work/rows
mkdir -p "$rows/prints"
cp -r tests/data/people/photos "$rows/"
cp tests/data/prints/*.wsq "$rows/prints/"
both='[{"finger":"right-index","file":"prints/right_index.wsq"},{"finger":"left-index","file":"prints/left_index.wsq"},{"finger":"left-thumb","missing":"bandaged"}]'
right=$(for f in thumb index middle ring little; do printf '{"finger":"right-%s","missing":"amputated"},' $f; done)
left=$(for f in thumb index middle ring little; do printf '{"finger":"left-%s","missing":"unreadable"},' $f; done)
{
	person 001090000000 "Nguyễn Văn Đức" g01.jpg "$both"
	person 036090000000 "Trần Văn Sơn" g02.jpg "[$right${left%,}]"
	person 045090000000 "Lê Văn Tốt" g04.jpg '[{"finger":"right-index","file":"prints/right_index.wsq"}]'
} >"$rows/people.jsonl"

cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
echo '{"dg3": "yes"}' >"$CCCD_HOME/settings.json"
run 0 "import with prints and reasons" "" sh -c '"$CCCD" registry import "$0" --json >"$WORK/first"' "$rows/people.jsonl"
run 0 "... all three" '"imported": *3' cat "$work/first"
run 0 "the same again changes nothing" '"unchanged": *3' "$cccd" registry import "$rows/people.jsonl" --json
person 045090000000 "Lê Văn Tốt" g04.jpg '[{"finger":"right-index","file":"prints/left_index.wsq"}]' >"$rows/other.jsonl"
run 3 "another print under the same finger is a conflict" '"conflicts": *1' "$cccd" registry import "$rows/other.jsonl" --json
run 1 "no print lies readable in the store" "" grep -qa "$(printf 'NIST_COM')" "$CCCD_HOME/station.db"

for word in init dv terminal; do
	run 0 "the authority for terminals: $word" "" "$cccd" pki cvca $word
done
run 0 "a card with DG3 is issued where no terminal can read it" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue 036090000000 --json >"$WORK/closed.json"'
run 0 "... for somebody whose fingers all have reasons" '"verdict": "issued"' cat "$work/closed.json"
echo "{\"dg3\": \"yes\", \"chip.cvca\": \"$CCCD_HOME/cv/cvca-1.cvcert\"}" >"$CCCD_HOME/settings.json"
# Two others look at that card: one has no terminal keys, one those of an authority that the chip doesn't know.
mkdir -p "$work/none" "$work/stranger"
run 0 "another station" "" env CCCD_HOME="$work/stranger" "$cccd" pki init
for word in init dv terminal; do
	run 0 "another authority: $word" "" env CCCD_HOME="$work/stranger" "$cccd" pki cvca $word
done
run 0 "one that trusts the authority is issued" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue 001090000000 --json >"$WORK/issue.json" &&
	"$CCCD" card inspect --number 001090000000 --dump "$WORK/card" --json >"$WORK/inspect.json"
	for who in none stranger; do
		CCCD_HOME=$WORK/$who "$CCCD" card inspect --number 001090000000 --birth 900215 --expiry 300215 --trust "$WORK/home/trust" --dump "$WORK/$who.card" --json >"$WORK/$who.json"
	done
	true'
run 0 "... and passes inspection" '"verdict": "passed"' cat "$work/inspect.json"
result() { # file, check: its result
	tr -d '\n' <"$1" | grep -oE "\"id\": *\"$2\", *\"result\": *\"[a-z-]*\"" | grep -oE '[a-z-]*"$' | tr -d '"'
}
run 0 "... EF.COM names DG3" "LDS [0-9.]+, Unicode [0-9.]+, DG 1 2 3 13 14 15" cat "$work/inspect.json"
run 0 "... a terminal reads the fingerprints" "^passed$" result "$work/inspect.json" terminal-authentication
run 0 "... which are byte by byte what EF.SOD signs" "^passed$" result "$work/inspect.json" sod.dg3
sha=$(sha256sum "$work/card/DG3.bin" | cut -d' ' -f1)
run 0 "... its SHA-256 stands in EF.SOD" "$sha" sh -c 'od -An -v -tx1 "$WORK/card/EF_SOD.bin" | tr -d " \n"'
for who in none stranger; do
	run 0 "$who: the same card is genuine" '"verdict": "passed"' cat "$work/$who.json"
	run 0 "$who: its fingerprints are closed" "^unavailable$" result "$work/$who.json" dg3.read
	[ $who = none ] || run 0 "$who: its certificates are refused" "Verify Certificate.*6300" cat "$work/$who.json"
	run 1 "$who: and stay on the chip" "" test -e "$work/$who.card/DG3.bin"
done
run 0 "... which are the two that were imported" "right-index wsq 320 x 400" "$cccd" finger show "$work/card/DG3.bin" -o "$work/dg3.png"
run 3 "a hand without print and reason is held" "finger.not-taken|A hand has no print" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue 045090000000'
echo "1..$n"
