/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/perso/scp03.h"
#include "card/sw.h"
#include "tests/support/apdu_made.h"
#include "tests/support/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- vectors of others: ../shared/vectors/03_gp */

static json_t *load_vectors(void)
{
	return vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
}

static struct bytes hex(const json_t *object, const char *name, uint8_t *out, size_t cap)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t n = 0;

	assert_non_null(text);
	assert_true(bytes_from_hex(text, out, cap, &n));
	return bytes_of(out, n);
}

static void set_key(struct secret *key, const json_t *v, const char *name)
{
	uint8_t raw[64];
	struct bytes b = hex(v, name, raw, sizeof raw);

	secret_set(key, b.p, b.n);
}

static void keys_of(const json_t *v, struct scp03_keys *ret)
{
	set_key(&ret->enc, v, "K_ENC");
	set_key(&ret->mac, v, "K_MAC");
	set_key(&ret->dek, v, "K_DEK");
	assert_int_equal(scp03_alg(ret->enc.n, &ret->alg).code, CC_OK);
}

static void assert_secret(const struct secret *got, const json_t *v, const char *name)
{
	uint8_t raw[64];
	struct bytes want = hex(v, name, raw, sizeof raw);

	assert_int_equal(got->n, want.n);
	assert_memory_equal(got->p, want.p, want.n);
}

static void assert_wraps(struct secure_layer *l, struct bytes plain, struct bytes want)
{
	struct apdu in = apdu_made(plain), out, expected = apdu_made(want);
	struct writer scratch;

	writer_init(&scratch, 1024);
	assert_int_equal(l->ops->wrap(l, &in, false, &scratch, &out).code, CC_OK);
	assert_int_equal(out.cla, expected.cla);
	assert_int_equal(out.ins, expected.ins);
	assert_int_equal(out.p1, expected.p1);
	assert_int_equal(out.p2, expected.p2);
	assert_int_equal(out.data.n, expected.data.n);
	assert_memory_equal(out.data.p, expected.data.p, out.data.n);
	assert_int_equal(out.le, expected.le);
	writer_done(&scratch);
}

static void assert_unwraps(struct secure_layer *l, const json_t *v)
{
	uint8_t wire[256], plain[256];
	struct bytes w = hex(v, "wire", wire, sizeof wire), p = hex(v, "plain", plain, sizeof plain);
	struct response raw = { .sw = SW_OK }, got = { 0 };

	assert_int_equal(buf_copy(&raw.data, w).code, CC_OK);
	assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_OK);
	assert_int_equal(got.sw, SW_OK);
	assert_int_equal(got.data.n, p.n);
	assert_memory_equal(got.data.p, p.p, p.n);
	response_done(&got);
	if (w.n > p.n) { /* under R-MAC: one bit flipped is noticed */
		raw.data.p[0] ^= 1;
		assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_E_VERIFY);
		raw.data.p[0] ^= 1;
		raw.sw = SW_END_OF_FILE;
		assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_E_VERIFY);
	}
	response_done(&raw);
	response_done(&got);
}

static void check_session(const json_t *v)
{
	uint8_t raw[128], raw2[128];
	struct bytes init = hex(v, "initialize_update", raw, sizeof raw);
	struct apdu init_cmd = apdu_made(init);
	struct scp03_keys keys = { 0 };
	struct scp03_session s;
	struct scp03_card card;
	struct secure_layer *l = NULL;
	json_t *wrapped = json_object_get(v, "wrapped");
	struct bytes auth;
	char plain[64], host[17];
	uint8_t level = (uint8_t)strtoul(json_string_value(json_object_get(v, "security_level")), NULL, 16);

	keys_of(v, &keys);
	assert_int_equal(scp03_card_parse(hex(v, "init_update_response", raw2, sizeof raw2), &card).code, CC_OK);
	assert_int_equal(card.i, 0x70);
	assert_true(card.has_sequence);
	assert_int_equal(scp03_session_derive(&keys, init_cmd.data.p, card.challenge, &s).code, CC_OK);
	assert_secret(&s.s_enc, v, "S_ENC");
	assert_secret(&s.s_mac, v, "S_MAC");
	assert_secret(&s.s_rmac, v, "S_RMAC");
	assert_memory_equal(s.card_cryptogram, card.cryptogram, 8);
	assert_memory_equal(s.host_cryptogram, hex(v, "host_cryptogram", raw2, sizeof raw2).p, 8);

	assert_int_equal(scp03_layer_new(&s, &l).code, CC_OK);
	bytes_to_hex(bytes_of(s.host_cryptogram, 8), host);
	(void)snprintf(plain, sizeof plain, "8082%02X0008%s", level, host);
	size_t n = 0;
	assert_true(bytes_from_hex(plain, raw2, sizeof raw2, &n));
	auth = hex(v, "external_authenticate", raw, sizeof raw);
	assert_wraps(l, bytes_of(raw2, n), auth);
	assert_int_equal(scp03_layer_set_level(l, level).code, CC_OK);
	for (size_t i = 0; i < json_array_size(wrapped); i++) {
		const json_t *pair = json_array_get(wrapped, i);

		assert_wraps(l, hex(pair, "plain", raw2, sizeof raw2), hex(pair, "wrapped", raw, sizeof raw));
		if (i == 0)
			assert_unwraps(l, json_object_get(v, "response_to_first"));
	}
	l->ops->free(l);
	scp03_session_done(&s);
	scp03_keys_done(&keys);
}

