/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect_report.h"

#include "card/lds/dg13.h"
#include "station/card_verdict.h"
#include "station/message.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- for people */
struct label {
	const char *id, *vi, *en;
};

static const struct label labels[] = {
	{ "access", "Mở chíp", "Access to the chip" },
	{ "access.downgrade", "Hạ từ PACE xuống BAC", "Fall from PACE to BAC" },
	{ "application", "Ứng dụng trên chíp", "Application" },
	{ "com.read", "Đọc EF.COM", "Reading EF.COM" },
	{ "com.structure", "Cấu trúc EF.COM", "Structure of EF.COM" },
	{ "sod.read", "Đọc EF.SOD", "Reading EF.SOD" },
	{ "sod.structure", "Cấu trúc EF.SOD", "Structure of EF.SOD" },
	{ "sod.signature", "Chữ ký của EF.SOD", "Signature of EF.SOD" },
	{ "sod.chain", "Chứng thư quốc gia", "Country signer" },
	{ "sod.encoding", "Cách ghi EF.SOD", "Encoding of EF.SOD" },
	{ "sod.algorithms", "Thuật toán của EF.SOD", "Algorithms of EF.SOD" },
	{ "sod.signing-time", "Thời điểm ký EF.SOD", "Time of signing" },
	{ "sod.crl", "Danh sách thu hồi", "Revocation list" },
	{ "signer.validity", "Hạn chứng thư ký", "Validity of the signer" },
	{ "signer.nesting", "Hạn chứng thư ký so với chứng thư quốc gia", "Signer's validity within the country signer's" },
	{ "signer.document-types", "Loại giấy tờ được ký", "Document types of the signer" },
	{ "signer.profile", "Quy cách chứng thư ký", "Profile of the signer" },
	{ "anchor.profile", "Quy cách chứng thư CSCA", "Profile of the country signer" },
	{ "dg15.key", "Khóa AA (DG15)", "AA key (DG15)" },
	{ "com.sod", "EF.COM khớp EF.SOD", "EF.COM against EF.SOD" },
	{ "card-access.structure", "Cấu trúc EF.CardAccess", "Structure of EF.CardAccess" },
	{ "card-access.dg14", "EF.CardAccess khớp DG14", "EF.CardAccess against DG14" },
	{ "card-security", "Chữ ký EF.CardSecurity", "Signature of EF.CardSecurity" },
	{ "mrz.digits", "Số kiểm tra của MRZ", "Check digits of the MRZ" },
	{ "mrz.access", "MRZ đã nhập khớp chíp", "MRZ given against DG1" },
	{ "dg2.structure", "Ảnh khuôn mặt (DG2)", "Face record (DG2)" },
	{ "mrz.number", "Số đã nhập khớp DG1", "Number given against DG1" },
	{ "mrz.printed", "Toàn bộ MRZ in trên thẻ khớp DG1", "All of the printed MRZ against DG1" },
	{ "sod.country", "Quốc gia ký và quốc gia cấp", "Signer's and issuing country" },
	{ "signer.purpose", "Mục đích chứng thư người ký", "Purpose of the signer's certificate" },
	{ "dg13.dg1", "DG13 khớp DG1", "DG13 against DG1" },
	{ "dg13.name", "Họ tên DG13 khớp MRZ", "Name of DG13 against the MRZ" },
	{ "books", "Hiệu lực theo sổ của trạm", "Standing in the station's books" },
	{ "match-on-card", "So khớp vân tay trên thẻ", "Match-on-card application" },
	{ "active-authentication", "Xác thực chủ động (AA)", "Active Authentication" },
	{ "chip-authentication", "Xác thực chíp (CA)", "Chip Authentication" },
	{ "chip-authentication-mapping", "Xác thực chíp (PACE-CAM)", "Chip by PACE-CAM" },
	/* of verify-evidence */
	{ "signature", "Chữ ký của bằng chứng", "Signature of the record" },
	{ "signer", "Trạm đã ký", "Station that signed" },
	{ "record", "Các tệp trong bằng chứng", "Files of the record" },
	{ "files", "Mã băm các nhóm dữ liệu", "Hashes of the data groups" },
	{ "given-files", "Các tệp đưa kèm", "Files given" },
	{ "verdict", "Kết luận đã ghi", "Recorded verdict" },
	{ "terminal-authentication", "Xác thực đầu đọc (TA)", "Terminal Authentication" },
};

