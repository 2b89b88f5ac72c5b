/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/mrz.h"

#include "card/lds/mrz_scan.h"

#include <string.h>

static int char_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c == '<' ? 0 : -1;
}

/* ICAO 9303-3 4.9: weights 7, 3, 1 repeated, remainder of ten. */
bool mrz_check_digit(struct bytes text, char *ret)
{
	static const int weights[3] = { 7, 3, 1 };
	struct cursor in;
	unsigned place = 0;
	int sum = 0;
	uint8_t c;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		int value;

		if (!cursor_u8(&in, &c))
			return false;
		value = char_value(c);
		if (value < 0)
			return false;
		sum = (sum + value * weights[place]) % 10;
		place = (place + 1) % 3;
	}
	*ret = (char)('0' + sum);
	return true;
}

const char *mrz_digit_name(enum mrz_digit d)
{
	static const char *const names[MRZ_DIGIT_COUNT] = { "document-number", "birth",	    "expiry",
							    "optional-data",   "composite", "personal-number" };

	CC_ASSERT((unsigned)d < MRZ_DIGIT_COUNT);
	return names[d];
}

/* As it stands, fillers and all. */
static void put_raw(char *out, size_t cap, struct bytes in)
{
	CC_ASSERT(in.n < cap);
	if (in.n > 0)
		memcpy(out, in.p, in.n);
	out[in.n] = 0;
}

/* Without the trailing fillers. */
static void put_field(char *out, size_t cap, struct bytes in)
{
	put_raw(out, cap, in);
	for (size_t n = in.n; n > 0 && out[n - 1] == '<'; n--)
		out[n - 1] = 0;
}

static enum mrz_digit_verdict judge(struct bytes text, uint8_t digit)
{
	char want;

	return mrz_check_digit(text, &want) && want == (char)digit ? MRZ_DIGIT_GOOD : MRZ_DIGIT_WRONG;
}

static enum mrz_digit_verdict judge_parts(const struct bytes *parts, size_t count, uint8_t digit)
{
	uint8_t joined[MRZ_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		CC_ASSERT(parts[i].n <= sizeof joined - n);
		if (parts[i].n > 0)
			memcpy(joined + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return judge(bytes_of(joined, n), digit);
}

/* Words of one identifier: single fillers are the spaces between them. */
static void put_words(char *out, size_t cap, struct bytes in)
{
	struct cursor words;
	struct bytes word;
	size_t n = 0;

	cursor_init(&words, in);
	while (cursor_left(&words) > 0 && cursor_until(&words, '<', &word)) {
		if (word.n == 0)
			continue;
		CC_ASSERT(n + word.n + 2 <= cap);
		if (n > 0)
			out[n++] = ' ';
		memcpy(out + n, word.p, word.n);
		n += word.n;
	}
	out[n] = 0;
}

/* ICAO 9303-3 4.6: primary identifier, "<<", secondary identifier. */
static void read_name(struct mrz *m, struct bytes field)
{
	struct cursor in;
	struct bytes word, primary;
	size_t primary_len = 0;

	cursor_init(&in, field);
	while (cursor_left(&in) > 0 && cursor_until(&in, '<', &word) && word.n > 0)
		primary_len += word.n + 1;
	primary = bytes_of(field.p, primary_len > field.n ? field.n : primary_len);
	put_words(m->primary, sizeof m->primary, primary);
	put_words(m->secondary, sizeof m->secondary, cursor_rest(&in));
	m->name_may_be_truncated = field.n > 0 && field.p[field.n - 1] != '<';
}

/*
 * ICAO 9303-5 4.2.4, note on long numbers: with '<' in the check digit's place
 * the number goes on in the optional data, its check digit last before a filler.
 */
static void read_document_number(struct mrz *m, struct bytes number, uint8_t digit, struct bytes optional)
{
	struct cursor in;
	struct bytes tail, long_digit;

	put_field(m->document_number, sizeof m->document_number, number);
	if (digit != '<') {
		m->digits[MRZ_DIGIT_DOCUMENT] = judge(number, digit);
		return;
	}
	cursor_init(&in, optional);
	if (!cursor_until(&in, '<', &tail) || tail.n == 0)
		return;
	cursor_init(&in, tail);
	if (!cursor_take_back(&in, 1, &long_digit))
		return;
	tail = cursor_rest(&in);
	m->digits[MRZ_DIGIT_DOCUMENT] = judge_parts((struct bytes[]){ number, tail }, 2, long_digit.p[0]);
	put_raw(m->document_number, sizeof m->document_number, number);
	put_raw(m->document_number + number.n, sizeof m->document_number - number.n, tail);
}

/* cccd-card.md 2: the 12 digits, "<<", their check digit. */
static void read_personal_number(struct mrz *m, struct bytes optional)
{
	struct cursor in;
	struct bytes number, fillers;
	uint8_t digit;

	if (strcmp(m->issuer, "VNM") != 0)
		return;
	cursor_init(&in, optional);
	if (!cursor_take(&in, MRZ_NUMBER_LEN, &number) || !cursor_take(&in, 2, &fillers) || !cursor_u8(&in, &digit))
		return;
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] < '0' || number.p[i] > '9')
			return;
	}
	if (!bytes_equal(fillers, BYTES_LITERAL("<<")))
		return;
	put_raw(m->personal_number, sizeof m->personal_number, number);
	m->digits[MRZ_DIGIT_PERSONAL] = judge(number, digit);
}

