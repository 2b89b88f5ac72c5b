#!/usr/bin/env bash
# Corrections, applications, documents, tasks, due lists and exports as officers run them: exit codes, both languages, the next
# action in each refusal, JSON, and nothing personal in the clear.
set -u
cccd=${CCCD:-$PWD/${BUILD:-build/gcc}/cccd}
data=$PWD/tests/data/people
dir=$(mktemp -d "${TMPDIR:-/tmp}/cccd-forms-XXXXXX")
trap 'rm -rf -- "$dir"' EXIT
. tests/support/command.sh
cd "$dir" || exit 1
run() { "$cccd" --lang "${lang:-en}" --home h --password-file pw registry "$@" >out 2>err; echo $?; }
field() { node -e 'const o=JSON.parse(require("fs").readFileSync("out","utf8"));console.log(eval("o."+process.argv[1]))' "$1"; }
says() { grep -cF -- "$1" "${2:-err}"; }
echo 'a password' >pw
unset CCCD_HOME CCCD_PASSWORD_FILE CCCD_STORE
cheap_keys h pw
"$cccd" pki init --home h --password-file pw >/dev/null 2>&1
run import "$data/people.jsonl" >/dev/null
run import "$data/held.jsonl" >/dev/null
duong=001303000000 khang=040201000000 han=079300000000 nam=049049000000

# ---- DC02
is "a correction is proposed" "$(run correct $duong 'Quê quán' 'Xã Nam Đàn, Nghệ An' --evidence 'Giấy khai sinh số 12' --officer 'Nguyễn An' --json)" 0
is "with old and new value" "$(field correction.old) > $(field correction.new)" "Phường Cửa Nam, Hà Nội > Xã Nam Đàn, Nghệ An"
id=$(field correction.id)
is "the record is as it was" "$(run show $duong --json; field person.origin)" "0
Phường Cửa Nam, Hà Nội"
is "the same again: no second form" "$(run correct $duong origin 'Xã Nam Đàn, Nghệ An' --evidence 'Giấy khai sinh số 12' --officer 'Nguyễn An') $(says 'no second form')" "0 1"
is "another value: the first one is decided first" "$(lang=vi run correct $duong origin 'Huế' --evidence x --officer 'Nguyễn An') $(says 'cccd registry corrections --pending')" "1 1"
is "without evidence or officer" "$(run correct $duong religion 'Phật giáo' --officer A) $(run correct $duong religion 'Phật giáo' --evidence x)" "2 2"
is "the number is not corrected" "$(run correct $duong number 001303000001 --evidence x --officer A)" 2
is "a value that can't be" "$(run correct $duong birth_date 2003-02-30 --evidence x --officer A) $(says 'does not exist')" "2 1"
is "the proposer can't approve: not allowed" "$(run approve "$id" --officer 'nguyen an') $(says 'Let another officer approve')" "4 1"
is "and in Vietnamese" "$(lang=vi run approve "$id" --officer 'Nguyễn An') $(says 'Mời cán bộ khác duyệt')" "4 1"
is "no card while it waits" "$(run apply $duong --kind first) $(says 'Approve or refuse it first')" "3 2"
is "the desk's check holds, with the next action" "$(run check $duong) $(says 'cccd registry corrections NUMBER' out) $(lang=vi run check $duong) $(says 'đang chờ duyệt' out)" "3 1 3 1"
is "so do show, the check of everybody and the gate" "$(run show $duong --json; field 'findings.find(f=>f.key==="correction.waiting").field') $(run check --all --json; field "checks.find(c=>c.number==='$duong').held") $(run gate --json; field "findings.filter(f=>f.key==='correction.waiting').map(f=>f.number+f.severity).join()")" "0
origin 3
true 3
${duong}hold"
is "a dry run approves nothing" "$(run approve "$id" --officer 'Trần Bình' --dry-run) $(run show $duong --json; field person.origin)" "0 0
Phường Cửa Nam, Hà Nội"
is "another officer approves" "$(run approve "$id" --officer 'Trần Bình')" 0
is "the record is corrected, photo and all" "$(run show $duong --json; field person.origin) $(field person.photo_bytes)" "0
Xã Nam Đàn, Nghệ An $(stat -c %s "$data/photos/g01.jpg")"
is "it is decided once" "$(run approve "$id" --officer 'Trần Bình')" 1
is "a name is found by its new words" "$(run correct $duong full_name 'Nguyễn Thị Thùy Trâm' --evidence 'Quyết định 3' --officer A --json; run approve "$(field correction.id)" --officer B; run find 'tram thuy' --json; field 'people.length')" "0
0
0
1"
is "refused, with a reason" "$(run correct $duong mother 'Lò Thị Lệ' --evidence x --officer A --json; run refuse "$(field correction.id)" --officer B --reason 'thiếu giấy tờ' --json; field correction.state)" "0
0
refused"
is "the history of a person" "$(run corrections $duong --json; field 'corrections.map(c=>c.state).join()') $(field 'corrections[2].reason')" "0
approved,approved,refused thiếu giấy tờ"
is "nothing waits" "$(run corrections --pending --json; field corrections.length)" "0
0"
is "a form that is not there, or no number" "$(run approve 999 --officer A) $(run approve x --officer A)" "1 2"

