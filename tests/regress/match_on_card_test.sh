#!/usr/bin/env bash
# Minutiae from the registry's row to a card's match-on-card application behind a real pcscd, and prints held against them; TAP.
# The templates are synthetic (tests/support/minutiae_made.c): *_again is another print of the same finger, with noise.
set -u
. tests/support/station.sh
person() { # number, name, photo, fingerprints
	printf '{"number":"%s","full_name":"%s","birth_date":"1990-02-15","sex":"male","nationality":"Việt Nam","ethnicity":"Kinh","origin":"Hà Nội","residence":"Hà Nội","photo":"photos/%s","fingerprints":%s}\n' "$@"
}
rows=$work/rows
mkdir -p "$rows/prints"
cp -r tests/data/people/photos "$rows/"
cp tests/data/prints/* "$rows/prints/"
export PRINTS=$rows/prints
{
	person 001090000000 "Nguyễn Văn Đức" g01.jpg '[{"finger":"right-index","file":"prints/right_index.wsq","template":"prints/right_index.7f2e"},{"finger":"left-index","template":"prints/left_index.7f2e"}]'
	person 036090000000 "Trần Văn Sơn" g02.jpg '[]'
} >"$rows/people.jsonl"
person 045090000000 "Lê Văn Tốt" g04.jpg '[{"finger":"right-index","template":"prints/right_index.wsq"}]' >"$rows/wrong.jsonl"

cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
run 0 "import with templates" '"imported": *2' "$cccd" registry import "$rows/people.jsonl" --json
run 0 "what is no template is told, and left out" "import.finger-template|no compact template" "$cccd" registry import "$rows/wrong.jsonl"
echo '{"chip.match-on-card": "maybe"}' >"$CCCD_HOME/settings.json"
run 1 "a setting that is neither yes nor no" "chip.match-on-card" "$cccd" lab run --chips 1 -- sh -c '"$CCCD" card issue 001090000000'
echo '{"chip.match-on-card": "yes"}' >"$CCCD_HOME/settings.json"
run 0 "a card with templates, and prints held against it" "" "$cccd" lab run --chips 1 -- sh -c '
	key="--number 001090000000"
	"$CCCD" card issue 001090000000 --json >"$WORK/issue.json" &&
	"$CCCD" card inspect $key --json >"$WORK/inspect.json"
	match() { "$CCCD" finger match $key --template "$PRINTS/$2.7f2e" --hand "$3" >"$WORK/$1" 2>&1; echo "exit $?" >>"$WORK/$1"; }
	match same right_index_again right
	match left left_index_again left
	match other left_index_again right
	match back right_index right
	"$CCCD" finger match $key --template "$PRINTS/left_index.7f2e" --json >"$WORK/json" 2>&1
	match wrong2 left_index right
	match wrong3 left_index right
	match blocked right_index right
	match unblocked left_index left
	"$CCCD" card revoke 001090000000 --reason lost --officer A >/dev/null 2>&1
	match revoked left_index left
	true'
run 0 "... issued" '"verdict": "issued"' cat "$work/issue.json"
run 0 "... inspection passes" '"verdict": "passed"' cat "$work/inspect.json"
run 0 "... and names the templates" "2 finger templates, references 81 to 82" cat "$work/inspect.json"
run 0 "another print of the same finger matches" "exit 0" cat "$work/same"
run 0 "the other hand against its own template" "exit 0" cat "$work/left"
run 0 "another finger doesn't" "exit 3" cat "$work/other"
run 0 "... and the tries are told" "2 tries left|doesn't match" cat "$work/other"
run 0 "a match gives the tries back" "exit 0" cat "$work/back"
run 0 "... as JSON: no match, two tries left" '"result": "no-match", "tries_left": 2' cat "$work/json"
run 0 "the third wrong print blocks the template" "blocked" cat "$work/wrong3"
run 0 "... for the right finger too" "blocked" cat "$work/blocked"
run 0 "... and not for the other hand" "exit 0" cat "$work/unblocked"
run 0 "a revoked card is shown no print" "exit 3" cat "$work/revoked"
run 0 "... and says why" "This card was revoked" cat "$work/revoked"
run 0 "somebody without templates gets a card without the application" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue 036090000000 --json >"$WORK/issue2.json" &&
	"$CCCD" card inspect --number 036090000000 --json >"$WORK/inspect2.json"
	"$CCCD" finger match --number 036090000000 --template "$PRINTS/right_index.7f2e" >"$WORK/none" 2>&1
	echo "exit $?" >>"$WORK/none"
	true'
run 0 "... inspection says so" "no such application" cat "$work/inspect2.json"
run 0 "... and so does the comparison" "moc.absent|no match-on-card application" cat "$work/none"
run 2 "without a template there is nothing to compare" "template" "$cccd" finger match --number 001090000000
echo "1..$n"
