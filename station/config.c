/* SPDX-License-Identifier: Apache-2.0 */
#include "station/config.h"

#include "crypto/base/secret.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SETTINGS_BYTES_MAX 65536
#define PASSWORD_BYTES_MAX 1024

static void copy_env(char *out, size_t cap, const char *name)
{
	const char *value = getenv(name);

	if (value != NULL && snprintf(out, cap, "%s", value) >= (int)cap)
		out[0] = '\0';
}

bool config_set_lang(struct config *c, const char *value)
{
	if (strcmp(value, "vi") == 0)
		c->lang = LANG_VI;
	else if (strcmp(value, "en") == 0)
		c->lang = LANG_EN;
	else
		return false;
	return true;
}

void config_init(struct config *c)
{
	const char *lang = getenv("CCCD_LANG");
	const char *system_lang = getenv("LANG");
	const char *user = getenv("HOME");

	*c = (struct config){ .lang = LANG_VI, .sys = sys_real() };
	if (system_lang != NULL && strncmp(system_lang, "en", 2) == 0)
		c->lang = LANG_EN;
	if (lang != NULL)
		(void)config_set_lang(c, lang);
	copy_env(c->home, sizeof c->home, "CCCD_HOME");
	if (c->home[0] == '\0' &&
	    snprintf(c->home, sizeof c->home, "%s/.local/share/cccd", user != NULL ? user : ".") >= (int)sizeof c->home)
		c->home[0] = '\0';
	copy_env(c->reader, sizeof c->reader, "CCCD_READER");
	copy_env(c->store, sizeof c->store, "CCCD_STORE");
	copy_env(c->password_file, sizeof c->password_file, "CCCD_PASSWORD_FILE");
	c->color = getenv("NO_COLOR") == NULL && isatty(STDOUT_FILENO) != 0;
}

/* ---- settings */

