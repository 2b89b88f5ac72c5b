#!/usr/bin/env bash
# cccd demo: all 24 cards, twice in the same folder; a folder that is no demo's is left alone.
set -u
cccd=$(realpath "${CCCD:-build/gcc/cccd}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CCCD_READER CCCD_PASSWORD_FILE
export CCCD_LANG=en CCCD_HOME=$work/no-station
n=0
tap() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		tail -n 40 "$work/out" "$work/err" | sed 's/^/# /'
	fi
}
demo() { "$cccd" demo --home "$work/demo" >"$work/out" 2>"$work/err"; }

start=$SECONDS
demo
tap $? "every card is issued and passes its inspection"
echo "# figure: demo $((SECONDS - start)) s: $(grep -E '^[0-9]+ of' "$work/out")"
[ "$(grep -c 'ISSUED, inspection: passed' "$work/out")" = 24 ]
tap $? "24 rows of the table say so"
[ "$(grep 'inspection: passed' "$work/out" | grep -oE ' [0-9A-F]{16} ' | sort -u | wc -l)" = 24 ]
tap $? "24 different chips"
[ "$(find "$work/demo/dumps" -name EF_SOD.bin | wc -l)" = 24 ] && [ "$(find "$work/demo/cards" -name '*.json' | wc -l)" = 24 ] &&
	[ "$(grep -l 'VERDICT: PASSED' "$work"/demo/cards/*.html | wc -l)" = 24 ] &&
	[ -s "$work/demo/report.txt" ]
tap $? "dumps and reports of all cards are there"
bad=0
for d in "$work"/demo/dumps/*; do
	"$cccd" card verify "$d" --trust "$work/demo/trust" >"$work/out" 2>"$work/err" || bad=1
done
tap $bad "card verify accepts every dump"
[ "$(sha256sum "$work"/demo/dumps/*/DG15.bin | cut -d' ' -f1 | sort -u | wc -l)" = 24 ]
tap $? "no two cards share a public key"
first=$(cat "$work/demo/password")
demo
tap $? "it runs again in its own folder"
[ "$first" != "$(cat "$work/demo/password")" ]
tap $? "from a fresh start"
mkdir "$work/mine" && echo precious >"$work/mine/file"
"$cccd" demo --home "$work/mine" >"$work/out" 2>"$work/err"
[ $? = 1 ] && grep -q "demo.not-a-demo" "$work/err" && [ "$(cat "$work/mine/file")" = precious ]
tap $? "a folder that is no demo's is left alone"
"$cccd" demo --chips 17 --home "$work/x" >"$work/out" 2>"$work/err"
[ $? = 2 ] && [ ! -e "$work/x" ]
tap $? "17 chips are too many, and nothing is made"
echo "1..$n"
