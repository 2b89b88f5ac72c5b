/* SPDX-License-Identifier: Apache-2.0 */
#include "station/command.h"

#include "card/reader.h"
#include "crypto/keystore_pkcs11.h"
#include "station/message.h"
#include "station/image_worker.h"
#include "station/pki_file.h"
#include "station/pki_signer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * `cccd doctor`: what is missing on this machine, and the mend. Every check
 * looks; none changes anything.
 */
enum finding { FINDING_GOOD, FINDING_WARN, FINDING_BAD };

struct diagnosis {
	enum finding finding;
	char detail[200];
	const char *mend_vi, *mend_en; /* what to do when it isn't good */
};

struct check {
	const char *id;
	const char *vi, *en;
	void (*look)(const struct config *c, struct diagnosis *d);
};

#define DISK_FREE_MIB_MIN 200u
#define DOCTOR_TOKEN_MS 5000u
#define SIGNER_DAYS_MIN 14 /* a new document signer should be made before the last one has less left */

static void set(struct diagnosis *d, enum finding finding, const char *mend_vi, const char *mend_en)
{
	d->finding = finding;
	d->mend_vi = mend_vi;
	d->mend_en = mend_en;
}

static void look_pcscd(const struct config *c, struct diagnosis *d)
{
	(void)c;
	(void)snprintf(d->detail, sizeof d->detail, "/usr/sbin/pcscd");
	if (access("/usr/sbin/pcscd", X_OK) != 0)
		set(d, FINDING_BAD, "Cài gói pcscd.", "Install the package pcscd.");
}

static void look_readers(const struct config *c, struct diagnosis *d)
{
	struct reader_info readers[READER_PCSC_MAX];
	struct cc_error err = { 0 };
	size_t count = 0;

	(void)c;
	if (cc_failed(reader_pcsc_list(readers, READER_PCSC_MAX, &count, &err))) {
		(void)snprintf(d->detail, sizeof d->detail, "0 (%.180s)", err.detail);
		set(d, FINDING_WARN, "Khởi động dịch vụ pcscd (systemctl start pcscd), hoặc dùng cccd lab run.",
		    "Start the service pcscd (systemctl start pcscd), or use cccd lab run.");
		return;
	}
	(void)snprintf(d->detail, sizeof d->detail, "%zu", count);
	if (count == 0)
		set(d, FINDING_WARN, "Cắm đầu đọc thẻ.", "Plug in a card reader.");
}

static void look_lab(const struct config *c, struct diagnosis *d)
{
	const char *driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

	(void)c;
	(void)snprintf(d->detail, sizeof d->detail, "%s", driver);
	if (access(driver, R_OK) != 0)
		set(d, FINDING_WARN, "Cài gói vsmartcard-vpcd nếu muốn dùng phòng thử (cccd lab, cccd demo).",
		    "Install the package vsmartcard-vpcd if you want the lab (cccd lab, cccd demo).");
}

static void look_home(const struct config *c, struct diagnosis *d)
{
	struct stat st;

	(void)snprintf(d->detail, sizeof d->detail, "%.180s", c->home);
	if (stat(c->home, &st) != 0)
		set(d, FINDING_WARN, "Tạo trạm bằng: cccd pki init.", "Make the station with: cccd pki init.");
	else if ((st.st_mode & 077) != 0)
		set(d, FINDING_BAD, "Người khác đọc được thư mục của trạm: chmod 700.",
		    "Others can read the station's folder: chmod 700.");
}

static void look_file(const struct config *c, struct diagnosis *d, const char *name, const char *mend_vi, const char *mend_en)
{
	char path[PATH_MAX];

	config_path(c, name, path);
	(void)snprintf(d->detail, sizeof d->detail, "%.180s", path);
	if (access(path, R_OK) != 0)
		set(d, FINDING_WARN, mend_vi, mend_en);
}

