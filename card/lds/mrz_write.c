/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/mrz.h"

#include <stdio.h>
#include <string.h>

/* ---- the name field */
#define WORDS_MAX 24
#define NAME_WIDTH_MAX 39

struct words {
	size_t count;
	const char *start[WORDS_MAX];
	size_t len[WORDS_MAX]; /* letters kept */
	char text[256];	       /* apostrophes omitted, words NUL-separated */
};

/* ICAO 9303-3 4.6: apostrophes are omitted, a hyphen separates like a space. */
static bool split_words(const char *name, struct words *ret)
{
	size_t n = 0;
	bool open = false;

	ret->count = 0;
	for (const char *c = name; *c != 0; c++) {
		if (*c == '\'')
			continue;
		if (*c == ' ' || *c == '-') {
			open = false;
			continue;
		}
		if (*c < 'A' || *c > 'Z' || n == sizeof ret->text)
			return false;
		if (!open) {
			if (ret->count == WORDS_MAX)
				return false;
			ret->start[ret->count] = ret->text + n;
			ret->len[ret->count++] = 0;
			open = true;
		}
		ret->text[n++] = *c;
		ret->len[ret->count - 1]++;
	}
	return true;
}

static size_t words_width(const struct words *w)
{
	size_t n = w->count > 0 ? w->count - 1 : 0;

	for (size_t i = 0; i < w->count; i++)
		n += w->len[i];
	return n;
}

/*
 * ICAO 9303-5 4.2.3: one or more components truncated. The longest component
 * gives up its last letter until all fit, so that each keeps a part: the given
 * name of a Vietnamese name stands last, and cutting at the end would lose it.
 */
static bool shrink_words(struct words *w, size_t width)
{
	bool shrunk = false;

	for (; w->count > 1 && 2 * w->count - 1 > width; w->count--)
		shrunk = true;
	while (words_width(w) > width) {
		size_t longest = 0;

		for (size_t i = 0; i < w->count; i++) {
			if (w->len[i] >= w->len[longest])
				longest = i;
		}
		w->len[longest]--;
		shrunk = true;
	}
	return shrunk;
}

static size_t put_name_words(char *out, const struct words *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (i > 0)
			out[n++] = '<';
		memcpy(out + n, w->start[i], w->len[i]);
		n += w->len[i];
	}
	return n;
}

cc_status mrz_name_field(const char *primary, const char *secondary, size_t width, char *out, bool *ret_truncated)
{
	struct words first, second;
	size_t n;
	bool truncated;

	if (width < 4 || width > NAME_WIDTH_MAX || !split_words(primary, &first) || !split_words(secondary, &second) ||
	    first.count == 0)
		return cc_code_status(CC_E_ARG);
	/* ICAO 9303-5 4.2.3: the primary identifier leaves room for "<<" and one letter of the secondary. */
	truncated = shrink_words(&first, second.count > 0 ? width - 3 : width);
	n = put_name_words(out, &first);
	if (second.count > 0) {
		truncated |= shrink_words(&second, width - n - 2);
		memcpy(out + n, "<<", 2);
		n += 2;
		n += put_name_words(out + n, &second);
	}
	memset(out + n, '<', width - n);
	out[width] = 0;
	*ret_truncated = truncated;
	return cc_ok();
}

/* ---- the fields */
static cc_status bad(struct cc_error *err, const char *field)
{
	return cc_fail(err, CC_E_ARG, "mrz.field", "%s", field);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *s, size_t n)
{
	if (strlen(s) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return false;
	}
	return true;
}

static bool alphabet(const char *s, bool filler)
{
	for (; *s != 0; s++) {
		if (!is_digit(*s) && !(*s >= 'A' && *s <= 'Z') && !(filler && *s == '<'))
			return false;
	}
	return true;
}

static bool two_digits(const char *s, unsigned min, unsigned max, bool unknown_allowed, bool *ret_unknown)
{
	unsigned v;

	*ret_unknown = strncmp(s, "<<", 2) == 0;
	if (*ret_unknown)
		return unknown_allowed;
	if (!is_digit(s[0]) || !is_digit(s[1]))
		return false;
	v = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
	return v >= min && v <= max;
}

/* ICAO 9303-3 4.8: unknown parts of a birth date are fillers; a known day needs a known month. */
static bool is_date(const char *s, bool unknown_allowed)
{
	bool no_year, no_month, no_day;

	return strlen(s) == 6 && two_digits(s, 0, 99, unknown_allowed, &no_year) &&
	       two_digits(s + 2, 1, 12, unknown_allowed, &no_month) && two_digits(s + 4, 1, 31, unknown_allowed, &no_day) &&
	       (!no_month || no_day);
}

/* text, fillers up to width. */
static void put(char *out, size_t *n, const char *text, size_t width)
{
	size_t len = strlen(text);

	CC_ASSERT(len <= width && *n + width <= MRZ_TEXT_MAX);
	memcpy(out + *n, text, len);
	memset(out + *n + len, '<', width - len);
	*n += width;
}

