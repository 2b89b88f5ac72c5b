/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/dg14.h"
#include "crypto/pubkey.h"
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

	/* The generator is a point like any other. */
	assert_int_equal(ec_domain_new(EC_BP256, &domain).code, CC_OK);
	assert_int_equal(ec_domain_generator(domain, &point).code, CC_OK);
	assert_int_equal(ec_spki_encode(EC_BP256, buf_view(&point), EC_PARAMS_NAMED, &spki).code, CC_OK);
	buf_done(&point);
	ec_domain_free(&domain);
	return spki;
}

static void card_has_keys_and_the_infos_of_card_access(void **state)
{
	struct buf spki = chip_key(), file = { 0 };
	struct dg14_params p = {
		.access = card_access_default(), .ca_spki = buf_view(&spki), .with_aa = true, .aa_hash = HASH_SHA256
	};
	struct security_infos infos;
	const struct security_info *ca, *key, *aa;
	enum hash_alg hash;

	(void)state;
	assert_int_equal(dg14_encode(&p, &file, NULL).code, CC_OK);
	assert_int_equal(dg14_parse(buf_view(&file), &infos, NULL).code, CC_OK);
	assert_int_equal(infos.count, 5);
	ca = security_infos_find(&infos, SECURITY_INFO_CA);
	assert_non_null(ca);
	key = security_infos_ca_key(&infos, ca);
	assert_non_null(key);
	assert_true(bytes_equal(key->value, buf_view(&spki)));
	aa = security_infos_find(&infos, SECURITY_INFO_AA);
	assert_non_null(aa);
	assert_true(security_hash_of_ecdsa_plain(aa->value, &hash));
	assert_int_equal(hash, HASH_SHA256);
	assert_non_null(security_infos_find(&infos, SECURITY_INFO_PACE));
	buf_done(&file);
	buf_done(&spki);
}

static void key_id_is_in_info_and_key(void **state)
{
	struct buf spki = chip_key(), file = { 0 };
	struct dg14_params p = {
		.access = card_access_default(), .ca_spki = buf_view(&spki), .has_ca_key_id = true, .ca_key_id = 7
	};
	struct security_infos infos;
	const struct security_info *ca;
	unsigned id = 0;

	(void)state;
	assert_int_equal(dg14_encode(&p, &file, NULL).code, CC_OK);
	assert_int_equal(dg14_parse(buf_view(&file), &infos, NULL).code, CC_OK);
	ca = security_infos_find(&infos, SECURITY_INFO_CA);
	assert_true(security_info_id(ca, &id));
	assert_int_equal(id, 7);
	assert_true(security_info_id(security_infos_ca_key(&infos, ca), &id));
	p.ca_key_id = 0x80;
	assert_int_equal(dg14_encode(&p, &file, NULL).code, CC_E_ARG);
	p.ca_key_id = 1;
	p.ca_spki = bytes_of(spki.p, spki.n - 1);
	assert_int_equal(dg14_encode(&p, &file, NULL).code, CC_E_ARG);
	buf_done(&file);
	buf_done(&spki);
}

static void every_truncation_and_wrong_tag_is_refused(void **state)
{
	struct buf file = vectors_from_hex("6E16 3114 3012060A04007F0007020204020202010202010D");
	struct security_infos infos;

	(void)state;
	assert_int_equal(dg14_parse(buf_view(&file), &infos, NULL).code, CC_OK);
	for (size_t n = 0; n < file.n; n++)
		assert_int_equal(dg14_parse(bytes_of(file.p, n), &infos, NULL).code, CC_E_FORMAT);
	file.p[0] = 0x6F;
	assert_int_equal(dg14_parse(buf_view(&file), &infos, NULL).code, CC_E_FORMAT);
	buf_done(&file);
}

/* INDEX.md 05_lds: parse and encode to the same bytes; the negative case is refused. */
static void samples_encode_to_the_same_bytes(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} files[] = { { "05_lds/icao_p10_samples_gmrtd/Dg14.bin", true },
		      { "05_lds/bsi2008_jmrtd/Datagroup14.bin", true },
		      { "05_lds/etsi_eacaa_pymrtd/EF_DG14.bin", true },
		      { "05_lds/doc9303_jmrtd/spec_sample_encoded_dg14.bin", true },
		      { "05_lds/misc_pymrtd/etsi_negative_EAC_LDS_F06_DG14.bin", false } };

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf file = { 0 }, again = { 0 };
		struct security_infos infos;

		if (!vectors_file(files[i].name, &file))
			skip();
		assert_int_equal(!cc_failed(dg14_parse(buf_view(&file), &infos, NULL)), files[i].good);
		if (files[i].good) {
			assert_int_equal(dg14_encode_infos(&infos, &again).code, CC_OK);
			assert_true(bytes_equal(buf_view(&file), buf_view(&again)));
		}
		buf_done(&again);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_has_keys_and_the_infos_of_card_access),
		cmocka_unit_test(key_id_is_in_info_and_key),
		cmocka_unit_test(every_truncation_and_wrong_tag_is_refused),
		cmocka_unit_test(samples_encode_to_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
