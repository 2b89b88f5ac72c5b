/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/phrase.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 10
#define VALUE_LEN 256
#define SPEC_LEN 8
#define LIST_DEPTH 2

static const struct phrase *const tables[] = { phrases_inspect, phrases_lint, phrases_values };
#define TABLES (sizeof tables / sizeof tables[0])

/* Texts are looked up several times for each check of a card: by an index that is made once. */
#define SLOTS 2048
#define HASHED_LEN 24 /* of a text's beginning, where texts differ; values may be long */
static const struct phrase *slots[SLOTS];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

/* The slot that holds this text, or the free one where it would be: FNV-1a. */
static size_t slot_of(const char *en)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (const char *c = en; *c != 0 && c < en + HASHED_LEN; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	for (i = hash % SLOTS; slots[i] != NULL && strcmp(slots[i]->en, en) != 0;)
		i = (i + 1) % SLOTS;
	return i;
}

static void fill_slots(void)
{
	size_t rows = 0;

	for (size_t t = 0; t < TABLES; t++) {
		for (const struct phrase *p = tables[t]; p->en != NULL; p++) {
			size_t i = slot_of(p->en);

			CC_ASSERT(++rows <= SLOTS / 2);
			if (slots[i] == NULL) /* the first row counts */
				slots[i] = p;
		}
	}
}

const char *phrase_find(const char *en)
{
	const struct phrase *p;

	CC_ASSERT(pthread_once(&slots_once, fill_slots) == 0);
	p = slots[slot_of(en)];
	return p != NULL ? p->vi : NULL;
}

bool phrase_at(size_t i, struct phrase *ret)
{
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct phrase *p = tables[t]; p->en != NULL; p++) {
			if (i-- == 0) {
				*ret = *p;
				return true;
			}
		}
	}
	return false;
}

/* ---- a text under its cap, never cut within a letter */
struct text {
	char *p;
	size_t n, cap;
};

static void put(struct text *t, const char *s, size_t len)
{
	size_t room = t->cap - 1 - t->n;

	if (len > room) {
		len = room;
		while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
			len--;
		t->cap = t->n + len + 1; /* what follows would tell another story */
	}
	memcpy(t->p + t->n, s, len);
	t->n += len;
	t->p[t->n] = 0;
}

static void put_plain(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

/* ---- values */
static bool is_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789ABCDEF") >= n;
}

static void put_value(struct text *t, const char *value, unsigned depth);

/* Each part of "a, b" by itself. */
static void put_parts(struct text *t, const char *value, const char *between, unsigned depth)
{
	char part[VALUE_LEN];
	const char *end;

	while ((end = strstr(value, between)) != NULL) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(end - value), value);
		put_value(t, part, depth + 1);
		put(t, between, strlen(between));
		value = end + strlen(between);
	}
	put_value(t, value, depth + 1);
}

static void put_value(struct text *t, const char *value, unsigned depth)
{
	const char *vi = phrase_find(value);

	/* A status word keeps its digits: "6A82 file not found". */
	if (vi == NULL && is_hex(value, 4) && value[4] == ' ' && (vi = phrase_find(value + 5)) != NULL)
		put(t, value, 5);
	if (vi != NULL)
		put(t, vi, strlen(vi));
	else if (depth < LIST_DEPTH && strstr(value, ", ") != NULL)
		put_parts(t, value, ", ", depth);
	else if (depth < LIST_DEPTH && value[0] == ' ')
		put_parts(t, value, " ", depth);
	else
		put(t, value, strlen(value));
}

static void make_printable(char *s)
{
	for (; *s != 0; s++) {
		if (*s < 0x20 || *s > 0x7E)
			*s = '?';
	}
}

/* ---- conversions */
/* Length of the one that begins at fmt, "%.16s" is 5; 0: it is no value ("%%"). */
static size_t spec_len(const char *fmt)
{
	size_t n = 1 + strspn(fmt + 1, "0123456789.*z");

	CC_ASSERT(n < SPEC_LEN && fmt[n] != 0);
	return fmt[n] == '%' ? 0 : n + 1;
}

