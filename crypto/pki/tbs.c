/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/tbs.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"

#include <string.h>

#define CERT_MAX 16384
#define NAME_MAX_LEN 512
#define SERIAL_LEN 16
#define TEXT_MAX 128
#define ID_COUNTRY "\x55\x04\x06"
#define ID_LOCALITY "\x55\x04\x07"
#define ID_ORGANIZATION "\x55\x04\x0A"
#define ID_COMMON_NAME "\x55\x04\x03"

/* ---- names */

static bool is_printable(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")] == '\0';
}

static bool is_upper_letters(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

/* UTF-8 without controls; enough for what an operator types as the name of an office. */
static bool is_text(const char *s)
{
	struct cursor in;
	uint8_t b, next;
	unsigned follow;

	cursor_init(&in, bytes_str(s));
	if (cursor_left(&in) == 0 || cursor_left(&in) > TEXT_MAX)
		return false;
	while (cursor_left(&in) > 0) {
		if (!cursor_u8(&in, &b) || b < 0x20 || b == 0x7F || (b >= 0x80 && b < 0xC2) || b > 0xF4)
			return false;
		follow = b < 0x80 ? 0 : b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
		while (follow-- > 0)
			if (!cursor_u8(&in, &next) || (next & 0xC0) != 0x80)
				return false;
	}
	return true;
}

/* ICAO 9303-12 7.1.1: countryName in upper case as PrintableString, other attributes PrintableString where it can be, else
 * UTF8String. */
static void put_attribute(struct writer *w, struct bytes oid, const char *value)
{
	tlv_open(w, DER_SET);
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, oid);
	tlv_put(w, is_printable(value) ? DER_PRINTABLE_STRING : DER_UTF8_STRING, bytes_str(value));
	tlv_close(w);
	tlv_close(w);
}

cc_status tbs_name(const struct pki_profile *profile, struct buf *ret, struct cc_error *err)
{
	struct writer w;
	cc_status st;

	writer_init(&w, NAME_MAX_LEN);
	tlv_open(&w, DER_SEQUENCE);
	put_attribute(&w, BYTES_LITERAL(ID_COUNTRY), profile->country);
	put_attribute(&w, BYTES_LITERAL(ID_ORGANIZATION), profile->organization);
	put_attribute(&w, BYTES_LITERAL(ID_COMMON_NAME), profile->common_name);
	tlv_close(&w);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "pki.profile", "name too long") : st;
}

static cc_status bad_profile(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_ARG, "pki.profile", "%s", what);
}

cc_status tbs_check_profile(const struct pki_profile *p, struct cc_error *err)
{
	if (!is_upper_letters(p->country, 2))
		return bad_profile(err, "the country is two capital letters");
	if (!is_upper_letters(p->country_icao, 3) && !is_upper_letters(p->country_icao, 1))
		return bad_profile(err, "the ICAO country is one or three capital letters");
	if (!is_text(p->organization) || !is_text(p->common_name))
		return bad_profile(err, "organization and common name are UTF-8 of 1 to 128 bytes");
	if (p->not_before_s >= p->not_after_s || p->private_from_s >= p->private_to_s)
		return bad_profile(err, "a period ends before it begins");
	/* ICAO 9303-12 5.2: a certificate outlives the use of its private key. */
	if (p->private_from_s < p->not_before_s || p->private_to_s > p->not_after_s)
		return bad_profile(err, "the private key usage period lies outside the validity");
	if (p->crl_url != NULL && (!is_printable(p->crl_url) || strlen(p->crl_url) > TEXT_MAX || p->crl_url[0] == '\0'))
		return bad_profile(err, "CRL address");
	return cc_ok();
}

/* ---- the key */

static cc_status key_fail(struct keystore *ks, cc_status st, struct cc_error *err)
{
	keystore_error(ks, err);
	return cc_fail(err, st.code, "keystore.failed", "%s", cc_code_name(st.code));
}

static cc_status encode_key(const struct pubkey *k, enum ec_param_form params, struct buf *ret_spki, struct digest *ret_key_id)
{
	struct buf rsa = { 0 };
	cc_status st;

	if (pubkey_kind(k) == PUBKEY_EC) {
		st = ec_spki_encode(pubkey_curve(k), pubkey_point(k), params, ret_spki);
		return cc_failed(st) ? st : hash_digest(HASH_SHA1, pubkey_point(k), ret_key_id);
	}
	st = rsa_spki_encode(pubkey_modulus(k), pubkey_exponent(k), ret_spki);
	if (!cc_failed(st))
		st = rsa_public_key_encode(pubkey_modulus(k), pubkey_exponent(k), &rsa);
	if (!cc_failed(st))
		st = hash_digest(HASH_SHA1, buf_view(&rsa), ret_key_id);
	buf_done(&rsa);
	return st;
}

cc_status tbs_public_key(struct keystore *ks, const char *label, enum ec_param_form params, struct buf *ret_spki,
			 struct digest *ret_key_id, struct cc_error *err)
{
	struct buf named = { 0 };
	struct pubkey *k = NULL;
	cc_status st = keystore_public_key(ks, label, &named);

