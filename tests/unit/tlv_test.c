/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/tlv.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* ICAO 9303-11 Appendix D.4: EF.COM of the worked example. */
#define EF_COM "60145F0104303130365F36063034303030305C026175"

static bool next_of_hex(const char *hex, enum tlv_mode mode, struct tlv *ret, struct buf *owner)
{
	struct cursor in;

	*owner = vectors_from_hex(hex);
	cursor_init(&in, buf_view(owner));
	return tlv_next(&in, mode, ret) && !cc_failed(cursor_end(&in));
}

static bool accepts(const char *hex, enum tlv_mode mode)
{
	struct buf owner;
	struct tlv t;
	bool good = next_of_hex(hex, mode, &t, &owner);

	buf_done(&owner);
	return good;
}

static bool parse_com(struct bytes data)
{
	struct cursor in, com;
	struct bytes lds, unicode, tags;

	cursor_init(&in, data);
	return tlv_expect(&in, TLV_STRICT, 0x60, &com) && tlv_expect_bytes(&com, TLV_STRICT, 0x5F01, &lds) &&
	       tlv_expect_bytes(&com, TLV_STRICT, 0x5F36, &unicode) && tlv_expect_bytes(&com, TLV_STRICT, 0x5C, &tags) &&
	       !cc_failed(cursor_end(&com)) && !cc_failed(cursor_end(&in)) && bytes_equal(lds, bytes_str("0106")) &&
	       bytes_equal(unicode, bytes_str("040000")) && bytes_equal(tags, BYTES_LITERAL("\x61\x75"));
}

static void the_worked_example_parses_whole_only(void **state)
{
	struct buf com = vectors_from_hex(EF_COM);
	struct buf longer = vectors_from_hex(EF_COM "00");

	(void)state;
	assert_true(parse_com(buf_view(&com)));
	for (size_t n = 0; n < com.n; n++)
		assert_false(parse_com(bytes_of(com.p, n)));
	assert_false(parse_com(buf_view(&longer)));
	buf_done(&com);
	buf_done(&longer);
}

static void tags_of_one_to_four_bytes_are_numbers(void **state)
{
	static const struct {
		const char *hex;
		uint32_t tag;
	} good[] = {
		{ "0000", 0x00 },
		{ "6100", 0x61 },
		{ "5F0E00", 0x5F0E },
		{ "7F2E00", 0x7F2E },
		{ "9F8F8F0100", 0x9F8F8F01 },
		{ "9F8F0100", 0x9F8F01 },
		{ "5F8F8F7F00", 0x5F8F8F7F },
		{ "1F1F00", 0x1F1F },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct buf owner;
		struct tlv t;

		assert_true(next_of_hex(good[i].hex, TLV_STRICT, &t, &owner));
		assert_int_equal(t.tag, good[i].tag);
		assert_int_equal(t.value.n, 0);
		assert_int_equal(t.whole.n, owner.n);
		buf_done(&owner);
	}
	assert_false(accepts("9F8F8F8F0100", TLV_LENIENT));
}

