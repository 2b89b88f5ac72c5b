/* SPDX-License-Identifier: Apache-2.0 */
#include "station/card_inspect_html.h"

#include "card/lds/dg13.h"
#include "crypto/base/secret.h"
#include "crypto/hash.h"
#include "station/card_inspect_report.h"
#include "station/card_verdict.h"
#include "station/message.h"
#include "station/portrait_dg2.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAGE_MAX (1u << 20)
#define LABEL_SIZE 96

static const char head[] =
	"<!doctype html>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<style>\n"
	"body{font:15px/1.45 'Noto Sans',system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em;color:#1b1b1b}\n"
	"h1{font-size:1em;font-weight:600;color:#555;margin:0 0 .8em}h2{font-size:1.05em;margin:1.6em 0 .4em}\n"
	".verdict{padding:.8em 1.1em;border-radius:8px;border:3px solid}.verdict strong{display:block;font-size:2.1em;line-height:1.2}\n"
	".verdict p{margin:.35em 0 0;font-size:1.15em}.verdict .next{font-weight:700}\n"
	".passed{background:#e7f5ea;border-color:#1d7a35}.failed{background:#fdeaea;border-color:#b3261e}\n"
	".inconclusive{background:#fff6de;border-color:#9a6a00}.passed strong{color:#1d7a35}.failed strong{color:#b3261e}.inconclusive strong{color:#7a5400}\n"
	".person{display:flex;gap:1.5em;align-items:flex-start}.person figure{margin:0;width:13em;flex:none}\n"
	".person img,.person .none{width:13em;border:1px solid #bbb;display:block}.person .none{box-sizing:border-box;padding:4em 1em;"
	"text-align:center}figcaption{font-size:.85em;color:#555;margin-top:.3em}\n"
	".person .r-failed{margin:0}tr.big td{font-size:1.35em;font-weight:700}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25em .6em .25em 0;"
	"border-bottom:1px solid #e2e2e2}\n"
	"th{font-weight:600;white-space:nowrap}.person table{width:auto;flex:1}.mono{font-family:'Noto Sans Mono',monospace;font-size:.85em;"
	"overflow-wrap:anywhere}\n"
	".r-passed{color:#1d7a35}.r-failed{color:#b3261e;font-weight:600}.r-inconclusive{color:#7a5400;font-weight:600}\n"
	".checks{table-layout:fixed}.checks td:first-child{width:9.5em}.checks td.what{width:15em}\n"
	".said{overflow-wrap:anywhere;font-size:.93em}\n"
	"footer{margin-top:2em;color:#555;font-size:.85em}\n"
	"@media print{body{margin:0;max-width:none}}\n"
	"</style>\n";

struct page {
	struct writer w;
	enum lang lang;
	bool big; /* the rows that the eye looks for first */
};

static const char *pick(const struct page *p, const char *vi, const char *en)
{
	return p->lang == LANG_VI ? vi : en;
}

/*
 * UAX 9: marks, embeddings, overrides and isolates, by which a name in the file is another one on the page. No Vietnamese
 * name has any.
 */
static bool is_reordering(struct bytes at)
{
	static const char *const marks[] = { "\xD8\x9C",     "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA",
					     "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
					     "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9" };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (bytes_starts_with(at, bytes_str(marks[i])))
			return true;
	}
	return false;
}

/* Everything that isn't markup of this file goes through here: what a chip says is hostile. */
static void put_text(struct page *p, struct bytes text)
{
	struct cursor in;
	uint8_t c;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		struct cursor ahead = in;
		bool reorders = is_reordering(cursor_rest(&ahead));

		(void)!cursor_u8(&in, &c);
		if (reorders) {
			(void)!cursor_skip(&in, c == 0xE2 ? 2 : 1);
			writer_str(&p->w, "?");
		} else if (c == '<')
			writer_str(&p->w, "&lt;");
		else if (c == '>')
			writer_str(&p->w, "&gt;");
		else if (c == '&')
			writer_str(&p->w, "&amp;");
		else if (c == '"')
			writer_str(&p->w, "&quot;");
		else if (c == '\'')
			writer_str(&p->w, "&#39;");
		else
			writer_u8(&p->w, c < 0x20 || c == 0x7F ? ' ' : c);
	}
}

static void put(struct page *p, const char *markup)
{
	writer_str(&p->w, markup);
}

