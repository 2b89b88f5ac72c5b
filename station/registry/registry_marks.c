/* SPDX-License-Identifier: Apache-2.0 */
#include "station/registry/registry_rows.h"

#include "crypto/base/secret.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 512
#define CACHE_PAIRS 16384

/*
 * Names repeat: their words under a year are few, so that most marks of a load
 * have been made before. Each text may lie in two slots, the one that was used last
 * before the other; wiped with its keys.
 */
struct cache_slot {
	char text[48]; /* "" : free */
	int64_t mark;
};
struct mark_cache {
	struct cache_slot slots[CACHE_PAIRS][2];
};

cc_status mark_cache_new(struct mark_cache **ret)
{
	*ret = cc_alloc(sizeof **ret);
	return *ret == NULL ? cc_code_status(CC_E_MEMORY) : cc_ok();
}

void mark_cache_free(struct mark_cache **c)
{
	if (*c != NULL)
		cc_free(*c, sizeof **c);
	*c = NULL;
}

static struct cache_slot *pair_of(struct mark_cache *c, const char *text, size_t n)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)text[i]) * 0x100000001B3u;
	/* The last letters have not reached the upper half yet. */
	h = (h ^ h >> 32) * 0x9E3779B97F4A7C15u;
	return c->slots[(h >> 40) % CACHE_PAIRS];
}

/* True: *ret, and the pair's first slot holds it from now on. */
static bool is_cached(struct cache_slot *pair, const char *text, size_t n, int64_t *ret)
{
	struct cache_slot second = pair[1];

	if (memcmp(pair[0].text, text, n + 1) != 0) {
		if (memcmp(second.text, text, n + 1) != 0)
			return false;
		pair[1] = pair[0];
		pair[0] = second;
	}
	*ret = pair[0].mark;
	return true;
}

static void keep_mark(struct cache_slot *pair, const char *text, size_t n, int64_t mark)
{
	pair[1] = pair[0];
	memcpy(pair[0].text, text, n + 1);
	pair[0].mark = mark;
}

static cc_status make_mark(struct registry_keys *k, size_t key, struct bytes text, int64_t *ret)
{
	struct digest d;
	struct cursor in;
	uint64_t v = 0;
	cc_status st = hmac_run(k->items[key].mark, text, &d);

	if (cc_failed(st))
		return st;
	cursor_init(&in, bytes_of(d.p, d.n));
	CC_ASSERT(cursor_u64(&in, &v));
	*ret = (int64_t)v;
	return st;
}

/* "w1990|nguyen", cut to the room; its length. Made for each word of a load: without the print library. */
static size_t mark_text(enum mark_kind kind, unsigned year, const char *text, char out[TEXT_MAX])
{
	char digits[12];
	size_t n = 0, count = 0;

	out[n++] = (char)kind;
	do {
		digits[count++] = (char)('0' + year % 10);
		year /= 10;
	} while (year > 0);
	while (count > 0)
		out[n++] = digits[--count];
	out[n++] = '|';
	count = strnlen(text, TEXT_MAX - 1 - n);
	memcpy(out + n, text, count);
	out[n + count] = '\0';
	return n + count;
}

cc_status mark_of(struct registry_keys *k, size_t key, enum mark_kind kind, unsigned year, const char *text, int64_t *ret)
{
	char whole[TEXT_MAX];
	size_t n = mark_text(kind, year, text, whole);
	/* Old numbers and identities are nearly everybody's own: they would push out what comes again. */
	bool again = kind != MARK_OLD_CMND && kind != MARK_IDENTITY && k->cache != NULL && key == 0;
	struct cache_slot *pair = again && n < sizeof pair->text ? pair_of(k->cache, whole, n) : NULL;
	cc_status st = cc_ok();

	if (pair == NULL || !is_cached(pair, whole, n, ret)) {
		st = make_mark(k, key, bytes_of(whole, n), ret);
		if (!cc_failed(st) && pair != NULL)
			keep_mark(pair, whole, n, *ret);
	}
	cc_wipe(whole, n);
	return st;
}