#define LABEL_COLUMNS 30

void card_inspect_label(const char *id, enum lang lang, char *out, size_t cap)
{
	unsigned dg;
	int end = 0;

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(labels[i].id, id) == 0) {
			(void)snprintf(out, cap, "%s", lang == LANG_VI ? labels[i].vi : labels[i].en);
			return;
		}
	}
	if (sscanf(id, "sod.dg%2u%n", &dg, &end) == 1 && id[end] == 0)
		(void)snprintf(out, cap, lang == LANG_VI ? "Mã băm của DG%u" : "Hash of DG%u", dg);
	else if (sscanf(id, "dg%2u.read%n", &dg, &end) == 1 && end > 0)
		(void)snprintf(out, cap, lang == LANG_VI ? "Đọc DG%u" : "Reading DG%u", dg);
	else if (sscanf(id, "dg%2u.structure%n", &dg, &end) == 1 && end > 0)
		(void)snprintf(out, cap, lang == LANG_VI ? "Cấu trúc DG%u" : "Structure of DG%u", dg);
	else if (sscanf(id, "defect.%2u%n", &dg, &end) == 1 && id[end] == 0)
		(void)snprintf(out, cap, lang == LANG_VI ? "Khiếm khuyết đã biết %u" : "Known defect %u", dg);
	else
		(void)snprintf(out, cap, "%s", id);
}

/* Columns that a UTF-8 text takes here: every letter of the labels is one wide. */
static int columns(const char *s)
{
	int n = 0;

	for (; *s != 0; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static const struct {
	const char *mark, *color, *vi, *en;
} results[] = {
	[INSPECT_PASSED] = { "✓", "\033[32m", "đạt", "passed" },
	[INSPECT_FAILED] = { "✗", "\033[31m", "không đạt", "failed" },
	[INSPECT_INCONCLUSIVE] = { "?", "\033[33m", "chưa rõ", "inconclusive" },
	[INSPECT_NOT_APPLICABLE] = { "-", "", "không có", "not applicable" },
	[INSPECT_UNAVAILABLE] = { "o", "", "không đọc được", "unavailable" },
	[INSPECT_REMARK] = { "!", "", "lưu ý", "remark" },
};

const char *card_inspect_result_text(enum inspect_result r, enum lang lang, const char **ret_mark)
{
	*ret_mark = results[r].mark;
	return lang == LANG_VI ? results[r].vi : results[r].en;
}

void card_inspect_evidence(const struct inspect_check *c, enum lang lang, char out[CARD_INSPECT_EVIDENCE_MAX])
{
	const char *told = lang == LANG_VI ? c->evidence_vi : c->evidence;

	/* A bare detail says little to whom it isn't written for; the country signer's verdict is a sentence already. */
	if (c->error_key != NULL && lang == LANG_VI && strcmp(c->id, "sod.chain") != 0)
		(void)snprintf(out, CARD_INSPECT_EVIDENCE_MAX, "%s (%s)", message_text(message_find(c->error_key), lang), told);
	else
		(void)snprintf(out, CARD_INSPECT_EVIDENCE_MAX, "%s", told);
}

static void print_check(FILE *out, const struct inspect_check *c, enum lang lang, bool color)
{
	const char *word = lang == LANG_VI ? results[c->result].vi : results[c->result].en;
	const char *paint = color ? results[c->result].color : "";
	char label[96], evidence[CARD_INSPECT_EVIDENCE_MAX];

	card_inspect_label(c->id, lang, label, sizeof label);
	card_inspect_evidence(c, lang, evidence);
	(void)fprintf(out, "%s%s%s %s%*s %s%*s %s\n", paint, results[c->result].mark, paint[0] != 0 ? "\033[0m" : "", label,
		      LABEL_COLUMNS > columns(label) ? LABEL_COLUMNS - columns(label) : 0, "", word,
		      16 > columns(word) ? 16 - columns(word) : 0, "", evidence);
}

void card_inspect_report_text(FILE *out, const struct inspection *i, enum lang lang, bool color)
{
	struct card_verdict v;

	for (size_t k = 0; k < i->check_count; k++)
		print_check(out, &i->checks[k], lang, color);
	card_verdict_of(i, lang, &v);
	(void)fprintf(out, "%s: %s. %s\n%s: %s\n", lang == LANG_VI ? "KẾT LUẬN" : "VERDICT", v.word, v.what,
		      lang == LANG_VI ? "VIỆC CẦN LÀM" : "TO DO", v.next);
}

/* ---- for machines */
static json_t *text(struct bytes in)
{
	json_t *s = json_stringn((const char *)in.p, in.n);

	/* Text that isn't UTF-8 was refused by the parsers; what is left is empty. */
	return s != NULL ? s : json_string("");
}

static json_t *hex(struct bytes in)
{
	char *digits = malloc(2 * in.n + 1);
	json_t *s = NULL;

	if (digits != NULL) {
		bytes_to_hex(in, digits);
		s = json_string(digits);
	}
	free(digits);
	return s;
}

static json_t *checks_json(const struct inspection *i)
{
	json_t *list = json_array();

	for (size_t k = 0; k < i->check_count; k++) {
		const struct inspect_check *c = &i->checks[k];

		(void)json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "id", c->id, "result",
							    inspect_result_name(c->result), "evidence", c->evidence));
	}
	return list;
}

