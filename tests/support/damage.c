/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define JOINED_MAX (64u << 20)

void damage_init(struct damage *d, uint64_t seed)
{
	d->state = seed;
}

/* G. Marsaglia's xorshift. */
size_t damage_below(struct damage *d, size_t n)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (size_t)(d->state % n);
}

struct buf damage_none(struct bytes file)
{
	struct buf b = { 0 };

	assert_int_equal(buf_copy(&b, file).code, CC_OK);
	return b;
}

struct bytes damage_cut(struct damage *d, struct bytes file)
{
	return bytes_of(file.p, damage_below(d, file.n));
}

struct buf damage_bytes(struct damage *d, struct bytes file, size_t most, size_t reach)
{
	struct buf b = damage_none(file);

	if (reach > b.n)
		reach = b.n;
	for (size_t n = 1 + damage_below(d, most); n > 0; n--) {
		size_t at = damage_below(d, reach);

		b.p[at] = (uint8_t)damage_below(d, 256);
	}
	return b;
}

static struct buf finished(struct writer *w)
{
	struct buf out = { 0 };

	assert_int_equal(writer_finish(w, &out).code, CC_OK);
	return out;
}

struct buf damage_shuffle(struct damage *d, struct bytes file, int odd)
{
	size_t a = damage_below(d, file.n), b = a + damage_below(d, file.n - a), c = damage_below(d, file.n), rest = odd ? c : b;
	struct writer w;

	writer_init(&w, JOINED_MAX);
	writer_put(&w, bytes_of(file.p, c));
	writer_put(&w, bytes_of(file.p + a, b - a));
	writer_put(&w, bytes_of(file.p + rest, file.n - rest));
	return finished(&w);
}

struct buf damage_join(struct bytes first, struct bytes second, size_t gap)
{
	struct writer w;

	writer_init(&w, JOINED_MAX);
	writer_put(&w, first);
	writer_fill(&w, 0, gap);
	writer_put(&w, second);
	return finished(&w);
}

size_t damage_junk(struct damage *d, uint8_t *out, size_t cap, struct bytes head)
{
	size_t n = damage_below(d, cap);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)damage_below(d, 256);
	if (head.n > 0 && n > head.n)
		memcpy(out, head.p, head.n);
	return n;
}
