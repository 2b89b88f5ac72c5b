/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"

#include "card/lds/dg.h"
#include "crypto/base/utf8.h"

#include <stdio.h>
#include <string.h>

/* DG11, DG12 and DG16: personal and document details, persons to notify. ICAO 9303-10 4.7.11, 4.7.12, 4.7.16. */
#define TAG_LIST 0x5C
#define TAG_GROUP 0xA0
#define TAG_COUNT 0x02
#define TAG_BIRTH 0x5F2B
#define TAG_ISSUED 0x5F26
#define TAG_PERSONALIZED 0x5F55
#define TAG_NAME 0x5F0E
#define TAG_OTHER_NAME 0x5F0F
#define ELEMENTS_MAX 48

enum value_kind { VALUE_TEXT, VALUE_NAME, VALUE_DATE, VALUE_MOMENT, VALUE_IMAGE, VALUE_GROUP };

/* ICAO 9303-10 tables 49 and 50. */
static const struct element_kind {
	unsigned dg;
	uint32_t tag;
	enum value_kind kind;
} kinds[] = {
	{ 11, TAG_NAME, VALUE_NAME },
	{ 11, TAG_GROUP, VALUE_GROUP },
	{ 11, TAG_OTHER_NAME, VALUE_NAME },
	{ 11, 0x5F10, VALUE_TEXT },
	{ 11, TAG_BIRTH, VALUE_DATE },
	{ 11, 0x5F11, VALUE_TEXT },
	{ 11, 0x5F42, VALUE_TEXT },
	{ 11, 0x5F12, VALUE_TEXT },
	{ 11, 0x5F13, VALUE_TEXT },
	{ 11, 0x5F14, VALUE_TEXT },
	{ 11, 0x5F15, VALUE_TEXT },
	{ 11, 0x5F16, VALUE_IMAGE },
	{ 11, 0x5F17, VALUE_TEXT },
	{ 11, 0x5F18, VALUE_TEXT },
	{ 12, 0x5F19, VALUE_TEXT },
	{ 12, TAG_ISSUED, VALUE_DATE },
	{ 12, TAG_GROUP, VALUE_GROUP },
	{ 12, 0x5F1A, VALUE_NAME },
	{ 12, 0x5F1B, VALUE_TEXT },
	{ 12, 0x5F1C, VALUE_TEXT },
	{ 12, 0x5F1D, VALUE_IMAGE },
	{ 12, 0x5F1E, VALUE_IMAGE },
	{ 12, TAG_PERSONALIZED, VALUE_MOMENT },
	{ 12, 0x5F56, VALUE_TEXT },
	{ 16, 0x5F50, VALUE_DATE },
	{ 16, 0x5F51, VALUE_NAME },
	{ 16, 0x5F52, VALUE_TEXT },
	{ 16, 0x5F53, VALUE_TEXT },
};

static const struct element_kind *find_kind(unsigned dg, uint32_t tag)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].dg == dg && kinds[i].tag == tag)
			return &kinds[i];
	}
	return NULL;
}

/* ---- values */
/* UTF-8 without control characters. */
static bool is_text(struct bytes text)
{
	struct cursor in;
	uint32_t code;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!utf8_next(&in, &code) || code < 0x20 || code == 0x7F)
			return false;
	}
	return true;
}

static void check_date(struct lint_run *run, const struct tlv *t)
{
	/* LDS 1.7 had four bytes of BCD here; many documents still do. */
	if (t->value.n == 4)
		lint_add(run, LINT_DETAIL_DATE_BCD, t->whole, "tag %X", (unsigned)t->tag);
	else if (!lint_date_good(t->value))
		lint_add(run, LINT_DETAIL_DATE, t->whole, "tag %X, %zu bytes", (unsigned)t->tag, t->value.n);
}

/* YYYYMMDDhhmmss. */
static void check_moment(struct lint_run *run, const struct tlv *t)
{
	struct cursor in;
	struct bytes date, part;
	bool good;

	if (t->value.n == 7) {
		lint_add(run, LINT_DETAIL_DATE_BCD, t->whole, "tag %X", (unsigned)t->tag);
		return;
	}
	cursor_init(&in, t->value);
	good = cursor_take(&in, 8, &date) && lint_date_good(date);
	for (size_t i = 0; i < 3 && good; i++)
		good = cursor_take(&in, 2, &part) && bytes_compare(part, BYTES_LITERAL("00")) >= 0 && part.p[1] >= '0' &&
		       part.p[1] <= '9' && bytes_compare(part, i == 0 ? BYTES_LITERAL("23") : BYTES_LITERAL("59")) <= 0;
	if (!good || cursor_left(&in) > 0)
		lint_add(run, LINT_DETAIL_DATE, t->whole, "tag %X, %zu bytes", (unsigned)t->tag, t->value.n);
}

static bool has_separator(struct bytes name)
{
	for (size_t i = 1; i < name.n; i++) {
		if (name.p[i - 1] == '<' && name.p[i] == '<')
			return true;
	}
	return false;
}

