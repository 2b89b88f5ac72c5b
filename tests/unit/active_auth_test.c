/* SPDX-License-Identifier: Apache-2.0 */
#include "card/access/active_auth.h"
#include "card/access/sm.h"
#include "crypto/base/tlv.h"
#include "crypto/rsa_raw.h"
#include "tests/support/script_reader.h"
#include "tests/support/sys_fake.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bn.h>

/* A recorded passport: RSA-1024, SHA-1 trailer BC (pymrtd and bc-java test data, after ICAO 9303-11 Appendix F). */
#define KEY_N                                                                                                                    \
	"BD8620D45693E1CD8678639F22E9553F09E3AFD87BD26000113CE2798B7A02A2E0AB6B7525D09072109D938D67"                             \
	"08167E8FAFAF83F17BFBA36CECCE26058C7ED9AE29516755B19F78CE0E73DA02340B117B8AB2ECA007F1390E93"                             \
	"E896016335EB5C1E330B961C03E253D17874F7ABEE8D4962C49FFE578D46954FF23B26F5E555"
#define KEY_SPKI "30819F300D06092A864886F70D010101050003818D0030818902818100" KEY_N "0203010001"
#define RND "47E4EE7F211F7326"
#define SIG                                                                                                                      \
	"8AECE4E0AB1A6B9E06B31ACBA51AE316D0B7B48E2F5FE13E575060F6B9DC27A2F9D03DCF67A141F466EEC75387"                             \
	"9106BE0992F46F5EAAD075EB1886D2ACE90D60C2EDA69880780CE4FA36EF27AB01C47527BD23B178EC8F213307"                             \
	"281572C219487FC11B2C3D9C144DC98D96D1A79A7478449D692D3D14E8C044F81B3ADF0047E0"

static struct pubkey *key_of(struct bytes spki)
{
	struct pubkey *k = NULL;

	assert_false(cc_failed(pubkey_from_spki(spki, &k, NULL)));
	return k;
}

static struct pubkey *passport_key(void)
{
	struct buf spki = vectors_from_hex(KEY_SPKI);
	struct pubkey *k = key_of(buf_view(&spki));

	buf_done(&spki);
	return k;
}

static void recorded_rsa_answer_verifies(void **state)
{
	struct pubkey *k = passport_key();
	struct buf rnd = vectors_from_hex(RND), sig = vectors_from_hex(SIG);

	(void)state;
	assert_false(cc_failed(active_auth_verify(k, HASH_SHA1, buf_view(&rnd), buf_view(&sig))));
	/* The hash is in the trailer: what the caller believes doesn't matter. */
	assert_false(cc_failed(active_auth_verify(k, HASH_SHA512, buf_view(&rnd), buf_view(&sig))));
	assert_int_equal(active_auth_verify(k, HASH_SHA1, bytes_of(rnd.p, 7), buf_view(&sig)).code, CC_E_ARG);
	buf_done(&rnd);
	buf_done(&sig);
	pubkey_free(&k);
}

static void changed_answer_or_challenge_is_refused(void **state)
{
	struct pubkey *k = passport_key();
	struct buf rnd = vectors_from_hex(RND), sig = vectors_from_hex(SIG);

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		rnd.p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(active_auth_verify(k, HASH_SHA1, buf_view(&rnd), buf_view(&sig)).code, CC_E_VERIFY);
		rnd.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < 8 * sig.n; i += 3) {
		sig.p[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(active_auth_verify(k, HASH_SHA1, buf_view(&rnd), buf_view(&sig)).code, CC_E_VERIFY);
		sig.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < sig.n; n++)
		assert_int_equal(active_auth_verify(k, HASH_SHA1, buf_view(&rnd), bytes_of(sig.p, n)).code, CC_E_VERIFY);
	buf_done(&rnd);
	buf_done(&sig);
	pubkey_free(&k);
}

/*
 * A key whose answers the test can make with nothing but big numbers: with a prime modulus p, the root of any representative is
 * its power by 1/e mod (p - 1).
 */
struct signer {
	BN_CTX *ctx;
	BIGNUM *p, *d;
	struct pubkey *key;
};

