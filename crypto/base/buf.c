/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/buf.h"

#include "crypto/base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *b)
{
	cc_free(b->p, b->n);
	*b = (struct buf){ 0 };
}

cc_status buf_zero(struct buf *ret, size_t n)
{
	uint8_t *p = cc_alloc(n);

	if (p == NULL)
		return cc_code_status(CC_E_MEMORY);
	buf_done(ret);
	*ret = (struct buf){ p, n };
	return cc_ok();
}

cc_status buf_copy(struct buf *ret, struct bytes in)
{
	struct buf copy = { 0 };
	cc_status st = buf_zero(&copy, in.n);

	if (cc_failed(st))
		return st;
	if (in.n > 0)
		memcpy(copy.p, in.p, in.n);
	buf_move(ret, &copy);
	return st;
}

void buf_move(struct buf *ret, struct buf *src)
{
	struct buf moved = *src;

	*src = (struct buf){ 0 };
	buf_done(ret);
	*ret = moved;
}

void writer_init(struct writer *w, size_t limit)
{
	*w = (struct writer){ .limit = limit };
}

void writer_done(struct writer *w)
{
	cc_free(w->p, w->cap);
	*w = (struct writer){ .limit = w->limit };
}

void writer_fail(struct writer *w, enum cc_code code)
{
	CC_ASSERT(code != CC_OK);
	if (w->failed == CC_OK)
		w->failed = code;
}

static bool grow(struct writer *w, size_t more)
{
	size_t cap = w->cap > 0 ? w->cap : 64;
	uint8_t *p;

	if (w->failed != CC_OK)
		return false;
	if (more > w->limit || w->n > w->limit - more) {
		writer_fail(w, CC_E_LIMIT);
		return false;
	}
	if (w->n + more <= w->cap)
		return true;
	while (cap < w->n + more)
		cap = cap > w->limit / 2 ? w->limit : cap * 2;
	p = cc_alloc(cap);
	if (p == NULL) {
		writer_fail(w, CC_E_MEMORY);
		return false;
	}
	if (w->n > 0)
		memcpy(p, w->p, w->n);
	cc_free(w->p, w->cap);
	w->p = p;
	w->cap = cap;
	return true;
}

void writer_put(struct writer *w, struct bytes in)
{
	if (!grow(w, in.n) || in.n == 0)
		return;
	memcpy(w->p + w->n, in.p, in.n);
	w->n += in.n;
}

static void put_uint(struct writer *w, uint64_t v, size_t n)
{
	uint8_t out[8];

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	writer_put(w, bytes_of(out, n));
}

void writer_u8(struct writer *w, uint8_t v)
{
	put_uint(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	put_uint(w, v, 2);
}

void writer_u24(struct writer *w, uint32_t v)
{
	put_uint(w, v, 3);
}

void writer_u32(struct writer *w, uint32_t v)
{
	put_uint(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
	put_uint(w, v, 8);
}

void writer_fill(struct writer *w, uint8_t v, size_t n)
{
	if (!grow(w, n) || n == 0)
		return;
	memset(w->p + w->n, v, n);
	w->n += n;
}

void writer_str(struct writer *w, const char *s)
{
	writer_put(w, bytes_str(s));
}

bool writer_printf(struct writer *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		writer_fail(w, CC_E_FORMAT);
		return false;
	}
	/* vsnprintf writes a NUL behind the text: room for it is taken, but it isn't counted. */
	if (!grow(w, (size_t)n + 1))
		return false;
	va_start(ap, fmt);
	(void)vsnprintf((char *)w->p + w->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	w->n += (size_t)n;
	return true;
}

struct bytes writer_view(const struct writer *w)
{
	return bytes_of(w->p, w->n);
}

cc_status writer_finish(struct writer *w, struct buf *ret)
{
	cc_status st;

	if (w->depth > 0)
		writer_fail(w, CC_E_STATE);
	if (w->failed != CC_OK)
		st = cc_code_status(w->failed);
	else
		st = buf_copy(ret, writer_view(w));
	writer_done(w);
	return st;
}
