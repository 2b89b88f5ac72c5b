/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/mrz_scan.h"

#include <string.h>

/*
 * What scanners and keyboards do to an MRZ: K for '<', a line one or two
 * characters too long, a name line without its last fillers, spaces and lower
 * case. Several repairs may be possible; the one with the fewest wrong check
 * digits is taken, and none is made where the text already has its length.
 */
#define LINES_MAX 3
#define LINE_MAX 48
#define EXTRA_MAX 2

struct line {
	char p[LINE_MAX];
	size_t n;
};

struct shape {
	enum mrz_format format;
	size_t lines, width, name_line;
};

static const struct shape shapes[] = { { MRZ_TD1, 3, 30, 2 }, { MRZ_TD2, 2, 36, 0 }, { MRZ_TD3, 2, 44, 0 } };

static bool add_char(struct line *l, uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	if (l->n >= LINE_MAX)
		return false;
	l->p[l->n++] = (char)c;
	return true;
}

/* Lines without white space; empty ones are dropped. */
static bool split(struct bytes text, struct line lines[LINES_MAX], size_t *ret_count)
{
	struct cursor in;
	size_t count = 0;
	bool open = false;
	uint8_t c;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &c))
			return false;
		if (c == '\n' || c == '\r') {
			open = false;
			continue;
		}
		if (c == ' ' || c == '\t')
			continue;
		if (!open) {
			if (count == LINES_MAX)
				return false;
			lines[count++].n = 0;
			open = true;
		}
		if (!add_char(&lines[count - 1], c))
			return false;
	}
	*ret_count = count;
	return count > 0;
}

static size_t run_length(const struct line *l, size_t at, char c)
{
	size_t n = 0;

	while (at + n < l->n && l->p[at + n] == c)
		n++;
	return n;
}

/*
 * K stands for a filler when it stands among fillers, or in a run that no word
 * has; in the first line of a Vietnamese card also in pairs (positions 28-29).
 * Check digits can't tell: K counts 20, which is as good as nothing.
 */
static void repair_fillers(struct line *l)
{
	bool pairs = l->n > 5 && memcmp(l->p, "IDVNM", 5) == 0;

	for (size_t i = 0; i < l->n;) {
		size_t n = run_length(l, i, 'K');
		bool before = i > 0 && l->p[i - 1] == '<';
		bool after = i + n == l->n || l->p[i + n] == '<';

		if (n == 0) {
			i++;
			continue;
		}
		if (n >= 3 || (before && after) || (pairs && n == 2))
			memset(l->p + i, '<', n);
		i += n;
	}
}

static void remove_chars(struct line *l, size_t at, size_t n)
{
	memmove(l->p + at, l->p + at + n, l->n - at - n);
	l->n -= n;
}

/* Cuts a line that is too long down to `width`. */
static void cut_line(struct line *l, size_t width, bool at_end)
{
	size_t best = 0, best_at = 0, extra = l->n - width;

	if (at_end) {
		l->n = width;
		return;
	}
	for (size_t i = 0; i < l->n; i++) {
		size_t n = run_length(l, i, '<');

		if (n > best) {
			best = n;
			best_at = i;
		}
	}
	if (best > extra)
		remove_chars(l, best_at, extra);
	else
		l->n = width;
}

static bool fits(const struct shape *s, const struct line *lines, size_t count)
{
	if (count != s->lines)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].n > s->width + EXTRA_MAX)
			return false;
		if (lines[i].n < s->width && i != s->name_line)
			return false;
		if (lines[i].n == 0)
			return false;
	}
	return true;
}

static cc_status read_repaired(const struct shape *s, const struct line *lines, unsigned cut_at_end, struct mrz *ret)
{
	char text[MRZ_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->lines; i++) {
		struct line l = lines[i];

		repair_fillers(&l);
		if (l.n > s->width)
			cut_line(&l, s->width, (cut_at_end & 1u << i) != 0);
		while (l.n < s->width)
			l.p[l.n++] = '<';
		CC_ASSERT(n + l.n <= sizeof text);
		memcpy(text + n, l.p, l.n);
		n += l.n;
	}
	return mrz_read(bytes_of(text, n), MRZ_READ_EXACT, ret, NULL);
}

static unsigned count_wrong(const struct mrz *m)
{
	unsigned wrong = m->digits[MRZ_DIGIT_DOCUMENT] == MRZ_DIGIT_ABSENT;

	for (unsigned d = 0; d < MRZ_DIGIT_COUNT; d++)
		wrong += m->digits[d] == MRZ_DIGIT_WRONG;
	return wrong;
}

/* Lines that are too long lose characters at the end, or in their longest run of fillers: all ways are tried. */
static bool best_repair(const struct shape *s, const struct line *lines, struct mrz *ret)
{
	unsigned best = MRZ_DIGIT_COUNT + 1;

	for (unsigned at_end = 0; at_end < 1u << LINES_MAX && best > 0; at_end++) {
		struct mrz m;

		if (cc_failed(read_repaired(s, lines, ~at_end, &m)) || count_wrong(&m) >= best)
			continue;
		best = count_wrong(&m);
		*ret = m;
	}
	return best <= MRZ_DIGIT_COUNT;
}

/* One unbroken text: cut into lines by the length that fits. */
static bool split_unbroken(struct bytes text, struct line lines[LINES_MAX], size_t *ret_count)
{
	uint8_t packed[MRZ_TEXT_MAX];
	struct cursor in;
	size_t n = 0;
	uint8_t c;

	cursor_init(&in, text);
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &c))
			return false;
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			continue;
		if (n == sizeof packed)
			return false;
		packed[n++] = c;
	}
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (n != shapes[i].lines * shapes[i].width)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (k % shapes[i].width == 0)
				lines[k / shapes[i].width].n = 0;
			if (!add_char(&lines[k / shapes[i].width], packed[k]))
				return false;
		}
		*ret_count = shapes[i].lines;
		return true;
	}
	return false;
}

cc_status mrz_scan_read(struct bytes text, struct mrz *ret, struct cc_error *err)
{
	struct line lines[LINES_MAX] = { 0 };
	size_t count = 0;

	if (!split_unbroken(text, lines, &count) && !split(text, lines, &count))
		return cc_fail(err, CC_E_FORMAT, "mrz.text", "not 2 or 3 lines of an MRZ");
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (fits(&shapes[i], lines, count) && best_repair(&shapes[i], lines, ret))
			return cc_ok();
	}
	return cc_fail(err, CC_E_FORMAT, "mrz.text", "%zu lines, the first of %zu characters: no MRZ has that form", count,
		       lines[0].n);
}
