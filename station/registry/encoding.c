/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/encoding.h"

#include "crypto/base/secret.h"
#include "station/registry/vietnamese.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX 65536
#define WORD_MAX 64

static const char *const names[ENCODING_COUNT] = { "utf-8", "tcvn3", "vni", "windows-1258" };

const char *encoding_name(enum text_encoding e)
{
	return names[e];
}

bool encoding_from_name(const char *name, enum text_encoding *ret)
{
	for (int i = 0; i < ENCODING_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum text_encoding)i;
			return true;
		}
	}
	return false;
}

struct out {
	char *p;
	size_t n, cap;
};

static bool put(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (o->cap - o->n <= n)
		return false;
	memcpy(o->p + o->n, s, n);
	o->n += n;
	return true;
}

/* ---- by the C library: TCVN 5712-1, whose upper half is TCVN3, and Windows-1258 */

static cc_status by_iconv(const char *from, struct bytes in, struct out *o, size_t *fault)
{
	iconv_t cd = iconv_open("UTF-8", from);
	char *at = (char *)(uintptr_t)in.p, *to = o->p;
	size_t left = in.n, room = o->cap - 1, rc;
	int e;

	if (cd == (iconv_t)-1)
		return cc_code_status(CC_E_UNSUPPORTED);
	rc = iconv(cd, &at, &left, &to, &room);
	if (rc != (size_t)-1)
		rc = iconv(cd, NULL, NULL, &to, &room); /* what it held back for a tone to come */
	e = errno;
	(void)iconv_close(cd);
	o->n = o->cap - 1 - room;
	if (rc != (size_t)-1)
		return cc_ok();
	*fault = in.n - left + 1;
	return cc_code_status(e == E2BIG ? CC_E_LIMIT : CC_E_FORMAT);
}

/* ---- VNI: what a byte adds to the letter before it, as combining marks */

#define GRAVE "\xCC\x80"
#define ACUTE "\xCC\x81"
#define CIRCUMFLEX "\xCC\x82"
#define TILDE "\xCC\x83"
#define BREVE "\xCC\x86"
#define HOOK "\xCC\x89"
#define DOT "\xCC\xA3"

struct vni {
	uint8_t code; /* of the small letter; the capital's is 0x20 less */
	const char *marks;
};
static const struct vni vni_marks[] = {
	{ 0xF9, ACUTE },
	{ 0xF8, GRAVE },
	{ 0xFB, HOOK },
	{ 0xF5, TILDE },
	{ 0xEF, DOT },
	{ 0xE2, CIRCUMFLEX },
	{ 0xE1, CIRCUMFLEX ACUTE },
	{ 0xE0, CIRCUMFLEX GRAVE },
	{ 0xE5, CIRCUMFLEX HOOK },
	{ 0xE3, CIRCUMFLEX TILDE },
	{ 0xE4, CIRCUMFLEX DOT },
	{ 0xEA, BREVE },
	{ 0xE9, BREVE ACUTE },
	{ 0xE8, BREVE GRAVE },
	{ 0xFA, BREVE HOOK },
	{ 0xFC, BREVE TILDE },
	{ 0xEB, BREVE DOT },
};

struct vni_letter {
	uint8_t code;
	const char *small, *capital;
};
static const struct vni_letter vni_letters[] = {
	{ 0xED, "í", "Í" }, { 0xEC, "ì", "Ì" }, { 0xE6, "ỉ", "Ỉ" }, { 0xF3, "ĩ", "Ĩ" }, { 0xF2, "ị", "Ị" },
	{ 0xEE, "ỵ", "Ỵ" }, { 0xF1, "đ", "Đ" }, { 0xF4, "ơ", "Ơ" }, { 0xF6, "ư", "Ư" },
};

/* Letters that a mark may follow; ơ and ư carry tones alone. */
static bool carries(uint8_t letter, const char *marks)
{
	bool quality = strncmp(marks, CIRCUMFLEX, 2) == 0 || strncmp(marks, BREVE, 2) == 0;
	int base = letter < 0x80 ? tolower(letter) : letter | 0x20;

	if (base == 0xF4 || base == 0xF6)
		return !quality;
	if (strncmp(marks, BREVE, 2) == 0)
		return base == 'a';
	if (quality)
		return base == 'a' || base == 'e' || base == 'o';
	return base == 'a' || base == 'e' || base == 'o' || base == 'u' || base == 'y';
}

static const char *vni_mark(uint8_t c)
{
	for (size_t i = 0; i < sizeof vni_marks / sizeof vni_marks[0]; i++) {
		if (vni_marks[i].code == (c | 0x20))
			return vni_marks[i].marks;
	}
	return NULL;
}