/* The parts that all formats share. */
struct parts {
	struct bytes code, issuer, number, optional1, birth, expiry, nationality, optional2, name;
	uint8_t number_digit, birth_digit, sex, expiry_digit, composite;
};

static void put_parts(struct mrz *m, const struct parts *p)
{
	put_field(m->code, sizeof m->code, p->code);
	put_field(m->issuer, sizeof m->issuer, p->issuer);
	put_field(m->nationality, sizeof m->nationality, p->nationality);
	put_raw(m->birth, sizeof m->birth, p->birth);
	put_raw(m->expiry, sizeof m->expiry, p->expiry);
	m->sex = (char)p->sex;
	put_field(m->optional1, sizeof m->optional1, p->optional1);
	put_field(m->optional2, sizeof m->optional2, p->optional2);
	read_name(m, p->name);
	m->digits[MRZ_DIGIT_BIRTH] = judge(p->birth, p->birth_digit);
	m->digits[MRZ_DIGIT_EXPIRY] = judge(p->expiry, p->expiry_digit);
}

/* Birth, sex and expiry stand together in every format, in this order. */
static bool take_dates(struct cursor *in, struct parts *p)
{
	return cursor_take(in, 6, &p->birth) && cursor_u8(in, &p->birth_digit) && cursor_u8(in, &p->sex) &&
	       cursor_take(in, 6, &p->expiry) && cursor_u8(in, &p->expiry_digit);
}

/* ICAO 9303-5 4.2.2 */
static bool read_td1(struct mrz *m, struct cursor *in)
{
	struct parts p = { 0 };

	if (!cursor_take(in, 2, &p.code) || !cursor_take(in, 3, &p.issuer) || !cursor_take(in, 9, &p.number) ||
	    !cursor_u8(in, &p.number_digit) || !cursor_take(in, 15, &p.optional1) || !take_dates(in, &p) ||
	    !cursor_take(in, 3, &p.nationality) || !cursor_take(in, 11, &p.optional2) || !cursor_u8(in, &p.composite) ||
	    !cursor_take(in, 30, &p.name))
		return false;
	put_parts(m, &p);
	read_document_number(m, p.number, p.number_digit, p.optional1);
	read_personal_number(m, p.optional1);
	/* ICAO 9303-5 4.2.4: upper line 6-30, middle line 1-7, 9-15, 19-29. */
	m->digits[MRZ_DIGIT_COMPOSITE] =
		judge_parts((struct bytes[]){ p.number, bytes_of(&p.number_digit, 1), p.optional1, p.birth,
					      bytes_of(&p.birth_digit, 1), p.expiry, bytes_of(&p.expiry_digit, 1), p.optional2 },
			    8, p.composite);
	return true;
}

/* ICAO 9303-6 4.2.2 */
static bool read_td2(struct mrz *m, struct cursor *in)
{
	struct parts p = { 0 };

	if (!cursor_take(in, 2, &p.code) || !cursor_take(in, 3, &p.issuer) || !cursor_take(in, 31, &p.name) ||
	    !cursor_take(in, 9, &p.number) || !cursor_u8(in, &p.number_digit) || !cursor_take(in, 3, &p.nationality) ||
	    !take_dates(in, &p) || !cursor_take(in, 7, &p.optional1) || !cursor_u8(in, &p.composite))
		return false;
	put_parts(m, &p);
	read_document_number(m, p.number, p.number_digit, p.optional1);
	/* ICAO 9303-6 4.2.4: lower line 1-10, 14-20, 22-35. */
	m->digits[MRZ_DIGIT_COMPOSITE] =
		judge_parts((struct bytes[]){ p.number, bytes_of(&p.number_digit, 1), p.birth, bytes_of(&p.birth_digit, 1),
					      p.expiry, bytes_of(&p.expiry_digit, 1), p.optional1 },
			    7, p.composite);
	return true;
}

