/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms.h"

#include "crypto/asn1.h"
#include "crypto/cms_oids.h"

#define CONTENT_MAX (16u << 20)
#define PART_MAX 4096
#define ATTRIBUTE_COUNT 3

static cc_status attribute(struct bytes oid, uint32_t tag, struct bytes value, struct buf *ret)
{
	struct writer w;

	writer_init(&w, PART_MAX);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, oid);
	tlv_open(&w, DER_SET);
	tlv_put(&w, tag, value);
	tlv_close(&w);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

static cc_status signing_time(int64_t s, struct buf *ret)
{
	struct writer w;

	writer_init(&w, PART_MAX);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, cms_oid_signing_time);
	tlv_open(&w, DER_SET);
	asn1_put_time(&w, s);
	tlv_close(&w);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* The SET OF that is signed, and that goes into SignerInfo under its implicit tag. */
static cc_status attributes(const struct cms_sign_params *p, struct buf *ret_set, struct buf *ret_content)
{
	struct buf parts[ATTRIBUTE_COUNT] = { { 0 } };
	struct bytes members[ATTRIBUTE_COUNT];
	size_t count = p->with_signing_time ? 3 : 2;
	struct digest d;
	struct writer set, content;
	cc_status st = hash_digest(p->alg.hash, p->content, &d);

	if (!cc_failed(st))
		st = attribute(cms_oid_content_type, DER_OID, p->content_type, &parts[0]);
	if (!cc_failed(st))
		st = attribute(cms_oid_message_digest, DER_OCTET_STRING, bytes_of(d.p, d.n), &parts[1]);
	if (!cc_failed(st) && p->with_signing_time)
		st = signing_time(p->signing_time_s, &parts[2]);
	writer_init(&set, PART_MAX);
	writer_init(&content, PART_MAX);
	if (!cc_failed(st)) {
		for (size_t i = 0; i < count; i++)
			members[i] = buf_view(&parts[i]);
		asn1_put_set_of(&set, DER_SET, members, count);
		asn1_put_set_of(&content, 0xA0, members, count);
		st = writer_finish(&set, ret_set);
	}
	if (!cc_failed(st))
		st = writer_finish(&content, ret_content);
	writer_done(&set);
	writer_done(&content);
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		buf_done(&parts[i]);
	return st;
}

/* RFC 5754 2: SHA-2 identifiers are written without parameters. */
static void put_digest_alg(struct writer *w, enum hash_alg hash)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, hash_oid(hash));
	tlv_close(w);
}

struct signature_parts {
	struct buf to_sign, attributes, alg, sig;
};

/* ICAO 9303-10 4.6.2.2: version 1, issuer and serial number, signed attributes. */
static void put_signer_info(struct writer *w, const struct cms_sign_params *p, const struct signature_parts *parts)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_uint(w, 1);
	tlv_open(w, DER_SEQUENCE);
	writer_put(w, cert_issuer(p->signer));
	tlv_put(w, DER_INTEGER, cert_serial(p->signer));
	tlv_close(w);
	put_digest_alg(w, p->alg.hash);
	writer_put(w, buf_view(&parts->attributes));
	writer_put(w, buf_view(&parts->alg));
	tlv_put(w, DER_OCTET_STRING, buf_view(&parts->sig));
	tlv_close(w);
}

/* RFC 5652 10.2.3: CertificateSet is a SET OF. */
static void put_certs(struct writer *w, const struct cms_sign_params *p)
{
	struct bytes members[CMS_MORE_CERTS_MAX + 1] = { cert_der(p->signer) };
	size_t count = 1;

	for (size_t i = 0; i < p->more_cert_count; i++)
		members[count++] = cert_der(p->more_certs[i]);
	asn1_put_set_of(w, 0xA0, members, count);
}

static size_t certs_len(const struct cms_sign_params *p)
{
	size_t n = cert_der(p->signer).n;

	for (size_t i = 0; i < p->more_cert_count; i++)
		n += cert_der(p->more_certs[i]).n;
	return n;
}

