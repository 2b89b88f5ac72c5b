/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/vietnamese.h"

#include "crypto/base/secret.h"

#include <pthread.h>
#include <string.h>
#include <utf8proc.h>

/* The one file that knows utf8proc. */
#define TEXT_POINTS_MAX 1024 /* of one text */
#define LETTER_POINTS_MAX 8  /* canonical decomposition of one code point */
#define LETTER_MARKS_MAX 3   /* quality, tone, and one more of a minority alphabet */

enum {
	MARK_GRAVE = 0x0300,
	MARK_ACUTE = 0x0301,
	MARK_CIRCUMFLEX = 0x0302,
	MARK_TILDE = 0x0303,
	MARK_BREVE = 0x0306,
	MARK_DIAERESIS = 0x0308,
	MARK_HOOK = 0x0309,
	MARK_RING = 0x030A,
	MARK_HORN = 0x031B,
	MARK_DOT = 0x0323,
};

/* Latin letters that Unicode does not decompose, with their MRZ letters: ICAO 9303-3 6 A (Đ/đ among them). */
struct latin {
	utf8proc_int32_t point;
	const char *mrz;
};
static const struct latin latin_letters[] = {
	{ 0x0110, "D" },  { 0x0111, "D" },  { 0x0180, "B" },  { 0x0243, "B" },	{ 0x00C6, "AE" }, { 0x00E6, "AE" },
	{ 0x00D8, "OE" }, { 0x00F8, "OE" }, { 0x0152, "OE" }, { 0x0153, "OE" }, { 0x00DF, "SS" }, { 0x1E9E, "SS" },
	{ 0x00DE, "TH" }, { 0x00FE, "TH" }, { 0x0141, "L" },  { 0x0142, "L" },	{ 0x0131, "I" },  { 0x0126, "H" },
	{ 0x0127, "H" },  { 0x014A, "N" },  { 0x014B, "N" },  { 0x0166, "T" },	{ 0x0167, "T" },
};

const char *text_fault_name(enum text_fault_kind kind)
{
	static const char *const names[] = {
		[TEXT_GOOD] = "good",		[TEXT_NOT_UTF8] = "not-utf8",	[TEXT_CONTROL] = "control",
		[TEXT_LETTER] = "letter",	[TEXT_LOOKALIKE] = "lookalike", [TEXT_MARK] = "mark",
		[TEXT_SEPARATOR] = "separator", [TEXT_TOO_LONG] = "too-long",
	};

	return names[kind];
}

static bool is_ascii_letter(utf8proc_int32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static const char *latin_mrz(utf8proc_int32_t c)
{
	for (size_t i = 0; i < sizeof latin_letters / sizeof latin_letters[0]; i++) {
		if (latin_letters[i].point == c)
			return latin_letters[i].mrz;
	}
	return NULL;
}

static bool is_mark(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);

	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

static bool is_tone(utf8proc_int32_t c)
{
	return c == MARK_GRAVE || c == MARK_ACUTE || c == MARK_TILDE || c == MARK_HOOK || c == MARK_DOT;
}

/* One code point at the front of a cursor. Latches failure on bytes that are no UTF-8. */
static bool next_point(struct cursor *in, utf8proc_int32_t *ret)
{
	utf8proc_int32_t c = -1;
	utf8proc_ssize_t n = utf8proc_iterate(in->p, (utf8proc_ssize_t)in->n, &c);

	if (n <= 0 || c < 0 || !cursor_skip(in, (size_t)n))
		return cursor_fail(in);
	*ret = c;
	return true;
}

static size_t decompose(utf8proc_int32_t c, utf8proc_int32_t out[LETTER_POINTS_MAX])
{
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, out, LETTER_POINTS_MAX, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);

	CC_ASSERT(n >= 1 && n <= LETTER_POINTS_MAX);
	return (size_t)n;
}

/* ---- output */

struct text_out {
	char *p;
	size_t n, cap;
	bool full;
};

