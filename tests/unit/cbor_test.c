/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor/cbor_write.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/cbor_again.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct example {
	const char *hex;
	enum cbor_fault sorted; /* the deterministic reader's verdict */
};

/* RFC 8949 Appendix A, in its order: what its rules (and ours: 4.2.1, no unassigned simple values) say of each example. */
static const struct example appendix_a[] = {
	{ "00", CBOR_GOOD },
	{ "01", CBOR_GOOD },
	{ "0A", CBOR_GOOD },
	{ "17", CBOR_GOOD },
	{ "1818", CBOR_GOOD },
	{ "1819", CBOR_GOOD },
	{ "1864", CBOR_GOOD },
	{ "1903E8", CBOR_GOOD },
	{ "1A000F4240", CBOR_GOOD },
	{ "1B000000E8D4A51000", CBOR_GOOD },
	{ "1BFFFFFFFFFFFFFFFF", CBOR_GOOD },
	{ "C249010000000000000000", CBOR_GOOD },
	{ "3BFFFFFFFFFFFFFFFF", CBOR_GOOD },
	{ "C349010000000000000000", CBOR_GOOD },
	{ "20", CBOR_GOOD },
	{ "29", CBOR_GOOD },
	{ "3863", CBOR_GOOD },
	{ "3903E7", CBOR_GOOD },
	{ "F90000", CBOR_GOOD },
	{ "F98000", CBOR_GOOD },
	{ "F93C00", CBOR_GOOD },
	{ "FB3FF199999999999A", CBOR_GOOD },
	{ "F93E00", CBOR_GOOD },
	{ "F97BFF", CBOR_GOOD },
	{ "FA47C35000", CBOR_GOOD },
	{ "FA7F7FFFFF", CBOR_GOOD },
	{ "FB7E37E43C8800759C", CBOR_GOOD },
	{ "F90001", CBOR_GOOD },
	{ "F90400", CBOR_GOOD },
	{ "F9C400", CBOR_GOOD },
	{ "FBC010666666666666", CBOR_GOOD },
	{ "F97C00", CBOR_GOOD },
	{ "F97E00", CBOR_GOOD },
	{ "F9FC00", CBOR_GOOD },
	{ "FA7F800000", CBOR_NOT_SHORTEST },
	{ "FA7FC00000", CBOR_NOT_SHORTEST },
	{ "FAFF800000", CBOR_NOT_SHORTEST },
	{ "FB7FF0000000000000", CBOR_NOT_SHORTEST },
	{ "FB7FF8000000000000", CBOR_NOT_SHORTEST },
	{ "FBFFF0000000000000", CBOR_NOT_SHORTEST },
	{ "F4", CBOR_GOOD },
	{ "F5", CBOR_GOOD },
	{ "F6", CBOR_GOOD },
	{ "F7", CBOR_GOOD },
	{ "F0", CBOR_SIMPLE },
	{ "F8FF", CBOR_SIMPLE },
	{ "C074323031332D30332D32315432303A30343A30305A", CBOR_GOOD },
	{ "C11A514B67B0", CBOR_GOOD },
	{ "C1FB41D452D9EC200000", CBOR_GOOD },
	{ "D74401020304", CBOR_GOOD },
	{ "D818456449455446", CBOR_GOOD },
	{ "D82076687474703A2F2F7777772E6578616D706C652E636F6D", CBOR_GOOD },
	{ "40", CBOR_GOOD },
	{ "4401020304", CBOR_GOOD },
	{ "60", CBOR_GOOD },
	{ "6161", CBOR_GOOD },
	{ "6449455446", CBOR_GOOD },
	{ "62225C", CBOR_GOOD },
	{ "62C3BC", CBOR_GOOD },
	{ "63E6B0B4", CBOR_GOOD },
	{ "64F0908591", CBOR_GOOD },
	{ "80", CBOR_GOOD },
	{ "83010203", CBOR_GOOD },
	{ "8301820203820405", CBOR_GOOD },
	{ "98190102030405060708090A0B0C0D0E0F101112131415161718181819", CBOR_GOOD },
	{ "A0", CBOR_GOOD },
	{ "A201020304", CBOR_GOOD },
	{ "A26161016162820203", CBOR_GOOD },
	{ "826161A161626163", CBOR_GOOD },
	{ "A56161614161626142616361436164614461656145", CBOR_GOOD },
	{ "5F42010243030405FF", CBOR_INDEFINITE },
	{ "7F657374726561646D696E67FF", CBOR_INDEFINITE },
	{ "9FFF", CBOR_INDEFINITE },
	{ "9F018202039F0405FFFF", CBOR_INDEFINITE },
	{ "9F01820203820405FF", CBOR_INDEFINITE },
	{ "83018202039F0405FF", CBOR_INDEFINITE },
	{ "83019F0203FF820405", CBOR_INDEFINITE },
	{ "9F0102030405060708090A0B0C0D0E0F101112131415161718181819FF", CBOR_INDEFINITE },
	{ "BF61610161629F0203FFFF", CBOR_INDEFINITE },
	{ "826161BF61626163FF", CBOR_INDEFINITE },
	{ "BF6346756EF563416D7421FF", CBOR_INDEFINITE },
};