static void signer_init(struct signer *s, size_t len)
{
	BIGNUM *e = BN_new(), *phi = BN_new();
	uint8_t modulus[512];
	struct writer w;
	struct buf spki = { 0 };

	assert_in_range(len, 128, sizeof modulus);
	s->ctx = BN_CTX_new();
	s->p = BN_new();
	s->d = NULL;
	while (s->d == NULL) {
		assert_true(BN_generate_prime_ex(s->p, (int)(8 * len), 0, NULL, NULL, NULL) && BN_set_word(e, 65537));
		assert_true(BN_sub(phi, s->p, BN_value_one()));
		s->d = BN_mod_inverse(NULL, e, phi, s->ctx);
	}
	assert_int_equal(BN_bn2binpad(s->p, modulus, (int)len), len);
	writer_init(&w, 2048);
	tlv_open(&w, 0x30);
	tlv_open(&w, 0x30);
	der_put_oid(&w, BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"));
	der_put_null(&w);
	tlv_close(&w);
	tlv_open(&w, 0x03);
	writer_u8(&w, 0);
	tlv_open(&w, 0x30);
	der_put_integer(&w, bytes_of(modulus, len));
	der_put_uint(&w, 65537);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	assert_false(cc_failed(writer_finish(&w, &spki)));
	s->key = key_of(buf_view(&spki));
	buf_done(&spki);
	BN_free(e);
	BN_free(phi);
}

static void signer_done(struct signer *s)
{
	pubkey_free(&s->key);
	BN_free(s->p);
	BN_free(s->d);
	BN_CTX_free(s->ctx);
}

static struct buf root_of(struct signer *s, struct bytes f)
{
	BIGNUM *m = BN_bin2bn(f.p, (int)f.n, NULL);
	struct buf sig = { 0 };

	assert_false(cc_failed(buf_zero(&sig, f.n)));
	assert_true(BN_mod_exp(m, m, s->d, s->p, s->ctx));
	assert_int_equal(BN_bn2binpad(m, sig.p, (int)sig.n), sig.n);
	BN_free(m);
	return sig;
}

static const uint8_t challenge[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* Builds head || M1 || hash(M1 || challenge) || trailer in len bytes. */
static struct buf representative(size_t len, const char *head, enum hash_alg alg, const char *trailer)
{
	struct buf out = { 0 }, h = vectors_from_hex(head), t = vectors_from_hex(trailer);
	struct digest d;
	struct writer w;
	size_t m1_len = len - h.n - t.n - hash_len(alg);
	uint8_t m1[512];

	memset(m1, 0x5A, sizeof m1);
	struct bytes parts[] = { bytes_of(m1, m1_len), bytes_of(challenge, 8) };

	assert_false(cc_failed(hash_digest_parts(alg, parts, 2, &d)));
	writer_init(&w, len);
	writer_put(&w, buf_view(&h));
	writer_put(&w, bytes_of(m1, m1_len));
	writer_put(&w, bytes_of(d.p, d.n));
	writer_put(&w, buf_view(&t));
	assert_false(cc_failed(writer_finish(&w, &out)));
	assert_int_equal(out.n, len);
	buf_done(&h);
	buf_done(&t);
	return out;
}

struct shape {
	const char *head, *trailer;
	enum hash_alg alg;
	bool good;
};

/* ISO/IEC 9796-2:2010 8.1 and 8.2: header, padding and trailers, right and wrong. */
static void representatives_are_judged_by_their_form(void **state)
{
	static const struct shape shapes[] = {
		{ "6A", "BC", HASH_SHA1, true },
		{ "6A", "33CC", HASH_SHA1, true },
		{ "6A", "34CC", HASH_SHA256, true },
		{ "6A", "35CC", HASH_SHA512, true },
		{ "6A", "36CC", HASH_SHA384, true },
		{ "6A", "38CC", HASH_SHA224, true },
		{ "6BBA", "BC", HASH_SHA1, true },
		{ "6BBBBBBA", "34CC", HASH_SHA256, true },
		/* total recovery: the hash doesn't cover the challenge */
		{ "4A", "BC", HASH_SHA1, false },
		{ "4BBA", "BC", HASH_SHA1, false },
		{ "6B", "BC", HASH_SHA1, false },
		{ "6BBB", "BC", HASH_SHA1, false },
		{ "60", "BC", HASH_SHA1, false },
		{ "2A", "BC", HASH_SHA1, false },
		{ "EA", "BC", HASH_SHA1, false },
		{ "6A", "34CC", HASH_SHA1, false },
		{ "6A", "BC", HASH_SHA256, false },
		{ "6A", "31CC", HASH_SHA1, false },
		{ "6A", "37CC", HASH_SHA512, false },
		{ "6A", "00CC", HASH_SHA256, false },
		{ "6A", "1C", HASH_SHA1, false },
	};
	struct signer signer;

	(void)state;
	signer_init(&signer, 256);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		struct buf f = representative(256, shapes[i].head, shapes[i].alg, shapes[i].trailer), other = { 0 };
		struct buf sig = root_of(&signer, buf_view(&f));
		cc_status st = active_auth_verify(signer.key, HASH_SHA1, bytes_of(challenge, 8), buf_view(&sig));

		if (cc_failed(st) == shapes[i].good)
			print_error("shape %zu: %s ... %s\n", i, shapes[i].head, shapes[i].trailer);
		assert_int_equal(cc_failed(st), !shapes[i].good);
		/* ISO/IEC 9796-2: n - s stands for the same representative. */
		assert_false(cc_failed(rsa_raw_complement(pubkey_modulus(signer.key), buf_view(&sig), &other)));
		st = active_auth_verify(signer.key, HASH_SHA1, bytes_of(challenge, 8), buf_view(&other));
		assert_int_equal(cc_failed(st), !shapes[i].good);
		buf_done(&f);
		buf_done(&sig);
		buf_done(&other);
	}
	signer_done(&signer);
}

static void rsa_raw_checks_its_numbers(void **state)
{
	const uint8_t n[] = { 0x0C, 0xA1 }, even[] = { 0x0C, 0xA2 }, e[] = { 17 }, big[] = { 0x0C, 0xA1 };
	uint8_t long_e[9] = { 1, 0, 0, 0, 0, 0, 0, 0, 1 }, huge[1025] = { 1 };
	const uint8_t m[] = { 65 };
	struct buf out = { 0 };

	(void)state;
	/* 65 ** 17 mod 3233 = 2790: the textbook's example */
	assert_false(cc_failed(rsa_raw_public(bytes_of(n, 2), bytes_of(e, 1), bytes_of(m, 1), &out)));
	assert_int_equal(out.n, 2);
	assert_memory_equal(out.p, "\x0A\xE6", 2);
	assert_int_equal(rsa_raw_public(bytes_of(n, 2), bytes_of(e, 1), bytes_of(big, 2), &out).code, CC_E_VERIFY);
	assert_int_equal(rsa_raw_public(bytes_of(even, 2), bytes_of(e, 1), bytes_of(m, 1), &out).code, CC_E_FORMAT);
	assert_int_equal(rsa_raw_public(bytes_of(NULL, 0), bytes_of(e, 1), bytes_of(m, 1), &out).code, CC_E_FORMAT);
	assert_int_equal(rsa_raw_public(bytes_of(n, 2), bytes_of(even, 2), bytes_of(m, 1), &out).code, CC_E_FORMAT);
	assert_int_equal(rsa_raw_public(bytes_of(n, 2), bytes_of(long_e, 9), bytes_of(m, 1), &out).code, CC_E_LIMIT);
	huge[1024] = 1;
	assert_int_equal(rsa_raw_public(bytes_of(huge, 1025), bytes_of(e, 1), bytes_of(m, 1), &out).code, CC_E_LIMIT);
	assert_int_equal(rsa_raw_public(bytes_of(n, 2), bytes_of(e, 1), bytes_of(huge, 1025), &out).code, CC_E_LIMIT);
	assert_false(cc_failed(rsa_raw_complement(bytes_of(n, 2), bytes_of(m, 1), &out)));
	assert_memory_equal(out.p, "\x0C\x60", 2);
	assert_int_equal(rsa_raw_complement(bytes_of(n, 2), bytes_of(even, 2), &out).code, CC_E_VERIFY);
	buf_done(&out);
}

static void all_recorded_answers_of_the_vectors_folder(void **state)
{
	static const char *const sets[][2] = { { "rsa1024_sha1_real_passport", "DG15" }, { "rsa1024_sha1_bc", "SPKI" } };
	json_t *root = vectors_open("12_ca_aa/aa_vectors.json");
	unsigned checked = 0;

	(void)state;
	if (root == NULL)
		skip();
	for (size_t s = 0; s < 2; s++) {
		const json_t *set = vectors_at(root, sets[s][0]);
		struct buf der = vectors_hex(set, sets[s][1]);
		struct cursor in;
		struct bytes spki = buf_view(&der);
		struct pubkey *k;

		cursor_init(&in, spki);
		if (s == 0)
			assert_true(tlv_expect_bytes(&in, TLV_STRICT, 0x6F, &spki));
		k = key_of(spki);
		for (size_t i = 0; i < json_array_size(vectors_at(set, "cases")); i++) {
			const json_t *row = json_array_get(vectors_at(set, "cases"), i);
			struct buf rnd = vectors_hex(row, "RND_IFD"), sig = vectors_hex(row, "sig");

			assert_false(cc_failed(active_auth_verify(k, HASH_SHA1, buf_view(&rnd), buf_view(&sig))));
			checked++;
			buf_done(&rnd);
			buf_done(&sig);
		}
		pubkey_free(&k);
		buf_done(&der);
	}
	assert_in_range(checked, 5, 100);
	json_decref(root);
}

/* ---- ECDSA: a key of the test's own plays the chip */
static void ecdsa_is_taken_plain_and_der(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_BP256, EC_BP384, EC_BP512, EC_P521 };
	static const enum hash_alg hashes[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

	(void)state;
	for (size_t c = 0; c < 5; c++) {
		struct ec_domain *d = NULL;
		struct ec_key *chip = NULL;
		struct pubkey *k = NULL;

		assert_false(cc_failed(ec_domain_new(curves[c], &d)));
		assert_false(cc_failed(ec_key_generate(d, &chip)));
		assert_false(cc_failed(pubkey_from_ec_point(curves[c], ec_key_public(chip), &k)));
		for (size_t h = 0; h < 4; h++) {
			struct digest digest;
			struct buf sig = { 0 };

			assert_false(cc_failed(hash_digest(hashes[h], bytes_of(challenge, 8), &digest)));
			for (enum ec_sig_form form = EC_SIG_DER; form <= EC_SIG_PLAIN; form++) {
				assert_false(cc_failed(ec_sign_digest(chip, bytes_of(digest.p, digest.n), form, &sig)));
				assert_false(cc_failed(active_auth_verify(k, hashes[h], bytes_of(challenge, 8), buf_view(&sig))));
				sig.p[sig.n - 1] ^= 1;
				assert_int_equal(active_auth_verify(k, hashes[h], bytes_of(challenge, 8), buf_view(&sig)).code,
						 CC_E_VERIFY);
				sig.p[sig.n - 1] ^= 1;
				assert_int_equal(
					active_auth_verify(k, hashes[h], bytes_of(challenge, 8), bytes_of(sig.p, sig.n - 1)).code,
					CC_E_VERIFY);
				assert_int_equal(
					active_auth_verify(k, hashes[(h + 1) % 4], bytes_of(challenge, 8), buf_view(&sig)).code,
					CC_E_VERIFY);
			}
			buf_done(&sig);
		}
		pubkey_free(&k);
		ec_key_free(&chip);
		ec_domain_free(&d);
	}
}

/* Draws the recorded challenge. */
static cc_status draw(void *ctx, uint8_t *out, size_t n)
{
	struct buf b = vectors_from_hex(ctx);

	assert_int_equal(n, b.n);
	memcpy(out, b.p, n);
	buf_done(&b);
	return cc_ok();
}

static void run_gives_evidence_of_good_and_bad(void **state)
{
	static const struct script_step good[] = { { "0088000008" RND "00", SIG "9000" } };
	static const struct script_step bad[] = { { "0088000008" RND "00", SIG "009000" } };
	static const struct script_step refused[] = { { "0088000008" RND "00", "6985" } };
	static const struct {
		const struct script_step *steps;
		enum cc_code code;
		const char *key;
	} cases[] = { { good, CC_OK, NULL },
		      { bad, CC_E_VERIFY, "access.active-auth-failed" },
		      { refused, CC_E_STATUS, "access.active-auth-refused" } };
	char rnd_text[] = RND;
	const struct sys sys = { .ctx = rnd_text, .random = draw };
	struct pubkey *k = passport_key();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct script script = { cases[i].steps, 1, NULL, 0 };
		struct reader *r = script_reader(&script);
		struct channel ch;
		uint8_t sent[8] = { 0 };
		struct buf answer = { 0 };

		channel_init(&ch, r);
		assert_int_equal(active_auth_run(&ch, k, HASH_SHA1, &sys, sent, &answer).code, cases[i].code);
		if (cases[i].key != NULL)
			assert_string_equal(ch.err.key, cases[i].key);
		assert_int_equal(answer.n, i == 2 ? 0 : 128 + i);
		assert_int_equal(sent[0], i == 2 ? 0 : 0x47);
		buf_done(&answer);
		channel_done(&ch);
		reader_free(&r);
	}
	pubkey_free(&k);
}