static void out_bytes(struct text_out *o, const void *p, size_t n)
{
	if (o->full || o->cap - o->n <= n) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void out_str(struct text_out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

static void out_point(struct text_out *o, utf8proc_int32_t c)
{
	utf8proc_uint8_t utf8[4];

	if (c >= 0 && c < 0x80 && !o->full && o->cap - o->n > 1) {
		o->p[o->n++] = (char)c;
		return;
	}

	out_bytes(o, utf8, (size_t)utf8proc_encode_char(c, utf8));
}

/* The caller's buffer holds a text or, on failure, "". */
static cc_status out_end(struct text_out *o)
{
	if (o->cap > 0)
		o->p[o->full ? 0 : o->n] = '\0';
	return cc_code_status(o->full || o->cap == 0 ? CC_E_LIMIT : CC_OK);
}

/* ---- normalisation */

struct normaliser {
	bool name;
	utf8proc_int32_t points[TEXT_POINTS_MAX]; /* canonical decomposition so far */
	size_t count;
	utf8proc_int32_t base; /* last character that is no mark; 0 at the start */
	size_t base_at;	       /* its place in points */
	bool want_space;       /* white space was seen and something stands before it */
	struct text_fault fault;
};

static bool reject(struct normaliser *n, enum text_fault_kind kind)
{
	n->fault.kind = kind;
	return false;
}

static bool append(struct normaliser *n, utf8proc_int32_t c)
{
	if (n->count >= TEXT_POINTS_MAX)
		return reject(n, TEXT_TOO_LONG);
	n->points[n->count++] = c;
	return true;
}

/* A letter carries each mark once, one tone, and few marks: the rest is a typing error that a card must not show. */
static bool take_mark(struct normaliser *n, utf8proc_int32_t c)
{
	size_t marks = n->count - n->base_at;

	if (n->want_space || n->base == 0 || (n->name && !is_ascii_letter(n->base) && latin_mrz(n->base) == NULL))
		return reject(n, TEXT_MARK);
	if (marks > LETTER_MARKS_MAX)
		return reject(n, TEXT_MARK);
	for (size_t i = n->base_at + 1; i < n->count; i++) {
		if (n->points[i] == c || (is_tone(c) && is_tone(n->points[i])))
			return reject(n, TEXT_MARK);
	}
	return append(n, c);
}

static bool is_separator(utf8proc_int32_t c)
{
	return c == '-' || c == '\'';
}

/* Typographic forms that keyboards and word processors put in place of the plain ones. */
static utf8proc_int32_t plain_form(utf8proc_int32_t c)
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

static bool check_name_base(struct normaliser *n, utf8proc_int32_t c)
{
	bool after_letter = n->base != 0 && !n->want_space && !is_separator(n->base);

	if (is_separator(c))
		return after_letter || reject(n, TEXT_SEPARATOR);
	if (!is_ascii_letter(c) && latin_mrz(c) == NULL)
		return reject(n, TEXT_LETTER);
	if (n->base == '-' && n->want_space)
		return reject(n, TEXT_SEPARATOR);
	return true;
}

static bool take_base(struct normaliser *n, utf8proc_int32_t c)
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

/* Control, format (bidirectional overrides, zero-width), private-use, unassigned; line and paragraph separators. */
static bool is_forbidden(utf8proc_int32_t c)
{
	const unsigned forbidden = 1u << UTF8PROC_CATEGORY_CN | 1u << UTF8PROC_CATEGORY_CC | 1u << UTF8PROC_CATEGORY_CF |
				   1u << UTF8PROC_CATEGORY_CS | 1u << UTF8PROC_CATEGORY_CO | 1u << UTF8PROC_CATEGORY_ZL |
				   1u << UTF8PROC_CATEGORY_ZP;

	return (forbidden >> utf8proc_category(c) & 1u) != 0;
}

static bool take_point(struct normaliser *n, utf8proc_int32_t c)
{
	utf8proc_int32_t parts[LETTER_POINTS_MAX];
	size_t count;

	if (is_forbidden(c))
		return reject(n, TEXT_CONTROL);
	if (c == 0x00D0 || c == 0x00F0 || c == 0x0189 || c == 0x0256)
		return reject(n, TEXT_LOOKALIKE);
	if (utf8proc_category(c) == UTF8PROC_CATEGORY_ZS) {
		n->want_space = n->count > 0;
		return true;
	}
	count = decompose(n->name ? plain_form(c) : c, parts);
	for (size_t i = 0; i < count; i++) {
		if (!(is_mark(parts[i]) ? take_mark(n, parts[i]) : take_base(n, parts[i])))
			return false;
	}
	return true;
}

/*
 * Canonical order (Unicode 3.11), and among marks of one class quality before
 * tone: a, acute, circumflex as some keyboards send it is ấ.
 */
static bool belongs_before(utf8proc_int32_t c, utf8proc_int32_t other)
{
	int a = utf8proc_get_property(c)->combining_class, b = utf8proc_get_property(other)->combining_class;

	if (a == b)
		return (c == MARK_CIRCUMFLEX || c == MARK_BREVE) && is_tone(other);
	return a < b;
}

static void order_marks(struct normaliser *n)
{
	for (size_t i = 1; i < n->count; i++) {
		utf8proc_int32_t c = n->points[i];
		size_t at = i;

		while (is_mark(c) && at > 0 && is_mark(n->points[at - 1]) && belongs_before(c, n->points[at - 1])) {
			n->points[at] = n->points[at - 1];
			at--;
		}
		n->points[at] = c;
	}
}

static cc_status compose(struct normaliser *n, char *out, size_t cap)
{
	struct text_out o = { .p = out, .cap = cap };
	utf8proc_ssize_t count;

	order_marks(n);
	count = utf8proc_normalize_utf32(n->points, (utf8proc_ssize_t)n->count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	CC_ASSERT(count >= 0 && (size_t)count <= n->count);
	for (size_t i = 0; i < (size_t)count; i++)
		out_point(&o, n->points[i]);
	return out_end(&o);
}

static bool take_all(struct normaliser *n, struct bytes in)
{
	struct cursor c;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0) {
		utf8proc_int32_t point;

		n->fault.position++;
		if (!next_point(&c, &point))
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

/*
 * Most text arrives as it shall leave: letters that are their own normal form,
 * single spaces between words. Which letters these are is asked of the slow way,
 * once, for the Latin blocks (ASCII to Latin Extended-B, Latin Extended Additional).
 */
#define BLOCK_1_END 0x250
#define BLOCK_2 0x1E00
#define BLOCK_2_END 0x1F00
#define SETTLED_COUNT (BLOCK_1_END + BLOCK_2_END - BLOCK_2)
enum { SETTLED_TEXT = 1, SETTLED_NAME = 2 };

static uint8_t settled[SETTLED_COUNT];
static pthread_once_t settled_once = PTHREAD_ONCE_INIT;

static int settled_index(utf8proc_int32_t c)
{
	if (c >= 0 && c < BLOCK_1_END)
		return (int)c;
	return c >= BLOCK_2 && c < BLOCK_2_END ? (int)(BLOCK_1_END + c - BLOCK_2) : -1;
}

static bool is_its_own_form(utf8proc_int32_t c, bool name)
{
	utf8proc_uint8_t in[4];
	size_t n = (size_t)utf8proc_encode_char(c, in);
	char out[16];

	return !cc_failed(normalise_slowly(bytes_of(in, n), name, out, sizeof out, NULL)) &&
	       bytes_equal(bytes_str(out), bytes_of(in, n));
}

static void settle(void)
{
	for (utf8proc_int32_t c = ' ' + 1; c < BLOCK_2_END; c = c + 1 == BLOCK_1_END ? BLOCK_2 : c + 1) {
		uint8_t *s = &settled[settled_index(c)];

		*s = (uint8_t)((is_its_own_form(c, false) ? SETTLED_TEXT : 0) | (is_its_own_form(c, true) ? SETTLED_NAME : 0));
	}
}

/*
 * These letters read byte by byte, RFC 3629: one of ASCII, two from C2 to C9, three
 * from E1. Everything else, also what is no UTF-8, is left to the slow way.
 */
struct latin_reader {
	unsigned left; /* bytes until the letter is whole */
	utf8proc_int32_t c;
};
enum { LATIN_MORE = -1, LATIN_NOT = -2 };

/* settled_index of the letter that this byte ends, or LATIN_MORE, LATIN_NOT. */
static inline int latin_next(struct latin_reader *r, uint8_t byte)
{
	int i;

	if (r->left == 0) {
		if (byte < 0x80)
			return byte;
		r->left = byte >= 0xC2 && byte <= 0xC9 ? 1 : 2;
		r->c = byte & 0x1F;
		return byte == 0xE1 || r->left == 1 ? LATIN_MORE : LATIN_NOT;
	}
	if ((byte & 0xC0) != 0x80)
		return LATIN_NOT;
	r->c = (r->c << 6 | (byte & 0x3F)) & 0xFFFF;
	if (--r->left > 0)
		return LATIN_MORE;
	i = settled_index(r->c);
	return i < 0 ? LATIN_NOT : i;
}

/* True: in is its own normal form, and stands in out. */
static bool normalise_settled(struct bytes in, uint8_t kind, char *out, size_t cap)
{
	struct latin_reader reader = { 0 };
	bool space = true; /* at the start, and after a space, another one is not settled */

	if (in.n == 0 || in.n >= cap || in.n > TEXT_POINTS_MAX)
		return false;
	(void)pthread_once(&settled_once, settle);
	for (size_t i = 0; i < in.n; i++) {
		int letter = latin_next(&reader, in.p[i]);

		if (letter == LATIN_MORE)
			continue;
		if (letter == LATIN_NOT || (letter != ' ' && (settled[letter] & kind) == 0) || (letter == ' ' && space))
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

/* ---- what is made from normal text */

typedef void (*point_mapper)(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed);

static cc_status map_points(const char *nfc, point_mapper map, char *out, size_t cap)
{
	struct text_out o = { .p = out, .cap = cap };
	utf8proc_int32_t before = ' ';
	bool failed = false;
	struct cursor in;
	cc_status st;

	cursor_init(&in, bytes_str(nfc));
	while (cursor_left(&in) > 0 && !failed) {
		utf8proc_int32_t c;

		if (!next_point(&in, &c)) {
			failed = true;
			break;
		}
		map(&o, c, before, &failed);
		before = c;
	}
	st = out_end(&o);
	return failed ? cc_code_status(CC_E_FORMAT) : st;
}

/* ICAO 9303-3 6 A: Å is AA, Ö is OE, Ü is UE; every other mark is dropped. */
static const char *marked_mrz(const utf8proc_int32_t *parts, size_t count)
{
	int base = parts[0] & ~0x20;

	if (count != 2 || (parts[1] != MARK_DIAERESIS && parts[1] != MARK_RING))
		return NULL;
	if (parts[1] == MARK_RING)
		return base == 'A' ? "AA" : NULL;
	return base == 'O' ? "OE" : base == 'U' ? "UE" : NULL;
}

static void map_latin(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed)
{
	utf8proc_int32_t parts[LETTER_POINTS_MAX];
	size_t count = decompose(c, parts);
	const char *mrz = marked_mrz(parts, count);

	(void)before;
	if (mrz == NULL)
		mrz = latin_mrz(parts[0]);
	if (mrz != NULL)
		out_str(o, mrz);
	else if (is_ascii_letter(parts[0]))
		out_point(o, parts[0] & ~0x20);
	else if (c == ' ' || is_separator(c))
		out_point(o, c);
	else if (!is_mark(c))
		*failed = true;
}

cc_status vietnamese_to_latin(const char *nfc, char *out, size_t cap)
{
	return map_points(nfc, map_latin, out, cap);
}

static void map_upper(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed)
{
	(void)before;
	(void)failed;
	out_point(o, utf8proc_toupper(c));
}

static void map_lower(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed)
{
	(void)before;
	(void)failed;
	out_point(o, utf8proc_tolower(c));
}

static void map_title(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed)
{
	(void)failed;
	out_point(o, before == ' ' || is_separator(before) ? utf8proc_toupper(c) : utf8proc_tolower(c));
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

static void map_search(struct text_out *o, utf8proc_int32_t c, utf8proc_int32_t before, bool *failed)
{
	utf8proc_int32_t parts[LETTER_POINTS_MAX];
	const char *mrz;

	(void)before;
	(void)failed;
	if (is_ascii_letter(c)) {
		out_point(o, c | 0x20);
		return;
	}
	(void)decompose(plain_form(c), parts);
	mrz = is_ascii_letter(parts[0]) ? NULL : latin_mrz(parts[0]);
	if (mrz != NULL) {
		for (; *mrz != '\0'; mrz++)
			out_point(o, *mrz | 0x20);
	} else if (is_ascii_letter(parts[0])) {
		out_point(o, parts[0] | 0x20);
	} else if (parts[0] >= '0' && parts[0] <= '9') {
		out_point(o, parts[0]);
	} else if (parts[0] != '\'' && !is_mark(c) && o->n > 0 && o->p[o->n - 1] != ' ') {
		out_point(o, ' ');
	}
}

/*
 * What each letter of the Latin blocks gives, asked once of the way above: at
 * most two letters ("ae"), a space where words part, nothing for marks.
 */
static char searched[SETTLED_COUNT][3];
static pthread_once_t searched_once = PTHREAD_ONCE_INIT;

static void settle_searches(void)
{
	for (utf8proc_int32_t c = 0; c < BLOCK_2_END; c = c + 1 == BLOCK_1_END ? BLOCK_2 : c + 1) {
		char text[4] = "a"; /* a space is only put behind something */
		struct text_out o = { .p = text, .n = 1, .cap = sizeof text };
		int i = settled_index(c);
		bool failed = false;

		map_search(&o, c, 'a', &failed);
		CC_ASSERT(!failed && !o.full && i >= 0);
		memcpy(searched[i], text + 1, o.n - 1);
	}
}

/* False: a letter of other blocks is in it. */
static bool search_settled(const char *nfc, struct text_out *o)
{
	struct latin_reader reader = { 0 };

	(void)pthread_once(&searched_once, settle_searches);
	for (const char *p = nfc; *p != '\0'; p++) {
		int letter = latin_next(&reader, (uint8_t)*p);

		if (letter == LATIN_NOT)
			return false;
		if (letter == LATIN_MORE)
			continue;
		for (const char *s = searched[letter]; *s != '\0'; s++) {
			if (*s != ' ' || (o->n > 0 && o->p[o->n - 1] != ' '))
				out_point(o, *s);
		}
	}
	return reader.left == 0;
}

cc_status vietnamese_search_key(const char *nfc, char *out, size_t cap)
{
	struct text_out o = { .p = out, .cap = cap };
	cc_status st = search_settled(nfc, &o) ? out_end(&o) : map_points(nfc, map_search, out, cap);
	size_t n = cap > 0 ? strlen(out) : 0;

	if (!cc_failed(st) && n > 0 && out[n - 1] == ' ')
		out[n - 1] = '\0';
	return st;
}

void vietnamese_split_name(const char *name, struct name_parts *ret)
{
	struct name_parts parts = { 0 };
	struct cursor in;
	const char *last;

	cursor_init(&in, bytes_str(name));
	if (!cursor_until(&in, ' ', &parts.surname))
		parts.surname = bytes_of(NULL, 0);
	last = strrchr(name, ' ');
	if (last != NULL) {
		struct bytes rest = cursor_rest(&in);

		parts.given = bytes_str(last + 1);
		if (rest.n > parts.given.n)
			parts.middle = bytes_of(rest.p, rest.n - parts.given.n - 1);
	}
	*ret = parts;
}
