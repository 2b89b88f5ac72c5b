#!/usr/bin/env bash
# cccd reader without a pcscd: exit code 5, a sentence and the next action in both languages, nothing on stdout. TAP.
set -u
: "${CCCD:=build/gcc/cccd}"
export PCSCLITE_CSOCK_NAME=/nonexistent/pcscd.comm
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
. tests/support/command.sh

for verb in list watch; do
	"$CCCD" reader "$verb" --lang en >"$out/out" 2>"$out/err"
	[ $? -eq 5 ] && [ ! -s "$out/out" ] && grep -q 'pcscd' "$out/err" && grep -q 'Start pcscd' "$out/err"
	tap $? "reader $verb: no service, in English"
	"$CCCD" reader "$verb" --lang vi >"$out/out" 2>"$out/err"
	[ $? -eq 5 ] && [ ! -s "$out/out" ] && grep -q 'Khởi động lại dịch vụ pcscd' "$out/err"
	tap $? "reader $verb: no service, in Vietnamese"
done
"$CCCD" reader list --json >"$out/out" 2>"$out/err"
[ $? -eq 5 ] && [ ! -s "$out/out" ] && grep -q 'pcscd.absent' "$out/err"
tap $? "reader list --json: the stable key is named"
"$CCCD" reader list extra >"$out/out" 2>"$out/err"
[ $? -eq 2 ]
tap $? "reader list: no arguments"
"$CCCD" reader steal >"$out/out" 2>"$out/err"
[ $? -eq 2 ]
tap $? "reader: unknown verb"
echo "1..$n"
