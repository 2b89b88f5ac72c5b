/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_access.h"
#include "card/lds/security_infos.h"
#include "crypto/base/tlv.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const card_in_the_field = "3134300D060804007F0007020202020101300F060A04007F00070202030202020101"
					     "3012060A04007F0007020204020202010202010D";

static struct buf written(const struct security_infos *in)
{
	struct buf out = { 0 };
	struct writer w;

	writer_init(&w, 4096);
	security_infos_put(&w, in);
	assert_int_equal(writer_finish(&w, &out).code, CC_OK);
	return out;
}

/* cccd-card.md 4: the 54 bytes of the card in the field. */
static void default_is_the_card_in_the_field(void **state)
{
	struct card_access_settings s = card_access_default();
	struct buf file = { 0 }, want = vectors_from_hex(card_in_the_field);
	struct security_infos infos;
	const struct security_info *pace;
	unsigned id = 0;

	(void)state;
	assert_int_equal(card_access_encode(&s, &file, NULL).code, CC_OK);
	assert_int_equal(file.n, 54);
	assert_memory_equal(file.p, want.p, want.n);
	assert_int_equal(card_access_parse(buf_view(&file), &infos, NULL).code, CC_OK);
	assert_int_equal(infos.count, 3);
	pace = security_infos_find(&infos, SECURITY_INFO_PACE);
	assert_non_null(pace);
	assert_int_equal(pace->version, 2);
	assert_true(security_info_id(pace, &id));
	assert_int_equal(id, 13);
	assert_true(bytes_equal(pace->oid, security_oid_pace_ecdh_gm(CIPHER_AES128)));
	assert_non_null(security_infos_find(&infos, SECURITY_INFO_TA));
	assert_null(security_infos_find(&infos, SECURITY_INFO_AA));
	buf_done(&want);
	buf_done(&file);
}

static void settings_outside_the_standard_are_refused(void **state)
{
	struct card_access_settings s = card_access_default();
	struct buf file = { 0 };

	(void)state;
	s.pace_parameter_id = 32;
	assert_int_equal(card_access_encode(&s, &file, NULL).code, CC_E_ARG);
	s = card_access_default();
	s.ca_version = 3;
	assert_int_equal(card_access_encode(&s, &file, NULL).code, CC_E_ARG);
	assert_null(file.p);
}

/* SecurityInfos of other test suites; those marked are negative cases there. */
static void reads_literals_of_others(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} cases[] = {
		{ "31143012060A04007F00070202040102020102020100", true },
		{ "31283012060A04007F0007020204020202010202010D3012060A04007F0007020204060202010202010D", true },
		{ "31143012060A04007F0007020204020202010102010D", true },
		{ "31143012060A04007F0007020204020202010302010D", false }, /* PACE version 3 */
		{ "311930170606678108010105020101060A04007F00070101040105", true },
		{ "311930170606678108010105020102060A04007F00070101040105", false }, /* AA version 2 */
		{ "311930170606678108010105020101060B04007F00070101040105", false }, /* OID longer than its object */
		{ "311330110603678108060A04007F00070101040105", true },		     /* unknown protocol */
		{ "3111300F060A04007F00070202030202020101", true },
		{ "3111300F060A04007F00070202030202020110", false }, /* CA version 16 */
		{ "31153013060A04007F00070202030202020101020200C3", true },
		{ "31153013060A04007F00070202030202020101020300C3", false },
		{ "3137303506052B1B01010D042C61094F07A000000247100161094F07A000000247200161094F07A000000247200261094F07A0000002472003",
		  true },
		{ "3137303506052B1B01010D042D61094F07A000000247100161094F07A000000247200161094F07A000000247200261094F07A0000002472003",
		  false },
		{ "31643062060904007F0007020201023052300C060704007F0007010202010D034200041872709494399E7470A6431BE25E83EEE24FEA568C2ED2"
		  "8DB48E05DB3A610DC884D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F02010D",
		  true },
		{ "3100", false },
		{ "30143012060A04007F0007020204020202010202010D", false },
		{ "31143112060A04007F0007020204020202010202010D", false },
		{ "31143012060A04007F0007020204020202010202010D00", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf set = vectors_from_hex(cases[i].hex), again = { 0 };
		struct security_infos infos;
		bool good = !cc_failed(security_infos_parse(buf_view(&set), &infos, NULL));

		if (good != cases[i].good)
			fail_msg("case %zu: %s", i, good ? "parses" : "is refused");
		if (good) {
			again = written(&infos);
			assert_true(bytes_equal(buf_view(&set), buf_view(&again)));
		}
		buf_done(&again);
		buf_done(&set);
	}
}

