/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/person_plain.h"

/* RFC 8259 7: no control characters, no escapes; RFC 3629 4: the shortest form, no surrogates. */
static bool is_plain_string(struct bytes text)
{
	uint8_t low = 0x80, high = 0xBF;
	unsigned left = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (left > 0) {
			if (c < low || c > high)
				return false;
			left--;
			low = 0x80;
			high = 0xBF;
		} else if (c < 0x80) {
			if (c < ' ' || c == '\\')
				return false;
		} else {
			if (c < 0xC2 || c > 0xF4)
				return false;
			left = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
			low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
			high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
		}
	}
	return left == 0;
}

/* The next byte that is no white space; -1 at the end. */
static int next_mark(struct cursor *in)
{
	uint8_t c = 0;

	while (cursor_left(in) > 0 && cursor_u8(in, &c)) {
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return c;
	}
	return -1;
}

static bool take_item(struct cursor *in, struct person_plain *ret)
{
	struct bytes name, value;
	size_t f;

	if (next_mark(in) != '"' || !cursor_until(in, '"', &name) || next_mark(in) != ':' || next_mark(in) != '"' ||
	    !cursor_until(in, '"', &value))
		return false;
	f = person_judge_field(name);
	if (f == PERSON_JUDGE_NO_FIELD || (ret->seen >> f & 1) != 0 || !is_plain_string(value))
		return false;
	ret->seen |= (uint64_t)1 << f;
	ret->items[ret->count].field = f;
	ret->items[ret->count++].value = value;
	return true;
}

bool person_plain_read(struct bytes row, struct person_plain *ret)
{
	struct cursor in;
	int c = ',';

	_Static_assert(PERSON_JUDGE_FIELDS_MAX <= 64, "a bit for each");
	ret->count = 0;
	ret->seen = 0;
	cursor_init(&in, row);
	if (next_mark(&in) != '{')
		return false;
	while (c == ',') {
		if (!take_item(&in, ret))
			return false;
		c = next_mark(&in);
	}
	return c == '}' && next_mark(&in) == -1 && row.n <= PERSON_ROW_MAX;
}

bool person_plain_judge(const struct person_plain *row, struct person_judge *in)
{
	for (size_t i = 0; i < row->count; i++) {
		if (!person_judge_value(in, row->items[i].field, row->items[i].value))
			return false;
	}
	return person_judge_whole(in);
}