static void put_str(struct page *p, const char *text)
{
	put_text(p, bytes_str(text));
}

/* RFC 4648 4. */
static void put_base64(struct page *p, struct bytes in)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct cursor c;
	struct bytes group;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0) {
		size_t n = cursor_left(&c) < 3 ? cursor_left(&c) : 3;
		uint32_t v;

		if (!cursor_take(&c, n, &group))
			return;
		v = (uint32_t)group.p[0] << 16 | (n > 1 ? (uint32_t)group.p[1] << 8 : 0) | (n > 2 ? group.p[2] : 0u);
		writer_u8(&p->w, (uint8_t)digits[v >> 18]);
		writer_u8(&p->w, (uint8_t)digits[v >> 12 & 63]);
		writer_u8(&p->w, (uint8_t)(n > 1 ? digits[v >> 6 & 63] : '='));
		writer_u8(&p->w, (uint8_t)(n > 2 ? digits[v & 63] : '='));
	}
}

/* ---- the verdict, readable from the other side of the desk */

static void put_verdict(struct page *p, const struct inspection *i)
{
	static const char *const marks[] = { "✓", "✗", "?" };
	struct card_verdict v;

	card_verdict_of(i, p->lang, &v);
	put(p, "<div class=\"verdict ");
	put_str(p, inspect_verdict_name(i->verdict));
	put(p, "\"><strong>");
	put_str(p, marks[i->verdict]);
	put(p, " ");
	put_str(p, pick(p, "KẾT LUẬN: ", "VERDICT: "));
	put_str(p, v.word);
	put(p, "</strong><p>");
	put_str(p, v.what);
	put(p, "</p><p class=\"next\">");
	put_str(p, pick(p, "Việc cần làm: ", "To do: "));
	put_str(p, v.next);
	put(p, "</p></div>\n");
}

/* ---- the person */

static void put_row(struct page *p, const char *label, struct bytes value)
{
	if (value.n == 0)
		return;
	put(p, p->big ? "<tr class=\"big\"><th>" : "<tr><th>");
	put_str(p, label);
	put(p, "</th><td>");
	put_text(p, value);
	put(p, "</td></tr>\n");
}

#define SHOWN_WIDTH_MAX 480u
#define SHOWN_QUALITY 90

/* Never the chip's own bytes: the picture is decoded behind the image worker, and what the page holds is coded here. */
static cc_status shown_jpeg(struct image_worker *images, struct bytes dg2, struct buf *ret, struct cc_error *err)
{
	struct portrait_dg2 portrait = { 0 };
	struct photo photo = { 0 };
	const struct jpeg_params params = { SHOWN_QUALITY, JPEG_CHROMA_QUARTER };
	cc_status st = portrait_dg2_read(dg2, &portrait, err);

	if (!cc_failed(st))
		st = image_worker_decode(images, portrait.picture, &photo, err);
	if (!cc_failed(st) && photo.image.width > SHOWN_WIDTH_MAX) {
		struct image_rect all = { 0, 0, photo.image.width, photo.image.height };
		unsigned height = (unsigned)((uint64_t)photo.image.height * SHOWN_WIDTH_MAX / photo.image.width);

		st = image_reduce(&photo.image, &all, SHOWN_WIDTH_MAX, height > 0 ? height : 1, &photo.image, err);
	}
	if (!cc_failed(st))
		st = jpeg_encode(&photo.image, &params, ret, err);
	photo_done(&photo);
	return st;
}

/* What stands in the portrait's place, so that nobody takes a page without one for a page that has one. */
static void put_no_portrait(struct page *p, const char *why)
{
	put(p, "<p class=\"none r-failed\">DG2: ");
	put_str(p, why);
	put(p, "</p>\n");
}

