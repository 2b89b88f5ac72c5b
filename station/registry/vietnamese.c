/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/vietnamese.h"

#include "crypto/base/secret.h"
#include "station/registry/letter.h"

#include <pthread.h>
#include <string.h>

#define TEXT_POINTS_MAX 1024 /* of one text */
#define LETTER_MARKS_MAX 3   /* quality, tone, and one more of a minority alphabet */

const char *text_fault_name(enum text_fault_kind kind)
{
	static const char *const names[] = {
		[TEXT_GOOD] = "good",		[TEXT_NOT_UTF8] = "not-utf8",	[TEXT_CONTROL] = "control",
		[TEXT_LETTER] = "letter",	[TEXT_LOOKALIKE] = "lookalike", [TEXT_MARK] = "mark",
		[TEXT_SEPARATOR] = "separator", [TEXT_TOO_LONG] = "too-long",
	};

	return names[kind];
}

/* ---- the normal form of any text */

struct normaliser {
	bool name;
	int32_t points[TEXT_POINTS_MAX]; /* canonical decomposition so far */
	size_t count;
	int32_t base;	 /* last character that is no mark; 0 at the start */
	size_t base_at;	 /* its place in points */
	bool want_space; /* white space was seen and something stands before it */
	struct text_fault fault;
};

static bool reject(struct normaliser *n, enum text_fault_kind kind)
{
	n->fault.kind = kind;
	return false;
}

static bool append(struct normaliser *n, int32_t c)
{
	if (n->count >= TEXT_POINTS_MAX)
		return reject(n, TEXT_TOO_LONG);
	n->points[n->count++] = c;
	return true;
}

/* A letter carries each mark once, one tone, and few marks: the rest is a typing error that a card must not show. */
static bool take_mark(struct normaliser *n, int32_t c)
{
	size_t marks = n->count - n->base_at;

	if (n->want_space || n->base == 0 || (n->name && !letter_is_ascii(n->base) && letter_mrz(n->base) == NULL))
		return reject(n, TEXT_MARK);
	if (marks > LETTER_MARKS_MAX)
		return reject(n, TEXT_MARK);
	for (size_t i = n->base_at + 1; i < n->count; i++) {
		if (n->points[i] == c || (letter_is_tone(c) && letter_is_tone(n->points[i])))
			return reject(n, TEXT_MARK);
	}
	return append(n, c);
}

static bool check_name_base(struct normaliser *n, int32_t c)
{
	bool after_letter = n->base != 0 && !n->want_space && !letter_is_separator(n->base);

	if (letter_is_separator(c))
		return after_letter || reject(n, TEXT_SEPARATOR);
	if (!letter_is_ascii(c) && letter_mrz(c) == NULL)
		return reject(n, TEXT_LETTER);
	if (n->base == '-' && n->want_space)
		return reject(n, TEXT_SEPARATOR);
	return true;
}

static bool take_base(struct normaliser *n, int32_t c)
{
	if (n->name && !check_name_base(n, c))
		return false;
	if (n->want_space && !append(n, ' '))
		return false;
	n->want_space = false;
	n->base = c;
	n->base_at = n->count;
	return append(n, c);
}

static bool take_point(struct normaliser *n, int32_t c)
{
	int32_t parts[LETTER_POINTS_MAX];
	size_t count;

	if (letter_is_forbidden(c))
		return reject(n, TEXT_CONTROL);
	if (c == 0x00D0 || c == 0x00F0 || c == 0x0189 || c == 0x0256)
		return reject(n, TEXT_LOOKALIKE);
	if (letter_is_space(c)) {
		n->want_space = n->count > 0;
		return true;
	}
	count = letter_parts(n->name ? letter_plain_form(c) : c, parts);
	for (size_t i = 0; i < count; i++) {
		if (!(letter_is_mark(parts[i]) ? take_mark(n, parts[i]) : take_base(n, parts[i])))
			return false;
	}
	return true;
}

static void order_marks(struct normaliser *n)
{
	for (size_t i = 1; i < n->count; i++) {
		int32_t c = n->points[i];
		size_t at = i;

		while (letter_is_mark(c) && at > 0 && letter_is_mark(n->points[at - 1]) &&
		       letter_belongs_before(c, n->points[at - 1])) {
			n->points[at] = n->points[at - 1];
			at--;
		}
		n->points[at] = c;
	}
}

