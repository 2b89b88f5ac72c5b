/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pki/master_list.h"

#include "crypto/asn1.h"
#include "crypto/base/secret.h"
#include "crypto/pki/tbs.h"
#include "crypto/x509_profile.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX (16u << 20)

/* id-icao-cscaMasterList 2.23.136.1.1.2 */
static const struct bytes oid_master_list = BYTES_LITERAL("\x67\x81\x08\x01\x01\x02");

struct master_list {
	struct cms *cms;
	size_t count;
	struct cert *certs[MASTER_LIST_CERTS_MAX];
};

/* ---- reading */

static cc_status malformed(struct cc_error *err, const char *what)
{
	return cc_fail(err, CC_E_FORMAT, "master-list.malformed", "%s", what);
}

static bool has(const struct master_list *l, struct bytes der)
{
	for (size_t i = 0; i < l->count; i++)
		if (bytes_equal(cert_der(l->certs[i]), der))
			return true;
	return false;
}

static cc_status read_certs(struct master_list *l, struct cursor *set, struct cc_error *err)
{
	struct tlv t;
	cc_status st;

	while (cursor_left(set) > 0) {
		if (!tlv_next(set, TLV_STRICT, &t) || t.tag != DER_SEQUENCE)
			return malformed(err, "certList");
		if (has(l, t.whole))
			continue;
		if (l->count == MASTER_LIST_CERTS_MAX)
			return cc_fail(err, CC_E_LIMIT, "master-list.malformed", "more than %d certificates",
				       MASTER_LIST_CERTS_MAX);
		st = cert_parse(t.whole, &l->certs[l->count], err);
		if (cc_failed(st))
			return st;
		l->count++;
	}
	return l->count > 0 ? cc_ok() : malformed(err, "no certificates");
}

/* ICAO 9303-12 8.2: CscaMasterList ::= SEQUENCE { version INTEGER { v0(0) }, certList SET OF Certificate } */
static cc_status read_content(struct master_list *l, struct cc_error *err)
{
	struct cursor in, seq, set;
	uint64_t version;

	if (!bytes_equal(cms_content_type(l->cms), oid_master_list))
		return malformed(err, "another content type");
	cursor_init(&in, cms_content(l->cms));
	if (!tlv_expect(&in, TLV_STRICT, DER_SEQUENCE, &seq) || cc_failed(cursor_end(&in)) || !der_uint(&seq, &version) ||
	    version != 0 || !tlv_expect(&seq, TLV_STRICT, DER_SET, &set) || cc_failed(cursor_end(&seq)))
		return malformed(err, "CscaMasterList version 0");
	return read_certs(l, &set, err);
}

void master_list_free(struct master_list **l)
{
	if (*l == NULL)
		return;
	for (size_t i = 0; i < (*l)->count; i++)
		cert_free(&(*l)->certs[i]);
	cms_free(&(*l)->cms);
	cc_free(*l, sizeof **l);
	*l = NULL;
}

cc_status master_list_parse(struct bytes data, struct master_list **ret, struct cc_error *err)
{
	struct master_list *l = cc_alloc(sizeof *l);
	cc_status st;

	if (l == NULL)
		return cc_fail(err, CC_E_MEMORY, "memory", "master list");
	st = cms_parse(data, &l->cms, err);
	if (!cc_failed(st))
		st = read_content(l, err);
	if (cc_failed(st))
		master_list_free(&l);
	else
		*ret = l;
	return st;
}

size_t master_list_count(const struct master_list *l)
{
	return l->count;
}

const struct cert *master_list_at(const struct master_list *l, size_t i)
{
	CC_ASSERT(i < l->count);
	return l->certs[i];
}

const struct cms *master_list_cms(const struct master_list *l)
{
	return l->cms;
}

const struct cert *master_list_signer(const struct master_list *l)
{
	return cms_signer_cert(l->cms);
}

bool master_list_signing_time(const struct master_list *l, int64_t *ret_s)
{
	return cms_signing_time(l->cms, ret_s);
}

cc_status master_list_verify_signature(const struct master_list *l, struct cc_error *err)
{
	const struct cert *signer = master_list_signer(l);

	if (signer == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "master-list.signer", "the signer's certificate isn't inside");
	if (cert_role_of(signer) != CERT_ROLE_MASTER_LIST_SIGNER)
		return cc_fail(err, CC_E_DENIED, "master-list.signer", "the signer's certificate is not for master lists");
	return cms_verify(l->cms, signer, err);
}

/* ---- building */

static int by_bytes(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static cc_status check_certs(const struct master_list_params *p, struct cc_error *err)
{
	if (p->count == 0 || p->count > MASTER_LIST_CERTS_MAX)
		return cc_fail(err, CC_E_ARG, "master-list.build", "%zu certificates", p->count);
	if (cert_role_of(p->signer) != CERT_ROLE_MASTER_LIST_SIGNER)
		return cc_fail(err, CC_E_ARG, "master-list.build", "the signer's certificate is not for master lists");
	for (size_t i = 0; i < p->count; i++)
		if (!cert_is_ca(p->certs[i]))
			return cc_fail(err, CC_E_ARG, "master-list.build", "certificate %zu is no country signer", i + 1);
	return cc_ok();
}

/* X.690 11.6: SET OF in ascending order; the same certificate once. */
static cc_status encode_content(const struct master_list_params *p, struct buf *ret)
{
	struct bytes *members = cc_alloc(p->count * sizeof *members);
	struct writer w;

	if (members == NULL)
		return cc_code_status(CC_E_MEMORY);
	for (size_t i = 0; i < p->count; i++)
		members[i] = cert_der(p->certs[i]);
	qsort(members, p->count, sizeof *members, by_bytes);
	writer_init(&w, CONTENT_MAX);
	tlv_open(&w, DER_SEQUENCE);
	der_put_uint(&w, 0);
	tlv_open(&w, DER_SET);
	for (size_t i = 0; i < p->count; i++)
		if (i == 0 || !bytes_equal(members[i], members[i - 1]))
			writer_put(&w, members[i]);
	tlv_close(&w);
	tlv_close(&w);
	cc_free(members, p->count * sizeof *members);
	return writer_finish(&w, ret);
}

static cc_status check_result(struct bytes der, struct cc_error *err)
{
	struct master_list *l = NULL;
	cc_status st = master_list_parse(der, &l, err);

	if (!cc_failed(st))
		st = master_list_verify_signature(l, err);
	master_list_free(&l);
	return st;
}

cc_status master_list_build(const struct master_list_params *p, struct buf *ret_der, struct cc_error *err)
{
	struct buf content = { 0 }, der = { 0 };
	const struct cert *more[] = { p->signer_csca };
	struct cms_sign_params sign = {
		.content_type = oid_master_list,
		.keystore = p->keystore,
		.key_label = p->key_label,
		.signer = p->signer,
		.more_certs = more,
		.more_cert_count = 1,
		.alg = p->alg,
		.with_signing_time = true, /* ICAO 9303-12 8.2: signingTime is mandatory */
		.signing_time_s = p->signing_time_s,
	};
	cc_status st = check_certs(p, err);

	if (cc_failed(st))
		return st;
	st = encode_content(p, &content);
	if (cc_failed(st))
		return cc_fail(err, st.code, "master-list.build", "encoding: %s", cc_code_name(st.code));
	sign.content = buf_view(&content);
	st = cms_sign(&sign, &der, err);
	if (!cc_failed(st))
		st = check_result(buf_view(&der), err);
	if (!cc_failed(st))
		buf_move(ret_der, &der);
	buf_done(&content);
	buf_done(&der);
	return st;
}