static void add_word(struct mark_words *w, struct bytes word)
{
	char text[sizeof w->words[0]];
	size_t at = 0, n = word.n < sizeof text - 1 ? word.n : sizeof text - 1;
	int order = 1;

	memcpy(text, word.p, n);
	text[n] = '\0';
	while (at < w->count && (order = strcmp(w->words[at], text)) < 0)
		at++;
	if ((at < w->count && order == 0) || w->count == sizeof w->words / sizeof w->words[0])
		return;
	memmove(w->words[at + 1], w->words[at], (w->count - at) * sizeof w->words[0]);
	memcpy(w->words[at], text, n + 1);
	w->count++;
}

cc_status mark_words_of(const char *text, struct mark_words *ret)
{
	char key[2 * PERSON_NAME_SIZE];
	struct cursor in;
	struct bytes word;
	cc_status st = vietnamese_search_key(text, key, sizeof key);

	if (cc_failed(st))
		return cc_code_status(CC_E_ARG);
	ret->count = 0;
	cursor_init(&in, bytes_str(key));
	while (cursor_left(&in) > 0 && cursor_until(&in, ' ', &word)) {
		if (word.n > 0)
			add_word(ret, word);
	}
	cc_wipe(key, sizeof key);
	return ret->count == 0 ? cc_code_status(CC_E_ARG) : cc_ok();
}

cc_status mark_of_name(struct registry_keys *k, size_t key, const struct mark_words *words, int64_t *ret)
{
	char text[16 * 24 + 1];
	size_t n = 0;

	for (size_t i = 0; i < words->count; i++) {
		size_t word = strlen(words->words[i]);

		memcpy(text + n, words->words[i], word);
		n += word;
		text[n++] = ' ';
	}
	/* A name of sixteen long words is cut: it is found by its words then. */
	text[n < TEXT_MAX - 16 ? n : TEXT_MAX - 16] = '\0';
	return mark_of(k, key, MARK_NAME, 0, text, ret);
}

/* Kinds of places, by their search keys; the longer first. */
static const char *const place_kinds[] = { "thanh pho ", "thi tran ", "dac khu ", "phuong ", "huyen ",
					   "quan ",	 "tinh ",     "thi xa ",  "xa ",     "tp " };

cc_status mark_place_key(const char *name, char *out, size_t cap)
{
	cc_status st = vietnamese_search_key(name, out, cap);

	if (cc_failed(st))
		return st;
	for (size_t i = 0; i < sizeof place_kinds / sizeof place_kinds[0]; i++) {
		size_t n = strlen(place_kinds[i]);

		/* "Quận 1" keeps its number, "Xã" alone its only word. */
		if (strncmp(out, place_kinds[i], n) == 0 && out[n] != '\0') {
			memmove(out, out + n, strlen(out + n) + 1);
			break;
		}
	}
	return st;
}

/*
 * The parts of an address before its province: district and commune until 2025,
 * the commune since. House and street are nothing to search by.
 */
static cc_status place_marks(struct registry_keys *k, size_t key_at, const char *address, int64_t *ret, size_t *n)
{
	struct bytes parts[8], part;
	char text[PERSON_PLACE_SIZE], key[2 * PERSON_PLACE_SIZE];
	struct cursor in;
	size_t count = 0;
	cc_status st = cc_ok();

	cursor_init(&in, bytes_str(address));
	while (cursor_left(&in) > 0 && cursor_until(&in, ',', &part)) {
		if (count == 8)
			memmove(parts, parts + 1, 7 * sizeof parts[0]);
		parts[count < 8 ? count++ : 7] = part;
	}
	for (size_t back = 2; back <= 3 && back <= count && !cc_failed(st); back++) {
		part = parts[count - back];
		memcpy(text, part.p, part.n);
		text[part.n] = '\0';
		if (cc_failed(mark_place_key(text, key, sizeof key)))
			continue;
		st = mark_of(k, key_at, MARK_PLACE, 0, key, &ret[*n]);
		(*n)++;
	}
	cc_wipe(text, sizeof text);
	cc_wipe(key, sizeof key);
	return st;
}

