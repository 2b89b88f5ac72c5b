/* SPDX-License-Identifier: Apache-2.0 */
#include "card/inspect/defect_list.h"

#include "card/lds/sod.h"
#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/cms.h"

#include <stdio.h>
#include <string.h>

#define DEFECTS_MAX 4096
#define OID_TEXT 64

static const struct bytes oid_bsi_list = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x01\x05"); /* 0.4.0.127.0.7.3.1.5 */
static const struct bytes oid_icao_list = BYTES_LITERAL("\x67\x81\x08\x01\x01\x07");	    /* 2.23.136.1.1.7 */

struct defect {
	struct bytes issuer, serial, ski, digest; /* of the document signer; empty: not named by it */
	struct bytes oid, params;
};
struct defect_list {
	struct cms *cms;
	enum hash_alg hash; /* of certificate digests */
	size_t count;
	struct defect items[DEFECTS_MAX];
};

/* ---- reading */
static bool read_signer(struct cursor *in, struct defect *d)
{
	struct cursor seq;
	struct tlv t, name;

	if (!tlv_next(in, TLV_LENIENT, &t))
		return false;
	if (t.tag == DER_SEQUENCE || (t.tag & 0xE0) == 0xA0) {
		cursor_init(&seq, t.value);
		/* An explicit tag around issuer and serial number. */
		if (t.tag != DER_SEQUENCE && tlv_is_next(&seq, DER_SEQUENCE)) {
			struct cursor inner = seq, probe;

			if (tlv_expect(&inner, TLV_LENIENT, DER_SEQUENCE, &probe) && tlv_is_next(&probe, DER_SEQUENCE))
				seq = probe;
		}
		if (!tlv_next(&seq, TLV_LENIENT, &name) || name.tag != DER_SEQUENCE ||
		    !tlv_expect_bytes(&seq, TLV_LENIENT, DER_INTEGER, &d->serial))
			return false;
		d->issuer = name.whole;
		return true;
	}
	d->ski = t.value;
	return t.value.n > 0;
}

static bool keep(struct defect_list *l, const struct defect *d)
{
	if (l->count == DEFECTS_MAX)
		return false;
	l->items[l->count++] = *d;
	return true;
}

/* BSI: Defect { signer, [certificateHash], SET OF { OID, params } }. */
static bool read_bsi_defect(struct defect_list *l, struct cursor *in)
{
	struct cursor set, known;
	struct defect d = { 0 };

	if (!read_signer(in, &d))
		return false;
	if (tlv_is_next(in, DER_OCTET_STRING) && !tlv_expect_bytes(in, TLV_LENIENT, DER_OCTET_STRING, &d.digest))
		return false;
	if (!tlv_expect(in, TLV_LENIENT, DER_SET, &set))
		return false;
	while (cursor_left(&set) > 0) {
		if (!tlv_expect(&set, TLV_LENIENT, DER_SEQUENCE, &known) || !der_oid(&known, &d.oid))
			return false;
		d.params = cursor_rest(&known);
		if (!keep(l, &d))
			return false;
	}
	return !cc_failed(cursor_end(in));
}

/* ICAO: Deviation { documents { [0] type, [1] signer, ... }, SET OF { [description], OID, [0] parameters } }. */
static bool read_icao_defect(struct defect_list *l, struct cursor *in)
{
	struct cursor documents, set, one, signer;
	struct defect d = { 0 };
	struct tlv t;

	if (!tlv_expect(in, TLV_LENIENT, DER_SEQUENCE, &documents))
		return false;
	while (cursor_left(&documents) > 0) {
		if (!tlv_next(&documents, TLV_LENIENT, &t))
			return false;
		cursor_init(&signer, t.tag == 0xA1 ? t.value : t.whole);
		if (t.tag == 0xA1 && !read_signer(&signer, &d))
			return false;
	}
	if (!tlv_expect(in, TLV_LENIENT, DER_SET, &set))
		return false;
	while (cursor_left(&set) > 0) {
		if (!tlv_expect(&set, TLV_LENIENT, DER_SEQUENCE, &one))
			return false;
		if (!tlv_is_next(&one, DER_OID) && !tlv_next(&one, TLV_LENIENT, &t))
			return false;
		if (!der_oid(&one, &d.oid))
			return false;
		d.params = bytes_of(NULL, 0);
		if (tlv_is_next(&one, 0xA0) && !tlv_expect_bytes(&one, TLV_LENIENT, 0xA0, &d.params))
			return false;
		if (!keep(l, &d))
			return false;
	}
	return !cc_failed(cursor_end(in));
}

