/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/scp02.h"

#include "card/sw.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

/* The sessions that others recorded are run by gp_vectors_test.c; here: bounds, refusals, level 03. */

static const struct bytes test_key = BYTES_LITERAL("\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F");

static void test_keys(struct scp03_keys *ret)
{
	*ret = (struct scp03_keys){ .alg = CIPHER_TDES };
	secret_set(&ret->enc, test_key.p, test_key.n);
	secret_set(&ret->mac, test_key.p, test_key.n);
	secret_set(&ret->dek, test_key.p, test_key.n);
}

static cc_status ones(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0x11, n);
	return cc_ok();
}

static const struct sys fixed = { .random = ones };

#define UPDATE "80 50 30 00 08 1111111111111111 00"
#define CARD "00000102030405060708 30 02 0007 A1A2A3A4A5A6"

/* ---- one session that another program recorded (pySim, tests/unittests/test_globalplatform.py): without the folder too */

static cc_status recorded(void *ctx, uint8_t *out, size_t n)
{
	struct buf challenge = vectors_from_hex("40A62C37FA6304F8");

	(void)ctx;
	assert_int_equal(n, challenge.n);
	memcpy(out, challenge.p, n);
	buf_done(&challenge);
	return cc_ok();
}

static void recorded_key(struct secret *to, const char *hex)
{
	struct buf b = vectors_from_hex(hex);

	secret_set(to, b.p, b.n);
	buf_done(&b);
}

static void a_recorded_session_is_met(void **state)
{
	static const struct script_step steps[] = {
		{ "8050200008 40A62C37FA6304F8 00", "00000000000000000000 7002 0001 6B4524ABEE7C F32EA3838BC148F3 9000" },
		{ "8482010010 BA6961667737C5BC EBECE14C7D6A4376", "9000" },
		{ "84F2200208 14DB34FA4341DCA8", "9000" },
		{ "84CA006608 55ED7C5FF069512B 00", "9000" },
	};
	const struct apdu status = { 0x80, 0xF2, 0x20, 0x02, { 0 }, APDU_LE_NONE };
	const struct apdu card_data = { 0x80, 0xCA, 0x00, 0x66, { 0 }, APDU_LE_SHORT_MAX };
	const struct sys sys = { .random = recorded };
	struct script script = { steps, 4, NULL, 0 };
	struct reader *reader = script_reader(&script);
	struct scp03_keys keys = { .alg = CIPHER_TDES };
	struct response r = { 0 };
	struct scp02_handshake hs;
	struct secret dek;
	struct channel ch;

	(void)state;
	recorded_key(&keys.enc, "100102030405060708090a0b0c0d0e0f");
	recorded_key(&keys.mac, "101102030405060708090a0b0c0d0e0f");
	recorded_key(&keys.dek, "102102030405060708090a0b0c0d0e0f");
	channel_init(&ch, reader);
	assert_int_equal(scp02_initialize_update(&ch, 0x20, &sys, &hs).code, CC_OK);
	assert_int_equal(scp02_external_authenticate(&ch, &hs, &keys, 0x01, &dek).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(dek.p, dek.n), "511DB767812597722109C867F9D7257A"));
	assert_int_equal(channel_send(&ch, &status, &r).code, CC_OK);
	assert_int_equal(channel_send(&ch, &card_data, &r).code, CC_OK);
	assert_int_equal(script.next, 4);
	response_done(&r);
	channel_done(&ch);
	reader_free(&reader);
}

/* ---- parsing */

static void card_parse_takes_whole_answers_only(void **state)
{
	struct buf answer = vectors_from_hex(CARD "0102030405060708 00");
	struct scp02_card card;

	(void)state;
	assert_int_equal(answer.n, 29);
	assert_int_equal(scp02_card_parse(bytes_of(answer.p, 28), &card).code, CC_OK);
	assert_int_equal(card.sequence, 7);
	assert_int_equal(card.key_version, 0x30);
	for (size_t n = 0; n < 28; n++)
		assert_int_equal(scp02_card_parse(bytes_of(answer.p, n), &card).code, CC_E_FORMAT);
	assert_int_equal(scp02_card_parse(buf_view(&answer), &card).code, CC_E_FORMAT);
	answer.p[11] = 0x03;
	assert_int_equal(scp02_card_parse(bytes_of(answer.p, 28), &card).code, CC_E_UNSUPPORTED);
	buf_done(&answer);
}

