/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/bytes.h"

#include <string.h>

struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool bytes_starts_with(struct bytes a, struct bytes prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

void bytes_to_hex(struct bytes in, char *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < in.n; i++) {
		*out++ = digits[in.p[i] >> 4];
		*out++ = digits[in.p[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bytes_from_hex(const char *hex, uint8_t *out, size_t cap, size_t *ret_n)
{
	size_t n = 0;

	for (; *hex != '\0'; hex += 2) {
		int hi, lo;

		while (*hex == ' ' || *hex == '\n' || *hex == '\t' || *hex == '\r')
			hex++;
		if (*hex == '\0')
			break;
		hi = hex_digit(hex[0]);
		lo = hi < 0 ? -1 : hex_digit(hex[1]);
		if (lo < 0 || n == cap)
			return false;
		out[n++] = (uint8_t)(hi << 4 | lo);
	}
	*ret_n = n;
	return true;
}

void cursor_init(struct cursor *in, struct bytes data)
{
	*in = (struct cursor){ .p = data.p, .n = data.n };
}

void cursor_nest(struct cursor *child, const struct cursor *parent, struct bytes data)
{
	*child = (struct cursor){ .p = data.p, .n = data.n, .depth = parent->depth + 1 };
}

bool cursor_fail(struct cursor *in)
{
	in->failed = true;
	in->n = 0;
	return false;
}

bool cursor_take(struct cursor *in, size_t n, struct bytes *ret)
{
	if (in->failed || n > in->n)
		return cursor_fail(in);
	*ret = bytes_of(in->p, n);
	if (n > 0)
		in->p += n;
	in->n -= n;
	return true;
}

bool cursor_take_back(struct cursor *in, size_t n, struct bytes *ret)
{
	if (in->failed || n > in->n)
		return cursor_fail(in);
	in->n -= n;
	*ret = bytes_of(n > 0 ? in->p + in->n : in->p, n);
	return true;
}

bool cursor_copy(struct cursor *in, void *out, size_t n)
{
	struct bytes view;

	if (!cursor_take(in, n, &view))
		return false;
	if (n > 0)
		memcpy(out, view.p, n);
	return true;
}

bool cursor_skip(struct cursor *in, size_t n)
{
	struct bytes view;

	return cursor_take(in, n, &view);
}

static bool take_uint(struct cursor *in, size_t n, uint64_t *ret)
{
	struct bytes view;
	uint64_t v = 0;

	if (!cursor_take(in, n, &view))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | view.p[i];
	*ret = v;
	return true;
}

bool cursor_u8(struct cursor *in, uint8_t *ret)
{
	if (in->failed || in->n == 0)
		return cursor_fail(in);
	*ret = *in->p++;
	in->n--;
	return true;
}

bool cursor_u16(struct cursor *in, uint16_t *ret)
{
	uint64_t v;

	if (!take_uint(in, 2, &v))
		return false;
	*ret = (uint16_t)v;
	return true;
}

bool cursor_u24(struct cursor *in, uint32_t *ret)
{
	uint64_t v;

	if (!take_uint(in, 3, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool cursor_u32(struct cursor *in, uint32_t *ret)
{
	uint64_t v;

	if (!take_uint(in, 4, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool cursor_u64(struct cursor *in, uint64_t *ret)
{
	return take_uint(in, 8, ret);
}

bool cursor_until(struct cursor *in, uint8_t stop, struct bytes *ret)
{
	const uint8_t *hit;

	if (in->failed || in->n == 0)
		return cursor_fail(in);
	hit = memchr(in->p, stop, in->n);
	if (hit == NULL)
		return cursor_take(in, in->n, ret);
	return cursor_take(in, (size_t)(hit - in->p), ret) && cursor_skip(in, 1);
}

bool cursor_peek(const struct cursor *in, uint8_t *ret)
{
	if (in->failed || in->n == 0)
		return false;
	*ret = *in->p;
	return true;
}

struct bytes cursor_rest(struct cursor *in)
{
	struct bytes rest = bytes_of(in->p, in->n);

	if (in->n > 0)
		in->p += in->n;
	in->n = 0;
	return rest;
}

cc_status cursor_end(const struct cursor *in)
{
	return cc_code_status(in->failed || in->n > 0 ? CC_E_FORMAT : CC_OK);
}