static const char *vni_letter(uint8_t c)
{
	for (size_t i = 0; i < sizeof vni_letters / sizeof vni_letters[0]; i++) {
		if (vni_letters[i].code == c)
			return vni_letters[i].small;
		if (vni_letters[i].code - 0x20 == c)
			return vni_letters[i].capital;
	}
	return NULL;
}

static cc_status by_vni(struct bytes in, struct out *o, size_t *fault)
{
	struct cursor c;
	uint8_t before = 0, byte = 0;
	size_t at = 0;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0 && cursor_u8(&c, &byte)) {
		const char *mark = byte >= 0x80 ? vni_mark(byte) : NULL, *letter = byte >= 0x80 ? vni_letter(byte) : NULL;
		char plain[2] = { (char)byte, '\0' };
		const char *text = plain;

		at++;
		if (mark != NULL && carries(before, mark))
			text = mark;
		else if (letter != NULL)
			text = letter;
		else if (byte >= 0x80) {
			*fault = at;
			return cc_code_status(CC_E_FORMAT);
		}
		if (!put(o, text))
			return cc_code_status(CC_E_LIMIT);
		before = byte;
	}
	return cc_ok();
}

/* ---- TCVN3: capitals */

static bool is_word_byte(uint8_t c)
{
	return c >= 0x80 || isalpha(c) != 0;
}

/* Of TCVN3's bytes: a small letter with a tone, which has no capital there. */
static bool is_small_toned(uint8_t c)
{
	return c >= 0xB5;
}

enum word_case { WORD_OTHER, WORD_CAPITALS, WORD_EITHER };

/* WORD_EITHER: "Nữ" and "NỮ" are the same bytes. */
static enum word_case case_of(struct bytes word)
{
	size_t capitals = 0, small = 0, toned = 0;

	for (size_t i = 0; i < word.n; i++) {
		capitals += isupper(word.p[i]) != 0 || (word.p[i] >= 0xA1 && word.p[i] <= 0xA7);
		small += islower(word.p[i]) != 0 || (word.p[i] >= 0xA8 && word.p[i] <= 0xAE);
		toned += is_small_toned(word.p[i]);
	}
	if (small > 0)
		return WORD_OTHER;
	if (capitals > 1 || (capitals == 1 && word.n > 2) || (capitals == 1 && word.n == 2 && is_small_toned(word.p[0])))
		return WORD_CAPITALS;
	return toned > 0 ? WORD_EITHER : WORD_OTHER;
}

static cc_status tcvn3_word(struct bytes word, bool capitals, struct out *o, size_t *fault)
{
	char text[4 * WORD_MAX], upper[4 * WORD_MAX];
	struct out part = { .p = text, .cap = sizeof text };
	cc_status st = by_iconv("TCVN5712-1", word, &part, fault);

	if (cc_failed(st))
		return st;
	text[part.n] = '\0';
	if (capitals && !cc_failed(vietnamese_upper(text, upper, sizeof upper)))
		st = put(o, upper) ? cc_ok() : cc_code_status(CC_E_LIMIT);
	else
		st = put(o, text) ? cc_ok() : cc_code_status(CC_E_LIMIT);
	cc_wipe(text, sizeof text);
	cc_wipe(upper, sizeof upper);
	return st;
}

static cc_status by_tcvn3(struct bytes in, struct out *o, size_t *fault)
{
	bool among_capitals = false; /* the word before, in the same field, was of capitals */
	size_t start = 0;
	cc_status st = cc_ok();

	while (start < in.n && !cc_failed(st)) {
		size_t end = start;
		bool word = is_word_byte(in.p[start]);
		enum word_case c = WORD_OTHER;
		struct bytes part;

		while (end < in.n && is_word_byte(in.p[end]) == word && end - start < WORD_MAX)
			end++;
		part = bytes_of(in.p + start, end - start);
		if (word)
			c = case_of(part);
		st = tcvn3_word(part, c == WORD_CAPITALS || (c == WORD_EITHER && among_capitals), o, fault);
		if (cc_failed(st))
			*fault += start;
		if (word)
			among_capitals = c == WORD_CAPITALS || (c == WORD_EITHER && among_capitals);
		else if (!bytes_equal(part, BYTES_LITERAL(" ")))
			among_capitals = false;
		start = end;
	}
	return st;
}

