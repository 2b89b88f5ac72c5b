#!/usr/bin/env bash
# The authority for terminals: cccd pki cvca from the first key to a renewed terminal, and what it refuses.
set -u
cccd=${CCCD:-build/gcc/cccd}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CCCD_HOME CCCD_LANG CCCD_READER CCCD_PASSWORD_FILE LANG
echo pw >"$work/pw"
. tests/support/command.sh
expect() { # name, exit code, pattern, then the words after cvca
	local name=$1 code=$2 pattern=$3 out rc good
	shift 3
	out=$("$cccd" --lang en --home "$work/h" --password-file "$work/pw" pki cvca "$@" 2>&1 </dev/null)
	rc=$?
	[ $rc = "$code" ] && grep -qE -- "$pattern" <<<"$out"
	good=$?
	tap $good "$name"
	[ $good = 0 ] || printf '# exit %s: %s\n' "$rc" "$out"
}
cheap_keys "$work/h" "$work/pw"
"$cccd" --home "$work/h" --password-file "$work/pw" pki init >/dev/null 2>&1
expect "nothing is there at first" 0 'no CV certificate' show
expect "a verifier needs an authority" 1 'cvc.no-authority' dv
expect "init" 0 'cv/cvca-1.cvcert: VNCVCA00001' init
expect "init twice is refused" 1 'cvc.exists' init
expect "a terminal needs a verifier" 1 'cvc.no-authority' terminal
expect "verifier" 0 'VNPOLICE00001' dv --name POLICE --days 60
expect "dry run makes nothing" 0 'VNIS00001' terminal --dry-run
[ ! -e "$work/h/cv/terminal-1.cvcert" ]
tap $? "no file after the dry run"
! "$cccd" --lang en --home "$work/h" --password-file "$work/pw" pki show 2>/dev/null | grep -q terminal-1
tap $? "no key after the dry run"
expect "terminal" 0 'VNIS00001' terminal --rights dg3
expect "its way holds" 0 'good: VNCVCA00001 > VNPOLICE00001 > VNIS00001' verify "$work/h/cv/terminal-1.cvcert"
expect "next authority with its link" 0 'VNCVCA00002' link
expect "the link verifies under the old one" 0 'good: VNCVCA00001 > VNCVCA00002' verify "$work/h/cv/cvca-2-link.cvcert"
expect "verifier of the next authority" 0 'VNDV00002' dv --foreign
expect "terminal under it" 0 'VNIS00002' terminal
expect "as JSON" 0 '"path": "VNCVCA00002 > VNDV00002 > VNIS00002"' verify "$work/h/cv/terminal-2.cvcert" --json
expect "all are shown" 0 'terminal-2.cvcert' show
expect "one is shown" 0 'DG3 \+, DG4 -' show "$work/h/cv/terminal-1.cvcert"
expect "rights that don't exist" 2 'pki.option' terminal --rights dg5
expect "days that are none" 2 'pki.option' terminal --days 0
expect "a name that is too long" 2 'cvc.reference' terminal --name MUCHTOOLONG
expect "a word that is none" 2 'cvca frobnicate' frobnicate
head -c 100 "$work/h/cv/dv-1.cvcert" >"$work/cut"
expect "a cut file" 1 'cvc.structure' show "$work/cut"
cp "$work/h/cv/terminal-2.cvcert" "$work/changed"
printf '\x01' | dd of="$work/changed" bs=1 seek=200 conv=notrunc 2>/dev/null
expect "a changed signature" 3 'cvc.signature' verify "$work/changed"
# Another station asks this one for a terminal's certificate, and renews it with the key it has.
cheap_keys "$work/t" "$work/pw"
"$cccd" --lang en --home "$work/t" --password-file "$work/pw" pki init >/dev/null 2>&1
ask() { "$cccd" --lang en --home "$work/t" --password-file "$work/pw" pki cvca terminal --name GATE --ask VNDV00002 --out "$1" >/dev/null 2>&1; }
ask "$work/req1" && expect "a request from elsewhere verifies" 0 'good: VNGATE00001' verify "$work/req1"
expect "it is certified" 0 'cert1' terminal --request "$work/req1" --out "$work/cert1"
expect "its way holds here" 0 'VNCVCA00002 > VNDV00002 > VNGATE00001' verify "$work/cert1"
mkdir -p "$work/t/cv" && cp "$work/cert1" "$work/t/cv/terminal-1.cvcert" && cp "$work/cert1" "$work/h/cv/gate.cvcert"
ask "$work/req2"
expect "the next request is signed by the key before too" 0 'VNGATE00002' show "$work/req2"
expect "and certified" 0 'cert2' terminal --request "$work/req2" --out "$work/cert2"
rm "$work/h/cv/gate.cvcert"
expect "not when the earlier key is unknown here" 1 'cvc.issuer' terminal --request "$work/req2" --out "$work/cert3"
expect "a certificate is no request" 2 'not a request' terminal --request "$work/cert1" --out "$work/cert3"
[ ! -e "$work/cert3" ]
tap $? "nothing is written then"
rm "$work/h/cv/cvca-2.cvcert" "$work/h/cv/cvca-2-link.cvcert"
expect "a way that leads nowhere" 3 'cvc.issuer' verify "$work/h/cv/terminal-2.cvcert"
cheap_keys "$work/r" "$work/pw"
"$cccd" --lang en --home "$work/r" --password-file "$work/pw" pki init >/dev/null 2>&1
for words in "init --rsa 2048" dv terminal; do
	# shellcheck disable=SC2086
	"$cccd" --lang en --home "$work/r" --password-file "$work/pw" pki cvca $words >/dev/null 2>&1 || echo "# $words failed"
done
"$cccd" --lang en --home "$work/r" --password-file "$work/pw" pki cvca verify "$work/r/cv/terminal-1.cvcert" >/dev/null 2>&1
tap $? "RSA from authority to terminal"
echo "1..$n"