static void lengths_are_read_in_every_form(void **state)
{
	static const struct {
		const char *head;
		size_t len;
		bool strict;
	} forms[] = {
		{ "0400", 0, true },
		{ "047F", 0x7F, true },
		{ "048180", 0x80, true },
		{ "0481FF", 0xFF, true },
		{ "04820100", 0x100, true },
		{ "0482FFFF", 0xFFFF, true },
		{ "0483010000", 0x10000, true },
		{ "048100", 0, false },
		{ "04817F", 0x7F, false },
		{ "048200FF", 0xFF, false },
		{ "0483000001", 1, false },
		{ "048400000001", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct buf head = vectors_from_hex(forms[i].head);
		struct buf data = { 0 };
		struct writer w;
		struct cursor in;
		struct tlv t;

		writer_init(&w, 1u << 20);
		writer_put(&w, buf_view(&head));
		writer_fill(&w, 0xA5, forms[i].len);
		assert_int_equal(writer_finish(&w, &data).code, CC_OK);
		cursor_init(&in, buf_view(&data));
		assert_true(tlv_next(&in, TLV_LENIENT, &t));
		assert_int_equal(t.value.n, forms[i].len);
		cursor_init(&in, buf_view(&data));
		assert_int_equal(tlv_next(&in, TLV_STRICT, &t), forms[i].strict);
		buf_done(&head);
		buf_done(&data);
	}
}

static void indefinite_and_oversized_lengths_are_refused(void **state)
{
	static const char *const wrong[] = {
		"3080020101"
		"0000",
		"0480",
		"04850000000001"
		"00",
		"04FF00",
		"0401",
		"04820001",
		"0484FFFFFFFF00",
		"04",
		"1F",
		"5F8F",
		"0481",
		"048201",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_false(accepts(wrong[i], TLV_STRICT));
		assert_false(accepts(wrong[i], TLV_LENIENT));
	}
}

static void failure_latches_and_leaves_outputs(void **state)
{
	struct buf data = vectors_from_hex("0201050401");
	struct cursor in, child = { .n = 99 };
	struct bytes value = { NULL, 77 };
	struct tlv t = { .tag = 55 };

	(void)state;
	cursor_init(&in, buf_view(&data));
	assert_false(tlv_expect(&in, TLV_STRICT, 0x30, &child));
	assert_int_equal(child.n, 99);
	assert_true(in.failed);
	cursor_init(&in, buf_view(&data));
	assert_false(tlv_expect_bytes(&in, TLV_STRICT, 0x04, &value));
	assert_false(tlv_next(&in, TLV_STRICT, &t));
	assert_int_equal(value.n, 77);
	assert_int_equal(t.tag, 55);
	assert_false(tlv_is_next(&in, 0x02));
	buf_done(&data);
}

static void looking_ahead_consumes_nothing(void **state)
{
	struct buf data = vectors_from_hex("7F4900");
	struct cursor in;

	(void)state;
	cursor_init(&in, buf_view(&data));
	assert_true(tlv_is_next(&in, 0x7F49));
	assert_false(tlv_is_next(&in, 0x7F));
	assert_false(in.failed);
	assert_int_equal(cursor_left(&in), 3);
	cursor_init(&in, bytes_of(data.p, 1));
	assert_false(tlv_is_next(&in, 0x7F49));
	assert_false(in.failed);
	cursor_init(&in, bytes_of(NULL, 0));
	assert_false(tlv_is_next(&in, 0x7F49));
	buf_done(&data);
}

static void find_sees_siblings_only(void **state)
{
	struct buf data = vectors_from_hex("0201013003020102020103");
	struct bytes value = { NULL, 77 };
	bool found = false;

	(void)state;
	assert_int_equal(tlv_find(buf_view(&data), TLV_STRICT, 0x02, &value, &found).code, CC_OK);
	assert_true(found);
	assert_true(bytes_equal(value, BYTES_LITERAL("\x01")));
	value = (struct bytes){ NULL, 77 };
	assert_int_equal(tlv_find(buf_view(&data), TLV_STRICT, 0x04, &value, &found).code, CC_OK);
	assert_false(found);
	assert_int_equal(value.n, 77);
	/* Malformed behind the hit is malformed. */
	assert_int_equal(tlv_find(bytes_of(data.p, data.n - 1), TLV_STRICT, 0x02, &value, &found).code, CC_E_FORMAT);
	assert_int_equal(value.n, 77);
	assert_int_equal(tlv_find(bytes_of(NULL, 0), TLV_STRICT, 0x02, &value, &found).code, CC_OK);
	assert_false(found);
	buf_done(&data);
}

static void a_header_stands_alone(void **state)
{
	struct buf data = vectors_from_hex("7F6182EA60");
	struct cursor in;
	uint32_t tag = 0;
	size_t len = 0, header_len = 0;

	(void)state;
	cursor_init(&in, buf_view(&data));
	assert_true(tlv_header(&in, TLV_STRICT, &tag, &len, &header_len));
	assert_int_equal(tag, 0x7F61);
	assert_int_equal(len, 60000);
	assert_int_equal(header_len, 5);
	for (size_t n = 0; n < data.n; n++) {
		cursor_init(&in, bytes_of(data.p, n));
		assert_false(tlv_header(&in, TLV_STRICT, &tag, &len, &header_len));
	}
	buf_done(&data);
}

/* How deep a chain of nested SEQUENCEs is entered before the reader says no. */
static unsigned depth_reached(struct bytes data)
{
	struct cursor levels[TLV_DEPTH_MAX + 8];
	unsigned d = 0;

	cursor_init(&levels[0], data);
	while (d + 1 < TLV_DEPTH_MAX + 8 && cursor_left(&levels[d]) > 0 &&
	       tlv_expect(&levels[d], TLV_STRICT, 0x30, &levels[d + 1]))
		d++;
	return d;
}

static void nesting_is_bounded(void **state)
{
	struct buf inner = { 0 };

	(void)state;
	for (unsigned i = 0; i < TLV_DEPTH_MAX + 6; i++) {
		struct writer w;

		writer_init(&w, 1024);
		tlv_put(&w, 0x30, buf_view(&inner));
		assert_int_equal(writer_finish(&w, &inner).code, CC_OK);
	}
	assert_int_equal(depth_reached(buf_view(&inner)), TLV_DEPTH_MAX);
	buf_done(&inner);
}

static void the_writer_nests_and_uses_minimal_lengths(void **state)
{
	static const size_t lens[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000 };

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct writer w;
		struct buf out = { 0 };
		struct cursor in, a, b;
		struct bytes value;

		writer_init(&w, 1u << 18);
		tlv_open(&w, 0x7F4E);
		tlv_open(&w, 0x30);
		tlv_open(&w, 0x04);
		writer_fill(&w, 0x33, lens[i]);
		tlv_close(&w);
		tlv_close(&w);
		tlv_put_u8(&w, 0x5F8F01, 9);
		tlv_close(&w);
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		cursor_init(&in, buf_view(&out));
		assert_true(tlv_expect(&in, TLV_STRICT, 0x7F4E, &a) && tlv_expect(&a, TLV_STRICT, 0x30, &b));
		assert_true(tlv_expect_bytes(&b, TLV_STRICT, 0x04, &value));
		assert_int_equal(value.n, lens[i]);
		for (size_t j = 0; j < value.n; j++)
			assert_int_equal(value.p[j], 0x33);
		assert_true(tlv_expect_bytes(&a, TLV_STRICT, 0x5F8F01, &value));
		assert_true(bytes_equal(value, BYTES_LITERAL("\x09")));
		assert_int_equal(cursor_end(&a).code, CC_OK);
		assert_int_equal(cursor_end(&in).code, CC_OK);
		buf_done(&out);
	}
}

