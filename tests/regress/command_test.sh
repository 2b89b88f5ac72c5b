#!/usr/bin/env bash
# The command line: exit codes, both languages, usage errors that name the word at fault.
set -u
cccd=${CCCD:-build/gcc/cccd}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
unset CCCD_HOME CCCD_LANG CCCD_READER CCCD_PASSWORD_FILE LANG
. tests/support/command.sh
expect() { # name, exit code, pattern, then the command
	local name=$1 code=$2 pattern=$3 out rc good
	shift 3
	out=$("$cccd" "$@" 2>&1 </dev/null)
	rc=$?
	[ $rc = "$code" ] && grep -qE -- "$pattern" <<<"$out"
	good=$?
	tap $good "$name"
	[ $good = 0 ] || printf '# exit %s: %s\n' "$rc" "$out"
}
expect "no word shows the help in Vietnamese" 0 'Tùy chọn chung'
expect "help in English" 0 'Options everywhere' --lang en --help
expect "version" 0 '^cccd [0-9]' --version
expect "unknown noun names it" 2 'không có lệnh: frobnicate' frobnicate
expect "unknown noun in English" 2 'no such command: frobnicate' --lang en frobnicate
expect "unknown option names it" 2 'no such option: --colour' doctor --colour --lang en
expect "option without value" 2 'needs a value: --home' --lang en doctor --home
expect "switch with value" 2 'takes no value: --json=1' --lang en doctor --json=1
expect "bad language" 2 '--lang' --lang fr doctor
expect "too many arguments" 2 'too many: extra' --lang en doctor extra
expect "help of one noun" 0 'cccd pki show' pki --help
! "$cccd" pki --help | grep -q 'cccd registry'
tap $? "and of no other"
expect "help of a noun in a language" 0 'Options everywhere' help pki --lang en
expect "help before the words" 0 'cccd pki show' help pki show
expect "help of one command" 0 'cccd doctor' doctor --help
expect "a usage error names the command's own help" 2 'Xem: cccd registry sample --help' registry sample
expect "an option that isn't there, though short" 2 'không có tùy chọn: -x' registry sample 3 -x
expect "a path with spaces, not quoted" 2 'ngoặc kép' registry import Hồ sơ 1.csv
expect "a bad value: those that are good" 2 'vi\|en' --lang fr doctor
expect "words in the wrong order" 2 'Có phải: cccd registry find' find registry
expect "a mistyped verb" 2 'Có phải: cccd registry find' registry fnd
expect "a mistyped noun" 2 'Did you mean: cccd card issue' --lang en crad issue 001303000000
! "$cccd" xyzzy plugh 2>&1 | grep -q 'Có phải'
tap $? "nothing is like it: nothing is guessed"
without=$("$cccd" --help | grep -oE '^  cccd [a-z]+( [a-z-]+)?' | sort -u | while read -r _ noun verb; do
	"$cccd" "$noun" $verb --help | grep -q '^Ví dụ:' || echo "$noun $verb"
done)
is "every command's help has an example" "$without" ""
mkdir -p "$home/h" && chmod 700 "$home/h"
"$cccd" doctor --home "$home/h" --json >"$home/out" 2>/dev/null
grep -q '"id":"keystore","result":"warning"' "$home/out"
tap $? "doctor says that the key store is missing"
chmod 755 "$home/h"
expect "doctor refuses a folder that others can read" 3 'chmod 700' --lang en doctor --home "$home/h"
chmod 700 "$home/h"
echo '{"pki.curv": "x"}' >"$home/h/settings.json"
expect "a mistyped setting is named" 3 'pki.curv' --lang en doctor --home "$home/h"
echo '{"pki.curve"' >"$home/h/settings.json"
expect "settings that are not JSON" 3 'settings.json: line [0-9]' --lang en doctor --home "$home/h"
expect "settings that are not JSON are shown by nobody" 1 'settings.json' --lang en settings --home "$home/h"
echo '{"pki.curve": "P-384"}' >"$home/h/settings.json"
expect "settings: what holds, and the default" 0 'pki.curve = "P-384"  \(default "brainpoolP256r1"\)' --lang en settings --home "$home/h"
expect "settings in Vietnamese" 0 'mặc định "brainpoolP256r1"' --lang vi settings --home "$home/h"
[ "$("$cccd" settings --json --home "$home/h" | grep -c '"help": "..')" -ge 51 ]
tap $? "settings as JSON, each with its meaning"
