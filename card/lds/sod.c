/* SPDX-License-Identifier: Apache-2.0 */
#include "card/lds/sod.h"

#include "card/lds/sod_object.h"
#include "crypto/base/tlv.h"

#include <string.h>

#define TAG_SOD 0x77
#define SOD_LEN_MAX 65536

cc_status sod_parse(struct bytes file, struct sod *ret, struct cc_error *err)
{
	struct sod s = { 0 };
	struct cursor in;
	struct bytes cms;
	cc_status st;

	if (file.n > SOD_LEN_MAX)
		return cc_fail(err, CC_E_LIMIT, "sod.structure", "%zu bytes", file.n);
	if (cc_failed(st = buf_copy(&s.file, file)))
		return st;
	cursor_init(&in, buf_view(&s.file));
	if (!tlv_expect_bytes(&in, TLV_LENIENT, TAG_SOD, &cms) || cc_failed(cursor_end(&in))) {
		st = cc_fail(err, CC_E_FORMAT, "sod.structure", "not 77 { SignedData }");
		goto out;
	}
	if (cc_failed(st = cms_parse(cms, &s.cms, err)))
		goto out;
	if (!bytes_equal(cms_content_type(s.cms), oid_lds_security_object)) {
		st = cc_fail(err, CC_E_FORMAT, "sod.structure", "content isn't an LDS security object");
		goto out;
	}
	st = sod_object_parse(cms_content(s.cms), &s.object, err);
out:
	if (cc_failed(st)) {
		sod_done(&s);
		return st;
	}
	*ret = s;
	return st;
}

void sod_done(struct sod *s)
{
	cms_free(&s->cms);
	buf_done(&s->file);
	*s = (struct sod){ 0 };
}

cc_status sod_check_file(const struct sod *s, unsigned dg, struct bytes file, struct digest *ret_hash)
{
	struct bytes want = sod_object_hash(&s->object, dg);
	struct digest have;
	cc_status st = hash_digest(s->object.alg, file, &have);

	if (cc_failed(st))
		return st;
	if (ret_hash != NULL)
		*ret_hash = have;
	if (want.n == 0)
		return cc_code_status(CC_E_NOT_FOUND);
	return cc_code_status(bytes_equal(want, bytes_of(have.p, have.n)) ? CC_OK : CC_E_VERIFY);
}

/* ---- building */
static cc_status hash_files(const struct sod_params *p, const struct lds_set *set, struct digest storage[LDS_DG_LAST],
			    struct sod_object *ret)
{
	struct sod_object o = { .version = p->version, .alg = p->hash };

	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		cc_status st;

		if (!lds_set_has(set, lds_dg(n)))
			continue;
		if (cc_failed(st = hash_digest(p->hash, lds_set_get(set, lds_dg(n)), &storage[o.count])))
			return st;
		o.hashes[o.count] = (struct sod_hash){ n, bytes_of(storage[o.count].p, storage[o.count].n) };
		o.count++;
	}
	*ret = o;
	return cc_ok();
}

/*
 * The one signature that the key store and cms_sign don't verify themselves: check_built does, over the finished file and with
 * the key of the certificate inside, before one byte of it leaves sod_build. Verified here as well it would be verified twice.
 */
static cc_status sign(const struct sod_params *p, struct bytes object, struct buf *ret_unchecked, struct cc_error *err)
{
	struct cms_sign_params sign = { .content_type = oid_lds_security_object,
					.content = object,
					.keystore = p->keystore,
					.key_label = p->key_label,
					.signer = p->signer,
					.alg = p->alg };
	struct cms_unverified cms = { 0 };
	struct writer w;
	cc_status st = cms_sign_unverified(&sign, &cms, err);

	if (cc_failed(st))
		return st;
	writer_init(&w, SOD_LEN_MAX);
	tlv_put(&w, TAG_SOD, buf_view(&cms.der));
	st = writer_finish(&w, ret_unchecked);
	buf_done(&cms.der);
	return st;
}

/* Wrong here is what the key store gave, or the label of its key: whoever reads the error has to look there. */
static cc_status verify_built(const struct sod_params *p, const struct cms *cms, struct cc_error *err)
{
	struct cc_error why;
	cc_status st;

	cc_error_init(&why);
	st = cms_verify(cms, p->signer, &why);
	if (!cc_failed(st))
		return st;
	if (strcmp(why.key, "cms.signature-wrong") == 0)
		return cc_fail(err, st.code, "keystore.bad-signature", "%s: not verified by the signer certificate's key",
			       p->key_label);
	return cc_fail(err, why.code, why.key, "%s", why.detail);
}

/*
 * What a reader will do, done before the file leaves: nothing here trusts what was just built, nor the key store. The signature
 * is judged by p->signer's key, which is the key of the certificate inside the file: both are the same bytes.
 */
static cc_status check_built(const struct sod_params *p, const struct lds_set *set, struct bytes object, struct bytes file,
			     struct cc_error *err)
{
	struct sod s = { 0 };
	const struct cert *signer, *anchor = NULL;
	enum chain_verdict chain;
	cc_status st = sod_parse(file, &s, err);

	if (cc_failed(st))
		return st;
	signer = cms_signer_cert(s.cms);
	if (signer == NULL || !bytes_equal(cert_der(signer), cert_der(p->signer))) {
		st = cc_fail(err, CC_E_VERIFY, "sod.self-check", "signer certificate isn't inside");
		goto out;
	}
	if (cc_failed(st = cms_check_structure(s.cms, err)) || cc_failed(st = verify_built(p, s.cms, err)))
		goto out;
	if (!bytes_equal(cms_content(s.cms), object)) {
		st = cc_fail(err, CC_E_VERIFY, "sod.self-check", "another security object than the one to sign");
		goto out;
	}
	if (sod_object_dg_mask(&s.object) != lds_set_dg_mask(set)) {
		st = cc_fail(err, CC_E_VERIFY, "sod.self-check", "data group list");
		goto out;
	}
	for (unsigned n = 1; n <= LDS_DG_LAST; n++) {
		if (lds_set_has(set, lds_dg(n)) && cc_failed(sod_check_file(&s, n, lds_set_get(set, lds_dg(n)), NULL))) {
			st = cc_fail(err, CC_E_VERIFY, "sod.self-check", "hash of DG%u", n);
			goto out;
		}
	}
	chain = trust_verify(p->trust, p->signer, p->now_s, &anchor, NULL);
	if (chain != CHAIN_GOOD)
		st = cc_fail(err, CC_E_VERIFY, "sod.chain", "%s", chain_verdict_name(chain));
out:
	sod_done(&s);
	return st;
}

cc_status sod_build(const struct sod_params *p, const struct lds_set *set, struct buf *ret_file, struct cc_error *err)
{
	struct digest storage[LDS_DG_LAST];
	struct sod_object object;
	struct buf der = { 0 }, file = { 0 };
	cc_status st = hash_files(p, set, storage, &object);

	if (cc_failed(st))
		return st;
	if (cc_failed(st = sod_object_set_versions(&object, p->lds_version, p->unicode_version, err)))
		return st;
	if (cc_failed(st = sod_object_encode(&object, &der, err)))
		goto out;
	if (cc_failed(st = sign(p, buf_view(&der), &file, err)))
		goto out;
	if (cc_failed(st = check_built(p, set, buf_view(&der), buf_view(&file), err)))
		goto out;
	buf_move(ret_file, &file);
out:
	buf_done(&file);
	buf_done(&der);
	return st;
}
