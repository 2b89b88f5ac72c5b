/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/lint_run.h"
#include "card/lds/bit_group.h"

/*
 * DG2, DG3, DG4, ICAO 9303-10 4.7.2 to 4.7.4: outer { 7F61 { 02 count, 7F60 {
 * A1 header, 5F2E or 7F2E record } ... } }.
 */
#define TAG_FILLER 0x53 /* ICAO 9303-10 4.7.3.1: random bytes of an empty DG3 */

/* ICAO 9303-10 table 42 and ISO/IEC 7816-11 table C.2: what belongs where. */
struct modality {
	unsigned number;
	uint16_t formats[2]; /* ISO/IEC 19794, 39794 */
	uint8_t type;
};
static const struct modality modalities[] = {
	{ 2, { 0x0008, 0x002A }, 0x02 },
	{ 3, { 0x0007, 0x0028 }, 0x08 },
	{ 4, { 0x0009, 0x002C }, 0x10 },
};

static bool number_of(struct bytes value, uint32_t *ret)
{
	struct cursor in;
	uint8_t b;

	*ret = 0;
	cursor_init(&in, value);
	while (cursor_left(&in) > 0 && value.n <= 4) {
		if (!cursor_u8(&in, &b))
			return false;
		*ret = *ret << 8 | b;
	}
	return value.n > 0 && value.n <= 4;
}

/* ---- header A1 */
struct header {
	struct tlv elements[BIT_GROUP_FORMAT_TYPE - BIT_GROUP_VERSION + 1]; /* tag 0: not there */
};

static const struct tlv *element(const struct header *h, enum bit_group_element tag)
{
	return &h->elements[tag - BIT_GROUP_VERSION];
}

/* What the creator added of its own, its dates and product among it, may stand there as often as it likes. */
static bool is_creators(uint32_t tag)
{
	return tag >= BIT_GROUP_CREATED && tag <= BIT_GROUP_PRODUCT;
}

static void read_header(struct lint_run *run, struct cursor *in, struct header *h)
{
	struct tlv t;

	while (cursor_left(in) > 0 && tlv_next(in, TLV_LENIENT, &t)) {
		if (is_creators(t.tag))
			continue;
		if (t.tag < BIT_GROUP_VERSION || t.tag > BIT_GROUP_FORMAT_TYPE || h->elements[t.tag - BIT_GROUP_VERSION].tag != 0)
			lint_add(run, LINT_BIO_ELEMENT, t.whole, "tag %X", (unsigned)t.tag);
		else
			h->elements[t.tag - BIT_GROUP_VERSION] = t;
	}
}

static void check_format(struct lint_run *run, const struct modality *m, const struct header *h, struct bytes where)
{
	const struct tlv *owner = element(h, BIT_GROUP_FORMAT_OWNER), *format = element(h, BIT_GROUP_FORMAT_TYPE);
	uint32_t v;

	if (owner->tag == 0)
		lint_add(run, LINT_BIO_OWNER_MISSING, where, "no 87");
	else if (owner->value.n != 2 || !number_of(owner->value, &v) || v != 0x0101)
		lint_add(run, LINT_BIO_OWNER, owner->whole, "%zu bytes", owner->value.n);
	if (format->tag == 0)
		lint_add(run, LINT_BIO_FORMAT_MISSING, where, "no 88");
	else if (format->value.n != 2 || !number_of(format->value, &v) || (v != m->formats[0] && v != m->formats[1]))
		lint_add(run, LINT_BIO_FORMAT, format->whole, "%zu bytes", format->value.n);
}

/* ISO/IEC 7816-11 table C.3: right 1, left 2 in bits 1-2; finger in bits 3-5. */
static bool subtype_known(unsigned number, uint32_t v)
{
	if (number == 4)
		return v == 1 || v == 2;
	return v != 0 && v < 0x20 && (v & 3) != 3 && (v & 3) != 0 && v >> 2 >= 1 && v >> 2 <= 5;
}

static void check_kind(struct lint_run *run, const struct modality *m, const struct header *h, struct bytes where)
{
	const struct tlv *type = element(h, BIT_GROUP_TYPE), *subtype = element(h, BIT_GROUP_SUBTYPE);
	const struct tlv *version = element(h, BIT_GROUP_VERSION);
	uint32_t v;

	if (type->tag != 0) {
		if (!number_of(type->value, &v) || v != m->type)
			lint_add(run, LINT_BIO_TYPE, type->whole, "%zu bytes", type->value.n);
		else if (type->value.n > 1)
			lint_add(run, LINT_BIO_TYPE_OLD, type->whole, "%zu bytes", type->value.n);
	}
	/* ICAO 9303-10 4.7.3, 4.7.4: of fingers and eyes one must know which. */
	if (m->number != 2 && subtype->tag == 0)
		lint_add(run, LINT_BIO_SUBTYPE_MISSING, where, "no 82");
	else if (m->number != 2 && (!number_of(subtype->value, &v) || !subtype_known(m->number, v)))
		lint_add(run, LINT_BIO_SUBTYPE, subtype->whole, "%zu bytes", subtype->value.n);
	if (version->tag != 0 && (version->value.n != 2 || !number_of(version->value, &v) || v != 0x0101))
		lint_add(run, LINT_BIO_VERSION, version->whole, "%zu bytes", version->value.n);
}