static void check_value(struct lint_run *run, unsigned dg, const struct tlv *t)
{
	const struct element_kind *k = find_kind(dg, t->tag);

	if (k == NULL) {
		lint_add(run, LINT_DETAIL_UNKNOWN, t->whole, "tag %X", (unsigned)t->tag);
		return;
	}
	if (k->kind == VALUE_DATE)
		check_date(run, t);
	else if (k->kind == VALUE_MOMENT)
		check_moment(run, t);
	else if (k->kind == VALUE_IMAGE)
		return;
	else if (k->kind != VALUE_GROUP && !is_text(t->value))
		lint_add(run, LINT_DETAIL_TEXT, t->whole, "tag %X", (unsigned)t->tag);
	else if (k->kind == VALUE_NAME && !has_separator(t->value))
		lint_add(run, LINT_DETAIL_NAME, t->whole, "tag %X", (unsigned)t->tag);
}

/* A0 { 02 count, elements }; adds what is inside to `tags`. */
struct element_list {
	size_t count;
	uint32_t tags[ELEMENTS_MAX];
};

static void note(struct element_list *l, uint32_t tag)
{
	if (l->count < ELEMENTS_MAX)
		l->tags[l->count++] = tag;
}

static bool has(const struct element_list *l, uint32_t tag)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->tags[i] == tag)
			return true;
	}
	return false;
}

static void check_group(struct lint_run *run, unsigned dg, const struct tlv *group, struct element_list *inside)
{
	struct cursor in;
	struct bytes count = { 0 };
	size_t n = 0;
	struct tlv t;

	cursor_init(&in, group->value);
	if (tlv_is_next(&in, TAG_COUNT) && !tlv_expect_bytes(&in, TLV_LENIENT, TAG_COUNT, &count))
		return;
	for (; cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t); n++) {
		check_value(run, dg, &t);
		note(inside, t.tag);
	}
	if (count.n != 1 || count.p[0] != n)
		lint_add(run, LINT_DETAIL_COUNT, group->whole, "%zu there", n);
}

/* ---- DG11 and DG12 */
static void compare_lists(struct lint_run *run, struct bytes list, const struct element_list *there,
			  const struct element_list *inside)
{
	struct element_list listed = { 0 };
	struct cursor in;
	uint32_t tag;

	cursor_init(&in, list);
	while (cursor_left(&in) > 0 && dg_next_listed(&in, &tag)) {
		note(&listed, tag);
		if (!has(there, tag) && !has(inside, tag))
			lint_add(run, LINT_DETAIL_ABSENT, list, "tag %X", (unsigned)tag);
	}
	for (size_t i = 0; i < there->count; i++) {
		/* ICAO 9303-10 table 49: a group is listed by its own tag or by that of its elements. */
		bool by_content = there->tags[i] == TAG_GROUP && inside->count > 0 && has(&listed, inside->tags[0]);

		if (!has(&listed, there->tags[i]) && !by_content)
			lint_add(run, LINT_DETAIL_UNLISTED, list, "tag %X", (unsigned)there->tags[i]);
	}
}

static void check_birth(struct lint_run *run, const struct tlv *t)
{
	struct bytes tail;
	struct cursor in;

	if (!run->has_mrz || t->tag != TAG_BIRTH || t->value.n != 8)
		return;
	cursor_init(&in, t->value);
	if (cursor_skip(&in, 2) && cursor_take(&in, 6, &tail) && !bytes_equal(tail, bytes_str(run->mrz.birth)))
		lint_add(run, LINT_DETAIL_BIRTH, t->whole, "DG1 has %s", run->mrz.birth);
}

void lint_dg11(struct lint_run *run)
{
	unsigned dg = lds_dg_number((enum lds_file)run->file);
	struct element_list there = { 0 }, inside = { 0 };
	struct bytes list = { 0 };
	struct cursor in;
	struct tlv t;

	if (!lint_outer(run, lds_file_tag((enum lds_file)run->file), &in))
		return;
	if (!tlv_is_next(&in, TAG_LIST))
		lint_add(run, LINT_DETAIL_LIST, run->bytes, "no 5C first");
	else if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_LIST, &list))
		return;
	while (cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t)) {
		check_value(run, dg, &t);
		check_birth(run, &t);
		note(&there, t.tag);
		if (t.tag == TAG_GROUP)
			check_group(run, dg, &t, &inside);
	}
	compare_lists(run, list, &there, &inside);
}

/* ---- DG16: 70 { 02 count, A1 { ... }, A2 { ... } } */
void lint_dg16(struct lint_run *run)
{
	struct bytes count = { 0 };
	struct cursor in, person;
	uint32_t n = 0;
	struct tlv t, e;

	if (!lint_outer(run, lds_file_tag(lds_dg(16)), &in))
		return;
	if (tlv_is_next(&in, TAG_COUNT) && !tlv_expect_bytes(&in, TLV_LENIENT, TAG_COUNT, &count))
		return;
	for (; cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t); n++) {
		if (t.tag != 0xA1 + n)
			lint_add(run, LINT_DETAIL_UNKNOWN, t.whole, "tag %X", (unsigned)t.tag);
		cursor_init(&person, t.value);
		while (cursor_left(&person) > 0 && tlv_next(&person, TLV_LENIENT, &e))
			check_value(run, 16, &e);
	}
	if (count.n != 1 || count.p[0] != n)
		lint_add(run, LINT_DETAIL_COUNT, run->bytes, "%u there", (unsigned)n);
}

