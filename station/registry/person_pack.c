/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person.h"

#include "crypto/base/secret.h"

#include <string.h>

/*
 * The form in which the registry keeps a person: version, then for each field
 * that is not empty its number, a length of two bytes, and its bytes, in rising
 * order. Numbers are never given twice. Texts were judged when they came; the seal
 * shows that they are the same.
 */
#define PACK_VERSION 1

struct pack_text {
	uint8_t id;
	size_t offset, size;
};
#define TEXT(number, member)                                                                                                     \
	{                                                                                                                        \
		number, offsetof(struct person, member), sizeof((struct person *)0)->member                                      \
	}
static const struct pack_text texts[] = {
	TEXT(1, number),
	TEXT(2, full_name),
	TEXT(3, birth_basis),
	TEXT(4, nationality),
	TEXT(5, ethnicity),
	TEXT(6, religion),
	TEXT(7, origin),
	TEXT(8, residence),
	TEXT(9, marks),
	TEXT(10, father),
	TEXT(11, mother),
	TEXT(12, spouse),
	TEXT(13, old_cmnd),
	TEXT(14, issue_place),
	TEXT(15, other_name),
	TEXT(16, blood_group),
	TEXT(17, marital_status),
	TEXT(18, birth_place),
	TEXT(19, birth_registration),
	TEXT(20, current_residence),
	TEXT(21, occupation),
	TEXT(22, education),
	TEXT(23, father_number),
	TEXT(24, mother_number),
	TEXT(25, spouse_number),
	TEXT(26, father_nationality),
	TEXT(27, mother_nationality),
	TEXT(28, spouse_nationality),
	TEXT(29, representative),
	TEXT(30, representative_number),
	TEXT(31, representative_nationality),
	TEXT(32, household_head),
	TEXT(33, household_head_number),
	TEXT(34, household_relation),
	TEXT(35, phone),
	TEXT(36, email),
	TEXT(37, cancelled_number),
};
#define TEXT_COUNT (sizeof texts / sizeof texts[0])

struct pack_date {
	uint8_t id;
	size_t offset;
};
static const struct pack_date dates[] = {
	{ 128, offsetof(struct person, birth) },
	{ 129, offsetof(struct person, issued) },
	{ 130, offsetof(struct person, expiry) },
	{ 131, offsetof(struct person, death) },
};
#define DATE_COUNT (sizeof dates / sizeof dates[0])
#define ID_FINGERS 160 /* why a finger has no print, by position; absent: none lacks one */
#define ID_STATES 192  /* sex, kind of expiry, life */

/* All fields at their longest, with numbers and lengths: packed on the stack, as each row of a load is. */
#define PACKED_MAX (sizeof(struct person) + 3 * 64)

struct packed {
	size_t n;
	uint8_t p[PACKED_MAX];
};

static void put_field(struct packed *out, uint8_t id, const void *value, size_t n)
{
	CC_ASSERT(n <= UINT16_MAX && out->n + 3 + n <= PACKED_MAX);
	out->p[out->n++] = id;
	out->p[out->n++] = (uint8_t)(n >> 8);
	out->p[out->n++] = (uint8_t)n;
	memcpy(out->p + out->n, value, n);
	out->n += n;
}

static void put_date(struct packed *out, uint8_t id, struct date d)
{
	const uint8_t value[4] = { (uint8_t)(d.year >> 8), (uint8_t)d.year, d.month, d.day };

	if (d.year != 0)
		put_field(out, id, value, sizeof value);
}

static void put_fingers(struct packed *out, const struct person *p)
{
	bool any = false;

	for (unsigned i = 1; i <= FINGERS; i++)
		any = any || p->finger_missing[i] != FINGER_PRESENT;
	if (any)
		put_field(out, ID_FINGERS, p->finger_missing + 1, FINGERS);
}

