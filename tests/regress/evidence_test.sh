#!/usr/bin/env bash
# Evidence of an inspection: written beside a card, judged without it, as a file that gets about.
set -u
cccd=$(realpath "${CCCD:-build/gcc/cccd}")
people=tests/data/people
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD=$cccd CCCD_HOME=$work/home CCCD_LANG=en CCCD_PASSWORD_FILE=$work/password WORK=$work
unset CCCD_READER
(umask 077 && head -c 24 /dev/urandom | base64 >"$work/password")
n=0
run() { # exit code wanted, name, pattern in the output (or empty), command...
	local code=$1 name=$2 pattern=$3 rc
	shift 3
	n=$((n + 1))
	"$@" >"$work/out" 2>&1 </dev/null
	rc=$?
	if [ $rc = "$code" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$work/out"; }; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name (exit $rc)"
		sed 's/^/# /' "$work/out" | tail -n 30
	fi
}
number() { grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}' | sed -n "$1p"; }
N=$(number 1) M=$(number 2) L=$(number 3)
export N M L

run 0 "pki init" "" "$cccd" pki init --params named
run 0 "import" "" "$cccd" registry import $people/people.jsonl
run 0 "two cards are inspected with evidence" "" "$cccd" lab run --chips 2 -- sh -c '
	set -e
	reader=$("$CCCD" reader list --json | grep -o "\"name\": *\"[^\"]*\"" | cut -d\" -f4)
	i=0
	echo "$reader" | while read -r name; do
		i=$((i + 1))
		[ $i -gt 2 ] && break
		who=$N; [ $i = 2 ] && who=$M
		"$CCCD" card issue "$who" --reader "$name" </dev/null
		"$CCCD" card inspect --number "$who" --reader "$name" --evidence "$WORK/card$i.evidence" --dump "$WORK/files$i" </dev/null
	done'
run 0 "the file is for its owner alone" "^600 " stat -c '%a %n' "$work/card1.evidence"
run 0 "evidence holds without the card" "The evidence holds" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "what was only claimed is said so" "claimed +chip-authentication" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "the chip's signature is proven" "proven +active-authentication" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "as JSON" '"verdict": "holds"' "$cccd" card verify-evidence "$work/card1.evidence" --json
run 0 "with the files of its card" "proven +given-files" "$cccd" card verify-evidence "$work/card1.evidence" --files "$work/files1"

# ---- under another name it is still evidence of its own card
cp "$work/card1.evidence" "$work/copy-of-card2.evidence"
run 3 "shown for another card it is refused" "WRONG +given-files" "$cccd" card verify-evidence "$work/copy-of-card2.evidence" --files "$work/files2"
head -c 2000 "$work/card1.evidence" >"$work/cut"
run 1 "a cut file is refused" "malformed" "$cccd" card verify-evidence "$work/cut"
(head -c 2000 "$work/card1.evidence"; printf X; tail -c +2002 "$work/card1.evidence") >"$work/changed"
run 3 "a changed file is refused" "" "$cccd" card verify-evidence "$work/changed"

# ---- a chip that doesn't let us in: that is recorded too
run 0 "a refused access with evidence" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue "$L" && { "$CCCD" card inspect --can 999999 --evidence "$WORK/refused.evidence"; [ $? = 4 ]; }'
run 3 "its evidence says so" "claimed +verdict: the station.s verdict: failed" "$cccd" card verify-evidence "$work/refused.evidence"

# ---- another home: neither signer nor country known
mkdir "$work/elsewhere"
run 3 "a station that knows neither signer nor country leaves it open" "undetermined +signer" \
	env CCCD_HOME="$work/elsewhere" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "with both named it holds" "The evidence holds" env CCCD_HOME="$work/elsewhere" "$cccd" card verify-evidence \
	"$work/card1.evidence" --trust "$work/home/trust" --signer "$work/home/evidence-signers/evidence-1.spki"
echo "1..$n"
