/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chip_cv.h"

#include "crypto/base/tlv.h"
#include "crypto/hash.h"

#include <string.h>

#define CONTENT_MAX 4096

static void must(cc_status st)
{
	CC_ASSERT(!cc_failed(st));
}

/* ---- keys */

void chip_cv_key_ec(struct chip_cv_key *k, enum ec_curve curve, uint8_t scheme)
{
	struct ec_domain *d = NULL;

	*k = (struct chip_cv_key){ .family = 2, .scheme = scheme, .curve = curve };
	must(ec_domain_new(curve, &d));
	must(ec_key_generate(d, &k->ec));
	ec_domain_free(&d);
}

void chip_cv_key_rsa(struct chip_cv_key *k, uint8_t scheme)
{
	*k = (struct chip_cv_key){ .family = 1, .scheme = scheme };
	must(rsa_key_generate(2048, &k->rsa));
}

void chip_cv_key_done(struct chip_cv_key *k)
{
	ec_key_free(&k->ec);
	rsa_key_free(&k->rsa);
	*k = (struct chip_cv_key){ 0 };
}

static enum hash_alg hash_of(const struct chip_cv_key *k)
{
	static const enum hash_alg rsa[] = { HASH_SHA1, HASH_SHA256, HASH_SHA1, HASH_SHA256, HASH_SHA512, HASH_SHA512 };
	static const enum hash_alg ec[] = { HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

	return k->family == 1 ? rsa[k->scheme - 1] : ec[k->scheme - 1];
}

void chip_cv_sign(const struct chip_cv_key *k, struct bytes message, struct buf *ret)
{
	enum hash_alg hash = hash_of(k);
	bool pss = k->scheme == 3 || k->scheme == 4 || k->scheme == 6;
	struct sig_alg alg = { pss ? SIG_RSA_PSS : SIG_RSA_PKCS1, hash, hash_len(hash), hash };
	struct digest d;

	must(hash_digest(hash, message, &d));
	if (k->family == 1)
		must(rsa_sign_digest(k->rsa, alg, bytes_of(d.p, d.n), ret));
	else
		must(ec_sign_digest(k->ec, bytes_of(d.p, d.n), EC_SIG_PLAIN, ret));
}

/* ---- body */

static void put_rsa_key(struct writer *w, const struct chip_cv *c)
{
	struct buf n = { 0 }, e = { 0 };
	struct bytes modulus;

	must(rsa_key_numbers(c->key->rsa, &n, &e));
	modulus = buf_view(&n);
	if (c->defect == CHIP_CV_KEY_SHORT) {
		modulus.n = n.n / 2;
		n.p[modulus.n - 1] |= 1;
	}
	if (c->defect != CHIP_CV_KEY_NO_MODULUS)
		tlv_put(w, 0x81, modulus);
	if (c->defect != CHIP_CV_KEY_NO_EXPONENT)
		tlv_put(w, 0x82, buf_view(&e));
	buf_done(&n);
	buf_done(&e);
}

static void put_domain(struct writer *w, enum ec_curve curve)
{
	struct ec_numbers n;

	must(ec_curve_numbers(curve, &n));
	tlv_put(w, 0x81, buf_view(&n.p));
	tlv_put(w, 0x82, buf_view(&n.a));
	tlv_put(w, 0x83, buf_view(&n.b));
	tlv_put(w, 0x84, buf_view(&n.g));
	tlv_put(w, 0x85, buf_view(&n.n));
	ec_numbers_done(&n);
}

static void put_ec_key(struct writer *w, const struct chip_cv *c)
{
	struct bytes point = ec_key_public(c->key->ec);

	if (c->with_domain)
		put_domain(w, c->key->curve);
	/* Two coordinates of one byte less. */
	if (c->defect == CHIP_CV_KEY_SHORT)
		point.n -= 2;
	if (c->defect != CHIP_CV_KEY_NO_POINT)
		tlv_put(w, 0x86, point);
	if (c->with_domain)
		tlv_put_u8(w, 0x87, 1);
}

static void put_key(struct writer *w, const struct chip_cv *c)
{
	uint8_t oid[10] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, c->key->family, c->key->scheme };