static enum cbor_fault check_hex(const char *hex, enum cbor_order order)
{
	struct buf data = vectors_from_hex(hex);
	enum cbor_fault fault = cbor_check(buf_view(&data), order, NULL);

	buf_done(&data);
	return fault;
}

static void rfc_8949_appendix_a_is_read_and_written_back(void **state)
{
	size_t good = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof appendix_a / sizeof appendix_a[0]; i++) {
		struct buf data = vectors_from_hex(appendix_a[i].hex), again = { 0 };

		if (check_hex(appendix_a[i].hex, CBOR_SORTED) != appendix_a[i].sorted)
			fail_msg("%s: %s", appendix_a[i].hex, cbor_fault_name(check_hex(appendix_a[i].hex, CBOR_SORTED)));
		if (appendix_a[i].sorted == CBOR_GOOD) {
			cbor_again(buf_view(&data), CBOR_SORTED, &again);
			assert_true(vectors_is_hex(buf_view(&again), appendix_a[i].hex));
			good++;
		} else {
			refused++;
		}
		buf_done(&again);
		buf_done(&data);
	}
	(void)printf("# count: RFC 8949 Appendix A: %zu examples read and written back, %zu refused by rule (indefinite length, "
		     "wider float, unassigned simple value)\n",
		     good, refused);
	assert_int_equal(good + refused, 81);
}

