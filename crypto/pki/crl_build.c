/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/crl.h"

#include "crypto/asn1.h"

#define DER_ENUMERATED 0x0A

static cc_status refuse(struct cc_error *err, const char *why)
{
	return cc_fail(err, CC_E_ARG, "crl.build", "%s", why);
}

static cc_status check_params(const struct crl_params *p, struct cc_error *err)
{
	unsigned usage = 0;

	if (!cert_is_ca(p->issuer) || cert_ski(p->issuer).n == 0 || !cert_key_usage(p->issuer, &usage) ||
	    (usage & CERT_USAGE_CRL_SIGN) == 0)
		return refuse(err, "the issuer may not sign lists");
	if (p->this_update_s >= p->next_update_s)
		return refuse(err, "the next update comes before this one");
	if (p->count > CRL_ENTRIES_MAX)
		return refuse(err, "too many entries");
	for (size_t i = 0; i < p->count; i++) {
		if (p->entries[i].serial.n == 0 || p->entries[i].serial.n > 64)
			return refuse(err, "a serial number of no or over 64 bytes");
		if (p->entries[i].reason == CRL_REMOVE_FROM_CRL)
			return refuse(err, "remove-from-crl is for delta lists");
		for (size_t k = 0; k < i; k++)
			if (bytes_equal(p->entries[i].serial, p->entries[k].serial))
				return refuse(err, "a serial number twice");
	}
	return cc_ok();
}

/* RFC 5280 5.3.1: a reason is left out rather than called unspecified. */
static void put_entry(struct writer *w, const struct crl_entry *e)
{
	tlv_open(w, DER_SEQUENCE);
	tlv_put(w, DER_INTEGER, e->serial);
	asn1_put_time(w, e->revoked_s);
	if (e->reason != CRL_UNSPECIFIED) {
		tlv_open(w, DER_SEQUENCE);
		tlv_open(w, DER_SEQUENCE);
		der_put_oid(w, BYTES_LITERAL("\x55\x1D\x15"));
		tlv_open(w, DER_OCTET_STRING);
		tlv_put_u8(w, DER_ENUMERATED, (uint8_t)e->reason);
		tlv_close(w);
		tlv_close(w);
		tlv_close(w);
	}
	tlv_close(w);
}

/* ICAO 9303-12 7.1.4: authority key identifier and CRL number, both not critical. */
static void put_extensions(struct writer *w, const struct crl_params *p)
{
	tlv_open(w, 0xA0);
	tlv_open(w, DER_SEQUENCE);
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, BYTES_LITERAL("\x55\x1D\x23"));
	tlv_open(w, DER_OCTET_STRING);
	tlv_open(w, DER_SEQUENCE);
	tlv_put(w, 0x80, cert_ski(p->issuer));
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, BYTES_LITERAL("\x55\x1D\x14"));
	tlv_open(w, DER_OCTET_STRING);
	der_put_uint(w, p->number);
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
}

static cc_status encode_tbs(const struct crl_params *p, struct bytes alg, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CRL_LEN_MAX);
	tlv_open(&w, DER_SEQUENCE);
	der_put_uint(&w, 1);
	writer_put(&w, alg);
	writer_put(&w, cert_subject(p->issuer));
	asn1_put_time(&w, p->this_update_s);
	asn1_put_time(&w, p->next_update_s);
	if (p->count > 0) {
		tlv_open(&w, DER_SEQUENCE);
		for (size_t i = 0; i < p->count; i++)
			put_entry(&w, &p->entries[i]);
		tlv_close(&w);
	}
	put_extensions(&w, p);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

static cc_status encode_list(struct bytes tbs, struct bytes alg, struct bytes sig, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CRL_LEN_MAX);
	tlv_open(&w, DER_SEQUENCE);
	writer_put(&w, tbs);
	writer_put(&w, alg);
	asn1_put_bit_string(&w, sig);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* The finished list, read by the code that judges foreign ones. */
static cc_status check_result(const struct crl_params *p, struct bytes der, struct cc_error *err)
{
	struct crl *c = NULL;
	cc_status st = crl_parse(der, &c, err);

	if (!cc_failed(st))
		st = crl_verify(c, p->issuer, err);
	if (!cc_failed(st) && (crl_count(c) != p->count || crl_next_update_s(c) != p->next_update_s))
		st = cc_fail(err, CC_E_VERIFY, "crl.self-check", "the result doesn't say what was signed");
	crl_free(&c);
	return st;
}

cc_status crl_build(const struct crl_params *p, struct buf *ret_der, struct cc_error *err)
{
	struct buf alg = { 0 }, tbs = { 0 }, sig = { 0 }, der = { 0 };
	cc_status st = check_params(p, err);

	if (cc_failed(st))
		return st;
	st = sig_alg_encode(p->alg, &alg);
	if (!cc_failed(st))
		st = encode_tbs(p, buf_view(&alg), &tbs);
	if (cc_failed(st)) {
		(void)cc_fail(err, st.code, "crl.build", "encoding: %s", cc_code_name(st.code));
		goto out;
	}
	st = keystore_sign(p->keystore, p->key_label, p->alg, buf_view(&tbs), &sig);
	if (cc_failed(st)) {
		keystore_error(p->keystore, err);
		(void)cc_fail(err, st.code, "keystore.failed", "%s", cc_code_name(st.code));
		goto out;
	}
	st = encode_list(buf_view(&tbs), buf_view(&alg), buf_view(&sig), &der);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "crl.build", "encoding: %s", cc_code_name(st.code));
	else
		st = check_result(p, buf_view(&der), err);
	if (!cc_failed(st))
		buf_move(ret_der, &der);
out:
	buf_done(&alg);
	buf_done(&tbs);
	buf_done(&sig);
	buf_done(&der);
	return st;
}