static void a_key_serves_one_protocol(void **state)
{
	uint8_t challenge[8] = { 0 }, out[16];
	struct scp02_session s2;
	struct scp03_session s3;
	struct scp03_keys keys;

	(void)state;
	test_keys(&keys);
	assert_int_equal(scp02_session_derive(&keys, challenge, 0, challenge, &s2).code, CC_OK);
	assert_int_equal(scp03_session_derive(&keys, challenge, challenge, &s3).code, CC_E_ARG);
	keys.alg = CIPHER_AES128;
	assert_int_equal(scp02_session_derive(&keys, challenge, 0, challenge, &s2).code, CC_E_ARG);
	keys.alg = CIPHER_TDES;
	keys.dek.n = 24;
	assert_int_equal(scp02_session_derive(&keys, challenge, 0, challenge, &s2).code, CC_E_ARG);
	assert_int_equal(scp02_key_check_value(bytes_of(test_key.p, 15), out).code, CC_E_ARG);
	assert_int_equal(scp02_encrypt_key(test_key, bytes_of(test_key.p, 15), out).code, CC_E_ARG);
	assert_int_equal(scp02_encrypt_key(bytes_of(test_key.p, 8), test_key, out).code, CC_E_ARG);
}

static void only_levels_01_and_03_are_known(void **state)
{
	(void)state;
	for (unsigned l = 0; l < 256; l++)
		assert_int_equal(scp02_level_check((uint8_t)l).code, l == 1 || l == 3 ? CC_OK : CC_E_ARG);
}

/* ---- the layer */

static struct secure_layer *layer_at(uint8_t level, struct scp02_session *s)
{
	uint8_t challenge[8] = { 5 };
	struct secure_layer *l = NULL;
	struct scp03_keys keys;

	test_keys(&keys);
	assert_int_equal(scp02_session_derive(&keys, challenge, 1, challenge, s).code, CC_OK);
	assert_int_equal(scp02_layer_new(s, &l).code, CC_OK);
	assert_int_equal(scp02_layer_set_level(l, level).code, CC_OK);
	return l;
}

/* The room is exact: that many bytes fit the wire limit, one more doesn't; and there is no extended form. */
static void room_is_the_most_that_fits(void **state)
{
	static uint8_t data[300];
	struct scp02_session s;

	(void)state;
	for (uint8_t level = 1; level <= 3; level += 2) {
		for (size_t wire = 40; wire < 256; wire++) {
			struct secure_layer *l = layer_at(level, &s);
			struct apdu cmd = { 0x80, 0xE2, 0, 0, { 0 }, 0 }, out;
			size_t room = l->ops->command_room(l, wire);
			struct writer scratch;

			writer_init(&scratch, 1000);
			cmd.data = bytes_of(data, room);
			assert_int_equal(l->ops->wrap(l, &cmd, false, &scratch, &out).code, CC_OK);
			assert_true(out.data.n <= wire && out.data.n + 8 > wire);
			writer_done(&scratch);
			writer_init(&scratch, 1000);
			cmd.data = bytes_of(data, room + 1);
			if (cc_failed(l->ops->wrap(l, &cmd, false, &scratch, &out)))
				assert_true(wire > 247);
			else
				assert_true(out.data.n > wire);
			assert_int_equal(l->ops->wrap(l, &cmd, true, &scratch, &out).code, CC_E_LIMIT);
			assert_true(l->ops->command_room(l, 65535) < 248);
			writer_done(&scratch);
			l->ops->free(l);
		}
	}
}