static void an_open_object_does_not_finish(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	writer_init(&w, 100);
	tlv_open(&w, 0x30);
	assert_int_equal(writer_finish(&w, &out).code, CC_E_STATE);
	assert_null(out.p);
}

static void a_length_that_does_not_fit_any_more_is_over_the_limit(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	/* Tag and 128 bytes fit; the two length bytes don't. */
	writer_init(&w, 1 + 128 + 1);
	tlv_open(&w, 0x04);
	writer_fill(&w, 0, 128);
	assert_int_equal(w.failed, CC_OK);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &out).code, CC_E_LIMIT);
	writer_init(&w, 1 + 128 + 2);
	tlv_open(&w, 0x04);
	writer_fill(&w, 0, 128);
	tlv_close(&w);
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	buf_done(&out);
}

static void closing_after_a_failure_keeps_the_nesting_straight(void **state)
{
	struct writer w;
	struct buf out = { 0 };

	(void)state;
	writer_init(&w, 3);
	tlv_open(&w, 0x30);
	tlv_open(&w, 0x31);
	writer_fill(&w, 0, 10);
	tlv_close(&w);
	tlv_close(&w);
	assert_int_equal(w.depth, 0);
	assert_int_equal(writer_finish(&w, &out).code, CC_E_LIMIT);
}

