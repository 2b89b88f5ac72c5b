/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg13.h"

#include "crypto/base/tlv.h"
#include "crypto/base/utf8.h"

#include <string.h>

#define TAG_DG13 0x6D
#define TAG_INTEGER 0x02
#define TAG_OID 0x06
#define TAG_UTF8 0x0C
#define TAG_PRINTABLE 0x13
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define DG13_LEN_MAX 32768
#define SHORT_LENGTH_MAX 127

static const struct bytes oid_utf8 = { (const uint8_t *)"\x28\xD3\x16\x01\x00\x08", 6 }; /* 1.0.10646.1.0.8 */

/* The table of cccd-card.md 5. Parents have a second text, see put_field. */
static const struct field_spec {
	const char *name;
	size_t offset;
	uint8_t tag;
} specs[DG13_FIELD_LAST + 1] = {
	[DG13_NUMBER] = { "number", offsetof(struct dg13, number), TAG_PRINTABLE },
	[DG13_NAME] = { "name", offsetof(struct dg13, name), TAG_UTF8 },
	[DG13_BIRTH] = { "birth", offsetof(struct dg13, birth), TAG_PRINTABLE },
	[DG13_SEX] = { "sex", offsetof(struct dg13, sex), TAG_UTF8 },
	[DG13_NATIONALITY] = { "nationality", offsetof(struct dg13, nationality), TAG_UTF8 },
	[DG13_ETHNICITY] = { "ethnicity", offsetof(struct dg13, ethnicity), TAG_UTF8 },
	[DG13_RELIGION] = { "religion", offsetof(struct dg13, religion), TAG_UTF8 },
	[DG13_ORIGIN] = { "origin", offsetof(struct dg13, origin), TAG_UTF8 },
	[DG13_RESIDENCE] = { "residence", offsetof(struct dg13, residence), TAG_UTF8 },
	[DG13_MARKS] = { "marks", offsetof(struct dg13, marks), TAG_UTF8 },
	[DG13_ISSUED] = { "issued", offsetof(struct dg13, issued), TAG_PRINTABLE },
	[DG13_EXPIRY] = { "expiry", offsetof(struct dg13, expiry), TAG_UTF8 },
	[DG13_PARENTS] = { "parents", offsetof(struct dg13, father), TAG_UTF8 },
	[DG13_SPOUSE] = { "spouse", offsetof(struct dg13, spouse), TAG_UTF8 },
	[DG13_OLD_NUMBER] = { "old-number", offsetof(struct dg13, old_number), TAG_PRINTABLE },
	[DG13_CHIP_ID] = { "chip-id", offsetof(struct dg13, chip_id), TAG_PRINTABLE },
};

const char *dg13_field_name(enum dg13_field f)
{
	CC_ASSERT(f >= DG13_NUMBER && f <= DG13_FIELD_LAST);
	return specs[f].name;
}

struct bytes dg13_text(const struct dg13 *d, enum dg13_field f)
{
	struct bytes text;

	CC_ASSERT(f >= DG13_NUMBER && f <= DG13_FIELD_LAST);
	memcpy(&text, (const char *)d + specs[f].offset, sizeof text);
	return text;
}

static void set_text(struct dg13 *d, enum dg13_field f, struct bytes text)
{
	memcpy((char *)d + specs[f].offset, &text, sizeof text);
}

/* ---- text */
static bool is_text(struct bytes text)
{
	struct cursor in;
	uint32_t code;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!utf8_next(&in, &code) || code < 0x20 || (code >= 0x7F && code < 0xA0))
			return false;
	}
	return true;
}

/* X.680 41.4 */
static bool is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}

/* ---- writing */
static cc_status check_text(struct bytes text, uint8_t tag, enum dg13_field f, struct cc_error *err)
{
	bool good = text.n <= DG13_TEXT_MAX && (tag == TAG_PRINTABLE ? is_printable(text) : is_text(text));

	if (!good)
		return cc_fail(err, CC_E_ARG, "dg13.text", "field %u, %s: not a text of its type", (unsigned)f, specs[f].name);
	return cc_ok();
}

static void put_wrapped(struct writer *w, struct bytes text)
{
	tlv_open(w, TAG_SEQUENCE);
	tlv_put(w, TAG_UTF8, text);
	tlv_close(w);
}

/* The content of one field: the index, and the value unless it is empty. */
static void put_content(struct writer *w, const struct dg13 *in, enum dg13_field f)
{
	struct bytes text = dg13_text(in, f);

	tlv_put_u8(w, TAG_INTEGER, (uint8_t)f);
	if (f == DG13_PARENTS) {
		if (text.n > 0 || in->mother.n > 0) {
			put_wrapped(w, in->father);
			put_wrapped(w, in->mother);
		}
	} else if (text.n > 0) {
		if (f == DG13_SPOUSE)
			put_wrapped(w, text);
		else
			tlv_put(w, specs[f].tag, text);
	}
}

static void put_field(struct writer *w, const struct dg13 *in, enum dg13_field f, struct dg13_warnings *warnings)
{
	size_t before, len;

	tlv_open(w, TAG_SEQUENCE);
	before = writer_view(w).n;
	put_content(w, in, f);
	len = writer_view(w).n - before;
	tlv_close(w);
	if (len > SHORT_LENGTH_MAX) {
		warnings->items[warnings->count].field = f;
		warnings->items[warnings->count++].bytes = len;
	}
}

