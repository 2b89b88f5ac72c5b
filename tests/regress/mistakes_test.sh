#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An officer in a hurry: what is mistyped, misplaced or forbidden is told in Vietnamese with the next action, and the action works.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/station.sh
export CCCD_LANG=vi
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
ok "a station" "$cccd" pki init
folder="$work/Hồ sơ quầy"
mkdir -p "$folder"
{
	echo 'Số định danh,Họ và tên,Ngày sinh,Giới tính,Quốc tịch,Họ tên cha,"Họ, chữ đệm và tên mẹ",Chiều cao'
	echo '001222000000,Đỗ Minh Khôi,12/08/2022,Nam,Việt Nam,,,1'
	echo '001224000000,Đỗ Minh Khuê,12/08/2024,Nam,Việt Nam,Đỗ Văn An,Nguyễn Thị Hà,1'
	echo '079190000000,Lê Văn Hải,31/02/1990,Nam,Việt Nam,,,1'
	echo '048187000000,Phạm Thị Tuyết,05/05/1987,Gái,Việt Nam,,,1'
} >"$folder/dân cư.csv"
says() { # name, pattern in what the last command said
	grep -qE -- "$2" "$out"
	tap $? "$1"
}
import() { "$cccd" registry import "$folder/dân cư.csv" "$@"; }
run 3 "a dry run leaves no file of rejects in the way" "Không nhập được: 2" import --rejects "$folder/trả lại.csv" --dry-run
is "... none" "$(ls "$folder")" "dân cư.csv"
run 3 "the run that counts names a column that nobody knows" "Chiều cao, vị trí 8: Hàng có trường lạ" import --rejects "$folder/trả lại.csv"
is "... forms' headings are known" "$(grep -c 'trường lạ' "$out")" 1
says "... the values that a field takes" "giới tính \(sex\): .*Giới tính: Nam, Nữ"
says "... how a date is written" "Viết 15/02/1990"
says "... a hold in the officer's words" "người đại diện \(representative\): Trẻ dưới 14 tuổi"
next=$(sed -n 's/^Việc cần làm: .* rồi nhập lại: //p' "$out")
sed -i 's/31\/02/28\/02/; s/Gái/Nữ/' "$folder/trả lại.csv"
run 0 "the command it names, typed as told" "Nhập mới: 2" eval "\"$cccd\" ${next#cccd}"
run 3 "a child without a parent" "phiếu DC02: cccd registry correct" "$cccd" registry check 001222000000
run 0 "... who is written by that form" "người đại diện: \(trống\) → Đỗ Văn An" "$cccd" registry correct 001222000000 "người đại diện" "Đỗ Văn An" --evidence "Giấy khai sinh" --officer "A"
run 0 "... approved by another" "đã duyệt" "$cccd" registry approve 1 --officer "B"
run 0 "... may have a card" "cấp được" "$cccd" registry check 001222000000
run 0 "dates as the forms have them" "12/08/2022" "$cccd" registry find khoi
run 0 "words of the forms as values" "→ đã ly hôn" "$cccd" registry correct 079190000000 "Tình trạng hôn nhân" "Đã ly hôn" --evidence "Quyết định 3" --officer "A"
run 2 "a field that none has: an example" 'ví dụ "Quê quán"' "$cccd" registry correct 079190000000 "Chiều cao" "1" --evidence x --officer A
run 3 "a row that differs from what is there" "cccd registry correct" import
run 1 "a folder that is not there" "Không tìm thấy tệp hoặc thư mục" import --rejects "$work/không có/trả lại.csv"

