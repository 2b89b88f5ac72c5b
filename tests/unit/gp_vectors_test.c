/* SPDX-License-Identifier: Apache-2.0 */
#include "card/perso/gp.h"
#include "card/perso/scp02.h"
#include "card/perso/scp03.h"
#include "card/sw.h"
#include "crypto/kdf.h"
#include "tests/support/apdu_made.h"
#include "tests/support/script_reader.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Folder 03_gp whole: sessions, keys and check values of pySim, of the
 * GlobalPlatform library and of GlobalPlatformPro. Each value that is read is
 * noted, and at the end none may be left: a new entry without a test fails here.
 */
#define VALUES_MAX 1024
#define STEPS_MAX 16
#define HEX_MAX 600

static const json_t *used[VALUES_MAX];
static size_t used_count, entries_run, commands_run;

static bool is_used(const json_t *v)
{
	for (size_t i = 0; i < used_count; i++)
		if (used[i] == v)
			return true;
	return false;
}

static const json_t *use(const json_t *from, const char *path)
{
	const json_t *v = vectors_at(from, path);

	if (is_used(v))
		return v;
	assert_true(used_count < VALUES_MAX);
	used[used_count++] = v;
	return v;
}

static const char *text(const json_t *from, const char *path)
{
	const char *s = json_string_value(use(from, path));

	assert_non_null(s);
	return s;
}

static struct buf hex(const json_t *from, const char *path)
{
	return vectors_from_hex(text(from, path));
}

/* Prose: a statement that the test has in its own form. When the file says something else, the test must be read again. */
static void says(const json_t *from, const char *path, const char *begins)
{
	assert_int_equal(strncmp(text(from, path), begins, strlen(begins)), 0);
}

static size_t left_over(const json_t *v, const char *name)
{
	const char *key;
	const json_t *member;
	size_t i, n = 0;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, member) n += left_over(member, key);
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, member) n += left_over(member, name);
	} else if (!is_used(v)) {
		print_message("# 03_gp: %s is run by nothing\n", name);
		n = 1;
	}
	return n;
}

static void set_key(struct secret *to, const json_t *from, const char *path)
{
	struct buf b = hex(from, path);

	secret_set(to, b.p, b.n);
	buf_done(&b);
}

static void is_key(const struct secret *got, const json_t *from, const char *path)
{
	assert_true(vectors_is_hex(bytes_of(got->p, got->n), text(from, path)));
}

/* ---- sessions, command by command over the channel to a card that follows the recorded script */

struct session {
	struct script_step steps[STEPS_MAX];
	char update[HEX_MAX], answers[3][HEX_MAX];
	size_t count;
	struct script script;
	struct reader *reader;
	struct channel ch;
	struct scp03_keys keys;
	uint8_t host_challenge[8];
	struct sys sys;
	size_t level;
};

static cc_status recorded_random(void *ctx, uint8_t *out, size_t n)
{
	struct session *s = ctx;

	assert_int_equal(n, sizeof s->host_challenge);
	memcpy(out, s->host_challenge, n);
	return cc_ok();
}

static void keys_of(struct session *s, const json_t *v)
{
	set_key(&s->keys.enc, v, "K_ENC");
	set_key(&s->keys.mac, v, "K_MAC");
	set_key(&s->keys.dek, v, "K_DEK");
}

static const char *answered(char *to, const char *data, const char *sw)
{
	assert_true(strlen(data) + strlen(sw) < HEX_MAX);
	(void)snprintf(to, HEX_MAX, "%s%s", data, sw);
	return to;
}

static void add(struct session *s, const char *command, const char *answer)
{
	assert_true(s->count < STEPS_MAX);
	s->steps[s->count++] = (struct script_step){ command, answer };
}