/* RFC 8949 Appendix F: not well-formed. Where a definite-length reader stops at an indefinite start, that is its verdict. */
static const struct example appendix_f[] = {
	{ "18", CBOR_TRUNCATED },
	{ "19", CBOR_TRUNCATED },
	{ "1A", CBOR_TRUNCATED },
	{ "1B", CBOR_TRUNCATED },
	{ "1901", CBOR_TRUNCATED },
	{ "1A0102", CBOR_TRUNCATED },
	{ "1B01020304050607", CBOR_TRUNCATED },
	{ "38", CBOR_TRUNCATED },
	{ "58", CBOR_TRUNCATED },
	{ "78", CBOR_TRUNCATED },
	{ "98", CBOR_TRUNCATED },
	{ "9A01FF00", CBOR_TRUNCATED },
	{ "B8", CBOR_TRUNCATED },
	{ "D8", CBOR_TRUNCATED },
	{ "F8", CBOR_TRUNCATED },
	{ "F900", CBOR_TRUNCATED },
	{ "FA0000", CBOR_TRUNCATED },
	{ "FB000000", CBOR_TRUNCATED },
	{ "41", CBOR_TRUNCATED },
	{ "61", CBOR_TRUNCATED },
	{ "5AFFFFFFFF00", CBOR_TRUNCATED },
	{ "5BFFFFFFFFFFFFFFFF010203", CBOR_TRUNCATED },
	{ "7AFFFFFFFF00", CBOR_TRUNCATED },
	{ "7B7FFFFFFFFFFFFFFF010203", CBOR_TRUNCATED },
	{ "81", CBOR_TRUNCATED },
	{ "818181818181818181", CBOR_TRUNCATED },
	{ "8200", CBOR_TRUNCATED },
	{ "A1", CBOR_TRUNCATED },
	{ "A20102", CBOR_TRUNCATED },
	{ "A100", CBOR_TRUNCATED },
	{ "A2000000", CBOR_DUPLICATE_KEY },
	{ "C0", CBOR_TRUNCATED },
	{ "5F4100", CBOR_INDEFINITE },
	{ "7F6100", CBOR_INDEFINITE },
	{ "9F", CBOR_INDEFINITE },
	{ "9F0102", CBOR_INDEFINITE },
	{ "BF", CBOR_INDEFINITE },
	{ "BF01020102", CBOR_INDEFINITE },
	{ "819F", CBOR_INDEFINITE },
	{ "9F8000", CBOR_INDEFINITE },
	{ "9F9F9F9F9FFFFFFFFF", CBOR_INDEFINITE },
	{ "9F819F819F9FFFFFFF", CBOR_INDEFINITE },
	{ "1C", CBOR_RESERVED },
	{ "1D", CBOR_RESERVED },
	{ "1E", CBOR_RESERVED },
	{ "3C", CBOR_RESERVED },
	{ "3D", CBOR_RESERVED },
	{ "3E", CBOR_RESERVED },
	{ "5C", CBOR_RESERVED },
	{ "5D", CBOR_RESERVED },
	{ "5E", CBOR_RESERVED },
	{ "7C", CBOR_RESERVED },
	{ "7D", CBOR_RESERVED },
	{ "7E", CBOR_RESERVED },
	{ "9C", CBOR_RESERVED },
	{ "9D", CBOR_RESERVED },
	{ "9E", CBOR_RESERVED },
	{ "BC", CBOR_RESERVED },
	{ "BD", CBOR_RESERVED },
	{ "BE", CBOR_RESERVED },
	{ "DC", CBOR_RESERVED },
	{ "DD", CBOR_RESERVED },
	{ "DE", CBOR_RESERVED },
	{ "FC", CBOR_RESERVED },
	{ "FD", CBOR_RESERVED },
	{ "FE", CBOR_RESERVED },
	{ "F800", CBOR_RESERVED },
	{ "F801", CBOR_RESERVED },
	{ "F818", CBOR_RESERVED },
	{ "F81F", CBOR_RESERVED },
	{ "5F00FF", CBOR_INDEFINITE },
	{ "5F21FF", CBOR_INDEFINITE },
	{ "5F6100FF", CBOR_INDEFINITE },
	{ "5F80FF", CBOR_INDEFINITE },
	{ "5FA0FF", CBOR_INDEFINITE },
	{ "5FC000FF", CBOR_INDEFINITE },
	{ "5FE0FF", CBOR_INDEFINITE },
	{ "7F4100FF", CBOR_INDEFINITE },
	{ "5F5F4100FFFF", CBOR_INDEFINITE },
	{ "7F7F6100FFFF", CBOR_INDEFINITE },
	{ "FF", CBOR_RESERVED },
	{ "81FF", CBOR_RESERVED },
	{ "8200FF", CBOR_RESERVED },
	{ "A1FF", CBOR_RESERVED },
	{ "A1FF00", CBOR_RESERVED },
	{ "A100FF", CBOR_RESERVED },
	{ "A20000FF", CBOR_RESERVED },
	{ "9F81FF", CBOR_INDEFINITE },
	{ "9F829F819F9FFFFFFFFF", CBOR_INDEFINITE },
	{ "BF00FF", CBOR_INDEFINITE },
	{ "BF000000FF", CBOR_INDEFINITE },
	{ "1F", CBOR_RESERVED },
	{ "3F", CBOR_RESERVED },
	{ "DF", CBOR_RESERVED },
};

