#!/usr/bin/env bash
# Files that a register's officer gives and gets: what stands in the way of an import is named before a row is taken, and what
# comes out can be read again.
set -u
. tests/support/station.sh
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
run 0 "a station" "" "$cccd" pki init

head='Số định danh,Họ và tên,Ngày sinh,Giới tính,Quốc tịch,Nơi thường trú'
row() { printf '%s090000000,%s,15/02/1990,Nam,Việt Nam,"%s"\n' "$1" "$2" "${3:-Hà Nội}"; }

# ---- UTF-16, which Excel calls "Unicode text"
{ echo "$head"; row 001 "Nguyễn Văn Đức"; } >"$work/utf8.csv"
{ printf '\xff\xfe'; iconv -f UTF-8 -t UTF-16LE "$work/utf8.csv"; } >"$work/excel.csv"
iconv -f UTF-8 -t UTF-16BE "$work/utf8.csv" >"$work/big.csv"
run 1 "UTF-16 is named, with the way out" "CSV UTF-8" "$cccd" registry import "$work/excel.csv"
run 1 "UTF-16 without a mark too" "CSV UTF-8" "$cccd" registry import "$work/big.csv"
run 1 "also when another encoding is named" "CSV UTF-8" "$cccd" registry import "$work/excel.csv" --encoding tcvn3
run 1 "a folder is called a folder" "a folder, not a file" "$cccd" registry import "$work"

echo "$head" >"$work/heading.csv"
run 0 "a heading without rows is told" "no row in this file" "$cccd" registry import "$work/heading.csv"

# ---- one file of two offices' encodings
for pair in TCVN5712-1/CP1258 TCVN5712-1/UTF-8 CP1258/TCVN5712-1 CP1258/UTF-8; do
	{ echo "$head"; row 002 "Đặng Hữu Nghĩa"; row 004 "Nguyễn Thế Kỷ"; row 006 "Phạm Ngọc Ưởng"; row 008 "Hoàng Thị Huệ"; } |
		iconv -f UTF-8 -t "${pair%/*}" >"$work/two.csv"
	{ row 010 "Lê Văn Hưng"; row 011 "Hồ Bá Kê"; } | iconv -f UTF-8 -t "${pair#*/}" >>"$work/two.csv"
	rm -f "$work/rejects.csv"
	run 3 "$pair: both rows of the other encoding" "line 7: .*in another encoding" \
		"$cccd" registry import "$work/two.csv" --rejects "$work/rejects.csv" --dry-run
	is "$pair: and no other row" "$(grep -c 'another encoding' "$out"), $(grep 'Not imported' "$out")" "2, Not imported: 2"
done

# ---- the file for refused rows
run 0 "nothing is refused" "Not imported: 0" "$cccd" registry import "$work/utf8.csv" --rejects "$work/none.csv"
[ ! -e "$work/none.csv" ]
tap $? "then no empty file is left"
run 0 "and the same command runs again" "Unchanged: 1" "$cccd" registry import "$work/utf8.csv" --rejects "$work/none.csv"
{ echo "$head"; row 012 "Lê Văn 4"; } >"$work/bad.csv"
run 3 "a refused row is kept" "" "$cccd" registry import "$work/bad.csv" --rejects "$work/kept.csv"
run 1 "and what to do with the file is said" "mend and import them first" \
	"$cccd" registry import "$work/bad.csv" --rejects "$work/kept.csv"

# ---- what the sample for the papers says, a program reads again
{ echo "$head"; row 014 'Trần Bá Lộc' 'Số 1, ""ngõ cũ"", Sơn La'; } >"$work/quotes.csv"
run 0 "an address with quotes" "Imported: 1" "$cccd" registry import "$work/quotes.csv"
"$cccd" registry recheck >"$work/sample.csv" 2>"$out"
sed '1s/wrong/nationality/; 2,$s/,$/,Việt Nam/; s/^"014/"015/' "$work/sample.csv" >"$work/again.csv"
run 0 "is quoted right in the sample" "Rows: 2" "$cccd" registry import "$work/again.csv" --dry-run
grep -q '"Số 1, ""ngõ cũ"", Sơn La"' "$work/sample.csv"
tap $? "with each quote doubled"

