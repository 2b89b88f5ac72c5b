/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"

#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

static struct ec_domain *domain(enum ec_curve curve)
{
	struct ec_domain *d = NULL;

	assert_int_equal(ec_domain_new(curve, &d).code, CC_OK);
	return d;
}

static struct ec_key *fresh_key(const struct ec_domain *d)
{
	struct ec_key *k = NULL;

	assert_int_equal(ec_key_generate(d, &k).code, CC_OK);
	return k;
}

static void signatures_verify_on_every_curve_in_both_forms(void **state)
{
	(void)state;
	for (int i = 0; i < EC_CURVE_COUNT; i++) {
		enum ec_curve curve = (enum ec_curve)i;
		struct ec_domain *d = domain(curve);
		struct ec_key *k = fresh_key(d), *other = fresh_key(d);

		for (int alg = 0; alg < HASH_COUNT; alg++) {
			struct digest dg;
			struct buf der = { 0 }, plain = { 0 }, again = { 0 };
			struct bytes digest;

			assert_int_equal(hash_digest((enum hash_alg)alg, bytes_str("message"), &dg).code, CC_OK);
			digest = bytes_of(dg.p, dg.n);
			assert_int_equal(ec_sign_digest(k, digest, EC_SIG_DER, &der).code, CC_OK);
			assert_int_equal(ec_sign_digest(k, digest, EC_SIG_PLAIN, &plain).code, CC_OK);
			assert_int_equal(plain.n, 2 * ec_order_len(curve));
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&plain), EC_SIG_PLAIN).code,
					 CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(other), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_E_VERIFY);
			/* The forms are one signature. */
			assert_int_equal(ec_sig_to_plain(buf_view(&der), ec_order_len(curve), &again).code, CC_OK);
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&again), EC_SIG_PLAIN).code,
					 CC_OK);
			dg.p[0] ^= 1;
			assert_int_equal(ec_verify_digest(curve, ec_key_public(k), digest, buf_view(&der), EC_SIG_DER).code,
					 CC_E_VERIFY);
			buf_done(&der);
			buf_done(&plain);
			buf_done(&again);
		}
		ec_key_free(&k);
		ec_key_free(&other);
		ec_domain_free(&d);
	}
}

static void a_signature_of_another_length_or_with_a_changed_byte_is_wrong(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	uint8_t digest[32] = { 3 };
	struct bytes dg = bytes_of(digest, sizeof digest), pub = ec_key_public(k);
	struct buf sig = { 0 };

	(void)state;
	for (int form = 0; form < 2; form++) {
		struct writer w;

		assert_int_equal(ec_sign_digest(k, dg, (enum ec_sig_form)form, &sig).code, CC_OK);
		for (size_t i = 0; i < sig.n; i++) {
			assert_int_equal(ec_verify_digest(EC_P256, pub, dg, bytes_of(sig.p, i), (enum ec_sig_form)form).code,
					 CC_E_VERIFY);
			sig.p[i] ^= 0x40;
			assert_int_equal(ec_verify_digest(EC_P256, pub, dg, buf_view(&sig), (enum ec_sig_form)form).code,
					 CC_E_VERIFY);
			sig.p[i] ^= 0x40;
		}
		writer_init(&w, 600);
		writer_put(&w, buf_view(&sig));
		writer_u8(&w, 0);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, writer_view(&w), (enum ec_sig_form)form).code, CC_E_VERIFY);
		writer_fill(&w, 0, 400);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, writer_view(&w), (enum ec_sig_form)form).code, CC_E_VERIFY);
		writer_done(&w);
		assert_int_equal(ec_verify_digest(EC_P256, pub, dg, buf_view(&sig), (enum ec_sig_form)form).code, CC_OK);
	}
	buf_done(&sig);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void digest_lengths_have_bounds(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	uint8_t digest[65] = { 0 }, sig[64] = { 1 };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 0), EC_SIG_DER, &out).code, CC_E_ARG);
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 65), EC_SIG_DER, &out).code, CC_E_ARG);
	assert_int_equal(ec_verify_digest(EC_P256, ec_key_public(k), bytes_of(digest, 65), bytes_of(sig, 64), EC_SIG_PLAIN).code,
			 CC_E_ARG);
	assert_null(out.p);
	ec_key_free(&k);
	ec_domain_free(&d);
}