/* "a|b|c"; false: there is no room. */
static bool join(char *out, size_t cap, const char *const *parts, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		size_t part = strlen(parts[i]);

		if (cap - n <= part + 1)
			return false;
		memcpy(out + n, parts[i], part);
		n += part;
		out[n++] = i + 1 < count ? '|' : '\0';
	}
	return true;
}

bool mark_identity_text(const struct person *p, char *out, size_t cap)
{
	char name[2 * PERSON_NAME_SIZE], father[2 * PERSON_NAME_SIZE], mother[2 * PERSON_NAME_SIZE], birth[DATE_TEXT_SIZE];
	bool known = date_precision(p->birth) == DATE_DAY && (p->father[0] != '\0' || p->mother[0] != '\0') &&
		     !cc_failed(vietnamese_search_key(p->full_name, name, sizeof name)) &&
		     !cc_failed(vietnamese_search_key(p->father, father, sizeof father)) &&
		     !cc_failed(vietnamese_search_key(p->mother, mother, sizeof mother));

	date_format(p->birth, birth);
	known = known && join(out, cap, (const char *const[]){ birth, name, father, mother }, 4);
	cc_wipe(name, sizeof name);
	cc_wipe(father, sizeof father);
	cc_wipe(mother, sizeof mother);
	return known;
}

cc_status marks_of_person(struct registry_keys *k, size_t key, const struct person *p, int64_t *ret, size_t cap,
			  size_t *ret_count)
{
	struct mark_words words;
	char identity[TEXT_MAX];
	size_t n = 0;
	cc_status st = mark_words_of(p->full_name, &words);

	CC_ASSERT(cap >= REGISTRY_MARKS_MAX);
	if (st.code == CC_E_ARG)
		words.count = 0; /* a name without a Latin letter is found by its number */
	st = cc_ok();
	for (size_t i = 0; i < words.count && !cc_failed(st); i++)
		st = mark_of(k, key, MARK_WORD, p->birth.year, words.words[i], &ret[n++]);
	if (!cc_failed(st) && words.count > 0)
		st = mark_of_name(k, key, &words, &ret[n++]);
	if (!cc_failed(st) && p->old_cmnd[0] != '\0')
		st = mark_of(k, key, MARK_OLD_CMND, 0, p->old_cmnd, &ret[n++]);
	if (!cc_failed(st))
		st = place_marks(k, key, p->residence, ret, &n);
	if (!cc_failed(st) && mark_identity_text(p, identity, sizeof identity))
		st = mark_of(k, key, MARK_IDENTITY, 0, identity, &ret[n++]);
	cc_wipe(identity, sizeof identity);
	cc_wipe(&words, sizeof words);
	if (!cc_failed(st))
		*ret_count = n;
	return st;
}

/*
 * Lowest digits first, so that what is equal stays in its order. Two digits at the
 * top tell four million beginnings apart: of a batch's hundreds of thousands of
 * marks, which are hashes and evenly spread, hardly two different ones share one.
 */
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

/* Signed: the top bit is turned. */
static size_t digit_of(int64_t mark, unsigned shift)
{
	return (size_t)(((uint64_t)mark ^ (uint64_t)1 << 63) >> shift) & (DIGITS - 1);
}

static void sort_by_digit(const struct registry_mark *from, struct registry_mark *to, size_t count, unsigned shift)
{
	size_t at[DIGITS] = { 0 }, next = 0;

	for (size_t i = 0; i < count; i++)
		at[digit_of(from[i].mark, shift)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t n = at[d];

		at[d] = next;
		next += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[digit_of(from[i].mark, shift)]++] = from[i];
}

void registry_marks_sort(struct registry_mark *marks, struct registry_mark *room, size_t count)
{
	sort_by_digit(marks, room, count, 64 - 2 * DIGIT_BITS);
	sort_by_digit(room, marks, count, 64 - DIGIT_BITS);
}
