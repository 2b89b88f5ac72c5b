/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include "tests/support/alloc_fault.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const uint8_t key_bytes[SEAL_KEY_LEN] = { 1, 2, 3 };
static const struct bytes key = { key_bytes, SEAL_KEY_LEN };

static void what_is_sealed_opens_again(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 1000, 100000 };
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 1);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct buf plain = { 0 }, sealed = { 0 }, back = { 0 };

		assert_int_equal(buf_zero(&plain, lens[i]).code, CC_OK);
		assert_int_equal(seal_encrypt(key, bytes_str("place"), buf_view(&plain), &fake.sys, &sealed).code, CC_OK);
		assert_int_equal(sealed.n, lens[i] + SEAL_OVERHEAD);
		assert_int_equal(seal_decrypt(key, bytes_str("place"), buf_view(&sealed), &back).code, CC_OK);
		assert_true(bytes_equal(buf_view(&back), buf_view(&plain)));
		buf_done(&plain);
		buf_done(&sealed);
		buf_done(&back);
	}
}

/* The GCM specification (McGrew, Viega), Appendix B, test cases 13 and 14: zero key, zero nonce. */
static void published_sealed_texts_open(void **state)
{
	static const uint8_t zero_key[SEAL_KEY_LEN];
	struct buf empty = vectors_from_hex("000000000000000000000000530F8AFBC74536B9A963B4F1C4CB738B");
	struct buf block = vectors_from_hex("000000000000000000000000CEA7403D4D606B6E074EC5D3BAF39D18"
					    "D0D1C8A799996BF0265B98B5D48AB919");
	struct buf back = { 0 };
	struct bytes none = bytes_of(NULL, 0);

	(void)state;
	assert_int_equal(seal_decrypt(bytes_of(zero_key, sizeof zero_key), none, buf_view(&empty), &back).code, CC_OK);
	assert_int_equal(back.n, 0);
	assert_int_equal(seal_decrypt(bytes_of(zero_key, sizeof zero_key), none, buf_view(&block), &back).code, CC_OK);
	assert_true(vectors_is_hex(buf_view(&back), "00000000000000000000000000000000"));
	buf_done(&empty);
	buf_done(&block);
	buf_done(&back);
}

static void every_changed_bit_and_every_cut_is_noticed(void **state)
{
	struct sys_fake fake;
	struct buf sealed = { 0 }, back = { 0 };

	(void)state;
	sys_fake_init(&fake, 2);
	assert_int_equal(seal_encrypt(key, bytes_str("a"), bytes_str("twenty-one characters"), &fake.sys, &sealed).code, CC_OK);
	for (size_t i = 0; i < sealed.n; i++) {
		assert_int_equal(seal_decrypt(key, bytes_str("a"), bytes_of(sealed.p, i), &back).code, CC_E_VERIFY);
		for (unsigned bit = 0; bit < 8; bit++) {
			sealed.p[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(seal_decrypt(key, bytes_str("a"), buf_view(&sealed), &back).code, CC_E_VERIFY);
			sealed.p[i] ^= (uint8_t)(1u << bit);
		}
	}
	assert_null(back.p);
	buf_done(&sealed);
}

static void another_place_or_key_does_not_open(void **state)
{
	struct sys_fake fake;
	struct buf sealed = { 0 }, back = { 0 };
	uint8_t other[SEAL_KEY_LEN] = { 1, 2, 4 };

	(void)state;
	sys_fake_init(&fake, 3);
	assert_int_equal(seal_encrypt(key, bytes_str("person.name.1"), bytes_str("x"), &fake.sys, &sealed).code, CC_OK);
	assert_int_equal(seal_decrypt(key, bytes_str("person.name.2"), buf_view(&sealed), &back).code, CC_E_VERIFY);
	assert_int_equal(seal_decrypt(key, bytes_of(NULL, 0), buf_view(&sealed), &back).code, CC_E_VERIFY);
	assert_int_equal(seal_decrypt(bytes_of(other, sizeof other), bytes_str("person.name.1"), buf_view(&sealed), &back).code,
			 CC_E_VERIFY);
	assert_null(back.p);
	buf_done(&sealed);
}

static void no_nonce_is_used_twice(void **state)
{
	struct sys_fake fake;
	struct buf a = { 0 }, b = { 0 };

	(void)state;
	sys_fake_init(&fake, 4);
	assert_int_equal(seal_encrypt(key, bytes_str("a"), bytes_str("x"), &fake.sys, &a).code, CC_OK);
	assert_int_equal(seal_encrypt(key, bytes_str("a"), bytes_str("x"), &fake.sys, &b).code, CC_OK);
	assert_memory_not_equal(a.p, b.p, 12);
	assert_int_equal(fake.random_calls, 2);
	buf_done(&a);
	buf_done(&b);
}

static void without_random_nothing_is_sealed(void **state)
{
	struct sys_fake fake;
	struct buf sealed = { 0 };

	(void)state;
	sys_fake_init(&fake, 5);
	fake.fail_random_at = 1;
	assert_int_equal(seal_encrypt(key, bytes_str("a"), bytes_str("x"), &fake.sys, &sealed).code, CC_E_CRYPTO);
	assert_null(sealed.p);
}

static void a_key_of_another_length_is_refused(void **state)
{
	uint8_t long_key[40] = { 0 };
	struct sys_fake fake;
	struct buf out = { 0 };

	(void)state;
	sys_fake_init(&fake, 6);
	for (size_t n = 0; n <= sizeof long_key; n++) {
		if (n == SEAL_KEY_LEN)
			continue;
		assert_int_equal(seal_encrypt(bytes_of(long_key, n), bytes_str("a"), bytes_str("x"), &fake.sys, &out).code,
				 CC_E_ARG);
		assert_int_equal(seal_decrypt(bytes_of(long_key, n), bytes_str("a"), bytes_str("x"), &out).code, CC_E_ARG);
	}
	assert_null(out.p);
}

static void out_of_memory_is_reported(void **state)
{
	struct sys_fake fake;

	(void)state;
	sys_fake_init(&fake, 7);
	for (size_t k = 1; alloc_fault_next(&k);) {
		struct buf sealed = { 0 }, back = { 0 };
		cc_status st = seal_encrypt(key, bytes_str("a"), bytes_str("x"), &fake.sys, &sealed);

		if (!cc_failed(st))
			st = seal_decrypt(key, bytes_str("a"), buf_view(&sealed), &back);
		assert_int_equal(st.code, alloc_fault_end() ? CC_E_MEMORY : CC_OK);
		buf_done(&sealed);
		buf_done(&back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens_again),
		cmocka_unit_test(published_sealed_texts_open),
		cmocka_unit_test(every_changed_bit_and_every_cut_is_noticed),
		cmocka_unit_test(another_place_or_key_does_not_open),
		cmocka_unit_test(no_nonce_is_used_twice),
		cmocka_unit_test(without_random_nothing_is_sealed),
		cmocka_unit_test(a_key_of_another_length_is_refused),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