/* Module and token by name, and whether they answer; the PIN is not used. */
static void look_token(const struct config *c, struct diagnosis *d)
{
	struct keystore_pkcs11_state state = { 0 };
	struct keystore_pkcs11_params params = { .sys = c->sys };
	struct config_token token = { 0 };
	struct cc_error err = { 0 };
	cc_status st = config_token(c, &token, &err);

	params.module = token.module;
	params.token = token.label;
	params.limit_ms = DOCTOR_TOKEN_MS;
	if (!cc_failed(st))
		st = keystore_pkcs11_probe(&params, &state, &err);
	if (cc_failed(st)) {
		const struct message *m = message_find(err.key);

		(void)snprintf(d->detail, sizeof d->detail, "%.60s, token %.32s: %.90s", token.module, token.label, err.detail);
		set(d, FINDING_BAD, m->vi_next, m->en_next);
		return;
	}
	(void)snprintf(d->detail, sizeof d->detail, "%.60s (%.24s), token %.32s: %.24s %.16s", token.module, state.library,
		       token.label, state.manufacturer, state.serial);
	if (state.pin_locked)
		set(d, FINDING_BAD, message_find("keystore.pin-locked")->vi_next, message_find("keystore.pin-locked")->en_next);
	else if (state.pin_count_low)
		set(d, FINDING_WARN, "Đã có lần nhập sai PIN: kiểm tra tệp PIN trước khi dùng tiếp.",
		    "A wrong PIN was tried: check the PIN file before going on.");
}

static void look_keystore(const struct config *c, struct diagnosis *d)
{
	struct cc_error err = { 0 };
	bool in_token = false;

	if (!cc_failed(config_keystore_in_token(c, &in_token, &err)) && in_token) {
		look_token(c, d);
		return;
	}
	look_file(c, d, "keys.ccks", "Tạo bằng: cccd pki init.", "Make it with: cccd pki init.");
}

static void look_trust(const struct config *c, struct diagnosis *d)
{
	look_file(c, d, "trust", "Tạo bằng: cccd pki init, hoặc đặt chứng thư CSCA vào thư mục này.",
		  "Make it with: cccd pki init, or put country signer certificates there.");
}

/* By the calendar alone; `cccd pki ds` also knows how often each one signed. */
static void look_signer(const struct config *c, struct diagnosis *d)
{
	int64_t now_s = sys_wall_ms(c->sys) / 1000, until_s = 0;
	struct pki_signers *s = NULL;
	struct cc_error err = { 0 };
	char until[PKI_DATE_TEXT];

	if (cc_failed(pki_signers_load(c, &s, &err))) {
		(void)snprintf(d->detail, sizeof d->detail, "%.190s", err.detail);
		set(d, FINDING_WARN, "Tạo bằng: cccd pki init.", "Make one with: cccd pki init.");
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].to_s > until_s)
			until_s = s->items[i].to_s;
	pki_date_text(until_s, until);
	(void)snprintf(d->detail, sizeof d->detail, "%zu, %.10s", s->count, until);
	if (now_s > until_s)
		set(d, FINDING_BAD, "Không khóa nào còn được ký: cccd pki ds --new.",
		    "No key may sign any more: cccd pki ds --new.");
	else if (now_s + (int64_t)SIGNER_DAYS_MIN * 86400 > until_s)
		set(d, FINDING_WARN, "Sắp hết thời gian ký: cccd pki ds --new.",
		    "The signing period ends soon: cccd pki ds --new.");
	pki_signers_free(&s);
}

static void look_crl(const struct config *c, struct diagnosis *d)
{
	struct pki_file f = { 0 };
	struct cc_error err = { 0 };
	char path[PATH_MAX], until[PKI_DATE_TEXT];

	config_path(c, "certs/csca.crl", path);
	if (access(path, F_OK) != 0) {
		(void)snprintf(d->detail, sizeof d->detail, "-");
		return;
	}
	if (cc_failed(pki_file_read(path, &f, &err)) || f.kind != PKI_FILE_CRL) {
		(void)snprintf(d->detail, sizeof d->detail, "%.190s", err.detail);
		set(d, FINDING_BAD, "Ký danh sách mới: cccd pki crl.", "Sign a new list: cccd pki crl.");
	} else {
		pki_date_text(crl_next_update_s(f.crl), until);
		(void)snprintf(d->detail, sizeof d->detail, "%.10s", until);
		if (sys_wall_ms(c->sys) / 1000 > crl_next_update_s(f.crl))
			set(d, FINDING_WARN, "Danh sách thu hồi đã cũ: cccd pki crl.",
			    "The revocation list is stale: cccd pki crl.");
	}
	pki_file_done(&f);
}