static void put_portrait(struct page *p, const struct inspection *i, struct image_worker *images)
{
	struct bytes dg2 = lds_set_get(&i->files, lds_dg(2));
	struct buf jpeg = { 0 };
	struct cc_error err;

	cc_error_init(&err);
	put(p, "<figure>\n");
	if (dg2.n == 0 || images == NULL) {
		put_no_portrait(p, pick(p, "không có ảnh", "no portrait"));
	} else if (cc_failed(shown_jpeg(images, dg2, &jpeg, &err))) {
		put_no_portrait(p, message_text(message_find(err.key), p->lang));
	} else {
		put(p, "<img alt=\"DG2\" src=\"data:image/jpeg;base64,");
		put_base64(p, buf_view(&jpeg));
		put(p, "\">\n<figcaption>");
		put_str(p, pick(p, "Ảnh trong chíp: so với người cầm thẻ và với ảnh in.",
				"The chip's portrait: compare it with the bearer and with the print."));
		if (i->verdict != INSPECT_GOOD) {
			put(p, " <span class=\"r-failed\">");
			put_str(p, pick(p, "Chưa chứng minh được là ảnh đã ký.", "Not proven to be the one that was signed."));
			put(p, "</span>");
		}
		put(p, "</figcaption>\n");
	}
	put(p, "</figure>\n");
	buf_done(&jpeg);
}

static void put_dg13(struct page *p, const struct dg13 *d)
{
	p->big = true;
	put_row(p, pick(p, "Họ tên", "Full name"), d->name);
	put_row(p, pick(p, "Số định danh", "Personal number"), d->number);
	p->big = false;
	put_row(p, pick(p, "Ngày sinh", "Date of birth"), d->birth);
	put_row(p, pick(p, "Giới tính", "Sex"), d->sex);
	put_row(p, pick(p, "Quốc tịch", "Nationality"), d->nationality);
	put_row(p, pick(p, "Dân tộc", "Ethnicity"), d->ethnicity);
	put_row(p, pick(p, "Tôn giáo", "Religion"), d->religion);
	put_row(p, pick(p, "Quê quán", "Place of origin"), d->origin);
	put_row(p, pick(p, "Nơi cư trú", "Place of residence"), d->residence);
	put_row(p, pick(p, "Đặc điểm nhận dạng", "Personal identification"), d->marks);
	put_row(p, pick(p, "Cha", "Father"), d->father);
	put_row(p, pick(p, "Mẹ", "Mother"), d->mother);
	put_row(p, pick(p, "Vợ hoặc chồng", "Spouse"), d->spouse);
	put_row(p, pick(p, "Ngày cấp", "Date of issue"), d->issued);
	put_row(p, pick(p, "Có giá trị đến", "Date of expiry"), d->expiry);
	put_row(p, pick(p, "Số CMND cũ", "Old number"), d->old_number);
	put_row(p, pick(p, "Số chíp", "Chip"), d->chip_id);
}

/* In its printed lines, so that an eye can go from the card to the page and back. */
static void put_mrz(struct page *p, const struct mrz *m)
{
	static const size_t line_len[] = { [MRZ_TD1] = 30, [MRZ_TD2] = 36, [MRZ_TD3] = 44 };
	struct cursor in;
	struct bytes line;

	put(p, "<tr><th>MRZ</th><td class=\"mono\">");
	cursor_init(&in, bytes_str(m->text));
	while (cursor_left(&in) > 0) {
		size_t n = cursor_left(&in) < line_len[m->format] ? cursor_left(&in) : line_len[m->format];

		if (!cursor_take(&in, n, &line))
			break;
		put_text(p, line);
		put(p, "<br>");
	}
	put(p, "</td></tr>\n");
}

static void put_person(struct page *p, const struct inspection *i, struct image_worker *images)
{
	struct dg13 d;

	put(p, "<h2>");
	put_str(p, pick(p, "Chíp ghi gì", "What the chip says"));
	put(p, "</h2>\n<div class=\"person\">\n");
	put_portrait(p, i, images);
	put(p, "<table>\n");
	if (!cc_failed(dg13_parse(lds_set_get(&i->files, lds_dg(13)), &d, NULL)))
		put_dg13(p, &d);
	if (i->has_mrz) {
		put_mrz(p, &i->mrz);
	}
	put(p, "</table>\n</div>\n");
}

/* ---- checks and files */

static void put_check(struct page *p, const struct inspect_check *c)
{
	const char *mark, *word = card_inspect_result_text(c->result, p->lang, &mark);
	char label[LABEL_SIZE], evidence[CARD_INSPECT_EVIDENCE_MAX];

	card_inspect_label(c->id, p->lang, label, sizeof label);
	card_inspect_evidence(c, p->lang, evidence);
	put(p, "<tr><td class=\"r-");
	put_str(p, inspect_result_name(c->result));
	put(p, "\">");
	put_str(p, mark);
	put(p, " ");
	put_str(p, word);
	put(p, "</td><td class=\"what\">");
	put_str(p, label);
	put(p, "</td><td class=\"said\">");
	put_str(p, evidence);
	put(p, "</td></tr>\n");
}