	if (c->defect == CHIP_CV_KEY_OID_INVALID)
		oid[7] = 0x7F;
	if (c->defect == CHIP_CV_KEY_OID_OTHER)
		oid[8] = (uint8_t)(3 - c->key->family);
	tlv_open(w, 0x7F49);
	if (c->defect != CHIP_CV_KEY_NO_OID)
		tlv_put(w, 0x06, bytes_of(oid, sizeof oid));
	if (c->key->family == 1)
		put_rsa_key(w, c);
	else
		put_ec_key(w, c);
	if (c->defect == CHIP_CV_KEY_UNKNOWN_OBJECT)
		tlv_put_u8(w, 0x77, 0x01);
	tlv_close(w);
}

static void put_authorisation(struct writer *w, const struct chip_cv *c)
{
	uint8_t oid[9] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x01 };

	if (c->defect == CHIP_CV_AUTHORISATION_OID)
		oid[8] = 0x7F;
	tlv_open(w, 0x7F4C);
	tlv_put(w, 0x06, bytes_of(oid, sizeof oid));
	tlv_put_u8(w, 0x53, c->authorisation);
	tlv_close(w);
}

static void put_date(struct writer *w, uint32_t tag, const char *date, bool not_bcd, bool no_day)
{
	uint8_t six[6];

	for (size_t i = 0; i < sizeof six; i++)
		six[i] = (uint8_t)(date[i] - '0');
	if (not_bcd)
		six[5] = 0x0A;
	if (no_day)
		memcpy(six + 2, "\0\2\3\0", 4); /* 30 February */
	tlv_put(w, tag, bytes_of(six, sizeof six));
}

static void make_body(const struct chip_cv *c, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CONTENT_MAX);
	tlv_open(&w, 0x7F4E);
	tlv_put_u8(&w, 0x5F29, 0x00);
	tlv_put(&w, 0x42, bytes_str(c->car));
	put_key(&w, c);
	tlv_put(&w, 0x5F20, bytes_str(c->chr));
	if (c->defect != CHIP_CV_NO_AUTHORISATION)
		put_authorisation(&w, c);
	if (c->defect != CHIP_CV_NO_EFFECTIVE)
		put_date(&w, 0x5F25, c->from, c->defect == CHIP_CV_EFFECTIVE_NOT_BCD, c->defect == CHIP_CV_EFFECTIVE_NO_DAY);
	if (c->defect != CHIP_CV_NO_EXPIRATION)
		put_date(&w, 0x5F24, c->to, c->defect == CHIP_CV_EXPIRATION_NOT_BCD, c->defect == CHIP_CV_EXPIRATION_NO_DAY);
	tlv_close(&w);
	must(writer_finish(&w, ret));
}

/* ---- signature and frame */

static void spoil_signature(enum chip_cv_defect defect, struct buf *sig)
{
	if (defect == CHIP_CV_SIGNATURE_LAST_BYTE)
		sig->p[sig->n - 1]++;
	else if (defect == CHIP_CV_SIGNATURE_CUT)
		sig->n--;
	else if (defect == CHIP_CV_SIGNATURE_OVER_MODULUS)
		memset(sig->p, 0xFF, sig->n);
	else if (defect == CHIP_CV_SIGNATURE_R_ZERO)
		memset(sig->p, 0, sig->n / 2);
	else if (defect == CHIP_CV_SIGNATURE_S_ZERO)
		memset(sig->p + sig->n / 2, 0, sig->n / 2);
}

/* A body with another tag, or whose length says one byte more. */
static void put_spoiled_body(struct writer *w, enum chip_cv_defect defect, struct bytes body)
{
	struct cursor in;
	size_t n, head;
	uint32_t tag;

	cursor_init(&in, body);
	CC_ASSERT(tlv_header(&in, TLV_STRICT, &tag, &n, &head));
	writer_u16(w, defect == CHIP_CV_BODY_TAG ? 0x7F4F : 0x7F4E);
	tlv_put_len(w, defect == CHIP_CV_BODY_LENGTH ? n + 1 : n);
	writer_put(w, cursor_rest(&in));
}

