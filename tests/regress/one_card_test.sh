#!/usr/bin/env bash
# One card for real: registry to sealed, verified chip behind a real pcscd; then what an officer may do wrong.
set -u
. tests/support/station.sh

cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "pki init" "" "$cccd" pki init --params named
run 1 "pki init refuses to replace keys" "" "$cccd" pki init
run 0 "import of the people" "" "$cccd" registry import $people/people.jsonl
mapfile -t numbers < <(grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}')
[ ${#numbers[@]} = 24 ]
tap $? "24 people"
N=${numbers[0]} M=${numbers[1]}
export N M

# ---- issue and inspect one card
run 0 "issue and inspect one card" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue "$N" --json >"$WORK/issue.json" &&
	"$CCCD" card inspect --number "$N" --dump "$WORK/card" --json >"$WORK/inspect.json"'
node -e '
	const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
	if (r.verdict !== "passed") throw new Error("verdict " + r.verdict);
	const bad = r.checks.filter(c => !["passed", "not-applicable", "unavailable", "remark"].includes(c.result));
	if (bad.length) throw new Error(JSON.stringify(bad));
	const passed = r.checks.filter(c => c.result === "passed").map(c => c.id).join(" ");
	for (const want of ["access", "sod.chain", "dg2.structure", "active-authentication", "chip-authentication"]) if (!passed.includes(want)) throw new Error("no " + want + " in " + passed);
' "$work/inspect.json" >"$work/out" 2>&1
tap $? "every check passed, does not apply, or is a remark" "$work/out"
node -e '
	const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
	if (r.schema !== 1 || r.verdict !== "issued") throw new Error(r.verdict);
	console.log(`# figure: one card: ${r.apdus} APDUs (least ${r.least_apdus}), ${r.bytes} bytes (least ${r.least_bytes})`);
	if (r.apdus > 1.1 * r.least_apdus || r.bytes > 1.1 * r.least_bytes) throw new Error("more than 1.10 times the least");
' "$work/issue.json"
tap $? "issued with at most 1.10 times the least APDUs and bytes"

# ---- the EF.SOD by the openssl program alone: signature, chain, and every hash
openssl asn1parse -inform DER -in "$work/card/EF_SOD.bin" >"$work/asn1" 2>/dev/null
# EF.SOD is 77 L { ContentInfo }: take the content by the header length that asn1parse prints.
header=$(head -n 1 "$work/asn1" | grep -oE 'hl= *[0-9]+' | grep -oE '[0-9]+')
tail -c +$((header + 1)) "$work/card/EF_SOD.bin" >"$work/sod.der"
openssl x509 -inform DER -in "$work"/home/trust/csca-1.cer -out "$work/csca.pem" 2>/dev/null || cp "$work"/home/trust/csca-1.cer "$work/csca.pem"
openssl cms -verify -inform DER -in "$work/sod.der" -CAfile "$work/csca.pem" -purpose any -out "$work/lds.der" >"$work/out" 2>&1
tap $? "openssl cms -verify accepts the EF.SOD and its chain" "$work/out"
openssl asn1parse -inform DER -in "$work/lds.der" >"$work/asn1" 2>&1
all=0 count=0
for f in "$work"/card/DG*.bin; do
	hash=$(sha256sum "$f" | cut -d' ' -f1 | tr a-f A-F)
	grep -q "$hash" "$work/asn1" || all=1
	count=$((count + 1))
done
[ $all = 0 ] && [ $count -ge 5 ] && [ "$(grep -c 'OCTET STRING' "$work/asn1")" = $count ]
tap $? "the LDS object holds sha256sum of each of the $count dumped data groups" "$work/asn1"
run 0 "card verify on the dump" "" "$cccd" card verify "$work/card" --trust "$work/home/trust"
printf 'X' | dd of="$work/card/DG1.bin" bs=1 seek=30 conv=notrunc 2>/dev/null
run 3 "card verify finds one changed byte of DG1" "" "$cccd" card verify "$work/card" --trust "$work/home/trust"
mkdir "$work/empty"
run 2 "a mistyped MRZ is asked for again" "mrz.text" "$cccd" card inspect --mrz "IDVNM0200470001"
run 3 "card verify without the country signer" "no.anchor|anchor" "$cccd" card verify "$work/card" --trust "$work/empty"

# ---- what goes wrong at a desk
run 3 "the same person twice is refused" "" "$cccd" lab run --chips 1 -- "$cccd" card issue "$N"
run 2 "a number that is none" "12" "$cccd" card issue 12345
run 5 "no pcscd running" "pcscd" env PCSCLITE_CSOCK_NAME="$work/nowhere" "$cccd" card issue "$M"
run 0 "a person that the register does not know, and a sealed card given as a blank" "" "$cccd" lab run --chips 1 --state "$work/state" -- sh -c '
	"$CCCD" card issue 002091000000 >"$WORK/unknown" 2>&1; [ $? = 1 ] || exit 11
	"$CCCD" card issue "$M" >"$WORK/first" 2>&1 || exit 12
	third=$(grep -oE "\"number\": *\"[0-9]{12}\"" tests/data/people/people.jsonl | grep -oE "[0-9]{12}" | sed -n 3p)
	"$CCCD" card issue "$third" >"$WORK/sealed" 2>&1; rc=$?
	cat "$WORK/unknown" "$WORK/sealed"
	[ $rc != 0 ] || exit 13'
"$cccd" registry import $people/held.jsonl >/dev/null 2>&1
for held in $(grep -oE '"number": *"[0-9]{12}"' $people/held.jsonl | grep -oE '[0-9]{12}'); do
	run 3 "a held person is not issued: $held" "" "$cccd" lab run --chips 1 -- "$cccd" card issue "$held"
done
# ---- photos that must not become a card: no face, cut off, 20,000 pixels wide
mkdir "$work/photos"
node -e '
	const fs = require("fs"), dir = process.argv[1], good = fs.readFileSync("tests/data/people/photos/g01.jpg");
	fs.writeFileSync(dir + "/cut.jpg", good.subarray(0, 20000));
	/* the same file that says it is 20,000 pixels wide: in its frame header (FFC0), height and width stand 5 bytes behind */
	const wide = Buffer.from(good), frame = wide.indexOf(Buffer.from([0xff, 0xc0]));
	wide.writeUInt16BE(20000, frame + 7);
	fs.writeFileSync(dir + "/wide.jpg", wide);
	const row = (number, photo) => JSON.stringify({ number, full_name: "Nguyễn Thị An", birth_date: "1990-02-15", sex: "female",
		nationality: "Việt Nam", photo });
	fs.copyFileSync("tests/fuzz/corpus/jpeg/" + fs.readdirSync("tests/fuzz/corpus/jpeg").sort()[0], dir + "/noface.jpg");
	fs.writeFileSync(dir + "/p.jsonl", [row("001190000000", "noface.jpg"), row("002190000000", "cut.jpg"),
		row("004190000000", "wide.jpg")].join("\n") + "\n");
' "$work/photos"
"$cccd" registry import "$work/photos/p.jsonl" >"$work/out" 2>&1
run 3 "a photo without a face is held" "portrait\.|photo\." "$cccd" lab run --chips 1 -- "$cccd" card issue 001190000000
run 1 "a photo cut off" "photo.damaged" "$cccd" lab run --chips 1 -- "$cccd" card issue 002190000000
run 1 "a photo 20,000 pixels wide" "photo.too-large" "$cccd" lab run --chips 1 -- "$cccd" card issue 004190000000

run 0 "a card with another number is not opened" "" "$cccd" lab run --chips 1 -- sh -c '
	fourth=$(grep -oE "\"number\": *\"[0-9]{12}\"" tests/data/people/people.jsonl | grep -oE "[0-9]{12}" | sed -n 4p)
	"$CCCD" card issue "$fourth" >/dev/null 2>&1 || exit 11
	"$CCCD" card inspect --can 999999 >"$WORK/wrong" 2>&1; rc=$?
	cat "$WORK/wrong"
	[ $rc = 4 ] || [ $rc = 3 ]'

# ---- I9: no key and no personal data in the files of the home in the clear
name=$(grep -oE '"full_name": *"[^"]+"' $people/people.jsonl | head -n 1 | sed 's/.*: *"//; s/"$//')
! grep -raqF -e "$N" -e "$name" "$work/home"
tap $? "neither number nor name stands in the home in the clear"