const struct setting settings_table[] = {
	{ "pki.country", "VN", "country code in certificates", "mã nước trong chứng thư" },
	{ "pki.organization", "Bo Cong an", "organization in certificates", "cơ quan trong chứng thư" },
	{ "pki.curve", "brainpoolP256r1", "curve of the country and document signer keys",
	  "đường cong của khóa CSCA và khóa ký thẻ" },
	{ "pki.hash", "sha256", "hash of certificates, data groups and EF.SOD", "hàm băm của chứng thư, nhóm dữ liệu và EF.SOD" },
	/* ICAO 9303-12 4.1.6.3: the domain parameters MUST be explicit; 186 of 191 EC keys of the German master list of 2024 are.
	 */
	{ "pki.ec-parameters", "explicit", "EC parameters in certificates: explicit (Doc 9303-12) or named",
	  "tham số đường cong trong chứng thư: explicit (ghi đủ, Doc 9303-12) hoặc named (theo tên)" },
	{ "pki.ds-max-signatures", "100000", "signatures after which a document signer's key is used up",
	  "số chữ ký thì một khóa ký thẻ hết hạn mức" },
	{ "pki.csca-key", "", "key of the country signer: a curve, or rsa2048, rsa3072, rsa4096; empty: pki.curve",
	  "khóa CSCA: một đường cong, hoặc rsa2048, rsa3072, rsa4096; trống: theo pki.curve" },
	{ "pki.ds-key", "", "key of document signers, likewise", "khóa ký thẻ, như trên" },
	{ "pki.rsa-padding", "pss", "signatures of RSA keys: pss or pkcs1", "chữ ký của khóa RSA: pss hoặc pkcs1" },
	{ "keystore.kind", "file", "where the station's keys are: file (encrypted, in the home), or pkcs11 (a token, HSM)",
	  "nơi giữ khóa của trạm: file (tệp mã hóa trong thư mục trạm) hoặc pkcs11 (token, HSM)" },
	{ "keystore.module", "", "PKCS#11 module of the token, a path", "đường dẫn mô-đun PKCS#11 của token" },
	{ "keystore.token", "cccd", "label of the token", "nhãn của token" },
	{ "keystore.pin-file", "", "file with the token's PIN; empty: --password-file or the terminal",
	  "tệp chứa PIN của token; trống: --password-file hoặc hỏi ở màn hình" },
	{ "keystore.limit-ms", "20000", "longest time that the token may take for one operation",
	  "thời gian dài nhất (ms) token được dùng cho một thao tác" },
	{ "lds.version", "1.7", "LDS version of EF.COM: 1.7 or 1.8", "phiên bản LDS trong EF.COM: 1.7 hoặc 1.8" },
	{ "lds.sod-version", "0", "LDS security object: 0, or 1 with the LDS version inside",
	  "đối tượng bảo mật LDS: 0, hoặc 1 có kèm phiên bản LDS" },
	{ "chip.aa-curve", "brainpoolP256r1", "the chip's Active Authentication key: a curve, or rsa2048, rsa3072, rsa4096",
	  "khóa Active Authentication của chíp: một đường cong, hoặc rsa2048, rsa3072, rsa4096" },
	{ "chip.aa-hash", "sha256", "hash of Active Authentication signatures", "hàm băm của chữ ký Active Authentication" },
	{ "chip.ca-curve", "brainpoolP256r1", "the chip's Chip Authentication key: a curve, or dh0, dh1, dh2 (Doc 9303-11 9.5.1)",
	  "khóa Chip Authentication của chíp: một đường cong, hoặc dh0, dh1, dh2 (Doc 9303-11 9.5.1)" },
	{ "chip.ca-cipher", "aes128", "cipher of Chip Authentication: 3des, aes128, aes192, aes256",
	  "mật mã của Chip Authentication: 3des, aes128, aes192, aes256" },
	{ "chip.pace", "ecdh-gm/aes128/13",
	  "PACE in EF.CardAccess: mapping/cipher/domain parameters, several with commas; ecdh-cam (beside gm or im) adds EF.CardSecurity",
	  "PACE trong EF.CardAccess: ánh xạ/mật mã/tham số, nhiều mục cách nhau dấu phẩy; ecdh-cam (cạnh gm hoặc im) thêm EF.CardSecurity" },
	{ "chip.cvca", "",
	  "CVCA certificate that the chip trusts for Terminal Authentication: a path, or one in the home; empty: none",
	  "chứng thư CVCA mà chíp tin cho Terminal Authentication: một đường dẫn, hoặc tệp trong thư mục trạm; trống: không có" },
	{ "chip.match-on-card", "no",
	  "finger templates to the chip's match-on-card application, when the registry has some: yes or no",
	  "ghi mẫu vân tay vào ứng dụng so khớp trên thẻ của chíp khi hồ sơ có: yes hoặc no" },
	{ "chip.match-on-card-aid", "F0434343444D4F43", "its name (AID, hex); this one is fictional",
	  "tên ứng dụng đó (AID, hex); tên này là giả định" },
	{ "photo.gate", "standard", "photos that may become a card: standard (every check), hard (no override possible), none",
	  "ảnh nào được thành thẻ: standard (mọi kiểm tra), hard (không cho bỏ qua lỗi), none" },
	{ "dg2.bytes-max", "20000", "most bytes of the portrait's picture", "số byte tối đa của ảnh chân dung" },
	{ "dg2.record", "dated", "standard of the face record: 19794, 39794, or dated (39794 from dg2.record-date on)",
	  "chuẩn của bản ghi khuôn mặt: 19794, 39794, hoặc dated (39794 từ ngày dg2.record-date)" },
	{ "dg2.record-date", "2030-01-01", "day from which dated means ISO/IEC 39794-5", "từ ngày này dated là ISO/IEC 39794-5" },
	{ "dg2.pilot-percent", "0", "share of people whose record is ISO/IEC 39794-5 before that, 0 to 100",
	  "phần trăm số người dùng ISO/IEC 39794-5 trước ngày đó, 0 đến 100" },
	{ "dg2.read-ms", "0", "longest time to read the portrait from the chip, in ms; 0: no limit",
	  "thời gian dài nhất (ms) để đọc ảnh từ chíp; 0: không giới hạn" },
	{ "dg2.read-rate", "0", "bytes a second that the chip profile gives through secure messaging, for dg2.read-ms",
	  "số byte mỗi giây của loại chíp qua kênh bảo mật, để tính dg2.read-ms" },
	{ "portrait.format", "jpeg", "coding of the portrait: jpeg, jp2 or smallest (of both)",
	  "cách nén ảnh chân dung: jpeg, jp2 hoặc smallest (nhỏ hơn trong hai)" },
	{ "face.cross-check", "", "program that checks the eye centres again (absolute path); empty: none",
	  "chương trình kiểm tra lại vị trí hai mắt (đường dẫn tuyệt đối); trống: không có" },
	{ "face.cross-check-ms", "10000", "its time limit in ms", "giới hạn thời gian (ms) của chương trình đó" },
	{ "image.sandbox", "require", "decoding of outside images: require a seccomp filter, or allow-none",
	  "giải mã ảnh từ ngoài: require (bắt buộc bộ lọc seccomp) hoặc allow-none" },
	{ "dg2.width", "480", "portrait width in pixels; the height is 4/3 of it",
	  "chiều rộng ảnh chân dung, điểm ảnh; chiều cao bằng 4/3" },
	{ "dg3", "no", "fingerprints on the chip (DG3), behind Terminal Authentication: yes or no",
	  "ghi vân tay lên chíp (DG3), sau Terminal Authentication: yes hoặc no" },
	{ "dg3.bytes-max", "30000", "most bytes of DG3", "số byte tối đa của DG3" },
	{ "finger.format", "wsq", "coding of fingerprints on the chip: wsq, jpeg, jp2 or raw",
	  "cách nén vân tay trên chíp: wsq, jpeg, jp2 hoặc raw" },
	{ "finger.bit-rate", "0.75", "bits a pixel of a coded fingerprint: 0.75 is about 15:1, 2.25 about 5:1",
	  "số bit mỗi điểm ảnh của vân tay đã nén: 0.75 khoảng 15:1, 2.25 khoảng 5:1" },
	{ "finger.ppi", "500", "pixels per inch of fingerprints that name none; 0: such a print is refused",
	  "độ phân giải (ppi) của vân tay không ghi độ phân giải; 0: từ chối ảnh như vậy" },
	{ "finger.nfiq2", "", "path of an nfiq2 program of version 2.1 or later; empty: none",
	  "đường dẫn chương trình nfiq2 từ bản 2.1; trống: không có" },
	{ "dg13.name-case", "registry", "letter case of names in DG13: registry or upper",
	  "kiểu chữ của họ tên trong DG13: registry (như hồ sơ) hoặc upper (chữ hoa)" },
	{ "store.cache-mib", "0",
	  "MiB of the store's pages that stay in memory (SQLite), 8 to 262144; 0: a quarter of the machine's or container's",
	  "số MiB trang dữ liệu giữ trong bộ nhớ (SQLite), 8 đến 262144; 0: một phần tư bộ nhớ của máy hoặc container" },
	{ "station.name", "cccd-station", "name of this station in evidence and in packages for others",
	  "tên trạm này trong bằng chứng và trong gói gửi trạm khác" },
	{ "inspect.cplc", "no", "inspection asks the chip for its production data (CPLC), to know its type by it: yes or no",
	  "khi kiểm tra thẻ, hỏi dữ liệu sản xuất của chíp (CPLC) để biết loại chíp: yes hoặc no" },
	{ "issue.readers", "warn", "a person whose data readers in the field would lose: off, warn or hold",
	  "người có dữ liệu mà đầu đọc ngoài thực tế đọc sót: off (bỏ qua), warn (báo) hoặc hold (giữ lại)" },
	{ "rules.birthday-feb-29", "02-28", "day on which a 29 February birthday counts in a common year: 02-28 or 03-01",
	  "ngày tính sinh nhật 29 tháng 2 trong năm không nhuận: 02-28 hoặc 03-01" },
	{ "qr.2024-fields", "cancelled_number,father,mother,", "what fields 8 to 11 of the 2024 QR code hold",
	  "nội dung các trường 8 đến 11 của mã QR mẫu 2024" },
	{ "rules.exchange-ages", "14,25,40,60", "ages at which a card is exchanged", "các tuổi phải đổi thẻ" },
	{ "reconcile.precedence", "birth-certificate,cccd,household-book,cmnd",
	  "documents that disagree on a fact of birth: the first of these decides",
	  "giấy tờ khác nhau về việc sinh: loại đứng trước quyết định" },
	{ "rules.issue-unknown-birth", "no", "issue cards with an incomplete birth date: yes or no",
	  "cấp thẻ khi ngày sinh chưa đủ: yes hoặc no" },
};
const size_t settings_count = sizeof settings_table / sizeof settings_table[0];

