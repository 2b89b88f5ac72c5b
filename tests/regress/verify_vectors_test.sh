#!/usr/bin/env bash
# `cccd card verify` on published test documents says what is known of them: hashes, signature, unsigned files, remarks.
set -u
cccd=${CCCD:-$PWD/${BUILD:-build/gcc}/cccd}
vectors=${CCCD_VECTORS:-}
for v in ../shared/vectors ../../shared/vectors; do [ -n "$vectors" ] || [ ! -d "$v" ] || vectors=$(cd "$v" && pwd); done
dir=$(mktemp -d "${TMPDIR:-/tmp}/cccd-verify-XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
. tests/support/command.sh
if [ -z "$vectors" ] || [ ! -d "$vectors/05_lds" ]; then
	echo "ok 1 - published documents # SKIP no vectors"
	echo "1..1"
	exit 0
fi
verify() { "$cccd" --home "$dir/none" --lang en --json card verify "$@" >"$dir/out" 2>"$dir/err"; echo $?; }
results() { # ids of a pattern with this result
	node -e 'const o=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));
		console.log(o.checks.filter(c=>new RegExp(process.argv[2]).test(c.id)&&c.result===process.argv[3]).map(c=>c.id).join(" "))' \
		"$dir/out" "$1" "$2"
}
evidence() {
	node -e 'const o=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));
		console.log(o.checks.find(c=>c.id===process.argv[2]).evidence)' "$dir/out" "$1"
}

d=$vectors/05_lds/bsi2008_jmrtd
is "bsi2008: a check says no" "$(verify "$d")" 3
is "bsi2008: SOD good" "$(results '^sod\.(structure|signature)$' passed)" "sod.structure sod.signature"
is "bsi2008: four groups match" "$(results '^sod\.dg' passed)" "sod.dg1 sod.dg2 sod.dg3 sod.dg14"
is "bsi2008: two are not in the SOD" "$(results '^sod\.dg' failed)" "sod.dg4 sod.dg15"
is "bsi2008: said so" "$(evidence sod.dg15)" "not in EF.SOD: unsigned content"
is "bsi2008: SHA-1 is a remark" "$(results '^sod\.algorithms$' remark)" sod.algorithms
is "bsi2008: no anchor is no failure" "$(results '^sod\.chain$' inconclusive)" sod.chain
is "bsi2008: its AA key can be read" "$(evidence dg15.key | grep -c 'leading zero octet')" 1
is "bsi2008: expired now is a remark" "$(results '^signer\.validity$' remark)" signer.validity

d=$vectors/05_lds/etsi_eacaa_pymrtd
is "etsi: not decided without an anchor" "$(verify "$d")" 3
is "etsi: SOD good (RSA-PSS)" "$(results '^sod\.(structure|signature)$' passed)" "sod.structure sod.signature"
is "etsi: three match" "$(results '^sod\.dg' passed)" "sod.dg1 sod.dg14 sod.dg15"
is "etsi: none failed" "$(results . failed)" ""
is "etsi: the others are signed and not here" "$(results '^sod\.dg' unavailable)" "sod.dg2 sod.dg3 sod.dg4"
is "etsi: under 541 foreign anchors still undecided" \
	"$(verify "$d" --trust "$vectors/06_pki/masterlists/DE_ML_2024-08-07-07-38-24.ml")" 3
is "etsi: no anchor" "$(evidence sod.chain | cut -d: -f1)" no-anchor

mkdir "$dir/changed"
cp "$d"/*.bin "$dir/changed/"
printf 'X' | dd of="$dir/changed/EF_DG1.bin" bs=1 seek=20 conv=notrunc 2>/dev/null
is "etsi, one byte of DG1 changed: failed" "$(verify "$dir/changed")" 3
is "and only its hash" "$(results '^sod\.' failed)" sod.dg1
echo "1..$n"
exit $bad
