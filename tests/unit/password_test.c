/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const uint8_t salt_bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const struct bytes salt = { salt_bytes, 16 };

static struct bytes view(const struct secret *s)
{
	return bytes_of(s->p, s->n);
}

/* Recomputed with an independent implementation of RFC 9106 (npm @noble/hashes 1.4.0). */
static void known_keys_are_met(void **state)
{
	struct secret k;

	(void)state;
	assert_int_equal(password_key(bytes_str("correct horse"), salt, (struct password_cost){ 8192, 1, 1 }, &k).code, CC_OK);
	assert_true(vectors_is_hex(view(&k), "2DA4D0FC97C9AD9882FF7FA52F82C5ABE7ED9B9752ACF5AE7BF9B9C14FAE6081"));
	assert_int_equal(password_key(bytes_str("correct horse"), salt, (struct password_cost){ 8192, 2, 2 }, &k).code, CC_OK);
	assert_true(vectors_is_hex(view(&k), "DC131E11184F4FC92EFA0E12F45787047922C4FA0D1C15C25527994BB622EADD"));
	secret_done(&k);
}

static void password_and_salt_both_count(void **state)
{
	struct password_cost cost = { 8192, 1, 1 };
	uint8_t other_salt[16] = { 0 };
	struct secret a, b, c;

	(void)state;
	assert_int_equal(password_key(bytes_str("one"), salt, cost, &a).code, CC_OK);
	assert_int_equal(password_key(bytes_str("two"), salt, cost, &b).code, CC_OK);
	assert_int_equal(password_key(bytes_str("one"), bytes_of(other_salt, 16), cost, &c).code, CC_OK);
	assert_int_equal(a.n, 32);
	assert_false(bytes_equal(view(&a), view(&b)));
	assert_false(bytes_equal(view(&a), view(&c)));
}

static void a_cost_outside_its_bounds_is_refused_before_any_work(void **state)
{
	static const struct password_cost wrong[] = {
		{ 0, 1, 1 },	 { 8191, 1, 1 },	  { (1u << 20) + 1, 1, 1 }, { UINT32_MAX, 1, 1 }, { 8192, 0, 1 },
		{ 8192, 11, 1 }, { 8192, UINT32_MAX, 1 }, { 8192, 1, 0 },	    { 8192, 1, 9 },	  { 8192, 1, UINT32_MAX },
	};
	struct secret k = { .n = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(password_key(bytes_str("x"), salt, wrong[i], &k).code, CC_E_LIMIT);
	assert_int_equal(k.n, 7);
}

static void lengths_have_bounds(void **state)
{
	struct password_cost cost = { 8192, 1, 1 };
	uint8_t large[4097] = { 0 };
	struct secret k = { .n = 7 };

	(void)state;
	for (size_t n = 0; n < 16; n++)
		assert_int_equal(password_key(bytes_str("x"), bytes_of(large, n), cost, &k).code, CC_E_ARG);
	assert_int_equal(password_key(bytes_of(NULL, 0), salt, cost, &k).code, CC_E_ARG);
	assert_int_equal(password_key(bytes_of(large, sizeof large), salt, cost, &k).code, CC_E_LIMIT);
	assert_int_equal(password_key(bytes_str("x"), bytes_of(large, sizeof large), cost, &k).code, CC_E_LIMIT);
	assert_int_equal(k.n, 7);
	assert_int_equal(password_key(bytes_of(large, 4096), bytes_of(large, 4096), cost, &k).code, CC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_keys_are_met),
		cmocka_unit_test(password_and_salt_both_count),
		cmocka_unit_test(a_cost_outside_its_bounds_is_refused_before_any_work),
		cmocka_unit_test(lengths_have_bounds),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