static const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < settings_count; i++) {
		if (strcmp(settings_table[i].name, name) == 0)
			return &settings_table[i];
	}
	return NULL;
}

/* Every name in the file must be known: a mistyped setting must not silently keep the default. */
static cc_status check_names(json_t *root, const char *path, struct cc_error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
	{
		if (find_setting(name) == NULL)
			return cc_fail(err, CC_E_FORMAT, "settings.unknown", "%s: no setting named %.60s", path, name);
		if (!json_is_string(value) && !json_is_integer(value))
			return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "%s: %s is neither text nor a whole number", path,
				       name);
	}
	return cc_ok();
}

static cc_status load_settings(const struct config *c, json_t **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	struct buf text = { 0 };
	struct cc_error missing = { 0 };
	json_error_t json_err;
	json_t *root = NULL;
	cc_status st;

	config_path(c, "settings.json", path);
	st = sys_read_file(path, SETTINGS_BYTES_MAX, &text, &missing);
	if (st.code == CC_E_NOT_FOUND) {
		*ret = json_object();
		return *ret != NULL ? cc_ok() : cc_fail(err, CC_E_MEMORY, "memory", "settings");
	}
	if (cc_failed(st))
		return cc_fail(err, missing.code, missing.key, "%s", missing.detail);
	root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &json_err);
	buf_done(&text);
	if (!json_is_object(root)) {
		json_decref(root);
		return cc_fail(err, CC_E_FORMAT, "settings.not-json", "%s: line %d: %s", path, root == NULL ? json_err.line : 1,
			       root == NULL ? json_err.text : "not an object");
	}
	st = check_names(root, path, err);
	if (cc_failed(st))
		json_decref(root);
	else
		*ret = root;
	return st;
}

