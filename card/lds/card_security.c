/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/card_security.h"

#include "crypto/base/tlv.h"

#define CARD_SECURITY_LEN_MAX 16384

const struct bytes oid_security_object = BYTES_LITERAL("\x04\x00\x7F\x00\x07\x03\x02\x01");

void card_security_done(struct card_security *s)
{
	cms_free(&s->cms);
	s->infos.count = 0;
}

cc_status card_security_parse(struct bytes file, struct card_security *ret, struct cc_error *err)
{
	struct card_security s = { 0 };
	cc_status st;

	if (file.n > CARD_SECURITY_LEN_MAX)
		return cc_fail(err, CC_E_LIMIT, "card-security.structure", "%zu bytes", file.n);
	st = cms_parse(file, &s.cms, err);
	if (cc_failed(st))
		return st;
	if (!bytes_equal(cms_content_type(s.cms), oid_security_object))
		st = cc_fail(err, CC_E_FORMAT, "card-security.structure", "another content type");
	else
		st = security_infos_parse(cms_content(s.cms), &s.infos, err);
	if (cc_failed(st))
		card_security_done(&s);
	else
		*ret = s;
	return st;
}

cc_status card_security_verify(const struct card_security *s, const struct cert **ret_signer, struct cc_error *err)
{
	const struct cert *signer = cms_signer_cert(s->cms);
	cc_status st;

	if (signer == NULL)
		return cc_fail(err, CC_E_NOT_FOUND, "card-security.structure", "the signer's certificate isn't inside");
	st = cms_verify(s->cms, signer, err);
	if (!cc_failed(st) && ret_signer != NULL)
		*ret_signer = signer;
	return st;
}

static cc_status encode_infos(const struct security_infos *in, struct buf *ret, struct cc_error *err)
{
	struct security_infos sorted = *in;
	struct writer w;
	cc_status st = security_infos_sort(&sorted);

	if (cc_failed(st))
		return cc_fail(err, st.code, "card-security.structure", "infos");
	writer_init(&w, CARD_SECURITY_LEN_MAX);
	security_infos_put(&w, &sorted);
	st = writer_finish(&w, ret);
	return cc_failed(st) ? cc_fail(err, st.code, "card-security.structure", "infos") : st;
}

/* What a reader will do, done before the file leaves. */
static cc_status check_built(const struct card_security_params *p, struct bytes file, struct cc_error *err)
{
	struct card_security s = { 0 };
	const struct cert *signer = NULL;
	enum chain_verdict v;
	cc_status st = card_security_parse(file, &s, err);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = cms_check_structure(s.cms, err)) || cc_failed(st = card_security_verify(&s, &signer, err)))
		goto out;
	if (s.infos.count != p->infos->count)
		st = cc_fail(err, CC_E_VERIFY, "card-security.self-check", "%zu infos of %zu", s.infos.count, p->infos->count);
	v = cc_failed(st) ? CHAIN_GOOD : trust_verify(p->trust, signer, p->now_s, NULL, NULL);
	if (v != CHAIN_GOOD)
		st = cc_fail(err, CC_E_VERIFY, "sod.chain", "%s", chain_verdict_name(v));
out:
	card_security_done(&s);
	return st;
}

cc_status card_security_build(const struct card_security_params *p, struct buf *ret_file, struct cc_error *err)
{
	struct cms_sign_params sign = { .content_type = oid_security_object,
					.keystore = p->keystore,
					.key_label = p->key_label,
					.signer = p->signer,
					.alg = p->alg };
	struct buf content = { 0 }, file = { 0 };
	cc_status st = encode_infos(p->infos, &content, err);

	sign.content = buf_view(&content);
	if (!cc_failed(st))
		st = cms_sign(&sign, &file, err);
	if (!cc_failed(st))
		st = check_built(p, buf_view(&file), err);
	if (!cc_failed(st))
		buf_move(ret_file, &file);
	buf_done(&content);
	buf_done(&file);
	return st;
}