cc_status encoding_decode(enum text_encoding e, struct bytes in, char *out, size_t cap, size_t *ret_n, size_t *fault)
{
	struct out o = { .p = out, .cap = cap };
	cc_status st = cc_code_status(CC_E_LIMIT);

	*fault = 0;
	if (cap == 0)
		return st;
	switch (e) {
	case ENCODING_UTF8:
		if (in.n < cap) {
			if (in.n > 0)
				memcpy(out, in.p, in.n);
			o.n = in.n;
			st = cc_ok();
		}
		break;
	case ENCODING_TCVN3:
		st = by_tcvn3(in, &o, fault);
		break;
	case ENCODING_VNI:
		st = by_vni(in, &o, fault);
		break;
	case ENCODING_CP1258:
	case ENCODING_COUNT:
		st = by_iconv("CP1258", in, &o, fault);
		break;
	}
	out[cc_failed(st) ? 0 : o.n] = '\0';
	if (!cc_failed(st))
		*ret_n = o.n;
	return st;
}

/* ---- which one it is: Vietnamese syllables are few in shape */

static const char *const initials[] = { "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d",
					"đ",   "g",  "h",  "k",	 "l",  "m",  "n",  "p",	 "r",  "s",  "t",  "v", "x", "" };
static const char *const finals[] = { "ng", "nh", "ch", "c", "m", "n", "p", "t", "" };

/* The letters of a word with their quality, and how many tones it has. */
static bool take_apart(const char *word, char *plain, size_t cap, unsigned *tones)
{
	static const char *const toned[] = { "áàảãạ", "ắằẳẵặ", "ấầẩẫậ", "éèẻẽẹ", "ếềểễệ", "íìỉĩị",
					     "óòỏõọ", "ốồổỗộ", "ớờởỡợ", "úùủũụ", "ứừửữự", "ýỳỷỹỵ" };
	static const char *const base[] = { "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y" };
	struct out o = { .p = plain, .cap = cap };
	const char *at = word;

	*tones = 0;
	while (*at != '\0') {
		size_t n = (uint8_t)*at < 0x80 ? 1 : (uint8_t)*at < 0xE0 ? 2 : 3;
		char letter[4] = { 0 };
		const char *text = letter;

		if (strlen(at) < n)
			return false;
		memcpy(letter, at, n);
		for (size_t i = 0; i < sizeof base / sizeof base[0] && n > 1; i++) {
			if (strstr(toned[i], letter) != NULL) {
				text = base[i];
				++*tones;
			}
		}
		if (!put(&o, text))
			return false;
		at += n;
	}
	plain[o.n] = '\0';
	return true;
}

/* What may stand between initial and final. */
static bool is_nucleus(const char *from, size_t n)
{
	static const char *const nuclei[] = {
		"a",  "ă",   "â",   "e",   "ê",	  "i",	 "o",	"ô",   "ơ",   "u",   "ư",   "y",   "ai",  "ao",
		"au", "ay",  "âu",  "ây",  "eo",  "êu",	 "ia",	"iê",  "iu",  "oa",  "oă",  "oe",  "oi",  "oo",
		"ôi", "ơi",  "ua",  "uâ",  "uê",  "uô",	 "uơ",	"ui",  "uy",  "ưa",  "ưi",  "ươ",  "ưu",  "ya",
		"yê", "iêu", "oai", "oay", "oao", "oeo", "uôi", "uây", "uya", "uyê", "uyu", "ươi", "ươu", "yêu",
	};

	for (size_t i = 0; i < sizeof nuclei / sizeof nuclei[0]; i++) {
		if (strlen(nuclei[i]) == n && strncmp(nuclei[i], from, n) == 0)
			return true;
	}
	return false;
}

static bool is_syllable(const char *word)
{
	char plain[4 * WORD_MAX];
	unsigned tones;
	size_t n;

	if (!take_apart(word, plain, sizeof plain, &tones) || tones > 1)
		return false;
	n = strlen(plain);
	for (size_t i = 0; i < sizeof initials / sizeof initials[0]; i++) {
		size_t a = strlen(initials[i]);

		if (strncmp(plain, initials[i], a) != 0)
			continue;
		for (size_t k = 0; k < sizeof finals / sizeof finals[0]; k++) {
			size_t b = strlen(finals[k]);

			if (a + b < n && strcmp(plain + n - b, finals[k]) == 0 && is_nucleus(plain + a, n - a - b))
				return true;
		}
	}
	return false;
}

struct tally {
	size_t words, good; /* with letters beyond ASCII; those of them that are syllables */
};

static void count_word(const char *word, struct tally *t)
{
	char nfc[4 * WORD_MAX], lower[4 * WORD_MAX];
	bool ascii = true;

	for (const char *c = word; *c != '\0' && ascii; c++)
		ascii = (uint8_t)*c < 0x80;
	if (ascii)
		return;
	t->words++;
	if (!cc_failed(vietnamese_normalise_name(bytes_str(word), nfc, sizeof nfc, NULL)) &&
	    !cc_failed(vietnamese_lower(nfc, lower, sizeof lower)))
		t->good += is_syllable(lower);
}