/* card_lies: the cryptogram's last bit is another. Then the script ends behind INITIALIZE UPDATE: any command more fails. */
static void session_init(struct session *s, const json_t *v, const char *update, bool card_lies)
{
	struct buf answer = hex(v, "init_update_response");
	char lie[HEX_MAX];
	size_t back = s->keys.alg == CIPHER_TDES ? 1 : 4; /* SCP03: the sequence counter is behind it */

	if (card_lies)
		answer.p[answer.n - back] ^= 1;
	bytes_to_hex(buf_view(&answer), lie);
	buf_done(&answer);
	s->sys = (struct sys){ .ctx = s, .random = recorded_random };
	add(s, update, answered(s->update, lie, "9000"));
	if (!card_lies)
		add(s, text(v, "external_authenticate"), "9000");
}

static void session_open(struct session *s)
{
	s->script = (struct script){ s->steps, s->count, NULL, 0 };
	s->reader = script_reader(&s->script);
	channel_init(&s->ch, s->reader);
}

static void session_done(struct session *s)
{
	assert_int_equal(s->script.next, s->count);
	channel_done(&s->ch);
	reader_free(&s->reader);
	scp03_keys_done(&s->keys);
}

static cc_status send(struct session *s, const json_t *pair, struct response *ret)
{
	struct buf plain = hex(pair, "plain");
	struct apdu cmd = apdu_made(buf_view(&plain));
	cc_status st = channel_send(&s->ch, &cmd, ret);

	buf_done(&plain);
	commands_run++;
	return st;
}

/* ---- SCP02 */

static void scp02_begin(struct session *s, const json_t *v, bool card_lies)
{
	struct buf challenge = hex(v, "host_challenge");
	static char update[64];

	*s = (struct session){ .keys.alg = CIPHER_TDES };
	keys_of(s, v);
	assert_int_equal(challenge.n, sizeof s->host_challenge);
	memcpy(s->host_challenge, challenge.p, challenge.n);
	buf_done(&challenge);
	(void)snprintf(update, sizeof update, "8050200008%s00", text(v, "host_challenge"));
	session_init(s, v, update, card_lies);
}

static void scp02_keys_are(const struct session *s, const json_t *v, const struct scp02_card *card)
{
	struct scp02_session made;

	assert_int_equal(scp02_session_derive(&s->keys, s->host_challenge, card->sequence, card->challenge, &made).code, CC_OK);
	is_key(&made.s_enc, v, "session.S_ENC");
	is_key(&made.c_mac, v, "session.C_MAC");
	is_key(&made.r_mac, v, "session.R_MAC");
	is_key(&made.dek, v, "session.DEK");
	assert_true(vectors_is_hex(bytes_of(made.card_cryptogram, 8), text(v, "card_cryptogram")));
	assert_true(vectors_is_hex(bytes_of(made.host_cryptogram, 8), text(v, "host_cryptogram")));
	scp02_session_done(&made);
}

static void run_scp02(const json_t *v)
{
	const json_t *wrapped = vectors_at(v, "wrapped");
	struct scp02_handshake hs;
	struct secret dek;
	struct session s;

	says(v, "i", "15/55");
	scp02_begin(&s, v, false);
	for (size_t i = 0; i < json_array_size(wrapped); i++)
		add(&s, text(json_array_get(wrapped, i), "wrapped"), "9000");
	session_open(&s);
	assert_int_equal(scp02_initialize_update(&s.ch, 0x20, &s.sys, &hs).code, CC_OK);
	scp02_keys_are(&s, v, &hs.card);
	assert_int_equal(
		scp02_external_authenticate(&s.ch, &hs, &s.keys, (uint8_t)json_integer_value(use(v, "security_level")), &dek)
			.code,
		CC_OK);
	is_key(&dek, v, "session.DEK");
	for (size_t i = 0; i < json_array_size(wrapped); i++) {
		struct response r = { 0 };

		assert_int_equal(send(&s, json_array_get(wrapped, i), &r).code, CC_OK);
		assert_int_equal(r.sw, SW_OK);
		response_done(&r);
	}
	session_done(&s);
	entries_run++;
}