# ---- birth dates for civil status
is "no card without a whole birth date" "$(run apply $nam --kind first)" 3
is "but a task for civil status, opened by the import" "$(run tasks --json; field 'tasks.map(t=>t.number+" "+t.known).sort().join()')" "0
$nam 1949,049151000000 1951-06"
is "nobody was forgotten" "$(run tasks --collect --json; field tasks.length) $(field opened)" "0
2 0"
is "the same file again opens none" "$(run import "$data/held.jsonl" --json; field counts.unchanged; field counts.civil_tasks)" "0
10
0"
is "the list says how it ends, and what never" "$(lang=vi run tasks) $(says 'không tự điền 01/01')" "0 1"
is "established by a document" "$(run correct $nam birth_date 15/02/1949 --evidence 'Quyết định hộ tịch số 3' --officer A --json; field correction.new)" "0
1949-02-15"
is "and approved: the task ends" "$(run approve "$(field correction.id)" --officer B; run tasks --json; field tasks.length; run show $nam --json; field person.birth_basis)" "0
0
1
0
Quyết định hộ tịch số 3"

# ---- CC01
is "an application is accepted" "$(run apply $duong --kind first --json; field application.state) $(field application.layout) $(field new)" "0
waiting 2024 true"
is "the same again is told" "$(lang=vi run apply $duong --kind first) $(says 'đã được tiếp nhận từ trước' out)" "0 1"
is "another one is not queued beside it" "$(run apply $duong --kind reissue --reason lost)" 3
is "an exchange needs its reason" "$(run apply $khang --kind exchange) $(says 'data-changed')" "2 1"
is "the 2021 design is issued no more" "$(run apply $khang --kind first --layout 2021)" 2
is "a dead person's application names hold and action" "$(run apply "$(node -e 'const f=require("fs").readFileSync(process.argv[1],"utf8").split("\n").filter(Boolean).map(JSON.parse);console.log(f.find(p=>p.life_status==="dead").number)' "$data/held.jsonl")" --kind first) $(says '✗')" "3 1"
run apply $khang --kind first --json >/dev/null
app=$(field application.id)
is "refused with a reason" "$(run reject "$app" --officer B --reason 'xin rút') $(run reject "$app" --officer B --reason 'xin rút')" "0 1"
is "requeue is for held ones" "$(run requeue "$app")" 1
is "applications: live ones, and all" "$(run applications --json; field applications.length; run applications --all --json; field 'applications.find(a=>a.state==="refused").rejected_why')" "0
1
0
xin rút"
if command -v pcscd >/dev/null; then
	"$cccd" --home h --password-file pw lab run --chips 1 -- "$cccd" --lang en --home h --password-file pw card issue --next --json >out 2>err
	is "card issue --next takes it" "$? $(field number)" "0 $duong"
	is "and it is issued" "$(run applications --all --json; field "applications.find(a=>a.number==='$duong').state")" "0
issued"
	is "nobody else waits" "$("$cccd" --home h --password-file pw lab run --chips 1 -- "$cccd" --lang en --home h --password-file pw card issue --next >out 2>err; echo $?) $(says 'No application waits')" "1 1"
	is "the check says that there is a card" "$(run check $duong) $(says 'cccd registry apply NUMBER --kind exchange' out)" "3 1"
	is "who has a card applies for an exchange" "$(run apply $duong --kind first) $(says 'Apply for an exchange')" "3 1"
	run apply $duong --kind reissue --reason lost >/dev/null
	"$cccd" --home h --password-file pw lab run --chips 1 -- "$cccd" --lang en --home h --password-file pw card issue --next >out 2>err
	is "and the new card replaces the lost one" "$?" 0
else
	echo "ok $((n += 1)) - card issue --next # SKIP no pcscd"
fi
is "card issue needs a number or --next" "$("$cccd" --home h --password-file pw card issue >out 2>err; echo $?)" 2

