/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/sod.h"
#include "card/lds/sod_object.h"
#include "crypto/base/tlv.h"
#include "crypto/pki/crl.h"
#include "crypto/pki/master_list.h"
#include "crypto/x509_profile.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/*
 * Signed objects of an attacker: 10,000 changed SODs and certificates each
 * (reliability.md, bad input by count), made from good ones by the changes that
 * parsers stumble over. None crashes, and none says anything new that verifies.
 */

#define COUNT 10000
#define LIST_COUNT 2000
#define BASES 3
#define OBJECTS_MAX 512

/* xorshift64*: the same changes in each run */
static uint64_t random_state = 0x9E3779B97F4A7C15u;

static size_t below(size_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (size_t)((random_state * 0x2545F4914F6CDD1Du) >> 33) % (n > 0 ? n : 1);
}

/* ---- changes */

struct piece {
	size_t at, header, len; /* of the object, its tag and length, its content */
};

/* Every object of a DER tree, as places; OCTET STRINGs are entered when they hold an object. */
static size_t collect(const uint8_t *base, struct bytes in, struct piece *out, size_t count, unsigned depth)
{
	struct cursor c;
	struct tlv t;

	cursor_init(&c, in);
	while (cursor_left(&c) > 0 && count < OBJECTS_MAX && tlv_next(&c, TLV_LENIENT, &t)) {
		out[count++] = (struct piece){ (size_t)(t.whole.p - base), t.whole.n - t.value.n, t.value.n };
		if (depth < 12 && ((t.tag & 0x20) != 0 || t.tag == 0x77 || t.tag == 0x04))
			count = collect(base, t.value, out, count, depth + 1);
	}
	return count;
}

static struct bytes slice(struct bytes b, size_t at, size_t n)
{
	return bytes_of(b.p + at, n);
}

/* Cut out [at, at + n) and put `in` there. */
static void splice(struct bytes from, size_t at, size_t n, struct bytes in, struct buf *ret)
{
	struct writer w;

	writer_init(&w, 1 << 20);
	writer_put(&w, slice(from, 0, at));
	writer_put(&w, in);
	writer_put(&w, slice(from, at + n, from.n - at - n));
	assert_int_equal(writer_finish(&w, ret).code, CC_OK);
}

static void flip(struct buf *b, size_t at, uint8_t bits)
{
	b->p[at] = (uint8_t)(b->p[at] ^ bits);
}

/* One change of a kind, of the object or of anything. */
static void change(struct bytes from, const struct piece *pieces, size_t count, struct bytes other, struct buf *ret)
{
	const struct piece *p = &pieces[below(count)], *q = &pieces[below(count)];
	static const uint8_t edges[] = { 0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF };
	uint8_t junk[9];
	size_t at = below(from.n);

	for (size_t i = 0; i < sizeof junk; i++)
		junk[i] = (uint8_t)below(256);
	switch (below(11)) {
	case 0: /* a bit */
		assert_int_equal(buf_copy(ret, from).code, CC_OK);
		flip(ret, at, (uint8_t)(1u << below(8)));
		break;
	case 1: /* a byte of the edge */
		assert_int_equal(buf_copy(ret, from).code, CC_OK);
		ret->p[at] = edges[below(sizeof edges)];
		break;
	case 2: /* cut */
		assert_int_equal(buf_copy(ret, slice(from, 0, at)).code, CC_OK);
		break;
	case 3: /* a tag */
		assert_int_equal(buf_copy(ret, from).code, CC_OK);
		flip(ret, p->at, (uint8_t)(1u << below(8)));
		break;
	case 4: /* a length */
		assert_int_equal(buf_copy(ret, from).code, CC_OK);
		ret->p[p->at + p->header - 1] = (uint8_t)(ret->p[p->at + p->header - 1] + 1 + below(254));
		break;
	case 5: /* an object gone */
		splice(from, p->at, p->header + p->len, bytes_of(NULL, 0), ret);
		break;
	case 6: /* an object twice */
		splice(from, p->at, 0, slice(from, p->at, p->header + p->len), ret);
		break;
	case 7: /* an object in another's place */
		splice(from, p->at, p->header + p->len, slice(from, q->at, q->header + q->len), ret);
		break;
	case 8: /* bytes put in */
		splice(from, at, 0, bytes_of(junk, 1 + below(8)), ret);
		break;
	case 9: /* content replaced, length kept */
		assert_int_equal(buf_copy(ret, from).code, CC_OK);
		for (size_t i = 0; i < p->len && i < 64; i++)
			flip(ret, p->at + p->header + i, (uint8_t)below(256));
		break;
	default: /* the tail of another signed object */
		at = below(from.n < other.n ? from.n : other.n);
		splice(from, at, from.n - at, slice(other, at, other.n - at), ret);
		break;
	}
}