static void put_fields(struct packed *out, const struct person *p)
{
	const uint8_t states[3] = { (uint8_t)p->sex, (uint8_t)p->expiry_kind, (uint8_t)p->life };

	out->p[0] = PACK_VERSION;
	out->n = 1;
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		const char *text = (const char *)p + texts[i].offset;

		if (text[0] != '\0')
			put_field(out, texts[i].id, text, strlen(text));
	}
	for (size_t i = 0; i < DATE_COUNT; i++) {
		struct date d;

		memcpy(&d, (const char *)p + dates[i].offset, sizeof d);
		put_date(out, dates[i].id, d);
	}
	put_fingers(out, p);
	put_field(out, ID_STATES, states, sizeof states);
}

cc_status person_pack(const struct person *p, struct buf *ret)
{
	struct packed out;
	cc_status st;

	_Static_assert(TEXT_COUNT + DATE_COUNT + 3 < 64, "PACKED_MAX has room for their heads");
	put_fields(&out, p);
	st = buf_copy(ret, bytes_of(out.p, out.n));
	cc_wipe(out.p, out.n);
	return st;
}

static bool take_text(struct bytes value, const struct pack_text *t, struct person *p)
{
	if (value.n == 0 || value.n >= t->size || memchr(value.p, 0, value.n) != NULL)
		return false;
	memcpy((char *)p + t->offset, value.p, value.n);
	return true;
}

static bool take_date(struct bytes value, const struct pack_date *f, struct person *p)
{
	struct cursor in;
	struct date d;

	cursor_init(&in, value);
	if (!cursor_u16(&in, &d.year) || !cursor_u8(&in, &d.month) || !cursor_u8(&in, &d.day) || cc_failed(cursor_end(&in)) ||
	    !date_is_valid(d))
		return false;
	memcpy((char *)p + f->offset, &d, sizeof d);
	return true;
}

static bool take_fingers(struct bytes value, struct person *p)
{
	struct cursor in;
	bool any = false;

	cursor_init(&in, value);
	if (!cursor_copy(&in, p->finger_missing + 1, FINGERS) || cc_failed(cursor_end(&in)))
		return false;
	for (unsigned i = 1; i <= FINGERS; i++) {
		if (p->finger_missing[i] > FINGER_NOT_TAKEN)
			return false;
		any = any || p->finger_missing[i] != FINGER_PRESENT;
	}
	return any;
}

static bool take_states(struct bytes value, struct person *p)
{
	uint8_t sex, expiry, life;
	struct cursor in;

	cursor_init(&in, value);
	if (!cursor_u8(&in, &sex) || !cursor_u8(&in, &expiry) || !cursor_u8(&in, &life) || cc_failed(cursor_end(&in)) ||
	    sex > SEX_FEMALE || expiry > EXPIRY_DATE || life > LIFE_MISSING)
		return false;
	p->sex = (enum person_sex)sex;
	p->expiry_kind = (enum person_expiry)expiry;
	p->life = (enum person_life)life;
	return true;
}

static bool take_field(uint8_t id, struct bytes value, struct person *p)
{
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		if (texts[i].id == id)
			return take_text(value, &texts[i], p);
	}
	for (size_t i = 0; i < DATE_COUNT; i++) {
		if (dates[i].id == id)
			return take_date(value, &dates[i], p);
	}
	if (id == ID_FINGERS)
		return take_fingers(value, p);
	return id == ID_STATES && take_states(value, p);
}

static bool take_fields(struct bytes record, struct person *p)
{
	uint8_t version = 0, id = 0, last = 0;
	struct bytes value;
	struct cursor in;
	uint16_t n;

	cursor_init(&in, record);
	if (!cursor_u8(&in, &version) || version != PACK_VERSION)
		return false;
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &id) || id <= last || !cursor_u16(&in, &n) || !cursor_take(&in, n, &value) ||
		    !take_field(id, value, p))
			return false;
		last = id;
	}
	return last == ID_STATES && p->number[0] != '\0';
}

cc_status person_unpack(struct bytes record, struct person *ret)
{
	memset(ret, 0, sizeof *ret);
	if (take_fields(record, ret))
		return cc_ok();
	person_done(ret);
	return cc_code_status(CC_E_FORMAT);
}