cc_status dg13_encode(const struct dg13 *in, struct buf *ret, struct dg13_warnings *ret_warnings, struct cc_error *err)
{
	struct dg13_warnings warnings = { 0 };
	struct writer w;
	cc_status st;

	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++) {
		if (cc_failed(st = check_text(dg13_text(in, f), specs[f].tag, f, err)))
			return st;
	}
	if (cc_failed(st = check_text(in->mother, TAG_UTF8, DG13_PARENTS, err)))
		return st;
	writer_init(&w, DG13_LEN_MAX);
	tlv_open(&w, TAG_DG13);
	tlv_open(&w, TAG_SEQUENCE);
	tlv_put_u8(&w, TAG_INTEGER, 1);
	tlv_put(&w, TAG_OID, oid_utf8);
	tlv_open(&w, TAG_SET);
	for (unsigned f = DG13_NUMBER; f <= DG13_FIELD_LAST; f++)
		put_field(&w, in, f, &warnings);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	st = writer_finish(&w, ret);
	if (!cc_failed(st) && ret_warnings != NULL)
		*ret_warnings = warnings;
	return st;
}

/* ---- reading */
static bool read_text(struct cursor *in, struct bytes *ret)
{
	struct tlv t;

	if (!tlv_next(in, TLV_LENIENT, &t) || (t.tag != TAG_UTF8 && t.tag != TAG_PRINTABLE) || t.value.n > DG13_TEXT_MAX ||
	    !is_text(t.value))
		return cursor_fail(in);
	*ret = t.value;
	return true;
}

static bool read_wrapped(struct cursor *in, struct bytes *ret)
{
	struct cursor inner;

	return tlv_expect(in, TLV_LENIENT, TAG_SEQUENCE, &inner) && read_text(&inner, ret) && !cc_failed(cursor_end(&inner));
}

/* SEQUENCE{father}, SEQUENCE{mother}, or SEQUENCE{father, mother}: both are in the field. */
static bool read_parents(struct cursor *in, struct dg13 *ret)
{
	struct cursor first;

	if (!tlv_expect(in, TLV_LENIENT, TAG_SEQUENCE, &first) || !read_text(&first, &ret->father))
		return false;
	if (cursor_left(&first) > 0)
		return read_text(&first, &ret->mother) && !cc_failed(cursor_end(&first));
	return read_wrapped(in, &ret->mother);
}

static bool read_value(struct cursor *in, enum dg13_field f, struct dg13 *ret)
{
	struct bytes text = { 0 };

	if (cursor_left(in) == 0)
		return true;
	if (f == DG13_PARENTS)
		return read_parents(in, ret);
	if (f == DG13_SPOUSE ? !read_wrapped(in, &text) : !read_text(in, &text))
		return false;
	set_text(ret, f, text);
	return true;
}

static bool read_fields(struct cursor *set, struct dg13 *ret)
{
	uint32_t seen = 0;

	while (cursor_left(set) > 0) {
		struct cursor field;
		uint64_t index;

		if (!tlv_expect(set, TLV_LENIENT, TAG_SEQUENCE, &field) || !der_uint(&field, &index))
			return false;
		if (index < DG13_NUMBER || index > DG13_FIELD_LAST)
			continue;
		if ((seen & 1u << index) != 0 || !read_value(&field, (enum dg13_field)index, ret) ||
		    cc_failed(cursor_end(&field)))
			return false;
		seen |= 1u << index;
	}
	return !set->failed;
}

/* Version and OID: what tells this structure from the DG13 of another country. */
static bool read_header(struct cursor *dg, struct cursor *ret_set, bool *ret_ours)
{
	struct cursor seq;
	struct bytes oid;
	uint64_t version;

	*ret_ours = tlv_expect(dg, TLV_LENIENT, TAG_SEQUENCE, &seq) && der_uint(&seq, &version) && der_oid(&seq, &oid) &&
		    bytes_equal(oid, oid_utf8);
	return *ret_ours && version == 1 && tlv_expect(&seq, TLV_LENIENT, TAG_SET, ret_set) && !cc_failed(cursor_end(&seq)) &&
	       !cc_failed(cursor_end(dg));
}

cc_status dg13_parse(struct bytes file, struct dg13 *ret, struct cc_error *err)
{
	struct cursor in, dg, set;
	struct dg13 read = { 0 };
	bool ours = true;

	cursor_init(&in, file);
	if (!tlv_expect(&in, TLV_LENIENT, TAG_DG13, &dg) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "dg13.structure", "not one 6D object");
	if (!read_header(&dg, &set, &ours)) {
		if (!ours)
			return cc_fail(err, CC_E_UNSUPPORTED, "dg13.foreign", "content isn't the Vietnamese structure");
		return cc_fail(err, CC_E_FORMAT, "dg13.structure", "version or field set");
	}
	if (!read_fields(&set, &read))
		return cc_fail(err, CC_E_FORMAT, "dg13.structure", "a field is malformed or repeated");
	*ret = read;
	return cc_ok();
}