/* ICAO 9303-10 4.6.2.2: SignedData version 3 with the document signer's certificate inside. */
static cc_status encode(const struct cms_sign_params *p, const struct signature_parts *parts, struct buf *ret)
{
	struct writer w;

	writer_init(&w, p->content.n + certs_len(p) + 4 * PART_MAX);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, cms_oid_signed_data);
	tlv_open(&w, 0xA0);
	tlv_open(&w, DER_SEQUENCE);
	der_put_uint(&w, 3);
	tlv_open(&w, DER_SET);
	put_digest_alg(&w, p->alg.hash);
	tlv_close(&w);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, p->content_type);
	tlv_open(&w, 0xA0);
	tlv_put(&w, DER_OCTET_STRING, p->content);
	tlv_close(&w);
	tlv_close(&w);
	put_certs(&w, p);
	tlv_open(&w, DER_SET);
	put_signer_info(&w, p, parts);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/*
 * What leaves was read by the same code that inspects cards. The key store verified this signature over these bytes: with
 * both found in the result, and the certificate over the same key, cms_verify could say nothing else.
 */
static cc_status check_result(const struct cms_sign_params *p, const struct signature_parts *parts, struct bytes der,
			      struct cc_error *err)
{
	struct cms *c = NULL;
	cc_status st = cms_parse(der, &c, err);

	if (!cc_failed(st))
		st = cms_check_structure(c, err);
	if (!cc_failed(st) && (cms_signer_cert(c) == NULL || !bytes_equal(cms_content(c), p->content)))
		st = cc_fail(err, CC_E_VERIFY, "cms.self-check", "the result doesn't say what was signed");
	if (!cc_failed(st))
		st = cms_check_carries(c, buf_view(&parts->to_sign), buf_view(&parts->sig), err);
	if (!cc_failed(st) && !keystore_signed_for(p->keystore, p->key_label, cert_pubkey(p->signer)))
		st = cc_fail(err, CC_E_VERIFY, "cms.signature-wrong", "the certificate holds another key than the signing one");
	cms_free(&c);
	return st;
}

typedef cc_status (*signing)(struct keystore *ks, const char *label, struct sig_alg alg, struct bytes message,
			     struct buf *ret_sig);

static cc_status sign(const struct cms_sign_params *p, signing with, struct signature_parts *parts, struct cc_error *err)
{
	cc_status st = attributes(p, &parts->to_sign, &parts->attributes);

	if (!cc_failed(st))
		st = sig_alg_encode(p->alg, &parts->alg);
	if (cc_failed(st))
		return cc_fail(err, st.code, "cms.sign-failed", "signed attributes: %s", cc_code_name(st.code));
	st = with(p->keystore, p->key_label, p->alg, buf_view(&parts->to_sign), &parts->sig);
	if (cc_failed(st)) {
		keystore_error(p->keystore, err);
		(void)cc_fail(err, st.code, "cms.sign-failed", "key store: %s", cc_code_name(st.code));
	}
	return st;
}

static void parts_done(struct signature_parts *parts)
{
	buf_done(&parts->to_sign);
	buf_done(&parts->attributes);
	buf_done(&parts->alg);
	buf_done(&parts->sig);
}

static cc_status make(const struct cms_sign_params *p, signing with, struct signature_parts *parts, struct buf *ret_der,
		      struct cc_error *err)
{
	cc_status st;

	if (p->content.n > CONTENT_MAX || p->content_type.n == 0 || p->alg.hash >= HASH_COUNT ||
	    p->more_cert_count > CMS_MORE_CERTS_MAX)
		return cc_fail(err, CC_E_ARG, "cms.sign-failed", "content or algorithm out of bounds");
	st = sign(p, with, parts, err);
	if (cc_failed(st))
		return st;
	st = encode(p, parts, ret_der);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "cms.sign-failed", "encoding: %s", cc_code_name(st.code));
	return st;
}

cc_status cms_sign(const struct cms_sign_params *params, struct buf *ret_der, struct cc_error *err)
{
	struct signature_parts parts = { 0 };
	struct buf der = { 0 };
	cc_status st = make(params, keystore_sign, &parts, &der, err);

	if (!cc_failed(st))
		st = check_result(params, &parts, buf_view(&der), err);
	if (!cc_failed(st))
		buf_move(ret_der, &der);
	parts_done(&parts);
	buf_done(&der);
	return st;
}

cc_status cms_sign_unverified(const struct cms_sign_params *params, struct cms_unverified *ret, struct cc_error *err)
{
	struct signature_parts parts = { 0 };
	cc_status st = make(params, keystore_sign_unverified, &parts, &ret->der, err);

	parts_done(&parts);
	return st;
}
