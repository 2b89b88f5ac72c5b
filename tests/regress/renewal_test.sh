#!/usr/bin/env bash
# The card that goes in another's place bears its own day of issue and its own expiry, though the record has the old card's.
set -u
. tests/support/station.sh
if ! command -v pcscd >/dev/null; then
	echo "ok 1 - a card in another's place # SKIP no pcscd"
	echo "1..1"
	exit 0
fi
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
cp $people/photos/g02.jpg $people/photos/g04.jpg "$work/"
row() { printf '{"number":"%s","full_name":"Nguyễn Văn Đức","birth_date":"1999-03-10","sex":"male","nationality":"Việt Nam","origin":"Hà Nội","residence":"Hà Nội","father":"%s","photo":"%s"%s}\n' "$@"; }
{
	row 001099000000 "Nguyễn An" g02.jpg ',"issue_date":"2015-01-01"'
	row 002099000000 "Nguyễn Bình" g04.jpg ',"issue_date":"2025-02-03","expiry_date":"2039-03-10"'
} >"$work/people.jsonl"
run 0 "a station" "" "$cccd" pki init
run 0 "two people with cards: one has expired, one is lost" "Imported: 2" "$cccd" registry import "$work/people.jsonl"
run 3 "the expired card holds a first one, and the way is told" "apply NUMBER --kind exchange" "$cccd" registry check 001099000000
run 3 "no first card" "" "$cccd" registry apply 001099000000 --kind first
run 0 "an exchange is accepted all the same" "" "$cccd" registry apply 001099000000 --kind exchange --reason age --officer Hà
run 0 "and the check agrees" "" "$cccd" registry check 001099000000
run 0 "a lost card is applied for again" "" "$cccd" registry apply 002099000000 --kind reissue --reason lost --officer Hà
export TZ=Asia/Ho_Chi_Minh
before=$(date +%d/%m/%Y)
run 0 "the exchanged card is issued and read" "" "$cccd" lab run --chips 1 -- sh -c \
	'"$CCCD" card issue 001099000000 && "$CCCD" card inspect --number 001099000000 --dump "$WORK/one"'
run 0 "the lost one's too" "" "$cccd" lab run --chips 1 -- sh -c \
	'"$CCCD" card issue 002099000000 && "$CCCD" card inspect --number 002099000000 --dump "$WORK/two"'
after=$(date +%d/%m/%Y)
for card in one two; do
	grep -qaE "$before|$after" "$work/$card"/*13*
	tap $? "card $card: issued on the day it was made"
	grep -qaE '9903[0-9]{3}M390310' "$work/$card"/*1.bin "$work/$card"/*1* 2>/dev/null
	tap $? "card $card: until 40"
	! grep -qaE '01/01/2015|03/02/2025' "$work/$card"/*
	tap $? "card $card: nothing of the old card's dates"
done
run 0 "whose card is new is not due" "^0 " "$cccd" registry due --days 0
echo "1..$n"
exit $bad
