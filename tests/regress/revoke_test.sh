#!/usr/bin/env bash
# An officer ends one card: at once, or with a second officer; exit codes, both languages, the next action, JSON, and what every
# other command says of that card and its holder then.
set -u
. tests/support/station.sh
card() { "$cccd" card "$@"; }
registry() { "$cccd" registry "$@"; }
duong=001303000000 khang=040201000000
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "a station" "" "$cccd" pki init
run 0 "people" "" registry import $people/people.jsonl
run 1 "who has no card" "nothing to revoke" card revoke $duong --reason lost --officer "Trần Bình"
run 1 "and in Vietnamese, with the next action" "Kiểm tra lại số định danh" card revoke $duong --reason lost --officer "Trần Bình" --lang vi
run 2 "a reason is needed, and the list is told" "lost, stolen, died, nationality-lost, issued-wrong, altered or withdrawn" card revoke $duong --officer A
run 2 "an officer is needed" "officer" card revoke $duong --reason lost
run 2 "a decision needs its document" "[-]-evidence" card revoke $duong --reason withdrawn --officer A
run 0 "the help has an example" 'cccd card revoke 001303000000 --reason lost --officer' card revoke --help
if ! command -v pcscd >/dev/null; then
	echo "ok $((n += 1)) - cards that end # SKIP no pcscd"
	echo "1..$n"
	exit $bad
fi

lab() { "$cccd" lab run --chips 1 --state "$work/chip-$1" -- "${@:2}"; }
run 0 "a card is issued" "" lab 1 "$cccd" card issue $duong
run 0 "the books know it as active" "active in the books" lab 1 "$cccd" card inspect --number $duong
run 0 "the register shows it" "Card: chip [0-9A-F]{16}, active, issued" registry show $duong
exec 9>"$CCCD_HOME/station.db.lock" && flock 9
exits 3 lab 1 "$cccd" card inspect --number $duong --json 9>&- && json 'v.verdict === "inconclusive" && v.reason === "verdict.books-unread" && v.checks.find(c => c.id === "books").result === "inconclusive"' >"$out" 2>&1
tap $? "while books can't be asked no card passes: it might be revoked"
run 3 "and in Vietnamese" "CHƯA KIỂM TRA được thẻ có bị thu hồi" lab 1 "$cccd" card inspect --number $duong --lang vi 9>&-
grep -q "Hiệu lực theo sổ của trạm .*đang được một chương trình khác dùng.*rồi chạy lại" "$out"
tap $? "with what is in the way, and what to do"
exec 9>&-
(flock 9 && sleep 0.3) 9>"$CCCD_HOME/station.db.lock" &
run 0 "a short command in between is waited for" "active in the books" lab 1 "$cccd" card inspect --number $duong
run 0 "a dry run ends none" "dry run" card revoke $duong --reason lost --officer "Trần Bình" --dry-run
exits 0 card revocations --json && json 'v.revocations.length === 0' >"$out" 2>&1
tap $? "and books none"
run 1 "files that may not grow are told, and end no card" "store[.]" bash -c 'ulimit -f 16; exec "$@"' - "$cccd" card revoke $duong --reason lost --officer "Trần Bình"
run 0 "it is active still" "Card: chip [0-9A-F]{16}, active" registry show $duong
run 3 "the record must say that somebody is dead" "life_status dead" card revoke $duong --reason died --officer A
run 3 "and in Vietnamese" "chưa ghi người này đã chết" card revoke $duong --reason died --officer A --lang vi
run 0 "revoked, with what comes next" "registry apply $duong --kind reissue --reason lost" card revoke $duong --reason lost --officer "Trần Bình" --evidence "Đơn trình báo 5"
exits 0 card revoke $duong --reason lost --officer "Lê Cúc" --json && json 'v.new === false && v.revocation.state === "revoked" && v.revocation.asked_by === "Trần Bình" && v.revocation.evidence === "Đơn trình báo 5"' >"$out" 2>&1
tap $? "the same again is told, and changes nothing"
run 0 "in Vietnamese" "đã bị thu hồi từ trước; không thay đổi gì" card revoke $duong --reason lost --officer "Lê Cúc" --lang vi
run 3 "the card itself, held against the books" "VERDICT: FAILED. This card was revoked" lab 1 "$cccd" card inspect --number $duong --dump "$work/files"
run 3 "in Vietnamese, with reason and next action" "thu hồi: không còn giá trị sử dụng. \\(mất thẻ; " lab 1 "$cccd" card inspect --number $duong --lang vi
[ -s "$out" ] && grep -q "VIỆC CẦN LÀM: Giữ thẻ lại.*cccd card revocations SỐ" "$out"
tap $? "and what to do"
run 0 "the register shows it" "Card: chip [0-9A-F]{16}, REVOKED .*: lost" registry show $duong
run 0 "and in Vietnamese" "Thẻ: chíp [0-9A-F]{16}, ĐÃ THU HỒI .*: mất thẻ" registry show $duong --lang vi
run 0 "who has none is due" "$duong .*thẻ ĐÃ THU HỒI, chưa có thẻ mới" registry due --lang vi
exits 0 registry show $duong --json && json 'v.card.standing === "revoked" && v.card.reason === "lost"' >"$out" 2>&1
tap $? "as JSON"
run 3 "its files too" "revoked" card verify "$work/files"
exits 3 lab 1 "$cccd" card inspect --number $duong --json && json 'v.reason === "verdict.revoked" && v.checks.find(c => c.id === "books").result === "failed"' >"$out" 2>&1
tap $? "as JSON"
run 3 "signed as evidence" "" lab 1 "$cccd" card inspect --number $duong --evidence "$work/evidence"
run 3 "that is judged later" "" card verify-evidence "$work/evidence"
run 1 "for another reason too" "for another reason" card revoke $duong --reason stolen --officer "Lê Cúc"
run 3 "the desk's check says why there is no card" "cccd card revocations NUMBER" registry check $duong
run 3 "no card without an application" "đã bị thu hồi; thẻ mới phải có đề nghị" lab 2 "$cccd" card issue $duong --lang vi
run 3 "and that is no first one" "[-]-kind reissue" registry apply $duong --kind first
run 0 "a reissue is" "" registry apply $duong --kind reissue --reason lost
run 0 "the new card" "" lab 2 "$cccd" card issue --next
run 0 "the new one is active" "active in the books" lab 2 "$cccd" card inspect --number $duong
run 2 "of several cards one must be named" "chip [0-9A-F]{16}" card revoke $duong --reason lost --officer A
chip=$(grep -oE "chip [0-9A-F]{16}" "$out" | cut -d" " -f2)
run 0 "in letters of either case" "REVOKED" card revoke $duong --reason lost --officer A --serial "${chip,,}" --dry-run

