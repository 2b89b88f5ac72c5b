/* SPDX-License-Identifier: Apache-2.0 */
#include "card/quirks.h"

#include "card/atr.h"

#include <pthread.h>
#include <string.h>

#define HISTORICAL_MAX 15
#define CPLC_TYPE_LEN 10 /* fabricator, type, operating system with its date and level: what serials don't change */
#define LEARNED_MAX 32

const struct quirk quirks_table[] = {
	{ .name = "cccd",
	  .historical = "80318973D421",
	  .habits = { .no_mf = true },
	  .reason = "The Vietnamese card answers 6D00 to SELECT MF (cccd-card.md 4). The ATR of cards in the field isn't public; "
		    "this one is the software chip's, which behaves as they do." },
	{ .name = "silent",
	  .historical = "",
	  .exact = true,
	  .habits = { .header_first = true },
	  .reason = "Nothing is known of the buffers of a chip without historical bytes. Passports are reported that answer a "
		    "first READ BINARY of 256 bytes with 6282 and no data, or with a bare 6B00 that ends the session "
		    "(NFCPassportReader issues 89 and 91)." },
};
const size_t quirks_count = sizeof quirks_table / sizeof quirks_table[0];

static bool starts_with_hex(struct bytes in, const char *hex, bool exact)
{
	uint8_t prefix[42];
	size_t n;

	if (hex == NULL)
		return true;
	CC_ASSERT(bytes_from_hex(hex, prefix, sizeof prefix, &n));
	return bytes_starts_with(in, bytes_of(prefix, n)) && (!exact || in.n == n);
}

bool quirk_fits(const struct quirk *q, struct bytes atr, struct bytes cplc)
{
	struct bytes historical = { 0 };

	if (q->historical != NULL && cc_failed(atr_historical(atr, &historical)))
		return false;
	return starts_with_hex(historical, q->historical, q->exact) && starts_with_hex(cplc, q->cplc, false);
}

const struct quirk *quirks_find(struct bytes atr, struct bytes cplc)
{
	for (size_t i = 0; i < quirks_count; i++) {
		if (quirk_fits(&quirks_table[i], atr, cplc))
			return &quirks_table[i];
	}
	return NULL;
}

/* ---- learned */
struct chip_type {
	size_t historical_len, cplc_len;
	uint8_t historical[HISTORICAL_MAX], cplc[CPLC_TYPE_LEN];
};

static struct {
	struct chip_type type;
	struct channel_habits habits;
	unsigned uses; /* cards that it is still for; 0: a free row */
	bool proven;
} learned[LEARNED_MAX];
static size_t learned_next;
static pthread_mutex_t learned_lock = PTHREAD_MUTEX_INITIALIZER;

/* False: not an ATR, nothing to know the chip by. */
static bool type_of(const struct channel *ch, struct bytes cplc, struct chip_type *ret)
{
	struct bytes historical;
	struct cursor in;

	*ret = (struct chip_type){ 0 };
	if (cc_failed(atr_historical(bytes_of(ch->reader->atr, ch->reader->atr_len), &historical)) ||
	    historical.n > HISTORICAL_MAX)
		return false;
	ret->historical_len = historical.n;
	ret->cplc_len = cplc.n < CPLC_TYPE_LEN ? cplc.n : CPLC_TYPE_LEN;
	cursor_init(&in, historical);
	if (!cursor_copy(&in, ret->historical, ret->historical_len))
		return false;
	cursor_init(&in, cplc);
	return cursor_copy(&in, ret->cplc, ret->cplc_len);
}

static bool is_same(const struct chip_type *a, const struct chip_type *b)
{
	return bytes_equal(bytes_of(a->historical, a->historical_len), bytes_of(b->historical, b->historical_len)) &&
	       bytes_equal(bytes_of(a->cplc, a->cplc_len), bytes_of(b->cplc, b->cplc_len));
}

/* Index of the type; LEARNED_MAX: not known. The lock is held. */
static size_t find(const struct chip_type *type)
{
	for (size_t i = 0; i < LEARNED_MAX; i++) {
		if (learned[i].uses > 0 && is_same(&learned[i].type, type))
			return i;
	}
	return LEARNED_MAX;
}

/* The careful one of two. */
static void merge(struct channel_habits *h, const struct channel_habits *more)
{
	h->no_sfi = h->no_sfi || more->no_sfi;
	h->header_first = h->header_first || more->header_first;
	h->no_mf = h->no_mf || more->no_mf;
	if (more->read_max > 0 && (h->read_max == 0 || more->read_max < h->read_max))
		h->read_max = more->read_max;
}

void quirks_recall(struct channel *ch, struct bytes cplc)
{
	const struct quirk *q = quirks_find(bytes_of(ch->reader->atr, ch->reader->atr_len), cplc);
	struct chip_type type;
	size_t i;

	if (q != NULL)
		merge(&ch->habits, &q->habits);
	if (!type_of(ch, cplc, &type))
		return;
	CC_ASSERT(pthread_mutex_lock(&learned_lock) == 0);
	i = find(&type);
	if (i < LEARNED_MAX) {
		merge(&ch->habits, &learned[i].habits);
		learned[i].uses--;
	}
	CC_ASSERT(pthread_mutex_unlock(&learned_lock) == 0);
}

/* What may be carried to another card, from one that is known or from one that may be hostile. */
static struct channel_habits lesson(const struct channel_habits *h, bool proven)
{
	struct channel_habits l = *h;

	l.no_mf = false;
	if (!proven && l.read_max > 0 && l.read_max < QUIRKS_UNPROVEN_READ_MIN)
		l.read_max = QUIRKS_UNPROVEN_READ_MIN;
	return l;
}

/* A free row, else the oldest that may make room; LEARNED_MAX: none may. The lock is held. */
static size_t make_room(bool proven)
{
	for (size_t i = 0; i < LEARNED_MAX; i++) {
		if (learned[i].uses == 0)
			return i;
	}
	for (size_t n = 0; n < LEARNED_MAX; n++) {
		size_t i = (learned_next + n) % LEARNED_MAX;

		if (proven || !learned[i].proven) {
			learned_next = (i + 1) % LEARNED_MAX;
			return i;
		}
	}
	return LEARNED_MAX;
}

void quirks_keep(const struct channel *ch, struct bytes cplc, bool proven)
{
	const struct channel_habits h = lesson(&ch->habits, proven);
	struct chip_type type;
	size_t i;

	if ((!h.no_sfi && !h.header_first && h.read_max == 0) || !type_of(ch, cplc, &type))
		return;
	CC_ASSERT(pthread_mutex_lock(&learned_lock) == 0);
	i = find(&type);
	/* A row in use stands until its cards are through: a lesson repeated doesn't lengthen it. */
	if (i == LEARNED_MAX || (proven && !learned[i].proven)) {
		if (i == LEARNED_MAX)
			i = make_room(proven);
		if (i < LEARNED_MAX) {
			learned[i].type = type;
			learned[i].habits = h;
			learned[i].uses = proven ? QUIRKS_PROVEN_USES : QUIRKS_UNPROVEN_USES;
			learned[i].proven = proven;
		}
	}
	CC_ASSERT(pthread_mutex_unlock(&learned_lock) == 0);
}

void quirks_forget(void)
{
	CC_ASSERT(pthread_mutex_lock(&learned_lock) == 0);
	memset(learned, 0, sizeof learned);
	learned_next = 0;
	CC_ASSERT(pthread_mutex_unlock(&learned_lock) == 0);
}