static void a_key_on_a_mapped_generator_does_not_sign(void **state)
{
	struct ec_domain *d = domain(EC_BP256), *mapped = NULL;
	struct ec_key *h = fresh_key(d), *k;
	const uint8_t nonce[16] = { 1 };
	uint8_t digest[32] = { 0 };
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(ec_domain_map_generic(d, bytes_of(nonce, 16), ec_key_public(h), &mapped).code, CC_OK);
	k = fresh_key(mapped);
	assert_int_equal(ec_sign_digest(k, bytes_of(digest, 32), EC_SIG_DER, &out).code, CC_E_STATE);
	assert_null(out.p);
	ec_key_free(&h);
	ec_key_free(&k);
	ec_domain_free(&mapped);
	ec_domain_free(&d);
}

static void the_forms_convert_at_the_edges(void **state)
{
	static const struct {
		const char *plain, *der;
	} known[] = {
		{ "0102", "3006020101020102" },
		{ "00000001", "3006020100020101" },
		{ "80000001", "30080203008000020101" },
		{ "00FF7FFF", "3008020200FF02027FFF" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct buf plain = vectors_from_hex(known[i].plain), der = { 0 }, back = { 0 };

		assert_int_equal(ec_sig_to_der(buf_view(&plain), &der).code, CC_OK);
		assert_true(vectors_is_hex(buf_view(&der), known[i].der));
		assert_int_equal(ec_sig_to_plain(buf_view(&der), plain.n / 2, &back).code, CC_OK);
		assert_true(bytes_equal(buf_view(&back), buf_view(&plain)));
		buf_done(&plain);
		buf_done(&der);
		buf_done(&back);
	}
}

static void malformed_forms_are_refused(void **state)
{
	/* cut, one more byte, more inside, negative, padded, too long for the order, other tags, length not minimal */
	static const char *const wrong[] = { "",
					     "30",
					     "3000",
					     "3003020101",
					     "30060201010201",
					     "300602010102010200",
					     "3009020101020102020103",
					     "3006020181020102",
					     "300702020001020102",
					     "300802030100000201 02",
					     "3106020101020102",
					     "3006030101020102",
					     "308106020101020102",
					     "300502000201 02" };
	uint8_t large[134] = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf der = vectors_from_hex(wrong[i]);

		assert_int_equal(ec_sig_to_plain(buf_view(&der), 2, &out).code, CC_E_FORMAT);
		buf_done(&der);
	}
	assert_int_equal(ec_sig_to_plain(bytes_of(large, 8), 0, &out).code, CC_E_ARG);
	assert_int_equal(ec_sig_to_plain(bytes_of(large, 8), 67, &out).code, CC_E_ARG);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 0), &out).code, CC_E_FORMAT);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 63), &out).code, CC_E_FORMAT);
	assert_int_equal(ec_sig_to_der(bytes_of(large, 134), &out).code, CC_E_FORMAT);
	assert_null(out.p);
}

static size_t check_wycheproof_group(const json_t *group, enum ec_curve curve)
{
	struct buf point = vectors_hex(group, "publicKey.uncompressed");
	enum hash_alg alg;
	size_t i;
	json_t *v;

	assert_true(hash_from_name(vectors_text(group, "sha"), &alg));
	json_array_foreach(vectors_at(group, "tests"), i, v)
	{
		struct buf msg = vectors_hex(v, "msg"), sig = vectors_hex(v, "sig");
		bool valid = strcmp(vectors_text(v, "result"), "valid") == 0, good;
		struct digest dg;

		assert_int_equal(hash_digest(alg, buf_view(&msg), &dg).code, CC_OK);
		good = !cc_failed(ec_verify_digest(curve, buf_view(&point), bytes_of(dg.p, dg.n), buf_view(&sig), EC_SIG_DER));
		if (good != valid)
			print_error("tcId %ld: %s\n", vectors_int(v, "tcId"), vectors_text(v, "comment"));
		assert_int_equal(good, valid);
		buf_done(&msg);
		buf_done(&sig);
	}
	buf_done(&point);
	return i;
}

static void check_wycheproof(const char *name, enum ec_curve curve)
{
	json_t *root = vectors_open(name);
	size_t g, count = 0;
	json_t *group;

	if (root == NULL)
		skip();
	json_array_foreach(vectors_at(root, "testGroups"), g, group) count += check_wycheproof_group(group, curve);
	assert_int_equal(count, vectors_int(root, "numberOfTests"));
	json_decref(root);
}

static void wycheproof_p256_verdicts(void **state)
{
	(void)state;
	check_wycheproof("10_wycheproof/ecdsa_secp256r1_sha256_test.json", EC_P256);
}

static void wycheproof_brainpool_verdicts(void **state)
{
	(void)state;
	check_wycheproof("10_wycheproof/ecdsa_brainpoolP256r1_sha256_test.json", EC_BP256);
}