static void rfc_8949_appendix_f_is_refused(void **state)
{
	size_t count = sizeof appendix_f / sizeof appendix_f[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (check_hex(appendix_f[i].hex, CBOR_SORTED) != appendix_f[i].sorted)
			fail_msg("%s: %s", appendix_f[i].hex, cbor_fault_name(check_hex(appendix_f[i].hex, CBOR_SORTED)));
	}
	(void)printf("# count: RFC 8949 Appendix F: %zu not well-formed inputs, all refused\n", count);
}

static void rules_of_our_own_are_named(void **state)
{
	static const struct example cases[] = {
		{ "A202010102", CBOR_UNSORTED },
		{ "A201020103", CBOR_DUPLICATE_KEY },
		{ "A2613100613101", CBOR_DUPLICATE_KEY },
		{ "A2200018180A", CBOR_UNSORTED },
		{ "0000", CBOR_TRAILING },
		{ "", CBOR_TRUNCATED },
		{ "1817", CBOR_NOT_SHORTEST },
		{ "190018", CBOR_NOT_SHORTEST },
		{ "1A0000FFFF", CBOR_NOT_SHORTEST },
		{ "1B00000000FFFFFFFF", CBOR_NOT_SHORTEST },
		{ "580100", CBOR_NOT_SHORTEST },
		{ "780161", CBOR_NOT_SHORTEST },
		{ "980100", CBOR_NOT_SHORTEST },
		{ "B8010000", CBOR_NOT_SHORTEST },
		{ "D80100", CBOR_NOT_SHORTEST },
		{ "FA3F800000", CBOR_NOT_SHORTEST },
		{ "FA33800000", CBOR_NOT_SHORTEST }, /* 2^-24: the smallest half */
		{ "FA33000000", CBOR_GOOD },	     /* 2^-25 */
		{ "FA47800000", CBOR_GOOD },	     /* 65536: above the largest half */
		{ "FB3FF0000000000000", CBOR_NOT_SHORTEST },
		{ "62C080", CBOR_UTF8 },
		{ "63EDA080", CBOR_UTF8 },
		{ "64F4908080", CBOR_UTF8 },
		{ "61C3", CBOR_UTF8 },
		{ "6180", CBOR_UTF8 },
		{ "F8F4", CBOR_SIMPLE },
		{ "C600", CBOR_GOOD },
		{ "D280", CBOR_GOOD },
		{ "D400", CBOR_GOOD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (check_hex(cases[i].hex, CBOR_SORTED) != cases[i].sorted)
			fail_msg("%s: %s", cases[i].hex, cbor_fault_name(check_hex(cases[i].hex, CBOR_SORTED)));
	}
	assert_int_equal(check_hex("A202010102", CBOR_ANY_ORDER), CBOR_GOOD);
	assert_int_equal(check_hex("A3020101020203", CBOR_ANY_ORDER), CBOR_DUPLICATE_KEY);
}

static void depth_and_size_have_limits(void **state)
{
	uint8_t deep[CBOR_DEPTH_MAX + 2];
	struct cbor_in in;
	struct cc_error err;

	(void)state;
	memset(deep, 0x81, sizeof deep);
	deep[CBOR_DEPTH_MAX] = 0;
	assert_int_equal(cbor_check(bytes_of(deep, CBOR_DEPTH_MAX + 1), CBOR_SORTED, NULL), CBOR_GOOD);
	deep[CBOR_DEPTH_MAX] = 0x81;
	deep[CBOR_DEPTH_MAX + 1] = 0;
	assert_int_equal(cbor_check(bytes_of(deep, CBOR_DEPTH_MAX + 2), CBOR_SORTED, NULL), CBOR_DEPTH);
	cc_error_init(&err);
	assert_int_equal(cbor_open(&in, bytes_of(deep, 3), CBOR_SORTED, 2, &err).code, CC_E_LIMIT);
	assert_string_equal(err.key, "cbor.malformed");
}

/* The heaviest value first on each level: a reader that walks a map again for each of its keys would not end. */
static void nested_maps_are_walked_once(void **state)
{
	uint8_t bomb[1024];
	size_t n = 0;

	(void)state;
	for (size_t level = 0; level < CBOR_DEPTH_MAX; level++) {
		bomb[n++] = 0xA0 | 20;
		bomb[n++] = 0;
	}
	bomb[n++] = 0;
	for (size_t level = 0; level < CBOR_DEPTH_MAX; level++) {
		for (uint8_t key = 1; key < 20; key++) {
			bomb[n++] = key;
			bomb[n++] = 0;
		}
	}
	assert_int_equal(cbor_check(bytes_of(bomb, n), CBOR_ANY_ORDER, NULL), CBOR_GOOD);
	assert_int_equal(cbor_check(bytes_of(bomb, n), CBOR_SORTED, NULL), CBOR_GOOD);
	assert_int_equal(cbor_check(bytes_of(bomb, n - 1), CBOR_ANY_ORDER, NULL), CBOR_TRUNCATED);
}

static void an_unsorted_map_has_a_limit(void **state)
{
	uint8_t map[2 + 3 * (CBOR_UNSORTED_PAIRS_MAX + 1)] = { 0xB8, CBOR_UNSORTED_PAIRS_MAX };
	size_t n = 2;

	(void)state;
	for (uint8_t i = 0; i <= CBOR_UNSORTED_PAIRS_MAX; i++) {
		map[n++] = 0x18;
		map[n++] = (uint8_t)(24 + i);
		map[n++] = 0;
	}
	assert_int_equal(cbor_check(bytes_of(map, n - 3), CBOR_ANY_ORDER, NULL), CBOR_GOOD);
	map[1]++;
	assert_int_equal(cbor_check(bytes_of(map, n), CBOR_ANY_ORDER, NULL), CBOR_SIZE);
	assert_int_equal(cbor_check(bytes_of(map, n), CBOR_SORTED, NULL), CBOR_GOOD);
}

/* ---- the writer */
static void put_record(struct cbor_out *out)
{
	cbor_open_map(out);
	cbor_put_str(out, "zz");
	cbor_put_bool(out, true);
	cbor_put_uint(out, 256);
	cbor_open_array(out);
	cbor_put_int(out, -1);
	cbor_put_bytes(out, BYTES_LITERAL("\x01\x02"));
	cbor_close(out);
	cbor_put_int(out, -2);
	cbor_put_null(out);
	cbor_put_uint(out, 3);
	cbor_put_tag(out, 24);
	cbor_put_bytes(out, BYTES_LITERAL("\x80"));
	cbor_close(out);
}

static void a_map_is_sorted_whatever_the_order_of_writing(void **state)
{
	struct cbor_out out;
	struct buf ret = { 0 };

	(void)state;
	cbor_out_init(&out, 256);
	put_record(&out);
	assert_false(cc_failed(cbor_finish(&out, &ret)));
	assert_true(vectors_is_hex(buf_view(&ret), "A403D818418019010082204201022"
						   "1F6627A7AF5"));
	cbor_out_done(&out);
	buf_done(&ret);
}

static void the_writer_refuses_what_is_no_item(void **state)
{
	struct buf ret = { 0 };
	struct cbor_out out;

	(void)state;
	cbor_out_init(&out, 64); /* nothing */
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_STATE);
	cbor_out_done(&out);
	cbor_out_init(&out, 64); /* two */
	cbor_put_uint(&out, 1);
	cbor_put_uint(&out, 2);
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_STATE);
	cbor_out_done(&out);
	cbor_out_init(&out, 64); /* open */
	cbor_open_map(&out);
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_STATE);
	cbor_out_done(&out);
	cbor_out_init(&out, 64); /* a key without a value */
	cbor_open_map(&out);
	cbor_put_uint(&out, 1);
	cbor_close(&out);
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_STATE);
	cbor_out_done(&out);
	cbor_out_init(&out, 64); /* a key twice */
	cbor_open_map(&out);
	for (int i = 0; i < 4; i++)
		cbor_put_uint(&out, 1);
	cbor_close(&out);
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_STATE);
	cbor_out_done(&out);
	cbor_out_init(&out, 3); /* the limit */
	cbor_put_bytes(&out, BYTES_LITERAL("abc"));
	assert_int_equal(cbor_finish(&out, &ret).code, CC_E_LIMIT);
	cbor_out_done(&out);
	assert_null(ret.p);
}

