/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include "crypto/asn1.h"

#include <stdio.h>
#include <string.h>

#define ATTRIBUTES_MAX 32

static const struct bytes oid_country = BYTES_LITERAL("\x55\x04\x06");

struct attribute {
	struct bytes oid;
	struct tlv value;
};

struct name {
	struct attribute attributes[ATTRIBUTES_MAX];
	size_t count;
};

static bool read_rdn(struct cursor *in, struct name *name)
{
	struct cursor set, seq;
	struct attribute a;

	if (!tlv_expect(in, TLV_STRICT, DER_SET, &set))
		return false;
	while (cursor_left(&set) > 0) {
		if (!tlv_expect(&set, TLV_STRICT, DER_SEQUENCE, &seq) || !der_oid(&seq, &a.oid) ||
		    !tlv_next(&seq, TLV_STRICT, &a.value) || cc_failed(cursor_end(&seq)) || name->count == ATTRIBUTES_MAX)
			return false;
		name->attributes[name->count++] = a;
	}
	return true;
}

static bool read_name(struct bytes der, struct name *name)
{
	struct cursor in, seq;

	name->count = 0;
	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)))
		return false;
	while (cursor_left(&seq) > 0)
		if (!read_rdn(&seq, name))
			return false;
	return true;
}

static uint8_t upper(uint8_t b)
{
	return b >= 'a' && b <= 'z' ? (uint8_t)(b - 'a' + 'A') : b;
}

static bool same_ignoring_case(struct bytes a, struct bytes b)
{
	struct cursor x, y;
	uint8_t p, q;

	if (a.n != b.n)
		return false;
	cursor_init(&x, a);
	cursor_init(&y, b);
	while (cursor_left(&x) > 0)
		if (!cursor_u8(&x, &p) || !cursor_u8(&y, &q) || upper(p) != upper(q))
			return false;
	return true;
}

/* PrintableString, UTF8String and IA5String hold the same text in the same bytes; signers mix them. */
static bool is_plain_text(uint32_t tag)
{
	return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

static bool same_attribute(const struct attribute *a, const struct attribute *b)
{
	if (!bytes_equal(a->oid, b->oid))
		return false;
	if (a->value.tag != b->value.tag && !(is_plain_text(a->value.tag) && is_plain_text(b->value.tag)))
		return false;
	if (bytes_equal(a->oid, oid_country))
		return same_ignoring_case(a->value.value, b->value.value);
	return bytes_equal(a->value.value, b->value.value);
}

bool cert_name_equal(struct bytes a, struct bytes b)
{
	struct name x, y;
	bool used[ATTRIBUTES_MAX] = { false };

	if (bytes_equal(a, b))
		return a.n > 0;
	if (!read_name(a, &x) || !read_name(b, &y) || x.count != y.count)
		return false;
	for (size_t i = 0; i < x.count; i++) {
		size_t k = 0;

		while (k < y.count && (used[k] || !same_attribute(&x.attributes[i], &y.attributes[k])))
			k++;
		if (k == y.count)
			return false;
		used[k] = true;
	}
	return true;
}

static bool is_letter(uint8_t b)
{
	return upper(b) >= 'A' && upper(b) <= 'Z';
}

void cert_name_country(struct bytes name_der, char out[3])
{
	struct name name;
	struct cursor in;
	uint8_t a, b;

	memset(out, 0, 3);
	if (!read_name(name_der, &name))
		return;
	for (size_t i = 0; i < name.count; i++) {
		if (!bytes_equal(name.attributes[i].oid, oid_country))
			continue;
		cursor_init(&in, name.attributes[i].value.value);
		if (cursor_u8(&in, &a) && cursor_u8(&in, &b) && cursor_left(&in) == 0 && is_letter(a) && is_letter(b)) {
			out[0] = (char)upper(a);
			out[1] = (char)upper(b);
		}
		return;
	}
}

void cert_country(const struct cert *c, char out[3])
{
	cert_name_country(cert_subject(c), out);
}

/* ---- text */

struct text {
	char *out;
	size_t cap, n;
};

/* All of it or nothing, so that no escape is cut in half. */
static void put(struct text *t, const char *s, size_t n)
{
	if (t->cap - t->n <= n) {
		t->cap = t->n + 1; /* full: later, shorter pieces would garble the text */
		return;
	}
	memcpy(t->out + t->n, s, n);
	t->n += n;
	t->out[t->n] = '\0';
}

static void put_hex(struct text *t, uint8_t b)
{
	char s[4];

	(void)snprintf(s, sizeof s, "\\%02X", b);
	put(t, s, 3);
}

/* Letters and signs that a terminal may see: no controls, no direction or zero-width marks. */
static bool is_harmless(uint32_t c)
{
	return c >= 0xA0 && !(c >= 0x200B && c <= 0x200F) && !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F) &&
	       c != 0xFEFF && !(c >= 0xD800 && c <= 0xDFFF) && c <= 0x10FFFF;
}