static void every_truncation_is_refused(void **state)
{
	struct buf set = vectors_from_hex(card_in_the_field);
	struct security_infos infos;

	(void)state;
	for (size_t n = 0; n < set.n; n++) {
		assert_int_equal(security_infos_parse(bytes_of(set.p, n), &infos, NULL).code, CC_E_FORMAT);
		assert_int_equal(card_access_parse(bytes_of(set.p, n), &infos, NULL).code, CC_E_FORMAT);
	}
	buf_done(&set);
}

static void number_of_infos_is_bounded(void **state)
{
	struct security_infos infos;

	(void)state;
	for (size_t n = SECURITY_INFOS_MAX; n <= SECURITY_INFOS_MAX + 1; n++) {
		struct buf set = { 0 };
		struct writer w;

		writer_init(&w, 4096);
		tlv_open(&w, 0x31);
		for (size_t i = 0; i < n; i++)
			writer_put(&w, BYTES_LITERAL("\x30\x04\x06\x02\x2A\x03"));
		tlv_close(&w);
		assert_int_equal(writer_finish(&w, &set).code, CC_OK);
		assert_int_equal(security_infos_parse(buf_view(&set), &infos, NULL).code,
				 n > SECURITY_INFOS_MAX ? CC_E_LIMIT : CC_OK);
		buf_done(&set);
	}
}

static void sorting_gives_der_order(void **state)
{
	struct buf set = vectors_from_hex(card_in_the_field), again;
	struct security_infos infos;
	struct security_info swap;

	(void)state;
	assert_int_equal(security_infos_parse(buf_view(&set), &infos, NULL).code, CC_OK);
	swap = infos.items[0];
	infos.items[0] = infos.items[2];
	infos.items[2] = swap;
	again = written(&infos);
	assert_false(bytes_equal(buf_view(&set), buf_view(&again)));
	buf_done(&again);
	assert_int_equal(security_infos_sort(&infos).code, CC_OK);
	again = written(&infos);
	assert_true(bytes_equal(buf_view(&set), buf_view(&again)));
	buf_done(&again);
	buf_done(&set);
}

static void keys_are_found_by_their_id(void **state)
{
	const struct security_info ca1 = { .kind = SECURITY_INFO_CA, .has_id = true, .id = BYTES_LITERAL("\x01") };
	const struct security_info ca2 = { .kind = SECURITY_INFO_CA, .has_id = true, .id = BYTES_LITERAL("\x02") };
	const struct security_info ca = { .kind = SECURITY_INFO_CA };
	struct security_infos infos = { .count = 1 };

	(void)state;
	infos.items[0] = (struct security_info){ .kind = SECURITY_INFO_CA_KEY };
	assert_ptr_equal(security_infos_ca_key(&infos, &ca), &infos.items[0]);
	assert_ptr_equal(security_infos_ca_key(&infos, &ca1), &infos.items[0]);
	infos.items[0].has_id = true;
	infos.items[0].id = BYTES_LITERAL("\x01");
	assert_ptr_equal(security_infos_ca_key(&infos, &ca1), &infos.items[0]);
	assert_null(security_infos_ca_key(&infos, &ca2));
	infos.count = 2;
	infos.items[1] = (struct security_info){ .kind = SECURITY_INFO_CA_KEY, .has_id = true, .id = BYTES_LITERAL("\x02") };
	assert_ptr_equal(security_infos_ca_key(&infos, &ca2), &infos.items[1]);
	assert_null(security_infos_ca_key(&infos, &ca));
}