static void sessions_of_others_match(void **state)
{
	json_t *all = load_vectors(), *list = json_object_get(all, "SCP03");

	(void)state;
	if (!all)
		skip();
	assert_true(json_array_size(list) >= 9);
	for (size_t i = 0; i < json_array_size(list); i++)
		check_session(json_array_get(list, i));
	json_decref(all);
}

static void key_check_values_of_others_match(void **state)
{
	json_t *all = load_vectors(), *list = json_object_get(all, "AES_KCV");
	uint8_t key[32], want[8], got[3];

	(void)state;
	if (!all)
		skip();
	assert_true(json_array_size(list) >= 3);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		assert_int_equal(scp03_key_check_value(hex(v, "key", key, sizeof key), got).code, CC_OK);
		assert_int_equal(hex(v, "kcv", want, sizeof want).n, 3);
		assert_memory_equal(got, want, 3);
	}
	json_decref(all);
}

/* ---- parsing */

static const uint8_t answer_i70[32] = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x30, 0x03, 0x70, 9, 9, 9,
					9, 9, 9, 9, 9, 7, 7, 7, 7, 7, 7,    7,	  7,	0, 1, 2 };

static void card_parse_takes_whole_answers_only(void **state)
{
	uint8_t answer[33];
	struct scp03_card card;

	(void)state;
	memcpy(answer, answer_i70, 32);
	answer[32] = 0;
	assert_int_equal(scp03_card_parse(bytes_of(answer, 32), &card).code, CC_OK);
	assert_int_equal(card.key_version, 0x30);
	assert_int_equal(card.sequence, 0x000102);
	for (size_t n = 0; n < 32; n++)
		assert_int_equal(scp03_card_parse(bytes_of(answer, n), &card).code, CC_E_FORMAT);
	assert_int_equal(scp03_card_parse(bytes_of(answer, 33), &card).code, CC_E_FORMAT);
	answer[12] = 0x60; /* real random challenge: no sequence counter */
	assert_int_equal(scp03_card_parse(bytes_of(answer, 29), &card).code, CC_OK);
	assert_false(card.has_sequence);
	assert_int_equal(scp03_card_parse(bytes_of(answer, 32), &card).code, CC_E_FORMAT);
}

static void card_parse_refuses_other_protocols(void **state)
{
	uint8_t answer[32];
	struct scp03_card card;

	(void)state;
	memcpy(answer, answer_i70, 32);
	answer[11] = 0x02;
	assert_int_equal(scp03_card_parse(bytes_of(answer, 32), &card).code, CC_E_UNSUPPORTED);
	answer[11] = 0x03;
	answer[12] = 0x71; /* S16 */
	assert_int_equal(scp03_card_parse(bytes_of(answer, 32), &card).code, CC_E_UNSUPPORTED);
}

static void level_must_exist_and_be_offered(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	size_t known = 0;

	(void)state;
	for (unsigned l = 0; l < 256; l++) {
		cc_status st = scp03_level_check((uint8_t)l, 0x70);

		known += st.code == CC_OK;
		assert_int_equal(st.code, memchr(levels, (int)l, sizeof levels) ? CC_OK : CC_E_ARG);
	}
	assert_int_equal(known, 5);
	assert_int_equal(scp03_level_check(0x33, 0x20).code, CC_E_UNSUPPORTED);
	assert_int_equal(scp03_level_check(0x13, 0x20).code, CC_OK);
	assert_int_equal(scp03_level_check(0x11, 0x00).code, CC_E_UNSUPPORTED);
	assert_int_equal(scp03_level_check(0x03, 0x00).code, CC_OK);
}

static void make_session(struct scp03_session *ret)
{
	struct scp03_keys keys = { .alg = CIPHER_AES128 };
	uint8_t raw[16] = { 1, 2, 3 }, challenge[8] = { 5 };

	secret_set(&keys.enc, raw, 16);
	secret_set(&keys.mac, raw, 16);
	secret_set(&keys.dek, raw, 16);
	assert_int_equal(scp03_session_derive(&keys, challenge, challenge, ret).code, CC_OK);
}