static bool read_list(struct defect_list *l, struct bytes content, bool icao)
{
	struct asn1_algorithm alg;
	struct cursor in, seq, set, item;
	struct bytes oid;
	uint64_t version;

	l->hash = HASH_COUNT;
	cursor_init(&in, content);
	if (!tlv_expect(&in, TLV_LENIENT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_uint(&seq, &version))
		return false;
	if (tlv_is_next(&seq, DER_OID)) {
		if (!der_oid(&seq, &oid) || !hash_from_oid(oid, &l->hash))
			return false;
	} else if (tlv_is_next(&seq, DER_SEQUENCE)) {
		if (!asn1_algorithm(&seq, TLV_LENIENT, &alg) || !hash_from_oid(alg.oid, &l->hash))
			return false;
	}
	if (!tlv_expect(&seq, TLV_LENIENT, DER_SET, &set))
		return false;
	while (cursor_left(&set) > 0) {
		if (!tlv_expect(&set, TLV_LENIENT, DER_SEQUENCE, &item) ||
		    !(icao ? read_icao_defect(l, &item) : read_bsi_defect(l, &item)))
			return false;
	}
	return true;
}

/* ---- the list's signature */
static bool trusted(const struct cert *signer, const struct trust *trust, int64_t now_s)
{
	struct chain chain;

	for (size_t i = 0; trust != NULL && i < trust_count(trust); i++) {
		if (bytes_equal(cert_der(trust_at(trust, i)), cert_der(signer)))
			return true;
	}
	if (trust == NULL)
		return false;
	trust_verify_chain(trust, signer, now_s, &chain, NULL);
	return chain.verdict == CHAIN_GOOD;
}

static cc_status check_signature(const struct defect_list *l, const struct trust *trust, int64_t now_s, struct cc_error *err)
{
	const struct cert *signer = cms_signer_cert(l->cms);

	if (signer == NULL)
		return cc_fail(err, CC_E_VERIFY, "defects.signature", "the signer's certificate isn't inside");
	if (cc_failed(cms_verify(l->cms, signer, NULL)))
		return cc_fail(err, CC_E_VERIFY, "defects.signature", "the signature is wrong");
	if (!trusted(signer, trust, now_s))
		return cc_fail(err, CC_E_VERIFY, "defects.signature", "the signer leads to no trusted certificate");
	return cc_ok();
}

cc_status defect_list_parse(struct bytes data, const struct trust *trust, int64_t now_s, struct defect_list **ret,
			    struct cc_error *err)
{
	struct defect_list *l;
	bool icao;
	cc_status st;

	if (data.n > DEFECT_LIST_MAX)
		return cc_fail(err, CC_E_LIMIT, "defects.structure", "%zu bytes", data.n);
	l = cc_alloc(sizeof *l);
	if (l == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "defect list");
	if (cc_failed(cms_parse(data, &l->cms, NULL))) {
		st = cc_fail(err, CC_E_FORMAT, "defects.structure", "not a CMS SignedData");
		goto out;
	}
	icao = bytes_equal(cms_content_type(l->cms), oid_icao_list);
	if ((!icao && !bytes_equal(cms_content_type(l->cms), oid_bsi_list)) || !read_list(l, cms_content(l->cms), icao))
		st = cc_fail(err, CC_E_FORMAT, "defects.structure", "neither a defect list nor a deviation list");
	else
		st = check_signature(l, trust, now_s, err);
out:
	if (cc_failed(st))
		defect_list_free(&l);
	else
		*ret = l;
	return st;
}

void defect_list_free(struct defect_list **l)
{
	if (*l == NULL)
		return;
	cms_free(&(*l)->cms);
	cc_free(*l, sizeof **l);
	*l = NULL;
}

size_t defect_list_count(const struct defect_list *l)
{
	return l->count;
}

/* ---- applying */
static bool names_signer(const struct defect_list *l, const struct defect *d, const struct cert *signer)
{
	struct digest have;

	if (d->digest.n > 0 && l->hash < HASH_COUNT)
		return !cc_failed(hash_digest(l->hash, cert_der(signer), &have)) &&
		       bytes_equal(bytes_of(have.p, have.n), d->digest);
	if (d->ski.n > 0)
		return bytes_equal(d->ski, cert_ski(signer));
	return d->serial.n > 0 && bytes_equal(d->serial, cert_serial(signer)) && cert_name_equal(d->issuer, cert_issuer(signer));
}

/* INTEGERs of the parameters: one, or a SET of them. Bit n-1 for data group n; BSI and ICAO count alike. */
static uint32_t groups_of(struct bytes params)
{
	struct cursor in, set;
	uint32_t mask = 0;
	uint64_t n;

	cursor_init(&in, params);
	if (tlv_is_next(&in, DER_SET) && tlv_expect(&in, TLV_LENIENT, DER_SET, &set))
		in = set;
	while (tlv_is_next(&in, DER_INTEGER) && der_uint(&in, &n)) {
		if (n >= 1 && n <= LDS_DG_LAST)
			mask |= 1u << (n - 1);
	}
	return mask;
}

/* A data group's own checks, "dg2.structure" or "sod.dg2". */
static bool is_group_check(const char *id, uint32_t groups)
{
	char a[16], b[16];

	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		(void)snprintf(a, sizeof a, "dg%u.", n);
		(void)snprintf(b, sizeof b, "sod.dg%u", n);
		if ((groups & 1u << (n - 1)) != 0 && (strncmp(id, a, strlen(a)) == 0 || strcmp(id, b) == 0))
			return true;
	}
	/* DG1 and DG13 are judged under names of their own */
	return ((groups & 1u) != 0 && strncmp(id, "mrz.", 4) == 0) || ((groups & 1u << 12) != 0 && strncmp(id, "dg13", 4) == 0);
}