static void scp02_refuses_a_wrong_card(const json_t *v)
{
	struct scp02_handshake hs;
	struct secret dek = { .n = 5 };
	struct session s;
	bool right = true;

	scp02_begin(&s, v, true);
	session_open(&s);
	assert_int_equal(scp02_initialize_update(&s.ch, 0x20, &s.sys, &hs).code, CC_OK);
	assert_int_equal(scp02_card_has_keys(&hs, &s.keys, &right).code, CC_OK);
	assert_false(right);
	assert_int_equal(scp02_external_authenticate(&s.ch, &hs, &s.keys, 0x01, &dek).code, CC_E_DENIED);
	assert_string_equal(s.ch.err.key, "perso.wrong-keys");
	assert_null(s.ch.layer);
	assert_int_equal(dek.n, 5);
	session_done(&s);
}

/* ---- SCP03 */

static void scp03_begin(struct session *s, const json_t *v, bool card_lies)
{
	struct buf update = hex(v, "initialize_update");
	struct apdu cmd = apdu_made(buf_view(&update));

	*s = (struct session){ 0 };
	keys_of(s, v);
	assert_int_equal(scp03_alg(s->keys.enc.n, &s->keys.alg).code, CC_OK);
	assert_int_equal(cmd.data.n, sizeof s->host_challenge);
	memcpy(s->host_challenge, cmd.data.p, cmd.data.n);
	buf_done(&update);
	s->level = strtoul(text(v, "security_level"), NULL, 16);
	session_init(s, v, text(v, "initialize_update"), card_lies);
}

static void scp03_keys_are(const struct session *s, const json_t *v, const struct scp03_card *card)
{
	struct scp03_session made;

	assert_int_equal(card->i, strtoul(text(v, "i"), NULL, 16));
	assert_int_equal(scp03_session_derive(&s->keys, s->host_challenge, card->challenge, &made).code, CC_OK);
	is_key(&made.s_enc, v, "S_ENC");
	is_key(&made.s_mac, v, "S_MAC");
	is_key(&made.s_rmac, v, "S_RMAC");
	assert_true(vectors_is_hex(bytes_of(made.card_cryptogram, 8), text(v, "card_cryptogram")));
	assert_true(vectors_is_hex(bytes_of(made.host_cryptogram, 8), text(v, "host_cryptogram")));
	scp03_session_done(&made);
}

static void scp03_open(struct session *s, const json_t *v)
{
	struct scp03_handshake hs;

	session_open(s);
	assert_int_equal(scp03_initialize_update(&s->ch, 0x30 + (uint8_t)((s->keys.enc.n - 16) / 8), &s->sys, &hs).code, CC_OK);
	scp03_keys_are(s, v, &hs.card);
	assert_int_equal(scp03_external_authenticate(&s->ch, &hs, &s->keys, (uint8_t)s->level).code, CC_OK);
}

static void run_scp03(const json_t *v)
{
	const json_t *wrapped = vectors_at(v, "wrapped");
	struct session s;

	scp03_begin(&s, v, false);
	/* The first answer is recorded; the others are error status words, which come bare (Amendment D 6.2.5). */
	for (size_t i = 0; i < json_array_size(wrapped); i++)
		add(&s, text(json_array_get(wrapped, i), "wrapped"),
		    i > 0 ? "6A88" : answered(s.answers[0], text(v, "response_to_first.wire"), text(v, "response_to_first.sw")));
	scp03_open(&s, v);
	for (size_t i = 0; i < json_array_size(wrapped); i++) {
		struct response r = { 0 };

		assert_int_equal(send(&s, json_array_get(wrapped, i), &r).code, CC_OK);
		assert_int_equal(r.sw, i > 0 ? SW_REFERENCE_NOT_FOUND : SW_OK);
		if (i == 0)
			assert_true(vectors_is_hex(buf_view(&r.data), text(v, "response_to_first.plain")));
		response_done(&r);
	}
	session_done(&s);
	entries_run++;
}

static void scp03_refuses_a_wrong_card(const json_t *v)
{
	struct scp03_handshake hs;
	struct session s;

	scp03_begin(&s, v, true);
	session_open(&s);
	assert_int_equal(scp03_initialize_update(&s.ch, 0x30 + (uint8_t)((s.keys.enc.n - 16) / 8), &s.sys, &hs).code, CC_OK);
	assert_int_equal(scp03_external_authenticate(&s.ch, &hs, &s.keys, (uint8_t)s.level).code, CC_E_DENIED);
	assert_string_equal(s.ch.err.key, "perso.wrong-keys");
	assert_null(s.ch.layer);
	session_done(&s);
}