static void take_string(char *out, const char *spec, size_t n, const char *text, int precision)
{
	size_t len;

	if (n > 2 && spec[1] == '.' && spec[2] != '*')
		precision = (int)strtol(spec + 2, NULL, 10);
	if (precision < 0 || precision > VALUE_LEN - 1)
		precision = VALUE_LEN - 1;
	len = strnlen(text, (size_t)precision);
	memcpy(out, text, len);
	out[len] = 0;
}

/* One value as text; the va_list moves on by what the conversion takes. */
static void take(char *out, const char *spec, size_t n, va_list *ap)
{
	int precision = strncmp(spec, "%.*", 3) == 0 ? va_arg(*ap, int) : -1;

	switch (spec[n - 1]) {
	case 's':
		take_string(out, spec, n, va_arg(*ap, const char *), precision);
		break;
	case 'c':
		(void)snprintf(out, VALUE_LEN, "%c", va_arg(*ap, int));
		break;
	case 'd':
		(void)snprintf(out, VALUE_LEN, "%d", va_arg(*ap, int));
		break;
	case 'u':
		if (spec[1] == 'z')
			(void)snprintf(out, VALUE_LEN, "%zu", va_arg(*ap, size_t));
		else
			(void)snprintf(out, VALUE_LEN, "%u", va_arg(*ap, unsigned));
		break;
	case 'X':
		if (spec[1] == '0')
			(void)snprintf(out, VALUE_LEN, "%02X", va_arg(*ap, unsigned));
		else
			(void)snprintf(out, VALUE_LEN, "%X", va_arg(*ap, unsigned));
		break;
	default:
		CC_ASSERT(false); /* a conversion that phrases don't have */
	}
	make_printable(out);
}

struct values {
	size_t count;
	char items[VALUES_MAX][VALUE_LEN];
};

static void take_all(const char *fmt, va_list *ap, struct values *ret)
{
	ret->count = 0;
	while ((fmt = strchr(fmt, '%')) != NULL) {
		size_t n = spec_len(fmt);

		if (n > 0) {
			CC_ASSERT(ret->count < VALUES_MAX);
			take(ret->items[ret->count++], fmt, n, ap);
		}
		fmt += n > 0 ? n : 2;
	}
}

/* ---- the two texts */
/* By the format's own conversions, in their order. */
static void fill_format(struct text *t, const char *fmt, const struct values *v, bool turn)
{
	size_t used = 0;

	while (*fmt != 0) {
		size_t plain = strcspn(fmt, "%"), n;

		put(t, fmt, plain);
		fmt += plain;
		if (*fmt == 0)
			break;
		n = spec_len(fmt);
		if (n == 0)
			put(t, "%", 1);
		else if (turn)
			put_value(t, v->items[used++], 0);
		else
			put_plain(t, v->items[used++]);
		fmt += n > 0 ? n : 2;
	}
}

/* By {1}, {2} ... */
static void fill_numbered(struct text *t, const char *vi, const struct values *v)
{
	while (*vi != 0) {
		size_t plain = strcspn(vi, "{"), i;

		put(t, vi, plain);
		vi += plain;
		if (*vi == 0)
			break;
		/* "{ 5F01 }" is a structure and no place for a value. */
		if (vi[1] < '1' || vi[1] > '9' || vi[2] != '}') {
			put(t, vi++, 1);
			continue;
		}
		i = (size_t)(vi[1] - '1');
		CC_ASSERT(i < v->count);
		put_value(t, v->items[i], 0);
		vi += 3;
	}
}

void phrase_format(char *ret_en, size_t en_cap, char *ret_vi, size_t vi_cap, const char *fmt, va_list ap)
{
	struct text en = { ret_en, 0, en_cap }, vi = { ret_vi, 0, vi_cap };
	const char *row = phrase_find(fmt);
	struct values v;
	va_list again;

	va_copy(again, ap);
	take_all(fmt, &again, &v);
	va_end(again);
	ret_en[0] = ret_vi[0] = 0;
	fill_format(&en, fmt, &v, false);
	if (row != NULL)
		fill_numbered(&vi, row, &v);
	else
		fill_format(&vi, fmt, &v, true);
}

void phrase_say(char *ret_en, size_t en_cap, char *ret_vi, size_t vi_cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	phrase_format(ret_en, en_cap, ret_vi, vi_cap, fmt, ap);
	va_end(ap);
}