static void each_failed_allocation_is_told(void **state)
{
	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct cbor_out out;
		struct buf ret = { 0 };
		cc_status st;

		cbor_out_init(&out, 256);
		put_record(&out);
		st = cbor_finish(&out, &ret);
		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		cbor_out_done(&out);
		buf_done(&ret);
	}
}

/* ---- the getters */
static void getters_name_the_field_and_latch(void **state)
{
	struct buf data = vectors_from_hex("A3010502626162036161");
	struct cbor_in in, map;
	struct cc_error err;
	struct bytes text;
	char small[2];
	uint64_t v;

	(void)state;
	cc_error_init(&err);
	assert_false(cc_failed(cbor_open(&in, buf_view(&data), CBOR_SORTED, 64, &err)));
	assert_true(cbor_map(&in, "record", &map) && cbor_end(&in, "record"));
	assert_false(cbor_has_key(&map, 2));
	assert_true(cbor_key(&map, 1, "version"));
	assert_false(cbor_uint(&map, "version", 4, &v));
	assert_string_equal(err.key, "cbor.field");
	assert_string_equal(err.detail, "version: number too large");
	assert_false(cbor_key(&map, 2, "name")); /* latched */
	assert_false(cbor_text(&map, "name", 9, &text));
	assert_false(cbor_end(&map, "record"));
	assert_string_equal(err.detail, "version: number too large");

	cc_error_init(&err);
	assert_false(cc_failed(cbor_open(&in, buf_view(&data), CBOR_SORTED, 64, &err)));
	assert_true(cbor_map(&in, "record", &map));
	assert_true(cbor_key(&map, 1, "version") && cbor_uint(&map, "version", 5, &v) && v == 5);
	assert_true(cbor_key(&map, 2, "name"));
	assert_false(cbor_string(&map, "name", small, sizeof small));
	assert_string_equal(err.detail, "name: too long");

	cc_error_init(&err);
	assert_false(cc_failed(cbor_open(&in, buf_view(&data), CBOR_SORTED, 64, &err)));
	assert_true(cbor_map(&in, "record", &map));
	assert_false(cbor_end(&map, "record"));
	assert_string_equal(err.detail, "record: an item that is not known here");
	buf_done(&data);
}