/* A centre's store is asked whether it answers; a station's own is looked for, for opening it would make it. */
static void look_registry(const struct config *c, struct diagnosis *d)
{
	struct config shared = *c;
	struct store *store = NULL;
	struct cc_error err = { 0 };

	if (c->store[0] != '\0') {
		shared.dry_run = true;
		if (cc_failed(config_open_store(&shared, &store, &err))) {
			(void)snprintf(d->detail, sizeof d->detail, "%.190s", err.detail);
			set(d, FINDING_BAD, message_find(err.key)->vi_next, message_find(err.key)->en_next);
		} else {
			(void)snprintf(d->detail, sizeof d->detail, "%.180s", c->store);
		}
		store_close(&store);
		return;
	}
	look_file(c, d, "station.db", "Nạp dữ liệu bằng: cccd registry import TỆP.",
		  "Load data with: cccd registry import FILE.");
}

static void look_settings(const struct config *c, struct diagnosis *d)
{
	struct cc_error err = { 0 };
	char value[64];

	if (cc_failed(config_setting(c, "pki.curve", value, sizeof value, &err))) {
		(void)snprintf(d->detail, sizeof d->detail, "%.190s", err.detail);
		set(d, FINDING_BAD, "Sửa settings.json.", "Correct settings.json.");
		return;
	}
	(void)snprintf(d->detail, sizeof d->detail, "%s", value);
}

static void look_sandbox(const struct config *c, struct diagnosis *d)
{
	struct cc_error err = { 0 };
	struct image_worker *w = NULL;
	bool confined = false;
	cc_status st = image_worker_open(c, &w, &err);

	if (!cc_failed(st))
		st = image_worker_probe(w, &confined, &err);
	image_worker_free(&w);
	(void)snprintf(d->detail, sizeof d->detail, "%.190s", cc_failed(st) ? err.detail : confined ? "seccomp" : "-");
	if (cc_failed(st))
		set(d, FINDING_BAD, "Dùng nhân Linux có seccomp, hoặc đặt image.sandbox thành allow-none.",
		    "Use a kernel with seccomp, or set image.sandbox to allow-none.");
	else if (!confined)
		set(d, FINDING_WARN, "Ảnh được giải mã không có bộ lọc seccomp: máy này không có.",
		    "Images are decoded without a seccomp filter: this machine has none.");
}

static void look_password_file(const struct config *c, struct diagnosis *d)
{
	struct stat st;

	(void)snprintf(d->detail, sizeof d->detail, "%.180s", c->password_file[0] != '\0' ? c->password_file : "-");
	if (c->password_file[0] == '\0')
		return;
	if (stat(c->password_file, &st) != 0)
		set(d, FINDING_BAD, "Chỉ đúng tệp bằng --password-file.", "Name the right file with --password-file.");
	else if ((st.st_mode & 077) != 0)
		set(d, FINDING_BAD, "Người khác đọc được tệp mật khẩu: chmod 600.",
		    "Others can read the password file: chmod 600.");
}

static void look_disk(const struct config *c, struct diagnosis *d)
{
	struct statvfs fs;
	unsigned long long mib;

	if (statvfs(access(c->home, R_OK) == 0 ? c->home : ".", &fs) != 0) {
		(void)snprintf(d->detail, sizeof d->detail, "%s", strerror(errno));
		set(d, FINDING_BAD, "Kiểm tra ổ đĩa.", "Check the disk.");
		return;
	}
	mib = (unsigned long long)fs.f_bavail * fs.f_frsize / (1024 * 1024);
	(void)snprintf(d->detail, sizeof d->detail, "%llu MiB", mib);
	if (mib < DISK_FREE_MIB_MIN)
		set(d, FINDING_BAD, "Giải phóng ổ đĩa trước khi cấp thẻ.", "Free disk space before issuing cards.");
}