/* The room is exact: that many bytes fit the wire limit, one more doesn't. */
static void room_is_the_most_that_fits(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
	static uint8_t data[65535];
	struct scp03_session s;

	(void)state;
	make_session(&s);
	for (size_t i = 0; i < sizeof levels; i++) {
		for (size_t wire = 200; wire < 256; wire++) {
			struct secure_layer *l = NULL;
			struct writer scratch;
			struct apdu cmd = { 0x80, 0xE2, 0, 0, { 0 }, 0 }, out;
			size_t room;

			assert_int_equal(scp03_layer_new(&s, &l).code, CC_OK);
			assert_int_equal(scp03_layer_set_level(l, levels[i]).code, CC_OK);
			room = l->ops->command_room(l, wire);
			writer_init(&scratch, 70000);
			cmd.data = bytes_of(data, room);
			assert_int_equal(l->ops->wrap(l, &cmd, false, &scratch, &out).code, CC_OK);
			assert_true(out.data.n <= wire);
			writer_done(&scratch);
			writer_init(&scratch, 70000);
			cmd.data = bytes_of(data, room + 1);
			assert_int_equal(l->ops->wrap(l, &cmd, true, &scratch, &out).code, CC_OK);
			assert_true(out.data.n > wire);
			writer_done(&scratch);
			l->ops->free(l);
		}
	}
}

static void wrap_refuses_what_does_not_fit(void **state)
{
	static uint8_t data[256];
	struct scp03_session s;
	struct secure_layer *l = NULL;
	struct writer scratch;
	struct apdu cmd = { 0x80, 0xE2, 0, 0, bytes_of(data, 248), 0 }, out;

	(void)state;
	make_session(&s);
	assert_int_equal(scp03_layer_new(&s, &l).code, CC_OK);
	writer_init(&scratch, 1000);
	assert_int_equal(l->ops->wrap(l, &cmd, false, &scratch, &out).code, CC_E_LIMIT);
	writer_done(&scratch);
	l->ops->free(l);
}

static void error_status_words_come_unprotected(void **state)
{
	struct scp03_session s;
	struct secure_layer *l = NULL;
	struct response raw = { .sw = SW_CONDITIONS }, got = { 0 };

	(void)state;
	make_session(&s);
	assert_int_equal(scp03_layer_new(&s, &l).code, CC_OK);
	assert_int_equal(scp03_layer_set_level(l, 0x33).code, CC_OK);
	assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_OK);
	assert_int_equal(got.sw, SW_CONDITIONS);
	raw.sw = SW_OK; /* success without a MAC is no success */
	assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_E_VERIFY);
	raw.sw = 0x6310;
	assert_int_equal(l->ops->unwrap(l, &raw, &got).code, CC_E_VERIFY);
	response_done(&got);
	l->ops->free(l);
}

/* ---- with a card that counts what it is sent */

struct fake_card {
	struct scp03_keys keys;
	unsigned initialize, authenticate;
	uint16_t authenticate_sw, initialize_sw;
};

static cc_status fake_reset(void *ctx, uint8_t atr[READER_ATR_MAX], size_t *ret_len)
{
	(void)ctx;
	memcpy(atr, "\x3B\x00", 2);
	*ret_len = 2;
	return cc_ok();
}

static cc_status fake_transmit(void *ctx, struct bytes command, struct writer *answer)
{
	struct fake_card *card = (struct fake_card *)ctx;
	struct apdu cmd = apdu_made(command);
	uint8_t challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct scp03_session s;

	if (cmd.ins == 0x50) {
		card->initialize++;
		if (card->initialize_sw != SW_OK) {
			writer_u16(answer, card->initialize_sw);
			return cc_ok();
		}
		assert_int_equal(scp03_session_derive(&card->keys, cmd.data.p, challenge, &s).code, CC_OK);
		writer_put(answer, bytes_of(answer_i70, 13));
		writer_put(answer, bytes_of(challenge, 8));
		writer_put(answer, bytes_of(s.card_cryptogram, 8));
		writer_u24(answer, 1);
		writer_u16(answer, SW_OK);
		return cc_ok();
	}
	assert_int_equal(cmd.ins, 0x82);
	card->authenticate++;
	writer_u16(answer, card->authenticate_sw);
	return cc_ok();
}

struct fixture {
	struct fake_card card;
	struct reader *reader;
	struct channel ch;
	struct scp03_handshake hs;
};