run 0 "an exchange" "" registry apply $duong --kind exchange --reason on-request
run 0 "its card" "" lab 4 "$cccd" card issue --next
run 3 "the replaced card fails, with the next action" "Thu lại thẻ cũ này" lab 2 "$cccd" card inspect --number $duong --lang vi

run 0 "another card" "" lab 3 "$cccd" card issue $khang
run 0 "a decision waits for its second officer" "cccd card approve-revocation [0-9]+" card revoke $khang --reason withdrawn --evidence "Quyết định 15" --officer "Trần Bình"
exits 0 card revocations --pending --json && json 'v.revocations.length === 1 && v.revocations[0].number === "'$khang'"' >"$out" 2>&1
tap $? "it is listed"
id=$(node -e 'console.log(JSON.parse(require("fs").readFileSync(process.argv[1])).revocations[0].id)' "$last")
run 4 "who asked can't approve" "another officer" card approve-revocation "$id" --officer "tran binh"
run 4 "and in Vietnamese" "Mời cán bộ khác" card approve-revocation "$id" --officer "Trần Bình" --lang vi
run 0 "another officer can" "REVOKED" card approve-revocation "$id" --officer "Lê Cúc"
run 1 "once" "decided" card approve-revocation "$id" --officer "Lê Cúc"
run 1 "a form that is not there" "no revocation" card approve-revocation 999 --officer A
run 2 "or no number" "form" card approve-revocation x --officer A
exits 0 card revocations $khang --json && json 'v.revocations.map(r => [r.state, r.reason, r.asked_by, r.decided_by].join()).join(";") === "revoked,withdrawn,Trần Bình,Lê Cúc"' >"$out" 2>&1
tap $? "who, when and why stay"
# ---- one person under two numbers, who has a card under the wrong one
cp $people/photos/h02.jpg $people/photos/h03.jpg "$work/"
twin() { printf '{"number":"%s","full_name":"Lê Thị Hoa","birth_date":"1990-02-15","sex":"female","nationality":"Việt Nam","ethnicity":"Kinh","father":"Lê Văn Hai","origin":"Hà Nội","residence":"Hà Nội","photo":"%s"}\n' "$@"; }
twin 040190000000 h02.jpg >"$work/wrong.jsonl"
twin 042190000000 h03.jpg >"$work/right.jsonl"
run 0 "somebody" "" registry import "$work/wrong.jsonl"
run 0 "their card" "" lab 5 "$cccd" card issue 040190000000
run 0 "the same under another number" "" registry import "$work/right.jsonl"
run 0 "that one is the right one" "" registry correct 042190000000 cancelled_number 040190000000 --evidence "Thông báo hủy số" --officer "Trần Bình"
form=$(grep -oE "(Form|Correction) [0-9]+" "$out" | grep -oE "[0-9]+" | head -1)
run 0 "by two officers" "" registry approve "$form" --officer "Lê Cúc"
run 3 "no second card while the first is active" "card revoke" registry check 042190000000
run 3 "nor an application" "cancelled number" registry apply 042190000000 --kind first
run 3 "nor a card" "040190000000|cancelled number" lab 6 "$cccd" card issue 042190000000
run 0 "the first is revoked" "" card revoke 040190000000 --reason lost --officer A
run 0 "and the next one made" "" lab 6 "$cccd" card issue 042190000000

leaks=0
for needle in "Đơn trình báo" "Quyết định 15" $khang; do
	grep -aqF -- "$needle" "$CCCD_HOME"/station.db* && leaks=1 && echo "# found: $needle"
done
[ $leaks = 0 ]
tap $? "what was written lies sealed"
echo "1..$n"
exit $bad
