#!/usr/bin/env bash
# Settings reach the card: each set issues and inspects one card on a chip behind pcscd; nonsense is told by name and issues none.
set -u
. tests/support/station.sh
mapfile -t numbers < <(number 1,24)
export N
station() { # own or usual, settings: keys of its own, or those of the settings' defaults, made once
	export CCCD_HOME=$work/$1
	[ "$1" = usual ] || rm -rf "$CCCD_HOME"
	rm -rf "$work/card"
	mkdir -p -m 700 "$CCCD_HOME"
	echo "$2" >"$CCCD_HOME/settings.json"
	[ -e "$CCCD_HOME/station.db" ] || {
		cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE" && "$cccd" pki init >"$out" 2>&1 && "$cccd" registry import $people/people.jsonl >>"$out" 2>&1
	}
}
next=0
works() { # name, settings, options of the lab
	local which=usual
	case $2 in *'"pki.'*) which=own ;; esac
	# Each card is somebody else's.
	N=${numbers[$((next++))]}
	# shellcheck disable=SC2086 # options are words
	station $which "$2" && "$cccd" lab run --chips 1 ${3:-} -- sh -c '
		"$CCCD" card issue "$N" && "$CCCD" card inspect --number "$N" --dump "$WORK/card"' >>"$out" 2>&1 &&
		grep -q 'VERDICT: PASSED.*original' "$out"
	tap $? "$1"
}
refused() { # settings, the setting named
	N=${numbers[23]}
	station usual "$1"
	"$cccd" lab run --chips 1 -- "$cccd" card issue "$N" >"$out" 2>&1
	[ $? = 1 ] && grep -q "$2" "$out" && grep -q 'NOT STARTED' "$out"
	tap $? "refused: $1"
}
works "P-384 and SHA-384" '{"pki.curve":"P-384","pki.hash":"sha384"}'
works "brainpoolP512r1, SHA-512, other curves on the chip, AES-256" '{"pki.curve":"brainpoolP512r1","pki.hash":"sha512",
	"chip.aa-curve":"brainpoolP384r1","chip.aa-hash":"sha384","chip.ca-curve":"P-256","chip.ca-cipher":"aes256"}'
works "explicit EC parameters, LDS 1.8, LDS security object v1" '{"pki.ec-parameters":"explicit","lds.version":"1.8","lds.sod-version":"1"}'
openssl asn1parse -inform DER -in "$work/card/EF_SOD.bin" >"$out" 2>&1 && grep -q 'prime-field' "$out"
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
{ [ -s "$work/card/EF_CardSecurity.bin" ] && grep -qE 'PACE-CAM +passed' "$out" && grep -qE 'EF.CardSecurity +passed' "$out"; }
tap $? "EF.CardSecurity is on that chip, its signature good, and the chip owns its key"
"$cccd" card lint "$work/card" >"$out" 2>&1 && grep -q "^0 errors" "$out"
tap $? "lint finds no error in it"
works "the same with AES-256, P-521 and a signer with RSA" '{"chip.pace":"ecdh-cam/aes256/18,ecdh-im/aes256/18","chip.ca-curve":"P-521",
	"chip.ca-cipher":"aes256","pki.ds-key":"rsa3072","pki.csca-key":"rsa3072"}' '--short'
grep -qE 'PACE-CAM +passed' "$out"
tap $? "... whose key proves the chip"
trusting() { # name, options of pki cvca init, key of Chip Authentication
	station own '{"chip.cvca":"cv/cvca-1.cvcert","chip.ca-curve":"'"$3"'"}'
	N=${numbers[0]}
	# shellcheck disable=SC2086 # options are words
	"$cccd" pki cvca init $2 >>"$out" 2>&1 && "$cccd" pki cvca dv >>"$out" 2>&1 &&
		"$cccd" pki cvca terminal --rights dg3 >>"$out" 2>&1 && "$cccd" lab run --chips 1 -- sh -c '
		"$CCCD" card issue "$N" && "$CCCD" card inspect --number "$N"' >>"$out" 2>&1 &&
		grep -q 'VERDICT: PASSED.*original' "$out" &&
		grep -q 'Terminal Authentication *passed.*DG3 yes, DG4 no' "$out"
	tap $? "$1"
}
trusting "Terminal Authentication at an issued card" "" brainpoolP256r1
trusting "the same with RSA, after Chip Authentication with DH" "--rsa 2048" dh1
works "a passport-like chip" '{}' '--personality icao'
works "short length" '{}' '--short'
works "names in capitals, pages of the store in 8 MiB" '{"dg13.name-case":"upper","store.cache-mib":8}'
refused '{"lds.version":"9"}' 'lds.version'
refused '{"store.cache-mib":3}' 'store.cache-mib: 0, or 8 to 262144'
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
