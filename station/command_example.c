/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command_example.h"

#include <string.h>

#define STATION_VI "trạm đã tạo (cccd pki init)"
#define STATION_EN "a station (cccd pki init)"
#define PEOPLE_VI "hồ sơ đã nhập (cccd registry import)"
#define PEOPLE_EN "people (cccd registry import)"
#define CARD_VI "thẻ trên đầu đọc; nhiều đầu đọc có thẻ thì thêm --reader"
#define CARD_EN "a card in the reader; --reader when several readers hold one"

static const struct command_example examples[] = {
	{ "registry", "init", "cccd registry init", STATION_VI, STATION_EN },
	{ "registry", "find",
	  "cccd registry find nguyen duong\ncccd registry find duong --year 2003\ncccd registry find --place \"Nam Đàn, Nghệ An\"",
	  PEOPLE_VI, PEOPLE_EN },
	{ "registry", "show", "cccd registry show 001303000000", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "check", "cccd registry check 001303000000\ncccd registry check --all", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "import",
	  "cccd registry import \"Hồ sơ/dân cư.csv\" --rejects \"Hồ sơ/trả lại.csv\"\ncccd registry import \"Hồ sơ/trả lại.csv\"",
	  STATION_VI, STATION_EN },
	{ "registry", "rotate", "cccd registry rotate", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "gate", "cccd registry gate --quiet", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "recheck", "cccd registry recheck --of-each 5 > phuc-tra.csv\ncccd registry recheck --results phuc-tra.csv",
	  PEOPLE_VI, PEOPLE_EN },
	{ "registry", "sample", "cccd registry sample 100 --output mau.jsonl --truth loi.csv", NULL, NULL },
	{ "registry", "feed", "cccd registry feed --url https://csdl.example/feed --token token.txt --once", PEOPLE_VI,
	  PEOPLE_EN },
	{ "registry", "correct",
	  "cccd registry correct 001303000000 \"Quê quán\" \"Xã Nam Đàn, Nghệ An\" --evidence \"Giấy khai sinh số 12\" --officer \"Trần Văn Bình\"",
	  "giấy tờ chứng minh; cán bộ thứ hai duyệt bằng cccd registry approve",
	  "a document; another officer for cccd registry approve" },
	{ "registry", "corrections", "cccd registry corrections --pending\ncccd registry corrections 001303000000", NULL, NULL },
	{ "registry", "approve", "cccd registry approve 1 --officer \"Lê Thị Cúc\"",
	  "số phiếu: cccd registry corrections --pending", "the form's number: cccd registry corrections --pending" },
	{ "registry", "refuse", "cccd registry refuse 1 --officer \"Lê Thị Cúc\" --reason \"Thiếu giấy tờ\"",
	  "số phiếu: cccd registry corrections --pending", "the form's number: cccd registry corrections --pending" },
	{ "registry", "photo",
	  "cccd registry photo 001303000000 anh-moi.jpg --officer \"Trần Văn Bình\" --approved-by \"Lê Thị Cúc\" --reason \"Ảnh cũ nhắm mắt\"\n"
	  "cccd registry photo 001303000000",
	  "ảnh JPEG; thay ảnh đã có thì cần cán bộ thứ hai và lý do",
	  "a JPEG; a second officer and a reason where a photo is replaced" },
	{ "registry", "distinct",
	  "cccd registry distinct 040190000000 042190000000 --officer \"Trần Văn Bình\" --approved-by \"Lê Thị Cúc\" --reason \"Hai giấy khai sinh, sinh đôi\"",
	  "hai số bị giữ vì trùng nhau: cccd registry gate", "two numbers that hold each other: cccd registry gate" },
	{ "registry", "tasks", "cccd registry tasks", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "apply",
	  "cccd registry apply 001303000000 --kind first --officer \"Trần Văn Bình\"\n"
	  "cccd registry apply 001303000000 --kind exchange --reason age --officer \"Trần Văn Bình\"\n"
	  "cccd registry apply 001303000000 --kind reissue --reason lost --officer \"Trần Văn Bình\"",
	  "hồ sơ cấp được: cccd registry check SỐ", "a person who may have a card: cccd registry check NUMBER" },
	{ "registry", "applications", "cccd registry applications --all", NULL, NULL },
	{ "registry", "requeue", "cccd registry requeue 6DB7E5CD71ACF8516E7545B8C09ADF77", "mã hồ sơ: cccd registry applications",
	  "the application's id: cccd registry applications" },
	{ "registry", "reject",
	  "cccd registry reject 6DB7E5CD71ACF8516E7545B8C09ADF77 --officer \"Trần Văn Bình\" --reason \"Người dân rút đề nghị\"",
	  "mã hồ sơ: cccd registry applications", "the application's id: cccd registry applications" },
	{ "registry", "reconcile",
	  "cccd registry reconcile giay-to.json --officer \"Trần Văn Bình\"\n"
	  "  giay-to.json: {\"number\": \"001303000000\", \"sources\": [\n"
	  "    {\"source\": \"birth-certificate\", \"document\": \"Giấy khai sinh số 12\", \"date\": \"2003-05-01\",\n"
	  "     \"fields\": {\"full_name\": \"Nguyễn Thị Thùy Dương\", \"birth_date\": \"2003-04-17\"}}]}",
	  "nội dung giấy tờ trong một tệp JSON, như dưới đây", "what the documents say, in a JSON file like this" },
	{ "registry", "conflicts", "cccd registry conflicts", NULL, NULL },
	{ "registry", "decide",
	  "cccd registry decide 1 --source birth-certificate --reason \"Giấy khai sinh bản chính\" --officer \"Lê Thị Cúc\"",
	  "số mâu thuẫn: cccd registry conflicts", "the conflict's number: cccd registry conflicts" },
	{ "registry", "due", "cccd registry due --days 90 --province 001", PEOPLE_VI, PEOPLE_EN },
	{ "registry", "export",
	  "cccd registry export --purpose local-police --to \"Công an phường Hoàn Kiếm\" --officer \"Trần Văn Bình\" --format csv -o ra.csv",
	  PEOPLE_VI, PEOPLE_EN },
	{ "registry", "exports", "cccd registry exports", NULL, NULL },
	{ "doctor", NULL, "cccd doctor", NULL, NULL },
	{ "settings", NULL, "cccd settings", NULL, NULL },
	{ "card", "issue",
	  "cccd card issue 001303000000\ncccd card issue --next\ncccd lab run --chips 1 -- cccd card issue 001303000000",
	  "hồ sơ cấp được (cccd registry check SỐ) và phôi trên đầu đọc; không có đầu đọc thì dùng dòng cuối",
	  "a person who may have a card (cccd registry check NUMBER) and a blank in the reader; without readers the last line" },
	{ "card", "revoke",
	  "cccd card revoke 001303000000 --reason lost --officer \"Trần Văn Bình\"\n"
	  "cccd card revoke 001303000000 --reason withdrawn --evidence \"Quyết định 15/QĐ ngày 20/11/2026\" --officer \"Trần Văn Bình\"",
	  "thẻ đã cấp; lý do issued-wrong, altered, withdrawn cần cán bộ thứ hai duyệt: cccd card approve-revocation",
	  "an issued card; issued-wrong, altered, withdrawn wait for another officer: cccd card approve-revocation" },
	{ "card", "revocations", "cccd card revocations --pending\ncccd card revocations 001303000000", NULL, NULL },
	{ "card", "approve-revocation", "cccd card approve-revocation 12 --officer \"Lê Thị Cúc\"",
	  "mã đề nghị: cccd card revocations --pending", "its number: cccd card revocations --pending" },
	{ "card", "refuse-revocation",
	  "cccd card refuse-revocation 12 --officer \"Lê Thị Cúc\" --reason \"Quyết định chưa có hiệu lực\"",
	  "mã đề nghị: cccd card revocations --pending", "its number: cccd card revocations --pending" },
	{ "card", "inspect",
	  "cccd card inspect --number 001303000000\n"
	  "cccd card inspect --mrz mrz.txt --report bao-cao.html --evidence bang-chung.cose",
	  CARD_VI, CARD_EN },
	{ "card", "verify", "cccd card inspect --number 001303000000 --dump the\ncccd card verify the", "thư mục do --dump ghi",
	  "a folder that --dump wrote" },
	{ "card", "verify-evidence", "cccd card verify-evidence bang-chung.cose", "tệp do card inspect --evidence ghi",
	  "a file that card inspect --evidence wrote" },
	{ "card", "lint", "cccd card lint the\ncccd card lint 001303000000", NULL, NULL },
	{ "lab", "run", "cccd lab run --chips 1 -- cccd card issue 001303000000\ncccd lab run --chips 1 --state chip -- bash",
	  "gói vsmartcard-vpcd (cccd doctor cho biết)", "the package vsmartcard-vpcd (cccd doctor tells)" },
	{ "lab", "card", "cccd lab card eject\ncccd lab card insert\ncccd lab card new", "đang ở trong cccd lab run",
	  "a running cccd lab run" },
	{ "reader", "list", "cccd reader list", NULL, NULL },
	{ "reader", "watch", "cccd reader watch", NULL, NULL },
	{ "pki", "init", "cccd pki init\ncccd pki init --curve P-384 --organization \"Bo Cong an\"",
	  "thư mục trạm mới (--home) và mật khẩu: hỏi trên màn hình, hoặc --password-file",
	  "a new station's folder (--home) and a password: asked for, or --password-file" },
	{ "pki", "show", "cccd pki show\ncccd pki show certs/ds-1.cer", NULL, NULL },
	{ "pki", "verify", "cccd pki verify certs/ds-1.cer\ncccd pki verify certs/csca.crl", NULL, NULL },
	{ "pki", "csca", "cccd pki csca\ncccd pki csca --new", STATION_VI, STATION_EN },
	{ "pki", "ds", "cccd pki ds\ncccd pki ds --new\ncccd pki ds --cards ds-1", STATION_VI, STATION_EN },
	{ "pki", "crl", "cccd pki crl\ncccd pki crl --revoke certs/ds-1.cer --reason key-compromise", STATION_VI, STATION_EN },
	{ "pki", "cvca", "cccd pki cvca init\ncccd pki cvca dv\ncccd pki cvca terminal", STATION_VI, STATION_EN },
	{ "pki", "master-list", "cccd pki master-list build danh-sach.ml\ncccd pki master-list verify danh-sach.ml", STATION_VI,
	  STATION_EN },
	{ "portrait", "check", "cccd portrait check anh.jpg", NULL, NULL },
	{ "portrait", "make", "cccd portrait make anh.jpg -o chan-dung.jpg --sheet doi-chieu.png", NULL, NULL },
	{ "portrait", "override",
	  "cccd portrait override 001303000000 --check background_uniformity --reason \"Nền ảnh có nếp vải\" --officer \"Lê Thị Cúc\"",
	  "tiêu chí không đạt: cccd registry check SỐ, hoặc portrait check",
	  "the failed check: cccd registry check NUMBER, or portrait check" },
	{ "exchange", "identity", "cccd exchange identity tram-giua.id", STATION_VI, STATION_EN },
	{ "exchange", "peer", "cccd exchange peer doi-1.id --fingerprint \"3261 FCCD 5191 1A6B\"",
	  "tệp nhận dạng của trạm kia, và dấu vân khóa họ đọc qua điện thoại",
	  "the other station's file, and its fingerprint read by phone" },
	{ "exchange", "make",
	  "cccd exchange make goi-1.pkg --to \"Đội lưu động 1\" 001303000000 040201000000\n"
	  "cccd exchange make ket-qua.pkg --to \"Trạm giữa\" --results",
	  "trạm nhận đã ghim (cccd exchange peer)", "the other station, pinned (cccd exchange peer)" },
	{ "exchange", "take", "cccd exchange take goi-1.pkg", "trạm gửi đã ghim (cccd exchange peer)",
	  "the sender, pinned (cccd exchange peer)" },
	{ "exchange", "list", "cccd exchange list", NULL, NULL },
	{ "finger", "show", "cccd finger show tro-phai.wsq -o tro-phai.png", NULL, NULL },
	{ "finger", "check", "cccd finger check tro-phai.wsq", NULL, NULL },
	{ "finger", "make", "cccd finger make right-index=tro-phai.wsq left-index=tro-trai.wsq --dg3 -o DG3.bin", NULL, NULL },
	{ "finger", "template", "cccd finger template tro-phai.fmr -o mau.fmr", NULL, NULL },
	{ "finger", "match", "cccd finger match --template tro-phai.fmr --number 001303000000", CARD_VI, CARD_EN },
	{ "demo", NULL, "cccd demo", NULL, NULL },
};

const struct command_example *command_example_of(const struct command *c)
{
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		const struct command_example *e = &examples[i];

		if (strcmp(e->noun, c->noun) == 0 && (e->verb == NULL) == (c->verb == NULL) &&
		    (c->verb == NULL || strcmp(e->verb, c->verb) == 0))
			return e;
	}
	return NULL;
}