/* ---- 5,000 bad inputs */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Refused, or it is another good record: then it has one encoding, the input itself. */
static bool refused(struct bytes data)
{
	struct buf again = { 0 };

	if (cbor_check(data, CBOR_SORTED, NULL) != CBOR_GOOD)
		return true;
	cbor_again(data, CBOR_SORTED, &again);
	assert_true(bytes_equal(buf_view(&again), data));
	buf_done(&again);
	return false;
}

/* A head in a wider form than it needs, at each place where the record has a head of one byte. */
static size_t widened(struct bytes good)
{
	size_t count = 0;

	for (size_t at = 0; at < good.n; at++) {
		for (unsigned wide = 0; wide < 4; wide++) {
			uint8_t bad[256] = { 0 };
			size_t extra = (size_t)1 << wide;

			if ((good.p[at] & 0x1F) > 23)
				continue;
			memcpy(bad, good.p, at);
			bad[at] = (uint8_t)((good.p[at] & 0xE0) | (24 + wide));
			bad[at + extra] = good.p[at] & 0x1F;
			memcpy(bad + at + extra + 1, good.p + at + 1, good.n - at - 1);
			count += refused(bytes_of(bad, good.n + extra)) ? 1 : 0;
		}
	}
	return count;
}

static size_t mutated(struct bytes good, size_t wanted)
{
	uint32_t seed = 8949;
	size_t count = 0;

	while (count < wanted) {
		uint8_t bad[256];
		size_t n = good.n;
		uint32_t changes = 1 + next_random(&seed) % 3;

		memcpy(bad, good.p, n);
		for (uint32_t i = 0; i < changes; i++)
			bad[next_random(&seed) % n] = (uint8_t)next_random(&seed);
		if (next_random(&seed) % 4 == 0)
			n = 1 + next_random(&seed) % n;
		count += refused(bytes_of(bad, n)) ? 1 : 0;
	}
	return count;
}

