#!/usr/bin/env bash
# Evidence of an inspection: written beside a card, judged without it, as a file that gets about.
set -u
. tests/support/station.sh
N=$(number 1) M=$(number 2) L=$(number 3)
export N M L

cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
run 0 "import" "" "$cccd" registry import $people/people.jsonl
# ---- lists of known defects, signed by somebody whose certificate is trusted; and one by somebody whose isn't
ds=$(ls "$work"/home/certs/ds-*.cer | head -n 1)
ski=$(openssl x509 -in "$ds" -inform DER -noout -ext subjectKeyIdentifier 2>/dev/null | grep -oE '([0-9A-F]{2}:){19}[0-9A-F]{2}' | tr -d :)
defect_list() { # name, signer, last arcs of the defect
	cat >"$work/$1.cnf" <<S
asn1=SEQUENCE:list
[list]
version=INTEGER:0
hash=OID:2.16.840.1.101.3.4.2.1
defects=SET:defects
[defects]
one=SEQUENCE:defect
[defect]
signer=IMPLICIT:0,FORMAT:HEX,OCTETSTRING:$ski
kinds=SET:kinds
[kinds]
one=SEQUENCE:kind
[kind]
oid=OID:0.4.0.127.0.7.3.1.5.$3
S
	openssl asn1parse -genconf "$work/$1.cnf" -noout -out "$work/$1.der" &&
		openssl cms -sign -binary -nodetach -econtent_type 0.4.0.127.0.7.3.1.5 -in "$work/$1.der" -outform DER \
			-signer "$work/$2.pem" -inkey "$work/$2.key" -md sha256 -out "$work/$1.list"
}
lists() {
	local who
	for who in publisher stranger; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$who.key" -days 3650 \
			-subj "/C=DE/CN=$who" -out "$work/$who.pem" || return 1
	done
	cp "$work/publisher.pem" "$work/home/trust/publisher.pem"
	defect_list aa-revoked publisher 1.4 && defect_list signer-revoked publisher 1.1 && defect_list strange stranger 1.4
}
run 0 "lists of defects are signed" "" lists

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
		[ $i = 1 ] || continue
		for list in aa-revoked signer-revoked strange; do
			rc=0
			"$CCCD" card inspect --number "$who" --reader "$name" --defects "$WORK/$list.list" --json \
				--evidence "$WORK/$list.evidence" >"$WORK/$list.out" 2>&1 </dev/null || rc=$?
			echo "exit $rc" >>"$WORK/$list.out"
		done
	done'
run 0 "the file is for its owner alone" "^600 " stat -c '%a %n' "$work/card1.evidence"
run 0 "evidence holds without the card" "The evidence holds" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "what was only claimed is said so" "claimed +Chip Authentication" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "the chip's signature is proven" "proven +Active Authentication" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "as JSON" '"verdict": "holds"' "$cccd" card verify-evidence "$work/card1.evidence" --json
run 0 "with the files of its card" "proven +Files given" "$cccd" card verify-evidence "$work/card1.evidence" --files "$work/files1"

# ---- an inspection that went by a list of known defects
run 0 "a revoked chip key proves nothing" "" sh -c 'grep -q "exit 3" "$WORK/aa-revoked.out" && grep -q "\"verdict\": \"inconclusive\"" "$WORK/aa-revoked.out" && grep -q "id-ActiveAuthKeyRevoked" "$WORK/aa-revoked.out"'
run 0 "a revoked signer fails the card" "" sh -c 'grep -q "exit 3" "$WORK/signer-revoked.out" && grep -q "\"verdict\": \"failed\"" "$WORK/signer-revoked.out" && grep -q "must not be used" "$WORK/signer-revoked.out"'
run 0 "a list by a stranger is refused" "" sh -c 'grep -q "exit 3" "$WORK/strange.out" && grep -q "defects.signature" "$WORK/strange.out"'
for list in aa-revoked signer-revoked; do
	run 3 "$list: its evidence stands" "The evidence holds" "$cccd" card verify-evidence "$work/$list.evidence"
	run 3 "$list: with the list too" "The evidence holds" "$cccd" card verify-evidence "$work/$list.evidence" --defects "$work/$list.list"
done
run 3 "a list by a stranger judges no evidence" "list of defects" "$cccd" card verify-evidence "$work/card1.evidence" --defects "$work/strange.list"
run 0 "files of a card under a list, as a remark" "Known defect 1 +remark +id-ActiveAuthKeyRevoked" "$cccd" card verify "$work/files1" --defects "$work/aa-revoked.list"

# ---- under another name it is still evidence of its own card
cp "$work/card1.evidence" "$work/copy-of-card2.evidence"
run 3 "shown for another card it is refused" "WRONG +Files given" "$cccd" card verify-evidence "$work/copy-of-card2.evidence" --files "$work/files2"
head -c 2000 "$work/card1.evidence" >"$work/cut"
run 1 "a cut file is refused" "malformed" "$cccd" card verify-evidence "$work/cut"
(head -c 2000 "$work/card1.evidence"; printf X; tail -c +2002 "$work/card1.evidence") >"$work/changed"
run 3 "a changed file is refused" "" "$cccd" card verify-evidence "$work/changed"

# ---- a chip that doesn't let us in: that is recorded too
run 0 "a refused access with evidence" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue "$L" && { "$CCCD" card inspect --can 999999 --evidence "$WORK/refused.evidence"; [ $? = 4 ]; }'
run 3 "its evidence says so" "claimed +Recorded verdict: the station.s verdict: failed" "$cccd" card verify-evidence "$work/refused.evidence"

# ---- another home: neither signer nor country known
mkdir "$work/elsewhere"
run 3 "a station that knows neither signer nor country leaves it open" "undetermined +Station that signed" \
	env CCCD_HOME="$work/elsewhere" "$cccd" card verify-evidence "$work/card1.evidence"
run 0 "with both named it holds" "The evidence holds" env CCCD_HOME="$work/elsewhere" "$cccd" card verify-evidence \
	"$work/card1.evidence" --trust "$work/home/trust" --signer "$work/home/evidence-signers/evidence-1.spki"
echo "1..$n"