	if (cc_failed(st))
		return key_fail(ks, st, err);
	st = pubkey_from_spki(buf_view(&named), &k, err);
	if (!cc_failed(st)) {
		st = encode_key(k, params, ret_spki, ret_key_id);
		if (cc_failed(st))
			(void)cc_fail(err, st.code, "pki.profile", "public key of %s", label);
	}
	pubkey_free(&k);
	buf_done(&named);
	return st;
}

/* ---- extensions */

static void open_extension(struct writer *w, struct bytes oid, bool critical)
{
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, oid);
	if (critical)
		der_put_bool(w, true);
	tlv_open(w, DER_OCTET_STRING);
}

static void close_extension(struct writer *w)
{
	tlv_close(w);
	tlv_close(w);
}

/* RFC 5280 4.2.1.3, as a named bit list: trailing zero bits are left out (X.690 11.2.2). */
void tbs_extension_key_usage(struct writer *w, unsigned usage)
{
	uint8_t bits = 0;
	uint8_t unused = 7;

	CC_ASSERT(usage > 0 && usage < 0x100);
	for (uint8_t i = 0; i < 8; i++)
		if ((usage & (1u << i)) != 0) {
			bits = (uint8_t)(bits | (0x80u >> i));
			unused = (uint8_t)(7 - i);
		}
	open_extension(w, BYTES_LITERAL("\x55\x1D\x0F"), true);
	tlv_open(w, DER_BIT_STRING);
	writer_u8(w, unused);
	writer_u8(w, bits);
	tlv_close(w);
	close_extension(w);
}

void tbs_extension_key_ids(struct writer *w, struct bytes subject_key_id, struct bytes authority_key_id)
{
	open_extension(w, BYTES_LITERAL("\x55\x1D\x0E"), false);
	tlv_put(w, DER_OCTET_STRING, subject_key_id);
	close_extension(w);
	open_extension(w, BYTES_LITERAL("\x55\x1D\x23"), false);
	tlv_open(w, DER_SEQUENCE);
	tlv_put(w, 0x80, authority_key_id);
	tlv_close(w);
	close_extension(w);
}

void tbs_extension_private_key_usage(struct writer *w, int64_t from_s, int64_t to_s)
{
	open_extension(w, BYTES_LITERAL("\x55\x1D\x10"), false);
	tlv_open(w, DER_SEQUENCE);
	asn1_put_generalized_time(w, 0x80, from_s);
	asn1_put_generalized_time(w, 0x81, to_s);
	tlv_close(w);
	close_extension(w);
}

static void put_alt_name(struct writer *w, struct bytes oid, const char *country_icao)
{
	open_extension(w, oid, false);
	tlv_open(w, DER_SEQUENCE);
	tlv_open(w, 0xA4); /* directoryName is a CHOICE and so its tag is explicit */
	tlv_open(w, DER_SEQUENCE);
	put_attribute(w, BYTES_LITERAL(ID_LOCALITY), country_icao);
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
	close_extension(w);
}

void tbs_extension_alt_names(struct writer *w, const char *country_icao)
{
	put_alt_name(w, BYTES_LITERAL("\x55\x1D\x11"), country_icao);
	put_alt_name(w, BYTES_LITERAL("\x55\x1D\x12"), country_icao);
}

void tbs_extension_basic_constraints_ca(struct writer *w, unsigned path_len)
{
	open_extension(w, BYTES_LITERAL("\x55\x1D\x13"), true);
	tlv_open(w, DER_SEQUENCE);
	der_put_bool(w, true);
	der_put_uint(w, path_len);
	tlv_close(w);
	close_extension(w);
}

void tbs_extension_crl(struct writer *w, const char *url)
{
	if (url == NULL)
		return;
	open_extension(w, BYTES_LITERAL("\x55\x1D\x1F"), false);
	tlv_open(w, DER_SEQUENCE);
	tlv_open(w, DER_SEQUENCE);
	tlv_open(w, 0xA0);
	tlv_open(w, 0xA0);
	tlv_put(w, 0x86, bytes_str(url));
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
	tlv_close(w);
	close_extension(w);
}

/* ICAO 9303-12 7.1.1.4 */
void tbs_extension_master_list_signer(struct writer *w)
{
	open_extension(w, BYTES_LITERAL("\x55\x1D\x25"), true);
	tlv_open(w, DER_SEQUENCE);
	der_put_oid(w, BYTES_LITERAL("\x67\x81\x08\x01\x01\x03"));
	tlv_close(w);
	close_extension(w);
}

