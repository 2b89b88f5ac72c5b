/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/letter.h"

#include <string.h>
#include <utf8proc.h>

/* Latin letters that Unicode does not decompose, with their MRZ letters: ICAO 9303-3 6 A (Đ/đ among them). */
struct latin {
	int32_t point;
	const char *mrz;
};
static const struct latin latin_letters[] = {
	{ 0x0110, "D" },  { 0x0111, "D" },  { 0x0180, "B" },  { 0x0243, "B" },	{ 0x00C6, "AE" }, { 0x00E6, "AE" },
	{ 0x00D8, "OE" }, { 0x00F8, "OE" }, { 0x0152, "OE" }, { 0x0153, "OE" }, { 0x00DF, "SS" }, { 0x1E9E, "SS" },
	{ 0x00DE, "TH" }, { 0x00FE, "TH" }, { 0x0141, "L" },  { 0x0142, "L" },	{ 0x0131, "I" },  { 0x0126, "H" },
	{ 0x0127, "H" },  { 0x014A, "N" },  { 0x014B, "N" },  { 0x0166, "T" },	{ 0x0167, "T" },
};

bool letter_is_ascii(int32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

const char *letter_mrz(int32_t c)
{
	for (size_t i = 0; i < sizeof latin_letters / sizeof latin_letters[0]; i++) {
		if (latin_letters[i].point == c)
			return latin_letters[i].mrz;
	}
	return NULL;
}

bool letter_is_mark(int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);

	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

bool letter_is_tone(int32_t c)
{
	return c == MARK_GRAVE || c == MARK_ACUTE || c == MARK_TILDE || c == MARK_HOOK || c == MARK_DOT;
}

bool letter_next(struct cursor *in, int32_t *ret)
{
	int32_t c = -1;
	utf8proc_ssize_t n = utf8proc_iterate(in->p, (utf8proc_ssize_t)in->n, &c);

	if (n <= 0 || c < 0 || !cursor_skip(in, (size_t)n))
		return cursor_fail(in);
	*ret = c;
	return true;
}

size_t letter_parts(int32_t c, int32_t out[LETTER_POINTS_MAX])
{
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, out, LETTER_POINTS_MAX, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);

	CC_ASSERT(n >= 1 && n <= LETTER_POINTS_MAX);
	return (size_t)n;
}

bool letter_is_separator(int32_t c)
{
	return c == '-' || c == '\'';
}

int32_t letter_plain_form(int32_t c)
{
	switch (c) {
	case 0x2019: /* right single quotation mark */
	case 0x2018:
	case 0x02BC: /* modifier letter apostrophe */
		return '\'';
	case 0x2010: /* hyphen */
	case 0x2011: /* non-breaking hyphen */
		return '-';
	default:
		return c;
	}
}

bool letter_is_forbidden(int32_t c)
{
	const unsigned forbidden = 1u << UTF8PROC_CATEGORY_CN | 1u << UTF8PROC_CATEGORY_CC | 1u << UTF8PROC_CATEGORY_CF |
				   1u << UTF8PROC_CATEGORY_CS | 1u << UTF8PROC_CATEGORY_CO | 1u << UTF8PROC_CATEGORY_ZL |
				   1u << UTF8PROC_CATEGORY_ZP;

	return (forbidden >> utf8proc_category(c) & 1u) != 0;
}

bool letter_is_space(int32_t c)
{
	return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
}

int32_t letter_upper(int32_t c)
{
	return utf8proc_toupper(c);
}

int32_t letter_lower(int32_t c)
{
	return utf8proc_tolower(c);
}

size_t letter_encode(int32_t c, uint8_t out[4])
{
	return (size_t)utf8proc_encode_char(c, out);
}

bool letter_belongs_before(int32_t c, int32_t other)
{
	int a = utf8proc_get_property(c)->combining_class, b = utf8proc_get_property(other)->combining_class;

	if (a == b)
		return (c == MARK_CIRCUMFLEX || c == MARK_BREVE) && letter_is_tone(other);
	return a < b;
}

size_t letter_compose(int32_t *points, size_t n)
{
	utf8proc_ssize_t count = utf8proc_normalize_utf32(points, (utf8proc_ssize_t)n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);

	CC_ASSERT(count >= 0 && (size_t)count <= n);
	return (size_t)count;
}

/* ---- output */

static void out_bytes(struct letter_out *o, const void *p, size_t n)
{
	if (o->full || o->cap - o->n <= n) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

void letter_out_str(struct letter_out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

void letter_out_point(struct letter_out *o, int32_t c)
{
	uint8_t utf8[4];

	if (c >= 0 && c < 0x80)
		letter_out_ascii(o, (char)c);
	else
		out_bytes(o, utf8, letter_encode(c, utf8));
}

cc_status letter_out_end(struct letter_out *o)
{
	if (o->cap > 0)
		o->p[o->full ? 0 : o->n] = '\0';
	return cc_code_status(o->full || o->cap == 0 ? CC_E_LIMIT : CC_OK);
}