/* ---- one template 7F60 */
static void check_template(struct lint_run *run, const struct modality *m, struct bytes whole, struct cursor *in)
{
	struct header h = { 0 };
	struct cursor header;
	struct tlv t;
	bool record = false;

	if (!tlv_is_next(in, BIT_GROUP_HEADER)) {
		lint_add(run, LINT_BIO_HEADER, whole, "no A1");
	} else if (tlv_expect(in, TLV_LENIENT, BIT_GROUP_HEADER, &header)) {
		read_header(run, &header, &h);
		check_format(run, m, &h, whole);
		check_kind(run, m, &h, whole);
	}
	while (cursor_left(in) > 0 && tlv_next(in, TLV_LENIENT, &t)) {
		if (t.tag == BIT_GROUP_RECORD && !record)
			lint_record(run, m->number, t.value);
		else if (t.tag != BIT_GROUP_RECORD_CONSTRUCTED || record)
			lint_add(run, LINT_BIO_ELEMENT, t.whole, "tag %X", (unsigned)t.tag);
		record = record || t.tag == BIT_GROUP_RECORD || t.tag == BIT_GROUP_RECORD_CONSTRUCTED;
	}
	if (!record)
		lint_add(run, LINT_BIO_RECORD_MISSING, whole, "no 5F2E");
}

static void check_group(struct lint_run *run, const struct modality *m, struct cursor *group)
{
	struct bytes count = { 0 }, all = bytes_of(group->p, group->n);
	bool counted = tlv_is_next(group, BIT_GROUP_COUNT);
	uint32_t want = 0, n = 0;
	struct tlv t;

	if (!counted)
		lint_add(run, LINT_BIO_COUNT_MISSING, all, "no 02");
	else if (!tlv_expect_bytes(group, TLV_LENIENT, BIT_GROUP_COUNT, &count) || !number_of(count, &want))
		want = UINT32_MAX;
	while (cursor_left(group) > 0 && tlv_next(group, TLV_LENIENT, &t)) {
		struct cursor in;

		if (t.tag != BIT_GROUP_TEMPLATE) {
			if (t.tag != TAG_FILLER || want != 0)
				lint_add(run, LINT_BIO_GROUP, t.whole, "tag %X", (unsigned)t.tag);
			continue;
		}
		cursor_init(&in, t.value);
		check_template(run, m, t.whole, &in);
		n++;
	}
	if (counted && n != want)
		lint_add(run, LINT_BIO_COUNT, count, "%u announced, %u there", (unsigned)want, (unsigned)n);
	if (n == 0 && m->number == 2)
		lint_add(run, LINT_BIO_RECORD_MISSING, all, "no template");
}

void lint_dg2(struct lint_run *run)
{
	unsigned number = lds_dg_number((enum lds_file)run->file);
	const struct modality *m = &modalities[number - 2];
	struct cursor in, group;

	if (!lint_outer(run, lds_file_tag((enum lds_file)run->file), &in))
		return;
	if (!tlv_is_next(&in, BIT_GROUP_TAG))
		lint_add(run, LINT_BIO_GROUP, run->bytes, "no 7F61");
	else if (tlv_expect(&in, TLV_LENIENT, BIT_GROUP_TAG, &group))
		check_group(run, m, &group);
	for (struct tlv t; !in.failed && cursor_left(&in) > 0 && tlv_next(&in, TLV_LENIENT, &t);) {
		if (t.tag != TAG_FILLER)
			lint_add(run, LINT_BIO_GROUP, t.whole, "tag %X behind the group", (unsigned)t.tag);
	}
}

/* ---- DG5 and DG7: displayed portrait, signature; ICAO 9303-10 4.7.5, 4.7.7 */
static void check_displayed(struct lint_run *run, uint32_t tag, struct cursor *in)
{
	struct bytes count = { 0 };
	uint32_t want = 0, n = 0;
	struct tlv t;

	if (!tlv_is_next(in, BIT_GROUP_COUNT) || !tlv_expect_bytes(in, TLV_LENIENT, BIT_GROUP_COUNT, &count) ||
	    !number_of(count, &want)) {
		lint_add(run, LINT_BIO_COUNT_MISSING, run->bytes, "no 02");
		return;
	}
	while (cursor_left(in) > 0 && tlv_next(in, TLV_LENIENT, &t)) {
		unsigned width, height;

		if (t.tag != tag) {
			lint_add(run, LINT_BIO_ELEMENT, t.whole, "tag %X", (unsigned)t.tag);
			continue;
		}
		n++;
		if (t.value.n == 0)
			lint_add(run, LINT_IMAGE_EMPTY, t.whole, "image %u", (unsigned)n);
		else if (lint_image_look(t.value, &width, &height) == LINT_KIND_UNKNOWN)
			lint_add(run, LINT_IMAGE_UNKNOWN, t.whole, "image %u", (unsigned)n);
	}
	if (n != want)
		lint_add(run, LINT_BIO_COUNT, count, "%u announced, %u there", (unsigned)want, (unsigned)n);
}

void lint_dg5(struct lint_run *run)
{
	struct cursor in;

	if (lint_outer(run, lds_file_tag((enum lds_file)run->file), &in))
		check_displayed(run, run->file == (unsigned)lds_dg(5) ? 0x5F40 : 0x5F43, &in);
}
