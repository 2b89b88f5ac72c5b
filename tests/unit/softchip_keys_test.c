/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"
#include "card/softchip/chip.h"
#include "crypto/base/tlv.h"
#include "tests/support/chip_desk.h"
#include "tests/support/chip_made.h"
#include "tests/support/sys_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Keys that the chip makes: every kind, ordered over the wire, answered, kept, and chosen among several. */

static uint16_t order(struct chip_desk *d, uint8_t *block, const char *hex, struct buf *answer)
{
	return chip_desk_send_hex(d, 0xE2, 0x09, (*block)++, hex, 256, answer);
}

static void read_public(const struct buf *answer, uint32_t tag, struct bytes *ret)
{
	struct cursor in, key;

	cursor_init(&in, buf_view(answer));
	assert_true(tlv_expect(&in, TLV_STRICT, 0x7F49, &key));
	assert_true(tlv_expect_bytes(&key, TLV_STRICT, tag, ret));
	assert_false(cc_failed(cursor_end(&in)));
}

static void keys_of_every_kind_are_made_over_the_wire(void **state)
{
	static const struct {
		const char *order;
		uint32_t tag;
		size_t len;
	} rows[] = {
		{ "00A105FF01080000", 0, 0 }, /* one byte too long: refused below */
		{ "00A1020801", 0x86, 1 + 2 * 24 },   { "00A103120501", 0x86, 1 + 2 * 66 }, { "00A104FF010800", 0x81, 256 },
		{ "00A2020001", 0x84, 128 },	      { "00A303010207", 0x84, 256 },	    { "00A403020308", 0x84, 256 },
		{ "00A5030E0409", 0x86, 1 + 2 * 40 },
	};
	struct chip_desk d;
	struct buf answer = { 0 }, again = { 0 };
	struct bytes key;
	uint8_t block = 0;

	(void)state;
	chip_desk_init(&d, &(struct chip_reader_options){ .number = 3 });
	chip_desk_authenticate(&d, 0x33);
	assert_int_equal(chip_desk_install(&d), 0x9000);
	assert_int_equal(chip_desk_send_hex(&d, 0xE2, 0x09, 0, rows[0].order, 256, &answer), 0x6A80);
	for (size_t i = 1; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(order(&d, &block, rows[i].order, &answer), 0x9000);
		read_public(&answer, rows[i].tag, &key);
		/* A DH value may begin with a zero byte that isn't sent. */
		assert_true(key.n == rows[i].len || (rows[i].tag == 0x84 && key.n + 1 == rows[i].len));
	}
	/* The last one again, by GET DATA. */
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA5, "", 256, &again), 0x9000);
	assert_true(bytes_equal(buf_view(&again), buf_view(&answer)));
	assert_int_equal(chip_desk_send_hex(&d, 0xCA, 0x00, 0xA6, "", 256, &again), 0x6A88);
	buf_done(&answer);
	buf_done(&again);
	chip_desk_done(&d);
}

static void a_key_is_chosen_by_its_reference(void **state)
{
	const struct chip_made_options o = {
		.ca = { { .parameter_id = 13, .alg = CIPHER_AES128, .has_key_id = true, .key_id = 1 },
			{ .parameter_id = 12, .alg = CIPHER_TDES, .has_key_id = true, .key_id = 9 } },
		.ca_count = 2
	};
	const struct chip_made_options single = { .ca = { { .parameter_id = 13, .alg = CIPHER_AES128 } }, .ca_count = 1 };
	struct sys_fake fake;
	struct chip_made m;
	enum chip_field which;

	(void)state;
	sys_fake_init(&fake, 3);
	chip_made_init(&m, &o, &fake.sys);
	assert_true(chip_keypair_find(m.cr.chip, BYTES_LITERAL("\x09"), &which));
	assert_int_equal(which, CHIP_FIELD_CA_KEY_2);
	assert_true(chip_keypair_find(m.cr.chip, BYTES_LITERAL("\x00\x01"), &which));
	assert_int_equal(which, CHIP_FIELD_CA_KEY);
	assert_false(chip_keypair_find(m.cr.chip, BYTES_LITERAL("\x02"), &which));
	assert_false(chip_keypair_find(m.cr.chip, BYTES_LITERAL("\x01\x09"), &which));
	assert_false(chip_keypair_find(m.cr.chip, bytes_of(NULL, 0), &which));
	chip_made_done(&m);
	/* A key alone needs no name, and a terminal that gives it one means it. */
	chip_made_init(&m, &single, &fake.sys);
	assert_true(chip_keypair_find(m.cr.chip, bytes_of(NULL, 0), &which));
	assert_true(chip_keypair_find(m.cr.chip, BYTES_LITERAL("\x05"), &which));
	chip_made_done(&m);
}

/* ---- Active Authentication */

static void sign(struct softchip *chip, struct bytes challenge, struct buf *ret)
{
	struct command cmd = { .ins = 0x88, .data = challenge, .le = 256 };
	struct writer w;

	chip->s.access = true;
	writer_init(&w, 4096);
	assert_int_equal(chip_active_internal(chip, &cmd, &w), 0x9000);
	assert_false(cc_failed(writer_finish(&w, ret)));
	chip->s.access = false;
}

static void check_signatures(const struct chip_made_options *o, unsigned *count)
{
	const struct bytes challenge = BYTES_LITERAL("\x01\x02\x03\x04\x05\x06\x07\x08");
	struct sys_fake fake;
	struct chip_made m;
	struct buf spki, sig = { 0 };
	struct pubkey *key = NULL;
	struct cc_error err;

	sys_fake_init(&fake, 4);
	cc_error_init(&err);
	chip_made_init(&m, o, &fake.sys);
	spki = chip_made_aa_spki(&m);
	assert_false(cc_failed(pubkey_from_spki(buf_view(&spki), &key, &err)));
	/* Of the two roots of ISO/IEC 9796-2 either may be the smaller: several signatures meet both. */
	for (int i = 0; i < (o->aa == CHIP_MADE_AA_RSA ? 8 : 2); i++) {
		sign(m.cr.chip, challenge, &sig);
		assert_false(cc_failed(active_auth_verify(key, o->aa_hash, challenge, buf_view(&sig))));
		assert_int_equal(
			active_auth_verify(key, o->aa_hash, BYTES_LITERAL("\x01\x02\x03\x04\x05\x06\x07\x09"), buf_view(&sig))
				.code,
			CC_E_VERIFY);
		(*count)++;
	}
	buf_done(&spki);
	buf_done(&sig);
	pubkey_free(&key);
	chip_made_done(&m);
}

static void active_authentication_signs_with_every_hash(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned h = 0; h < HASH_COUNT; h++) {
		struct chip_made_options o = { .aa = CHIP_MADE_AA_EC, .aa_parameter_id = 13, .aa_hash = (enum hash_alg)h };

		check_signatures(&o, &count);
		o.aa = CHIP_MADE_AA_EC_DER;
		check_signatures(&o, &count);
		o = (struct chip_made_options){ .aa = CHIP_MADE_AA_RSA, .aa_bits = 2048, .aa_hash = (enum hash_alg)h };
		check_signatures(&o, &count);
	}
	printf("# count: %u Active Authentication signatures\n", count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_every_kind_are_made_over_the_wire),
		cmocka_unit_test(a_key_is_chosen_by_its_reference),
		cmocka_unit_test(active_authentication_signs_with_every_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
