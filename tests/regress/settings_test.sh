#!/usr/bin/env bash
# Settings reach the card: each set issues and inspects one card on a chip behind pcscd; nonsense is told by name and issues none.
set -u
cccd=$(realpath "${CCCD:-build/gcc/cccd}")
people=tests/data/people/people.jsonl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCCD=$cccd CCCD_HOME=$work/home CCCD_LANG=en CCCD_PASSWORD_FILE=$work/password WORK=$work
unset CCCD_READER
(umask 077 && head -c 24 /dev/urandom | base64 >"$work/password")
N=$(grep -oE '"number": *"[0-9]{12}"' $people | head -n 1 | grep -oE '[0-9]{12}')
export N
n=0
tap() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/out" | tail -n 20
	fi
}
home() { # settings
	rm -rf "$work/home" "$work/card"
	mkdir -m 700 "$work/home"
	echo "$1" >"$work/home/settings.json"
	"$cccd" pki init >"$work/out" 2>&1 && "$cccd" registry import $people >>"$work/out" 2>&1
}
works() { # name, settings, options of the lab
	home "$2" && "$cccd" lab run --chips 1 ${3:-} -- sh -c '
		"$CCCD" card issue "$N" && "$CCCD" card inspect --number "$N" --dump "$WORK/card"' >>"$work/out" 2>&1 &&
		grep -q 'VERDICT: PASSED.*original' "$work/out"
	tap $? "$1"
}
refused() { # settings, the setting named
	home "$1"
	"$cccd" lab run --chips 1 -- "$cccd" card issue "$N" >"$work/out" 2>&1
	[ $? = 1 ] && grep -q "$2" "$work/out" && grep -q 'NOT STARTED' "$work/out"
	tap $? "refused: $1"
}
works "P-384 and SHA-384" '{"pki.curve":"P-384","pki.hash":"sha384"}'
works "brainpoolP512r1, SHA-512, other curves on the chip, AES-256" '{"pki.curve":"brainpoolP512r1","pki.hash":"sha512",
	"chip.aa-curve":"brainpoolP384r1","chip.aa-hash":"sha384","chip.ca-curve":"P-256","chip.ca-cipher":"aes256"}'
works "explicit EC parameters, LDS 1.8, LDS security object v1" '{"pki.ec-parameters":"explicit","lds.version":"1.8","lds.sod-version":"1"}'
openssl asn1parse -inform DER -in "$work/card/EF_SOD.bin" >"$work/out" 2>&1 && grep -q 'prime-field' "$work/out"
tap $? "the certificate in that EF.SOD has explicit parameters"
works "P-521 everywhere" '{"pki.curve":"P-521","chip.aa-curve":"P-521","chip.aa-hash":"sha512"}'
works "Chip Authentication with 3DES" '{"chip.ca-cipher":"3des"}'
works "Active Authentication with RSA, short length" '{"chip.aa-curve":"rsa2048"}' '--short'
works "RSA of 3072 bits with SHA-512, Chip Authentication with DH and 3DES" '{"chip.aa-curve":"rsa3072","chip.aa-hash":"sha512",
	"chip.ca-curve":"dh0","chip.ca-cipher":"3des"}'
works "Chip Authentication with DH and AES-256" '{"chip.ca-curve":"dh2","chip.ca-cipher":"aes256"}'
works "PACE with DH and Integrated Mapping" '{"chip.pace":"dh-im/aes256/1"}'
works "three PACEInfos, two of one protocol" '{"chip.pace":"ecdh-gm/aes128/13,ecdh-gm/aes128/12,ecdh-im/aes192/16"}'
works "Chip Authentication Mapping" '{"chip.pace":"ecdh-gm/aes128/13,ecdh-cam/aes128/13"}'
{ [ -s "$work/card/EF_CardSecurity.bin" ] && grep -qE 'PACE-CAM +passed' "$work/out" && grep -qE 'EF.CardSecurity +passed' "$work/out"; }
tap $? "EF.CardSecurity is on that chip, its signature good, and the chip owns its key"
"$cccd" card lint "$work/card" >"$work/out" 2>&1 && grep -q "^0 errors" "$work/out"
tap $? "lint finds no error in it"
works "the same with AES-256, P-521 and a signer with RSA" '{"chip.pace":"ecdh-cam/aes256/18,ecdh-im/aes256/18","chip.ca-curve":"P-521",
	"chip.ca-cipher":"aes256","pki.ds-key":"rsa3072","pki.csca-key":"rsa3072"}' '--short'
grep -qE 'PACE-CAM +passed' "$work/out"
tap $? "... whose key proves the chip"
trusting() { # name, options of pki cvca init, key of Chip Authentication
	home '{"chip.cvca":"cv/cvca-1.cvcert","chip.ca-curve":"'"$3"'"}'
	# shellcheck disable=SC2086 # options are words
	"$cccd" pki cvca init $2 >>"$work/out" 2>&1 && "$cccd" pki cvca dv >>"$work/out" 2>&1 &&
		"$cccd" pki cvca terminal --rights dg3 >>"$work/out" 2>&1 && "$cccd" lab run --chips 1 -- sh -c '
		"$CCCD" card issue "$N" && "$CCCD" card inspect --number "$N"' >>"$work/out" 2>&1 &&
		grep -q 'VERDICT: PASSED.*original' "$work/out" &&
		grep -q 'Terminal Authentication *passed.*DG3 yes, DG4 no' "$work/out"
	tap $? "$1"
}
trusting "Terminal Authentication at an issued card" "" brainpoolP256r1
trusting "the same with RSA, after Chip Authentication with DH" "--rsa 2048" dh1
works "a passport-like chip" '{}' '--personality icao'
works "short length" '{}' '--short'
works "names in capitals" '{"dg13.name-case":"upper"}'
refused '{"lds.version":"9"}' 'lds.version'
refused '{"dg2.width":"99999"}' 'dg2.width'
refused '{"dg2.bytes-max":-5}' 'dg2.bytes-max'
refused '{"chip.aa-hash":"md5"}' 'chip.aa-hash'
refused '{"chip.aa-curve":"rsa1024"}' 'chip.aa-curve'
refused '{"chip.ca-curve":"dh3"}' 'chip.ca-curve'
refused '{"chip.pace":"ecdh-im/aes128/10"}' 'chip.pace'
refused '{"chip.pace":"dh-gm/aes128/13"}' 'chip.pace'
refused '{"chip.pace":"ecdh-gm/aes128/13,ecdh-gm/aes128/13"}' 'chip.pace'
refused '{"chip.pace":"ecdh-cam/aes128/13"}' 'chip.pace'
refused '{"chip.pace":"ecdh-gm/aes128/12,ecdh-cam/aes128/12"}' 'chip.pace'
refused '{"chip.pace":"ecdh-gm/aes128/13,ecdh-cam/3des/13"}' 'chip.pace'
refused '{"chip.cvca":"certs/nothing.cvcert"}' 'nothing.cvcert'
refused '{"chip.cvca":"settings.json"}' 'chip.cvca'