static void numbers_have_their_shortest_form(void **state)
{
	static const struct {
		uint64_t v;
		const char *hex;
	} known[] = {
		{ 0, "020100" },
		{ 1, "020101" },
		{ 0x7F, "02017F" },
		{ 0x80, "02020080" },
		{ 0xFF, "020200FF" },
		{ 0x100, "02020100" },
		{ 0x7FFF, "02027FFF" },
		{ 0x8000, "0203008000" },
		{ UINT64_C(0x7FFFFFFFFFFFFFFF), "02087FFFFFFFFFFFFFFF" },
		{ UINT64_MAX, "020900FFFFFFFFFFFFFFFF" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct buf want = vectors_from_hex(known[i].hex), out = { 0 };
		struct writer w;
		struct cursor in;
		uint64_t v = 1;

		writer_init(&w, 20);
		der_put_uint(&w, known[i].v);
		assert_int_equal(writer_finish(&w, &out).code, CC_OK);
		assert_true(bytes_equal(buf_view(&out), buf_view(&want)));
		cursor_init(&in, buf_view(&out));
		assert_true(der_uint(&in, &v));
		assert_true(v == known[i].v);
		for (size_t n = 0; n < out.n; n++) {
			cursor_init(&in, bytes_of(out.p, n));
			assert_false(der_uint(&in, &v));
		}
		buf_done(&want);
		buf_done(&out);
	}
}

static void wrong_numbers_are_refused(void **state)
{
	/* empty, padded with 00, padded with FF, negative, 9 bytes, 10 bytes, other tag, length not minimal */
	static const char *const wrong[] = {
		"0200",	  "02020001", "0202FF80", "020180", "0209010000000000000000", "020A00FFFFFFFFFFFFFFFFFF",
		"030101", "02810101"
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf data = vectors_from_hex(wrong[i]);
		struct cursor in;
		uint64_t v = 42;

		cursor_init(&in, buf_view(&data));
		assert_false(der_uint(&in, &v));
		assert_true(v == 42);
		assert_true(in.failed);
		buf_done(&data);
	}
}

static void magnitudes_become_non_negative_integers(void **state)
{
	static const struct {
		const char *magnitude, *der;
	} known[] = { { "", "020100" },	    { "00", "020100" },	  { "0000", "020100" },
		      { "007F", "02017F" }, { "80", "02020080" }, { "00FF01", "020300FF01" } };

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct buf m = vectors_from_hex(known[i].magnitude), want = vectors_from_hex(known[i].der);
		struct writer w;

		writer_init(&w, 20);
		der_put_integer(&w, buf_view(&m));
		assert_true(bytes_equal(writer_view(&w), buf_view(&want)));
		writer_done(&w);
		buf_done(&m);
		buf_done(&want);
	}
}

static void negative_integers_are_given_as_they_are(void **state)
{
	struct buf data = vectors_from_hex("0202FF7F");
	struct cursor in;
	struct bytes v;

	(void)state;
	cursor_init(&in, buf_view(&data));
	assert_true(der_integer(&in, &v));
	assert_true(bytes_equal(v, BYTES_LITERAL("\xFF\x7F")));
	buf_done(&data);
}

static void the_small_der_values(void **state)
{
	struct writer w;

	(void)state;
	writer_init(&w, 20);
	der_put_bool(&w, true);
	der_put_bool(&w, false);
	der_put_null(&w);
	assert_true(bytes_equal(writer_view(&w), BYTES_LITERAL("\x01\x01\xFF\x01\x01\x00\x05\x00")));
	writer_done(&w);
}