cc_status config_setting(const struct config *c, const char *name, char *ret, size_t cap, struct cc_error *err)
{
	const struct setting *setting = find_setting(name);
	json_t *root = NULL;
	const json_t *value;
	const char *text;
	char number[24];
	size_t n;
	cc_status st;

	CC_ASSERT(setting != NULL);
	st = load_settings(c, &root, err);
	if (cc_failed(st))
		return st;
	value = json_object_get(root, name);
	(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
	text = json_is_string(value) ? json_string_value(value) : json_is_integer(value) ? number : setting->value;
	n = strlen(text);
	if (n < cap)
		memcpy(ret, text, n + 1);
	else
		st = cc_fail(err, CC_E_LIMIT, "settings.bad-value", "%s: longer than %zu characters", name, cap - 1);
	json_decref(root);
	return st;
}

cc_status config_setting_int(const struct config *c, const char *name, int64_t *ret, struct cc_error *err)
{
	char text[32];
	char *end;
	long long v;
	cc_status st = config_setting(c, name, text, sizeof text, err);

	if (cc_failed(st))
		return st;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return cc_fail(err, CC_E_FORMAT, "settings.bad-value", "%s: not a whole number", name);
	*ret = v;
	return cc_ok();
}

void config_path(const struct config *c, const char *name, char *out)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", c->home, name);

	CC_ASSERT(n > 0);
	if (n >= PATH_MAX)
		out[0] = '\0'; /* opening "" fails with a clear "no such file" */
}

/* ---- opening what the home holds */