static void put_digit(char *out, size_t *n, size_t from)
{
	char digit;

	/* Every character before was checked, so that this can't fail. */
	CC_ASSERT(mrz_check_digit(bytes_of(out + from, *n - from), &digit));
	out[(*n)++] = digit;
}

static cc_status check_td1(const struct mrz_td1 *in, struct cc_error *err)
{
	if (strlen(in->code) < 1 || strlen(in->code) > 2 || !alphabet(in->code, false) || is_digit(in->code[0]))
		return bad(err, "document code");
	if (strlen(in->issuer) < 1 || strlen(in->issuer) > 3 || !alphabet(in->issuer, false))
		return bad(err, "issuing state");
	if (strlen(in->document_number) < 1 || strlen(in->document_number) > 9 || !alphabet(in->document_number, false))
		return bad(err, "document number");
	if (strlen(in->optional1) > 15 || !alphabet(in->optional1, true))
		return bad(err, "optional data 1");
	if (!is_date(in->birth, true))
		return bad(err, "birth date");
	if (in->sex != 'M' && in->sex != 'F' && in->sex != '<')
		return bad(err, "sex");
	if (!is_date(in->expiry, false))
		return bad(err, "expiry date");
	if (strlen(in->nationality) < 1 || strlen(in->nationality) > 3 || !alphabet(in->nationality, false))
		return bad(err, "nationality");
	if (strlen(in->optional2) > 11 || !alphabet(in->optional2, true))
		return bad(err, "optional data 2");
	return cc_ok();
}

/* ICAO 9303-5 4.2.4: upper line 6-30, middle line 1-7, 9-15, 19-29. */
static void put_composite(char *out, size_t *n)
{
	static const struct {
		size_t from, len;
	} runs[] = { { 5, 25 }, { 30, 7 }, { 38, 7 }, { 48, 11 } };
	char joined[50], digit;
	size_t k = 0;

	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		memcpy(joined + k, out + runs[i].from, runs[i].len);
		k += runs[i].len;
	}
	CC_ASSERT(k == sizeof joined && mrz_check_digit(bytes_of(joined, k), &digit));
	out[(*n)++] = digit;
}

cc_status mrz_td1_write(const struct mrz_td1 *in, char out[MRZ_TEXT_MAX + 1], bool *ret_name_truncated, struct cc_error *err)
{
	char text[MRZ_TEXT_MAX + 1], name[MRZ_LINE_TD1 + 1], sex[2] = { in->sex, 0 };
	size_t n = 0;
	bool truncated;
	cc_status st = check_td1(in, err);

	if (cc_failed(st))
		return st;
	if (cc_failed(mrz_name_field(in->primary, in->secondary, MRZ_LINE_TD1, name, &truncated)))
		return bad(err, "name");
	put(text, &n, in->code, 2);
	put(text, &n, in->issuer, 3);
	put(text, &n, in->document_number, 9);
	put_digit(text, &n, 5);
	put(text, &n, in->optional1, 15);
	put(text, &n, in->birth, 6);
	put_digit(text, &n, 30);
	put(text, &n, sex, 1);
	put(text, &n, in->expiry, 6);
	put_digit(text, &n, 38);
	put(text, &n, in->nationality, 3);
	put(text, &n, in->optional2, 11);
	put_composite(text, &n);
	put(text, &n, name, MRZ_LINE_TD1);
	CC_ASSERT(n == MRZ_TD1_LEN);
	text[n] = 0;
	memcpy(out, text, sizeof text);
	*ret_name_truncated = truncated;
	return cc_ok();
}

cc_status mrz_cccd_write(const struct mrz_cccd *in, char out[MRZ_TEXT_MAX + 1], bool *ret_name_truncated, struct cc_error *err)
{
	char optional1[16], surname[64], digit;
	size_t surname_len = strcspn(in->name, " ");
	struct mrz_td1 td1 = { .code = "ID", .issuer = "VNM", .nationality = "VNM", .optional2 = "" };

	if (!all_digits(in->number, MRZ_NUMBER_LEN))
		return bad(err, "personal number");
	if (surname_len == 0 || surname_len >= sizeof surname)
		return bad(err, "name");
	CC_ASSERT(mrz_check_digit(bytes_str(in->number), &digit));
	(void)snprintf(optional1, sizeof optional1, "%s<<%c", in->number, digit);
	memcpy(surname, in->name, surname_len);
	surname[surname_len] = 0;
	/* cccd-card.md 2: the last 9 digits are the document number. */
	td1.document_number = in->number + 3;
	td1.optional1 = optional1;
	td1.birth = in->birth;
	td1.sex = in->sex;
	td1.expiry = in->expiry;
	td1.primary = surname;
	td1.secondary = in->name + surname_len;
	return mrz_td1_write(&td1, out, ret_name_truncated, err);
}
