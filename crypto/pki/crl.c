/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/crl.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pem.h"

#include <string.h>

#define DER_ENUMERATED 0x0A

/* All views point into der. */
struct crl {
	struct buf der;
	struct bytes tbs, sig_alg, sig, issuer, aki, number;
	int64_t this_update_s, next_update_s;
	bool has_unknown_critical;
	struct crl_entry *entries;
	size_t count, cap;
};

static const struct bytes oid_crl_number = BYTES_LITERAL("\x55\x1D\x14");
static const struct bytes oid_reason = BYTES_LITERAL("\x55\x1D\x15");
static const struct bytes oid_aki = BYTES_LITERAL("\x55\x1D\x23");

static const struct {
	enum crl_reason reason;
	const char *name;
} reasons[] = {
	{ CRL_UNSPECIFIED, "unspecified" },
	{ CRL_KEY_COMPROMISE, "key-compromise" },
	{ CRL_CA_COMPROMISE, "ca-compromise" },
	{ CRL_AFFILIATION_CHANGED, "affiliation-changed" },
	{ CRL_SUPERSEDED, "superseded" },
	{ CRL_CESSATION_OF_OPERATION, "cessation-of-operation" },
	{ CRL_CERTIFICATE_HOLD, "certificate-hold" },
	{ CRL_PRIVILEGE_WITHDRAWN, "privilege-withdrawn" },
	{ CRL_AA_COMPROMISE, "aa-compromise" },
	{ CRL_REMOVE_FROM_CRL, "remove-from-crl" },
};
#define REASON_COUNT (sizeof reasons / sizeof reasons[0])

const char *crl_reason_name(enum crl_reason r)
{
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (reasons[i].reason == r)
			return reasons[i].name;
	return "unspecified";
}

bool crl_reason_from_name(const char *name, enum crl_reason *ret)
{
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (strcmp(reasons[i].name, name) == 0 && reasons[i].reason != CRL_REMOVE_FROM_CRL) {
			*ret = reasons[i].reason;
			return true;
		}
	return false;
}

/* ---- entries */

static bool read_reason(struct bytes value, enum crl_reason *ret)
{
	struct cursor in, content;
	uint8_t n;

	cursor_init(&in, value);
	if (!tlv_expect(&in, TLV_STRICT, DER_ENUMERATED, &content) || cc_failed(cursor_end(&in)) || !cursor_u8(&content, &n) ||
	    cc_failed(cursor_end(&content)))
		return false;
	for (size_t i = 0; i < REASON_COUNT; i++)
		if ((uint8_t)reasons[i].reason == n) {
			*ret = reasons[i].reason;
			return true;
		}
	return false;
}

static bool read_entry(struct crl *c, struct cursor *list, struct crl_entry *ret)
{
	struct cursor seq, extensions;
	struct asn1_extension e;

	*ret = (struct crl_entry){ .reason = CRL_UNSPECIFIED };
	if (!tlv_expect(list, TLV_STRICT, DER_SEQUENCE, &seq) || !tlv_expect_bytes(&seq, TLV_STRICT, DER_INTEGER, &ret->serial) ||
	    ret->serial.n == 0 || !asn1_time(&seq, &ret->revoked_s))
		return false;
	if (cursor_left(&seq) == 0)
		return true;
	if (!tlv_expect(&seq, TLV_STRICT, DER_SEQUENCE, &extensions) || cc_failed(cursor_end(&seq)))
		return false;
	while (cursor_left(&extensions) > 0) {
		if (!asn1_extension(&extensions, &e))
			return false;
		if (bytes_equal(e.oid, oid_reason)) {
			if (!read_reason(e.value, &ret->reason))
				return false;
		} else if (e.critical) {
			c->has_unknown_critical = true; /* certificateIssuer: the serial is another issuer's */
		}
	}
	return true;
}

static cc_status append(struct crl *c, const struct crl_entry *e)
{
	size_t cap = c->cap > 0 ? 2 * c->cap : 64;
	struct crl_entry *more;

	if (c->count == CRL_ENTRIES_MAX)
		return cc_code_status(CC_E_LIMIT);
	if (c->count == c->cap) {
		more = cc_alloc(cap * sizeof *more);
		if (more == NULL)
			return cc_code_status(CC_E_MEMORY);
		if (c->count > 0)
			memcpy(more, c->entries, c->count * sizeof *more);
		cc_free(c->entries, c->cap * sizeof *more);
		c->entries = more;
		c->cap = cap;
	}
	c->entries[c->count++] = *e;
	return cc_ok();
}