/* One to three changes; what comes out may equal the original. */
static void mutate(struct bytes from, struct bytes other, struct buf *ret)
{
	static struct piece pieces[OBJECTS_MAX];
	size_t rounds = 1 + below(3);
	struct buf now = { 0 };

	assert_int_equal(buf_copy(&now, from).code, CC_OK);
	for (size_t i = 0; i < rounds && now.n > 0; i++) {
		size_t count = collect(now.p, buf_view(&now), pieces, 0, 0);
		struct buf next = { 0 };

		if (count == 0)
			break;
		change(buf_view(&now), pieces, count, other, &next);
		buf_done(&now);
		now = next;
	}
	buf_move(ret, &now);
}

/* ---- the good ones */

struct base {
	struct fixture_pki pki;
	struct buf sod, content, crl, list;
};

static struct base bases[BASES];

static void must(cc_status st, const struct cc_error *err)
{
	if (cc_failed(st))
		fail_msg("%s: %s", err->key, err->detail);
}

static void make_sod(struct base *b, struct sig_alg alg)
{
	struct cc_error err = { 0 };
	struct lds_set set = { 0 };
	struct sod sod = { 0 };
	struct sod_params p = { .version = 1,
				.hash = HASH_SHA256,
				.lds_version = "0108",
				.unicode_version = "040000",
				.keystore = b->pki.ks,
				.key_label = "ds-1",
				.signer = b->pki.ds,
				.alg = alg,
				.trust = b->pki.trust,
				.now_s = FIXTURE_NOW_S };

	assert_int_equal(lds_set_put(&set, lds_dg(1), BYTES_LITERAL("\x61\x01\x00")).code, CC_OK);
	assert_int_equal(lds_set_put(&set, lds_dg(2), BYTES_LITERAL("\x75\x01\x00")).code, CC_OK);
	must(sod_build(&p, &set, &b->sod, &err), &err);
	must(sod_parse(buf_view(&b->sod), &sod, &err), &err);
	assert_int_equal(buf_copy(&b->content, cms_content(sod.cms)).code, CC_OK);
	sod_done(&sod);
	lds_set_done(&set);
}

static void make_lists(struct base *b, struct sig_alg alg)
{
	struct crl_entry entry = { cert_serial(b->pki.ds), FIXTURE_NOW_S, CRL_SUPERSEDED };
	struct crl_params crl = { b->pki.ks, "csca-1", b->pki.csca, alg, 1, FIXTURE_NOW_S, FIXTURE_NOW_S + 86400, &entry, 1 };
	struct pki_profile profile = b->pki.ds_profile;
	const struct cert *certs[] = { b->pki.csca };
	struct master_list_params list = { .keystore = b->pki.ks,
					   .key_label = "ds-1",
					   .signer_csca = b->pki.csca,
					   .alg = alg,
					   .signing_time_s = FIXTURE_NOW_S,
					   .certs = certs,
					   .count = 1 };
	struct cc_error err = { 0 };
	struct buf der = { 0 };
	struct cert *signer = NULL;

	must(crl_build(&crl, &b->crl, &err), &err);
	profile.common_name = "Test Master List Signer";
	must(master_list_signer_issue(b->pki.ks, "csca-1", b->pki.csca, "ds-1", &profile, &b->pki.sys.sys, &der, &err), &err);
	must(cert_parse(buf_view(&der), &signer, &err), &err);
	list.signer = signer;
	must(master_list_build(&list, &b->list, &err), &err);
	cert_free(&signer);
	buf_done(&der);
}

static int make_bases(void **state)
{
	static const struct {
		unsigned rsa_bits;
		struct sig_alg alg;
		enum ec_param_form params;
	} kinds[BASES] = {
		{ 0, { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 }, EC_PARAMS_NAMED },
		{ 0, { SIG_ECDSA, HASH_SHA256, 0, HASH_SHA256 }, EC_PARAMS_EXPLICIT },
		{ 2048, { SIG_RSA_PSS, HASH_SHA256, 32, HASH_SHA256 }, EC_PARAMS_NAMED },
	};

	(void)state;
	for (size_t i = 0; i < BASES; i++) {
		fixture_pki(&bases[i].pki, EC_P256, kinds[i].rsa_bits, kinds[i].alg, kinds[i].params);
		make_sod(&bases[i], kinds[i].alg);
		make_lists(&bases[i], kinds[i].alg);
	}
	return 0;
}