/* ICAO 9303-12 7.1.1.5: NameChangeSyntax ::= NULL, not critical */
void tbs_extension_name_change(struct writer *w)
{
	open_extension(w, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x01"), false);
	der_put_null(w);
	close_extension(w);
}

/* ICAO 9303-12 7.1.1.6: DocumentTypeListSyntax ::= SEQUENCE { version 0, SET OF PrintableString }, in DER order. */
void tbs_extension_document_types(struct writer *w, const char *const *types, size_t cap)
{
	uint8_t objects[DER_SET_MAX][4];
	struct bytes members[DER_SET_MAX];
	size_t count = 0;

	for (; count < cap && count < DER_SET_MAX && types[count] != NULL; count++) {
		size_t n = strlen(types[count]);

		if (n < 1 || n > 2 || !is_printable(types[count])) {
			writer_fail(w, CC_E_ARG);
			return;
		}
		objects[count][0] = DER_PRINTABLE_STRING;
		objects[count][1] = (uint8_t)n;
		memcpy(&objects[count][2], types[count], n);
		members[count] = bytes_of(objects[count], 2 + n);
	}
	if (count == 0)
		return;
	open_extension(w, BYTES_LITERAL("\x67\x81\x08\x01\x01\x06\x02"), false);
	tlv_open(w, DER_SEQUENCE);
	der_put_uint(w, 0);
	asn1_put_set_of(w, DER_SET, members, count);
	tlv_close(w);
	close_extension(w);
}

/* ---- the whole */

/* RFC 5280 4.1.2.2, ICAO 9303-12 7.1: positive, at most 20 octets. 126 random bits; the first octet is never 0 or negative. */
static cc_status make_serial(const struct sys *sys, uint8_t out[SERIAL_LEN])
{
	cc_status st = sys_random(sys, out, SERIAL_LEN);

	out[0] = (uint8_t)((out[0] & 0x3F) | 0x40);
	return st;
}

static cc_status encode_tbs(const struct tbs *t, struct bytes sig_alg, struct bytes serial, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CERT_MAX);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, 0xA0);
	der_put_uint(&w, 2);
	tlv_close(&w);
	der_put_integer(&w, serial);
	writer_put(&w, sig_alg);
	writer_put(&w, t->issuer);
	tlv_open(&w, DER_SEQUENCE);
	asn1_put_time(&w, t->not_before_s);
	asn1_put_time(&w, t->not_after_s);
	tlv_close(&w);
	writer_put(&w, t->subject);
	writer_put(&w, t->spki);
	tlv_open(&w, 0xA3);
	tlv_open(&w, DER_SEQUENCE);
	t->extensions(&w, t->ctx);
	tlv_close(&w);
	tlv_close(&w);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

static cc_status encode_cert(struct bytes tbs, struct bytes sig_alg, struct bytes sig, struct buf *ret)
{
	struct writer w;

	writer_init(&w, CERT_MAX + 2048);
	tlv_open(&w, DER_SEQUENCE);
	writer_put(&w, tbs);
	writer_put(&w, sig_alg);
	asn1_put_bit_string(&w, sig);
	tlv_close(&w);
	return writer_finish(&w, ret);
}

/* The finished certificate, read back by the code that inspects cards. */
static cc_status check_cert(const struct tbs *t, struct bytes der, struct bytes signed_part, struct bytes sig,
			    struct bytes issuer_spki, struct cc_error *err)
{
	struct cert *c = NULL;
	struct pubkey *issuer = NULL;
	cc_status st = cert_parse(der, &c, err);

	if (!cc_failed(st))
		st = pubkey_from_spki(issuer_spki, &issuer, err);
	if (!cc_failed(st)) {
		st = pubkey_verify(issuer, t->alg, signed_part, sig);
		if (!cc_failed(st) && (!bytes_equal(cert_spki(c), t->spki) || !bytes_equal(cert_issuer(c), t->issuer)))
			st = cc_code_status(CC_E_VERIFY);
		if (cc_failed(st))
			(void)cc_fail(err, st.code, "pki.self-check", "the new certificate doesn't verify");
	}
	pubkey_free(&issuer);
	cert_free(&c);
	return st;
}

cc_status tbs_sign(const struct tbs *tbs, struct keystore *ks, const char *signing_label, struct bytes issuer_spki,
		   const struct sys *sys, struct buf *ret_cert, struct cc_error *err)
{
	uint8_t serial[SERIAL_LEN];
	struct buf alg = { 0 }, body = { 0 }, sig = { 0 }, der = { 0 };
	cc_status st = make_serial(sys, serial);

	if (!cc_failed(st))
		st = sig_alg_encode(tbs->alg, &alg);
	if (!cc_failed(st))
		st = encode_tbs(tbs, buf_view(&alg), bytes_of(serial, sizeof serial), &body);
	if (cc_failed(st)) {
		(void)cc_fail(err, st.code, "pki.profile", "encoding: %s", cc_code_name(st.code));
		goto out;
	}
	st = keystore_sign(ks, signing_label, tbs->alg, buf_view(&body), &sig);
	if (cc_failed(st)) {
		st = key_fail(ks, st, err);
		goto out;
	}
	st = encode_cert(buf_view(&body), buf_view(&alg), buf_view(&sig), &der);
	if (cc_failed(st))
		(void)cc_fail(err, st.code, "pki.profile", "encoding: %s", cc_code_name(st.code));
	else
		st = check_cert(tbs, buf_view(&der), buf_view(&body), buf_view(&sig), issuer_spki, err);
	if (!cc_failed(st))
		buf_move(ret_cert, &der);
out:
	buf_done(&alg);
	buf_done(&body);
	buf_done(&sig);
	buf_done(&der);
	return st;
}