/* GP-E 4.4 and 4.6: the MAC is that of the clear data, so both levels send the same one; 03 has the data encrypted. */
static void level_03_encrypts_behind_the_same_mac(void **state)
{
	static const uint8_t zero[8];
	const struct apdu cmd = { 0x80, 0xE2, 0x08, 0x00, BYTES_LITERAL("thirteen byte"), 256 };
	struct scp02_session s;
	struct secure_layer *plain = layer_at(1, &s), *enc = layer_at(3, &s);
	struct apdu a, b;
	struct writer wa, wb;
	struct cipher *c = NULL;
	uint8_t clear[16];

	(void)state;
	writer_init(&wa, 100);
	writer_init(&wb, 100);
	assert_int_equal(plain->ops->wrap(plain, &cmd, false, &wa, &a).code, CC_OK);
	assert_int_equal(enc->ops->wrap(enc, &cmd, false, &wb, &b).code, CC_OK);
	assert_int_equal(a.data.n, 13 + 8);
	assert_int_equal(b.data.n, 16 + 8);
	assert_int_equal(b.cla, 0x84);
	assert_int_equal(b.le, 256);
	assert_memory_equal(a.data.p + 13, b.data.p + 16, 8);
	assert_int_equal(cipher_new(CIPHER_TDES, bytes_of(s.s_enc.p, s.s_enc.n), &c).code, CC_OK);
	assert_int_equal(cipher_cbc_decrypt(c, zero, bytes_of(b.data.p, 16), clear).code, CC_OK);
	assert_memory_equal(clear, "thirteen byte\x80\x00\x00", 16);
	cipher_free(&c);
	writer_done(&wa);
	writer_done(&wb);
	plain->ops->free(plain);
	enc->ops->free(enc);
}

/* No memory, at each allocation in turn: said, and nothing leaks. */
static void no_memory_is_told(void **state)
{
	const struct apdu cmd = { 0x80, 0xE2, 0x08, 0x00, BYTES_LITERAL("some data"), 256 };
	size_t refused = 0;

	(void)state;
	for (size_t k = 1; alloc_fault_next(&k);) {
		uint8_t challenge[8] = { 5 };
		struct secure_layer *l = NULL;
		struct scp02_session s;
		struct scp03_keys keys;
		struct writer scratch;
		struct apdu out;
		cc_status st;

		test_keys(&keys);
		writer_init(&scratch, 300);
		st = scp02_session_derive(&keys, challenge, 1, challenge, &s);
		if (!cc_failed(st))
			st = scp02_layer_new(&s, &l);
		if (!cc_failed(st))
			st = scp02_layer_set_level(l, SCP02_LEVEL_FULL);
		if (!cc_failed(st))
			st = l->ops->wrap(l, &cmd, false, &scratch, &out);
		if (alloc_fault_end()) {
			refused++;
			assert_int_equal(st.code, CC_E_MEMORY);
		} else {
			assert_int_equal(st.code, CC_OK);
		}
		writer_done(&scratch);
		if (l)
			l->ops->free(l);
	}
	assert_true(refused >= 5);
}

/* ---- with a card */

struct fixture {
	struct script_step steps[3];
	struct script script;
	struct reader *reader;
	struct channel ch;
	struct scp02_handshake hs;
	struct scp03_keys keys;
	struct secret dek;
	char update[128];
};

/* The card has the test key; authenticate_sw NULL: no command may follow. */
static void fixture_init(struct fixture *f, const char *authenticate_sw)
{
	static const uint8_t host[8] = { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11 };
	static const uint8_t card[6] = { 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6 };
	struct scp02_session s;
	char cryptogram[17];

	*f = (struct fixture){ 0 };
	test_keys(&f->keys);
	assert_int_equal(scp02_session_derive(&f->keys, host, 7, card, &s).code, CC_OK);
	bytes_to_hex(bytes_of(s.card_cryptogram, 8), cryptogram);
	assert_true(sizeof f->update > sizeof CARD + 24);
	strcpy(f->update, CARD);
	strcat(f->update, cryptogram);
	strcat(f->update, "9000");
	f->steps[0] = (struct script_step){ UPDATE, f->update };
	f->steps[1] = (struct script_step){ NULL, authenticate_sw };
	f->script = (struct script){ f->steps, authenticate_sw ? 2 : 1, NULL, 0 };
	f->reader = script_reader(&f->script);
	channel_init(&f->ch, f->reader);
	f->ch.extended = true;
	f->ch.command_max = f->ch.response_max = 4000;
	assert_int_equal(scp02_initialize_update(&f->ch, 0x30, &fixed, &f->hs).code, CC_OK);
}

