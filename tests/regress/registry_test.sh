#!/usr/bin/env bash
# `cccd registry init | import | find | show | check` as an officer runs them: exit codes, both languages, JSON, nothing in the clear.
set -u
cccd=${CCCD:-$PWD/${BUILD:-build/gcc}/cccd}
data=$PWD/tests/data/people
dir=$(mktemp -d "${TMPDIR:-/tmp}/cccd-registry-XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
. tests/support/command.sh
cd "$dir" || exit 1
run() { "$cccd" --lang "${lang:-en}" --home h --password-file pw registry "$@" >out 2>err; echo $?; }
field() { node -e 'const o=JSON.parse(require("fs").readFileSync("out","utf8"));console.log(eval("o."+process.argv[1]))' "$1"; }
echo 'a password' >pw
unset CCCD_HOME CCCD_PASSWORD_FILE

is "a missing home is told" "$(run import "$data/people.jsonl")" 1
is "and how to make one" "$(grep -c 'cccd pki init' err)" 1
cheap_keys h pw
"$cccd" pki init --home h --password-file pw >/dev/null 2>&1
is "init" "$(run init --json)" 0
is "init: nobody yet" "$(field people)" 0

is "dry run" "$(run import --dry-run --json "$data/people.jsonl")" 0
is "dry run tells what it would do" "$(field dry_run) $(field counts.imported)" "true 24"
is "dry run imported nobody" "$(run init --json; field people)" "0
0"
is "import" "$(run import --json "$data/people.jsonl")" 0
is "import: 24 people, none held" "$(field 'counts.imported') $(field counts.held) $(field counts.refused)" "24 0 0"
is "import again" "$(run import --json "$data/people.jsonl")" 0
is "import again changes nothing" "$(field counts.unchanged) $(field counts.imported)" "24 0"
is "every one of them may be issued" "$(run check --all --json; field people) $(field held)" "0
24 0"
is "held people are no failure" "$(run import --json "$data/held.jsonl")" 0
is "held people are counted" "$(field counts.imported) $(field counts.held)" "10 10"
is "refused rows are: exit 3" "$(run import --json "$data/broken.jsonl")" 3
is "each refused row has a remark" "$(field 'remarks.filter(r=>r.severity==="refused").length') $(field counts.refused)" "27 27"
is "remarks are those expected" \
	"$(field 'remarks.map(r=>[r.line,r.severity,r.key,r.field||"-"].join(" ")).join("\n")')" "$(cat "$data/broken.expected")"
is "text: a remark names line and field" "$(run import "$data/broken.jsonl"; grep -c '^line 8: not imported: full_name: ' err)" "3
1"
is "Vietnamese" "$(lang=vi run import "$data/broken.jsonl"; grep -c '^dòng 8: không nhập: họ và tên (full_name): Thiếu trường bắt buộc' err)" "3
1"
is "no remark quotes a value" "$(grep -cE '0450|0520|Nguyễn|passwd' err)" 0
is "a file that is not there" "$(run import nowhere.jsonl)" 1
is "a folder is no file" "$(run import "$data")" 1

is "find by number" "$(run find 066302000000 --json; field 'people[0].full_name')" "0
H'Ngăm Niê Kđăm"
cat >whole.jsonl <<'J'
{"number":"001190000000","full_name":"Lê Thị Đủ","birth_date":"1990-02-15","sex":"female","nationality":"Việt Nam","blood_group":"O+","marital_status":"married","representative":"Lê Văn Đại","household_head":"Lê Văn Chủ","phone":"0900000000","cancelled_number":"001190000001","life_status":"dead","death_date":"2026-01-02"}
J
is "show has the whole form, as officers write it" "$(lang=vi run import whole.jsonl; lang=vi run show 001190000000; grep -cxE 'Ngày sinh: 15/02/1990|Nhóm máu: O\+|Tình trạng hôn nhân: đã kết hôn|Người đại diện: Lê Văn Đại|Chủ hộ: Lê Văn Chủ|Số điện thoại: 0900000000|Số định danh đã hủy: 001190000001|Tình trạng: đã chết|Ngày chết, mất tích: 02/01/2026' out)" "0
0
9"
is "find by words without accents" "$(run find 'duong thuy nguyen' --json; field 'people.map(p=>p.number).join()')" "0
001303000000"
is "nobody found" "$(run find khongco)" 1
is "by commune, with or without its kind, and its province" "$(run find --place 'Nam Đàn' --json; field 'people.length') $(run find --place 'xã nam dan, nghe an' --json; field 'people.length') $(run find --place 'Nam Đàn, Huế')" "0
1 0
1 1"
is "by commune and year" "$(run find --place 'Nam Đàn' --year 1900) $(run find --place 'Nam Đàn' --json; Y=$(field 'people[0].birth_date.slice(0,4)'); run find --place 'Nam Đàn' --year "$Y")" "1 0
0"
is "an old number as it is read from the card" "$(run find 031000000 --json; field 'people[0].old_cmnd') $(run find --cmnd 031000000)" "0
031000000 0"
is "a year alone: what to add, in both languages" "$(run find --year 1990) $(grep -c 'find Nguyễn --year' err) $(lang=vi run find --year 1990) $(grep -c 'tên xã, phường' err)" "2 1 2 1"
is "no year" "$(run find nguyen --year 19x0) $(run find nguyen --year 0000)" "2 2"
is "show" "$(run show 066302000000 --json; field person.surname) $(field person.latin_name) $(field held)" "0
H'Ngăm H'NGAM NIE KDAM false"
is "show: the photo's size is the file's" "$(field person.photo_bytes)" "$(stat -c %s "$data/photos/g05.jpg")"
is "show of a number that is not there" "$(run show 001200000000)" 1
is "show of what is no number" "$(run show 123)" 2
is "check: may be issued" "$(run check 001303000000)" 0
is "check: held" "$(run check 049049000000 --json)" 3
is "check: the reason in both languages, with the next action" "$(field 'checks[0].findings[0].key') \
$(field 'checks[0].findings.every(f=>f.vi&&f.vi_next&&f.en&&f.en_next)')" "registry.birth-incomplete true"
# Rows of broken.jsonl that were imported have the photo of one who was there: all of them are held for it.
is "check of everybody" "$(run check --all --json)" 3
is "check of everybody counts" "$(field people) $(field held)" "44 21"
is "check needs one of number and --all" "$(run check) $(run check --all 001303000000)" "2 2"

is "a second process is told" "$(flock h/station.db.lock "$cccd" --lang en --home h --password-file pw registry find an >out 2>err; echo $?)" 1
is "and which file is in use" "$(grep -c 'store.in-use.*h/station.db' err)" 1
is "nothing personal lies in the home in the clear" \
	"$(grep -rlaE '066302000000|H.Ngăm|Ngam|NGAM|Buôn Ea Mar|full_name|Exif|JFIF' h | wc -l)" 0
is "files are the owner's alone" "$(find h -type f -perm /077 | grep -c -v -E '\.cer$')" 0
exit $bad