/* A line that has no meaning in this encoding counts against it, and not for the whole file: one row may be broken. */
static void count_line(enum text_encoding e, struct bytes line, char *text, size_t cap, struct tally *t)
{
	char *rest = text, *word;
	size_t n = 0, fault = 0;

	if (cc_failed(encoding_decode(e, line, text, cap, &n, &fault))) {
		for (size_t i = 0; i < line.n; i++)
			t->words += line.p[i] >= 0x80 && (i == 0 || line.p[i - 1] < 0x80);
		return;
	}
	while ((word = strsep(&rest, " \t\r\n,.;:\"'(){}[]|/-_0123456789")) != NULL)
		count_word(word, t);
}

/* Share of the words with letters beyond ASCII that are syllables, in thousandths; -1: it can't be this encoding. */
static int score(enum text_encoding e, struct bytes sample)
{
	size_t cap = 3 * sample.n + 16;
	char *text = malloc(cap);
	struct tally t = { 0 };
	struct cursor in;
	struct bytes line;

	if (text == NULL)
		return -1;
	cursor_init(&in, sample);
	while (cursor_left(&in) > 0 && cursor_until(&in, '\n', &line))
		count_line(e, line, text, cap, &t);
	cc_wipe(text, cap);
	free(text);
	return t.words == 0 ? -1 : (int)(t.good * 1000 / t.words);
}

/*
 * Runs of bytes beyond ASCII: in UTF-8 nearly all are letters, in the others
 * nearly none. One broken row does not make a file another's.
 */
static bool is_utf8(struct bytes sample)
{
	size_t good = 0, bad = 0, at = 0;

	while (at < sample.n) {
		char text[4 * WORD_MAX];
		struct text_fault fault = { 0 };
		size_t end = at;

		while (end < sample.n && end - at < WORD_MAX && sample.p[end] >= 0x80)
			end++;
		if (end > at && end < sample.n && end - at < WORD_MAX) {
			cc_status st = vietnamese_normalise(bytes_of(sample.p + at, end - at), text, sizeof text, &fault);
			bool letters = !cc_failed(st) || fault.kind != TEXT_NOT_UTF8;

			good += letters;
			bad += !letters;
		}
		at = end > at ? end : at + 1;
	}
	return bad == 0 || good > bad;
}

bool encoding_detect(struct bytes sample, enum text_encoding *ret)
{
	int best = -1, second = -1;
	enum text_encoding which = ENCODING_UTF8;

	if (sample.n > SAMPLE_MAX)
		sample.n = SAMPLE_MAX;
	/* The last word may be cut. */
	for (size_t cut = 0; sample.n > 0 && cut < WORD_MAX && sample.p[sample.n - 1] != '\n'; cut++)
		sample.n--;
	if (is_utf8(sample)) {
		*ret = ENCODING_UTF8;
		return true;
	}
	for (int e = ENCODING_TCVN3; e < ENCODING_COUNT; e++) {
		int s = score((enum text_encoding)e, sample);

		if (s > best) {
			second = best;
			best = s;
			which = (enum text_encoding)e;
		} else if (s > second) {
			second = s;
		}
	}
	*ret = which;
	return best >= 700 && best - second >= 200;
}

#define UTF16_LOOK 128

bool encoding_is_utf16(struct bytes sample)
{
	size_t zeros[2] = { 0, 0 }, n = 0;
	struct cursor in;
	uint8_t c;

	if (bytes_starts_with(sample, BYTES_LITERAL("\xFF\xFE")) || bytes_starts_with(sample, BYTES_LITERAL("\xFE\xFF")))
		return true;
	cursor_init(&in, sample);
	for (; n < UTF16_LOOK && cursor_u8(&in, &c); n++)
		zeros[n % 2] += c == 0;
	/* A quarter of the letters at least is ASCII. */
	return (zeros[0] == 0 && zeros[1] > n / 8) || (zeros[1] == 0 && zeros[0] > n / 8);
}

/* Windows-1258 read as TCVN3 makes syllables of up to two words in three: the distance decides. */
#define OTHER_LEAST 700
#define OTHER_AHEAD 300

bool encoding_is_other(enum text_encoding file, struct bytes row)
{
	int mine = score(file, row);

	if (mine < 0 || mine > 1000 - OTHER_AHEAD)
		return false;
	for (int e = 0; e < ENCODING_COUNT; e++) {
		int other = (enum text_encoding)e != file ? score((enum text_encoding)e, row) : -1;

		if (other >= OTHER_LEAST && other - mine >= OTHER_AHEAD)
			return true;
	}
	return false;
}