mv "$CCCD_HOME/keys.ccks" "$work/keys"
run 1 "keys that were lost are restored, not made again" "khôi phục keys.ccks" "$cccd" registry find do
mv "$work/keys" "$CCCD_HOME/keys.ccks"
mkfifo "$work/rows.jsonl"
"$cccd" registry import "$work/rows.jsonl" >"$out" 2>&1 &
import=$!
exec 3>"$work/rows.jsonl" # opened by both: the import is at work
kill -INT $import
wait $import
is "an import that is interrupted ends by its signal" $? 130
exec 3>&-
says "... and says how to go on" "chạy lại đúng lệnh này"
run 2 "nobody named for a card" "Chưa rõ cấp thẻ cho ai" "$cccd" card issue
run 2 "... or two" "chỉ một trong hai" "$cccd" card issue --next 001224000000
run 2 "... or a number with a digit missing" "12 chữ số" "$cccd" card issue 00122400000
run 1 "a file of an MRZ that is not there" "Không tìm thấy tệp" "$cccd" card inspect --mrz "$work/mrz.txt"
run 2 "an MRZ that is none" "MRZ" "$cccd" card inspect --mrz "IDVNM123"
echo old >"$work/chứng cứ.cose"
run 1 "evidence of another inspection is not written over" "file.exists" "$cccd" card inspect --number 001222000000 --evidence "$work/chứng cứ.cose"
is "... it is there" "$(cat "$work/chứng cứ.cose")" old
cat >"$work/giấy tờ.json" <<'J'
{"number": "048187000000", "sources": [
 {"source": "birth-certificate", "document": "Giấy khai sinh số 5", "date": "1987-06-01", "fields": {"Quê quán": "Phường Hải Châu, Đà Nẵng"}}]}
J
run 0 "documents that say more than the record" "phiếu sửa số" "$cccd" registry reconcile "$work/giấy tờ.json" --officer A
next=$(sed -nE 's/^ *phiếu sửa số [0-9]+: cccd (.*) TÊN$/\1/p' "$out")
run 0 "the command it names, typed as told" "đã duyệt" "$cccd" $next B
run 0 "a file of documents is made after the help's example" '"source": "birth-certificate"' "$cccd" registry reconcile --help

run 2 "a number with one digit too few is none of nobody's" "12 chữ số" "$cccd" registry find 00122200000
run 0 "no package yet" "Chưa có gói nào" "$cccd" exchange list
ok "another station" env CCCD_HOME="$work/đội" sh -c 'echo "{}" >/dev/null; "$CCCD" pki init'
echo '{"station.name": "Đội 1"}' >"$work/đội/settings.json"
CCCD_HOME="$work/đội" "$cccd" exchange identity "$work/đội.id" >"$out"
grouped=$(grep -oE '[0-9A-F]{64}' "$out" | cut -c1-16 | sed 's/..../& /g')
run 3 "a fingerprint that is wrong" "" "$cccd" exchange peer "$work/đội.id" --fingerprint "0000 0000 0000 0000"
run 0 "a fingerprint as it is told by phone, in groups" "Đội 1" "$cccd" exchange peer "$work/đội.id" --fingerprint "$grouped"
run 0 "whom we know" "Trạm đã ghim: Đội 1" "$cccd" exchange list
run 1 "a name that nobody has: where the names are" "cccd exchange list" "$cccd" exchange make "$work/gói" --to "Đội 2" 001224000000
run 0 "a certificate is judged in Vietnamese" "chứng thư quốc gia \\(CSCA\\)" "$cccd" pki verify "$CCCD_HOME/certs/ds-1.cer"
is "... the whole of it" "$(grep -cE 'country signer|revocation list|signed by' "$out")" 0
run 0 "a file as pki show names it, from any folder" "Document Signer 1" "$cccd" pki show certs/ds-1.cer
run 1 "a certificate to revoke that is not there" "Không tìm thấy tệp" "$cccd" pki crl --revoke certs/ds-9.cer --dry-run
run 1 "the national registry can't be reached: why, and what now" "Lần gửi hỏng gần nhất: .*" sh -c '"$CCCD" registry apply 001224000000 --kind first --officer A >/dev/null; "$CCCD" registry feed --url http://127.0.0.1:9 --once'
says "... what now" "--once --now"

if [ "$(id -u)" = 0 ]; then
	nobody() { setpriv --reuid=65534 --clear-groups "$@"; }
	chmod 755 "$work"
	chmod 700 "$CCCD_HOME"
	run 4 "a file that may not be written" "file.denied" nobody "$cccd" registry sample 3 --output "$work/x.jsonl"
	run 4 "a folder of others is forbidden, not missing" "home.denied" nobody "$cccd" registry find do
	is "... and no new station is made" "$(grep -c 'Tạo bằng' "$out")" 0
fi
echo "1..$n"
exit $bad