sed '2s/,$/,quê quán/' "$work/sample.csv" >"$work/filled.csv"
run 3 "filled in, it says how much is wrong" "001 .* 1 .* 100.0 %" "$cccd" registry recheck --results "$work/filled.csv"
grep -q "^origin: 1" "$out"
tap $? "and in which field"
run 0 "nothing is wrong, of so few" "At most" "$cccd" registry recheck --results "$work/sample.csv"

# ---- a photo taken again
photos=$PWD/$people/photos
run 0 "the first photo" "photo added, Hà" "$cccd" registry photo 014090000000 "$photos/g02.jpg" --officer Hà
run 4 "another in its place needs a second officer" "--approved-by" "$cccd" registry photo 014090000000 "$photos/g03.jpg" --officer Hà
run 0 "with one, and a reason" "photo replaced, Hà .*agreed Cúc, reason: eyes shut" \
	"$cccd" registry photo 014090000000 "$photos/g03.jpg" --officer Hà --approved-by Cúc --reason "eyes shut"
run 0 "who did it is booked" "2 changes of the photo" "$cccd" registry photo 014090000000
run 0 "another person" "photo added" "$cccd" registry photo 001090000000 "$photos/g03.jpg" --officer Hà
run 3 "with the same photo: held, and the way out is named" "already used for another person" "$cccd" registry check 001090000000
grep -q "cccd registry photo NUMBER FILE" "$out"
tap $? "as a command"
run 0 "whose photo was wrong gets another" "photo replaced" \
	"$cccd" registry photo 001090000000 "$photos/g04.jpg" --officer Hà --approved-by Cúc --reason "neighbour's"
run 0 "and both may have a card" "" "$cccd" registry check 014090000000
run 1 "a file that is not there" "missing" "$cccd" registry photo 014090000000 "$work/none.jpg" --officer Hà

# ---- two numbers alike: the desk sees the other one, and has a way out
twin() { printf '{"number":"%s","full_name":"%s","birth_date":"1990-02-15","sex":"female","nationality":"Việt Nam","father":"Lê Văn Hai","residence":"Hà Nội","photo":"%s"}\n' "$@"; }
cp "$photos/g05.jpg" "$photos/g06.jpg" "$work/"
{ twin 040190000000 "Lê Thị Hoa" g05.jpg; twin 042190000000 "Lê Thị Hòa" g06.jpg; } >"$work/twins.jsonl"
run 0 "twins" "Imported: 2" "$cccd" registry import "$work/twins.jsonl"
run 3 "each is held for the other" "= 042190000000: Another number" "$cccd" registry check 040190000000
run 3 "in the check of everybody too" "✗ 042190000000 .*held" "$cccd" registry check --all
run 0 "two officers say that they are two" "are two people" "$cccd" registry distinct 042190000000 040190000000 \
	--officer Hà --approved-by Cúc --reason "two birth certificates"
run 0 "one may have a card" "" "$cccd" registry check 040190000000
run 0 "and so may the other" "" "$cccd" registry check 042190000000

# ---- a dry run says that it was one
cheap_keys "$work/team" "$CCCD_PASSWORD_FILE"
CCCD_HOME=$work/team "$cccd" pki init >/dev/null 2>&1
CCCD_HOME=$work/team "$cccd" exchange identity "$work/team.id" >"$out" 2>&1
print=$(grep -oE '[0-9A-F]{64}' "$out")
run 0 "another station" "Pinned" "$cccd" exchange peer "$work/team.id" --fingerprint "$print"
run 0 "a package that isn't made" "dry run: nothing was changed" \
	"$cccd" exchange make "$work/p" --to cccd-station --dry-run 001090000000
! grep -q "takes it by" "$out"
tap $? "sends nobody to take it"
echo "1..$n"
exit $bad