static void put_signature(struct writer *w, enum chip_cv_defect defect, struct bytes sig)
{
	if (defect == CHIP_CV_SIGNATURE_LENGTH) {
		writer_u16(w, 0x5F37);
		tlv_put_len(w, sig.n + 1);
		writer_put(w, sig);
	} else if (defect != CHIP_CV_NO_SIGNATURE) {
		tlv_put(w, defect == CHIP_CV_SIGNATURE_TAG ? 0x5F38 : 0x5F37, sig);
	}
}

struct buf chip_cv_make(const struct chip_cv *c, const struct chip_cv_key *issuer)
{
	struct buf body = { 0 }, sig = { 0 }, content = { 0 };
	struct writer w;
	size_t whole;

	make_body(c, &body);
	chip_cv_sign(issuer, buf_view(&body), &sig);
	whole = sig.n;
	spoil_signature(c->defect, &sig);
	writer_init(&w, CONTENT_MAX);
	if (c->defect == CHIP_CV_BODY_TAG || c->defect == CHIP_CV_BODY_LENGTH)
		put_spoiled_body(&w, c->defect, buf_view(&body));
	else if (c->defect != CHIP_CV_NO_BODY)
		writer_put(&w, buf_view(&body));
	put_signature(&w, c->defect, buf_view(&sig));
	must(writer_finish(&w, &content));
	sig.n = whole;
	buf_done(&body);
	buf_done(&sig);
	return content;
}

struct buf chip_cv_wrap(const struct buf *content)
{
	struct buf whole = { 0 };
	struct writer w;

	writer_init(&w, CONTENT_MAX);
	tlv_put(&w, 0x7F21, buf_view(content));
	must(writer_finish(&w, &whole));
	return whole;
}

/* ---- commands */

static uint16_t send_reference(struct chip_term *t, uint8_t p2, const char *reference)
{
	struct writer w;
	uint16_t sw;

	writer_init(&w, 64);
	tlv_put(&w, 0x83, bytes_str(reference));
	sw = chip_term_sw(t, 0x22, 0x81, p2, writer_view(&w), 0);
	writer_done(&w);
	return sw;
}

uint16_t chip_cv_set_dst(struct chip_term *t, const char *reference)
{
	return send_reference(t, 0xB6, reference);
}

uint16_t chip_cv_set_at(struct chip_term *t, const char *reference)
{
	return send_reference(t, 0xA4, reference);
}

uint16_t chip_cv_verify(struct chip_term *t, const struct buf *content)
{
	return chip_term_sw(t, 0x2A, 0x00, 0xBE, buf_view(content), 0);
}

uint16_t chip_cv_challenge(struct chip_term *t, uint8_t out[8])
{
	struct chip_term_answer a =
		chip_term_send(t, &(struct chip_term_command){ t->active ? 0x0C : 0x00, 0x84, 0, 0, { 0 }, 8 });

	if (a.sw == 0x9000) {
		CC_ASSERT(a.data.n == 8);
		memcpy(out, a.data.p, 8);
	}
	buf_done(&a.data);
	return a.sw;
}

uint16_t chip_cv_external(struct chip_term *t, const struct chip_cv_key *key, const uint8_t challenge[8])
{
	struct buf sig = { 0 };
	struct writer w;
	uint16_t sw;

	writer_init(&w, 1024);
	writer_put(&w, buf_view(&t->id_picc));
	writer_put(&w, bytes_of(challenge, 8));
	writer_put(&w, buf_view(&t->comp_pcd));
	chip_cv_sign(key, writer_view(&w), &sig);
	sw = chip_term_sw(t, 0x82, 0x00, 0x00, buf_view(&sig), 0);
	writer_done(&w);
	buf_done(&sig);
	return sw;
}

uint16_t chip_cv_authenticate(struct chip_term *t, const char *reference, const struct chip_cv_key *key)
{
	uint8_t challenge[8];
	uint16_t sw = chip_cv_set_at(t, reference);

	if (sw == 0x9000)
		sw = chip_cv_challenge(t, challenge);
	return sw == 0x9000 ? chip_cv_external(t, key, challenge) : sw;
}