static cc_status compose(struct normaliser *n, char *out, size_t cap)
{
	struct letter_out o = { .p = out, .cap = cap };
	size_t count;

	order_marks(n);
	count = letter_compose(n->points, n->count);
	for (size_t i = 0; i < count; i++)
		letter_out_point(&o, n->points[i]);
	return letter_out_end(&o);
}

static bool take_all(struct normaliser *n, struct bytes in)
{
	struct cursor c;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0) {
		int32_t point;

		n->fault.position++;
		if (!letter_next(&c, &point))
			return reject(n, TEXT_NOT_UTF8);
		if (!take_point(n, point))
			return false;
	}
	return !(n->name && n->base == '-') || reject(n, TEXT_SEPARATOR);
}

static cc_status normalise_slowly(struct bytes in, bool name, char *out, size_t cap, struct text_fault *fault)
{
	struct normaliser n = { .name = name };
	cc_status st = cc_code_status(CC_E_FORMAT);

	if (take_all(&n, in))
		st = compose(&n, out, cap);
	if (st.code == CC_E_LIMIT)
		n.fault.kind = TEXT_TOO_LONG;
	else if (n.fault.kind == TEXT_TOO_LONG)
		st = cc_code_status(CC_E_LIMIT);
	if (cc_failed(st) && fault != NULL)
		*fault = n.fault;
	cc_wipe(&n, sizeof n);
	return st;
}

/* ---- text that is its own normal form */

/*
 * Most text arrives as it shall leave: letters that are their own normal form,
 * single spaces between words. Which letters these are is asked of the slow way,
 * once, for the Latin blocks (ASCII to Latin Extended-B, Latin Extended Additional).
 */
enum { SETTLED_TEXT = 1, SETTLED_NAME = 2 };

static uint8_t settled[LETTER_INDEX_COUNT];
static pthread_once_t settled_once = PTHREAD_ONCE_INIT;

static bool is_its_own_form(int32_t c, bool name)
{
	uint8_t in[4];
	size_t n = letter_encode(c, in);
	char out[16];

	return !cc_failed(normalise_slowly(bytes_of(in, n), name, out, sizeof out, NULL)) &&
	       bytes_equal(bytes_str(out), bytes_of(in, n));
}

static void settle(void)
{
	for (int32_t c = ' ' + 1; c < LETTER_BLOCK_2_END; c = letter_after(c)) {
		uint8_t *s = &settled[letter_index(c)];

		*s = (uint8_t)((is_its_own_form(c, false) ? SETTLED_TEXT : 0) | (is_its_own_form(c, true) ? SETTLED_NAME : 0));
	}
}

/* True: in is its own normal form, and stands in out. */
static bool normalise_settled(struct bytes in, uint8_t kind, char *out, size_t cap)
{
	struct letter_reader reader = { 0 };
	bool space = true; /* at the start, and after a space, another one is not settled */

	if (in.n == 0 || in.n >= cap || in.n > TEXT_POINTS_MAX)
		return false;
	(void)pthread_once(&settled_once, settle);
	for (size_t i = 0; i < in.n; i++) {
		int letter = letter_reader_next(&reader, in.p[i]);

		if (letter == LETTER_MORE)
			continue;
		if (letter == LETTER_OTHER || (letter != ' ' && (settled[letter] & kind) == 0) || (letter == ' ' && space))
			return false;
		space = letter == ' ';
	}
	if (space || reader.left > 0)
		return false;
	memcpy(out, in.p, in.n);
	out[in.n] = '\0';
	return true;
}

static cc_status normalise(struct bytes in, bool name, char *out, size_t cap, struct text_fault *fault)
{
	if (normalise_settled(in, name ? SETTLED_NAME : SETTLED_TEXT, out, cap))
		return cc_ok();
	return normalise_slowly(in, name, out, cap, fault);
}

cc_status vietnamese_normalise(struct bytes in, char *out, size_t cap, struct text_fault *fault)
{
	return normalise(in, false, out, cap, fault);
}

cc_status vietnamese_normalise_name(struct bytes in, char *out, size_t cap, struct text_fault *fault)
{
	return normalise(in, true, out, cap, fault);
}