/* ---- threads */

struct signing {
	const struct ec_key *key;
	enum cc_code code;
};

static void *sign_some(void *arg)
{
	struct signing *s = arg;
	uint8_t digest[32] = { 9 };
	struct buf sig = { 0 };

	for (int i = 0; i < 20 && s->code == CC_OK; i++) {
		s->code = ec_sign_digest(s->key, bytes_of(digest, 32), EC_SIG_PLAIN, &sig).code;
		if (s->code == CC_OK)
			s->code = ec_verify_digest(EC_P256, ec_key_public(s->key), bytes_of(digest, 32), buf_view(&sig),
						   EC_SIG_PLAIN)
					  .code;
	}
	buf_done(&sig);
	return NULL;
}

static void one_key_signs_in_several_threads(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d);
	pthread_t threads[4];
	struct signing runs[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		runs[i] = (struct signing){ k, CC_OK };
		assert_int_equal(pthread_create(&threads[i], NULL, sign_some, &runs[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(runs[i].code, CC_OK);
	}
	ec_key_free(&k);
	ec_domain_free(&d);
}

/* ---- keys that are kept by the library's side after their first verification (crypto/ec_recent.h) */

#define MANY 40 /* more than are kept */

struct one_of_many {
	struct ec_key *k;
	struct buf sig;
};

static enum cc_code verdict(const struct one_of_many *one, struct bytes digest, struct bytes sig)
{
	return ec_verify_digest(EC_P256, ec_key_public(one->k), digest, sig, EC_SIG_DER).code;
}

/* Each key, known or forgotten again, takes its own signature and no other key's. */
static void check_each(const struct one_of_many *all, struct bytes digest)
{
	uint8_t changed[HASH_LEN_MAX];

	memcpy(changed, digest.p, digest.n);
	changed[0] ^= 1;
	for (size_t i = 0; i < MANY; i++) {
		const struct buf *other = &all[(i + 1) % MANY].sig;

		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(verdict(&all[i], digest, buf_view(&all[i].sig)), CC_OK);
			assert_int_equal(verdict(&all[i], digest, buf_view(other)), CC_E_VERIFY);
			assert_int_equal(verdict(&all[i], bytes_of(changed, digest.n), buf_view(&all[i].sig)), CC_E_VERIFY);
		}
	}
}

static void keys_that_come_back_verify_as_before(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct one_of_many all[MANY] = { 0 };
	struct digest dg;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, bytes_str("message"), &dg).code, CC_OK);
	for (size_t i = 0; i < MANY; i++) {
		all[i].k = fresh_key(d);
		assert_int_equal(ec_sign_digest(all[i].k, bytes_of(dg.p, dg.n), EC_SIG_DER, &all[i].sig).code, CC_OK);
	}
	for (int round = 0; round < 2; round++)
		check_each(all, bytes_of(dg.p, dg.n));
	for (size_t i = 0; i < MANY; i++) {
		ec_key_free(&all[i].k);
		buf_done(&all[i].sig);
	}
	ec_domain_free(&d);
}

/* A known key vouches for no other bytes, and for no other curve. */
static void what_is_like_a_known_key_is_checked(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct one_of_many one = { .k = fresh_key(d) };
	struct ec_verifier *v = NULL;
	struct buf point = { 0 };
	struct digest dg;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, bytes_str("message"), &dg).code, CC_OK);
	assert_int_equal(ec_sign_digest(one.k, bytes_of(dg.p, dg.n), EC_SIG_DER, &one.sig).code, CC_OK);
	assert_int_equal(verdict(&one, bytes_of(dg.p, dg.n), buf_view(&one.sig)), CC_OK);
	assert_int_equal(buf_copy(&point, ec_key_public(one.k)).code, CC_OK);
	assert_int_equal(ec_verifier_new(EC_BP256, buf_view(&point), &v).code, CC_E_VERIFY);
	for (size_t i = 0; i < point.n; i++) {
		point.p[i] ^= 1;
		assert_int_equal(ec_verifier_new(EC_P256, buf_view(&point), &v).code, CC_E_VERIFY);
		point.p[i] ^= 1;
		assert_int_equal(ec_verifier_new(EC_P256, bytes_of(point.p, i), &v).code, CC_E_VERIFY);
	}
	assert_null(v);
	buf_done(&point);
	buf_done(&one.sig);
	ec_key_free(&one.k);
	ec_domain_free(&d);
}