# ---- documents
cat >docs.json <<'J'
{"number":"079300000000","sources":[
{"source":"birth-certificate","document":"Giấy khai sinh số 12","date":"2001-10-01","fields":{"full_name":"LÊ HOÀNG NGỌC HÂN","mother":"Phạm Kiều Oanh"}},
{"source":"cmnd","document":"CMND cũ","date":"2015-05-01","fields":{"mother":"Phạm Kiều Anh","ethnicity":"Hoa"}},
{"source":"household-book","document":"Sổ hộ khẩu 77","date":"2018-02-03","fields":{"ethnicity":"Tày","residence":"Số 1, Huế"}},
{"source":"household-book","document":"Sổ hộ khẩu 99","date":"2018-02-03","fields":{"residence":"Số 2, Huế"}}]}
J
is "documents that conflict: a check said no" "$(run reconcile docs.json --officer A --json; field 'fields.map(f=>[f.field,f.verdict,f.reason].join(":")).sort().join(" ")')" "3
ethnicity:proposed:precedence full_name:agreed:alone mother:kept:precedence residence:conflict:same-rank"
conflict=$(field 'fields.find(f=>f.verdict==="conflict").form') form=$(field 'fields.find(f=>f.verdict==="proposed").form')
is "an officer reads why" "$(lang=vi run reconcile docs.json --officer A; grep -c 'ngang hàng ghi khác nhau' out)" "3
1"
is "nothing changed yet" "$(run show $han --json; field person.ethnicity)" "0
Kinh"
is "the person is held" "$(run approve "$form" --officer B; run apply $han --kind first; says 'cccd registry conflicts')" "0
3
2"
is "two of one kind: which one?" "$(run decide "$conflict" --source household-book --officer B --reason x)" 2
is "decided for the registry" "$(run conflicts --json; field 'conflicts[0].id'; run decide "$conflict" --source registry --officer B --reason 'đang cư trú') $(run conflicts --json; field conflicts.length)" "0
$conflict
0 0
0"
is "and the hold is gone" "$(run apply $han --kind first)" 0
is "a broken file is told, with the place" "$(echo '{"number":"079300000000","sources":[{"source":"diary"}]}' >x.json; run reconcile x.json --officer A) $(says 'source 1')" "2 1"
is "precedence is a setting" "$(echo '{"reconcile.precedence":"cmnd,cccd,household-book,birth-certificate"}' >h/settings.json; run reconcile docs.json --officer A --json; field 'fields.find(f=>f.field==="mother").verdict')" "3
proposed"
is "a wrong one is told" "$(echo '{"reconcile.precedence":"cmnd"}' >h/settings.json; run reconcile docs.json --officer A)" 1
rm h/settings.json

# ---- due lists
is "due" "$(run due --days 3660 --json; field 'due.every(d=>d.number&&d.on&&d.kind&&d.layout)')" "0
true"
is "by province of residence" "$(run due --days 3660 --province 066 --json; field 'due.every(d=>d.province==="Đắk Lắk")')" "0
true"
is "no such province, no such days" "$(run due --province 999) $(run due --days soon) $(run due --days 99999)" "2 2 2"

# ---- exports
is "an export" "$(run export --purpose statistics --to 'Chi cục Thống kê' --officer 'Nguyễn An' --format csv -o s.csv --json; field export.people)" "0
34"
is "its hash is the file's" "$(field export.sha256)" "$(sha256sum s.csv | cut -d' ' -f1)"
is "0600, no name, number or street in it" "$(stat -c %a s.csv) $(grep -cE '[0-9]{9}|Nguyễn|Trần|Hàng Bông' s.csv) $(wc -l <s.csv)" "600 0 35"
is "it never overwrites" "$(run export --purpose statistics --to X --officer A -o s.csv) $(says 'never overwrites')" "1 1"
is "JSON lines for the health insurance: its fields alone" "$(run export --purpose health-insurance --to BHXH --officer A -o b.jsonl; node -e 'const s=new Set();for(const l of require("fs").readFileSync("b.jsonl","utf8").split("\n").filter(Boolean))for(const k of Object.keys(JSON.parse(l)))s.add(k);console.log([...s].sort().join())')" "0
birth_date,full_name,life_status,number,residence,sex"
is "no purpose, no receiver, no officer, no file" "$(run export --purpose x --to X --officer A -o y) $(run export --purpose statistics --officer A -o y) $(run export --purpose statistics --to X -o y) $(run export --purpose statistics --to X --officer A)" "2 2 2 2"
is "a folder that is not there" "$(run export --purpose statistics --to X --officer A -o nowhere/y)" 1
is "the book of exports" "$(run exports --json; field 'exports.map(e=>[e.purpose,e.receiver,e.state].join("/")).join()')" "0
statistics/Chi cục Thống kê/done,health-insurance/BHXH/done"
is "as an officer reads it" "$(lang=vi run exports; grep -c 'gửi Chi cục Thống kê, cán bộ Nguyễn An' out)" "0
1"

is "every command explains itself in both languages" "$(for v in correct corrections approve refuse tasks apply applications requeue reject reconcile conflicts decide due export exports; do for l in vi en; do "$cccd" --lang $l registry $v --help >/dev/null || echo $v; done; done)" ""
is "nothing personal lies in the home in the clear" \
	"$(grep -rlaE '066302000000|001303000000|Nam Đàn|Thùy Trâm|Giấy khai sinh số|Quyết định hộ tịch|Hàng Bông|xin rút|thiếu giấy tờ|đang cư trú' h | wc -l)" 0
exit $bad