/* A machine whose clock fell back to its epoch would sign dates that no reader accepts. */
static void look_clock(const struct config *c, struct diagnosis *d)
{
	const int64_t built_after_ms = 1767225600000; /* 2026-01-01 */
	int64_t now = sys_wall_ms(c->sys);
	char text[PKI_DATE_TEXT];

	pki_date_text(now / 1000, text);
	(void)snprintf(d->detail, sizeof d->detail, "%s", text);
	if (now < built_after_ms)
		set(d, FINDING_BAD, "Chỉnh lại đồng hồ máy.", "Set the machine's clock.");
}

static const struct check checks[] = {
	{ "pcscd", "Dịch vụ đầu đọc thẻ", "card reader service", look_pcscd },
	{ "readers", "Số đầu đọc thẻ", "card readers", look_readers },
	{ "lab", "Đầu đọc ảo cho phòng thử", "virtual reader for the lab", look_lab },
	{ "home", "Thư mục của trạm", "the station's folder", look_home },
	{ "settings", "Cài đặt", "settings", look_settings },
	{ "keystore", "Kho khóa", "key store", look_keystore },
	{ "trust", "Chứng thư tin cậy", "trust anchors", look_trust },
	{ "signer", "Khóa ký hồ sơ (DS), ký đến", "document signers, sign until", look_signer },
	{ "crl", "Danh sách thu hồi, hiệu lực đến", "revocation list, current until", look_crl },
	{ "registry", "Cơ sở dữ liệu của trạm", "the station's database", look_registry },
	{ "image-sandbox", "Cách ly việc giải mã ảnh", "confinement of image decoding", look_sandbox },
	{ "password-file", "Tệp mật khẩu", "password file", look_password_file },
	{ "disk", "Ổ đĩa còn trống", "free disk space", look_disk },
	{ "clock", "Đồng hồ", "clock", look_clock },
};
#define CHECK_COUNT (sizeof checks / sizeof checks[0])

static void print_text(const struct config *c, const struct check *check, const struct diagnosis *d)
{
	static const char *const marks[] = { "✓", "!", "✗" };
	bool vi = c->lang == LANG_VI;

	(void)printf("%s %-14s %s: %s\n", marks[d->finding], check->id, vi ? check->vi : check->en, d->detail);
	if (d->finding != FINDING_GOOD)
		(void)printf("    %s\n", vi ? d->mend_vi : d->mend_en);
}

static void print_json(const struct check *check, const struct diagnosis *d, bool last)
{
	static const char *const names[] = { "good", "warning", "bad" };

	/* detail holds a path at most: quotes and controls are replaced, so that the JSON stays well-formed. */
	(void)printf("  {\"id\":\"%s\",\"result\":\"%s\",\"detail\":\"", check->id, names[d->finding]);
	for (const char *p = d->detail; *p != '\0'; p++)
		(void)putchar((unsigned char)*p < 0x20 || *p == '"' || *p == '\\' ? '?' : *p);
	(void)printf("\"}%s\n", last ? "" : ",");
}

static int run_doctor(struct invocation *inv)
{
	const struct config *c = &inv->config;
	bool bad = false;

	if (c->json)
		(void)printf("{\"schema\":1,\"checks\":[\n");
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		struct diagnosis d = { .finding = FINDING_GOOD, .mend_vi = "", .mend_en = "" };

		checks[i].look(c, &d);
		bad = bad || d.finding == FINDING_BAD;
		if (c->json)
			print_json(&checks[i], &d, i + 1 == CHECK_COUNT);
		else
			print_text(c, &checks[i], &d);
	}
	if (c->json)
		(void)printf("]}\n");
	return bad ? EXIT_CHECK_NO : EXIT_DONE;
}

const struct command commands_doctor[] = {
	{ "doctor", NULL, "", 0, 0, "what is missing on this machine, and the mend", "máy này còn thiếu gì và cách sửa", NULL,
	  run_doctor },
	{ 0 },
};