static int free_bases(void **state)
{
	(void)state;
	for (size_t i = 0; i < BASES; i++) {
		fixture_pki_done(&bases[i].pki);
		buf_done(&bases[i].sod);
		buf_done(&bases[i].content);
		buf_done(&bases[i].crl);
		buf_done(&bases[i].list);
	}
	return 0;
}

/* ---- what becomes of them */

struct tally {
	unsigned same, malformed, shape, unsigned_, chain, harmless;
};

/* What a reader would do. False: it says something that was never signed, and verifies. */
static bool judge_sod(const struct base *b, struct bytes file, struct tally *t)
{
	struct sod sod = { 0 };
	const struct cert *signer;
	bool good = true;

	if (cc_failed(sod_parse(file, &sod, NULL))) {
		t->malformed++;
		return true;
	}
	signer = cms_signer_cert(sod.cms);
	if (cc_failed(cms_check_shape(sod.cms, NULL)))
		t->shape++;
	else if (signer == NULL || cc_failed(cms_verify(sod.cms, signer, NULL)))
		t->unsigned_++;
	else if (trust_verify(b->pki.trust, signer, FIXTURE_NOW_S, NULL, NULL) != CHAIN_GOOD)
		t->chain++;
	else if (bytes_equal(cms_content(sod.cms), buf_view(&b->content)))
		t->harmless++; /* the same hash list by the same signer: bytes around it that nobody signed */
	else
		good = false;
	sod_done(&sod);
	return good;
}

static void changed_sods_say_nothing_new(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		const struct base *b = &bases[i % BASES];
		struct buf file = { 0 };

		mutate(buf_view(&b->sod), buf_view(&bases[(i + 1) % BASES].sod), &file);
		if (bytes_equal(buf_view(&file), buf_view(&b->sod)))
			t.same++;
		else if (!judge_sod(b, buf_view(&file), &t))
			fail_msg("SOD %u: accepted", i);
		buf_done(&file);
	}
	assert_int_equal(t.same + t.malformed + t.shape + t.unsigned_ + t.chain + t.harmless, COUNT);
	assert_true(t.malformed > 0 && t.shape > 0 && t.unsigned_ > 0 && t.chain > 0);
	print_message("# count: %d changed SODs: %u malformed, %u of a wrong shape, %u not signed so, %u of an untrusted signer, "
		      "%u with the same signed content, %u unchanged; none accepted with another content\n",
		      COUNT, t.malformed, t.shape, t.unsigned_, t.chain, t.harmless, t.same);
}

static void use_cert(const struct cert *c)
{
	struct cert_findings f;
	char text[128];

	for (enum cert_role r = CERT_ROLE_CSCA; r < CERT_ROLE_COUNT; r++)
		cert_lint(c, r, &f);
	cert_name_text(cert_subject(c), text, sizeof text);
	(void)cert_name_equal(cert_issuer(c), cert_subject(c));
}

static void changed_certificates_are_never_trusted(void **state)
{
	unsigned same = 0, malformed = 0, verdicts[CHAIN_UNDETERMINED + 1] = { 0 };

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		const struct base *b = &bases[i % BASES];
		const struct cert *from = i % 4 == 0 ? b->pki.csca : b->pki.ds;
		struct buf der = { 0 };
		struct cert *c = NULL;

		mutate(cert_der(from), cert_der(i % 4 == 0 ? b->pki.ds : b->pki.csca), &der);
		if (bytes_equal(buf_view(&der), cert_der(from))) {
			same++;
		} else if (cc_failed(cert_parse(buf_view(&der), &c, NULL))) {
			malformed++;
		} else {
			enum chain_verdict v = trust_verify(b->pki.trust, c, FIXTURE_NOW_S, NULL, NULL);

			use_cert(c);
			if (v == CHAIN_GOOD && !bytes_equal(cert_der(c), cert_der(b->pki.ds)) &&
			    !bytes_equal(cert_der(c), cert_der(b->pki.csca)))
				fail_msg("certificate %u: accepted", i);
			verdicts[v]++;
		}
		cert_free(&c);
		buf_done(&der);
	}
	assert_true(malformed > 0 && verdicts[CHAIN_SIGNATURE_WRONG] > 0 && verdicts[CHAIN_NO_ANCHOR] > 0);
	print_message(
		"# count: %d changed certificates: %u malformed, %u signature wrong, %u no anchor, %u undetermined, %u unchanged; "
		"none accepted\n",
		COUNT, malformed, verdicts[CHAIN_SIGNATURE_WRONG], verdicts[CHAIN_NO_ANCHOR], verdicts[CHAIN_UNDETERMINED], same);
}