static void fixture_init(struct fixture *f)
{
	uint8_t raw[16] = { 0x40, 0x41 };

	memset(f, 0, sizeof *f);
	f->card.keys.alg = CIPHER_AES128;
	f->card.authenticate_sw = f->card.initialize_sw = SW_OK;
	secret_set(&f->card.keys.enc, raw, 16);
	secret_set(&f->card.keys.mac, raw, 16);
	secret_set(&f->card.keys.dek, raw, 16);
	assert_int_equal(reader_memory_new("fake", &f->card, fake_reset, fake_transmit, &f->reader).code, CC_OK);
	assert_int_equal(reader_connect(f->reader).code, CC_OK);
	channel_init(&f->ch, f->reader);
}

static void fixture_done(struct fixture *f)
{
	channel_done(&f->ch);
	reader_free(&f->reader);
}

static void wrong_keys_stop_before_external_authenticate(void **state)
{
	struct fixture f;
	struct scp03_keys other;
	bool right = true;

	(void)state;
	fixture_init(&f);
	other = f.card.keys;
	other.mac.p[15] ^= 1;
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_OK);
	assert_int_equal(scp03_card_has_keys(&f.hs, &other, &right).code, CC_OK);
	assert_false(right);
	assert_int_equal(scp03_external_authenticate(&f.ch, &f.hs, &other, 0x33).code, CC_E_DENIED);
	assert_string_equal(f.ch.err.key, "perso.wrong-keys");
	assert_int_equal(f.card.authenticate, 0);
	assert_int_equal(f.card.initialize, 1);
	assert_null(f.ch.layer);
	fixture_done(&f);
}

static void refusal_is_not_retried(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.card.authenticate_sw = SW_GP_AUTH_FAILED;
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_OK);
	assert_int_equal(scp03_external_authenticate(&f.ch, &f.hs, &f.card.keys, 0x33).code, CC_E_DENIED);
	assert_string_equal(f.ch.err.key, "perso.authentication-refused");
	assert_int_equal(f.card.authenticate, 1);
	assert_int_equal(f.card.initialize, 1);
	assert_null(f.ch.layer);
	fixture_done(&f);
}

static void right_keys_open_the_layer(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_OK);
	assert_int_equal(scp03_external_authenticate(&f.ch, &f.hs, &f.card.keys, 0x33).code, CC_OK);
	assert_non_null(f.ch.layer);
	assert_int_equal(channel_command_room(&f.ch), 239);
	fixture_done(&f);
}

static void level_beyond_the_card_is_never_sent(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_OK);
	f.hs.card.i = 0x20;
	assert_int_equal(scp03_external_authenticate(&f.ch, &f.hs, &f.card.keys, 0x33).code, CC_E_UNSUPPORTED);
	assert_int_equal(f.card.authenticate, 0);
	fixture_done(&f);
}

static void blocked_keys_are_told(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.card.initialize_sw = SW_AUTH_BLOCKED;
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_E_DENIED);
	assert_string_equal(f.ch.err.key, "perso.keys-blocked");
	fixture_done(&f);
}

static void probe_reports_what_the_card_says(void **state)
{
	struct fixture f;
	struct scp03_keys other;
	uint16_t sw = 0;

	(void)state;
	fixture_init(&f);
	other = f.card.keys;
	other.enc.p[0] ^= 1;
	f.card.authenticate_sw = SW_GP_AUTH_FAILED;
	assert_int_equal(scp03_initialize_update(&f.ch, 0x30, sys_real(), &f.hs).code, CC_OK);
	assert_int_equal(scp03_probe_refusal(&f.ch, &f.hs, &other, &sw).code, CC_OK);
	assert_int_equal(sw, SW_GP_AUTH_FAILED);
	assert_int_equal(f.card.authenticate, 1);
	assert_null(f.ch.layer);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_of_others_match),
		cmocka_unit_test(key_check_values_of_others_match),
		cmocka_unit_test(card_parse_takes_whole_answers_only),
		cmocka_unit_test(card_parse_refuses_other_protocols),
		cmocka_unit_test(level_must_exist_and_be_offered),
		cmocka_unit_test(room_is_the_most_that_fits),
		cmocka_unit_test(wrap_refuses_what_does_not_fit),
		cmocka_unit_test(error_status_words_come_unprotected),
		cmocka_unit_test(wrong_keys_stop_before_external_authenticate),
		cmocka_unit_test(refusal_is_not_retried),
		cmocka_unit_test(right_keys_open_the_layer),
		cmocka_unit_test(level_beyond_the_card_is_never_sent),
		cmocka_unit_test(blocked_keys_are_told),
		cmocka_unit_test(probe_reports_what_the_card_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