static void object_identifiers_have_a_text(void **state)
{
	static const struct {
		const char *hex, *text;
	} known[] = {
		{ "2A8648CE3D030107", "1.2.840.10045.3.1.7" },
		{ "2B2403030208010107", "1.3.36.3.3.2.8.1.1.7" },
		{ "678108010101", "2.23.136.1.1.1" },
		{ "04007F00070202040202", "0.4.0.127.0.7.2.2.4.2.2" },
		{ "00", "0.0" },
		{ "8837", "2.999" },
		{ "2A81", "1.2" }, /* a cut arc isn't shown */
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct buf oid = vectors_from_hex(known[i].hex);
		char text[64];

		der_oid_text(buf_view(&oid), text, sizeof text);
		assert_string_equal(text, known[i].text);
		buf_done(&oid);
	}
}

static void an_object_identifier_text_is_cut_at_its_room(void **state)
{
	struct buf oid = vectors_from_hex("2A8648CE3D030107");

	(void)state;
	for (size_t cap = 1; cap <= 20; cap++) {
		char text[24];

		memset(text, '#', sizeof text);
		der_oid_text(buf_view(&oid), text, cap);
		assert_true(strnlen(text, cap) < cap);
		assert_int_equal(text[cap], '#');
		if (cap == 20)
			assert_string_equal(text, "1.2.840.10045.3.1.7");
	}
	buf_done(&oid);
}

static void cut_and_empty_object_identifiers_are_refused(void **state)
{
	static const char *const wrong[] = { "0600", "060181", "06022A86", "0501", "06022A" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf data = vectors_from_hex(wrong[i]);
		struct cursor in;
		struct bytes oid = { NULL, 42 };

		cursor_init(&in, buf_view(&data));
		assert_false(der_oid(&in, &oid));
		assert_int_equal(oid.n, 42);
		buf_done(&data);
	}
}

static cc_status write_nested(struct buf *ret)
{
	struct writer w;

	writer_init(&w, 4096);
	for (unsigned i = 0; i < WRITER_DEPTH_MAX; i++)
		tlv_open(&w, 0x30);
	writer_fill(&w, 1, 700);
	for (unsigned i = 0; i < WRITER_DEPTH_MAX; i++)
		tlv_close(&w);
	return writer_finish(&w, ret);
}

static void out_of_memory_inside_nesting_is_reported(void **state)
{
	size_t failures = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf out = { 0 };
		cc_status st = write_nested(&out);

		if (alloc_fault_end()) {
			assert_int_equal(st.code, CC_E_MEMORY);
			assert_null(out.p);
			failures++;
		} else {
			assert_int_equal(st.code, CC_OK);
			assert_int_equal(depth_reached(buf_view(&out)), WRITER_DEPTH_MAX);
		}
		buf_done(&out);
	}
	assert_true(failures >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worked_example_parses_whole_only),
		cmocka_unit_test(tags_of_one_to_four_bytes_are_numbers),
		cmocka_unit_test(lengths_are_read_in_every_form),
		cmocka_unit_test(indefinite_and_oversized_lengths_are_refused),
		cmocka_unit_test(failure_latches_and_leaves_outputs),
		cmocka_unit_test(looking_ahead_consumes_nothing),
		cmocka_unit_test(find_sees_siblings_only),
		cmocka_unit_test(a_header_stands_alone),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(the_writer_nests_and_uses_minimal_lengths),
		cmocka_unit_test(an_open_object_does_not_finish),
		cmocka_unit_test(a_length_that_does_not_fit_any_more_is_over_the_limit),
		cmocka_unit_test(closing_after_a_failure_keeps_the_nesting_straight),
		cmocka_unit_test(numbers_have_their_shortest_form),
		cmocka_unit_test(wrong_numbers_are_refused),
		cmocka_unit_test(magnitudes_become_non_negative_integers),
		cmocka_unit_test(negative_integers_are_given_as_they_are),
		cmocka_unit_test(the_small_der_values),
		cmocka_unit_test(object_identifiers_have_a_text),
		cmocka_unit_test(an_object_identifier_text_is_cut_at_its_room),
		cmocka_unit_test(cut_and_empty_object_identifiers_are_refused),
		cmocka_unit_test(out_of_memory_inside_nesting_is_reported),
	};

	return cmocka_run_group_tests_name("tlv", tests, NULL, NULL);
}