/* One bit of the recorded answer changed, or another status word: the session ends, and nothing is sent in it any more. */
static void scp03_refuses_a_wrong_answer(const json_t *v, size_t byte, const char *sw)
{
	const json_t *first = json_array_get(vectors_at(v, "wrapped"), 0);
	struct buf wire = hex(v, "response_to_first.wire");
	struct response r = { 0 };
	char changed[HEX_MAX];
	struct session s;

	if (byte < wire.n)
		wire.p[byte] ^= 1;
	bytes_to_hex(buf_view(&wire), changed);
	scp03_begin(&s, v, false);
	add(&s, text(first, "wrapped"), answered(s.answers[1], changed, sw));
	scp03_open(&s, v);
	assert_int_equal(send(&s, first, &r).code, CC_E_VERIFY);
	assert_string_equal(s.ch.err.key, "card.sm-wrong");
	assert_int_equal(send(&s, first, &r).code, CC_E_STATE);
	response_done(&r);
	buf_done(&wire);
	session_done(&s);
}

static size_t run_wrong_answers(const json_t *v)
{
	struct buf wire = hex(v, "response_to_first.wire");
	size_t n = 0;

	if (strcmp(text(v, "security_level"), "03") != 0) { /* R-MAC */
		for (; n < wire.n; n++)
			scp03_refuses_a_wrong_answer(v, n, "9000");
		scp03_refuses_a_wrong_answer(v, wire.n, "6310");
		n++;
	}
	buf_done(&wire);
	return n;
}

/* ---- keys and check values */

static void is_check_value(const struct secret *key, const json_t *from, const char *path)
{
	uint8_t kcv[SCP02_KCV_LEN];

	assert_int_equal(scp02_key_check_value(bytes_of(key->p, key->n), kcv).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(kcv, sizeof kcv), text(from, path)));
}

static void run_gppro(const json_t *g)
{
	struct scp03_keys keys = { .alg = CIPHER_TDES };
	uint8_t zero[8] = { 0 }, out[SCP02_KEY_LEN];
	struct scp02_session s;

	set_key(&keys.enc, g, "key");
	keys.mac = keys.dek = keys.enc;
	assert_true(json_is_null(use(g, "KDD"))); /* the key itself, not diversified */
	assert_int_equal(scp02_session_derive(&keys, zero, 0x0000, zero, &s).code, CC_OK);
	is_key(&s.s_enc, g, "SCP02_seq0000_session.S_ENC");
	is_key(&s.c_mac, g, "SCP02_seq0000_session.C_MAC");
	is_key(&s.r_mac, g, "SCP02_seq0000_session.R_MAC");
	is_key(&s.dek, g, "SCP02_seq0000_session.DEK");
	is_check_value(&s.s_enc, g, "SCP02_seq0000_session_KCV.ENC");
	is_check_value(&s.c_mac, g, "SCP02_seq0000_session_KCV.MAC");
	is_check_value(&s.r_mac, g, "SCP02_seq0000_session_KCV.RMAC");
	is_check_value(&s.dek, g, "SCP02_seq0000_session_KCV.DEK");
	assert_int_equal(scp02_encrypt_key(bytes_of(s.dek.p, 16), bytes_of(keys.enc.p, 16), out).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(out, 16), text(g, "SCP02_encrypt_key_404142_under_session_DEK")));
	/* SCP01's PUT KEY does the same under the static key. */
	assert_int_equal(scp02_encrypt_key(bytes_of(keys.dek.p, 16), bytes_of(keys.enc.p, 16), out).code, CC_OK);
	assert_true(vectors_is_hex(bytes_of(out, 16), text(g, "SCP01_encrypt_key_404142_under_static_DEK")));
	scp02_session_done(&s);
	scp03_keys_done(&keys);
	entries_run += 4;
}