static void *check_in_a_thread(void *arg)
{
	const struct one_of_many *one = arg;
	struct digest dg;
	intptr_t failed = cc_failed(hash_digest(HASH_SHA256, bytes_str("message"), &dg));

	for (int i = 0; i < 100; i++)
		failed += verdict(&one[i % MANY], bytes_of(dg.p, dg.n), buf_view(&one[i % MANY].sig)) != CC_OK;
	return (void *)failed;
}

static void threads_share_what_is_known(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct one_of_many all[MANY] = { 0 };
	pthread_t threads[3];
	struct digest dg;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, bytes_str("message"), &dg).code, CC_OK);
	for (size_t i = 0; i < MANY; i++) {
		all[i].k = fresh_key(d);
		assert_int_equal(ec_sign_digest(all[i].k, bytes_of(dg.p, dg.n), EC_SIG_DER, &all[i].sig).code, CC_OK);
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, check_in_a_thread, all), 0);
	for (size_t i = 0; i < 3; i++) {
		void *failed = NULL;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	for (size_t i = 0; i < MANY; i++) {
		ec_key_free(&all[i].k);
		buf_done(&all[i].sig);
	}
	ec_domain_free(&d);
}

/* A signer whose scalar doesn't belong to its point makes nothing that verifies; scalars are held to the order. */
static void a_signer_takes_scalars_of_its_order_alone(void **state)
{
	struct ec_domain *d = domain(EC_P256);
	struct ec_key *k = fresh_key(d), *other = fresh_key(d);
	struct ec_numbers n = { 0 };
	struct ec_signer *s = NULL;
	struct buf scalar = { 0 }, sig = { 0 };
	struct digest dg;

	(void)state;
	assert_int_equal(hash_digest(HASH_SHA256, bytes_str("message"), &dg).code, CC_OK);
	assert_int_equal(ec_curve_numbers(EC_P256, &n).code, CC_OK);
	assert_int_equal(ec_signer_new(EC_P256, buf_view(&n.n), ec_key_public(k), &s).code, CC_E_VERIFY);
	assert_int_equal(ec_signer_new(EC_P256, BYTES_LITERAL("\0"), ec_key_public(k), &s).code, CC_E_VERIFY);
	assert_int_equal(ec_signer_new(EC_P256, (struct bytes){ 0 }, ec_key_public(k), &s).code, CC_E_VERIFY);
	assert_null(s);
	assert_int_equal(ec_key_scalar(k, &scalar).code, CC_OK);
	assert_int_equal(ec_signer_new(EC_P256, buf_view(&scalar), ec_key_public(k), &s).code, CC_OK);
	assert_int_equal(ec_signer_digest(s, (struct bytes){ 0 }, &sig).code, CC_E_ARG);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ec_signer_digest(s, bytes_of(dg.p, dg.n), &sig).code, CC_OK);
		assert_int_equal(
			ec_verify_digest(EC_P256, ec_key_public(k), bytes_of(dg.p, dg.n), buf_view(&sig), EC_SIG_DER).code,
			CC_OK);
	}
	ec_signer_free(&s);
	buf_done(&sig);
	if (!cc_failed(ec_signer_new(EC_P256, buf_view(&scalar), ec_key_public(other), &s)) &&
	    !cc_failed(ec_signer_digest(s, bytes_of(dg.p, dg.n), &sig)))
		assert_int_equal(
			ec_verify_digest(EC_P256, ec_key_public(other), bytes_of(dg.p, dg.n), buf_view(&sig), EC_SIG_DER).code,
			CC_E_VERIFY);
	ec_signer_free(&s);
	buf_done(&sig);
	buf_done(&scalar);
	ec_numbers_done(&n);
	ec_key_free(&k);
	ec_key_free(&other);
	ec_domain_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_verify_on_every_curve_in_both_forms),
		cmocka_unit_test(a_signature_of_another_length_or_with_a_changed_byte_is_wrong),
		cmocka_unit_test(digest_lengths_have_bounds),
		cmocka_unit_test(a_key_on_a_mapped_generator_does_not_sign),
		cmocka_unit_test(the_forms_convert_at_the_edges),
		cmocka_unit_test(malformed_forms_are_refused),
		cmocka_unit_test(wycheproof_p256_verdicts),
		cmocka_unit_test(wycheproof_brainpool_verdicts),
		cmocka_unit_test(one_key_signs_in_several_threads),
		cmocka_unit_test(keys_that_come_back_verify_as_before),
		cmocka_unit_test(what_is_like_a_known_key_is_checked),
		cmocka_unit_test(threads_share_what_is_known),
		cmocka_unit_test(a_signer_takes_scalars_of_its_order_alone),
	};

	return cmocka_run_group_tests_name("ec_sig", tests, NULL, NULL);
}