/* ---- DG13, cccd-card.md 5 */
/* Canonical composition leaves no U+0300 to U+036F behind a Vietnamese letter. */
static bool has_combining(struct bytes text)
{
	struct cursor in;
	uint8_t b, more;

	cursor_init(&in, text);
	while (cursor_u8(&in, &b)) {
		if (b != 0xCC && b != 0xCD)
			continue;
		if (cursor_u8(&in, &more) && (b == 0xCC || more <= 0xAF))
			return true;
	}
	return false;
}

/* dd/MM/yyyy */
static bool is_card_date(struct bytes text)
{
	struct cursor in;
	struct bytes d, m, y;
	uint8_t s1, s2;
	char whole[9];

	cursor_init(&in, text);
	if (!cursor_take(&in, 2, &d) || !cursor_u8(&in, &s1) || !cursor_take(&in, 2, &m) || !cursor_u8(&in, &s2) ||
	    !cursor_take(&in, 4, &y) || cursor_left(&in) > 0 || s1 != '/' || s2 != '/')
		return false;
	(void)snprintf(whole, sizeof whole, "%.4s%.2s%.2s", (const char *)y.p, (const char *)m.p, (const char *)d.p);
	return lint_date_good(bytes_str(whole));
}

static void check_fields(struct lint_run *run, const struct dg13 *d)
{
	static const enum dg13_field dates[] = { DG13_BIRTH, DG13_ISSUED, DG13_EXPIRY };

	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++) {
		if (has_combining(dg13_text(d, (enum dg13_field)f)))
			lint_add(run, LINT_DG13_NFD, dg13_text(d, (enum dg13_field)f), "%s", dg13_field_name((enum dg13_field)f));
	}
	if (has_combining(d->mother))
		lint_add(run, LINT_DG13_NFD, d->mother, "mother");
	for (size_t i = 0; i < 3; i++) {
		struct bytes text = dg13_text(d, dates[i]);

		if (text.n > 0 && !is_card_date(text) && !bytes_equal(text, BYTES_LITERAL("Không thời hạn")))
			lint_add(run, LINT_DG13_DATE, text, "%s", dg13_field_name(dates[i]));
	}
	if (d->number.n != MRZ_NUMBER_LEN)
		lint_add(run, LINT_DG13_NUMBER, d->number, "%zu characters", d->number.n);
	if (run->has_mrz && run->mrz.personal_number[0] != 0 && d->number.n > 0 &&
	    !bytes_equal(d->number, bytes_str(run->mrz.personal_number)))
		lint_add(run, LINT_DG13_DG1, d->number, "personal number");
}

/* The order and presence of the members, which a parser doesn't mind. */
static void check_members(struct lint_run *run)
{
	struct cursor in, dg, seq, set, member;
	uint64_t version, index, before = 0;
	struct bytes oid;
	uint32_t seen = 0;

	cursor_init(&in, run->bytes);
	if (!tlv_expect(&in, TLV_LENIENT, 0x6D, &dg) || !tlv_expect(&dg, TLV_LENIENT, 0x30, &seq) || !der_uint(&seq, &version) ||
	    !der_oid(&seq, &oid) || !tlv_expect(&seq, TLV_LENIENT, 0x31, &set))
		return;
	while (cursor_left(&set) > 0 && tlv_expect(&set, TLV_LENIENT, 0x30, &member) && der_uint(&member, &index)) {
		if (index < before)
			lint_add(run, LINT_DG13_ORDER, bytes_of(member.p, member.n), "%u after %u", (unsigned)index,
				 (unsigned)before);
		if (index >= 1 && index <= DG13_FIELD_LAST)
			seen |= 1u << index;
		before = index;
	}
	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++) {
		if ((seen & 1u << f) == 0)
			lint_add(run, LINT_DG13_MISSING, run->bytes, "%u %s", f, dg13_field_name((enum dg13_field)f));
	}
}

void lint_dg13(struct lint_run *run)
{
	struct cursor in;
	struct cc_error err;
	struct dg13 d;
	cc_status st;

	if (!lint_outer(run, lds_file_tag(lds_dg(13)), &in))
		return;
	cc_error_init(&err);
	st = dg13_parse(run->bytes, &d, &err);
	if (st.code == CC_E_UNSUPPORTED) {
		lint_add(run, LINT_DG13_FOREIGN, run->bytes, "%zu bytes", run->bytes.n);
		return;
	}
	/* Its SET stands in the order of the field numbers: not DER, and right. */
	lint_der(run, run->bytes, false);
	if (cc_failed(st)) {
		lint_add(run, LINT_DG13_STRUCTURE, run->bytes, "%s", err.detail);
	} else {
		check_members(run);
		check_fields(run, &d);
	}
}