/* A tail that begins where both lists still agree makes the other list: its own signer vouches for what it holds, no more. */
static bool says_what(const struct trust *t, const struct base *other)
{
	return trust_count(t) == 2 && bytes_equal(cert_der(trust_at(t, 1)), cert_der(other->pki.csca));
}

static void changed_lists_revoke_and_vouch_for_nothing_new(void **state)
{
	unsigned refused = 0, harmless = 0;

	(void)state;
	for (unsigned i = 0; i < LIST_COUNT; i++) {
		const struct base *b = &bases[i % BASES];
		struct buf der = { 0 };
		struct crl *c = NULL;

		mutate(buf_view(&b->crl), buf_view(&bases[(i + 1) % BASES].crl), &der);
		if (cc_failed(crl_parse(buf_view(&der), &c, NULL)) || cc_failed(crl_verify(c, b->pki.csca, NULL)))
			refused++;
		else if (bytes_equal(buf_view(&der), buf_view(&b->crl)))
			harmless++;
		else
			fail_msg("revocation list %u: accepted", i);
		crl_free(&c);
		buf_done(&der);
	}
	print_message("# count: %d changed revocation lists: %u refused, %u unchanged\n", LIST_COUNT, refused, harmless);
	refused = harmless = 0;
	for (unsigned i = 0; i < LIST_COUNT; i++) {
		const struct base *b = &bases[i % BASES], *other = &bases[(i + 1) % BASES];
		struct buf der = { 0 };
		struct trust *t = NULL;
		bool self_vouched = true;

		assert_int_equal(trust_new(&t).code, CC_OK);
		assert_int_equal(trust_add(t, cert_der(b->pki.csca), NULL).code, CC_OK);
		mutate(buf_view(&b->list), buf_view(&other->list), &der);
		if (cc_failed(trust_add_master_list(t, buf_view(&der), &self_vouched, NULL))) {
			assert_int_equal(trust_count(t), 1);
			refused++;
		} else if (self_vouched ? !says_what(t, other) : trust_count(t) != 1) {
			fail_msg("master list %u: accepted", i);
		} else {
			harmless++;
		}
		trust_free(&t);
		buf_done(&der);
	}
	print_message("# count: %d changed master lists: %u refused, %u with the same signed content\n", LIST_COUNT, refused,
		      harmless);
}

/* The published test documents, changed: under their own signer nothing else verifies. */
static void changed_published_sods_say_nothing_new(void **state)
{
	static const char *const names[] = { "05_lds/bsi2008_jmrtd/EF_SOD.bin", "05_lds/etsi_eacaa_pymrtd/EF_SOD.bin" };
	unsigned done = 0;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct buf file = { 0 };
		struct sod good = { 0 };
		struct cert *signer = NULL;

		if (!vectors_file(names[k], &file))
			skip();
		assert_int_equal(sod_parse(buf_view(&file), &good, NULL).code, CC_OK);
		assert_int_equal(cert_parse(cert_der(cms_signer_cert(good.cms)), &signer, NULL).code, CC_OK);
		for (unsigned i = 0; i < 1000; i++, done++) {
			struct buf changed = { 0 };
			struct sod sod = { 0 };

			mutate(buf_view(&file), buf_view(&bases[0].sod), &changed);
			if (!cc_failed(sod_parse(buf_view(&changed), &sod, NULL)) && !cc_failed(cms_check_shape(sod.cms, NULL)) &&
			    !cc_failed(cms_verify(sod.cms, signer, NULL)) &&
			    !bytes_equal(cms_content(sod.cms), cms_content(good.cms)))
				fail_msg("%s, change %u: accepted", names[k], i);
			sod_done(&sod);
			buf_done(&changed);
		}
		sod_done(&good);
		cert_free(&signer);
		buf_done(&file);
	}
	print_message("# count: %u changed SODs of published documents, none accepted with another content\n", done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_sods_say_nothing_new),
		cmocka_unit_test(changed_certificates_are_never_trusted),
		cmocka_unit_test(changed_lists_revoke_and_vouch_for_nothing_new),
		cmocka_unit_test(changed_published_sods_say_nothing_new),
	};

	return cmocka_run_group_tests(tests, make_bases, free_bases);
}
