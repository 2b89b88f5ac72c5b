/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/dh_internal.h"

#define SPKI_MAX 2048

static const struct bytes oid_x942 = BYTES_LITERAL("\x2A\x86\x48\xCE\x3E\x02\x01");	     /* 1.2.840.10046.2.1 */
static const struct bytes oid_pkcs3 = BYTES_LITERAL("\x2A\x86\x48\x86\xF7\x0D\x01\x03\x01"); /* 1.2.840.113549.1.3.1 */
static const struct bytes oid_standardized = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x01\x02");  /* 0.4.0.127.0.7.1.2 */

static bool same_number(struct bytes twos, const BIGNUM *known)
{
	BIGNUM *bn = BN_bin2bn(twos.p, (int)twos.n, NULL);
	bool same = bn != NULL && BN_cmp(bn, known) == 0;

	BN_free(bn);
	return same;
}

static bool match(struct bytes p, struct bytes g, struct bytes q, enum dh_group *ret)
{
	for (unsigned i = 0; i < DH_GROUP_COUNT; i++) {
		const struct dh_numbers *n = dh_group_numbers((enum dh_group)i);

		if (n == NULL || !same_number(p, n->p) || !same_number(g, n->g) || (q.n > 0 && !same_number(q, n->q)))
			continue;
		*ret = (enum dh_group)i;
		return true;
	}
	return false;
}

/*
 * RFC 3279 2.3.3 DomainParameters { p, g, q, j, validationParms } or PKCS#3 DHParameter { p, g, privateValueLength }: the
 * second can't tell q, which the known group brings.
 */
static cc_status explicit_group(struct asn1_algorithm alg, enum dh_group *ret, struct cc_error *err)
{
	struct cursor in, seq;
	struct bytes p, g, q = { 0 };

	cursor_init(&in, alg.params);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_integer(&seq, &p) ||
	    !der_integer(&seq, &g) || (bytes_equal(alg.oid, oid_x942) && !der_integer(&seq, &q)) || p.n > DH_PRIME_LEN_MAX + 1)
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "DH parameters");
	if (!match(p, g, q, ret))
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-group", "DH parameters of no known group");
	return cc_ok();
}

static cc_status group_of(struct asn1_algorithm alg, enum dh_group *ret, struct cc_error *err)
{
	struct cursor in;
	uint64_t id;

	if (bytes_equal(alg.oid, oid_x942) || bytes_equal(alg.oid, oid_pkcs3))
		return explicit_group(alg, ret, err);
	cursor_init(&in, alg.params);
	if (!bytes_equal(alg.oid, oid_standardized) || !der_uint(&in, &id) || cc_failed(cursor_end(&in)) || id > 31 ||
	    !dh_group_from_parameter_id((unsigned)id, ret))
		return cc_fail(err, CC_E_UNSUPPORTED, "pubkey.unknown-group", "not a DH key of a known group");
	return cc_ok();
}

cc_status dh_spki_parse(struct bytes der, enum dh_group *ret_group, struct buf *ret_y, struct cc_error *err)
{
	struct asn1_algorithm alg;
	struct cursor in, seq, key;
	struct bytes bits, y;
	enum dh_group group;
	uint8_t first;
	cc_status st;

	cursor_init(&in, der);
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || !asn1_algorithm(&seq, TLV_STRICT, &alg) ||
	    !asn1_bit_string(&seq, TLV_STRICT, &bits) || cc_failed(cursor_end(&seq)) || cc_failed(cursor_end(&in)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "SubjectPublicKeyInfo");
	st = group_of(alg, &group, err);
	if (cc_failed(st))
		return st;
	cursor_init(&key, bits);
	if (!der_integer(&key, &y) || cc_failed(cursor_end(&key)))
		return cc_fail(err, CC_E_FORMAT, "pubkey.malformed", "DH public value");
	cursor_init(&key, y);
	/* The INTEGER's sign octet is no part of the number. */
	if (!cursor_peek(&key, &first) || first >= 0x80 || (first == 0 && !cursor_skip(&key, 1)))
		return cc_fail(err, CC_E_VERIFY, "pubkey.bad-value", "DH public value");
	y = cursor_rest(&key);
	st = dh_public_check(group, y);
	if (!cc_failed(st))
		st = buf_copy(ret_y, y);
	if (cc_failed(st))
		return cc_fail(err, st.code, "pubkey.bad-value", "DH public value");
	*ret_group = group;
	return st;
}

static void put_bn(struct writer *w, const BIGNUM *bn)
{
	uint8_t raw[DH_PRIME_LEN_MAX];

	der_put_integer(w, bytes_of(raw, (size_t)BN_bn2bin(bn, raw)));
}

cc_status dh_spki_encode(enum dh_group group, struct bytes y, enum dh_spki_form form, struct buf *ret)
{
	const struct dh_numbers *n = dh_group_numbers(group);
	struct writer w, key;
	cc_status st = dh_public_check(group, y);

	if (cc_failed(st))
		return st;
	writer_init(&w, SPKI_MAX);
	writer_init(&key, SPKI_MAX);
	der_put_integer(&key, y);
	tlv_open(&w, DER_SEQUENCE);
	tlv_open(&w, DER_SEQUENCE);
	der_put_oid(&w, form == DH_SPKI_X942 ? oid_x942 : oid_standardized);
	if (form == DH_SPKI_X942) {
		tlv_open(&w, DER_SEQUENCE);
		put_bn(&w, n->p);
		put_bn(&w, n->g);
		put_bn(&w, n->q);
		tlv_close(&w);
	} else {
		der_put_uint(&w, (uint64_t)dh_group_parameter_id(group));
	}
	tlv_close(&w);
	asn1_put_bit_string(&w, writer_view(&key));
	tlv_close(&w);
	if (key.failed != CC_OK)
		writer_fail(&w, key.failed);
	writer_done(&key);
	return writer_finish(&w, ret);
}