/* One UTF-8 sequence of 2 to 4 bytes from a copy of the cursor; its length, or 0 when it is malformed or harmful. */
static size_t harmless_sequence(struct cursor in)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t b;
	uint32_t c;
	size_t n;

	if (!cursor_u8(&in, &b) || b < 0xC2 || b > 0xF4)
		return 0;
	n = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
	c = b & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!cursor_u8(&in, &b) || (b & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (b & 0x3F);
	}
	return c >= least[n] && is_harmless(c) ? n : 0;
}

static void put_value(struct text *t, const struct tlv *value)
{
	struct cursor in;
	struct bytes sequence;
	uint8_t b;

	cursor_init(&in, value->value);
	while (cursor_left(&in) > 0) {
		size_t n = value->tag == DER_UTF8_STRING ? harmless_sequence(in) : 0;

		if (n > 0 && cursor_take(&in, n, &sequence)) {
			put(t, (const char *)sequence.p, n);
			continue;
		}
		if (!cursor_u8(&in, &b))
			return;
		if (b < 0x20 || b >= 0x7F)
			put_hex(t, b);
		else if (strchr(",+\"\\<>;=", b) != NULL)
			put(t, (const char[]){ '\\', (char)b }, 2);
		else
			put(t, (const char *)&b, 1);
	}
}

static void put_type(struct text *t, struct bytes oid)
{
	static const struct {
		struct bytes oid;
		const char *name;
	} types[] = {
		{ BYTES_LITERAL("\x55\x04\x03"), "CN" }, { BYTES_LITERAL("\x55\x04\x05"), "serialNumber" },
		{ BYTES_LITERAL("\x55\x04\x06"), "C" },	 { BYTES_LITERAL("\x55\x04\x07"), "L" },
		{ BYTES_LITERAL("\x55\x04\x08"), "ST" }, { BYTES_LITERAL("\x55\x04\x0A"), "O" },
		{ BYTES_LITERAL("\x55\x04\x0B"), "OU" },
	};
	char dotted[64];

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (bytes_equal(types[i].oid, oid)) {
			put(t, types[i].name, strlen(types[i].name));
			return;
		}
	der_oid_text(oid, dotted, sizeof dotted);
	put(t, dotted, strlen(dotted));
}

void cert_name_text(struct bytes name_der, char *out, size_t cap)
{
	struct text t = { .out = out, .cap = cap };
	struct name name;

	CC_ASSERT(cap > 0);
	out[0] = '\0';
	if (!read_name(name_der, &name)) {
		put(&t, "?", 1);
		return;
	}
	for (size_t i = 0; i < name.count; i++) {
		if (i > 0)
			put(&t, ",", 1);
		put_type(&t, name.attributes[i].oid);
		put(&t, "=", 1);
		put_value(&t, &name.attributes[i].value);
	}
}