/* A recorded session: RSA-1856 under 3DES secure messaging, protected command and answer as they went over the wire. */
static void recorded_session_of_the_vectors_folder(void **state)
{
	json_t *root = vectors_open("12_ca_aa/aa_vectors.json");
	const json_t *set;
	struct script_step step;
	struct script script = { &step, 1, NULL, 0 };
	struct channel ch;
	struct secure_layer *l = NULL;
	struct sys sys = { .random = draw };
	struct buf enc, mac, ssc, dg15, want, answer = { 0 };
	struct cursor in;
	struct bytes spki;
	struct pubkey *k;
	struct reader *r;
	char rnd[17];
	uint8_t sent[8];

	(void)state;
	if (root == NULL)
		skip();
	set = vectors_at(root, "rsa1856_over_3DES_SM_gmrtd");
	step = (struct script_step){ vectors_text(set, "apdu.0"), vectors_text(set, "apdu.1") };
	enc = vectors_hex(set, "SM.KS_enc");
	mac = vectors_hex(set, "SM.KS_mac");
	ssc = vectors_hex(set, "SM.SSC");
	dg15 = vectors_hex(set, "DG15");
	want = vectors_hex(set, "sig");
	cursor_init(&in, buf_view(&dg15));
	assert_true(tlv_expect_bytes(&in, TLV_STRICT, 0x6F, &spki));
	k = key_of(spki);
	(void)snprintf(rnd, sizeof rnd, "%s", vectors_text(set, "RND_IFD"));
	sys.ctx = rnd;
	r = script_reader(&script);
	channel_init(&ch, r);
	assert_false(cc_failed(sm_new(CIPHER_TDES, buf_view(&enc), buf_view(&mac), buf_view(&ssc), &l)));
	channel_set_layer(&ch, l);
	assert_false(cc_failed(active_auth_run(&ch, k, HASH_SHA1, &sys, sent, &answer)));
	assert_true(bytes_equal(buf_view(&answer), buf_view(&want)));
	channel_done(&ch);
	reader_free(&r);
	pubkey_free(&k);
	buf_done(&enc);
	buf_done(&mac);
	buf_done(&ssc);
	buf_done(&dg15);
	buf_done(&want);
	buf_done(&answer);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_rsa_answer_verifies),
		cmocka_unit_test(changed_answer_or_challenge_is_refused),
		cmocka_unit_test(representatives_are_judged_by_their_form),
		cmocka_unit_test(rsa_raw_checks_its_numbers),
		cmocka_unit_test(all_recorded_answers_of_the_vectors_folder),
		cmocka_unit_test(ecdsa_is_taken_plain_and_der),
		cmocka_unit_test(run_gives_evidence_of_good_and_bad),
		cmocka_unit_test(recorded_session_of_the_vectors_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
