#!/usr/bin/env bash
# A station whose keys are all in a token: it issues, inspects and verifies; nothing private can be read out; the token pulled in
# the middle of a batch loses nothing.
set -u
BUILD=${BUILD:-build/gcc}
cccd=$(realpath "${CCCD:-$BUILD/cccd}")
shim=$(realpath "$BUILD/tests/pkcs11_shim.so")
module=/usr/lib/softhsm/libsofthsm2.so
people=tests/data/people
if [ ! -r $module ] || ! command -v softhsm2-util >/dev/null; then
	echo "ok 1 - softhsm2 is not installed # SKIP"
	exit 0
fi
work=$(mktemp -d)
tokens=$(mktemp -d /dev/shm/cccd-token-XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$work" "$tokens" "$tokens.away"' EXIT
export CCCD=$cccd CCCD_HOME=$work/home CCCD_LANG=en WORK=$work TOKENS=$tokens SOFTHSM2_CONF=$work/softhsm2.conf
unset CCCD_READER CCCD_PASSWORD_FILE
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$tokens" >"$SOFTHSM2_CONF"
(umask 077 && head -c 300 /dev/urandom | tr -dc 0-9 | head -c 16 >"$work/pin")
pin=$(cat "$work/pin")
out=$work/out
. tests/support/command.sh
softhsm2-util --init-token --free --label station --pin "$pin" --so-pin 99887766 >/dev/null
init=(pki init --keystore pkcs11 --token station --pin-file "$work/pin")

# ---- the station is made
run 1 "init without a module" "keystore.module" "$cccd" "${init[@]}" --module /nonexistent.so
run 5 "init without the token" "keystore.hsm-gone" "$cccd" "${init[@]}" --module $module --token other
run 0 "init makes the keys in the token" "" "$cccd" "${init[@]}" --module $module --csca-key rsa3072 --ds-key P-256 --params named
[ ! -e "$work/home/keys.ccks" ]
tap $? "there is no key store file"
run 1 "a second init makes nothing" "pki.exists" "$cccd" pki init
run 0 "show lists the keys of the token" "csca-1 +rsa +3072" "$cccd" pki show
"$cccd" doctor >"$work/out" 2>&1
grep -qE "✓ keystore .*$module.*station" "$work/out"
tap $? "doctor names module and token" "$work/out"
run 0 "import of the people" "" "$cccd" registry import $people/people.jsonl
mapfile -t numbers < <(grep -oE '"number": *"[0-9]{12}"' $people/people.jsonl | grep -oE '[0-9]{12}')
export N=${numbers[0]} M=${numbers[1]} P=${numbers[2]} Q=${numbers[3]}

# ---- a card
run 0 "issue and inspect a card" "" "$cccd" lab run --chips 1 -- sh -c '
	"$CCCD" card issue "$N" && "$CCCD" card inspect --number "$N" --dump "$WORK/card"'
run 0 "card verify on the dump" "" "$cccd" card verify "$work/card" --trust "$work/home/trust"

# ---- the token is pulled in the middle of a batch, and put back: nothing is lost, nobody gets two
export SHIM=$shim MODULE=$module
cat >"$work/batch.sh" <<'B'
"$CCCD" reader list --json | node -e '
	console.log(JSON.parse(require("fs").readFileSync(0)).readers.map(r => r.name).join("\n"))' >"$WORK/readers"
reader() { sed -n "$1p" "$WORK/readers"; }
through() { sed -i "s|\"keystore.module\": *\"[^\"]*\"|\"keystore.module\": \"$1\"|" "$CCCD_HOME/settings.json"; }
issue() { "$CCCD" --reader "$(reader "$1")" card issue "$2"; }
pulled() { # exit code of a command that met no token, its message
	[ "$1" = 5 ] && grep -q keystore.hsm-gone "$2" || { cat "$2"; echo "exit $1"; return 1; }
}
issue 1 "$M" || exit 11
# before a card
mv "$TOKENS" "$TOKENS.away" && mkdir "$TOKENS"
issue 2 "$P" >"$WORK/before" 2>&1
pulled $? "$WORK/before" || exit 12
rmdir "$TOKENS" && mv "$TOKENS.away" "$TOKENS"
issue 2 "$P" || exit 13
# while its keys are derived, then when its EF.SOD is to be signed
through "$SHIM"
CCCD_PKCS11_FAULT="C_Sign 30 32 gone" issue 3 "$Q" >"$WORK/keys" 2>&1
pulled $? "$WORK/keys" || exit 14
CCCD_PKCS11_FAULT="C_Sign 37 32 gone" issue 3 "$Q" >"$WORK/sign" 2>&1
pulled $? "$WORK/sign" || exit 15
through "$MODULE"
issue 4 "$Q" >"$WORK/other" 2>&1 && exit 16
"$CCCD" --reader "$(reader 3)" card issue "$Q" --json >"$WORK/resumed.json" || exit 17
grep -q '"resumed_from": *"' "$WORK/resumed.json" || { cat "$WORK/resumed.json"; exit 18; }
"$CCCD" --reader "$(reader 1)" card inspect --number "$M" || exit 19
"$CCCD" --reader "$(reader 2)" card inspect --number "$P" || exit 20
"$CCCD" --reader "$(reader 3)" card inspect --number "$Q" || exit 21
B
run 0 "pulled before a card, while its keys are derived, and when it is to be signed: each is issued once" "" \
	"$cccd" lab run --chips 4 -- bash "$work/batch.sh"
grep -q "same chip\|other chip\|issue.other-chip" "$work/other"
tap $? "the half-made card's person gets no second blank" "$work/other"

# ---- what the token says of its keys
if command -v pkcs11-tool >/dev/null; then
	p11() { pkcs11-tool --module $module --token-label station --login --pin "$pin" "$@" 2>&1; }
	p11 --list-objects >"$work/objects"
	private=$(grep -cE '^(Private|Secret) Key Object' "$work/objects")
	[ "$private" -ge 5 ] && [ "$(grep -c 'sensitive, always sensitive, never extractable, local' "$work/objects")" = "$private" ]
	tap $? "all $private private objects: always sensitive, never extractable, made inside" "$work/objects"
	bad=0
	for label in perso-master registry-data; do
		p11 --read-object --type secrkey --label $label --output-file "$work/leak" >/dev/null && [ -s "$work/leak" ] && bad=1
	done
	[ $bad = 0 ]
	tap $? "the token hands no key out"
fi
! grep -raqF -e "$pin" "$work/home" "$work/objects" "$work/out" "$work/keys" "$work/sign"
tap $? "the PIN stands in no file of the home and in no message"
[ "$(stat -c %a "$work/home/keys.lock")" = 600 ]
tap $? "the lock of those that make keys is private"
echo "1..$n"