static cc_status read_entries(struct crl *c, struct cursor *tbs)
{
	struct cursor list;
	struct crl_entry e;
	cc_status st = cc_ok();

	if (!tlv_expect(tbs, TLV_STRICT, DER_SEQUENCE, &list))
		return cc_code_status(CC_E_FORMAT);
	/* RFC 5280 5.1.2.6: when there are none, the list must be absent. */
	if (cursor_left(&list) == 0)
		return cc_code_status(CC_E_FORMAT);
	while (!cc_failed(st) && cursor_left(&list) > 0)
		st = read_entry(c, &list, &e) ? append(c, &e) : cc_code_status(CC_E_FORMAT);
	return st;
}

/* ---- the list */

static bool read_number(struct crl *c, struct bytes value)
{
	struct cursor in, content;
	uint8_t first;

	/* RFC 5280 5.2.3: at most 20 octets, not negative */
	cursor_init(&in, value);
	if (!tlv_expect_bytes(&in, TLV_STRICT, DER_INTEGER, &c->number) || cc_failed(cursor_end(&in)) || c->number.n > 20)
		return false;
	cursor_init(&content, c->number);
	return cursor_peek(&content, &first) && first < 0x80;
}

static bool read_extensions(struct crl *c, struct cursor *tbs)
{
	struct cursor tagged, seq;
	struct asn1_extension e;

	if (!tlv_expect(tbs, TLV_STRICT, 0xA0, &tagged) || !tlv_expect(&tagged, TLV_STRICT, DER_SEQUENCE, &seq) ||
	    cc_failed(cursor_end(&tagged)))
		return false;
	while (cursor_left(&seq) > 0) {
		if (!asn1_extension(&seq, &e))
			return false;
		if (bytes_equal(e.oid, oid_aki)) {
			if (c->aki.n > 0 || !asn1_authority_key_id(e.value, &c->aki))
				return false;
		} else if (bytes_equal(e.oid, oid_crl_number)) {
			if (c->number.n > 0 || !read_number(c, e.value))
				return false;
		} else if (e.critical) {
			c->has_unknown_critical = true;
		}
	}
	return true;
}

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "crl.malformed", "%s", what);
}

static cc_status read_tbs(struct crl *c, struct cursor *tbs, struct cc_error *err)
{
	struct tlv t;
	uint64_t version;
	cc_status st;

	if (!der_uint(tbs, &version) || version != 1)
		return malformed(err, "not version 2");
	if (!tlv_next(tbs, TLV_STRICT, &t) || t.tag != DER_SEQUENCE || !bytes_equal(t.whole, c->sig_alg))
		return malformed(err, "signature algorithm");
	if (!tlv_next(tbs, TLV_STRICT, &t) || t.tag != DER_SEQUENCE)
		return malformed(err, "issuer");
	c->issuer = t.whole;
	/* ICAO 9303-12 7.1.4: nextUpdate is mandatory. */
	if (!asn1_time(tbs, &c->this_update_s) || !asn1_time(tbs, &c->next_update_s))
		return malformed(err, "thisUpdate or nextUpdate");
	if (tlv_is_next(tbs, DER_SEQUENCE)) {
		st = read_entries(c, tbs);
		if (cc_failed(st))
			return cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crl.malformed", "entries");
	}
	if (tlv_is_next(tbs, 0xA0) && !read_extensions(c, tbs))
		return malformed(err, "extensions");
	return cc_failed(cursor_end(tbs)) ? malformed(err, "trailing bytes") : cc_ok();
}

static cc_status read_crl(struct crl *c, struct cc_error *err)
{
	struct cursor in, seq, tbs;
	struct tlv t, alg;

	cursor_init(&in, buf_view(&c->der));
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !tlv_next(&seq, TLV_STRICT, &t) ||
	    t.tag != DER_SEQUENCE || !tlv_next(&seq, TLV_STRICT, &alg) || alg.tag != DER_SEQUENCE ||
	    !asn1_bit_string(&seq, TLV_STRICT, &c->sig) || cc_failed(cursor_end(&seq)))
		return malformed(err, "CertificateList");
	c->tbs = t.whole;
	c->sig_alg = alg.whole;
	cursor_init(&tbs, t.value);
	return read_tbs(c, &tbs, err);
}

