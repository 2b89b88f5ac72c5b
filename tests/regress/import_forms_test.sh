#!/usr/bin/env bash
# The command line takes a register as JSON Lines or CSV, in Unicode or an old encoding, and gives the same store; rows that it
# refuses are kept in a file that can be mended and imported again.
set -u
CCCD=${CCCD:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/support/command.sh
export CCCD_PASSWORD_FILE=$work/password CCCD_LANG=en CCCD_HOME=$work/home
unset CCCD_STORE
(umask 077 && echo "a test's password" >"$CCCD_PASSWORD_FILE")
cheap_keys "$CCCD_HOME" "$CCCD_PASSWORD_FILE"
"$CCCD" pki init >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }

cat >"$work/utf8.csv" <<'CSV'
Số định danh;Họ và tên;Ngày sinh;Giới tính;Quốc tịch;Nơi thường trú;Ghi chú
001090000000;Nguyễn Văn Đức;15/02/1990;Nam;Việt Nam;"Số 1; ngõ 2, Phường Phúc Xá, Quận Ba Đình, Hà Nội";x
002191000000;Trần Thị Thùy Dương;03/04/1991;Nữ;Việt Nam;Xã Hòa Bình, Huyện Kim Sơn, Ninh Bình;
003092000000;Lê Hồng Phúc;1992-05-06;Nam;Việt Nam;Thị trấn Quốc Oai, Hà Nội;
CSV
for e in UTF-8 TCVN5712-1 CP1258; do
	iconv -f UTF-8 -t "$e" "$work/utf8.csv" >"$work/people.csv"
	rm -f "$work/home/station.db"*
	"$CCCD" registry import "$work/people.csv" --json >"$work/out" 2>&1
	for p in 001090000000 002191000000 003092000000; do "$CCCD" registry show $p; done >"$work/shown.$e" 2>&1
	grep -q '"imported": 3' "$work/out"
	tap $? "CSV in $e: three people"
	cmp -s "$work/shown.UTF-8" "$work/shown.$e" && grep -q "Nguyễn Văn Đức" "$work/shown.$e" && grep -q "Số 1; ngõ 2" "$work/shown.$e"
	tap $? "CSV in $e: the same people"
done
printf 'Số định danh,Họ và tên\n' >"$work/twice.csv"
printf 'number,Số định danh\n1,2\n' >"$work/both.csv"
"$CCCD" registry import "$work/both.csv" >"$work/out" 2>&1
[ $? -ne 0 ] && grep -q "heading" "$work/out"
tap $? "two columns for one field: told"

# ---- rejects: mended and imported again
cat >"$work/mixed.csv" <<'CSV'
number,full_name,birth_date,sex,nationality
004090000000,Phạm Minh Khuê,1990-02-30,Nam,Việt Nam
005090000000,Đặng Ngọc Ánh,1990-02-15,Nữ,Việt Nam
006090000000,Hồ "Quý,1990-02-15,Nam,Việt Nam
007090000000,Vũ Tâm,1990-02-15,Nam
CSV
"$CCCD" registry import "$work/mixed.csv" --rejects "$work/rejects.csv" --json >"$work/out" 2>&1
[ $? = 3 ] && grep -q '"imported": 1' "$work/out" && [ "$(wc -l <"$work/rejects.csv")" = 4 ]
tap $? "three rows refused, kept under their heading"
[ "$(stat -c %a "$work/rejects.csv")" = 600 ]
tap $? "for their owner alone"
sed -i 's/02-30/02-15/; s/Hồ "Quý/Hồ Quý/; s/Vũ Tâm,1990-02-15,Nam$/&,Việt Nam/' "$work/rejects.csv"
"$CCCD" registry import "$work/rejects.csv" --json >"$work/out" 2>&1 && grep -q '"imported": 3' "$work/out"
tap $? "mended and imported again"
"$CCCD" registry import "$work/mixed.csv" --rejects "$work/rejects.csv" >"$work/out" 2>&1
[ $? -ne 0 ] && grep -q "not overwritten" "$work/out"
tap $? "a file of rejects is not overwritten"

# ---- a dry run of a new station
cheap_keys "$work/new" "$CCCD_PASSWORD_FILE"
CCCD_HOME=$work/new "$CCCD" pki init >"$work/out" 2>&1
find "$work/new" -type f -exec sha256sum {} + | sort >"$work/before"
CCCD_HOME=$work/new "$CCCD" registry import "$work/utf8.csv" --dry-run --json >"$work/out" 2>/dev/null
[ $? = 0 ] && grep -q '"imported": 3' "$work/out"
tap $? "a dry run before the first import counts the rows"
find "$work/new" -type f -exec sha256sum {} + | sort | cmp -s "$work/before" -
tap $? "and writes nothing, no store either"
CCCD_HOME=$work/new "$CCCD" registry find --dry-run đức nguyễn >"$work/out" 2>&1
[ $? = 1 ] && [ ! -e "$work/new/station.db" ]
tap $? "looking in a dry run makes no store"
"$CCCD" registry find duc van nguyen >"$work/out" 2>&1 && grep -q 'Nguyễn Văn Đức' "$work/out"
tap $? "words of a name need no quotation marks"

# ---- an encoding that is not clear is asked for
printf 'number,full_name\n001,stra\xdfe m\xfcller gr\xf6\xdfte\n' >"$work/latin.csv"
"$CCCD" registry import "$work/latin.csv" >"$work/out" 2>&1
[ $? -ne 0 ] && grep -q -- "--encoding" "$work/out"
tap $? "an unclear encoding is asked for"
echo "1..$n"
exit $bad
