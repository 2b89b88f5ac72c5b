#!/usr/bin/env bash
# `cccd finger`: verdicts, exit codes, pictures and records that a script reads; TAP.
set -u
CCCD=${CCCD:-${BUILD:-build/gcc}/cccd}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD_HOME=$work/home CCCD_LANG=en
prints=tests/data/prints
mkdir -p "$CCCD_HOME"
out=$work/out
. tests/support/command.sh
begins() { test "$(head -c "$2" "$1" | od -An -tx1 | tr -d ' \n')" = "$3"; }
settings() { echo "$1" >"$CCCD_HOME/settings.json"; }

ok "a good print passes" exits 0 "$CCCD" finger check $prints/right_index.wsq --json
ok "... with its measures and resolution" json 'v.schema === 1 && v.verdict === "pass" && v.prints.length === 1 && v.prints[0].ppi === 500 && v.prints[0].measures.length === 9 && v.prints[0].coding === "wsq"'
ok "a wet one ends with 3" exits 3 "$CCCD" finger check $prints/wet.wsq --json
ok "... and says what to do" json 'v.prints[0].defects.includes("wet") && v.prints[0].advice[0].next.length > 5'
ok "... in Vietnamese too" exits 3 "$CCCD" finger check $prints/wet.wsq --lang vi
ok "... with its own words" grep -q "Lau khô ngón tay" "$last"
head -c 3000 $prints/wet.wsq >"$work/cut.wsq"
ok "a cut file is a verdict, not a crash" exits 3 "$CCCD" finger check "$work/cut.wsq" --json
ok "... with its reason" json 'v.error === "finger.damaged"'
ok "another kind of file is named" exits 3 "$CCCD" finger check README.md --json
ok "... so" json 'v.error === "finger.unknown-kind"'
ok "a missing file ends with 1" exits 1 "$CCCD" finger check "$work/none"

ok "show makes a PNG" exits 0 "$CCCD" finger show $prints/right_index.wsq -o "$work/show.png"
ok "... that is one" begins "$work/show.png" 4 89504e47
ok "... and passes the check as a picture" exits 0 "$CCCD" finger check "$work/show.png"
ok "show of a cut file is an error" exits 1 "$CCCD" finger show "$work/cut.wsq" -o "$work/no.png"
ok "... that writes nothing" test ! -e "$work/no.png"
ok "show without -o is a usage error" exits 2 "$CCCD" finger show $prints/right_index.wsq

ok "make writes a record of two fingers" exits 0 "$CCCD" finger make right-index=$prints/right_index.wsq 7=$prints/left_index.wsq -o "$work/two.fir"
ok "... of ISO/IEC 19794-4" begins "$work/two.fir" 8 4649520030313000
ok "... that is read again" exits 0 "$CCCD" finger check "$work/two.fir" --json
ok "... with its positions" json 'v.prints.map(p => p.position).join() === "right-index,left-index"'
ok "a WSQ print is not coded twice" grep -qaF "$(head -c 300 $prints/right_index.wsq | tail -c 20 | tr -d '\0\n')" "$work/two.fir"
ok "make --dg3 writes a DG3" exits 0 "$CCCD" finger make right-index=$prints/right_index.wsq left-index=$prints/left_index.wsq --dg3 -o "$work/dg3"
ok "... with its tag" begins "$work/dg3" 1 63
ok "... that is read again" exits 0 "$CCCD" finger show "$work/dg3" -o "$work/dg3.png"
ok "... both fingers" test "$(grep -c index "$last")" -eq 2
for format in jpeg jp2 raw; do
	exits 0 "$CCCD" finger make 2="$work/show.png" --format $format -o "$work/$format.fir"
	ok "make writes $format that passes again" exits 0 "$CCCD" finger check "$work/$format.fir" --json
	ok "... as $format" json "v.prints[0].coding === '$format' && v.prints[0].width === 320"
done
ok "a print that fails is not made" exits 3 "$CCCD" finger make 2=$prints/wet.wsq -o "$work/wet.fir"
ok "... nothing is written" test ! -e "$work/wet.fir"
ok "... unless a supervisor says so" exits 0 "$CCCD" finger make 2=$prints/wet.wsq -o "$work/wet.fir" --override
ok "a finger twice is refused" exits 2 "$CCCD" finger make 2=$prints/right_index.wsq right-index=$prints/left_index.wsq -o "$work/x"
ok "no such finger" exits 2 "$CCCD" finger make nose=$prints/right_index.wsq -o "$work/x"
ok "a bit rate that is none" exits 2 "$CCCD" finger make 2="$work/show.png" --bit-rate 9 -o "$work/x"
ok "a picture without resolution needs one" exits 2 "$CCCD" finger make 2="$work/show.png" --ppi 0 -o "$work/x"

# Three minutiae; a card that wants at least 2 and at most 60 of them by x, then y; one that wants 2 at most; one that wants 9.
hex() { printf '%b' "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
hex 7F2E0B8109C801000A1EBF0A1445 >"$work/minutiae"
hex 7F6019A1178101088201098702010188020005B1078102023C820105 >"$work/card"
hex 7F6019A1178101088201098702010188020005B10781020002820105 >"$work/small"
hex 7F6019A1178101088201098702010188020005B10781020920820105 >"$work/greedy"
ok "a template is read" exits 0 "$CCCD" finger template "$work/minutiae" --json
ok "... with its minutiae" json 'v.minutiae === 3 && v.extended === false'
ok "it is fitted to a card" exits 0 "$CCCD" finger template "$work/minutiae" --card "$work/card" -o "$work/fitted"
ok "... in the card's order" test "$(od -An -tx1 "$work/fitted" | tr -d ' \n')" = 7f2e0b81090a14450a1ebfc80100
ok "... and its number" exits 0 "$CCCD" finger template "$work/minutiae" --card "$work/small" --json
ok "... which is smaller" json 'v.minutiae === 2 && v.in_file === 3'
ok "one with too few is refused" exits 3 "$CCCD" finger template "$work/minutiae" --card "$work/greedy" -o "$work/few"
ok "... and not written" test ! -e "$work/few"
ok "what is no template is an error" exits 1 "$CCCD" finger template README.md

echo '{"contrast": {"min": 120}}' >"$CCCD_HOME/finger.json"
ok "a bound comes from the settings file" exits 3 "$CCCD" finger check $prints/right_index.wsq
echo '{"contrasts": {"min": 1}}' >"$CCCD_HOME/finger.json"
ok "an unknown measure in it is an error" exits 1 "$CCCD" finger check $prints/right_index.wsq
rm "$CCCD_HOME/finger.json"

printf '#!/bin/sh\n[ "$1" = -F ] && [ "$(head -c 4 "$2" | tail -c 3)" = PNG ] && echo 61\n' >"$work/nfiq2"
chmod 755 "$work/nfiq2"
settings "{\"finger.nfiq2\": \"$work/nfiq2\"}"
ok "an nfiq2 program is asked" exits 0 "$CCCD" finger check $prints/right_index.wsq --json
ok "... its score is shown" json 'v.prints[0].nfiq2 === 61'
exits 0 "$CCCD" finger make 2=$prints/right_index.wsq -o "$work/scored.fir"
ok "... and stands in the record" test "$(od -An -tu1 -j39 -N1 "$work/scored.fir" | tr -d ' ')" = 61
settings "{\"finger.nfiq2\": \"$work/not-there\"}"
ok "one that is missing fails nothing but is told" exits 0 "$CCCD" finger check $prints/right_index.wsq --json
ok "... by name" json 'v.prints[0].nfiq2_error === "finger.nfiq2-start"'
echo "1..$n"