static json_t *files_json(const struct inspection *i)
{
	json_t *list = json_array();

	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		struct bytes file = lds_set_get(&i->files, f);
		struct digest d;

		if (file.n == 0 || cc_failed(hash_digest(HASH_SHA256, file, &d)))
			continue;
		(void)json_array_append_new(list, json_pack("{s:s,s:I,s:o}", "name", lds_file_name(f), "bytes",
							    (json_int_t)file.n, "sha256", hex(bytes_of(d.p, d.n))));
	}
	return list;
}

static json_t *mrz_json(const struct inspection *i)
{
	static const char *const formats[] = { "TD1", "TD2", "TD3" };
	const struct mrz *m = &i->mrz;
	char sex[2] = { m->sex, 0 };

	if (!i->has_mrz)
		return json_null();
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "format", formats[m->format], "text", m->text,
			 "document_number", m->document_number, "personal_number", m->personal_number, "primary", m->primary,
			 "secondary", m->secondary, "nationality", m->nationality, "birth", m->birth, "sex", sex, "expiry",
			 m->expiry, "code", m->code, "digits_good", m->digits_good);
}

static json_t *dg13_json(const struct inspection *i)
{
	struct dg13 d;
	json_t *o;

	if (cc_failed(dg13_parse(lds_set_get(&i->files, lds_dg(13)), &d, NULL)))
		return json_null();
	o = json_object();
	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++) {
		if (f != DG13_PARENTS)
			(void)json_object_set_new(o, dg13_field_name(f), text(dg13_text(&d, f)));
	}
	(void)json_object_set_new(o, "father", text(d.father));
	(void)json_object_set_new(o, "mother", text(d.mother));
	return o;
}

static json_t *active_json(const struct inspection *i)
{
	if (i->aa_answer.n == 0)
		return json_null();
	return json_pack("{s:o,s:o}", "challenge", hex(bytes_of(i->aa_challenge, sizeof i->aa_challenge)), "answer",
			 hex(buf_view(&i->aa_answer)));
}

static json_t *error_json(const struct inspection *i)
{
	if (i->err.key == NULL)
		return json_null();
	return json_pack("{s:s,s:s}", "key", i->err.key, "detail", i->err.detail);
}

bool card_inspect_report_json(FILE *out, const struct inspection *i)
{
	struct card_verdict v;
	json_t *root;
	bool good;

	card_verdict_of(i, LANG_EN, &v);
	root = json_pack("{s:i,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "schema", 1, "verdict", inspect_verdict_name(i->verdict),
			 "reason", v.key, "access", inspect_access_name(i->access), "checks", checks_json(i), "files",
			 files_json(i), "mrz", mrz_json(i), "dg13", dg13_json(i), "active_authentication", active_json(i),
			 "error", error_json(i));
	good = root != NULL && json_dumpf(root, out, JSON_INDENT(1)) == 0;
	(void)fputc('\n', out);
	json_decref(root);
	return good;
}
