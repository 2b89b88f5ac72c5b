#!/usr/bin/env bash
# A photo with a soft defect on its way to a card: held, taken over by a supervisor, issued with an ISO/IEC 39794-5 record
# and a JPEG 2000 portrait; and what nobody may override. TAP.
set -u
. tests/support/station.sh
json() { # name, expression over v
	node -e 'const v = JSON.parse(require("fs").readFileSync(process.argv[1])); if (!(eval(process.argv[2]))) { console.log(JSON.stringify(v).slice(0, 2000)); process.exit(1) }' "$work/$2" "$3" >"$work/out" 2>&1
	local rc=$?
	n=$((n + 1))
	if [ $rc = 0 ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		sed 's/^/# /' "$work/out"
	fi
}

# Two people of the test set whose photos are replaced: a coloured background (soft), a face too small (hard).
mkdir -p "$work/in/photos"
cp tests/data/faulty_portraits/b09_coloured_background.jpg "$work/in/photos/soft.jpg"
cp tests/data/faulty_portraits/b10_face_too_small.jpg "$work/in/photos/hard.jpg"
sed -n 1,2p tests/data/people/people.jsonl >"$work/two"
{
	sed -n 1p "$work/two" | sed -E 's|"photo": *"[^"]*"|"photo":"photos/soft.jpg"|'
	sed -n 2p "$work/two" | sed -E 's|"photo": *"[^"]*"|"photo":"photos/hard.jpg"|'
} >"$work/in/people.jsonl"
N=$(sed -n 1p "$work/two" | grep -oE '"number": *"[0-9]{12}"' | grep -oE '[0-9]{12}')
M=$(sed -n 2p "$work/two" | grep -oE '"number": *"[0-9]{12}"' | grep -oE '[0-9]{12}')
export N M
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
run 0 "import" "" "$cccd" registry import "$work/in/people.jsonl"
printf '{"dg2.record": "dated", "dg2.pilot-percent": 100, "portrait.format": "smallest"}\n' >"$CCCD_HOME/settings.json"

run 3 "a soft defect holds" "background" "$cccd" lab run --chips 1 -- "$cccd" card issue "$N"
run 2 "no word without a reason" "" "$cccd" portrait override "$N" --check background_colour --officer B
run 2 "no word for a check that passes" "passes" "$cccd" portrait override "$N" --check head_pose_roll --reason x --officer B
run 2 "no word for a check that is none" "" "$cccd" portrait override "$N" --check nonsense --reason x --officer B
run 4 "no word for a hard check" "Nobody may" "$cccd" portrait override "$M" --check inter_eye_distance --reason x --officer B
run 0 "a dry run books nothing" "" "$cccd" portrait override "$N" --check background_colour --reason x --officer B --dry-run
run 0 "a supervisor takes it over" "background_colour" "$cccd" portrait override "$N" --check background_colour --reason "school wall" --officer "Supervisor B"
run 1 "not twice" "already" "$cccd" portrait override "$N" --check background_colour --reason x --officer B
run 0 "issued and inspected" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue "$N" --json >"$WORK/issue.json" &&
	"$CCCD" card inspect --number "$N" --dump "$WORK/card" --report "$WORK/page.html" --json >"$WORK/inspect.json"'
json "the report names standard, reason and officer" issue.json 'v.verdict === "issued" && v.portrait.record === "39794" && v.portrait.reason === "pilot" && v.portrait.overrides.length === 1 && v.portrait.overrides[0].officer === "Supervisor B"'
json "the inspection passes" inspect.json 'v.verdict === "passed"'
run 0 "DG2 holds the record under 7F2E with format 002A" "" sh -c 'od -An -v -tx1 "$WORK/card/DG2.bin" 2>/dev/null || od -An -v -tx1 "$WORK"/card/*DG2*' 
tr -d ' \n' <"$work/out" | grep -q '8802002a7f2e'
rc=$?
n=$((n + 1))
[ $rc = 0 ] && echo "ok $n - ... so its header says" || { echo "not ok $n - ... so its header says"; head -c 400 "$work/out"; }
run 0 "the page shows the portrait, coded anew" "data:image/jpeg;base64," cat "$work/page.html"
run 3 "the hard one stays held" "" "$cccd" lab run --chips 1 -- "$cccd" card issue "$M"
echo "1..$n"