static void run_aes_check_values(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		struct buf key = hex(v, "key");
		uint8_t kcv[SCP03_KCV_LEN];

		assert_int_equal(scp03_key_check_value(buf_view(&key), kcv).code, CC_OK);
		assert_true(vectors_is_hex(bytes_of(kcv, sizeof kcv), text(v, "kcv")));
		buf_done(&key);
		entries_run++;
	}
}

static void run_scheme(const json_t *d, enum kdf_scheme scheme, const char *name)
{
	struct buf master = hex(d, "master"), kdd = hex(d, "KDD");

	assert_int_equal(json_array_size(vectors_at(d, name)), 3);
	for (uint8_t id = 1; id <= 3; id++) {
		uint8_t kcv[3];
		struct secret key;
		char path[64];

		(void)snprintf(path, sizeof path, "%s.%d", name, id - 1);
		assert_int_equal(kdf_card_key(scheme, buf_view(&master), id, buf_view(&kdd), &key).code, CC_OK);
		if (scheme == KDF_SCHEME_KDF3)
			assert_int_equal(scp03_key_check_value(bytes_of(key.p, key.n), kcv).code, CC_OK);
		else
			assert_int_equal(scp02_key_check_value(bytes_of(key.p, key.n), kcv).code, CC_OK);
		assert_true(vectors_is_hex(bytes_of(kcv, sizeof kcv), text(d, path)));
		secret_done(&key);
		entries_run++;
	}
	buf_done(&master);
	buf_done(&kdd);
}

static void run_diversification(const json_t *d)
{
	struct buf master = hex(d, "KDF3_external.master"), kdd = hex(d, "KDF3_external.KDD");
	struct secret key;

	run_scheme(d, KDF_SCHEME_EMV_CPS, "EMV_SCP02");
	run_scheme(d, KDF_SCHEME_VISA2, "VISA2_SCP02");
	run_scheme(d, KDF_SCHEME_KDF3, "KDF3_AES128");
	assert_int_equal(kdf_card_key(KDF_SCHEME_KDF3, buf_view(&master), 1, buf_view(&kdd), &key).code, CC_OK);
	is_key(&key, d, "KDF3_external.S-ENC");
	says(d, "note", "EMV: 3DES-ECB(master, KDD[-6:]|F0 0i|KDD[-6:]|0F 0i); VISA2: KDD[0:2]|KDD[4:8] in the same pattern");
	secret_done(&key);
	buf_done(&master);
	buf_done(&kdd);
	entries_run++;
}

/* ---- STORE DATA: rules in words */

static void run_store_data(const json_t *d)
{
	static const uint8_t data[300];
	static const size_t lengths[] = { 0, 254, 255, 65535 };
	static const char *const heads[] = { "010100", "0101FE", "0101FF00FF", "0101FFFFFF" };
	static uint8_t content[65535];
	struct gp_store_data s;
	struct apdu cmd;

	/* Ours are blocks of DGIs: b5 b4 = 01, without encryption of their own; the recorded ones had other bits there. */
	says(d, "b5b4_of_P1", "01 = DGI format");
	says(d, "P1_P2_chaining", "3 blocks with P1 0x61: 61,61,E1; P2 counts 0,1,2. Single block with P1 0x10: 90");
	gp_store_data_init(&s, bytes_of(data, sizeof data), 100, 0, true, false);
	for (uint8_t i = 0; i < 3; i++) {
		assert_true(gp_store_data_next(&s, &cmd));
		assert_int_equal(cmd.p1, i < 2 ? 0x08 : 0x88);
		assert_int_equal(cmd.p2, i);
	}
	assert_false(gp_store_data_next(&s, &cmd));
	gp_store_data_init(&s, bytes_of(data, 100), 100, 0, true, false);
	assert_true(gp_store_data_next(&s, &cmd));
	assert_int_equal(cmd.p1, 0x88);
	says(d, "DGI_length",
	     "00..FE one byte; FF hhll for >= 255 (TestTLV: 255 -> FF00FF, 65535 -> FFFFFF); DGI tag is exactly two");
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct writer w;

		writer_init(&w, 70000);
		gp_dgi_put(&w, 0x0101, bytes_of(content, lengths[i]));
		assert_true(vectors_is_hex(bytes_of(writer_view(&w).p, strlen(heads[i]) / 2), heads[i]));
		assert_int_equal(writer_view(&w).n, strlen(heads[i]) / 2 + lengths[i]);
		writer_done(&w);
	}
	entries_run += 3;
}

