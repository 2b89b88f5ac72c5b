#!/usr/bin/env bash
# `cccd pki init | show`: one go, refused twice, finished after a break at any point, and the openssl command agrees.
set -u
cccd=${CCCD:-$PWD/${BUILD:-build/gcc}/cccd}
dir=$(mktemp -d "${TMPDIR:-/tmp}/cccd-pki-XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
. tests/support/command.sh
cd "$dir" || exit 1
run() { "$cccd" --lang en --password-file pw "$@" >out 2>err; echo $?; }
field() { node -e 'const o=JSON.parse(require("fs").readFileSync("out","utf8"));console.log(eval("o."+process.argv[1]))' "$1"; }
pem() { openssl x509 -inform der -in "$1" -out "$2" 2>/dev/null; }
echo 'a password' >pw
echo 'another' >pw2
unset CCCD_HOME CCCD_PASSWORD_FILE

is "dry run says what it would do" "$(run pki init --home h --dry-run)" 0
is "dry run makes nothing" "$(test -e h && echo there)" ""
# Doc 9303-12 4.1.6.3 wants explicit domain parameters, which OpenSSL's own chain check refuses: it judges named ones here.
is "init" "$(run pki init --home h --params named --json)" 0
is "init says it was new" "$(field resumed)" false
is "home is private" "$(stat -c %a h h/keys.ccks | tr '\n' ' ')" "700 600 "
is "trust anchor is the country signer" "$(cmp h/certs/csca-1.cer h/trust/csca-1.cer && echo same)" same
is "second init is refused" "$(run pki init --home h)" 1
is "second init names the reason" "$(grep -c pki.exists err)" 1
is "show" "$(run pki show --home h --json)" 0
is "show lists the keys" "$(field 'keys.map(k=>k.label).join()')" csca-1,ds-1,perso-master,registry-data
is "show lists the certificates" "$(field 'certificates.map(c=>c.file+":"+c.status).join()')" \
	certs/csca-1.cer:valid,certs/ds-1.cer:valid
is "wrong password is not allowed" "$("$cccd" pki show --home h --password-file pw2 >out 2>err; echo $?)" 4
pem h/certs/csca-1.cer csca.pem
pem h/certs/ds-1.cer ds.pem
is "openssl verifies the country signer" "$(openssl verify -x509_strict -check_ss_sig -CAfile csca.pem csca.pem 2>&1)" "csca.pem: OK"
is "openssl verifies the document signer" "$(openssl verify -x509_strict -CAfile csca.pem ds.pem 2>&1)" "ds.pem: OK"

# A break after any step leaves a part of the files; running again finishes, and the keys that were there are kept.
key_of() { openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform der 2>/dev/null | sha256sum; }
before=$(key_of csca.pem)
for gone in certs/ds-1.cer trust/csca-1.cer "certs/ds-1.cer trust/csca-1.cer certs/csca-1.cer"; do
	for f in $gone; do rm "h/$f"; done
	is "finished after the loss of $gone" "$(run pki init --home h --json)" 0
	is "and says so" "$(field resumed)" true
	pem h/certs/csca-1.cer csca.pem
	pem h/certs/ds-1.cer ds.pem
	is "chain is good again" "$(openssl verify -CAfile csca.pem ds.pem 2>&1)" "ds.pem: OK"
	is "the key is the old one" "$(key_of csca.pem)" "$before"
done
rm h/certs/ds-1.cer
is "finishing with another curve is refused" "$(run pki init --home h --curve P-384)" 1
is "and names the reason" "$(grep -c pki.other-key err)" 1
rm h/keys.ccks
is "certificates of a lost key store are refused" "$(run pki init --home h)" 1
is "and no new key store is made" "$(test -e h/keys.ccks && echo there)" ""

is "by default" "$(run pki init --home d --json)" 0
is "EC parameters are as Doc 9303-12 wants them" "$(field 'certificates.map(c=>c.parameters).join()')" explicit,explicit
is "and our own lint has nothing to say" "$(run pki verify d/certs/ds-1.cer --home d && grep -c named-curve out)" "0
0"
is "options" "$(run pki init --home x --curve P-384 --hash sha384 --params explicit --country DE --country-icao D \
	--organization 'Cục Cảnh sát' --document-years 10 --json)" 0
is "curve" "$(field 'certificates[1].curve')" P-384
is "explicit parameters" "$(field 'certificates[0].parameters')" explicit
is "UTF-8 name" "$(field 'certificates[0].subject')" "C=DE,O=Cục Cảnh sát,CN=CSCA-D"
is "signing follows the options" "$(node -p 'const s=JSON.parse(require("fs").readFileSync("x/settings.json"));s["pki.hash"]+s["pki.curve"]')" \
	sha384P-384
pem x/certs/csca-1.cer x.pem
is "openssl sees explicit parameters" "$(openssl x509 -in x.pem -noout -text | grep -c 'Field Type: prime-field')" 1

# ---- kinds of keys: RSA, and country signer and document signer on different curves
for pair in "rsa4096 rsa2048 pss rsassaPss" "rsa3072 rsa2048 pkcs1 sha256WithRSAEncryption" "brainpoolP384r1 P-256 pss ecdsa-with-SHA256" \
	"rsa2048 brainpoolP256r1 pss rsassaPss"; do
	read -r csca ds padding want <<<"$pair"
	rm -rf k
	is "init with $csca, $ds, $padding" "$(run pki init --home k --csca-key "$csca" --ds-key "$ds" --rsa-padding "$padding" --params named --json)" 0
	is "keys of the certificates" "$(field 'certificates.map(c=>c.key.toLowerCase().replace("rsa-","rsa")).join()')" "${csca,,},${ds,,}"
	pem k/certs/csca-1.cer k.pem
	pem k/certs/ds-1.cer kd.pem
	is "openssl verifies the chain" "$(openssl verify -x509_strict -CAfile k.pem kd.pem 2>&1)" "kd.pem: OK"
	is "signed with $want" "$(openssl x509 -in kd.pem -noout -text | grep -m1 'Signature Algorithm' | grep -c "$want")" 1
done
rm k/certs/ds-1.cer
is "finishing with another key is refused" "$(run pki init --home k --ds-key rsa2048)" 1
is "a key that is none is a usage error" "$(run pki init --home y --csca-key rsa1024)" 2
is "a padding that is none is a usage error" "$(run pki init --home y --rsa-padding oaep)" 2
is "a station with its keys in a file isn't turned into one with a token" "$(run pki init --home x --keystore pkcs11)" 1
is "and its settings still say so" "$(grep -c pkcs11 x/settings.json)" 0
is "bad curve is a usage error" "$(run pki init --home y --curve nonsense)" 2
is "bad country is a usage error" "$(run pki init --home y --country vn)" 2
echo "1..$n"
exit $bad