void crl_free(struct crl **c)
{
	if (*c == NULL)
		return;
	cc_free((*c)->entries, (*c)->cap * sizeof *(*c)->entries);
	buf_done(&(*c)->der);
	cc_free(*c, sizeof **c);
	*c = NULL;
}

static cc_status parse_der(struct bytes der, struct crl **ret, struct cc_error *err)
{
	struct crl *c;
	cc_status st;

	if (der.n > CRL_LEN_MAX)
		return cc_fail(err, CC_E_LIMIT, "crl.malformed", "%zu bytes", der.n);
	c = cc_alloc(sizeof *c);
	if (c == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "crl");
	st = buf_copy(&c->der, der);
	if (cc_failed(st))
		st = cc_fail(err, st.code, "memory", "crl");
	else
		st = read_crl(c, err);
	if (cc_failed(st))
		crl_free(&c);
	else
		*ret = c;
	return st;
}

struct pem_one {
	struct crl *crl;
	struct cc_error *err;
};

static cc_status take_one(void *ctx, struct bytes der)
{
	struct pem_one *one = ctx;

	if (one->crl != NULL)
		return malformed(one->err, "more than one list in PEM");
	return parse_der(der, &one->crl, one->err);
}

cc_status crl_parse(struct bytes data, struct crl **ret, struct cc_error *err)
{
	struct pem_one one = { .err = err };
	size_t count = 0;
	cc_status st;

	if (!pem_is(data))
		return parse_der(data, ret, err);
	st = pem_each_crl(data, take_one, &one, &count);
	if (!cc_failed(st) && one.crl == NULL)
		st = malformed(err, "no list in PEM");
	if (cc_failed(st)) {
		(void)cc_fail(err, st.code, "crl.malformed", "PEM");
		crl_free(&one.crl);
	} else {
		*ret = one.crl;
	}
	return st;
}

/* ---- what it says */

struct bytes crl_der(const struct crl *c)
{
	return buf_view(&c->der);
}

struct bytes crl_issuer(const struct crl *c)
{
	return c->issuer;
}

struct bytes crl_aki(const struct crl *c)
{
	return c->aki;
}

int64_t crl_this_update_s(const struct crl *c)
{
	return c->this_update_s;
}

int64_t crl_next_update_s(const struct crl *c)
{
	return c->next_update_s;
}

struct bytes crl_number(const struct crl *c)
{
	return c->number;
}

size_t crl_count(const struct crl *c)
{
	return c->count;
}

struct crl_entry crl_at(const struct crl *c, size_t i)
{
	CC_ASSERT(i < c->count);
	return c->entries[i];
}

bool crl_find(const struct crl *c, struct bytes serial, struct crl_entry *ret)
{
	for (size_t i = 0; i < c->count; i++)
		if (bytes_equal(c->entries[i].serial, serial)) {
			*ret = c->entries[i];
			return true;
		}
	return false;
}

cc_status crl_verify(const struct crl *c, const struct cert *issuer, struct cc_error *err)
{
	struct sig_alg alg;
	unsigned usage;
	cc_status st;

	if (c->has_unknown_critical)
		return cc_fail(err, CC_E_UNSUPPORTED, "crl.unsupported",
			       "a delta or partial list, or an unknown critical extension");
	/* RFC 5280 6.3.3 (f): cRLSign where keyUsage is present. */
	if (!cert_is_ca(issuer) || (cert_key_usage(issuer, &usage) && (usage & CERT_USAGE_CRL_SIGN) == 0))
		return cc_fail(err, CC_E_DENIED, "crl.issuer", "the issuer may not sign lists");
	if (cert_pubkey(issuer) == NULL)
		return cc_fail(err, CC_E_UNSUPPORTED, "crl.unsupported", "the issuer's key is of an unknown kind");
	st = sig_alg_parse(c->sig_alg, HASH_COUNT, &alg, NULL);
	if (cc_failed(st))
		return cc_fail(err, CC_E_UNSUPPORTED, "crl.unsupported", "signature algorithm");
	st = pubkey_verify(cert_pubkey(issuer), alg, c->tbs, c->sig);
	if (st.code == CC_E_VERIFY)
		return cc_fail(err, st.code, "crl.signature-wrong", "the signature is not the issuer's");
	return cc_failed(st) ? cc_fail(err, st.code, st.code == CC_E_MEMORY ? "memory" : "crypto.failed", "crl") : st;
}