static bool is_about(const struct defect_kind *k, const char *id, uint32_t groups)
{
	const char *at = strstr(k->checks, id);
	size_t n = strlen(id);

	if (strstr(k->checks, "dgN") != NULL && is_group_check(id, groups))
		return true;
	return at != NULL && (at == k->checks || at[-1] == ' ') && (at[n] == 0 || at[n] == ' ');
}

static void change(struct inspect_check *c, enum inspect_result result, const struct defect_kind *k)
{
	const struct inspect_check before = *c;
	size_t n;

	c->result = result;
	inspect_check_say(c, "%s is known of this signer", k->name);
	n = strlen(c->evidence);
	(void)snprintf(c->evidence + n, sizeof c->evidence - n, "; %.160s", before.evidence);
	n = strlen(c->evidence_vi);
	/* Whole or not at all: a cut would leave half a letter. */
	if (strlen(before.evidence_vi) + n + 3 <= sizeof c->evidence_vi)
		(void)snprintf(c->evidence_vi + n, sizeof c->evidence_vi - n, "; %.*s", (int)(sizeof c->evidence_vi - n - 3),
			       before.evidence_vi);
}

static void apply_kind(const struct defect_kind *k, uint32_t groups, struct inspection *i)
{
	for (size_t n = 0; n < i->check_count; n++) {
		struct inspect_check *c = &i->checks[n];

		if (!is_about(k, c->id, groups))
			continue;
		if (k->effect == DEFECT_EXCUSES && c->result == INSPECT_FAILED)
			change(c, INSPECT_INCONCLUSIVE, k);
		/* What the list says may be malformed proves nothing either, when it looks good. */
		if (k->effect == DEFECT_PROVES_NOT && (c->result == INSPECT_PASSED || c->result == INSPECT_FAILED))
			change(c, INSPECT_INCONCLUSIVE, k);
	}
}

/* id-CertReplaced: EF.SOD under the other certificate of the signer. */
static void apply_replacement(struct bytes params, const struct sod *sod, const struct inspect_params *p, struct inspection *i)
{
	struct cert *other = NULL;
	enum chain_verdict v;

	if (cc_failed(cert_parse(params, &other, NULL)))
		return;
	v = p->trust != NULL ? trust_verify(p->trust, other, p->now_s, NULL, NULL) : CHAIN_NO_ANCHOR;
	for (size_t n = 0; n < i->check_count; n++) {
		struct inspect_check *c = &i->checks[n];

		if (strcmp(c->id, "sod.signature") == 0) {
			c->result = cc_failed(cms_verify(sod->cms, other, NULL)) ? INSPECT_FAILED : INSPECT_PASSED;
			inspect_check_say(c, "under the replacement of the signer's certificate");
		} else if (strcmp(c->id, "sod.chain") == 0) {
			c->result = v == CHAIN_GOOD ? INSPECT_PASSED : INSPECT_INCONCLUSIVE;
			inspect_check_say(c, "replacement: %s", chain_verdict_name(v));
		}
	}
	cert_free(&other);
}

static void tell(const struct defect_kind *k, size_t number, struct inspection *i)
{
	struct inspect_check *c;

	if (i->check_count == INSPECT_CHECKS_MAX)
		return;
	c = &i->checks[i->check_count++];
	*c = (struct inspect_check){ .result = k->effect == DEFECT_REFUSES ? INSPECT_FAILED : INSPECT_REMARK };
	(void)snprintf(c->id, sizeof c->id, "defect.%zu", number);
	inspect_check_say(c, "%s (%s)%s", k->name, k->oid,
			  k->effect == DEFECT_REFUSES ? ": the electronic part must not be used" : "");
}

cc_status defect_list_apply(const struct defect_list *l, const struct inspect_params *p, struct inspection *i, size_t *ret_count)
{
	struct sod sod = { 0 };
	const struct cert *signer;
	size_t applied = 0;
	cc_status st = sod_parse(lds_set_get(&i->files, LDS_SOD), &sod, NULL);

	if (st.code == CC_E_MEMORY)
		return st;
	signer = cc_failed(st) ? NULL : cms_signer_cert(sod.cms);
	for (size_t n = 0; signer != NULL && n < l->count; n++) {
		const struct defect *d = &l->items[n];
		const struct defect_kind *k = defect_kind_of(d->oid);

		if (!names_signer(l, d, signer))
			continue;
		applied++;
		if (k->effect == DEFECT_REPLACES)
			apply_replacement(d->params, &sod, p, i);
		else
			apply_kind(k, groups_of(d->params), i);
		tell(k, applied, i);
	}
	sod_done(&sod);
	if (applied > 0)
		inspection_judge(i);
	*ret_count = applied;
	return cc_ok();
}
