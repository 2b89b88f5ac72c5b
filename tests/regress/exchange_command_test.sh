#!/usr/bin/env bash
# A centre hands applicants to a mobile team; the team issues one; the result comes home. Files alone pass between them.
set -u
. tests/support/station.sh
centre() { CCCD_HOME=$work/centre "$cccd" "$@"; }
team() { CCCD_HOME=$work/team "$cccd" "$@"; }
A=$(number 1) B=$(number 2)
export A

cheap_keys "$work/centre" "$CCCD_PASSWORD_FILE"
cheap_keys "$work/team" "$CCCD_PASSWORD_FILE"
run 0 "the centre" "" centre pki init --params named
run 0 "the team" "" team pki init --params named
echo '{"station.name": "Centre"}' >"$work/centre/settings.json"
echo '{"station.name": "Team 1"}' >"$work/team/settings.json"
run 0 "import at the centre" "" centre registry import $people/people.jsonl
run 0 "people who may have no card" "" centre registry import $people/held.jsonl
dead=$(node -e 'console.log(require("fs").readFileSync(process.argv[1], "utf8").split("\n").filter(Boolean).map(JSON.parse).find(p => p.life_status === "dead").number)' $people/held.jsonl)
run 0 "identity of the centre" "[0-9A-F]{64}" centre exchange identity "$work/centre.id"
centre_print=$(grep -oE '[0-9A-F]{64}' "$work/out")
run 1 "an identity that is there is not written over" "file.exists|already" centre exchange identity "$work/centre.id"
run 0 "unless that is asked for" "[0-9A-F]{64}" centre exchange identity "$work/centre.id" --force
run 0 "identity of the team" "[0-9A-F]{64}" team exchange identity "$work/team.id"
team_print=$(grep -oE '[0-9A-F]{64}' "$work/out")
run 3 "no pin without the fingerprint" "fingerprint" centre exchange peer "$work/team.id"
run 3 "no pin with another's" "fingerprint" centre exchange peer "$work/team.id" --fingerprint "$centre_print"
run 0 "the centre pins the team" "Team 1" centre exchange peer "$work/team.id" --fingerprint "${team_print:0:20}"
run 0 "the team pins the centre" "Centre" team exchange peer "$work/centre.id" --fingerprint "$centre_print"

run 2 "neither people nor a kind" "" centre exchange make "$work/p" --to "Team 1"
run 1 "an unknown station" "pinned" centre exchange make "$work/p" --to "Team 9" "$A"
run 0 "a dry run leaves nothing" "2 items" centre exchange make "$work/p" --to "Team 1" --dry-run "$A" "$B"
[ ! -e "$work/p" ] || echo "not ok - a dry run wrote a file"
run 3 "who is held is handed to nobody: which, why, and what next" "record says that the person is dead|dead" centre exchange make "$work/p1" --to "Team 1" "$A" "$dead"
grep -q "applicant 2: life_status" "$out" && [ ! -e "$work/p1" ]
tap $? "nor is anybody beside them"
run 3 "in Vietnamese" "đã chết" centre exchange make "$work/p1" --to "Team 1" "$dead" --lang vi
grep -q "Việc cần làm" "$out"
tap $? "with the next action"
run 0 "two applicants, one signature" "Package 1: 2 items" centre exchange make "$work/p1" --to "Team 1" --quota 1 "$A" "$B"
run 1 "a package that was not sent is not written over" "not overwritten" centre exchange make "$work/p1" --to "Team 1" --all
run 3 "nobody is handed out twice" "handed" centre exchange make "$work/p2" --to "Team 1" "$A"
run 0 "package 1 is written again" "Package 1" centre exchange make "$work/p1.again" --to "Team 1" --again 1
run 0 "the same bytes" "" cmp "$work/p1" "$work/p1.again"
run 0 "somebody applies" "" centre registry apply "$(number 3)" --kind first
run 0 "everybody else who is ready" "Package 2: " centre exchange make "$work/p2" --to "Team 1" --all
run 1 "the second before the first" "comes first" team exchange take "$work/p2"
run 1 "the centre can't read its own package" "another station" centre exchange take "$work/p1"
run 0 "a dry run of taking" "2 applicants, 2 new" team exchange take "$work/p1" --dry-run
run 0 "the team takes it" "2 applicants, 2 new" team exchange take "$work/p1"
run 0 "the same again changes nothing" "nothing changed" team exchange take "$work/p1.again"
cp -r $people/photos "$work/photos"
older=$(number 3)
grep "$older" $people/people.jsonl | sed -E 's/"residence": *"[^"]*"/"residence": "Phường Hòa Bình, Hà Nội"/' >"$work/older.jsonl"
run 0 "the team has an older record of somebody" "" team registry import "$work/older.jsonl"
run 3 "now the second: who is in conflict, and why" "✗ $older: the record here is another" team exchange take "$work/p2" --dry-run
run 3 "with the next action in Vietnamese" "Việc cần làm với mâu thuẫn: so hồ sơ ở đây" team exchange take "$work/p2" --lang vi --dry-run
exits 3 team exchange take "$work/p2" --json && json 'v.conflicts === 1 && v.in_conflict[0].number === "'"$older"'" && v.in_conflict[0].why === "other-record"' >"$out" 2>&1
tap $? "and as JSON"
head -c 1000 "$work/p1" >"$work/cut"
run 1 "a cut package" "malformed" team exchange take "$work/cut"

run 0 "the team issues one card" "" env CCCD_HOME="$work/team" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue "$A"'
run 3 "the centre can't issue the other" "handed" env CCCD_HOME="$work/centre" B="$B" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue "$B"'
run 3 "the quota of package 1 is used" "used up" env CCCD_HOME="$work/team" B="$B" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue "$B"'
run 0 "an application that is out says where it is, and what to wait for" "Chờ kết quả từ trạm đó: cccd exchange take" centre registry applications --lang vi
run 0 "results" "Package 1: 2 items" team exchange make "$work/r1" --to Centre --results
run 3 "the centre takes them" "2 results, 1 issued, 0 given back, 1 in conflict" centre exchange take "$work/r1"
grep -q "✗ $older: the other station has another record" "$out" && grep -q "cccd registry requeue ID" "$out"
tap $? "and is told who is in conflict, and what to do"
run 0 "the held application says the same" "cccd registry requeue MÃ" centre registry applications --lang vi
run 1 "no more results yet" "no result" team exchange make "$work/r2" --to Centre --results
run 0 "the list" "→ Team 1, package 1, applicants: 2 items, 1 open, signatures 0/1" centre exchange list
run 0 "the list as JSON" '"quota_used": 1' team exchange list --json
run 1 "an acknowledged package isn't kept" "not kept" centre exchange make "$work/p1.again" --to "Team 1" --again 1
echo "1..$n"