static void fixture_done(struct fixture *f)
{
	assert_int_equal(f->script.next, f->script.count);
	channel_done(&f->ch);
	reader_free(&f->reader);
}

static void right_keys_open_the_layer_for_short_commands(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, "9000");
	assert_int_equal(scp02_external_authenticate(&f.ch, &f.hs, &f.keys, 0x03, &f.dek).code, CC_OK);
	assert_non_null(f.ch.layer);
	assert_false(f.ch.extended);
	assert_int_equal(channel_command_room(&f.ch), 239);
	assert_int_equal(channel_response_room(&f.ch), 256);
	assert_int_equal(f.dek.n, 16);
	fixture_done(&f);
}

static void a_refusal_is_not_retried(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, "6300");
	assert_int_equal(scp02_external_authenticate(&f.ch, &f.hs, &f.keys, 0x03, &f.dek).code, CC_E_DENIED);
	assert_string_equal(f.ch.err.key, "perso.authentication-refused");
	assert_null(f.ch.layer);
	assert_int_equal(f.dek.n, 0);
	fixture_done(&f);
}

static void wrong_keys_or_levels_send_nothing(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, NULL);
	assert_int_equal(scp02_external_authenticate(&f.ch, &f.hs, &f.keys, 0x33, &f.dek).code, CC_E_ARG);
	assert_string_equal(f.ch.err.key, "perso.level");
	cc_error_init(&f.ch.err);
	f.keys.enc.p[15] ^= 0x10;
	assert_int_equal(scp02_external_authenticate(&f.ch, &f.hs, &f.keys, 0x03, &f.dek).code, CC_E_DENIED);
	assert_string_equal(f.ch.err.key, "perso.wrong-keys");
	assert_null(f.ch.layer);
	fixture_done(&f);
}

static void the_probe_reports_what_the_card_says(void **state)
{
	struct fixture f;
	uint16_t sw = 0;

	(void)state;
	fixture_init(&f, "6300");
	f.keys.enc.p[0] ^= 0x10;
	assert_int_equal(scp02_probe_refusal(&f.ch, &f.hs, &f.keys, &sw).code, CC_OK);
	assert_int_equal(sw, 0x6300);
	assert_null(f.ch.layer);
	fixture_done(&f);
}

static void assert_update_fails(const char *answer, enum cc_code code, const char *key)
{
	const struct script_step step = { UPDATE, answer };
	struct script script = { &step, 1, NULL, 0 };
	struct reader *reader = script_reader(&script);
	struct scp02_handshake hs;
	struct channel ch;

	channel_init(&ch, reader);
	assert_int_equal(scp02_initialize_update(&ch, 0x30, &fixed, &hs).code, code);
	assert_string_equal(ch.err.key, key);
	channel_done(&ch);
	reader_free(&reader);
}

static void answers_to_initialize_update_are_judged(void **state)
{
	(void)state;
	assert_update_fails("6983", CC_E_DENIED, "perso.keys-blocked");
	assert_update_fails("6A88", CC_E_STATUS, "perso.handshake");
	assert_update_fails(CARD "01020304050607 9000", CC_E_FORMAT, "perso.handshake");
	assert_update_fails("00000102030405060708 30 03 70 A1A2A3A4A5A6A7A8 0102030405060708 000001 9000", CC_E_UNSUPPORTED,
			    "perso.handshake");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_session_is_met),
		cmocka_unit_test(card_parse_takes_whole_answers_only),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(a_key_serves_one_protocol),
		cmocka_unit_test(only_levels_01_and_03_are_known),
		cmocka_unit_test(room_is_the_most_that_fits),
		cmocka_unit_test(level_03_encrypts_behind_the_same_mac),
		cmocka_unit_test(right_keys_open_the_layer_for_short_commands),
		cmocka_unit_test(a_refusal_is_not_retried),
		cmocka_unit_test(wrong_keys_or_levels_send_nothing),
		cmocka_unit_test(the_probe_reports_what_the_card_says),
		cmocka_unit_test(answers_to_initialize_update_are_judged),
	};

	return cmocka_run_group_tests_name("scp02", tests, NULL, NULL);
}
