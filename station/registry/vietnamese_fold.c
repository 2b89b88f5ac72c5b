/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/vietnamese.h"

#include "station/registry/letter.h"

#include <pthread.h>
#include <string.h>

typedef void (*point_mapper)(struct letter_out *o, int32_t c, int32_t before, bool *failed);

static cc_status map_points(const char *nfc, point_mapper map, char *out, size_t cap)
{
	struct letter_out o = { .p = out, .cap = cap };
	int32_t before = ' ';
	bool failed = false;
	struct cursor in;
	cc_status st;

	cursor_init(&in, bytes_str(nfc));
	while (cursor_left(&in) > 0 && !failed) {
		int32_t c;

		if (!letter_next(&in, &c)) {
			failed = true;
			break;
		}
		map(&o, c, before, &failed);
		before = c;
	}
	st = letter_out_end(&o);
	return failed ? cc_code_status(CC_E_FORMAT) : st;
}

/* ICAO 9303-3 6 A: Å is AA, Ö is OE, Ü is UE; every other mark is dropped. */
static const char *marked_mrz(const int32_t *parts, size_t count)
{
	int base = parts[0] & ~0x20;

	if (count != 2 || (parts[1] != MARK_DIAERESIS && parts[1] != MARK_RING))
		return NULL;
	if (parts[1] == MARK_RING)
		return base == 'A' ? "AA" : NULL;
	return base == 'O' ? "OE" : base == 'U' ? "UE" : NULL;
}

static void map_latin(struct letter_out *o, int32_t c, int32_t before, bool *failed)
{
	int32_t parts[LETTER_POINTS_MAX];
	size_t count = letter_parts(c, parts);
	const char *mrz = marked_mrz(parts, count);

	(void)before;
	if (mrz == NULL)
		mrz = letter_mrz(parts[0]);
	if (mrz != NULL)
		letter_out_str(o, mrz);
	else if (letter_is_ascii(parts[0]))
		letter_out_point(o, parts[0] & ~0x20);
	else if (c == ' ' || letter_is_separator(c))
		letter_out_point(o, c);
	else if (!letter_is_mark(c))
		*failed = true;
}

cc_status vietnamese_to_latin(const char *nfc, char *out, size_t cap)
{
	return map_points(nfc, map_latin, out, cap);
}

static void map_upper(struct letter_out *o, int32_t c, int32_t before, bool *failed)
{
	(void)before;
	(void)failed;
	letter_out_point(o, letter_upper(c));
}

static void map_lower(struct letter_out *o, int32_t c, int32_t before, bool *failed)
{
	(void)before;
	(void)failed;
	letter_out_point(o, letter_lower(c));
}

static void map_title(struct letter_out *o, int32_t c, int32_t before, bool *failed)
{
	(void)failed;
	letter_out_point(o, before == ' ' || letter_is_separator(before) ? letter_upper(c) : letter_lower(c));
}

cc_status vietnamese_upper(const char *nfc, char *out, size_t cap)
{
	return map_points(nfc, map_upper, out, cap);
}

cc_status vietnamese_lower(const char *nfc, char *out, size_t cap)
{
	return map_points(nfc, map_lower, out, cap);
}

cc_status vietnamese_title(const char *nfc, char *out, size_t cap)
{
	return map_points(nfc, map_title, out, cap);
}

static void map_search(struct letter_out *o, int32_t c, int32_t before, bool *failed)
{
	int32_t parts[LETTER_POINTS_MAX];
	const char *mrz;

	(void)before;
	(void)failed;
	if (letter_is_ascii(c)) {
		letter_out_point(o, c | 0x20);
		return;
	}
	(void)letter_parts(letter_plain_form(c), parts);
	mrz = letter_is_ascii(parts[0]) ? NULL : letter_mrz(parts[0]);
	if (mrz != NULL) {
		for (; *mrz != '\0'; mrz++)
			letter_out_point(o, *mrz | 0x20);
	} else if (letter_is_ascii(parts[0])) {
		letter_out_point(o, parts[0] | 0x20);
	} else if (parts[0] >= '0' && parts[0] <= '9') {
		letter_out_point(o, parts[0]);
	} else if (parts[0] != '\'' && !letter_is_mark(c) && o->n > 0 && o->p[o->n - 1] != ' ') {
		letter_out_point(o, ' ');
	}
}

/*
 * What each letter of the Latin blocks gives, asked once of the way above: at
 * most two letters ("ae"), a space where words part, nothing for marks.
 */
static char searched[LETTER_INDEX_COUNT][3];
static pthread_once_t searched_once = PTHREAD_ONCE_INIT;

static void settle_searches(void)
{
	for (int32_t c = 0; c < LETTER_BLOCK_2_END; c = letter_after(c)) {
		char text[4] = "a"; /* a space is only put behind something */
		struct letter_out o = { .p = text, .n = 1, .cap = sizeof text };
		int i = letter_index(c);
		bool failed = false;

		map_search(&o, c, 'a', &failed);
		CC_ASSERT(!failed && !o.full && i >= 0);
		memcpy(searched[i], text + 1, o.n - 1);
	}
}

/* False: a letter of other blocks is in it. */
static bool search_settled(const char *nfc, struct letter_out *o)
{
	struct letter_reader reader = { 0 };

	(void)pthread_once(&searched_once, settle_searches);
	for (const char *p = nfc; *p != '\0'; p++) {
		int letter = letter_reader_next(&reader, (uint8_t)*p);

		if (letter == LETTER_OTHER)
			return false;
		if (letter == LETTER_MORE)
			continue;
		for (const char *s = searched[letter]; *s != '\0'; s++) {
			if (*s != ' ' || (o->n > 0 && o->p[o->n - 1] != ' '))
				letter_out_ascii(o, *s);
		}
	}
	return reader.left == 0;
}

cc_status vietnamese_search_key(const char *nfc, char *out, size_t cap)
{
	struct letter_out o = { .p = out, .cap = cap };
	cc_status st = search_settled(nfc, &o) ? letter_out_end(&o) : map_points(nfc, map_search, out, cap);
	size_t n = cap > 0 ? strlen(out) : 0;

	if (!cc_failed(st) && n > 0 && out[n - 1] == ' ')
		out[n - 1] = '\0';
	return st;
}