static void ids_are_small_numbers_or_not_at_all(void **state)
{
	static const struct {
		struct bytes id;
		bool good;
		unsigned want;
	} cases[] = {
		{ { (const uint8_t *)"\x0D", 1 }, true, 13 },
		{ { (const uint8_t *)"\x00\xC3", 2 }, true, 0xC3 },
		{ { (const uint8_t *)"\x00\xFF\xFF", 3 }, true, 0xFFFF },
		{ { (const uint8_t *)"\x01\x00\x00", 3 }, false, 0 },
		{ { (const uint8_t *)"\x80", 1 }, false, 0 },
		{ { (const uint8_t *)"", 0 }, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct security_info info = { .has_id = true, .id = cases[i].id };
		unsigned id = 0;

		assert_int_equal(security_info_id(&info, &id), cases[i].good);
		assert_int_equal(id, cases[i].want);
	}
}

static void signature_hashes_have_identifiers_both_ways(void **state)
{
	enum hash_alg back;

	(void)state;
	for (unsigned alg = 0; alg < HASH_COUNT; alg++) {
		assert_true(security_hash_of_ecdsa_plain(security_oid_ecdsa_plain(alg), &back));
		assert_int_equal(back, alg);
	}
	assert_false(security_hash_of_ecdsa_plain(oid_aa, &back));
}

/* EF.CardAccess of seven cards and test cards, with their stray bytes. */
static void reads_files_of_real_chips(void **state)
{
	static const struct {
		const char *name;
		size_t count;
		bool pace;
	} files[] = {
		{ "cardaccess_cardsecurity_openpace/ef_cardaccess_ca3.bin", 10, true },
		{ "cardaccess_cardsecurity_openpace/ef_cardaccess_dan.bin", 7, true },
		{ "cardaccess_cardsecurity_openpace/ef_cardaccess_new_testcard.bin", 5, true },
		{ "cardaccess_cardsecurity_openpace/ef_cardaccess_old_testcard.bin", 6, true },
		{ "cardaccess_cardsecurity_openpace/ef_cardaccess_slowenia.bin", 4, false },
		{ "cardaccess_cardsecurity_openpace/tc_dh_ef_cardaccess.bin", 6, true },
		{ "cardaccess_cardsecurity_openpace/tc_ecdh_ef_cardaccess.bin", 6, true },
		{ "cardaccess_ausweisapp/efCardAccess.bin", 6, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[160];
		struct buf file = { 0 }, again;
		struct security_infos infos;
		struct cc_error err;

		cc_error_init(&err);
		(void)snprintf(path, sizeof path, "05_lds/%s", files[i].name);
		if (!vectors_file(path, &file))
			skip();
		if (cc_failed(card_access_parse(buf_view(&file), &infos, &err)))
			fail_msg("%s: %s", path, err.detail);
		if (infos.count != files[i].count || (security_infos_find(&infos, SECURITY_INFO_PACE) != NULL) != files[i].pace)
			fail_msg("%s: %zu infos", path, infos.count);
		again = written(&infos);
		assert_true(bytes_starts_with(buf_view(&file), buf_view(&again)));
		buf_done(&again);
		buf_done(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_is_the_card_in_the_field),
		cmocka_unit_test(settings_outside_the_standard_are_refused),
		cmocka_unit_test(reads_literals_of_others),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(number_of_infos_is_bounded),
		cmocka_unit_test(sorting_gives_der_order),
		cmocka_unit_test(keys_are_found_by_their_id),
		cmocka_unit_test(ids_are_small_numbers_or_not_at_all),
		cmocka_unit_test(signature_hashes_have_identifiers_both_ways),
		cmocka_unit_test(reads_files_of_real_chips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
