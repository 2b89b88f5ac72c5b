/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg15.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct buf chip_key(void)
{
	struct ec_domain *domain = NULL;
	struct buf point = { 0 }, spki = { 0 };

	assert_int_equal(ec_domain_new(EC_P256, &domain).code, CC_OK);
	assert_int_equal(ec_domain_generator(domain, &point).code, CC_OK);
	assert_int_equal(ec_spki_encode(EC_P256, buf_view(&point), EC_PARAMS_NAMED, &spki).code, CC_OK);
	buf_done(&point);
	ec_domain_free(&domain);
	return spki;
}

static void key_is_wrapped_and_read(void **state)
{
	struct buf spki = chip_key(), file = { 0 };
	struct pubkey *key = NULL;
	struct bytes back;

	(void)state;
	assert_int_equal(dg15_encode(buf_view(&spki), &file, NULL).code, CC_OK);
	assert_int_equal(file.p[0], 0x6F);
	assert_int_equal(dg15_spki(buf_view(&file), &back, NULL).code, CC_OK);
	assert_true(bytes_equal(back, buf_view(&spki)));
	assert_int_equal(dg15_parse(buf_view(&file), &key, NULL).code, CC_OK);
	assert_int_equal(pubkey_kind(key), PUBKEY_EC);
	assert_int_equal(pubkey_curve(key), EC_P256);
	pubkey_free(&key);
	buf_done(&file);
	buf_done(&spki);
}

static void what_is_no_key_is_not_written(void **state)
{
	struct buf spki = chip_key(), file = { 0 };

	(void)state;
	assert_int_equal(dg15_encode(bytes_of(spki.p, spki.n - 1), &file, NULL).code, CC_E_ARG);
	assert_int_equal(dg15_encode(bytes_of(spki.p, 0), &file, NULL).code, CC_E_ARG);
	spki.p[spki.n - 1] ^= 1; /* off the curve */
	assert_int_equal(dg15_encode(buf_view(&spki), &file, NULL).code, CC_E_ARG);
	assert_null(file.p);
	buf_done(&spki);
}

static void every_truncation_and_stray_byte_is_refused(void **state)
{
	struct buf spki = chip_key(), file = { 0 }, longer = { 0 };
	struct bytes back;

	(void)state;
	assert_int_equal(dg15_encode(buf_view(&spki), &file, NULL).code, CC_OK);
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(dg15_spki(bytes_of(file.p, n), &back, NULL).code, CC_E_FORMAT);
	assert_int_equal(buf_zero(&longer, file.n + 1).code, CC_OK);
	memcpy(longer.p, file.p, file.n);
	assert_int_equal(dg15_spki(buf_view(&longer), &back, NULL).code, CC_E_FORMAT);
	buf_done(&longer);
	buf_done(&file);
	buf_done(&spki);
}

/* INDEX.md 05_lds */
static void samples_parse_and_the_negative_one_is_refused(void **state)
{
	static const struct {
		const char *name;
		bool structure;
		unsigned bits; /* 0: no key that we take */
		bool written;  /* as we would write it */
	} files[] = { { "05_lds/icao_p10_samples_gmrtd/Dg15.bin", true, 1792, true },
		      /* Its modulus lacks the leading zero, a negative INTEGER: read as it is meant, never written. */
		      { "05_lds/bsi2008_jmrtd/Datagroup15.bin", true, 1024, false },
		      { "05_lds/etsi_eacaa_pymrtd/EF_DG15.bin", true, 1024, true },
		      { "05_lds/misc_pymrtd/etsi_negative_EAC_LDS_I01_DG15.bin", false, 0, false } };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf file = { 0 }, again = { 0 };
		struct pubkey *key = NULL;
		struct bytes spki;

		if (!vectors_file(files[i].name, &file))
			skip();
		assert_int_equal(!cc_failed(dg15_spki(buf_view(&file), &spki, NULL)), files[i].structure);
		assert_int_equal(!cc_failed(dg15_parse(buf_view(&file), &key, NULL)), files[i].bits > 0);
		if (files[i].bits > 0) {
			assert_int_equal(pubkey_kind(key), PUBKEY_RSA);
			assert_int_equal(pubkey_bits(key), files[i].bits);
			assert_int_equal(!cc_failed(dg15_encode(spki, &again, NULL)), files[i].written);
			assert_int_equal(bytes_equal(buf_view(&file), buf_view(&again)), files[i].written);
		}
		pubkey_free(&key);
		buf_done(&again);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_wrapped_and_read),
		cmocka_unit_test(what_is_no_key_is_not_written),
		cmocka_unit_test(every_truncation_and_stray_byte_is_refused),
		cmocka_unit_test(samples_parse_and_the_negative_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