static bool all_fillers(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '<')
			return false;
	}
	return true;
}

/* ICAO 9303-4 4.2.2 */
static bool read_td3(struct mrz *m, struct cursor *in)
{
	struct parts p = { 0 };
	uint8_t optional_digit;

	if (!cursor_take(in, 2, &p.code) || !cursor_take(in, 3, &p.issuer) || !cursor_take(in, 39, &p.name) ||
	    !cursor_take(in, 9, &p.number) || !cursor_u8(in, &p.number_digit) || !cursor_take(in, 3, &p.nationality) ||
	    !take_dates(in, &p) || !cursor_take(in, 14, &p.optional1) || !cursor_u8(in, &optional_digit) ||
	    !cursor_u8(in, &p.composite))
		return false;
	put_parts(m, &p);
	put_field(m->document_number, sizeof m->document_number, p.number);
	m->digits[MRZ_DIGIT_DOCUMENT] = judge(p.number, p.number_digit);
	/* ICAO 9303-4 4.2.2.2: without a personal number the check digit may be a filler. */
	if (all_fillers(p.optional1) && optional_digit == '<')
		m->digits[MRZ_DIGIT_OPTIONAL] = MRZ_DIGIT_ABSENT;
	else
		m->digits[MRZ_DIGIT_OPTIONAL] = judge(p.optional1, optional_digit);
	/* ICAO 9303-4 4.2.4: lower line 1-10, 14-20, 22-43. */
	m->digits[MRZ_DIGIT_COMPOSITE] =
		judge_parts((struct bytes[]){ p.number, bytes_of(&p.number_digit, 1), p.birth, bytes_of(&p.birth_digit, 1),
					      p.expiry, bytes_of(&p.expiry_digit, 1), p.optional1, bytes_of(&optional_digit, 1) },
			    8, p.composite);
	return true;
}

static bool digits_good(const struct mrz *m)
{
	static const enum mrz_digit needed[] = { MRZ_DIGIT_DOCUMENT, MRZ_DIGIT_BIRTH, MRZ_DIGIT_EXPIRY, MRZ_DIGIT_COMPOSITE };

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		if (m->digits[needed[i]] != MRZ_DIGIT_GOOD)
			return false;
	}
	return m->digits[MRZ_DIGIT_OPTIONAL] != MRZ_DIGIT_WRONG && m->digits[MRZ_DIGIT_PERSONAL] != MRZ_DIGIT_WRONG;
}

static cc_status read_exact(struct bytes text, struct mrz *ret, struct cc_error *err)
{
	static const struct {
		size_t len;
		enum mrz_format format;
		bool (*read)(struct mrz *m, struct cursor *in);
	} formats[] = { { 90, MRZ_TD1, read_td1 }, { 72, MRZ_TD2, read_td2 }, { 88, MRZ_TD3, read_td3 } };
	struct mrz m = { 0 };
	struct cursor in;

	for (size_t i = 0; i < text.n; i++) {
		if (char_value(text.p[i]) < 0)
			return cc_fail(err, CC_E_FORMAT, "mrz.text", "character %zu is not of the MRZ alphabet", i + 1);
	}
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (text.n != formats[i].len)
			continue;
		cursor_init(&in, text);
		m.format = formats[i].format;
		put_raw(m.text, sizeof m.text, text);
		if (!formats[i].read(&m, &in) || cc_failed(cursor_end(&in)))
			break;
		m.digits_good = digits_good(&m);
		*ret = m;
		return cc_ok();
	}
	return cc_fail(err, CC_E_FORMAT, "mrz.text", "%zu characters: not 90, 72 or 88", text.n);
}

cc_status mrz_read(struct bytes text, enum mrz_read_mode mode, struct mrz *ret, struct cc_error *err)
{
	if (mode == MRZ_READ_EXACT)
		return read_exact(text, ret, err);
	return mrz_scan_read(text, ret, err);
}