static void five_thousand_bad_inputs_have_a_verdict(void **state)
{
	struct buf good = { 0 };
	struct cbor_out out;
	size_t cut = 0, longer = 0, wide, bombs = 0, changed;

	(void)state;
	cbor_out_init(&out, 256);
	put_record(&out);
	assert_false(cc_failed(cbor_finish(&out, &good)));
	for (size_t n = 0; n < good.n; n++)
		cut += refused(bytes_of(good.p, n)) ? 1 : 0;
	assert_int_equal(cut, good.n);
	for (unsigned b = 0; b < 256; b++) {
		uint8_t bad[256];

		memcpy(bad, good.p, good.n);
		bad[good.n] = (uint8_t)b;
		longer += cbor_check(bytes_of(bad, good.n + 1), CBOR_SORTED, NULL) == CBOR_TRAILING ? 1 : 0;
	}
	assert_int_equal(longer, 256);
	wide = widened(buf_view(&good));
	assert_true(wide >= 4);
	for (size_t depth = CBOR_DEPTH_MAX + 1; depth < 512; depth++) {
		uint8_t bomb[513];

		memset(bomb, depth % 2 == 0 ? 0x81 : 0xC1, depth);
		bomb[depth] = 0;
		bombs += cbor_check(bytes_of(bomb, depth + 1), CBOR_SORTED, NULL) == CBOR_DEPTH ? 1 : 0;
	}
	assert_int_equal(bombs, 512 - CBOR_DEPTH_MAX - 1);
	changed = mutated(buf_view(&good), 5000 - cut - longer - wide - bombs);
	(void)printf(
		"# count: CBOR bad inputs: %zu refused (%zu cut, %zu longer, %zu wider heads, %zu depth bombs, %zu changed bytes)\n",
		cut + longer + wide + bombs + changed, cut, longer, wide, bombs, changed);
	assert_int_equal(cut + longer + wide + bombs + changed, 5000);
	cbor_out_done(&out);
	buf_done(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_8949_appendix_a_is_read_and_written_back),
		cmocka_unit_test(rfc_8949_appendix_f_is_refused),
		cmocka_unit_test(rules_of_our_own_are_named),
		cmocka_unit_test(depth_and_size_have_limits),
		cmocka_unit_test(nested_maps_are_walked_once),
		cmocka_unit_test(an_unsorted_map_has_a_limit),
		cmocka_unit_test(a_map_is_sorted_whatever_the_order_of_writing),
		cmocka_unit_test(the_writer_refuses_what_is_no_item),
		cmocka_unit_test(each_failed_allocation_is_told),
		cmocka_unit_test(getters_name_the_field_and_latch),
		cmocka_unit_test(five_thousand_bad_inputs_have_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