cc_status config_check_home(const struct config *c, struct cc_error *err)
{
	if (access(c->home, R_OK | X_OK) != 0 && errno == EACCES)
		return cc_fail(err, CC_E_DENIED, "home.denied", "%s: %s", c->home, strerror(EACCES));
	if (access(c->home, R_OK | X_OK) != 0)
		return cc_fail(err, CC_E_NOT_FOUND, "home.missing", "%s: %s", c->home, strerror(errno));
	return cc_ok();
}

#define CACHE_MIB_MIN 8
#define CACHE_MIB_MAX (256 * 1024)

static cc_status cache_mib(const struct config *c, int64_t *ret, struct cc_error *err)
{
	cc_status st = config_setting_int(c, "store.cache-mib", ret, err);

	if (!cc_failed(st) && *ret != 0 && (*ret < CACHE_MIB_MIN || *ret > CACHE_MIB_MAX))
		st = cc_fail(err, CC_E_FORMAT, "settings.bad-value", "store.cache-mib: 0, or %d to %d", CACHE_MIB_MIN,
			     CACHE_MIB_MAX);
	return st;
}

cc_status config_open_store(const struct config *c, struct store **ret, struct cc_error *err)
{
	char path[PATH_MAX];
	const char *place;
	struct store *s = NULL;
	int64_t mib = 0;
	cc_status st = config_check_home(c, err);

	if (cc_failed(st) || cc_failed(st = cache_mib(c, &mib, err)))
		return st;
	config_path(c, "station.db", path);
	place = c->store[0] != '\0' ? c->store : path;
	/* A dry run writes nothing: a station that has no store yet gets an empty one that is gone at the end. */
	if (c->dry_run && strstr(place, "://") == NULL && strchr(place, '=') == NULL && access(place, F_OK) != 0)
		place = STORE_IN_MEMORY;
	st = c->dry_run ? store_open_as_it_is(place, &s, err) : store_open(place, &s, err);
	if (cc_failed(st))
		return st;
	if (mib > 0 && cc_failed(st = store_set_cache(s, (int)(mib * 1024)))) {
		(void)cc_fail(err, st.code, s->err.key, "%s", s->err.detail);
		store_close(&s);
		return st;
	}
	*ret = s;
	return st;
}

static cc_status read_line_hidden(struct buf *ret, enum lang lang)
{
	char line[PASSWORD_BYTES_MAX];
	struct termios before, hidden;
	size_t n = 0;
	cc_status st;

	(void)fputs(lang == LANG_VI ? "Mật khẩu kho khóa: " : "Password of the key store: ", stderr);
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return cc_code_status(CC_E_IO);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	if (fgets(line, sizeof line, stdin) != NULL)
		n = strcspn(line, "\n");
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)fputc('\n', stderr);
	st = buf_copy(ret, bytes_of(line, n));
	cc_wipe(line, sizeof line);
	return st;
}

cc_status config_read_password(const struct config *c, struct buf *ret, struct cc_error *err)
{
	struct buf text = { 0 };
	cc_status st;
	size_t n;

	if (c->password_file[0] == '\0' && isatty(STDIN_FILENO) == 0)
		return cc_fail(err, CC_E_DENIED, "keystore.no-password", "no --password-file, and no terminal to ask on");
	if (c->password_file[0] == '\0') {
		st = read_line_hidden(&text, c->lang);
		if (cc_failed(st))
			return cc_fail(err, st.code, "keystore.no-password", "terminal");
	} else {
		st = sys_read_file(c->password_file, PASSWORD_BYTES_MAX, &text, err);
		if (cc_failed(st))
			return st;
	}
	n = text.n;
	while (n > 0 && (text.p[n - 1] == '\n' || text.p[n - 1] == '\r'))
		n--;
	if (n == 0)
		st = cc_fail(err, CC_E_DENIED, "keystore.no-password", "the password is empty");
	else if (cc_failed(st = buf_copy(ret, bytes_of(text.p, n))))
		st = cc_fail(err, st.code, "memory", "password");
	buf_done(&text);
	return st;
}