/* ---- all of them */

static void words(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		assert_string_equal(text(json_array_get(list, i), "src"), "pysim");
		says(json_array_get(list, i), "name", "pysim_");
	}
}

static void source(const json_t *root, size_t i)
{
	char path[32];

	(void)snprintf(path, sizeof path, "source.%zu", i);
	(void)text(root, path);
}

/* What stands in the file, counted by another walk: sessions, check values, keys; in the sections their members or rows. */
static size_t entries_in(const json_t *root)
{
	const json_t *d = vectors_at(root, "diversification_KCV");

	return json_array_size(vectors_at(root, "SCP02")) + json_array_size(vectors_at(root, "SCP03")) +
	       json_object_size(vectors_at(root, "GlobalPlatformPro")) - 2 /* key, KDD */ +
	       json_array_size(vectors_at(root, "AES_KCV")) + json_array_size(vectors_at(d, "EMV_SCP02")) +
	       json_array_size(vectors_at(d, "VISA2_SCP02")) + json_array_size(vectors_at(d, "KDF3_AES128")) + 1 +
	       json_object_size(vectors_at(root, "STORE_DATA"));
}

static void every_entry_of_the_folder(void **state)
{
	json_t *root = vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
	const json_t *scp02, *scp03;
	size_t wrong = 0;

	(void)state;
	if (root == NULL)
		skip();
	scp02 = vectors_at(root, "SCP02");
	scp03 = vectors_at(root, "SCP03");
	for (size_t i = 0; i < json_array_size(scp02); i++)
		run_scp02(json_array_get(scp02, i));
	for (size_t i = 0; i < json_array_size(scp03); i++)
		run_scp03(json_array_get(scp03, i));
	words(scp02);
	words(scp03);
	for (size_t i = 0; i < json_array_size(vectors_at(root, "source")); i++)
		source(root, i);
	run_gppro(vectors_at(root, "GlobalPlatformPro"));
	run_aes_check_values(vectors_at(root, "AES_KCV"));
	run_diversification(vectors_at(root, "diversification_KCV"));
	run_store_data(vectors_at(root, "STORE_DATA"));
	assert_int_equal(left_over(root, "the file"), 0);
	assert_int_equal(entries_run, entries_in(root));
	print_message("# count: 03_gp: %zu entries, %zu run; %zu protected commands byte for byte\n", entries_in(root),
		      entries_run, commands_run);
	for (size_t i = 0; i < json_array_size(scp02); i++, wrong++)
		scp02_refuses_a_wrong_card(json_array_get(scp02, i));
	for (size_t i = 0; i < json_array_size(scp03); i++, wrong++)
		scp03_refuses_a_wrong_card(json_array_get(scp03, i));
	print_message("# count: 03_gp: %zu wrong card cryptograms refused\n", wrong);
	json_decref(root);
}

static void wrong_answers_end_the_session(void **state)
{
	json_t *root = vectors_open("03_gp/gp_scp02_scp03_pysim_gppro.json");
	size_t n = 0;

	(void)state;
	if (root == NULL)
		skip();
	for (size_t i = 0; i < json_array_size(vectors_at(root, "SCP03")); i++) {
		n += run_wrong_answers(json_array_get(vectors_at(root, "SCP03"), i));
	}
	assert_true(n > 100);
	print_message("# count: 03_gp: %zu answers with a wrong R-MAC, byte or status word refused\n", n);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_of_the_folder),
		cmocka_unit_test(wrong_answers_end_the_session),
	};

	return cmocka_run_group_tests_name("gp_vectors", tests, NULL, NULL);
}
