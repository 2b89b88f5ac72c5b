/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct bytes view(const struct digest *d)
{
	return bytes_of(d->p, d->n);
}

/* FIPS 180-4 examples: the message "abc". */
static const char *const of_abc[HASH_COUNT] = {
	[HASH_SHA1] = "A9993E364706816ABA3E25717850C26C9CD0D89D",
	[HASH_SHA224] = "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7",
	[HASH_SHA256] = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	[HASH_SHA384] = "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7",
	[HASH_SHA512] = ("DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
			 "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F"),
};

/* RFC 4231 4.3, test case 2 (key "Jefe"); SHA-1: RFC 2202 3, test case 2. */
static const char *const hmac_of_jefe[HASH_COUNT] = {
	[HASH_SHA1] = "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79",
	[HASH_SHA224] = "A30E01098BC6DBBF45690F3A7E9E6D0F8BBEA2A39E6148008FD05E44",
	[HASH_SHA256] = "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",
	[HASH_SHA384] = "AF45D2E376484031617F78D2B58A6B1B9C7EF464F5A01B47E42EC3736322445E8E2240CA5E69E2C78B3239ECFAB21649",
	[HASH_SHA512] = ("164B7A7BFCF819E2E395FBE73B56E0A387BD64222E831FD610270CD7EA250554"
			 "9758BF75C05A994A6D034F65F8F0E6FDCAEAB1A34D4A6B4B636E070A38BCE737"),
};

static void published_digests_are_met(void **state)
{
	(void)state;
	for (int i = 0; i < HASH_COUNT; i++) {
		struct digest d;

		assert_int_equal(hash_digest((enum hash_alg)i, bytes_str("abc"), &d).code, CC_OK);
		assert_true(vectors_is_hex(view(&d), of_abc[i]));
		assert_int_equal(d.n, hash_len((enum hash_alg)i));
	}
}

static void the_empty_message_has_a_digest(void **state)
{
	struct digest d, none;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, bytes_of(NULL, 0), &d).code, CC_OK);
	assert_true(vectors_is_hex(view(&d), "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
	assert_int_equal(hash_digest_parts(HASH_SHA256, NULL, 0, &none).code, CC_OK);
	assert_true(bytes_equal(view(&d), view(&none)));
}

static void parts_are_hashed_as_one(void **state)
{
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	for (size_t cut = 0; cut <= sizeof data; cut += 37) {
		const struct bytes parts[] = { bytes_of(data, cut), bytes_of(NULL, 0), bytes_of(data + cut, sizeof data - cut) };
		struct digest whole, pieces;

		assert_int_equal(hash_digest(HASH_SHA384, bytes_of(data, sizeof data), &whole).code, CC_OK);
		assert_int_equal(hash_digest_parts(HASH_SHA384, parts, 3, &pieces).code, CC_OK);
		assert_true(bytes_equal(view(&whole), view(&pieces)));
	}
}

static void published_hmacs_are_met(void **state)
{
	(void)state;
	for (int i = 0; i < HASH_COUNT; i++) {
		struct digest d;

		assert_int_equal(
			hash_hmac((enum hash_alg)i, bytes_str("Jefe"), bytes_str("what do ya want for nothing?"), &d).code,
			CC_OK);
		assert_true(vectors_is_hex(view(&d), hmac_of_jefe[i]));
	}
}

static void an_empty_key_and_message_have_an_hmac(void **state)
{
	struct digest d;

	(void)state;
	assert_int_equal(hash_hmac(HASH_SHA256, bytes_of(NULL, 0), bytes_of(NULL, 0), &d).code, CC_OK);
	assert_true(vectors_is_hex(view(&d), "B613679A0814D9EC772F95D778C35FC5FF1697C493715653C6C712144292C5AD"));
}

static void names_and_identifiers_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < HASH_COUNT; i++) {
		enum hash_alg alg = HASH_COUNT;

		assert_true(hash_from_name(hash_name((enum hash_alg)i), &alg));
		assert_int_equal(alg, i);
		alg = HASH_COUNT;
		assert_true(hash_from_oid(hash_oid((enum hash_alg)i), &alg));
		assert_int_equal(alg, i);
	}
}

static void spellings_of_a_name(void **state)
{
	enum hash_alg alg = HASH_COUNT;

	(void)state;
	assert_true(hash_from_name("sha256", &alg));
	assert_int_equal(alg, HASH_SHA256);
	assert_true(hash_from_name("sha-384", &alg));
	assert_int_equal(alg, HASH_SHA384);
	assert_false(hash_from_name("sha2", &alg));
	assert_false(hash_from_name("", &alg));
	assert_false(hash_from_name("md5", &alg));
	assert_int_equal(alg, HASH_SHA384);
}

static void an_identifier_is_taken_whole_only(void **state)
{
	struct bytes oid = hash_oid(HASH_SHA256);
	enum hash_alg alg = HASH_SHA1;

	(void)state;
	for (size_t n = 0; n < oid.n; n++)
		assert_false(hash_from_oid(bytes_of(oid.p, n), &alg));
	assert_false(hash_from_oid(BYTES_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x01\x00"), &alg));
	assert_int_equal(alg, HASH_SHA1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_digests_are_met),
		cmocka_unit_test(the_empty_message_has_a_digest),
		cmocka_unit_test(parts_are_hashed_as_one),
		cmocka_unit_test(published_hmacs_are_met),
		cmocka_unit_test(an_empty_key_and_message_have_an_hmac),
		cmocka_unit_test(names_and_identifiers_come_back),
		cmocka_unit_test(spellings_of_a_name),
		cmocka_unit_test(an_identifier_is_taken_whole_only),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