#define BIT(r) (1u << (r))

/* A table of the checks with one of these results; nothing when there are none. */
static void put_checks_of(struct page *p, const struct inspection *i, const char *title, unsigned results)
{
	bool open = false;

	for (size_t k = 0; k < i->check_count; k++) {
		if ((BIT(i->checks[k].result) & results) == 0)
			continue;
		if (!open) {
			put(p, "<h2>");
			put_str(p, title);
			put(p, "</h2>\n<table class=\"checks\">\n");
		}
		open = true;
		put_check(p, &i->checks[k]);
	}
	if (open)
		put(p, "</table>\n");
}

/* What takes something from the verdict comes first: nobody in a hurry reads forty rows. */
static void put_checks(struct page *p, const struct inspection *i)
{
	put_checks_of(p, i, pick(p, "Không đạt", "Failed"), BIT(INSPECT_FAILED));
	put_checks_of(p, i, pick(p, "Chưa rõ hoặc không đọc được", "Inconclusive or unavailable"),
		      BIT(INSPECT_INCONCLUSIVE) | BIT(INSPECT_UNAVAILABLE));
	put_checks_of(p, i, pick(p, "Lưu ý", "Remarks"), BIT(INSPECT_REMARK));
	put_checks_of(p, i, pick(p, "Đạt", "Passed"), BIT(INSPECT_PASSED));
	put_checks_of(p, i, pick(p, "Thẻ này không có", "Not on this card"), BIT(INSPECT_NOT_APPLICABLE));
}

static void put_files(struct page *p, const struct inspection *i)
{
	put(p, "<h2>");
	put_str(p, pick(p, "Các tệp đã đọc", "Files read"));
	put(p, "</h2>\n<table>\n");
	for (unsigned f = 0; f < LDS_FILE_COUNT; f++) {
		struct bytes file = lds_set_get(&i->files, (enum lds_file)f);
		char hex[2 * HASH_LEN_MAX + 1], size[24];
		struct digest d;

		if (file.n == 0 || cc_failed(hash_digest(HASH_SHA256, file, &d)))
			continue;
		bytes_to_hex(bytes_of(d.p, d.n), hex);
		(void)snprintf(size, sizeof size, "%zu", file.n);
		put(p, "<tr><td>");
		put_str(p, lds_file_name((enum lds_file)f));
		put(p, "</td><td>");
		put_str(p, size);
		put(p, "</td><td class=\"mono\">");
		put_str(p, hex);
		put(p, "</td></tr>\n");
	}
	put(p, "</table>\n");
}

static void put_footer(struct page *p, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm utc;
	char when[48] = "";

	if (gmtime_r(&now, &utc) != NULL)
		(void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &utc);
	put(p, "<footer>cccd-station, ");
	put_str(p, when);
	put(p, ". ");
	put_str(p, pick(p, "Trang này có dữ liệu cá nhân: giữ và hủy như hồ sơ.",
			"This page holds personal data: keep and destroy it like a dossier."));
	put(p, "</footer>\n");
}

cc_status card_inspect_html(const char *path, const struct inspection *i, struct image_worker *images, int64_t now_ms,
			    enum lang lang, struct cc_error *err)
{
	struct page p = { .lang = lang };
	cc_status st;

	writer_init(&p.w, PAGE_MAX);
	put(&p, head);
	put(&p, "<title>");
	put_str(&p, pick(&p, "Kiểm tra thẻ", "Card inspection"));
	put(&p, "</title>\n<h1>");
	put_str(&p, pick(&p, "Kiểm tra thẻ căn cước gắn chíp", "Inspection of a chip identity card"));
	put(&p, "</h1>\n");
	put_verdict(&p, i);
	put_person(&p, i, images);
	put_checks(&p, i);
	put_files(&p, i);
	put_footer(&p, now_ms);
	if (p.w.failed != CC_OK)
		st = cc_fail(err, p.w.failed, "memory", "report");
	else
		st = sys_write_file(path, writer_view(&p.w), 0600, err);
	writer_done(&p.w);
	return st;
}
